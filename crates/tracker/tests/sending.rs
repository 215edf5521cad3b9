//! What a tracker sends when: alarms, what the MAC wants, flight, joins.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]

mod world;

use tracker::{AIR_A_DAY_MS, Light, LogError, Region, Sent};
use wire::{Command, Event, EventKind, ResetCause, Uplink, What};
use world::{DAY_MS, HOUR_MS, MINUTE_MS, World, settled};

/// Whether an uplink tells of such an event.
fn says(kind: EventKind, port: u8, bytes: &[u8]) -> bool {
    let Ok(Uplink::Log(frame)) = Uplink::decode(port, bytes) else { return false };
    frame.entries().any(|entry| matches!(entry.what, What::Event(event) if event.kind == kind))
}

fn says_opened(port: u8, bytes: &[u8]) -> bool {
    says(EventKind::CaseOpened, port, bytes)
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

/// US915's slowest data rate: eleven bytes.
fn narrow(seed: u64) -> World {
    let mut world = World::new(Region::Us915, 40, seed);
    world.parts.fastest = Region::Us915.slowest();
    world.boot(ResetCause::PowerOn);
    world.with(|tracker, uptime| tracker.pressed(uptime));
    world.run_for(DAY_MS);
    world
}

#[test]
fn an_alarm_is_sent_at_once_though_a_case_opened_before_it_was_not_acknowledged() {
    let mut world = narrow(103);
    world.is_silent = true;
    world.heard.clear();
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::CaseOpened, 0));
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::Light, 0));
    world.run_for(10 * MINUTE_MS);
    world.temperature = |_| None;
    world.run_for(2 * MINUTE_MS);
    let copies =
        |world: &World, kind| world.heard.iter().filter(|(port, bytes)| says(kind, *port, bytes)).count();
    assert!(copies(&world, EventKind::SensorFailed) >= 1);
    world.run_for(2 * HOUR_MS);
    for (kind, least) in [(EventKind::CaseOpened, 2), (EventKind::Light, 2), (EventKind::SensorFailed, 4)] {
        assert!(copies(&world, kind) >= least, "{kind:?}: {}", copies(&world, kind));
    }
}

#[test]
fn in_eleven_bytes_every_copy_of_an_alarm_holds_the_alarm() {
    let mut world = narrow(49);
    // Each minute a reading of its own, with as wide a spread as there is.
    world.temperature = |minute| Some(400 + (minute % 2) as i16 * 60);
    world.heard.clear();
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::CaseOpened, 0));
    // The later ones take turns with readings.
    world.run_for(3 * HOUR_MS);
    let copies = world.heard.iter().filter(|(port, bytes)| says_opened(*port, bytes));
    assert!(copies.count() >= 4);
}

#[test]
fn a_reset_does_not_keep_an_alarm_to_itself() {
    let mut world = narrow(109);
    world.is_silent = true;
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::CaseOpened, 0));
    world.restart_by(ResetCause::BrownOut);
    world.heard.clear();
    world.run_for(2 * HOUR_MS);
    assert!(world.heard.iter().any(|(port, bytes)| says_opened(*port, bytes)));
}

#[test]
fn what_the_radio_did_not_send_is_due_as_before() {
    let mut world = settled(57);
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::CaseOpened, 0));
    for _ in 0..10 {
        let send = world.next_send();
        assert!(says_opened(send.port, send.payload.as_slice()));
        let tried = world.now_ms;
        world.deliver(0, None);
        world.next_send();
        assert!((60_000..64_000).contains(&(world.now_ms - tried)), "{}", world.now_ms - tried);
        world.deliver(0, None);
    }
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
fn answers_of_the_mac_leave_an_alarm_its_air() {
    let mut world = slow(107);
    world.air.is_dark = true;
    world.is_mac_pending = true;
    let sent = world.uplinks;
    while world.uplinks < sent + 4 {
        world.run_for(MINUTE_MS);
    }
    let sent = world.sent.len();
    world.with(|tracker, uptime| tracker.felt(uptime, EventKind::CaseOpened, 0));
    world.run_for(MINUTE_MS);
    assert!(world.sent.len() > sent, "at once");
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
    world.run_for(3 * HOUR_MS + 30 * MINUTE_MS);
    world.restart_by(ResetCause::BrownOut);
    world.run_for(2 * HOUR_MS - MINUTE_MS);
    assert_eq!(world.sent.len(), sent, "nobody knows how much of the hour was over");
    world.run_for(2 * HOUR_MS);
    assert!(world.sent.len() > sent, "what was over before it is not flown again");
    world.run_for(DAY_MS);
    assert_eq!(world.tracker.as_ref().unwrap().saved().flight_hours, 0);
}

#[test]
fn a_network_that_answers_keeps_it_joined_where_no_service_speaks() {
    let mut world = settled(71);
    world.is_silent = true;
    let rate = world.next_send().rate;
    world.deliver(60, None);
    world.run_for(30 * DAY_MS);
    assert_eq!((world.joins.len(), world.next_send().rate), (1, rate), "it is joined and as fast as before");
}

#[test]
fn it_joins_again_where_nothing_answers() {
    let mut world = settled(73);
    world.air.is_dark = true;
    world.run_for(2 * DAY_MS);
    assert_eq!(world.joins.len(), 1);
    world.run_for(2 * DAY_MS);
    assert!(world.joins.len() > 2);
}

#[test]
fn of_its_position_the_last_is_sent_once_an_hour() {
    let mut world = World::started(Region::Eu868, 40, 75);
    world.with(|tracker, uptime| tracker.positioned(uptime, 1_000_000, 2_000_000, None));
    world.run_for(DAY_MS);
    let places = |world: &World| {
        let place = |(port, bytes): &(u8, Vec<u8>)| match Uplink::decode(*port, bytes) {
            Ok(Uplink::Position(position)) => Some(position),
            _ => None,
        };
        world.heard.iter().filter_map(place).collect::<Vec<_>>()
    };
    assert_eq!(places(&world), [], "nobody knew when that was");
    for minute in 0..180 {
        world.with(|tracker, uptime| tracker.positioned(uptime, 47_560_000, 7_590_000 + minute, Some(9)));
        world.run_for(MINUTE_MS);
    }
    let places = places(&world);
    assert!((3..=4).contains(&places.len()), "{places:?}");
    let now = (world::service::START_S + world.now_ms / 1000) / 60;
    let last = places[places.len() - 1];
    assert!(now - u64::from(last.minutes) <= 62 && last.accuracy_m == Some(9), "{now} {last:?}");
    world.run_for(DAY_MS);
    assert!(world.heard.iter().filter(|(port, _)| *port == 14).count() <= places.len() + 1, "and not again");
}

#[test]
fn it_does_not_join_with_a_nonce_that_was_used_and_says_that_it_is_worn_out() {
    let mut world = World::started(Region::Eu868, 40, 77);
    world.air.is_dark = true;
    world.run_for(MINUTE_MS);
    // The last nonce but one, in what it remembers: behind generation, layout, acknowledged and command.
    world.forge_memory(|content| content[8..10].copy_from_slice(&[0xff, 0xfe]));
    world.restart_by(ResetCause::BrownOut);
    assert_eq!(world.tracker.as_ref().unwrap().saved().dev_nonce, 0xfffe);
    world.joins.clear();
    world.run_for(3 * DAY_MS);
    assert_eq!(world.joins, [0xffff]);
    assert_eq!(world.with(|tracker, _| tracker.light()), Light::Broken);
    assert!(world.truth.len() > 3 * 280, "it measures all the same");
}

#[test]
fn what_another_firmware_saved_is_not_taken_for_nothing() {
    let mut world = World::started(Region::Eu868, 40, 79);
    world.forge_memory(|content| content[0] = 2);
    assert_eq!(world.start_anew().err(), Some(LogError::Layout));
}

#[test]
fn after_a_reset_it_has_the_air_that_was_left_and_no_more() {
    let mut world = settled(81);
    // Joined again and heard within minutes, where there is air.
    world.restart_by(ResetCause::Watchdog);
    let heard = world.heard.len();
    world.run_for(10 * MINUTE_MS);
    assert!(world.heard.len() > heard);
    // Whoever restarts each minute has used it up soon.
    for _ in 0..2 * 24 * 60 {
        world.restart_by(ResetCause::BrownOut);
        world.run_for(MINUTE_MS);
    }
    assert!(world.busiest_day_ms() <= AIR_A_DAY_MS, "{}", world.busiest_day_ms());
}

#[test]
fn an_urgent_event_that_made_room_holds_up_nothing() {
    // Three pages hold 765 entries, and ten dark days more: its button's event is gone when it is heard again.
    let mut world = World::started(Region::Eu868, 3, 2_257_449_721);
    (world.air.lost, world.air.snr) = (63, -45);
    world.run_for(15 * HOUR_MS);
    world.with(|tracker, uptime| tracker.pressed(uptime));
    world.run_for(2 * HOUR_MS);
    world.restart_by(ResetCause::Watchdog);
    world.with(|tracker, uptime| tracker.pressed(uptime));
    world.air.is_dark = true;
    world.run_for(10 * DAY_MS);
    (world.air.is_dark, world.air.lost, world.air.snr) = (false, 0, 40);
    world.run_for(DAY_MS);
    world.with(|tracker, uptime| tracker.pressed(uptime));
    world.run_for(5 * DAY_MS);
    assert_eq!(world.missing(), [], "what is held came, and the rest is told to be lost");
}
