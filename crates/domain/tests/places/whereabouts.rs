//! A journey from the warehouse to a pharmacy twenty kilometres east.

use chrono::{DateTime, Utc};
use domain::place::{Ending, Fence, Margins, Place, Position};
use domain::plan::{Lane, Leg, Plan, TimeWindow};
use domain::route::{Corridor, Monitoring, NoArrival, Path, Standing};
use domain::whereabouts::{Known, Whereabouts};
use domain::{Duration, LaneId, OrganisationId, PlaceId};
use uuid::Uuid;

use crate::map::{at, fence, fix, point, set};

fn place(number: u128, fence: Fence) -> Place {
    let name = format!("place {number}");
    Place {
        id: PlaceId(Uuid::from_u128(number)),
        name,
        fence: Some(fence),
        opening: None,
        storage: Vec::new(),
    }
}

fn places() -> [Place; 2] {
    [place(1, fence(300)), place(2, Fence::circle(point(20_000.0, 0.0), 300).unwrap())]
}

fn lane() -> Lane {
    let path = Path::try_from(vec![point(0.0, 0.0), point(20_000.0, 0.0)]).unwrap();
    Lane {
        id: LaneId(Uuid::from_u128(1)),
        name: "east".to_owned(),
        from: places()[0].id,
        to: places()[1].id,
        corridor: Some(Corridor::new(path, 500).unwrap()),
        duration: Duration::from_seconds(3_600).unwrap(),
        dark: Vec::new(),
        hold_time: None,
        unattended: false,
    }
}

fn plan(lane: Option<LaneId>) -> Plan {
    let leg = Leg {
        number: 1,
        lane,
        from: places()[0].id,
        to: places()[1].id,
        carrier: OrganisationId(2),
        courier: None,
        pick_up: TimeWindow { from: at(0), to: at(60) },
        delivery: TimeWindow { from: at(60), to: at(180) },
    };
    Plan::new(OrganisationId(3), vec![leg], &[self::lane()]).unwrap()
}

fn asked(positions: &[Position], plan: &Plan, now: DateTime<Utc>) -> Whereabouts {
    let (places, lanes) = (places(), [lane()]);
    let known = Known {
        plan: Some(plan),
        lanes: &lanes,
        places: &places,
        margins: Margins::default(),
        standing: Standing::default(),
    };
    Whereabouts::of(&set(positions), known, now)
}

fn drive() -> Vec<Position> {
    vec![
        fix(0, 0.0, 10),
        fix(20, 1_000.0, 10),
        fix(30, 4_000.0, 10),
        Position { point: point(7_000.0, 2_000.0), ..fix(40, 0.0, 10) },
        fix(50, 10_000.0, 10),
        fix(80, 20_000.0, 10),
    ]
}

#[test]
fn a_journey_is_told_from_its_departure_to_its_arrival() {
    let plan = plan(Some(lane().id));
    let under_way = asked(&drive(), &plan, at(55));
    let leg = &under_way.legs[0];
    assert_eq!((leg.departed, leg.arrived), (Some(at(20)), None));
    assert_eq!(
        leg.off_route.iter().map(|stay| (stay.from, stay.ending)).collect::<Vec<_>>(),
        [(at(40), Ending::Changed(at(50)))]
    );
    let expected = leg.expected.unwrap();
    // 300 m a minute since the departure, and ten kilometres to go.
    assert!((expected.expected - at(83)).num_minutes().abs() <= 1, "{expected:?}");
    assert_eq!(under_way.monitoring, Monitoring::Monitored { last_at: at(50) });

    let there = asked(&drive(), &plan, at(90));
    let leg = &there.legs[0];
    assert_eq!((leg.arrived, leg.expected), (Some(at(80)), Err(NoArrival::Arrived)));
    assert_eq!(there.visits.len(), 2);
}

#[test]
fn without_positions_a_path_or_a_departure_the_answer_says_so() {
    let with_lane = plan(Some(lane().id));
    let nothing = asked(&[], &with_lane, at(30));
    assert_eq!((nothing.monitoring, nothing.last), (Monitoring::NotMonitored, None));
    assert_eq!(nothing.legs[0].expected, Err(NoArrival::NotDeparted));
    assert_eq!(asked(&drive()[1..], &with_lane, at(55)).legs[0].expected, Err(NoArrival::NotDeparted));
    assert_eq!(asked(&drive(), &plan(None), at(55)).legs[0].expected, Err(NoArrival::NoRoute));
    let waiting = asked(&drive()[..1], &with_lane, at(10));
    assert_eq!((waiting.legs[0].departed, waiting.legs[0].off_route.len()), (None, 0));
}
