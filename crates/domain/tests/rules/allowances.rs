//! What a box has spent of its allowances, at each limit and one unit beside it.

use domain::allowance::{AllowanceState, Balance, Ride, Statement};
use domain::profile::Profile;
use domain::{Duration, Reading, TrackerId};

use crate::series::{at, profile, readings};

use AllowanceState::{Exceeded, Kept, NotKnown};

pub const HOUR: i64 = 3_600;

/// "Up to 25 °C for 72 h, up to 30 °C for 24 h" beside 2 to 8 °C; nothing is said of the cold side.
fn vaccine() -> Profile {
    profile(
        "name = \"v\"\nmax_gap = \"1h\"\n[range]\nmin_c = 2\nmax_c = 8\n[[allowance]]\nname = \"25\"\nup_to_c = 25\n\
         total = \"72h\"\n[[allowance]]\nname = \"30\"\nup_to_c = 30\ntotal = \"24h\"\n",
    )
}

pub fn freezing(at_most: u32) -> Profile {
    profile(&format!(
        "name = \"f\"\nmax_gap = \"1h\"\n[range]\nmax_c = 30\n[freeze_thaw]\nat_most = {at_most}\nbelow_c = -1\nabove_c = 1\n"
    ))
}

pub fn ride(tracker: i32, from: i64, until: i64, readings: &[Reading]) -> Ride<'_> {
    Ride { tracker: TrackerId(tracker), from: at(from), until: at(until), readings }
}

/// A value for each hour in °C, from the first hour on.
pub fn hourly(celsius: &[i32]) -> Vec<Reading> {
    let series: Vec<_> =
        celsius.iter().enumerate().map(|(hour, value)| (hour as i64 * HOUR, value * 100)).collect();
    readings(&series)
}

pub fn spent(profile: &Profile, opening: &Balance, rides: &[Ride], to: i64) -> Statement {
    opening.after(profile, rides, at(0), at(to)).statement(profile)
}

/// (spent best, spent worst, state) of each allowance.
fn lines(statement: &Statement) -> Vec<(i64, Option<i64>, AllowanceState)> {
    statement.allowances.iter().map(|line| (line.spent_best_s, line.spent_worst_s, line.state)).collect()
}

fn one_tracker(rule: &Profile, value: i32, seconds: i64) -> Statement {
    let series: Vec<_> = (0..seconds).step_by(HOUR as usize).map(|second| (second, value)).collect();
    let readings = readings(&series);
    spent(rule, &Balance::unspent(rule), &[ride(1, 0, seconds, &readings)], seconds)
}

#[test]
fn each_band_counts_from_just_beyond_its_milder_end_to_its_edge() {
    for (value, up_to_25, up_to_30, beyond) in [
        (200, 0, 0, 0),
        (199, 0, 0, 60),
        (800, 0, 0, 0),
        (801, 60, 0, 0),
        (2_500, 60, 0, 0),
        (2_501, 60, 60, 0),
        (3_000, 60, 60, 0),
        (3_001, 60, 60, 60),
    ] {
        let statement = one_tracker(&vaccine(), value, 60);
        let best: Vec<_> = statement.allowances.iter().map(|line| line.spent_best_s).collect();
        assert_eq!(
            (best, statement.never_allowed.spent_best_s),
            (vec![up_to_25, up_to_30], beyond),
            "{value}"
        );
        let expected = if beyond > 0 { Exceeded } else { Kept };
        assert_eq!((statement.never_allowed.state, statement.state), (expected, expected), "{value}");
    }
}

#[test]
fn exactly_the_total_is_kept_and_one_second_more_is_not() {
    for (value, seconds, states) in [
        (1_500, 72 * HOUR, [Kept, Kept]),
        (1_500, 72 * HOUR + 1, [Exceeded, Kept]),
        (2_800, 24 * HOUR, [Kept, Kept]),
        (2_800, 24 * HOUR + 1, [Kept, Exceeded]),
    ] {
        let statement = one_tracker(&vaccine(), value, seconds);
        let given: Vec<_> = statement.allowances.iter().map(|line| line.state).collect();
        assert_eq!(given, states, "{value} for {seconds} s");
        assert_eq!(statement.state, *states.iter().max().unwrap());
    }
    let whole = one_tracker(&vaccine(), 2_800, 20 * HOUR).allowances;
    let remaining: Vec<_> =
        whole.iter().map(|line| (line.remaining_best_s, line.remaining_worst_s)).collect();
    assert_eq!(remaining, [(Some(52 * HOUR), Some(52 * HOUR)), (Some(4 * HOUR), Some(4 * HOUR))]);
}

#[test]
fn unknown_time_counts_in_the_worst_case_alone() {
    let rule = vaccine();
    let series = readings(&[(0, 1_500)]);
    // The one reading stands for an hour; what follows, nobody knows.
    for (to, states) in [
        (24 * HOUR, [Kept, Kept]),
        (25 * HOUR, [Kept, Kept]),
        (25 * HOUR + 1, [Kept, NotKnown]),
        (72 * HOUR, [Kept, NotKnown]),
        (72 * HOUR + 1, [NotKnown, NotKnown]),
    ] {
        let statement = spent(&rule, &Balance::unspent(&rule), &[ride(1, 0, to, &series)], to);
        assert_eq!(lines(&statement), [(HOUR, Some(to), states[0]), (0, Some(to - HOUR), states[1])]);
        assert_eq!((statement.never_allowed.state, statement.state), (NotKnown, NotKnown));
    }
    let nobody = spent(&rule, &Balance::unspent(&rule), &[], HOUR);
    assert_eq!(lines(&nobody), [(0, Some(HOUR), Kept), (0, Some(HOUR), Kept)]);
}

#[test]
fn an_unknown_opening_balance_is_never_kept_but_may_be_exceeded() {
    let rule = vaccine();
    let cold = hourly(&[5, 5]);
    let statement = spent(&rule, &Balance::unknown(), &[ride(1, 0, 2 * HOUR, &cold)], 2 * HOUR);
    assert_eq!(lines(&statement), [(0, None, NotKnown), (0, None, NotKnown)]);
    assert_eq!(statement.allowances[0].remaining_best_s, Some(72 * HOUR));
    assert_eq!(statement.allowances[0].remaining_worst_s, None);
    let warm = hourly(&[28; 25]);
    let statement = spent(&rule, &Balance::unknown(), &[ride(1, 0, 25 * HOUR, &warm)], 25 * HOUR);
    assert_eq!(lines(&statement), [(25 * HOUR, None, NotKnown), (25 * HOUR, None, Exceeded)]);

    let freezing = freezing(0);
    let unknown = spent(&freezing, &Balance::unknown(), &[ride(1, 0, 2 * HOUR, &cold)], 2 * HOUR);
    assert_eq!(unknown.freeze_thaw.unwrap().state, NotKnown);
}

#[test]
fn what_a_supplier_states_is_already_spent_and_what_he_leaves_out_is_unknown() {
    let rule = vaccine();
    let stated = |hours: i64| {
        let spent = Duration::from_seconds(hours * HOUR).unwrap();
        Balance::stated([("25".to_owned(), spent)], None)
    };
    let warm = hourly(&[15, 15]);
    for (hours, state) in [(70, Kept), (71, Exceeded)] {
        let statement = spent(&rule, &stated(hours), &[ride(1, 0, 2 * HOUR, &warm)], 2 * HOUR);
        assert_eq!(lines(&statement)[0], ((hours + 2) * HOUR, Some((hours + 2) * HOUR), state));
        assert_eq!(lines(&statement)[1], (0, None, NotKnown));
    }
}

#[test]
fn two_trackers_in_one_box_count_the_worse_and_no_second_twice() {
    let rule = vaccine();
    let (cool, warm) = (hourly(&[5, 15, 5, 5]), hourly(&[5, 28, 15, 5]));
    let rides = [ride(1, 0, 4 * HOUR, &cool), ride(2, 0, 4 * HOUR, &warm)];
    let statement = spent(&rule, &Balance::unspent(&rule), &rides, 4 * HOUR);
    assert_eq!(lines(&statement), [(2 * HOUR, Some(2 * HOUR), Kept), (HOUR, Some(HOUR), Kept)]);
}

#[test]
fn a_milder_value_of_the_other_tracker_ends_no_exposure() {
    let rule = vaccine();
    let (warm, cool) =
        (readings(&[(0, 1_500), (HOUR, 500)]), readings(&[(600, 500), (1_200, 500), (3_000, 500)]));
    let rides = [ride(1, 0, HOUR, &warm), ride(2, 0, HOUR, &cool)];
    let statement = spent(&rule, &Balance::unspent(&rule), &rides, HOUR);
    assert_eq!(lines(&statement)[0], (HOUR, Some(HOUR), Kept));
}

#[test]
fn what_one_tracker_knows_is_known() {
    let rule = vaccine();
    let (first, second) = (readings(&[(0, 1_500)]), readings(&[(HOUR + 600, 500)]));
    let rides = [ride(1, 0, 2 * HOUR, &first), ride(2, 0, 2 * HOUR, &second)];
    let statement = spent(&rule, &Balance::unspent(&rule), &rides, 2 * HOUR);
    assert_eq!(lines(&statement)[0], (HOUR, Some(HOUR + 600), Kept));
}

#[test]
fn the_exchange_of_a_tracker_leaves_no_seam_and_the_old_one_contradicts_nobody() {
    let rule = vaccine();
    // The first tracker leaves at 1 200 s; the second is in the box from then on and speaks first at 1 500 s.
    let (old, new) = (readings(&[(900, 1_500)]), readings(&[(1_500, 500), (1_600, 500)]));
    let rides = [ride(1, 0, 1_200, &old), ride(2, 1_200, 2_000, &new)];
    let opening = Balance::unspent(&rule);
    let statement = opening.after(&rule, &rides, at(900), at(2_000)).statement(&rule);
    assert_eq!(lines(&statement)[0], (600, Some(600), Kept));
    // It bridges no longer than a reading stands.
    let alone = opening.after(&rule, &rides[..1], at(900), at(900 + 2 * HOUR)).statement(&rule);
    assert_eq!(lines(&alone)[0], (HOUR, Some(2 * HOUR), Kept));
}

#[test]
fn what_a_tracker_measured_outside_its_ride_does_not_count() {
    let rule = vaccine();
    let series = readings(&[(0, 2_800), (600, 500), (1_200, 2_800)]);
    let statement = spent(&rule, &Balance::unspent(&rule), &[ride(1, 300, 1_200, &series)], 1_200);
    assert_eq!(lines(&statement), [(0, Some(600), Kept), (0, Some(600), Kept)]);
}

#[test]
fn the_balance_goes_on_from_leg_to_leg_and_through_json() {
    let rule = vaccine();
    let warm = hourly(&[28; 24]);
    let first = Balance::unspent(&rule).after(&rule, &[ride(1, 0, 24 * HOUR, &warm)], at(0), at(24 * HOUR));
    let kept: Balance = serde_json::from_value(serde_json::to_value(&first).unwrap()).unwrap();
    assert_eq!(kept, first);
    let later = readings(&[(30 * HOUR, 2_800)]);
    let ride = ride(2, 30 * HOUR, 31 * HOUR, &later);
    let second = kept.after(&rule, &[ride], at(30 * HOUR), at(30 * HOUR + 1)).statement(&rule);
    assert_eq!(lines(&second)[1], (24 * HOUR + 1, Some(24 * HOUR + 1), Exceeded));
}

#[test]
fn each_part_of_a_box_inherits_its_balance_and_the_worst_part_is_the_whole() {
    let rule = vaccine();
    let stated = |milder: &str, warmer: &str| {
        let spent = [("25", milder), ("30", warmer)];
        Balance::stated(spent.map(|(name, spent)| (name.to_owned(), spent.parse().unwrap())), Some(1))
    };
    let parts: Vec<_> = stated("5h", "2h").split(3).collect();
    assert_eq!(parts, vec![stated("5h", "2h"); 3]);
    let whole = Balance::merged([stated("5h", "2h"), stated("4h", "3h")]).unwrap().statement(&rule);
    assert_eq!(lines(&whole), [(5 * HOUR, Some(5 * HOUR), Kept), (3 * HOUR, Some(3 * HOUR), Kept)]);
    let doubtful = Balance::merged([stated("5h", "2h"), Balance::unknown()]).unwrap().statement(&rule);
    assert_eq!(lines(&doubtful), [(5 * HOUR, None, NotKnown), (2 * HOUR, None, NotKnown)]);
    assert_eq!(Balance::merged([]), None);
}

#[test]
fn an_unlimited_allowance_is_counted_and_never_exceeded() {
    let rule = profile(
        "name = \"u\"\nmax_gap = \"1h\"\n[range]\nmax_c = 25\n[[allowance]]\nname = \"30\"\nup_to_c = 30\ntotal = \"unlimited\"\n",
    );
    let statement = one_tracker(&rule, 3_000, 100 * HOUR);
    let line = &statement.allowances[0];
    assert_eq!((line.spent_best_s, line.total_s, line.remaining_best_s), (100 * HOUR, None, None));
    assert_eq!(statement.state, Kept);
}

#[test]
fn what_a_version_of_the_profile_did_not_count_is_unknown_to_the_next() {
    let (counting, other) = (freezing(1), vaccine());
    let series = hourly(&[5]);
    let balance = Balance::stated([], Some(0)).after(&other, &[ride(1, 0, HOUR, &series)], at(0), at(HOUR));
    assert_eq!(balance.statement(&counting).freeze_thaw.unwrap().state, NotKnown);
    let without = Balance::unspent(&other).after(&counting, &[ride(1, 0, HOUR, &series)], at(0), at(HOUR));
    assert_eq!(lines(&without.statement(&other))[0], (0, None, NotKnown));
}

#[test]
fn a_profile_without_an_end_allows_all_and_no_time_spends_nothing() {
    let rule = profile(
        "name = \"h\"\nmax_gap = \"1h\"\n[[alarm]]\nname = \"damp\"\nquantity = \"humidity\"\nabove = 60\n",
    );
    let dark = spent(&rule, &Balance::unspent(&rule), &[], HOUR);
    assert_eq!((dark.never_allowed.spent_worst_s, dark.state), (Some(0), Kept));
    let rule = vaccine();
    let opening = Balance::unspent(&rule);
    assert_eq!(opening.after(&rule, &[], at(10), at(10)), opening);
    assert_eq!(opening.after(&rule, &[], at(10), at(5)), opening);
}
