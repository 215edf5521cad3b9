//! Freezing and thawing, counted.

use domain::allowance::AllowanceState::{Exceeded, Kept, NotKnown};
use domain::allowance::Balance;

use crate::allowances::{HOUR, freezing, hourly, ride, spent};
use crate::series::{at, readings};

#[test]
fn a_freezing_and_a_thawing_are_one_cycle_counted_from_its_first_half() {
    for (celsius, cycles) in [
        (&[5, 5][..], 0),
        (&[5, -2], 1),
        (&[5, -2, 5], 1),
        (&[5, -2, 5, -2], 2),
        (&[-20, -20], 0),
        (&[-20, 5], 1),
        (&[-20, 5, -20], 1),
        (&[-20, 5, -20, 5], 2),
        // Between the thresholds it is what it was.
        (&[5, -1, 1, 0, 5], 0),
        (&[5, -2, 1, -2, -1, -2], 1),
        (&[0, -2, 0], 0),
    ] {
        let series = hourly(celsius);
        let end = celsius.len() as i64 * HOUR;
        let rule = freezing(1);
        let statement = spent(&rule, &Balance::unspent(&rule), &[ride(1, 0, end, &series)], end);
        let line = statement.freeze_thaw.unwrap();
        assert_eq!((line.cycles_best, line.cycles_worst), (cycles, Some(cycles)), "{celsius:?}");
        assert_eq!(line.remaining_best, (1 - cycles).max(0));
        assert_eq!(line.state, if cycles > 1 { Exceeded } else { Kept }, "{celsius:?}");
    }
}

#[test]
fn a_hole_may_hide_as_many_cycles_as_readings_would_have_stood_in_it() {
    let rule = freezing(1);
    let series = readings(&[(0, 500)]);
    for (hole_s, hidden, state) in [(0, 0, Kept), (1, 1, Kept), (HOUR, 1, Kept), (HOUR + 1, 2, NotKnown)] {
        let end = HOUR + hole_s;
        let statement = spent(&rule, &Balance::unspent(&rule), &[ride(1, 0, end, &series)], end);
        let line = statement.freeze_thaw.unwrap();
        assert_eq!((line.cycles_best, line.cycles_worst, line.state), (0, Some(hidden), state), "{hole_s}");
    }
}

#[test]
fn a_place_that_stays_frozen_hides_none_that_thaws() {
    let rule = freezing(5);
    let (still, moving) = (hourly(&[-20, -20, -20, -20, -20]), hourly(&[-20, 5, -20, 5, -20]));
    let rides = [ride(1, 0, 5 * HOUR, &still), ride(2, 0, 5 * HOUR, &moving)];
    let statement = spent(&rule, &Balance::unspent(&rule), &rides, 5 * HOUR);
    assert_eq!(statement.freeze_thaw.unwrap().cycles_best, 2);
    let warm = hourly(&[5, 5, 5, 5, 5]);
    let rides = [ride(1, 0, 5 * HOUR, &warm), ride(2, 0, 5 * HOUR, &moving)];
    let statement = spent(&rule, &Balance::unspent(&rule), &rides, 5 * HOUR);
    assert_eq!(statement.freeze_thaw.unwrap().cycles_best, 2);
}

#[test]
fn of_a_frozen_and_a_thawed_part_one_still_changes() {
    let rule = freezing(5);
    let after = |celsius: i32| {
        let series = hourly(&[celsius]);
        Balance::unspent(&rule).after(&rule, &[ride(1, 0, HOUR, &series)], at(0), at(HOUR))
    };
    let cycles = |balance: Balance| balance.statement(&rule).freeze_thaw.unwrap().cycles_best;
    assert_eq!(cycles(Balance::merged([after(5), after(5)]).unwrap()), 0);
    assert_eq!(cycles(Balance::merged([after(5), after(-20)]).unwrap()), 1);
}
