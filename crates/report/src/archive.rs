//! The container: a ZIP file (PKWARE's APPNOTE.TXT 6.3) of stored entries, in one way of writing only.
//!
//! Any program opens it. That there is one way to write it makes the whole file checkable: one that was read is written
//! anew, and every byte that no entry accounts for shows. A library would write it in another way some day.

/// The files, by name, in their order.
pub type Files = Vec<(String, Vec<u8>)>;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Stored entries need version 1.0.
const VERSION: u16 = 10;
/// Names are UTF-8.
const FLAGS: u16 = 0x0800;
const STORED: u16 = 0;
const MIDNIGHT: u16 = 0;
/// 1980-01-01, the first day that the format knows: when it was exported stands in the manifest.
const FIRST_DAY: u16 = 0x21;

/// None where the files are more, or larger, than the format can hold (65,535 files, 4 GiB).
pub fn write(files: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in files {
        let offset = u32::try_from(bytes.len()).ok()?;
        let description = describe(name, content)?;
        put(&mut bytes, LOCAL);
        bytes.extend_from_slice(&description);
        bytes.extend_from_slice(&0_u16.to_le_bytes());
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(content);
        put(&mut directory, CENTRAL);
        directory.extend_from_slice(&VERSION.to_le_bytes());
        directory.extend_from_slice(&description);
        // No extra field, no comment, the first disk, no attributes.
        directory.extend_from_slice(&[0; 12]);
        put(&mut directory, offset);
        directory.extend_from_slice(name.as_bytes());
    }
    let (offset, size) = (u32::try_from(bytes.len()).ok()?, u32::try_from(directory.len()).ok()?);
    let count = u16::try_from(files.len()).ok()?;
    bytes.append(&mut directory);
    put(&mut bytes, END);
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&count.to_le_bytes());
    bytes.extend_from_slice(&count.to_le_bytes());
    put(&mut bytes, size);
    put(&mut bytes, offset);
    bytes.extend_from_slice(&0_u16.to_le_bytes());
    u32::try_from(bytes.len()).ok()?;
    Some(bytes)
}

/// What the local header and the directory say alike, up to the length of the name.
fn describe(name: &str, content: &[u8]) -> Option<Vec<u8>> {
    let size = u32::try_from(content.len()).ok()?;
    let mut description = Vec::with_capacity(24);
    for value in [VERSION, FLAGS, STORED, MIDNIGHT, FIRST_DAY] {
        description.extend_from_slice(&value.to_le_bytes());
    }
    put(&mut description, crc32fast::hash(content));
    put(&mut description, size);
    put(&mut description, size);
    description.extend_from_slice(&u16::try_from(name.len()).ok()?.to_le_bytes());
    Some(description)
}

fn put(bytes: &mut Vec<u8>, value: u32) {
    bytes.extend_from_slice(&value.to_le_bytes());
}

/// The files of what [`write`] wrote, as far as it can be followed; whether it is whole is seen by writing them anew.
/// None where the bytes do not even begin as one.
pub fn read(bytes: &[u8]) -> Option<Files> {
    let mut files = Vec::new();
    let mut rest = bytes;
    while let Some((LOCAL, after)) = take_u32(rest) {
        // Version, flags, method, time, date and checksum: 14 bytes, the same whenever they are written anew.
        let (_, after) = after.split_at_checked(14)?;
        let (_, after) = take_u32(after)?;
        let (size, after) = take_u32(after)?;
        let (name_length, after) = take_u16(after)?;
        let (_, after) = take_u16(after)?;
        let (name, after) = after.split_at_checked(usize::from(name_length))?;
        let (content, after) = after.split_at_checked(usize::try_from(size).ok()?)?;
        files.push((std::str::from_utf8(name).ok()?.to_owned(), content.to_vec()));
        rest = after;
    }
    (!files.is_empty()).then_some(files)
}

fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (value, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*value), rest))
}

fn take_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (value, rest) = bytes.split_first_chunk()?;
    Some((u16::from_le_bytes(*value), rest))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::*;

    fn files() -> Files {
        vec![("ä.txt".into(), b"one".to_vec()), ("empty".into(), Vec::new()), ("b".into(), vec![0; 70_000])]
    }

    #[test]
    fn any_reader_of_the_format_finds_the_files() {
        let written = write(&files()).unwrap();
        let mut archive = zip::ZipArchive::new(Cursor::new(&written)).unwrap();
        assert_eq!(archive.len(), 3);
        for (index, (name, content)) in files().into_iter().enumerate() {
            let mut entry = archive.by_index(index).unwrap();
            assert_eq!(entry.name().unwrap(), name);
            let mut read = Vec::new();
            // Checks the CRC, too.
            entry.read_to_end(&mut read).unwrap();
            assert_eq!(read, content);
        }
    }

    #[test]
    fn what_is_written_reads_back_and_a_cut_or_other_file_is_none() {
        let written = write(&files()).unwrap();
        assert_eq!(read(&written), Some(files()));
        for length in 0..39 {
            let cut = read(&written[..length]);
            assert!(cut.is_none(), "{length}: {cut:?}");
        }
        assert_eq!(read(b"not a zip file at all"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes: Vec<u8>) {
            let mut begun = LOCAL.to_le_bytes().to_vec();
            begun.extend(&bytes);
            let _ = (read(&bytes), read(&begun));
        }
    }
}
