//! Lines and packs: a pack is its lines joined by a newline. An empty pack has no line; it is what the
//! broker is asked with ("do you confirm?") and what tells the reader how far behind it is.

use bytes::{Bytes, BytesMut};

/// Joins lines, none of which holds a newline.
pub(crate) fn join<'a>(lines: impl Iterator<Item = &'a Bytes>, capacity: usize) -> Bytes {
    let mut pack = BytesMut::with_capacity(capacity);
    for line in lines {
        if !pack.is_empty() {
            pack.extend_from_slice(b"\n");
        }
        pack.extend_from_slice(line);
    }
    pack.freeze()
}

/// Appends the lines of `pack` to `lines` without copying them.
pub(crate) fn split_into(pack: &Bytes, lines: &mut Vec<Bytes>) {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', pack).chain(std::iter::once(pack.len())) {
        if start < end {
            lines.push(pack.slice(start..end));
        }
        start = end + 1;
    }
}

/// Whether the bytes are one line: not empty, no newline.
pub(crate) fn is_one_line(line: &[u8]) -> bool {
    !line.is_empty() && memchr::memchr(b'\n', line).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_joined_is_split_again_and_an_empty_pack_has_no_line() {
        let lines: Vec<Bytes> =
            ["a", "", "bc", "d"].iter().map(|s| Bytes::from_static(s.as_bytes())).collect();
        let mut back = Vec::new();
        split_into(&join(lines.iter().filter(|l| !l.is_empty()), 8), &mut back);
        assert_eq!(back, ["a", "bc", "d"]);

        back.clear();
        split_into(&Bytes::new(), &mut back);
        assert!(back.is_empty());
    }
}
