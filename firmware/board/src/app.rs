//! Does what the tracker's application wants, and tells it how it went.

use embassy_futures::select::{Either, select};
use embassy_stm32::peripherals::IWDG;
use embassy_stm32::wdg::IndependentWatchdog;
use embassy_time::{Instant, Timer};
use tracker::{Action, Heard, Parts, Sent, Stage, Tracker};
use wire::EventKind;

use crate::battery::Battery;
use crate::crash;
use crate::felt::{FELT, Felt};
use crate::flash::{LOG, MEMORY, Part, Shared};
use crate::lights::Lights;
use crate::mac::Mac;
use crate::sensors::Sensors;

/// Well within the watchdog's 30 s.
const LONGEST_SLEEP_MS: u64 = 20_000;

/// The battery is measured, and the light flashes, this often.
const BATTERY_EVERY_MS: u64 = 6 * 3_600_000;
const FLASH_EVERY_MS: u64 = 20_000;

/// Whoever presses again because nothing seems to happen means the same press.
const DEAF_MS: u64 = 30_000;

/// What a box is said to be until something else is: closed, and dark inside.
#[derive(Clone, Copy, Default)]
pub struct BoxState {
    open: bool,
    lit: bool,
}

pub struct App {
    pub watchdog: IndependentWatchdog<'static, IWDG>,
    pub lights: Lights,
    pub sensors: Sensors,
    pub battery: Battery,
    pub mac: Mac,
    pub box_now: BoxState,
    pub box_told: BoxState,
    pub deaf_until_ms: u64,
}

type Application = Tracker<Part, Part>;

impl App {
    pub async fn run(mut self, parts: Parts, flash: Shared) -> ! {
        let (log, memory) = (Part { flash, area: LOG }, Part { flash, area: MEMORY });
        let Ok(mut tracker) = Tracker::start(parts, log, memory, now_ms()) else {
            // A flash that is another firmware's, or broken: it must not be written over.
            loop {
                self.watchdog.pet();
                self.lights.flash(tracker::Light::Broken).await;
                Timer::after_secs(5).await;
            }
        };
        self.sensors.rest();
        let (mut battery_at_ms, mut flash_at_ms) = (0, 0);
        loop {
            self.watchdog.pet();
            let now = now_ms();
            if now >= battery_at_ms {
                if battery_at_ms > 0 {
                    // It has run for hours.
                    crash::recovered();
                }
                battery_at_ms = now + BATTERY_EVERY_MS;
                tracker.battery(now, self.battery.percent());
            }
            if now >= flash_at_ms || tracker.is_identifying(now) {
                flash_at_ms = now + FLASH_EVERY_MS;
                self.lights.flash(tracker.light()).await;
            }
            self.act(&mut tracker).await;
        }
    }

    async fn act(&mut self, tracker: &mut Application) {
        match tracker.next(now_ms()) {
            Action::Test => {
                let broken = self.sensors.test().await;
                tracker.tested(now_ms(), broken);
            }
            Action::Sample => {
                let sample = self.sensors.sample().await;
                tracker.sampled(now_ms(), sample);
            }
            Action::Join { dev_nonce, rate } => {
                if self.mac.join(dev_nonce, rate).await {
                    tracker.joined(now_ms());
                }
            }
            Action::Send(send) => {
                let outcome = self.mac.send(&send).await;
                let heard = outcome.heard.map(|(port, snr_quarter_db)| Heard {
                    port,
                    payload: &outcome.payload,
                    snr_quarter_db,
                });
                let sent = Sent { airtime_ms: outcome.airtime_ms, mac_pending: outcome.mac_pending, heard };
                tracker.sent(now_ms(), &sent);
            }
            Action::Sleep { until_ms } => self.sleep(tracker, until_ms).await,
            Action::Restart => crash::restart(),
        }
    }

    async fn sleep(&mut self, tracker: &mut Application, until_ms: u64) {
        let now = now_ms();
        let most = if tracker.is_identifying(now) { 500 } else { LONGEST_SLEEP_MS };
        let until = Instant::from_millis(until_ms.min(now + most));
        if let Either::Second(felt) = select(Timer::at(until), FELT.receive()).await {
            self.feel(tracker, felt).await;
        }
    }

    async fn feel(&mut self, tracker: &mut Application, felt: Felt) {
        let now = now_ms();
        match felt {
            Felt::Pressed if now < self.deaf_until_ms => {}
            Felt::Pressed => {
                self.deaf_until_ms = now + DEAF_MS;
                tracker.pressed(now);
                self.lights.flash(tracker.light()).await;
            }
            Felt::CaseOpen(is_open) => self.box_now.open = is_open,
            Felt::Lit(is_lit) => self.box_now.lit = is_lit,
            Felt::Moved => {
                if let Ok(Some((kind, value))) = self.sensors.motion() {
                    tracker.felt(now, kind, value);
                }
            }
        }
        self.tell_box(tracker);
    }

    /// From its start on it says what the box is, wherever that is not what it said last.
    fn tell_box(&mut self, tracker: &mut Application) {
        if tracker.saved().stage == Stage::Shelf {
            return;
        }
        let (now, was) = (self.box_now, core::mem::replace(&mut self.box_told, self.box_now));
        if now.open != was.open {
            let kind = if now.open { EventKind::CaseOpened } else { EventKind::CaseClosed };
            tracker.felt(now_ms(), kind, 0);
        }
        if now.lit != was.lit {
            tracker.felt(now_ms(), if now.lit { EventKind::Light } else { EventKind::Dark }, 0);
        }
    }
}

/// Since the chip began.
fn now_ms() -> u64 {
    Instant::now().as_millis()
}
