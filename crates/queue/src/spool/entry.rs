//! One record of the spool. Key: its offset, big-endian, so that keys sort as offsets. Value: bytes and lines
//! appended up to and including it (two big-endian u64), then the pack.
//!
//! A dead letter's value: the reason's length (big-endian u32), the reason, the line.

use bytes::Bytes;

use crate::error::SpoolError;

const HEADER: usize = 16;

pub(crate) struct Entry {
    pub(crate) offset: u64,
    pub(super) bytes_through: u64,
    pub(super) lines_through: u64,
    pub(crate) pack: Bytes,
}

impl Entry {
    pub(super) fn from_guard(guard: fjall::Guard) -> Result<Self, SpoolError> {
        let (key, value) = guard.into_inner()?;
        let offset = parse_key(&key)?;
        Self::parse(offset, &value)
    }

    pub(super) fn parse(offset: u64, value: &[u8]) -> Result<Self, SpoolError> {
        let damaged = SpoolError::Damaged { offset };
        let Some((bytes, rest)) = value.split_first_chunk::<8>() else { return Err(damaged) };
        let Some((lines, pack)) = rest.split_first_chunk::<8>() else { return Err(damaged) };
        Ok(Self {
            offset,
            bytes_through: u64::from_be_bytes(*bytes),
            lines_through: u64::from_be_bytes(*lines),
            pack: Bytes::copy_from_slice(pack),
        })
    }

    pub(super) fn value(&self) -> Vec<u8> {
        let mut value = Vec::with_capacity(HEADER + self.pack.len());
        value.extend_from_slice(&self.bytes_through.to_be_bytes());
        value.extend_from_slice(&self.lines_through.to_be_bytes());
        value.extend_from_slice(&self.pack);
        value
    }

    pub(super) fn line_count(&self) -> u64 {
        if self.pack.is_empty() { 0 } else { memchr::memchr_iter(b'\n', &self.pack).count() as u64 + 1 }
    }
}

pub(super) fn key(offset: u64) -> [u8; 8] {
    offset.to_be_bytes()
}

pub(super) fn parse_key(key: &[u8]) -> Result<u64, SpoolError> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| SpoolError::Damaged { offset: 0 })
}

pub(super) fn dead_value(line: &[u8], reason: &str) -> Vec<u8> {
    let mut value = Vec::with_capacity(4 + reason.len() + line.len());
    value.extend_from_slice(&u32::try_from(reason.len()).unwrap_or(0).to_be_bytes());
    value.extend_from_slice(reason.as_bytes());
    value.extend_from_slice(line);
    value
}

/// The line and the reason of a dead letter.
pub(super) fn parse_dead(offset: u64, value: &[u8]) -> Result<(Bytes, String), SpoolError> {
    let damaged = SpoolError::Damaged { offset };
    let Some((length, rest)) = value.split_first_chunk::<4>() else { return Err(damaged) };
    let length = u32::from_be_bytes(*length) as usize;
    let Some((reason, line)) = rest.split_at_checked(length) else { return Err(damaged) };
    Ok((Bytes::copy_from_slice(line), String::from_utf8_lossy(reason).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_and_a_dead_letter_are_read_as_written() {
        let entry =
            Entry { offset: 7, bytes_through: 300, lines_through: 2, pack: Bytes::from_static(b"a\nb") };
        let back = Entry::parse(7, &entry.value()).unwrap();
        assert_eq!((back.bytes_through, back.lines_through, &back.pack[..]), (300, 2, &b"a\nb"[..]));
        assert_eq!(back.line_count(), 2);

        let (line, reason) = parse_dead(1, &dead_value(b"{}", "zu kurz: ä")).unwrap();
        assert_eq!((&line[..], reason.as_str()), (&b"{}"[..], "zu kurz: ä"));
    }

    #[test]
    fn a_cut_off_record_is_damaged_and_says_which() {
        assert!(matches!(Entry::parse(7, &[0; 15]), Err(SpoolError::Damaged { offset: 7 })));
        assert!(matches!(parse_dead(9, &[0, 0, 0, 5, b'a']), Err(SpoolError::Damaged { offset: 9 })));
    }
}
