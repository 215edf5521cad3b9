//! The radio's driver wants to log. There is nobody to read it in the box.

#[defmt::global_logger]
struct Quiet;

// SAFETY: nothing is kept, so nothing can be disturbed.
unsafe impl defmt::Logger for Quiet {
    fn acquire() {}
    unsafe fn flush() {}
    unsafe fn release() {}
    unsafe fn write(_: &[u8]) {}
}
