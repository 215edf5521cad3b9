//! How long a battery lasts, from the times that the image takes on the modelled chip.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]

use emulator::HZ;
use emulator::rig::{HOUR, Rig};
use tracker::Region;
use wire::{Command, Step};

/// Currents in mA. [S] is a data sheet, [A] an assumption to be measured on a board.
mod current {
    /// Radio, +14 dBm by the high-power amplifier at its settings for 14 dBm [S: STM32WLE5].
    pub const SEND: f64 = 45.5;
    /// Radio, receiving at 125 kHz with the step-down converter [S].
    pub const RECEIVE: f64 = 4.82;
    /// Processor at 16 MHz from flash [A: 100 µA a MHz].
    pub const RUN: f64 = 1.6;
    /// STOP2 with its clock at 1.07 µA [S], the sensors' standby and leakage: 3.5 µA in all [A].
    pub const SLEEP: f64 = 0.0035;
    /// Motion sensor at 100 Hz, lowest power [A].
    pub const MOTION: f64 = 0.005;
    /// A light through its resistor [A].
    pub const LIGHT: f64 = 2.0;
    /// TMP117 and SHT4x while they convert [S].
    pub const THERMOMETER: f64 = 0.135;
    pub const HUMIDITY: f64 = 0.32;
}

/// A conversion of each, in seconds, once a minute; a flash of the light every twenty seconds.
const THERMOMETER_S: f64 = 0.14;
const HUMIDITY_S: f64 = 0.0083;
const LIGHT_S: f64 = 0.020;

const BATTERY_MAH: f64 = 2_400.0;
/// Whatever the sum says: cells age.
const MOST_YEARS: f64 = 10.0;
const DAY_S: f64 = 86_400.0;
/// One every fifteen minutes.
const UPLINKS: f64 = 96.0;

/// Keeps the tracker at that spreading factor: 4 dB above the weakest are too little, 12 are much.
macro_rules! held_at {
    ($factor:literal) => {
        |factor: u8| {
            let weakest = -(5 * (i16::from(factor) - 7) + 15) / 2;
            let spare = match factor.cmp(&$factor) {
                std::cmp::Ordering::Less => 1,
                std::cmp::Ordering::Equal => 8,
                std::cmp::Ordering::Greater => 16,
            };
            (weakest + spare) as i8
        }
    };
}

/// How well a downlink is heard after an uplink with that spreading factor, in dB above the noise.
type Heard = fn(u8) -> i8;

struct Day {
    uplinks: usize,
    send_s: f64,
    receive_s: f64,
    run_s: f64,
    asleep: f64,
    is_at_factor: bool,
}

/// A day after three, in which it found its data rate.
fn day(region: Region, factor: u8, snr: Heard) -> Day {
    let mut rig = Rig::of_region(region, factor.into());
    rig.snr = snr;
    rig.press();
    rig.command(&[Command::Intervals { step: Step::Minutes5, per_uplink: 3 }]);
    rig.run_for(72 * HOUR);
    let times = |rig: &Rig| {
        let chip = rig.machine.chip.borrow();
        let seconds = |cycles: u64| cycles as f64 / HZ as f64;
        let radio = (seconds(chip.radio.sending), seconds(chip.radio.listening));
        (radio.0, radio.1, seconds(chip.times.running), seconds(chip.times.stopped))
    };
    let (before, known) = (times(&rig), rig.on_air.len());
    rig.run_for(24 * HOUR);
    let after = times(&rig);
    let sent = &rig.on_air[known..];
    Day {
        uplinks: sent.len(),
        send_s: after.0 - before.0,
        receive_s: after.1 - before.1,
        run_s: after.2 - before.2,
        asleep: (after.3 - before.3) / DAY_S,
        is_at_factor: sent.iter().filter(|(found, _)| *found == factor).count() * 10 >= sent.len() * 8,
    }
}

/// mAh.
fn charge(day: &Day) -> f64 {
    let samples = THERMOMETER_S * current::THERMOMETER + HUMIDITY_S * current::HUMIDITY;
    let seconds = day.send_s * current::SEND
        + day.receive_s * current::RECEIVE
        + day.run_s * current::RUN
        + 1440.0 * samples
        + DAY_S / 20.0 * LIGHT_S * current::LIGHT;
    seconds / 3600.0 + 24.0 * (current::SLEEP + current::MOTION)
}

#[test]
fn a_battery_lasts_five_years_at_sf9_and_fifteen_minutes() {
    let cases: [(&str, Region, u8, Heard); 10] = [
        ("EU868 SF7", Region::Eu868, 7, held_at!(7)),
        ("EU868 SF8", Region::Eu868, 8, held_at!(8)),
        ("EU868 SF9", Region::Eu868, 9, held_at!(9)),
        ("EU868 SF10", Region::Eu868, 10, held_at!(10)),
        ("EU868 SF11", Region::Eu868, 11, held_at!(11)),
        ("EU868 SF12", Region::Eu868, 12, held_at!(12)),
        ("US915 SF7", Region::Us915, 7, held_at!(7)),
        ("US915 SF8", Region::Us915, 8, held_at!(8)),
        ("US915 SF9", Region::Us915, 9, held_at!(9)),
        ("US915 SF10", Region::Us915, 10, held_at!(10)),
    ];
    eprintln!("a reading every 5 minutes, uplinks every 15 where the air allows it; {BATTERY_MAH} mAh");
    for (name, region, factor, snr) in cases {
        let day = day(region, factor, snr);
        let years = BATTERY_MAH / charge(&day) / 365.25;
        // As if the air allowed all of them.
        let all = Day {
            send_s: day.send_s * UPLINKS / day.uplinks as f64,
            receive_s: day.receive_s * UPLINKS / day.uplinks as f64,
            ..day
        };
        let years_of_all = BATTERY_MAH / charge(&all) / 365.25;
        eprintln!(
            "{name}: {} uplinks, sends {:.1} s, receives {:.1} s, runs {:.1} s a day, in STOP2 {:.3} %: {:.2} mAh a day, \
             {:.1} years; with all of 96 uplinks {:.1}",
            day.uplinks,
            day.send_s,
            day.receive_s,
            day.run_s,
            day.asleep * 100.0,
            charge(&day),
            years.min(MOST_YEARS),
            years_of_all.min(MOST_YEARS)
        );
        assert!(day.is_at_factor, "{name}: it chose another data rate");
        assert!(day.asleep >= 0.995, "{name}");
        if name == "EU868 SF9" {
            assert!(years.min(years_of_all) >= 5.0, "{years}");
        }
    }
}
