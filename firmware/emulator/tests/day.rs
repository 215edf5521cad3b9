//! A tracker's days, as the network and the service see them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]

mod held;

use emulator::HZ;
use emulator::rig::{HOUR, MINUTE, Rig};
use held::held;
use wire::{Command, EventKind};

#[test]
fn it_joins_and_hands_over_a_day_of_which_much_is_lost() {
    let mut rig = Rig::new(1);
    rig.press();
    (rig.lost_up, rig.lost_down) = (300, 300);
    rig.run_for(24 * HOUR);
    (rig.lost_up, rig.lost_down) = (0, 0);
    rig.press();
    rig.run_for(24 * HOUR);
    let chip = rig.machine.chip.borrow();
    let written = held(&chip.flash);
    // The copy has written that it began.
    let next = written.next_sequence() - 1;
    let missing: Vec<u32> = (0..next).filter(|number| !rig.service.entries.contains_key(number)).collect();
    assert_eq!(missing, [0_u32; 0]);
    assert!(next > 288, "{next} entries");
    assert!(!rig.asked.is_empty(), "something was asked for");
    assert!(written.saved().acknowledged + 3 >= next, "{} of {next}", written.saved().acknowledged);
    assert_eq!(rig.network.refused, [""; 0]);
    assert_eq!(rig.machine.resets, 0);
    let deep = chip.times.stopped as f64 / chip.now as f64;
    eprintln!(
        "two days: {} entries, {} uplinks heard, {} downlinks, {} ranges asked for; in STOP2 {:.3} % of the time",
        next,
        rig.network.frames.len(),
        rig.downlinks,
        rig.asked.len(),
        deep * 100.0
    );
    assert!(deep >= 0.995);
}

#[test]
fn a_warm_box_is_an_alarm_after_its_delay() {
    let mut rig = Rig::settled(2);
    let known = rig.service.next;
    rig.sensors(|sensors| sensors.temperature = Some(950));
    rig.run_for(29 * MINUTE);
    assert_eq!(rig.kinds(known), []);
    rig.run_for(3 * MINUTE);
    let events = rig.events(known);
    assert_eq!((events[0].kind, events[0].value), (EventKind::AlarmHigh, 15));
    rig.sensors(|sensors| sensors.temperature = Some(500));
    rig.run_for(2 * MINUTE);
    assert_eq!(rig.kinds(known), [EventKind::AlarmHigh, EventKind::AlarmEnded]);
    // The readings say what the thermometer said.
    let readings = rig.service.entries.values().filter_map(|entry| match entry.what {
        wire::What::Reading(reading) => Some((reading.temperature, reading.humidity)),
        _ => None,
    });
    assert!(readings.clone().any(|reading| reading == (950, Some(90))), "{:?}", readings.collect::<Vec<_>>());
}

#[test]
fn whoever_opens_knocks_and_turns_the_box_is_noticed() {
    let mut rig = Rig::settled(3);
    let known = rig.service.next;
    rig.set_pin(1, 12, false);
    rig.run_for(MINUTE);
    rig.set_pin(1, 3, true);
    rig.run_for(MINUTE);
    rig.sensors(|sensors| (sensors.sources, sensors.axes) = (0x02, [0, -10_240, 0]));
    rig.set_pin(1, 4, true);
    rig.set_pin(1, 4, false);
    rig.run_for(MINUTE);
    rig.sensors(|sensors| (sensors.sources, sensors.side) = (0x10, 0x04));
    rig.set_pin(1, 4, true);
    rig.set_pin(1, 4, false);
    rig.set_pin(1, 3, false);
    rig.set_pin(1, 12, true);
    rig.run_for(HOUR);
    let events: Vec<(EventKind, u8)> =
        rig.events(known).iter().map(|event| (event.kind, event.value)).collect();
    assert_eq!(
        events,
        [
            (EventKind::CaseOpened, 0),
            (EventKind::Light, 0),
            (EventKind::Shock, 50),
            (EventKind::Turned, 2),
            (EventKind::Dark, 0),
            (EventKind::CaseClosed, 0)
        ]
    );
}

#[test]
fn a_bus_that_hangs_is_freed_and_a_sensor_that_is_gone_is_told_of() {
    let mut rig = Rig::settled(4);
    let known = rig.service.next;
    rig.sensors(|sensors| sensors.is_stuck = true);
    rig.run_for(HOUR);
    assert_eq!(rig.kinds(known), [], "nothing was missed");
    rig.sensors(|sensors| sensors.temperature = None);
    rig.run_for(20 * MINUTE);
    rig.sensors(|sensors| sensors.temperature = Some(510));
    rig.run_for(HOUR);
    assert_eq!(rig.kinds(known), [EventKind::SensorFailed, EventKind::SensorBack]);
    assert_eq!(rig.machine.resets, 0);
}

#[test]
fn an_empty_battery_is_told_of() {
    let mut rig = Rig::settled(5);
    let known = rig.service.next;
    rig.machine.chip.borrow_mut().adc.supply_mv = 2_200;
    rig.run_for(7 * HOUR);
    let events = rig.events(known);
    assert_eq!(events[0].kind, EventKind::BatteryLow);
    assert!(events[0].value < 10, "{}", events[0].value);
}

#[test]
fn in_flight_it_is_silent_and_measures_and_a_recorded_downlink_changes_nothing() {
    let mut rig = Rig::settled(6);
    let known = rig.service.next;
    rig.command(&[Command::Flight { hours: 3 }]);
    while !rig.network.queue.is_empty() {
        rig.run_for(MINUTE);
    }
    let recorded = rig.network.last.clone().unwrap();
    rig.run_for(10 * HZ);
    let frames = rig.network.frames.len();
    rig.run_for(3 * HOUR - MINUTE);
    assert_eq!(rig.network.frames.len(), frames, "not a word");
    rig.run_for(2 * HOUR);
    assert_eq!(rig.kinds(known), [EventKind::FlightBegan, EventKind::FlightEnded]);
    assert!(rig.service.next > known + 36, "it measured");
    // Whoever recorded the command sends it after each uplink.
    let before = held(&rig.machine.chip.borrow().flash).saved().command;
    for _ in 0..5 {
        let heard = rig.network.frames.len();
        while rig.network.frames.len() == heard {
            rig.run_for(MINUTE / 4);
        }
        let at = rig.network.frames[heard].at + HZ;
        let replay = emulator::Downlink { at, bytes: recorded.clone(), snr: 32 };
        rig.machine.chip.borrow_mut().radio.downlinks.push(replay);
    }
    rig.run_for(HOUR);
    assert!(rig.network.frames.len() > frames + 8, "it is not in flight");
    assert!(held(&rig.machine.chip.borrow().flash).saved().command >= before);
}

#[test]
fn it_restarts_when_it_is_told_and_goes_on() {
    let mut rig = Rig::settled(7);
    let known = rig.service.next;
    rig.command(&[Command::Restart]);
    rig.run_for(HOUR);
    assert_eq!(rig.machine.resets, 1);
    let events = rig.events(known);
    assert_eq!((events[0].kind, events[0].value), (EventKind::Restarted, wire::ResetCause::Software as u8));
    assert!(rig.network.nonce > Some(1), "it joined again with a higher nonce");
}
