//! What is pressed, opened, lit and knocked: each line wakes the chip.

use embassy_stm32::exti::ExtiInput;
use embassy_stm32::mode::Async;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_time::Timer;

/// What was felt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Felt {
    Pressed,
    /// What it is now, at the start too.
    CaseOpen(bool),
    Lit(bool),
    /// The motion sensor has something to tell.
    Moved,
}

pub static FELT: Channel<CriticalSectionRawMutex, Felt, 8> = Channel::new();

/// A contact bounces for less than this.
const BOUNCE_MS: u64 = 20;
/// From one message of a line to the next, at least: light that flickers must not fill the log. What it is then is told.
const QUIET_S: u64 = 30;

/// The button pulls its line down.
#[embassy_executor::task]
pub async fn button(mut input: ExtiInput<'static, Async>) {
    loop {
        input.wait_for_high().await;
        Timer::after_millis(BOUNCE_MS).await;
        input.wait_for_low().await;
        FELT.send(Felt::Pressed).await;
        Timer::after_millis(BOUNCE_MS).await;
    }
}

/// The switch is open while the case is closed, so that no current flows then.
#[embassy_executor::task]
pub async fn case(input: ExtiInput<'static, Async>) {
    watch(input, |is_high| Felt::CaseOpen(!is_high)).await
}

#[embassy_executor::task]
pub async fn light(input: ExtiInput<'static, Async>) {
    watch(input, Felt::Lit).await
}

async fn watch(mut input: ExtiInput<'static, Async>, felt: impl Fn(bool) -> Felt) -> ! {
    loop {
        let is_high = input.is_high();
        FELT.send(felt(is_high)).await;
        Timer::after_secs(QUIET_S).await;
        if is_high {
            input.wait_for_low().await
        } else {
            input.wait_for_high().await
        }
        Timer::after_millis(BOUNCE_MS).await;
    }
}

/// The line stays up until the sensor was asked.
#[embassy_executor::task]
pub async fn motion(mut input: ExtiInput<'static, Async>) {
    loop {
        input.wait_for_high().await;
        FELT.send(Felt::Moved).await;
        Timer::after_secs(QUIET_S).await;
    }
}
