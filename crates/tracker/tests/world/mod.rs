//! A tracker in a world of its own: its flash, its supply, a radio that loses, and a service. Minutes pass as fast as they
//! can be counted.

pub mod nor;
pub mod service;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use embedded_storage::nor_flash::NorFlash;
use nor::{Nor, Supply};
use service::Service;
use tracker::{Action, Heard, LogError, Parts, Region, Sample, Sent, Tracker};
use wire::{Broken, Entry, EventKind, Firmware, ResetCause, Stamp, What};

pub const MINUTE_MS: u64 = 60_000;
pub const HOUR_MS: u64 = 60 * MINUTE_MS;
pub const DAY_MS: u64 = 24 * HOUR_MS;

/// What happens on the way.
pub struct Air {
    /// Of a thousand uplinks, so many are lost; downlinks alike.
    pub lost: u64,
    /// Nothing is heard at all.
    pub is_dark: bool,
    /// Signal above the noise, in quarters of a dB.
    pub snr: i32,
}

pub struct World {
    pub now_ms: u64,
    pub parts: Parts,
    log: Nor,
    memory: Nor,
    pub supply: Rc<RefCell<Supply>>,
    pub tracker: Option<Tracker<Nor, Nor>>,
    booted_at_ms: u64,
    pub service: Service,
    pub air: Air,
    /// Everything that the log ever held.
    pub truth: BTreeMap<u32, Entry>,
    random: u64,
    pub temperature: fn(u64) -> Option<i16>,
    /// What a self-test finds.
    pub broken: Broken,
    /// The service says nothing.
    pub is_silent: bool,
    /// The MAC has answers for the network until something is heard.
    pub is_mac_pending: bool,
    pub uplinks: u64,
    pub bytes: u64,
    pub restarts: u32,
    /// When an uplink was on the air, and for how long.
    pub sent: Vec<(u64, u64)>,
    /// When each entry was written, and when the service had it.
    pub delays_ms: Vec<u64>,
    /// All downlinks, whether they arrived or not.
    pub said: Vec<Vec<u8>>,
    /// The nonces of all attempts to join.
    pub joins: Vec<u16>,
    /// All uplinks that arrived.
    pub heard: Vec<(u8, Vec<u8>)>,
    written_at_ms: BTreeMap<u32, u64>,
    /// Entries whose time was not that of their writing, by what the service or the tracker's start makes of it.
    pub mistimed: Vec<Entry>,
}

/// A good box: around 5 °C, with the swing of its compressor.
pub fn calm(minute: u64) -> Option<i16> {
    let swing = ((minute as f64) / 90.0 * std::f64::consts::TAU).sin() * 60.0;
    let noise = (minute.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 62) as i16;
    Some(500 + swing as i16 + noise)
}

impl World {
    pub fn new(region: Region, log_pages: usize, seed: u64) -> Self {
        let supply = Supply::steady();
        supply.borrow_mut().noise = seed;
        let firmware = Firmware { major: 1, minor: 0, patch: 0 };
        let parts = Parts {
            region,
            firmware,
            calibration: 7,
            reset_cause: ResetCause::PowerOn,
            seed: seed as u32,
            fastest: region.fastest(),
            log_pages,
        };
        let mut world = Self {
            now_ms: 0,
            parts,
            log: Nor::erased(log_pages, Rc::clone(&supply)),
            memory: Nor::erased(2, Rc::clone(&supply)),
            supply,
            tracker: None,
            booted_at_ms: 0,
            service: Service::default(),
            air: Air { lost: 0, is_dark: false, snr: 0 },
            truth: BTreeMap::new(),
            random: seed,
            temperature: calm,
            broken: Broken::NOTHING,
            is_silent: false,
            is_mac_pending: false,
            uplinks: 0,
            bytes: 0,
            restarts: 0,
            sent: Vec::new(),
            delays_ms: Vec::new(),
            said: Vec::new(),
            joins: Vec::new(),
            heard: Vec::new(),
            written_at_ms: BTreeMap::new(),
            mistimed: Vec::new(),
        };
        world.boot(ResetCause::PowerOn);
        world
    }

    /// Started by its button.
    pub fn started(region: Region, log_pages: usize, seed: u64) -> Self {
        let mut world = Self::new(region, log_pages, seed);
        world.with(|tracker, uptime| tracker.pressed(uptime));
        world
    }

    pub fn random(&mut self, bound: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }

    /// Whether the supply held.
    pub fn boot(&mut self, cause: ResetCause) -> bool {
        self.parts.reset_cause = cause;
        self.booted_at_ms = self.now_ms;
        self.tracker = self.start_anew().ok();
        if self.supply.borrow().failed {
            self.tracker = None;
            return false;
        }
        assert!(self.tracker.is_some(), "a sound flash always starts");
        self.note();
        true
    }

    pub fn start_anew(&self) -> Result<Tracker<Nor, Nor>, LogError> {
        Tracker::start(self.parts, self.log.clone(), self.memory.clone(), 0)
    }

    /// Changes what it remembers, as firmware with another history would have left it.
    pub fn forge_memory(&mut self, change: impl FnOnce(&mut [u8])) {
        let mut copy = self.memory.bytes(0);
        change(&mut copy[4..28]);
        // Newer than all others.
        copy[..4].copy_from_slice(&0x00ff_ffff_u32.to_be_bytes());
        let sum = crc32(&copy[..28]).to_be_bytes();
        copy[28..].copy_from_slice(&sum);
        let free = (0..).step_by(32).find(|at| self.memory.bytes(*at) == [0xff; 32]).expect("there is room");
        self.memory.write(free, &copy).expect("the supply is steady");
    }

    /// The supply fails and comes back.
    fn restart(&mut self) {
        self.restart_by(ResetCause::BrownOut);
    }

    pub fn restart_by(&mut self, cause: ResetCause) {
        self.restarts += 1;
        {
            let mut supply = self.supply.borrow_mut();
            (supply.failed, supply.left) = (false, None);
        }
        self.boot(cause);
    }

    /// A downlink of before is sent again, by whoever recorded it.
    pub fn replay(&mut self, which: usize) {
        let Some(bytes) = which.checked_rem(self.said.len()).map(|which| self.said[which].clone()) else {
            return;
        };
        if self.supply.borrow().failed {
            self.restart();
        }
        let before = *self.tracker.as_ref().expect("it runs").saved();
        let is_old = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) <= before.command;
        self.deliver(60, Some(&bytes));
        if is_old {
            let after = *self.tracker.as_ref().expect("it runs").saved();
            assert_eq!(before, after, "a replay changes nothing");
        }
    }

    /// Bytes that no service wrote.
    pub fn noise(&mut self, bytes: &[u8]) {
        if self.supply.borrow().failed {
            self.restart();
        }
        // With a number that was used: noise with a new one would be a forgery, which the network's keys prevent.
        let before = *self.tracker.as_ref().expect("it runs").saved();
        let [_, number @ ..] = before.command.to_be_bytes();
        let bytes: Vec<u8> = number.into_iter().chain(bytes.iter().copied()).collect();
        self.deliver(60, Some(&bytes));
        assert_eq!(before, *self.tracker.as_ref().expect("it runs").saved(), "noise changes nothing");
    }

    pub fn with<T>(&mut self, act: impl FnOnce(&mut Tracker<Nor, Nor>, u64) -> T) -> T {
        let uptime = self.now_ms - self.booted_at_ms;
        let done = act(self.tracker.as_mut().expect("it runs"), uptime);
        let known = self.truth.len();
        self.note();
        // A word that was cut off may pass for another one in 128, whether it is read now or at the next start.
        if self.supply.borrow().failed {
            return done;
        }
        let utc = (service::START_S + self.now_ms / 1000) / 60;
        let is_timed = |entry: &Entry| match entry.stamp {
            Stamp::Utc(minutes) => utc.abs_diff(minutes.into()) <= 2,
            Stamp::SinceStart(minutes) => (uptime / MINUTE_MS).abs_diff(minutes.into()) <= 2,
        };
        let written = self.truth.values().rev().take(self.truth.len() - known);
        self.mistimed.extend(written.filter(|entry| !is_timed(entry)));
        done
    }

    /// Does what somebody does to a tracker that runs.
    pub fn with_running(&mut self, act: impl FnOnce(&mut Tracker<Nor, Nor>, u64)) {
        if self.supply.borrow().failed {
            self.restart();
        }
        self.with(act);
    }

    /// Keeps what was written. A tracker whose supply failed has written nothing more.
    fn note(&mut self) {
        let tracker = self.tracker.as_ref().expect("it runs");
        let from = self.truth.last_key_value().map_or(0, |(sequence, _)| sequence + 1);
        for sequence in from..tracker.next_sequence() {
            if let Some(entry) = tracker.entry(sequence) {
                self.truth.insert(sequence, entry);
                self.written_at_ms.insert(sequence, self.now_ms);
            }
        }
    }

    /// Runs until that time.
    pub fn run_until(&mut self, until_ms: u64) {
        while self.now_ms < until_ms {
            if self.supply.borrow().failed {
                self.restart();
            }
            self.step(until_ms);
        }
    }

    pub fn run_for(&mut self, ms: u64) {
        self.run_until(self.now_ms + ms);
    }

    fn step(&mut self, until_ms: u64) {
        let action = self.with(|tracker, uptime| tracker.next(uptime));
        if self.supply.borrow().failed {
            // Nothing is done any more.
            return;
        }
        match action {
            Action::Sleep { until_ms: wake } => {
                let wake = wake
                    .saturating_add(self.booted_at_ms)
                    .clamp(self.now_ms + 1, until_ms.max(self.now_ms + 1));
                self.now_ms = wake;
            }
            Action::Sample => {
                let minute = self.now_ms / MINUTE_MS;
                let sample = (self.temperature)(minute)
                    .map(|temperature| Sample { temperature, humidity: Some(90 + (minute % 5) as u8) });
                self.with(|tracker, uptime| tracker.sampled(uptime, sample));
            }
            Action::Test => {
                let broken = self.broken;
                self.with(|tracker, uptime| tracker.tested(uptime, broken));
            }
            Action::Join { rate, dev_nonce } => {
                self.joins.push(dev_nonce);
                let airtime = self.parts.region.time_on_air_ms(rate, 10);
                self.sent.push((self.now_ms, airtime));
                self.now_ms += 6_000;
                let joins = !self.is_lost() && !self.is_lost();
                if joins {
                    self.with(|tracker, uptime| tracker.joined(uptime));
                }
            }
            Action::Send(send) => {
                let airtime_ms = self.parts.region.time_on_air_ms(send.rate, send.payload.as_slice().len());
                assert!(send.payload.as_slice().len() <= self.parts.region.room(send.rate));
                self.sent.push((self.now_ms, airtime_ms));
                self.uplinks += 1;
                self.bytes += send.payload.as_slice().len() as u64 + 13;
                self.now_ms += airtime_ms;
                let was_heard = !self.is_lost();
                let answer = if !was_heard {
                    None
                } else {
                    self.heard.push((send.port, send.payload.as_slice().to_vec()));
                    let before = self.service.entries.len();
                    // An uplink on port 0 is the network's alone.
                    if send.port > 0 {
                        self.service.hear(self.now_ms, send.port, send.payload.as_slice());
                    }
                    self.measure(before);
                    if self.is_silent { None } else { self.service.answer(self.now_ms) }
                };
                self.now_ms += 2_000;
                self.said.extend(answer.clone());
                let answer = answer.filter(|_| !self.is_lost());
                if send.confirmed && answer.is_none() && was_heard && !self.is_lost() {
                    self.acknowledge(airtime_ms);
                } else {
                    self.deliver(airtime_ms, answer.as_deref());
                }
            }
            Action::Restart => {
                self.boot(ResetCause::Software);
            }
        }
    }

    pub fn deliver(&mut self, airtime_ms: u64, answer: Option<&[u8]>) {
        let heard = answer.map(|payload| Heard { port: 20, payload, snr_quarter_db: self.air.snr });
        let mac_pending = self.is_mac_pending && heard.is_none();
        self.with(|tracker, uptime| tracker.sent(uptime, &Sent { airtime_ms, mac_pending, heard }));
    }

    /// The network's own answer to a confirmed uplink.
    fn acknowledge(&mut self, airtime_ms: u64) {
        let heard = Some(Heard { port: 0, payload: &[], snr_quarter_db: self.air.snr });
        self.with(|tracker, uptime| tracker.sent(uptime, &Sent { airtime_ms, mac_pending: false, heard }));
    }

    /// What it sends next, sampling meanwhile.
    pub fn next_send(&mut self) -> tracker::Send {
        loop {
            match self.with(|tracker, uptime| tracker.next(uptime)) {
                Action::Send(send) => return send,
                Action::Sleep { .. } => self.now_ms += 1000,
                Action::Sample => self.with(|tracker, uptime| tracker.sampled(uptime, None)),
                Action::Test => self.with(|tracker, uptime| tracker.tested(uptime, Broken::NOTHING)),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Everything from that number on is held as it was written.
    pub fn check_kept(&self, from: u32) {
        let tracker = self.tracker.as_ref().expect("it runs");
        for (sequence, entry) in self.truth.range(from..) {
            assert_eq!(tracker.entry(*sequence).as_ref(), Some(entry));
        }
    }

    fn measure(&mut self, before: usize) {
        if self.service.entries.len() == before {
            return;
        }
        let arrived: Vec<u32> = self
            .service
            .entries
            .keys()
            .filter(|sequence| self.written_at_ms.contains_key(sequence))
            .copied()
            .collect();
        for sequence in arrived {
            if let Some(written) = self.written_at_ms.remove(&sequence) {
                self.delays_ms.push(self.now_ms - written);
            }
        }
    }

    fn is_lost(&mut self) -> bool {
        let lost = self.air.lost;
        self.air.is_dark || self.random(1000) < lost
    }

    /// What the log ever held and the service neither has nor was told of as lost.
    pub fn missing(&self) -> Vec<u32> {
        let is_told = |sequence: &u32| {
            self.service.lost.values().any(|range| (range.first..=range.last).contains(sequence))
        };
        let here = |sequence: &u32| self.service.entries.contains_key(sequence) || is_told(sequence);
        self.truth.keys().filter(|sequence| !here(sequence)).copied().collect()
    }

    pub fn check_entries(&self) {
        for (sequence, entry) in &self.service.entries {
            assert_eq!(self.truth.get(sequence), Some(entry), "what came was written so");
        }
    }

    pub fn events(&self) -> Vec<wire::Event> {
        let event = |entry: &Entry| match entry.what {
            What::Event(event) => Some(event),
            What::Reading(_) | What::Lost { .. } => None,
        };
        self.truth.values().filter_map(event).collect()
    }

    /// The most that was on the air in any 24 hours, in milliseconds.
    pub fn busiest_day_ms(&self) -> u64 {
        let (mut from, mut sum, mut most) = (0, 0, 0);
        for (at, ms) in &self.sent {
            sum += ms;
            while self.sent[from].0 + DAY_MS <= *at {
                sum -= self.sent[from].1;
                from += 1;
            }
            most = most.max(sum);
        }
        most
    }
}

/// Joined, and past its first words.
pub fn settled(seed: u64) -> World {
    let mut world = World::started(Region::Eu868, 40, seed);
    world.air.snr = 40;
    world.run_for(DAY_MS);
    world
}

pub fn kinds(world: &World, from: usize) -> Vec<EventKind> {
    world.events()[from..].iter().map(|event| event.kind).collect()
}

/// CRC-32 (ISO-HDLC).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1)))
    })
}
