//! The tracker's application alone, linked for the chip, to see how much of its flash and memory it takes. It never runs:
//! where the chip's parts would be, there are addresses.
#![no_std]
#![no_main]

use core::panic::PanicInfo;
use core::ptr::{read_volatile, write_volatile};

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};
use tracker::{Action, DataRate, Heard, Parts, Region, Sample, Sent, Tracker};
use wire::{Broken, EventKind, Firmware, ResetCause};

/// Flash at an address.
struct Flash(usize);

#[derive(Debug)]
struct Never;

impl NorFlashError for Never {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl ErrorType for Flash {
    type Error = Never;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Never> {
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = port(self.0 + offset as usize + place);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        0
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 2048;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Never> {
        tell(self.0, from as u8);
        tell(self.0, to as u8);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Never> {
        bytes.iter().for_each(|byte| tell(self.0 + offset as usize, *byte));
        Ok(())
    }
}

/// What a part answers, which the compiler cannot know.
fn port(address: usize) -> u8 {
    // SAFETY: it is linked and measured, and never runs.
    unsafe { read_volatile(address as *const u8) }
}

fn tell(address: usize, byte: u8) {
    // SAFETY: as above.
    unsafe { write_volatile(address as *mut u8, byte) }
}

const REGION: usize = 0x4000_0000;
const SENSOR: usize = 0x4000_0010;
const RADIO: usize = 0x4000_0020;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let parts = Parts {
        region: if port(REGION) == 0 { Region::Eu868 } else { Region::Us915 },
        firmware: Firmware { major: 1, minor: 0, patch: 0 },
        calibration: port(REGION).into(),
        reset_cause: ResetCause::PowerOn,
        seed: port(REGION).into(),
        fastest: DataRate(port(REGION)),
        log_pages: 40,
    };
    let Ok(mut tracker) = Tracker::start(parts, Flash(0x0801_0000), Flash(0x0803_0000), 0) else { halt() };
    let mut now_ms = 0;
    loop {
        match tracker.next(now_ms) {
            Action::Test => {
                let broken = if port(SENSOR) == 0 { Broken::NOTHING } else { Broken::THERMOMETER };
                tracker.tested(now_ms, broken);
            }
            Action::Sample => {
                let temperature = i16::from_be_bytes([port(SENSOR), port(SENSOR)]);
                let sample = Sample { temperature, humidity: Some(port(SENSOR)) };
                tracker.sampled(now_ms, Some(sample).filter(|_| port(SENSOR) == 0));
            }
            Action::Join { dev_nonce, rate } => {
                tell(RADIO, dev_nonce as u8 ^ rate.0);
                tracker.joined(now_ms);
            }
            Action::Send(send) => {
                send.payload.as_slice().iter().for_each(|byte| tell(RADIO, *byte));
                let mut payload = [0; 64];
                payload.iter_mut().for_each(|byte| *byte = port(RADIO));
                let heard =
                    Heard { port: port(RADIO), payload: &payload, snr_quarter_db: port(RADIO).into() };
                tracker.sent(now_ms, &Sent { airtime_ms: 100, mac_pending: false, heard: Some(heard) });
            }
            Action::Sleep { until_ms } => now_ms = until_ms,
            Action::Restart => halt(),
        }
        if port(SENSOR) == 1 {
            tracker.pressed(now_ms);
            tracker.battery(now_ms, port(SENSOR));
            tracker.felt(now_ms, EventKind::Shock, port(SENSOR));
            tracker.positioned(now_ms, port(SENSOR).into(), port(SENSOR).into(), Some(port(SENSOR)));
        }
        tell(REGION, tracker.light() as u8 | u8::from(tracker.is_identifying(now_ms)) << 2);
    }
}

fn halt() -> ! {
    loop {
        tell(REGION, 0);
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    halt()
}
