//! Photos of boxes: what is one, how it is named, and how many are kept.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hash::{EntryHash, NotAHash};
use crate::named_enum::named_enum;

/// A photo has at most so many bytes (5 MB).
pub const MOST_PHOTO_BYTES: usize = 5_000_000;
/// Photos of one shipment that one organisation's people may keep.
pub const MOST_PHOTOS_OF_ORGANISATION: i64 = 20;
/// Photos of one shipment from all that have to do with it: at most 300 MB.
pub const MOST_PHOTOS: i64 = 60;

/// The name of a photo: the SHA-256 of its bytes, written as 64 lower hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhotoHash(EntryHash);

impl PhotoHash {
    pub fn of(photo: &[u8]) -> Self {
        Self::from_bytes(Sha256::digest(photo).into())
    }

    pub const fn from_bytes(hash: [u8; 32]) -> Self {
        Self(EntryHash::from_bytes(hash))
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for PhotoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PhotoHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        text.parse().map(Self)
    }
}

named_enum! {
    /// In which format a photo is; taken from its first bytes, whatever its sender says.
    PhotoKind, "kind of photo" {
        /// JFIF or Exif (ITU-T T.81).
        Jpeg = "jpeg",
        /// ISO/IEC 15948.
        Png = "png",
    }
}

impl PhotoKind {
    /// None where the bytes begin as neither does.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let begins = |with: &[u8]| bytes.starts_with(with);
        match () {
            () if begins(&[0xff, 0xd8, 0xff]) => Some(Self::Jpeg),
            () if begins(b"\x89PNG\r\n\x1a\n") => Some(Self::Png),
            () => None,
        }
    }

    /// As a file's name ends.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }

    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_is_named_by_its_bytes_as_an_entry_is_by_its_text() {
        let named = PhotoHash::of(b"abc");
        assert_eq!(named.to_string(), EntryHash::of("abc").to_string());
        assert_eq!(named.to_string().parse(), Ok(named));
        assert_eq!(serde_json::to_value(named).unwrap(), named.to_string());
        assert!("abc".parse::<PhotoHash>().is_err());
    }

    #[test]
    fn the_first_bytes_say_what_it_is() {
        for (bytes, kind) in [
            (&b"\xff\xd8\xff\xe0 and so on"[..], Some(PhotoKind::Jpeg)),
            (b"\x89PNG\r\n\x1a\n and so on", Some(PhotoKind::Png)),
            (b"\xff\xd8", None),
            (b"\x89PNG\n\x1a\n", None),
            (b"GIF89a", None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
            (b"", None),
        ] {
            assert_eq!(PhotoKind::of(bytes), kind, "{bytes:?}");
        }
    }
}
