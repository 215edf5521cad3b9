//! What a tracker is given when it is provisioned: its identity and keys, in a page of flash of their own. The page is written
//! by the programmer and never by this program.

use core::cell::RefCell;

use embassy_stm32::flash::{Blocking, Flash};
use embedded_storage::nor_flash::ReadNorFlash;
use tracker::{Parts, Region};
use wire::{Firmware, ResetCause};

use crate::flash::{KEYS, LOG, Part};

/// The page begins with it: "ISOK", and the layout that follows.
const MAGIC: [u8; 5] = *b"ISOK\x01";
const LENGTH: usize = 48;

/// What clocks the radio: it differs between modules with the same chip.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Oscillator {
    /// RAK3172.
    Crystal,
    /// LoRa-E5: temperature compensated, fed with 1.7 V by the radio.
    Compensated17,
    /// RAK3172-T: the same with 3.0 V.
    Compensated30,
}

pub struct Keys {
    pub dev_eui: [u8; 8],
    pub join_eui: [u8; 8],
    pub app_key: [u8; 16],
    pub region: Region,
    pub oscillator: Oscillator,
    /// The thermometer's calibration certificate; 0 for none.
    pub calibration: u32,
}

/// None where the tracker was not provisioned.
pub fn read(flash: &'static RefCell<Flash<'static, Blocking>>) -> Option<Keys> {
    let mut page = [0; LENGTH];
    Part { flash, area: KEYS }.read(0, &mut page).ok()?;
    let (content, sum) = page.split_last_chunk::<4>()?;
    if !content.starts_with(&MAGIC) || crc32(content) != u32::from_be_bytes(*sum) {
        return None;
    }
    let (_, rest) = content.split_first_chunk::<5>()?;
    let ([region, oscillator, _], rest) = rest.split_first_chunk::<3>()?;
    let (dev_eui, rest) = rest.split_first_chunk::<8>()?;
    let (join_eui, rest) = rest.split_first_chunk::<8>()?;
    let (app_key, rest) = rest.split_first_chunk::<16>()?;
    Some(Keys {
        dev_eui: *dev_eui,
        join_eui: *join_eui,
        app_key: *app_key,
        region: match region {
            0 => Region::Eu868,
            1 => Region::Us915,
            _ => return None,
        },
        oscillator: match oscillator {
            0 => Oscillator::Crystal,
            1 => Oscillator::Compensated17,
            2 => Oscillator::Compensated30,
            _ => return None,
        },
        calibration: u32::from_be_bytes(*rest.first_chunk()?),
    })
}

impl Keys {
    pub fn parts(&self, reset_cause: ResetCause) -> Parts {
        let [.., s3, s2, s1, s0] = self.dev_eui;
        Parts {
            region: self.region,
            firmware: Firmware { major: 0, minor: 1, patch: 0 },
            calibration: self.calibration,
            reset_cause,
            seed: u32::from_be_bytes([s3, s2, s1, s0]),
            fastest: self.region.fastest(),
            log_pages: LOG.pages as usize,
        }
    }
}

/// CRC-32 (ISO-HDLC).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}
