//! What a tracker is told: the time and commands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]

mod world;

use tracker::{Action, Region};
use wire::{Command, Event, EventKind, ResetCause, Setup, Stamp, Status, Step, Thresholds, Uplink, What};
use world::{DAY_MS, HOUR_MS, MINUTE_MS, World, settled};

#[test]
fn before_it_is_told_the_time_it_counts_from_its_start_and_then_in_utc() {
    let mut world = World::started(Region::Eu868, 40, 17);
    world.run_for(DAY_MS);
    let stamps: Vec<Stamp> = world.truth.values().map(|entry| entry.stamp).collect();
    let first_utc = stamps.iter().position(|stamp| matches!(stamp, Stamp::Utc(_))).unwrap();
    assert!(first_utc > 0, "a tracker that starts does not know the time");
    assert!(stamps[..first_utc].iter().all(|stamp| matches!(stamp, Stamp::SinceStart(_))));
    assert!(stamps[first_utc..].iter().all(|stamp| matches!(stamp, Stamp::Utc(_))));
    let set: Vec<_> = world.events().into_iter().filter(|event| event.kind == EventKind::ClockSet).collect();
    assert_eq!(set, [Event { kind: EventKind::ClockSet, value: 255 }]);
    // The last one is of now, to the minute.
    let Some(Stamp::Utc(minutes)) = stamps.last() else { panic!("it knows the time") };
    let now = (world::service::START_S + world.now_ms / 1000) / 60;
    assert!(now - u64::from(*minutes) <= 5, "{now} {minutes}");
    // Within a month it is corrected again, by seconds at most.
    world.run_for(30 * DAY_MS);
    let set = world.events().into_iter().filter(|event| event.kind == EventKind::ClockSet).count();
    assert!((3..6).contains(&set), "{set}");
}

#[test]
fn a_stack_that_is_told_the_time_sets_the_clock_at_once() {
    let mut world = World::started(Region::Eu868, 40, 43);
    world.run_for(1000);
    world.with(|tracker, uptime| tracker.told_time(uptime, 80_000_000, 0));
    assert_eq!(world.events().last(), Some(&Event { kind: EventKind::ClockSet, value: 255 }));
    let known = world.events().len();
    world.run_for(90_000);
    world.with(|tracker, uptime| tracker.told_time(uptime, 80_000_091, 0));
    assert_eq!(world.events().len(), known, "a second is within its doubt");
    world.with(|tracker, uptime| tracker.told_time(uptime, 80_000_191, 0));
    assert_eq!(world.events().last(), Some(&Event { kind: EventKind::ClockSet, value: 100 }));
    assert!(world.truth.values().any(|entry| entry.stamp == Stamp::Utc(80_000_191 / 60)));
}

#[test]
fn a_correction_of_before_a_reset_is_not_made() {
    let mut world = settled(105);
    let setting = world.tracker.as_ref().unwrap().saved().clock_setting;
    let downlink = world.service.say(&[Command::Clock { setting, forward_s: 3 }]).unwrap();
    world.restart_by(ResetCause::BrownOut);
    world.run_for(1000);
    world.deliver(60, Some(&downlink));
    world.air.is_dark = true;
    world.run_for(30 * MINUTE_MS);
    let (_, last) = world.truth.last_key_value().unwrap();
    assert_eq!(last.stamp, Stamp::SinceStart(30));
}

#[test]
fn the_flash_that_refuses_a_head_gives_no_entry_another_time() {
    let mut world = settled(101);
    world.supply.borrow_mut().refusals = 1;
    world.restart_by(ResetCause::BrownOut);
    let (_, restarted) = world.truth.last_key_value().unwrap();
    assert_eq!(restarted.stamp, Stamp::SinceStart(0));
    world.check_kept(0);
}

#[test]
fn settings_come_by_command_survive_a_reset_and_are_answered() {
    let mut world = settled(19);
    let thresholds = Thresholds { low: -2500, high: -1500, low_delay: 0, high_delay: 5 };
    let commands =
        [Command::Thresholds(thresholds), Command::Intervals { step: Step::Minutes15, per_uplink: 2 }];
    let downlink = world.service.say(&commands).unwrap();
    world.deliver(60, Some(&downlink));
    world.restart_by(ResetCause::Watchdog);
    let saved = *world.tracker.as_ref().unwrap().saved();
    assert_eq!((saved.thresholds, saved.step, saved.per_uplink), (thresholds, Step::Minutes15, 2));
    assert_eq!(saved.command, world.service.number);
    let restarted = Event { kind: EventKind::Restarted, value: ResetCause::Watchdog as u8 };
    assert!(world.events().contains(&restarted));
    let said = words(&mut world, 2 * HOUR_MS);
    let setup = said.iter().rev().find_map(|uplink| uplink.0).unwrap();
    // Its clock was set by a further one.
    assert!(setup.command >= saved.command);
    assert_eq!(setup.thresholds, thresholds.sum());
    assert_eq!(setup.step, Step::Minutes15);
}

#[test]
fn identify_blinks_and_says_how_it_is() {
    let mut world = settled(23);
    let downlink = world.service.say(&[Command::Identify { seconds: 60 }]).unwrap();
    world.deliver(60, Some(&downlink));
    assert!(world.with(|tracker, uptime| tracker.is_identifying(uptime)));
    let said = words(&mut world, 10 * MINUTE_MS);
    assert!(said.iter().any(|(setup, _)| setup.is_some()) && said.iter().any(|(_, status)| status.is_some()));
    assert!(!world.with(|tracker, uptime| tracker.is_identifying(uptime)));
}

#[test]
fn restart_is_obeyed_once() {
    let mut world = settled(29);
    world.run_until(DAY_MS + 8 * MINUTE_MS);
    let known = world.truth.len();
    let downlink = world.service.say(&[Command::Restart]).unwrap();
    world.deliver(60, Some(&downlink));
    let written: Vec<_> = world.truth.values().skip(known).collect();
    assert!(
        matches!(written[..], [wire::Entry { what: What::Reading(_), .. }]),
        "what was sampled: {written:?}"
    );
    assert!(matches!(world.with(|tracker, uptime| tracker.next(uptime)), Action::Restart));
    world.run_for(HOUR_MS);
    world.deliver(60, Some(&downlink));
    assert!(!matches!(world.with(|tracker, uptime| tracker.next(uptime)), Action::Restart));
}

/// What it says of itself within that time.
fn words(world: &mut World, ms: u64) -> Vec<(Option<Setup>, Option<Status>)> {
    let until = world.now_ms + ms;
    world.heard.clear();
    world.run_until(until);
    let word = |(port, bytes): &(u8, Vec<u8>)| match Uplink::decode(*port, bytes) {
        Ok(Uplink::Setup(setup)) => Some((Some(setup), None)),
        Ok(Uplink::Status(status)) => Some((None, Some(status))),
        _ => None,
    };
    world.heard.iter().filter_map(word).collect()
}
