//! What a tracker measures, feels and shows: alarms, button, sensors, resets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]

mod world;

use tracker::{Light, LogError, Region, Sample, Stage};
use wire::{Broken, Event, EventKind, ResetCause, What};
use world::{DAY_MS, HOUR_MS, MINUTE_MS, World, calm, kinds, settled};

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
    assert_eq!(world.with(|tracker, _| tracker.light()), Light::Ok);
    let before = world.uplinks;
    world.run_until(2032 * MINUTE_MS);
    assert_eq!(world.with(|tracker, _| tracker.light()), Light::Alarm);
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
}

#[test]
fn its_light_says_alarm_until_its_button_begins_anew() {
    let mut world = settled(61);
    world.temperature = warm;
    world.run_until(2062 * MINUTE_MS);
    assert_eq!(world.with(|tracker, _| tracker.light()), Light::Alarm, "it is over and was there");
    world.broken = Broken::HUMIDITY;
    world.restart_by(ResetCause::Watchdog);
    assert_eq!(world.with(|tracker, _| tracker.light()), Light::Alarm);
    world.run_for(MINUTE_MS);
    assert_eq!(world.with(|tracker, _| tracker.light()), Light::Alarm, "whatever is broken");
    world.with(|tracker, uptime| tracker.pressed(uptime));
    assert_eq!(world.with(|tracker, _| tracker.light()), Light::Alarm, "whoever stopped it wants to know");
    world.broken = Broken::NOTHING;
    world.with(|tracker, uptime| tracker.pressed(uptime));
    world.run_for(MINUTE_MS);
    assert_eq!(world.with(|tracker, _| tracker.light()), Light::Ok);
}

#[test]
fn a_reset_neither_begins_an_alarms_delay_anew_nor_raises_it_twice() {
    let mut world = settled(63);
    world.temperature = warm;
    world.run_until(2020 * MINUTE_MS + 1);
    world.restart_by(ResetCause::BrownOut);
    world.run_until(2031 * MINUTE_MS);
    let raised =
        |world: &World| world.events().iter().filter(|event| event.kind == EventKind::AlarmHigh).count();
    assert_eq!(raised(&world), 1, "thirty minutes, with the reset among them");
    world.restart_by(ResetCause::BrownOut);
    world.run_until(2059 * MINUTE_MS);
    assert_eq!(raised(&world), 1);
    world.run_until(2062 * MINUTE_MS);
    assert_eq!(world.events().last().map(|event| event.kind), Some(EventKind::AlarmEnded));
}

#[test]
fn whoever_stops_it_ends_a_standing_alarm() {
    let mut world = settled(65);
    world.temperature = warm;
    world.run_until(2040 * MINUTE_MS);
    let known = world.events().len();
    world.with(|tracker, uptime| tracker.pressed(uptime));
    assert_eq!(kinds(&world, known), [EventKind::AlarmEnded, EventKind::Stopped]);
}

#[test]
fn it_tests_itself_when_it_is_started_and_tells_of_what_is_broken() {
    let mut world = World::new(Region::Eu868, 40, 67);
    world.broken = Broken::HUMIDITY.and(Broken::LIGHT);
    world.with(|tracker, uptime| tracker.pressed(uptime));
    world.run_for(DAY_MS);
    let broken = Event { kind: EventKind::SelfTest, value: 2 + 8 };
    assert_eq!(world.events()[..2], [Event { kind: EventKind::Started, value: 0 }, broken]);
    assert_eq!(world.with(|tracker, _| tracker.light()), Light::Broken);
    assert!(world.service.status.unwrap().faulty);
    // A reset tells of it again, since it has forgotten it; what is well is not worth an entry then.
    world.restart_by(ResetCause::BrownOut);
    world.run_for(HOUR_MS);
    let tests = |world: &World| {
        world.events().into_iter().filter(|event| event.kind == EventKind::SelfTest).collect::<Vec<_>>()
    };
    assert_eq!(tests(&world), [broken, broken]);
    world.broken = Broken::NOTHING;
    world.restart_by(ResetCause::BrownOut);
    world.run_for(DAY_MS + HOUR_MS);
    assert_eq!(tests(&world), [broken, broken]);
    assert_eq!(world.with(|tracker, _| tracker.light()), Light::Ok);
    assert!(!world.service.status.unwrap().faulty);
}

#[test]
fn a_flash_that_takes_nothing_more_is_told_of() {
    let mut world = settled(69);
    world.run_for(2 * HOUR_MS);
    world.supply.borrow_mut().refusals = u32::MAX;
    world.service.status = None;
    world.run_for(HOUR_MS);
    assert_eq!(world.with(|tracker, _| tracker.light()), Light::Broken);
    assert!(world.service.status.expect("at once, not once a day").faulty);
    assert!(world.with(|tracker, _| tracker.fault()).is_some());
}

#[test]
fn with_the_last_number_used_it_erases_nothing_more() {
    let mut world = settled(115);
    // All numbers were used and acknowledged: behind generation and layout.
    world.forge_memory(|content| content[1..5].copy_from_slice(&(wire::MAX_SEQUENCE + 1).to_be_bytes()));
    let erases = world.supply.borrow().erases;
    let mut tracker = world.start_anew().unwrap();
    for minute in 0..6000 {
        tracker.sampled(minute * MINUTE_MS, Some(Sample { temperature: 500, humidity: None }));
    }
    assert_eq!(tracker.fault(), Some(LogError::NumbersExhausted));
    assert_eq!(world.supply.borrow().erases, erases);
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
fn a_thermometer_that_does_not_answer_is_told_of_once_and_when_it_is_back() {
    let mut world = settled(11);
    let known = world.events().len();
    world.temperature = |_| None;
    let before = world.truth.len();
    world.run_for(3 * HOUR_MS);
    assert_eq!(kinds(&world, known), [EventKind::SensorFailed]);
    assert!(world.truth.len() <= before + 2, "what was sampled before, and the event");
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::CaseClosed, 0));
    world.run_for(HOUR_MS + MINUTE_MS);
    assert_eq!(world.missing(), [], "what is not urgent is handed over without readings, too");
    world.temperature = calm;
    world.run_for(HOUR_MS);
    let expected = [EventKind::SensorFailed, EventKind::CaseClosed, EventKind::SensorBack];
    assert_eq!(kinds(&world, known), expected);
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
fn a_saved_stage_goes_on_after_a_reset() {
    let mut world = settled(37);
    world.restart_by(ResetCause::BrownOut);
    assert_eq!(world.tracker.as_ref().unwrap().saved().stage, Stage::Running);
    let written = world.truth.len();
    world.run_for(HOUR_MS);
    assert!(world.truth.len() > written + 10);
}
