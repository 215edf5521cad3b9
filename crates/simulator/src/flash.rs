//! Flash that never fails: what it does when it fails is tested where its program is.

use std::sync::{Arc, Mutex, PoisonError};

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// The page of the STM32WL, in bytes.
const PAGE: usize = 2048;

/// Clones are the same flash, so that it outlives a restart of its program.
#[derive(Clone)]
pub struct Flash(Arc<Mutex<Vec<u8>>>);

impl Flash {
    pub fn erased(pages: usize) -> Self {
        Self(Arc::new(Mutex::new(vec![0xff; pages * PAGE])))
    }

    fn part<T>(&self, from: usize, length: usize, act: impl FnOnce(&mut [u8]) -> T) -> T {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(bytes.get_mut(from..from + length).unwrap_or_default())
    }
}

impl ErrorType for Flash {
    type Error = core::convert::Infallible;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.part(offset as usize, bytes.len(), |part| {
            bytes.iter_mut().zip(part).for_each(|(to, byte)| *to = *byte);
        });
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.part(from as usize, (to - from) as usize, |part| part.fill(0xff));
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.part(offset as usize, bytes.len(), |part| {
            part.iter_mut().zip(bytes).for_each(|(to, byte)| *to &= byte);
        });
        Ok(())
    }
}
