//! Does what the tracker's application wants, and tells it how it went.

use embassy_futures::select::{Either, select};
use embassy_stm32::peripherals::IWDG;
use embassy_stm32::wdg::IndependentWatchdog;
use embassy_time::{Instant, Timer};
use tracker::{Action, Heard, Parts, Sent, Tracker};
use wire::EventKind;

use crate::battery::Battery;
use crate::crash;
use crate::felt::{FELT, Line};
use crate::flash::{LOG, MEMORY, Part, Shared};
use crate::lights::Lights;
use crate::mac::Mac;
use crate::sensors::Sensors;

/// Well within the watchdog's 30 s.
const LONGEST_SLEEP_MS: u64 = 20_000;

/// The battery is measured, and the light flashes, this often.
const BATTERY_EVERY_MS: u64 = 6 * 3_600_000;
const FLASH_EVERY_MS: u64 = 20_000;

pub struct App {
    pub watchdog: IndependentWatchdog<'static, IWDG>,
    pub lights: Lights,
    pub sensors: Sensors,
    pub battery: Battery,
    pub mac: Mac,
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
        let (mut battery_at_ms, mut flash_at_ms) = (0, 0);
        loop {
            self.watchdog.pet();
            let now = now_ms();
            if now >= battery_at_ms {
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
        if let Either::Second((line, is_high)) = select(Timer::at(until), FELT.receive()).await {
            self.feel(tracker, line, is_high).await;
        }
    }

    async fn feel(&mut self, tracker: &mut Application, line: Line, is_high: bool) {
        let now = now_ms();
        match line {
            Line::Button => {
                tracker.pressed(now);
                self.lights.flash(tracker.light()).await;
            }
            // The switch closes with the case.
            Line::Case => {
                tracker.felt(now, if is_high { EventKind::CaseOpened } else { EventKind::CaseClosed }, 0)
            }
            Line::Light => tracker.felt(now, if is_high { EventKind::Light } else { EventKind::Dark }, 0),
            Line::Motion => {
                if let Ok(Some((kind, value))) = self.sensors.motion() {
                    tracker.felt(now, kind, value);
                }
            }
        }
    }
}

/// Since the chip began.
fn now_ms() -> u64 {
    Instant::now().as_millis()
}
