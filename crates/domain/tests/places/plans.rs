//! Plans, and the darkness that they expect.

use domain::place::{Ending, Opening, Place, Stay, StorageClass};
use domain::plan::{DarkStretch, Departure, Doubt, Lane, LaneError, Leg, Plan, PlanError, TimeWindow};
use domain::profile::Range;
use domain::silence::Window;
use domain::{Duration, LaneId, OrganisationId, PlaceId, Temperature};
use uuid::Uuid;

use crate::map::at;

const CONSIGNEE: OrganisationId = OrganisationId(9);

fn place(number: u128) -> PlaceId {
    PlaceId(Uuid::from_u128(number))
}

fn window(from: i64, to: i64) -> TimeWindow {
    TimeWindow { from: at(from), to: at(to) }
}

/// The nth leg goes from place n to place n + 1, picked up in its first hour and delivered in its third.
fn leg(number: u32) -> Leg {
    let begins = i64::from(number - 1) * 180;
    Leg {
        number,
        lane: None,
        from: place(number.into()),
        to: place(u128::from(number) + 1),
        carrier: OrganisationId(number.cast_signed() + 1),
        courier: None,
        pick_up: window(begins, begins + 60),
        delivery: window(begins + 120, begins + 180),
    }
}

fn minutes(minutes: i64) -> Duration {
    Duration::from_seconds(minutes * 60).unwrap()
}

fn lane() -> Lane {
    Lane {
        id: LaneId(Uuid::from_u128(1)),
        name: "over the pass".to_owned(),
        from: place(1),
        to: place(2),
        corridor: None,
        duration: minutes(120),
        dark: vec![DarkStretch { from: minutes(30), to: minutes(50) }],
        hold_time: Some(minutes(600)),
        unattended: false,
    }
}

fn on_lane() -> Leg {
    Leg { lane: Some(lane().id), ..leg(1) }
}

fn planned(legs: Vec<Leg>) -> Result<Plan, PlanError> {
    Plan::new(CONSIGNEE, legs, &[lane()])
}

#[test]
fn a_plan_is_one_way_in_order_of_its_numbers() {
    let plan = planned(vec![leg(2), leg(1), leg(3)]).unwrap();
    assert_eq!(plan.legs().iter().map(|leg| leg.number).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!((plan.successor(1), plan.successor(3)), (OrganisationId(3), CONSIGNEE));
    assert_eq!(plan.parties(), [2, 3, 4, 9].map(OrganisationId));
    assert_eq!(plan.leg_of(OrganisationId(3), 1).map(|leg| leg.number), Some(2));
    assert_eq!(plan.leg_of(OrganisationId(3), 3), None);
}

#[test]
fn what_is_no_way_is_refused_with_the_leg() {
    let moved = |change: fn(&mut Leg)| {
        let mut legs = vec![leg(1), leg(2)];
        change(&mut legs[1]);
        planned(legs)
    };
    assert_eq!(planned(vec![]), Err(PlanError::Count(0)));
    assert!(planned((1..=20).map(leg).collect()).is_ok());
    assert_eq!(planned((1..=21).map(leg).collect()), Err(PlanError::Count(21)));
    assert_eq!(planned(vec![leg(2)]), Err(PlanError::Number(1)));
    assert_eq!(planned(vec![leg(1), leg(1)]), Err(PlanError::Number(2)));
    assert_eq!(planned(vec![leg(1), leg(3)]), Err(PlanError::Number(2)));
    assert_eq!(moved(|leg| leg.from = place(7)), Err(PlanError::Broken(2)));
    assert_eq!(moved(|leg| leg.to = leg.from), Err(PlanError::Nowhere(2)));
}

#[test]
fn windows_stand_in_order_of_time() {
    let with = |pick_up, delivery| planned(vec![Leg { pick_up, delivery, ..leg(1) }]).err();
    assert_eq!(with(window(0, 1), window(0, 1)), None, "they may be the same");
    assert_eq!(with(window(0, 0), window(0, 1)), Some(PlanError::Window { leg: 1, which: "pick-up" }));
    assert_eq!(with(window(0, 1), window(2, 1)), Some(PlanError::Window { leg: 1, which: "delivery" }));
    assert_eq!(with(window(1, 3), window(0, 3)), Some(PlanError::Backwards(1)));
    assert_eq!(with(window(0, 3), window(1, 2)), Some(PlanError::Backwards(1)));
    let next = |pick_up, delivery| planned(vec![leg(1), Leg { pick_up, delivery, ..leg(2) }]).err();
    assert_eq!(next(window(120, 180), window(200, 240)), None, "it waits until the box must have come");
    assert_eq!(next(window(120, 179), window(200, 240)), Some(PlanError::TooEarly(2)));
}

#[test]
fn a_leg_goes_where_its_lane_goes_and_has_the_time_for_it() {
    assert!(planned(vec![on_lane()]).is_ok());
    let elsewhere = Leg { lane: Some(lane().id), ..leg(2) };
    assert_eq!(planned(vec![leg(1), elsewhere]), Err(PlanError::OtherLane(2)));
    let unknown = Leg { lane: Some(LaneId(Uuid::from_u128(2))), ..leg(1) };
    assert_eq!(planned(vec![unknown]), Err(PlanError::OtherLane(1)));
    let within = |minute| Leg { delivery: window(60, minute), ..on_lane() };
    assert!(planned(vec![within(120)]).is_ok());
    assert_eq!(planned(vec![within(119)]), Err(PlanError::TooShort { leg: 1, planned: minutes(120) }));
}

#[test]
fn a_lane_has_values_that_can_be() {
    let check = |change: fn(&mut Lane)| {
        let mut lane = lane();
        change(&mut lane);
        lane.check().err()
    };
    let dark = |from, to| DarkStretch { from: minutes(from), to: minutes(to) };
    assert_eq!(check(|_| ()), None);
    assert_eq!(check(|lane| lane.to = lane.from), Some(LaneError::Nowhere));
    assert_eq!(check(|lane| lane.duration = Duration::ZERO), Some(LaneError::Duration(Duration::ZERO)));
    assert_eq!(check(|lane| lane.duration = minutes(90 * 1_440)), None);
    assert!(check(|lane| lane.duration = minutes(90 * 1_440 + 1)).is_some());
    assert_eq!(
        check(|lane| lane.hold_time = Some(Duration::ZERO)),
        Some(LaneError::HoldTime(Duration::ZERO))
    );
    let mut many = Lane { dark: vec![dark(0, 1); 20], ..lane() };
    assert_eq!(many.check(), Ok(()));
    many.dark.push(dark(0, 1));
    assert_eq!(many.check(), Err(LaneError::TooManyDark(21)));
    let empty = Lane { dark: vec![dark(5, 5)], ..lane() };
    assert_eq!(empty.check(), Err(LaneError::Dark { from: minutes(5), to: minutes(5) }));
}

#[test]
fn darkness_counts_from_the_departure_where_it_is_known_and_else_from_the_whole_window() {
    let plan = planned(vec![on_lane()]).unwrap();
    let dark = |departures: &[Departure]| plan.dark(&[lane()], departures);
    assert_eq!(dark(&[]), [Window { from: at(30), to: at(110) }]);
    assert_eq!(dark(&[Departure { leg: 1, at: at(20) }]), [Window { from: at(50), to: at(70) }]);
    assert_eq!(dark(&[Departure { leg: 2, at: at(20) }]), [Window { from: at(30), to: at(110) }]);
    assert_eq!(planned(vec![leg(1)]).unwrap().dark(&[lane()], &[]), [], "no lane, no darkness");
}

#[test]
fn darkness_counts_no_longer_than_the_packaging_holds() {
    let plan = planned(vec![on_lane()]).unwrap();
    let departed = [Departure { leg: 1, at: at(0) }];
    for (hold_min, expected) in [(51, Some(50)), (50, Some(50)), (49, Some(49)), (31, Some(31)), (30, None)] {
        let held = Lane { hold_time: Some(minutes(hold_min)), ..lane() };
        let found = plan.dark(&[held], &departed);
        let expected: Vec<_> = expected.map(|to| Window { from: at(30), to: at(to) }).into_iter().collect();
        assert_eq!(found, expected, "{hold_min}");
    }
    let unknown = Lane { hold_time: None, ..lane() };
    assert_eq!(plan.dark(&[unknown], &departed), [Window { from: at(30), to: at(50) }]);
}

#[test]
fn a_plan_into_closed_doors_unfit_stores_and_beyond_the_packaging_is_doubted_and_not_refused() {
    let opening = |hours: &str| -> Opening {
        let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map(|day| (day, [hours]));
        let weekly: std::collections::BTreeMap<_, _> = day.into();
        serde_json::from_value(serde_json::json!({ "zone": "UTC", "weekly": weekly })).unwrap()
    };
    // The map's time begins at 20:26:40.
    let known = |number: u128, hours: &str, storage: &[StorageClass]| Place {
        id: place(number),
        name: format!("place {number}"),
        fence: None,
        opening: Some(opening(hours)),
        storage: storage.to_vec(),
    };
    let places = [
        known(1, "08:00-20:27", &[StorageClass::Refrigerated]),
        known(2, "08:00-22:00", &[StorageClass::Room]),
    ];
    let plan = planned(vec![on_lane()]).unwrap();
    let label = Some(Range { min_c: Some(Temperature(200)), max_c: Some(Temperature(800)) });
    let short = Lane { hold_time: Some(minutes(179)), ..lane() };
    assert_eq!(
        plan.doubts(&places, &[short], label),
        [
            Doubt::Closed { leg: 1, place: "place 2".to_owned(), which: "delivery" },
            Doubt::Storage { place: "place 2".to_owned() },
            Doubt::HoldTime { leg: 1, s: 180 * 60, hold_time: minutes(179) },
        ]
    );
    let enough = Lane { hold_time: Some(minutes(180)), ..lane() };
    assert_eq!(plan.doubts(&[], &[enough], label), []);
}

#[test]
fn a_class_suits_a_label_if_its_whole_range_lies_within() {
    let label = |min: Option<i32>, max: Option<i32>| Range {
        min_c: min.map(Temperature),
        max_c: max.map(Temperature),
    };
    use StorageClass::*;
    for (class, label, suits) in [
        (Refrigerated, label(Some(200), Some(800)), true),
        (Refrigerated, label(Some(201), Some(800)), false),
        (Refrigerated, label(Some(200), Some(799)), false),
        (Refrigerated, label(None, Some(2_500)), true),
        (Room, label(None, Some(2_500)), true),
        (Room, label(Some(2_000), Some(2_500)), false),
        (ControlledRoom, label(Some(2_000), Some(2_500)), true),
        (Frozen, label(Some(-5_000), Some(-1_500)), false),
        (Frozen, label(None, Some(-1_000)), true),
        (UltraCold, label(Some(-9_000), Some(-6_000)), true),
    ] {
        assert_eq!(class.suits(label), suits, "{class} {label:?}");
    }
}

#[test]
fn a_leg_began_when_the_box_left_its_place_after_the_leg_before_began() {
    let stay = |number, from, ending| {
        (place(number), Stay { inside: true, from: at(from), last_at: at(from), ending })
    };
    let there_and_back =
        vec![leg(1), Leg { from: place(2), to: place(1), ..leg(2) }, Leg { from: place(1), ..leg(3) }];
    let plan = planned(there_and_back).unwrap();
    let visits = [
        stay(1, 0, Ending::Changed(at(20))),
        stay(2, 100, Ending::Lost(at(150))),
        stay(2, 160, Ending::Changed(at(200))),
        stay(1, 300, Ending::Changed(at(350))),
    ];
    let found: Vec<_> = plan.departures(&visits).iter().map(|d| (d.leg, d.at)).collect();
    assert_eq!(found, [(1, at(20)), (2, at(200)), (3, at(350))]);
    assert_eq!(plan.departures(&visits[1..2]), [], "nobody knows");
}
