//! One tracker in its box: the application, its clock, its flash, and the session that the network has with it.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use domain::DevEui;
use geo::Point;
use tracker::{Action, DataRate, Heard, Parts, Sample, Sent, Tracker};
use wire::{Broken, EPOCH_UNIX_S, Firmware, ResetCause};

use crate::cooling::{COLD, ColdBox, WARM};
use crate::downlinks::{Downlinks, Queued};
use crate::flash::Flash;
use crate::incident::Incident;
use crate::journey::Journey;
use crate::random::Random;

/// As the firmware has it.
const LOG_PAGES: usize = 40;
/// In percent, when it begins.
const BATTERY: u8 = 96;
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// How often its LoRaWAN stack asks the network for the time.
const ASKS_TIME_MS: i64 = 6 * 60 * MINUTE_MS;

/// What a device is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Tells devices apart.
    pub number: u64,
    pub journey: Journey,
    /// When its button is pressed for the first time.
    pub starts_at: DateTime<Utc>,
    /// The fastest data rate that it may choose; none: its region's.
    pub fastest: Option<DataRate>,
    /// What happens after that, and when.
    pub incidents: Vec<(DateTime<Utc>, Incident)>,
}

/// What the network knows of a joined device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session {
    pub dev_addr: u32,
    pub f_cnt: u32,
}

pub struct Device {
    pub plan: Plan,
    pub(crate) tracker: Tracker<Flash, Flash>,
    parts: Parts,
    log: Flash,
    memory: Flash,
    cold_box: ColdBox,
    thermometer_fails: bool,
    battery: u8,
    /// Nothing of it is heard.
    pub(crate) is_silent: bool,
    /// When it is to wake.
    pub(crate) wakes_ms: i64,
    boot_ms: i64,
    /// How much too fast its clock runs, in millionths.
    drift_ppm: i64,
    sampled_minute: i64,
    pub(crate) session: Option<Session>,
    pub(crate) downlinks: Downlinks,
    /// Its next uplink says that a downlink came.
    acknowledges: bool,
    /// Its LoRaWAN stack has answers for the network, which go with the next uplink.
    pub(crate) mac_pending: bool,
    /// What is being sent.
    pub(crate) sending: Option<Action>,
    /// When its stack was told the time last.
    told_ms: Option<i64>,
    /// What it sent within a day, and the most that this ever was: when, and for how many milliseconds.
    air: VecDeque<(i64, u64)>,
    on_air_ms: u64,
    busiest_day_ms: u64,
    pub(crate) random: Random,
}

impl Device {
    pub fn dev_eui(&self) -> DevEui {
        dev_eui(self.plan.number)
    }

    /// Its button is pressed at `plan.starts_at`.
    pub(crate) fn new(plan: Plan, region: tracker::Region, seed: u64) -> Result<Self, tracker::LogError> {
        let mut random = Random::new(seed, plan.number);
        let parts = Parts {
            region,
            firmware: Firmware { major: 1, minor: 0, patch: 0 },
            calibration: u32::try_from(plan.number).unwrap_or(u32::MAX),
            reset_cause: ResetCause::PowerOn,
            seed: u32::try_from(random.below(1 << 32)).unwrap_or(1),
            fastest: plan.fastest.unwrap_or(region.fastest()),
            log_pages: LOG_PAGES,
        };
        let (log, memory) = (Flash::erased(LOG_PAGES), Flash::erased(2));
        let mut tracker = Tracker::start(parts, log.clone(), memory.clone(), 0)?;
        tracker.battery(0, BATTERY);
        tracker.pressed(0);
        let boot_ms = plan.starts_at.timestamp_millis();
        let cold_box = ColdBox::packed(Random::new(seed, !plan.number), plan.starts_at);
        let drift_ppm = (random.below(41) as i64) - 20;
        Ok(Self {
            plan,
            tracker,
            parts,
            log,
            memory,
            cold_box,
            thermometer_fails: false,
            battery: BATTERY,
            is_silent: false,
            wakes_ms: boot_ms,
            boot_ms,
            drift_ppm,
            sampled_minute: boot_ms / MINUTE_MS,
            session: None,
            downlinks: Downlinks::default(),
            acknowledges: false,
            mac_pending: false,
            sending: None,
            told_ms: None,
            air: VecDeque::new(),
            on_air_ms: 0,
            busiest_day_ms: 0,
            random,
        })
    }

    pub fn tracker(&self) -> &Tracker<Flash, Flash> {
        &self.tracker
    }

    /// What its own clock counts by then.
    pub(crate) fn uptime(&self, now_ms: i64) -> u64 {
        let elapsed = now_ms - self.boot_ms;
        (elapsed + elapsed * self.drift_ppm / 1_000_000).max(0).cast_unsigned()
    }

    /// When its clock will have counted so far.
    pub(crate) fn at_uptime(&self, uptime_ms: u64) -> i64 {
        let uptime = i64::try_from(uptime_ms).unwrap_or(i64::MAX / 2);
        // Rounded up: it must not wake a moment too early, again and again.
        self.boot_ms.saturating_add(uptime.saturating_sub(uptime / 1_000_000 * self.drift_ppm)) + 1
    }

    pub fn position(&self, at_ms: i64) -> Point {
        self.plan.journey.position(time(at_ms))
    }

    /// Goes on until the radio is to send, or it sleeps; then when it wakes.
    pub(crate) fn go_on(&mut self, now_ms: i64) -> Option<i64> {
        loop {
            let uptime = self.uptime(now_ms);
            match self.tracker.next(uptime) {
                Action::Sample => {
                    let sample = self.sample(now_ms);
                    self.tracker.sampled(uptime, (!self.thermometer_fails).then_some(sample));
                }
                Action::Test => self.tracker.tested(uptime, Broken::NOTHING),
                Action::Sleep { until_ms: u64::MAX } => return Some(i64::MAX),
                Action::Sleep { until_ms } => return Some(self.at_uptime(until_ms).max(now_ms + 1)),
                Action::Restart => self.restart(now_ms, ResetCause::Software),
                sending @ (Action::Join { .. } | Action::Send(_)) => {
                    self.sending = Some(sending);
                    return None;
                }
            }
        }
    }

    fn sample(&mut self, now_ms: i64) -> Sample {
        let minute = now_ms / MINUTE_MS;
        let latitude = self.position(now_ms).y();
        let mut temperature = 0;
        for passing in self.sampled_minute.min(minute - 1)..minute {
            let at = time((passing + 1) * MINUTE_MS);
            temperature = self.cold_box.minute(at, latitude, self.plan.journey.is_handed_over(at));
        }
        self.sampled_minute = minute;
        Sample { temperature, humidity: Some(self.cold_box.humidity()) }
    }

    /// The program begins anew: what it had in memory is gone, and with it the network's session.
    fn restart(&mut self, now_ms: i64, reset_cause: ResetCause) {
        self.parts.reset_cause = reset_cause;
        self.boot_ms = now_ms;
        (self.session, self.told_ms, self.sending) = (None, None, None);
        (self.acknowledges, self.mac_pending) = (false, false);
        if let Ok(tracker) = Tracker::start(self.parts, self.log.clone(), self.memory.clone(), 0) {
            self.tracker = tracker;
            self.tracker.battery(0, self.battery);
        }
    }

    pub(crate) fn happens(&mut self, now_ms: i64, incident: Incident) {
        let uptime = self.uptime(now_ms);
        match incident {
            Incident::Pressed => self.tracker.pressed(uptime),
            Incident::Reset(cause) => self.restart(now_ms, cause),
            Incident::Felt(kind, value) => self.tracker.felt(uptime, kind, value),
            Incident::ThermometerFails => self.thermometer_fails = true,
            Incident::ThermometerBack => self.thermometer_fails = false,
            Incident::Battery(percent) => {
                self.battery = percent;
                self.tracker.battery(uptime, percent);
            }
            Incident::Silent => self.is_silent = true,
            Incident::Heard => self.is_silent = false,
            Incident::TooWarm => self.cold_box.fails(time(now_ms), WARM),
            Incident::Frozen => self.cold_box.fails(time(now_ms), COLD),
        }
    }

    pub(crate) fn joined(&mut self, now_ms: i64) {
        self.tracker.joined(self.uptime(now_ms));
    }

    pub(crate) fn sent(&mut self, now_ms: i64, airtime_ms: u64, heard: Option<(&Queued, i32)>) {
        self.acknowledges = heard.is_some_and(|(queued, _)| queued.confirmed);
        let heard = heard.map(|(queued, snr_quarter_db)| Heard {
            port: queued.port,
            payload: &queued.payload,
            snr_quarter_db,
        });
        let uptime = self.uptime(now_ms);
        self.tracker.sent(uptime, &Sent { airtime_ms, mac_pending: self.mac_pending, heard });
    }

    /// Whether the uplink that it sends says that a downlink came: once, whether it is heard or not.
    pub(crate) fn acknowledges(&mut self) -> bool {
        std::mem::take(&mut self.acknowledges)
    }

    /// Its stack asks for the time when it does not know it, and every few hours.
    pub(crate) fn asks_time(&self, now_ms: i64) -> bool {
        self.told_ms.is_none_or(|told| now_ms >= told + ASKS_TIME_MS)
    }

    pub(crate) fn told_time(&mut self, now_ms: i64, snr_quarter_db: i32) {
        if let Ok(seconds) = u32::try_from(now_ms / 1000 - EPOCH_UNIX_S) {
            self.tracker.told_time(self.uptime(now_ms), seconds, snr_quarter_db);
            self.told_ms = Some(now_ms);
        }
    }

    pub(crate) fn takes_air(&mut self, at_ms: i64, airtime_ms: u64) {
        self.air.push_back((at_ms, airtime_ms));
        self.on_air_ms += airtime_ms;
        while let Some((_, gone)) = self.air.pop_front_if(|(sent, _)| *sent + DAY_MS <= at_ms) {
            self.on_air_ms -= gone;
        }
        self.busiest_day_ms = self.busiest_day_ms.max(self.on_air_ms);
    }

    /// The most that it was on the air within 24 hours, in milliseconds.
    pub fn busiest_day_ms(&self) -> u64 {
        self.busiest_day_ms
    }
}

/// The identity of the device with that number.
pub fn dev_eui(number: u64) -> DevEui {
    DevEui(0x70B3_D5E7_5E00_0000 | number)
}

pub(crate) fn time(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}
