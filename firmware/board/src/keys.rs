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
const FIRMWARE: Firmware = Firmware { major: 0, minor: 1, patch: 0 };
