//! The page of identity and keys, and what the tracker's application is told of itself.

use embedded_storage::nor_flash::ReadNorFlash;
use tracker::{KEYS_LENGTH, Keys, Parts};
use wire::{Firmware, ResetCause};

use crate::flash::{KEYS, LOG, Part, Shared};

/// None where the tracker was not provisioned.
pub fn read(flash: Shared) -> Option<Keys> {
    let mut page = [0; KEYS_LENGTH];
    Part { flash, area: KEYS }.read(0, &mut page).ok()?;
    Keys::from_page(&page)
}

pub fn parts(keys: &Keys, reset_cause: ResetCause) -> Parts {
    let [.., s3, s2, s1, s0] = keys.dev_eui;
    Parts {
        region: keys.region,
        firmware: FIRMWARE,
        calibration: keys.calibration,
        reset_cause,
        seed: u32::from_be_bytes([s3, s2, s1, s0]),
        fastest: keys.region.fastest(),
        log_pages: LOG.pages as usize,
    }
}

/// This package's version.
const FIRMWARE: Firmware = Firmware {
    major: number(env!("CARGO_PKG_VERSION_MAJOR")),
    minor: number(env!("CARGO_PKG_VERSION_MINOR")),
    patch: number(env!("CARGO_PKG_VERSION_PATCH")),
};

/// While it is compiled, where a version beyond 255 is an error.
const fn number(digits: &str) -> u8 {
    match u8::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => panic!("a part of the version is beyond 255"),
    }
}
