//! What is pressed, opened and knocked: each line wakes the chip.

use embassy_stm32::exti::ExtiInput;
use embassy_stm32::mode::Async;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use embassy_time::Timer;

/// A line that changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Pressed.
    Button,
    Case,
    Light,
    /// The motion sensor has something to tell.
    Motion,
}

/// What happened, and whether the line is high now.
pub static FELT: Channel<CriticalSectionRawMutex, (Line, bool), 8> = Channel::new();

/// A contact bounces for less than this.
const BOUNCE_MS: u64 = 20;

#[embassy_executor::task(pool_size = 4)]
pub async fn watch(mut input: ExtiInput<'static, Async>, line: Line) {
    let mut was_high = input.is_high();
    // What a case or a box is at the start is told, too.
    if matches!(line, Line::Case | Line::Light) {
        FELT.send((line, was_high)).await;
    }
    loop {
        input.wait_for_any_edge().await;
        Timer::after_millis(BOUNCE_MS).await;
        let is_high = input.is_high();
        // Motion is told by each edge up; a press ends with the button down.
        let is_news = match line {
            Line::Motion => is_high,
            Line::Button => was_high && !is_high,
            Line::Case | Line::Light => is_high != was_high,
        };
        was_high = is_high;
        if is_news {
            FELT.send((line, is_high)).await;
        }
    }
}
