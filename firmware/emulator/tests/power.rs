//! The supply fails at any point, again and again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, dead_code)]

mod held;

use std::collections::BTreeMap;

use emulator::rig::{HOUR, MINUTE, Rig};
use emulator::{Cut, HZ, Reset};
use held::held;
use wire::{Command, Entry, Step};

/// Points at which the supply fails, within a write or an erase, or between.
const CUTS: u32 = 1_000;

/// What was seen in the log, and must be found there until it is acknowledged.
#[derive(Default)]
struct Truth(BTreeMap<u32, Entry>);

impl Truth {
    /// All that the log holds is as it was, and the service has no other.
    fn check(&mut self, rig: &Rig) {
        let chip = rig.machine.chip.borrow();
        let tracker = held(&chip.flash);
        let acknowledged = tracker.saved().acknowledged;
        // The last one is the copy's own: it has begun.
        for number in acknowledged..tracker.next_sequence() - 1 {
            let entry = tracker.entry(number).unwrap_or_else(|| panic!("{number} is gone"));
            let known = *self.0.entry(number).or_insert(entry);
            assert_eq!(known, entry);
        }
        for (number, entry) in self.0.range(acknowledged..) {
            assert_eq!(tracker.entry(*number).as_ref(), Some(entry), "{number} is gone");
        }
        for (number, entry) in &rig.service.entries {
            assert_eq!(self.0.get(number).unwrap_or(entry), entry);
        }
    }
}

#[test]
fn wherever_the_supply_fails_it_begins_again_and_has_lost_nothing() {
    let mut rig = Rig::settled(11);
    // A reading a minute, so that much is written, and a cut so often that the log does not become full.
    rig.command(&[Command::Intervals { step: Step::Minutes1, per_uplink: 5 }]);
    rig.run_for(HOUR);
    let mut truth = Truth::default();
    let (mut within, mut between) = (0, 0);
    for cut in 0..CUTS {
        let resets = rig.machine.resets;
        if cut % 4 == 3 {
            let wait = rig.random(4 * MINUTE);
            rig.run_for(wait);
            rig.machine.reset(Reset::Supply);
            between += 1;
        } else {
            let (after, how) = (rig.random(5) as u32, rig.random(3));
            let how = [Cut::Nothing, Cut::Torn, Cut::Whole][how as usize];
            rig.machine.chip.borrow_mut().flash.fails_after = Some((after, how));
            while rig.machine.resets == resets {
                rig.run_for(MINUTE);
            }
            within += 1;
        }
        rig.run_for(2 * HZ);
        truth.check(&rig);
    }
    // Then the supply holds. Each start took the air of a join: what there is comes within a week, unless the log was full.
    rig.press();
    rig.run_for(7 * 24 * HOUR);
    truth.check(&rig);
    let missing: Vec<&u32> =
        truth.0.keys().filter(|number| !rig.service.entries.contains_key(number)).collect();
    assert_eq!(missing, [&0_u32; 0]);
    assert!(rig.service.lost.is_empty(), "{:?}", rig.service.lost);
    assert_eq!(rig.machine.resets, CUTS, "it began once each time");
    let chip = rig.machine.chip.borrow();
    eprintln!(
        "{within} cuts within a write or an erase and {between} between: {} entries, none lost; {} writes, {} erases",
        truth.0.len(),
        chip.flash.writes,
        chip.flash.erases
    );
}
