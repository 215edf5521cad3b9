//! Takes a payload apart from its beginning, and says where it ends too early.

use super::PayloadError;

pub struct Bytes<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    pub const fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }

    /// How many were taken.
    pub const fn at(&self) -> usize {
        self.at
    }

    pub fn rest(&self) -> &'a [u8] {
        self.all.get(self.at..).unwrap_or_default()
    }

    pub fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// The next `N`; `within` is what they belong to.
    pub fn take<const N: usize>(&mut self, within: &'static str) -> Result<[u8; N], PayloadError> {
        let (taken, _) = self.rest().split_first_chunk().ok_or_else(|| self.ends(within))?;
        self.at += N;
        Ok(*taken)
    }

    pub fn skip(&mut self, count: usize, within: &'static str) -> Result<(), PayloadError> {
        if self.rest().len() < count {
            return Err(self.ends(within));
        }
        self.at += count;
        Ok(())
    }

    const fn ends(&self, within: &'static str) -> PayloadError {
        PayloadError::Ends { within, at: self.at, length: self.all.len() }
    }
}
