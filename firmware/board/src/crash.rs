//! Why the program began, and what happens when it cannot go on.

use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use core::ptr::{addr_of, addr_of_mut};

use cortex_m_rt::{ExceptionFrame, exception};
use embassy_stm32::pac::RCC;
use wire::ResetCause;

/// Memory keeps what it held over a reset, and loses it with the supply.
#[unsafe(link_section = ".uninit.MARK")]
static mut MARK: MaybeUninit<u32> = MaybeUninit::uninit();

/// Crashes one after the other, and hangs that the watchdog ended.
#[unsafe(link_section = ".uninit.CRASHES")]
static mut CRASHES: MaybeUninit<u32> = MaybeUninit::uninit();

/// A program that crashes again and again would fill its log with its beginnings: it rests for a minute more each time, up to a
/// quarter of an hour.
const REST_S: u32 = 60;
const MOST_RESTS: u32 = 15;

const RUNNING: u32 = 0x7ac4_e201;
const CRASHED: u32 = 0x7ac4_dead;

fn mark(value: u32) {
    // SAFETY: a word that only this module writes, in one go, with interrupts that do not.
    unsafe { addr_of_mut!(MARK).cast::<u32>().write_volatile(value) }
}

/// Why the program began, by the chip's flags and by what the memory still holds. To be asked once.
pub fn cause() -> ResetCause {
    // SAFETY: any bits are a u32.
    let left = unsafe { addr_of!(MARK).cast::<u32>().read_volatile() };
    mark(RUNNING);
    let flags = RCC.csr().read();
    RCC.csr().modify(|w| w.set_rmvf(true));
    let has_hung = left == RUNNING && flags.iwdgrstf();
    match left {
        CRASHED => {}
        _ if has_hung => count(crashes().saturating_add(1)),
        _ => recovered(),
    }
    if left == CRASHED {
        ResetCause::Fault
    } else if flags.iwdgrstf() || flags.wwdgrstf() {
        ResetCause::Watchdog
    } else if flags.borrstf() {
        if left == RUNNING { ResetCause::BrownOut } else { ResetCause::PowerOn }
    } else if flags.sftrstf() {
        ResetCause::Software
    } else {
        ResetCause::Pin
    }
}

fn crashes() -> u32 {
    // SAFETY: as above.
    unsafe { addr_of!(CRASHES).cast::<u32>().read_volatile() }
}

fn count(crashes: u32) {
    // SAFETY: as above.
    unsafe { addr_of_mut!(CRASHES).cast::<u32>().write_volatile(crashes) }
}

/// The next crash is the first one again.
pub fn recovered() {
    count(0);
}

/// How many seconds to rest before the program goes on; none after the first crash.
pub fn rest_s() -> u64 {
    (crashes().saturating_sub(1).min(MOST_RESTS) * REST_S).into()
}

/// Begins anew, as a command wants it.
pub fn restart() -> ! {
    cortex_m::peripheral::SCB::sys_reset()
}

fn crash() -> ! {
    mark(CRASHED);
    count(crashes().saturating_add(1));
    cortex_m::peripheral::SCB::sys_reset()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    crash()
}

#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    crash()
}
