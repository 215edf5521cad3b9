//! What a tracker does when: alarms, buttons, flight, sensors, commands, the MAC.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]

mod world;

use tracker::{Action, Region, Sent, Stage};
use wire::{Command, Event, EventKind, ResetCause, Setup, Stamp, Status, Step, Thresholds, Uplink, What};
use world::{DAY_MS, HOUR_MS, MINUTE_MS, World, calm};

/// Joined, and past its first words.
fn settled(seed: u64) -> World {
    let mut world = World::started(Region::Eu868, 40, seed);
    world.air.snr = 40;
    world.run_for(DAY_MS);
    world
}

fn kinds(world: &World, from: usize) -> Vec<EventKind> {
    world.events()[from..].iter().map(|event| event.kind).collect()
}

fn is_warm_at(minute: u64) -> bool {
    (2000..2060).contains(&minute)
}

fn warm(minute: u64) -> Option<i16> {
    Some(calm(minute)? + if is_warm_at(minute) { 500 } else { 0 })
}

#[test]
fn an_alarm_is_sent_at_once_and_again_until_it_is_acknowledged() {
    let mut world = settled(3);
    world.temperature = warm;
    world.air.is_dark = true;
    // Out of range from minute 2000 on; thirty minutes later it is an alarm.
    world.run_until(2030 * MINUTE_MS - 1);
    let known = world.events().len();
    assert!(!world.with(|tracker, _| tracker.is_alarm()));
    let before = world.uplinks;
    world.run_until(2032 * MINUTE_MS);
    assert!(world.with(|tracker, _| tracker.is_alarm()));
    let [Event { kind: EventKind::AlarmHigh, value }] = world.events()[known..] else { panic!("one alarm") };
    assert!((10..=25).contains(&value), "1.0 to 2.5 °C above: {value}");
    assert!(world.uplinks > before);
    world.air.is_dark = false;
    // The next one after one, four and sixteen minutes.
    world.run_until(2053 * MINUTE_MS);
    assert!(
        world
            .service
            .entries
            .values()
            .any(|entry| matches!(entry.what, What::Event(Event { kind: EventKind::AlarmHigh, .. })))
    );
    world.run_until(2062 * MINUTE_MS);
    assert_eq!(kinds(&world, known), [EventKind::AlarmHigh, EventKind::AlarmEnded]);
    assert!(!world.with(|tracker, _| tracker.is_alarm()));
}

#[test]
fn on_the_shelf_it_does_nothing_until_its_button_is_pressed() {
    let mut world = World::new(Region::Eu868, 40, 5);
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::Shock, 20));
    world.with(|tracker, uptime| tracker.battery(uptime, 5));
    world.run_for(30 * DAY_MS);
    assert_eq!((world.truth.len(), world.sent.len()), (0, 0));
    world.with(|tracker, uptime| tracker.pressed(uptime));
    world.run_for(3 * MINUTE_MS);
    assert!(world.service.next > 0, "whoever starts it sees it within minutes");
    world.run_for(2 * HOUR_MS);
    assert_eq!(world.events()[0].kind, EventKind::Started);
    assert!(world.truth.len() > 24);
}

#[test]
fn stopped_it_measures_nothing_more_and_still_hands_over() {
    let mut world = settled(7);
    world.air.is_dark = true;
    world.run_for(6 * HOUR_MS);
    world.with(|tracker, uptime| tracker.pressed(uptime));
    let written = world.truth.len();
    world.run_for(DAY_MS);
    assert_eq!(world.truth.len(), written);
    assert_eq!(world.events().last().unwrap().kind, EventKind::Stopped);
    world.air.is_dark = false;
    world.run_for(2 * DAY_MS);
    assert_eq!(world.missing(), []);
    assert_eq!(world.with(|tracker, _| tracker.saved().acknowledged), written as u32);
    // And nothing more to say but that it is there, once a day, and that its clock was set.
    let before = world.uplinks;
    world.run_for(10 * DAY_MS);
    assert!((9..=16).contains(&(world.uplinks - before)), "{}", world.uplinks - before);
    assert_eq!(world.service.status.unwrap().mode, wire::Mode::Stopped);
}

#[test]
fn in_flight_it_measures_and_does_not_send() {
    let mut world = settled(9);
    let downlink = world.service.say(&[Command::Flight { hours: 5 }]).unwrap();
    world.deliver(60, Some(&downlink));
    let (sent, written) = (world.sent.len(), world.truth.len());
    world.run_for(5 * HOUR_MS - MINUTE_MS);
    assert_eq!(world.sent.len(), sent);
    assert!(world.truth.len() >= written + 59);
    world.run_for(DAY_MS);
    assert!(world.sent.len() > sent);
    let events = world.events();
    let flight: Vec<&Event> = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::FlightBegan | EventKind::FlightEnded))
        .collect();
    assert_eq!(
        flight,
        [
            &Event { kind: EventKind::FlightBegan, value: 5 },
            &Event { kind: EventKind::FlightEnded, value: 0 }
        ]
    );
    // It ends early by a command.
    let downlink = world.service.say(&[Command::Flight { hours: 200 }]).unwrap();
    world.deliver(60, Some(&downlink));
    let downlink = world.service.say(&[Command::Flight { hours: 0 }]).unwrap();
    world.deliver(60, Some(&downlink));
    let sent = world.sent.len();
    world.run_for(HOUR_MS);
    assert!(world.sent.len() > sent);
}

#[test]
fn a_reset_in_flight_does_not_end_it() {
    let mut world = settled(45);
    let downlink = world.service.say(&[Command::Flight { hours: 5 }]).unwrap();
    world.deliver(60, Some(&downlink));
    let sent = world.sent.len();
    world.run_for(3 * HOUR_MS);
    world.restart_by(ResetCause::BrownOut);
    world.run_for(5 * HOUR_MS - MINUTE_MS);
    assert_eq!(world.sent.len(), sent, "counted from the reset, since nobody knows how much was over");
    world.run_for(DAY_MS);
    assert!(world.sent.len() > sent);
    assert_eq!(world.tracker.as_ref().unwrap().saved().flight_hours, 0);
}

/// Whether an uplink tells that the case was opened.
fn says_opened(port: u8, bytes: &[u8]) -> bool {
    let Ok(Uplink::Log(frame)) = Uplink::decode(port, bytes) else { return false };
    let opened = |what| matches!(what, What::Event(Event { kind: EventKind::CaseOpened, .. }));
    frame.entries().any(|entry| opened(entry.what))
}

/// EU868's slowest data rate, where a frame of 51 bytes takes three seconds of the day's thirty.
fn slow(seed: u64) -> World {
    let mut world = World::new(Region::Eu868, 40, seed);
    world.parts.fastest = Region::Eu868.slowest();
    world.boot(ResetCause::PowerOn);
    world.with(|tracker, uptime| tracker.pressed(uptime));
    world.run_for(3 * DAY_MS);
    world
}

#[test]
fn where_air_is_short_an_alarm_goes_alone_and_at_once() {
    for after_min in [0, 1, 30, 60, 100] {
        let mut world = slow(47);
        // Just after an uplink of readings took all but the reserve.
        let sent = world.uplinks;
        while world.uplinks == sent {
            world.run_for(MINUTE_MS);
        }
        world.run_for(after_min * MINUTE_MS);
        world.heard.clear();
        world.with(|tracker, uptime| tracker.felt(uptime, EventKind::CaseOpened, 0));
        world.run_for(MINUTE_MS);
        let opened = |(port, bytes): &(u8, Vec<u8>)| {
            let Ok(Uplink::Log(frame)) = Uplink::decode(*port, bytes) else { return false };
            frame
                .entries()
                .any(|entry| matches!(entry.what, What::Event(event) if event.kind == EventKind::CaseOpened))
        };
        assert!(world.heard.iter().any(opened), "{after_min} min after the readings");
    }
}

#[test]
fn in_eleven_bytes_every_copy_of_an_alarm_holds_the_alarm() {
    let mut world = World::new(Region::Us915, 40, 49);
    world.parts.fastest = Region::Us915.slowest();
    world.boot(ResetCause::PowerOn);
    world.with(|tracker, uptime| tracker.pressed(uptime));
    world.run_for(DAY_MS);
    // Each minute a reading of its own, with as wide a spread as there is.
    world.temperature = |minute| Some(400 + (minute % 2) as i16 * 60);
    world.heard.clear();
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::CaseOpened, 0));
    world.run_for(40 * MINUTE_MS);
    let copies = world.heard.iter().filter(|(port, bytes)| says_opened(*port, bytes));
    assert!(copies.count() >= 4);
}

#[test]
fn a_thermometer_that_says_what_cannot_be_does_not_answer() {
    let mut world = settled(51);
    let known = world.events().len();
    world.temperature = |_| Some(i16::MIN);
    world.run_for(HOUR_MS);
    assert_eq!(kinds(&world, known), [EventKind::SensorFailed]);
}

#[test]
fn restarts_do_not_use_up_the_log() {
    let mut world = settled(53);
    world.air.is_dark = true;
    let before = world.truth.len() as u32;
    for _ in 0..60 {
        world.restart_by(ResetCause::BrownOut);
        world.with(|tracker, uptime| tracker.told_time(uptime, 70_000_000, 0));
        world.run_for(10 * MINUTE_MS);
    }
    world.check_kept(before);
    world.air.is_dark = false;
    world.run_for(20 * DAY_MS);
    assert!(world.service.lost.is_empty(), "{:?}", world.service.lost);
    assert_eq!(
        world.missing().len(),
        world.missing().iter().filter(|n| **n + 12 > world.service.next).count()
    );
}

#[test]
fn a_rattling_van_does_not_fill_the_log() {
    let mut world = settled(55);
    let known = world.events().len();
    for _ in 0..3600 {
        world.with(|tracker, uptime| tracker.felt(uptime, EventKind::Shock, 20));
        world.run_for(1000);
    }
    let shocks = kinds(&world, known).iter().filter(|kind| **kind == EventKind::Shock).count();
    assert!((12..=13).contains(&shocks), "one in five minutes: {shocks}");
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::Shock, 21));
    assert_eq!(
        world.events().last(),
        Some(&Event { kind: EventKind::Shock, value: 21 }),
        "a harder one is another"
    );
}

#[test]
fn the_last_state_of_the_case_is_always_written() {
    let mut world = settled(59);
    let known = world.events().len();
    let states = [EventKind::CaseOpened, EventKind::CaseClosed, EventKind::CaseOpened];
    for kind in states {
        world.with(|tracker, uptime| tracker.felt(uptime, kind, 0));
        world.run_for(1000);
    }
    assert_eq!(kinds(&world, known), states);
}

#[test]
fn what_the_radio_did_not_send_is_due_as_before() {
    let mut world = settled(57);
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::CaseOpened, 0));
    for _ in 0..10 {
        let send = world.next_send();
        assert!(says_opened(send.port, send.payload.as_slice()));
        world.deliver(0, None);
    }
}

#[test]
fn a_thermometer_that_does_not_answer_is_told_of_once_and_when_it_is_back() {
    let mut world = settled(11);
    let known = world.events().len();
    world.temperature = |_| None;
    let before = world.truth.len();
    world.run_for(3 * HOUR_MS);
    assert_eq!(kinds(&world, known), [EventKind::SensorFailed]);
    assert!(world.truth.len() <= before + 2, "what was sampled before, and the event");
    world.temperature = calm;
    world.run_for(HOUR_MS);
    assert_eq!(kinds(&world, known), [EventKind::SensorFailed, EventKind::SensorBack]);
}

#[test]
fn what_is_felt_is_written_down_and_a_low_battery_once() {
    let mut world = settled(13);
    let known = world.events().len();
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::Light, 0));
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::Shock, 31));
    for percent in [11, 10, 9, 9, 8, 12, 9] {
        world.with(|tracker, uptime| tracker.battery(uptime, percent));
    }
    world.run_for(HOUR_MS);
    let event = |kind, value| Event { kind, value };
    assert_eq!(
        world.events()[known..],
        [
            event(EventKind::Light, 0),
            event(EventKind::Shock, 31),
            event(EventKind::BatteryLow, 9),
            event(EventKind::BatteryLow, 9)
        ]
    );
}

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
    let downlink = world.service.say(&[Command::Restart]).unwrap();
    world.deliver(60, Some(&downlink));
    assert!(matches!(world.with(|tracker, uptime| tracker.next(uptime)), Action::Restart));
    world.run_for(HOUR_MS);
    world.deliver(60, Some(&downlink));
    assert!(!matches!(world.with(|tracker, uptime| tracker.next(uptime)), Action::Restart));
}

#[test]
fn answers_of_the_mac_go_alone_and_first() {
    let mut world = settled(31);
    world.run_for(12 * HOUR_MS);
    let sent = Sent { airtime_ms: 60, mac_pending: true, heard: None };
    world.with(|tracker, uptime| tracker.sent(uptime, &sent));
    let send = world.next_send();
    assert_eq!((send.port, send.payload.as_slice()), (0, &[][..]));
    // Some are pending until something is heard: they do not keep the readings waiting.
    world.with(|tracker, uptime| tracker.sent(uptime, &sent));
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::CaseOpened, 0));
    assert_eq!(world.next_send().port, 11);
}

#[test]
fn the_nonce_only_grows() {
    let mut world = World::started(Region::Eu868, 40, 41);
    world.air.is_dark = true;
    let mut last = 0;
    for _ in 0..6 {
        world.run_for(HOUR_MS);
        world.restart_by(ResetCause::BrownOut);
        let nonce = world.tracker.as_ref().unwrap().saved().dev_nonce;
        assert!(nonce > last, "{nonce} after {last}");
        last = nonce;
    }
    assert_eq!(world.joins, (1..=last).collect::<Vec<_>>());
}

#[test]
fn a_saved_stage_goes_on_after_a_reset() {
    let mut world = settled(37);
    world.restart_by(ResetCause::BrownOut);
    assert_eq!(world.tracker.as_ref().unwrap().saved().stage, Stage::Running);
    let written = world.truth.len();
    world.run_for(HOUR_MS);
    assert!(world.truth.len() > written + 10);
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
