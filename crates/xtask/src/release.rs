//! The firmware as it is given away: the image with its board, its version and a signature behind it.
//!
//! Behind the image stand "ISOS" and the layout (1), the board (1: STM32WLE5), three bytes of version, the image's length in four
//! bytes, the highest first, and an Ed25519 signature of all before it. Written to the chip as it is, what stands behind
//! the image harms nothing.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use ed25519_dalek::{SIGNATURE_LENGTH, Signature, Signer as _, SigningKey, VerifyingKey};
use object::Endianness;
use object::read::elf::{ElfFile32, ProgramHeader as _};
use object::{Object as _, ObjectSegment as _};

use crate::root;

const MAGIC: [u8; 5] = *b"ISOS\x01";
const STM32WLE5: u8 = 1;
/// Of what stands between image and signature.
const ABOUT: usize = MAGIC.len() + 1 + 3 + 4;

/// Of the board's package, whose version the image reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version([u8; 3]);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// Signs an image with a key (PKCS #8, DER). Where it was written, and the public key's hexadecimal digits.
pub fn sign(elf: &Path, manifest: &Path, key: &Path) -> anyhow::Result<(PathBuf, String)> {
    let key = fs::read(key).with_context(|| format!("reading {}", key.display()))?;
    let key = SigningKey::from_pkcs8_der(&key).context(
        "the key is no Ed25519 key in DER: `openssl genpkey -algorithm ed25519 -outform DER -out release.key` makes one",
    )?;
    let elf = fs::read(elf).with_context(|| format!("reading {}", elf.display()))?;
    let version = version_of(manifest)?;
    let signed = signed(&flat(&elf)?, version, &key)?;
    let file = root::target().join("firmware").join(format!("isotherm-tracker-{version}.bin"));
    fs::write(&file, signed).with_context(|| format!("writing {}", file.display()))?;
    Ok((file, digits(key.verifying_key().as_bytes())))
}

/// Whether a file is whole, and signed by the key of which these are the hexadecimal digits; its version.
pub fn verify(file: &Path, key: &str) -> anyhow::Result<Version> {
    let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let key = bytes_of(key).context("the public key is 64 hexadecimal digits")?;
    checked(&bytes, &VerifyingKey::from_bytes(&key).context("the public key is none of Ed25519")?)
}

fn signed(image: &[u8], Version(version): Version, key: &SigningKey) -> anyhow::Result<Vec<u8>> {
    let length = u32::try_from(image.len()).context("the image is too long")?;
    let mut bytes = image.to_vec();
    bytes.extend(MAGIC);
    bytes.push(STM32WLE5);
    bytes.extend(version);
    bytes.extend(length.to_be_bytes());
    let signature = key.sign(&bytes);
    bytes.extend(signature.to_bytes());
    Ok(bytes)
}

fn checked(bytes: &[u8], key: &VerifyingKey) -> anyhow::Result<Version> {
    let unsigned = "the file ends in no signature of an image";
    let (content, signature) = bytes.split_last_chunk::<SIGNATURE_LENGTH>().context(unsigned)?;
    let (image, about) = content.split_last_chunk::<ABOUT>().context(unsigned)?;
    let about = about.strip_prefix(&MAGIC).context(unsigned)?;
    let [board, major, minor, patch, length @ ..] = about else { anyhow::bail!(unsigned) };
    key.verify_strict(content, &Signature::from_bytes(signature))
        .context("the signature is another's, or of another file")?;
    ensure!(*board == STM32WLE5, "the image is for board {board}");
    let length: [u8; 4] = length.try_into().context(unsigned)?;
    ensure!(u32::from_be_bytes(length) as usize == image.len(), "the image is not as long as it was signed");
    Ok(Version([*major, *minor, *patch]))
}

/// What lies in flash, from its beginning on.
fn flat(elf: &[u8]) -> anyhow::Result<Vec<u8>> {
    const AT: u64 = 0x0800_0000;
    let file = ElfFile32::<Endianness>::parse(elf).context("the image is no ELF file of 32 bits")?;
    let mut image = Vec::new();
    for segment in file.segments() {
        let data = segment.data().context("a segment of the image cannot be read")?;
        // What begins with a value lies in flash behind the code: that is its physical address.
        let at = u64::from(segment.elf_program_header().p_paddr(Endianness::Little));
        let Some(from) = at.checked_sub(AT).filter(|_| !data.is_empty()) else { continue };
        let from = usize::try_from(from)?;
        ensure!(from < 256 * 1024, "a segment lies behind the flash, at {at:#x}");
        image.resize(image.len().max(from + data.len()), 0xff);
        if let Some(place) = image.get_mut(from..from + data.len()) {
            place.copy_from_slice(data);
        }
    }
    ensure!(!image.is_empty(), "the image has nothing in flash");
    Ok(image)
}

fn version_of(manifest: &Path) -> anyhow::Result<Version> {
    let text = fs::read_to_string(manifest).with_context(|| format!("reading {}", manifest.display()))?;
    let manifest: toml::Table = text.parse().context("the board's Cargo.toml is no TOML")?;
    let version = manifest.get("package").and_then(|package| package.get("version")?.as_str());
    let parts = version.map(|version| version.split('.').map(str::parse).collect::<Result<Vec<u8>, _>>());
    let parts = parts.and_then(Result::ok).and_then(|parts| parts.try_into().ok());
    parts.map(Version).context("the board's version is not three numbers up to 255")
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(digits: &str) -> Option<[u8; 32]> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect::<Option<Vec<u8>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_is_read_and_no_bit_of_it_can_turn() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let version = Version([1, 20, 3]);
        let signed = signed(&[0x5a; 300], version, &key).unwrap();
        assert_eq!(signed.len(), 300 + ABOUT + 64);
        assert_eq!(checked(&signed, &key.verifying_key()).unwrap(), version);
        for bit in 0..signed.len() * 8 {
            let mut turned = signed.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            assert!(checked(&turned, &key.verifying_key()).is_err(), "{bit}");
        }
        for length in 0..signed.len() {
            assert!(checked(&signed[..length], &key.verifying_key()).is_err(), "{length}");
        }
        let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
        assert!(checked(&signed, &other).unwrap_err().to_string().contains("another's"));
        assert_eq!(version.to_string(), "1.20.3");
    }

    #[test]
    fn a_key_is_64_digits() {
        assert_eq!(bytes_of(&digits(&[0xa7; 32])), Some([0xa7; 32]));
        for wrong in ["", "a7", &"g7".repeat(32), &"a7".repeat(33)] {
            assert_eq!(bytes_of(wrong), None, "{wrong}");
        }
    }
}
