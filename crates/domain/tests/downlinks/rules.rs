//! Each rule at its limit.

use super::*;
use domain::downlink::BUDGET;

/// A calm tracker: all of it was acknowledged.
fn settled() -> Tracker {
    Tracker { acknowledged: Some(9), ..Tracker::heard(&[(0, 9)]) }
}

#[test]
fn an_acknowledgement_waits_for_many_entries_or_six_hours() {
    for (scenario, last, seconds, expected) in [
        ("nothing is new", 9, 100 * HOUR_S, None),
        ("few, and soon", 189 - 1, 6 * HOUR_S - 1, None),
        ("many", 189, 1, Some((0, 189))),
        ("six hours", 10, 6 * HOUR_S, Some((0, 10))),
    ] {
        let mut tracker = settled();
        tracker.hear(10.min(last), last, at(0));
        let expected: Vec<_> = expected.into_iter().map(|(first, last)| acknowledge(first, last)).collect();
        assert_eq!(tracker.after(seconds), expected, "{scenario}");
    }
}

#[test]
fn what_is_missing_is_asked_for_after_three_intervals_and_what_is_held_acknowledged_with_it() {
    let tracker = Tracker::heard(&[(0, 9), (12, 14), (20, 20)]);
    assert_eq!(tracker.after(3 * INTERVAL_S - 1), []);
    let said = [acknowledge(0, 9), resend(10, 11), resend(15, 19)];
    assert_eq!(tracker.after(3 * INTERVAL_S), said);
}

#[test]
fn what_the_tracker_lost_is_not_asked_for_and_leaves_no_gap() {
    let lost = |lost: &[(u32, u32)]| {
        let lost = lost.iter().map(|(first, last)| entries(*first, *last)).collect();
        Tracker { lost, ..Tracker::heard(&[(0, 9), (20, 20)]) }
    };
    assert_eq!(
        lost(&[(10, 12), (15, 15)]).after(HOUR_S),
        [acknowledge(0, 12), resend(13, 14), resend(16, 19)]
    );
    assert_eq!(lost(&[(0, 99)]).after(6 * HOUR_S - 1), [], "an acknowledgement of few entries waits");
    assert_eq!(lost(&[(0, 99)]).after(6 * HOUR_S), [acknowledge(0, 20)]);
}

#[test]
fn an_acknowledgement_begins_at_0_where_the_tracker_holds_nothing_below_what_came() {
    let from_20 =
        |lost: &[Entries]| Tracker { lost: lost.to_vec(), ..Tracker::heard(&[(20, 29)]) }.after(6 * HOUR_S);
    assert_eq!(from_20(&[]), [acknowledge(20, 29)]);
    assert_eq!(from_20(&[entries(0, 18)]), [acknowledge(20, 29)]);
    assert_eq!(from_20(&[entries(0, 19)]), [acknowledge(0, 29)]);
}

#[test]
fn what_was_asked_for_is_asked_for_again_after_four_hours_and_three_times_in_all() {
    let asked = |hours: &[i64]| {
        let asked = hours.iter().map(|hours| Asked { what: entries(11, 11), at: ago(*hours) }).collect();
        let acknowledged = Some(9);
        Tracker { asked, acknowledged, ..Tracker::heard(&[(0, 9), (20, 20)]) }
    };
    assert_eq!(asked(&[3]).after(HOUR_S - 1), []);
    assert_eq!(asked(&[3]).after(HOUR_S), [resend(10, 19)]);
    assert_eq!(asked(&[20, 8]).after(HOUR_S), [resend(10, 19)]);
    assert_eq!(asked(&[20, 12, 8]).after(HOUR_S), []);
}

#[test]
fn a_day_has_ten_downlinks_and_the_last_two_are_for_people_and_clocks() {
    let sent = |count: usize| vec![ago(23); count];
    let missing = || Tracker::heard(&[(0, 9), (20, 20)]);
    let wanted = |sent| Tracker { wanted: vec![Command::Restart], sent, ..settled() };
    assert!(!Tracker { sent: sent(BUDGET - 3), ..missing() }.after(HOUR_S - 1).is_empty());
    assert_eq!(Tracker { sent: sent(BUDGET - 2), ..missing() }.after(HOUR_S - 1), []);
    assert_eq!(wanted(sent(BUDGET - 1)).after(HOUR_S - 1), [Command::Restart]);
    assert_eq!(wanted(sent(BUDGET)).after(HOUR_S - 1), []);
    assert_eq!(wanted(sent(BUDGET)).after(HOUR_S), [Command::Restart], "they are a day old");
}

#[test]
fn a_clock_is_answered_at_once_by_what_it_was_off_when_it_asked() {
    let asked = |seconds, received_at| {
        let clock = ClockRequest { seconds, setting: 3, received_at };
        Tracker { clock: Some(clock), ..settled() }.after(100)
    };
    let since_epoch = |second: i64| u32::try_from(at(second).timestamp() - 1_704_067_200).unwrap();
    assert_eq!(asked(since_epoch(0), at(0)), [Command::Clock { setting: 3, forward_s: 0 }]);
    assert_eq!(asked(since_epoch(7), at(0)), [Command::Clock { setting: 3, forward_s: -7 }]);
    let never_set = asked(300, at(0));
    assert_eq!(never_set, [Command::Clock { setting: 3, forward_s: 1_790_000_000 - 1_704_067_200 - 300 }]);
}

#[test]
fn what_people_want_comes_first_and_an_acknowledgement_has_room_in_any_case() {
    let every_other: Vec<(u32, u32)> = (0..20).map(|n| (2 * n, 2 * n)).collect();
    let flight = Command::Flight { hours: 5 };
    let tracker = Tracker { wanted: vec![flight], ..Tracker::heard(&every_other) };
    let said = tracker.after(HOUR_S);
    // 48 bytes: 2, one of 7 to acknowledge, five of 7 to ask.
    let missing = (0..5).map(|n| resend(2 * n + 1, 2 * n + 1));
    let expected: Vec<_> = [flight, acknowledge(0, 0)].into_iter().chain(missing).collect();
    assert_eq!(said, expected);
}
