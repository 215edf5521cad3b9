//! A tracker's life, in a world that loses, darkens and fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]

mod world;

use proptest::prelude::*;
use tracker::{AIR_A_DAY_MS, Heard, Region, Sent, Stage};
use wire::{Command, EventKind, LOST_MAX, Range, ResetCause};
use world::{DAY_MS, HOUR_MS, World, calm};

/// Ends a life so that all of it can be known: the air is good, the button is pressed, and what is missing is asked for, as
/// long as a month.
fn end(world: &mut World) {
    (world.air.is_dark, world.air.lost, world.air.snr) = (false, 0, 40);
    world.supply.borrow_mut().left = None;
    world.run_for(DAY_MS);
    if is_running(world) {
        world.with(|tracker, uptime| tracker.pressed(uptime));
    }
    for _ in 0..30 {
        world.run_for(DAY_MS);
        if world.missing().is_empty() {
            return;
        }
    }
}

fn is_running(world: &World) -> bool {
    world.tracker.as_ref().unwrap().saved().stage == Stage::Running
}

fn check(world: &World) {
    assert_eq!(world.missing(), [], "every entry came, or is told to be lost");
    world.check_entries();
    assert_eq!(world.mistimed, [], "every entry has its time");
    assert!(world.busiest_day_ms() <= AIR_A_DAY_MS, "{} ms on the air in a day", world.busiest_day_ms());
}

#[test]
fn a_year_with_a_third_lost_and_a_dark_day_each_week() {
    let mut world = World::started(Region::Eu868, 40, 11);
    world.air.lost = 300;
    for day in 0..365 {
        world.air.is_dark = day % 7 == 3;
        world.run_until((day + 1) * DAY_MS);
    }
    end(&mut world);
    check(&world);
    assert!(world.service.lost.is_empty());
    // 365 days of 288 readings, fewer where a dark day made it slow.
    assert!((95_000..106_000).contains(&world.truth.len()), "{}", world.truth.len());
}

#[test]
fn what_was_lost_long_ago_can_be_asked_for_without_harm() {
    // Each minute a reading, for more of them than a loss can name.
    let mut world = World::started(Region::Eu868, 3, 113);
    world.run_for(HOUR_MS);
    (world.is_silent, world.air.is_dark) = (true, true);
    world.temperature = |minute| Some(400 + (minute % 2) as i16 * 200);
    world.run_for(95 * DAY_MS);
    let next = world.tracker.as_ref().unwrap().next_sequence();
    assert!(next > LOST_MAX + 3000);
    for range in [Range { first: 10, last: 20 }, Range { first: 30, last: next }] {
        let downlink = world.service.say(&[Command::Resend(range)]).unwrap();
        world.deliver(60, Some(&downlink));
    }
    world.air.is_dark = false;
    world.run_for(DAY_MS);
    assert_eq!(world.tracker.as_ref().unwrap().fault(), None);
    assert!(!world.service.lost.is_empty());
}

/// Warm for some hours of each day, and a door that is opened now and then.
fn restless(minute: u64) -> Option<i16> {
    let base = calm(minute)?;
    match minute % 1440 {
        300..=420 => Some(base + 400),
        600..=603 => Some(base + 900),
        900 => None,
        _ => Some(base),
    }
}

#[derive(Debug, Clone)]
enum Turn {
    Run {
        hours: u64,
        lost: u64,
        is_dark: bool,
        snr: i32,
    },
    /// The supply fails within that many writes.
    Cut {
        writes: u32,
    },
    Watchdog,
    /// The flash does not take so many writes or erases.
    Refuse {
        writes: u32,
    },
    /// A downlink that was recorded comes again, or one that nobody sent.
    Replay {
        which: usize,
    },
    Noise {
        bytes: Vec<u8>,
    },
    Press,
    Feel {
        kind: EventKind,
    },
    Fly {
        hours: u8,
    },
    /// The LoRaWAN stack is told the time.
    TellTime,
}

fn any_turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        4 => (1..30_u64, 0..600_u64, proptest::bool::weighted(0.25), -60..60_i32)
            .prop_map(|(hours, lost, is_dark, snr)| Turn::Run { hours, lost, is_dark, snr }),
        2 => (0..60_u32).prop_map(|writes| Turn::Cut { writes }),
        1 => Just(Turn::Watchdog),
        1 => (1..3_u32).prop_map(|writes| Turn::Refuse { writes }),
        1 => any::<usize>().prop_map(|which| Turn::Replay { which }),
        1 => proptest::collection::vec(any::<u8>(), 0..30).prop_map(|bytes| Turn::Noise { bytes }),
        1 => Just(Turn::Press),
        1 => (3..9_usize).prop_map(|kind| Turn::Feel { kind: EventKind::ALL[kind] }),
        1 => (0..30_u8).prop_map(|hours| Turn::Fly { hours }),
        1 => Just(Turn::TellTime),
    ]
}

fn live(world: &mut World, turns: &[Turn]) {
    for turn in turns {
        match turn {
            Turn::Run { hours, lost, is_dark, snr } => {
                (world.air.lost, world.air.is_dark, world.air.snr) = (*lost, *is_dark, *snr);
                world.run_for(hours * HOUR_MS);
            }
            Turn::Cut { writes } => {
                world.supply.borrow_mut().left = Some(*writes);
                world.run_for(6 * HOUR_MS);
            }
            Turn::Watchdog => {
                world.restart_by(ResetCause::Watchdog);
            }
            Turn::Refuse { writes } => {
                world.supply.borrow_mut().refusals = *writes;
                world.run_for(HOUR_MS);
            }
            Turn::Replay { which } => world.replay(*which),
            Turn::Noise { bytes } => world.noise(bytes),
            Turn::Press => world.with_running(|tracker, uptime| tracker.pressed(uptime)),
            Turn::Feel { kind } => world.with_running(|tracker, uptime| tracker.felt(uptime, *kind, 7)),
            Turn::Fly { hours } => {
                let downlink = world.service.say(&[Command::Flight { hours: *hours }]).unwrap();
                let heard = Heard { port: 20, payload: &downlink, snr_quarter_db: 0 };
                let sent = Sent { airtime_ms: 60, mac_pending: false, heard: Some(heard) };
                world.with_running(|tracker, uptime| tracker.sent(uptime, &sent));
            }
            Turn::TellTime => {
                let seconds = (world::service::START_S + world.now_ms / 1000) as u32;
                world.with_running(|tracker, uptime| tracker.told_time(uptime, seconds, 0));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_is_lost_fails_or_is_sent_again_every_entry_arrives_once(
        turns in proptest::collection::vec(any_turn(), 1..25), seed: u32, is_us: bool, is_restless: bool,
    ) {
        let region = if is_us { Region::Us915 } else { Region::Eu868 };
        let mut world = World::started(region, 40, seed.into());
        if is_restless {
            world.temperature = restless;
        }
        live(&mut world, &turns);
        end(&mut world);
        check(&world);
        prop_assert!(world.service.lost.is_empty(), "the log was never full: {:?}", world.service.lost);
    }

    #[test]
    fn what_a_full_log_loses_is_told_with_its_range(
        turns in proptest::collection::vec(any_turn(), 0..8), seed: u32, dark_days in 3..20_u64,
    ) {
        let mut world = World::started(Region::Eu868, 3, seed.into());
        live(&mut world, &turns);
        world.supply.borrow_mut().left = None;
        if !is_running(&world) {
            world.with_running(|tracker, uptime| tracker.pressed(uptime));
        }
        world.air.is_dark = true;
        let known = world.truth.len();
        world.run_for(dark_days * DAY_MS);
        // Three pages hold 765 entries: two days and a half, or eight days of a tracker that has become slow.
        let is_overfull = world.truth.len() - known > 3 * 255;
        end(&mut world);
        check(&world);
        prop_assert!(!is_overfull || !world.service.lost.is_empty());
        // Nothing is told to be lost that was still there to be asked for.
        let held = world.tracker.as_ref().unwrap();
        let told = world.service.lost.values().flat_map(|range| range.first..=range.last);
        for sequence in told {
            prop_assert!(held.entry(sequence).is_none(), "{sequence} is held");
        }
    }
}
