//! What a tracker is given when it is provisioned: its identity and keys, in a page of flash of their own. The page is written
//! by whoever programs the chip, and never by a program on it.

use core::fmt;

use crate::Region;
use crate::saved::crc32;

/// Where the page lies in the chip's addresses: the last one of 256 KiB.
pub const KEYS_AT: u32 = 0x0803_f800;

/// Of the page so many bytes are used.
pub const KEYS_LENGTH: usize = 48;

/// The page begins with it: "ISOK", and the layout that follows.
const MAGIC: [u8; 5] = *b"ISOK\x01";

/// Modules with the same chip, which differ in their pins and in what clocks their radio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Module {
    /// A crystal.
    Rak3172,
    /// A temperature compensated oscillator, which the radio feeds with 1.7 V.
    LoraE5,
    /// The same with 3.0 V.
    Rak3172T,
}

/// Identity and keys. The key is in no message and no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    pub region: Region,
    pub module: Module,
    /// As people write it: the first digits first.
    pub dev_eui: [u8; 8],
    pub join_eui: [u8; 8],
    pub app_key: [u8; 16],
    /// The thermometer's calibration certificate; 0 for none.
    pub calibration: u32,
}

impl Keys {
    /// None where the page was not written, or not whole.
    pub fn from_page(page: &[u8; KEYS_LENGTH]) -> Option<Self> {
        let (content, sum) = page.split_last_chunk::<4>()?;
        let (magic, rest) = content.split_first_chunk::<5>()?;
        if *magic != MAGIC || crc32(content).to_be_bytes() != *sum {
            return None;
        }
        let ([region, module, _], rest) = rest.split_first_chunk::<3>()?;
        let (dev_eui, rest) = rest.split_first_chunk::<8>()?;
        let (join_eui, rest) = rest.split_first_chunk::<8>()?;
        let (app_key, rest) = rest.split_first_chunk::<16>()?;
        Some(Self {
            region: match region {
                0 => Region::Eu868,
                1 => Region::Us915,
                _ => return None,
            },
            module: match module {
                0 => Module::Rak3172,
                1 => Module::LoraE5,
                2 => Module::Rak3172T,
                _ => return None,
            },
            dev_eui: *dev_eui,
            join_eui: *join_eui,
            app_key: *app_key,
            calibration: u32::from_be_bytes(*rest.first_chunk()?),
        })
    }

    /// The page, which a programmer writes at [`KEYS_AT`].
    pub fn to_page(&self) -> [u8; KEYS_LENGTH] {
        let region = match self.region {
            Region::Eu868 => 0,
            Region::Us915 => 1,
        };
        let module = match self.module {
            Module::Rak3172 => 0,
            Module::LoraE5 => 1,
            Module::Rak3172T => 2,
        };
        let mut page = [0; KEYS_LENGTH];
        let parts: [&[u8]; 6] = [
            &MAGIC,
            &[region, module, 0],
            &self.dev_eui,
            &self.join_eui,
            &self.app_key,
            &self.calibration.to_be_bytes(),
        ];
        page.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, byte)| *to = *byte);
        if let Some((content, sum)) = page.split_last_chunk_mut::<4>() {
            *sum = crc32(content).to_be_bytes();
        }
        page
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("dev_eui", &self.dev_eui).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_keys() -> impl Strategy<Value = Keys> {
        let modules = [Module::Rak3172, Module::LoraE5, Module::Rak3172T];
        (any::<bool>(), 0..3_usize, any::<[u8; 8]>(), any::<[u8; 8]>(), any::<[u8; 16]>(), any::<u32>())
            .prop_map(move |(is_us, module, dev_eui, join_eui, app_key, calibration)| Keys {
                region: if is_us { Region::Us915 } else { Region::Eu868 },
                module: modules[module],
                dev_eui,
                join_eui,
                app_key,
                calibration,
            })
    }

    proptest! {
        #[test]
        fn a_page_is_read_as_it_was_written_and_no_bit_of_it_can_turn(keys in any_keys(), bit in 0..KEYS_LENGTH * 8) {
            let mut page = keys.to_page();
            prop_assert_eq!(Keys::from_page(&page), Some(keys));
            page[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Keys::from_page(&page), None);
        }
    }

    #[test]
    fn a_page_has_these_bytes() {
        let keys = Keys {
            region: Region::Us915,
            module: Module::LoraE5,
            dev_eui: [0x70, 0xb3, 0xd5, 0x7e, 0x5e, 0, 0, 1],
            join_eui: [0; 8],
            app_key: [0x5a; 16],
            calibration: 7,
        };
        let page = keys.to_page();
        let mut expected = std::vec::Vec::from(*b"ISOK\x01\x01\x01\x00");
        expected.extend([0x70, 0xb3, 0xd5, 0x7e, 0x5e, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        expected.extend([0x5a; 16]);
        expected.extend([0, 0, 0, 7]);
        assert_eq!(page[..44], expected);
        assert_eq!(std::format!("{keys:?}"), "Keys { dev_eui: [112, 179, 213, 126, 94, 0, 0, 1], .. }");
        assert_eq!([Keys::from_page(&[0xff; KEYS_LENGTH]), Keys::from_page(&[0; KEYS_LENGTH])], [None, None]);
    }
}
