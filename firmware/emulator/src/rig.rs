//! A tracker's image with a network, a service and somebody who handles the box.

#[path = "../../../crates/tracker/tests/world/service.rs"]
mod service;

use std::path::PathBuf;

use service::START_S;
pub use service::Service;
use tracker::{KEYS_LENGTH, Keys, Module, Region};
use wire::{Command, EPOCH_UNIX_S, Event, EventKind, Range, What};

use crate::{Downlink, Flash, HZ, Image, KEYS, Machine, Network, Sensors, Uplink};

pub const MINUTE: u64 = 60 * HZ;
pub const HOUR: u64 = 60 * MINUTE;

pub const DEV_EUI: [u8; 8] = [0x70, 0xb3, 0xd5, 0x7e, 0x5e, 0, 0, 1];
const APP_KEY: [u8; 16] = [0x5a; 16];

pub struct Rig {
    pub machine: Machine,
    pub network: Network,
    pub service: Service,
    /// The service's clock when the chip's began, in milliseconds.
    began_ms: u64,
    /// Of a thousand.
    pub lost_up: u64,
    pub lost_down: u64,
    random: u64,
    /// Ranges that were asked for.
    pub asked: Vec<Range>,
    pub downlinks: u32,
    /// How well downlinks are heard after an uplink with that spreading factor, in dB above the noise.
    pub snr: fn(u8) -> i8,
    /// What each uplink took, in microseconds, with its spreading factor.
    pub on_air: Vec<(u8, u64)>,
}

/// The image that is tested: `TEST_FIRMWARE` names it.
pub fn image() -> Image {
    let path = std::env::var_os("TEST_FIRMWARE").map(PathBuf::from);
    let path = path.expect("TEST_FIRMWARE names the image; `cargo xtask firmware` builds it and runs this");
    Image::read(&std::fs::read(path).expect("the image can be read")).expect("the image is an ELF file")
}

/// As provisioning writes the page: certificate 7.
fn keys(region: Region) -> [u8; KEYS_LENGTH] {
    let (module, dev_eui) = (Module::Rak3172, DEV_EUI);
    Keys { region, module, dev_eui, join_eui: [0; 8], app_key: APP_KEY, calibration: 7 }.to_page()
}

impl Rig {
    pub fn new(seed: u64) -> Self {
        Self::of_region(Region::Eu868, seed)
    }

    pub fn of_region(region: Region, seed: u64) -> Self {
        Self::with(&image(), region, seed)
    }

    pub fn with(image: &Image, region: Region, seed: u64) -> Self {
        let mut flash = Flash::default();
        flash.program(KEYS, &keys(region));
        let mut rig = Self {
            machine: Machine::new(image, flash),
            network: Network::new(APP_KEY),
            service: Service::default(),
            began_ms: 0,
            lost_up: 0,
            lost_down: 0,
            random: seed,
            asked: Vec::new(),
            downlinks: 0,
            snr: |_| 8,
            on_air: Vec::new(),
        };
        // Its case is closed.
        rig.set_pin(1, 12, true);
        rig
    }

    /// As if the chip had been switched on then: Unix seconds, from 2026 on.
    pub fn beginning(mut self, unix_s: u64) -> Self {
        self.began_ms = (unix_s - EPOCH_UNIX_S.unsigned_abs() - START_S) * 1000;
        self
    }

    /// Pressed, and past its first words.
    pub fn settled(seed: u64) -> Self {
        let mut rig = Self::new(seed);
        rig.press();
        rig.run_for(HOUR);
        rig
    }

    pub fn now(&self) -> u64 {
        self.machine.chip.borrow().now
    }

    pub fn random(&mut self, bound: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % bound
    }

    pub fn sensors(&mut self, change: impl FnOnce(&mut Sensors)) {
        change(&mut self.machine.chip.borrow_mut().i2c.sensors);
    }

    /// Ports A, B and C are 0, 1 and 2.
    pub fn set_pin(&mut self, port: usize, pin: u32, is_high: bool) {
        self.machine.chip.borrow_mut().set_pin(port, pin, is_high);
        self.run_for(HZ / 4);
    }

    /// The button pulls its line down.
    pub fn press(&mut self) {
        self.set_pin(0, 8, true);
        self.set_pin(0, 8, false);
        self.set_pin(0, 8, true);
    }

    pub fn run_for(&mut self, cycles: u64) {
        let until = self.now() + cycles;
        while self.now() < until {
            self.machine.run_until(until);
            let uplink = self.machine.chip.borrow_mut().radio.uplinks.pop_front();
            if let Some(uplink) = uplink {
                self.carry(&uplink);
            }
        }
    }

    fn carry(&mut self, uplink: &Uplink) {
        self.on_air.push((uplink.spreading_factor, uplink.airtime_us));
        if self.random(1000) < self.lost_up {
            return;
        }
        let known = self.network.frames.len();
        let answer = self.network.hear(uplink);
        if let Some(downlink) = answer
            && self.random(1000) >= self.lost_down
        {
            let snr = (self.snr)(uplink.spreading_factor) * 4;
            self.machine.chip.borrow_mut().radio.downlinks.push(Downlink { snr, ..downlink });
        }
        let Some(frame) = self.network.frames.get(known).filter(|frame| frame.port > 0).cloned() else {
            return;
        };
        let now_ms = self.began_ms + frame.at * 1000 / HZ;
        self.service.hear(now_ms, frame.port, &frame.payload);
        if self.network.queue.is_empty()
            && let Some(payload) = self.service.answer(now_ms)
        {
            self.say(payload);
        }
    }

    /// With the next uplink.
    pub fn say(&mut self, payload: Vec<u8>) {
        let downlink = wire::Downlink::decode(&payload).expect("the service says what can be read");
        self.asked.extend(downlink.commands().filter_map(|command| match command {
            Command::Resend(range) => Some(range),
            _ => None,
        }));
        self.downlinks += 1;
        self.network.queue.push_back((wire::COMMAND_PORT, payload));
    }

    pub fn command(&mut self, commands: &[Command]) {
        let payload = self.service.say(commands).expect("it fits");
        self.say(payload);
    }

    /// The events that the service has, in their order, from that number on.
    pub fn events(&self, from: u32) -> Vec<Event> {
        let event = |entry: &wire::Entry| match entry.what {
            What::Event(event) => Some(event),
            _ => None,
        };
        self.service.entries.range(from..).filter_map(|(_, entry)| event(entry)).collect()
    }

    pub fn kinds(&self, from: u32) -> Vec<EventKind> {
        self.events(from).iter().map(|event| event.kind).collect()
    }
}
