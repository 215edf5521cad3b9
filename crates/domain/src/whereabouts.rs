//! Where a shipment is, in one answer: what its positions say of places, of its plan, and of when it will arrive.

use chrono::{DateTime, Utc};

use crate::PlaceId;
use crate::place::{Fence, Margins, Place, Position, Positions, Stay, visits};
use crate::plan::{Departure, Lane, Leg, Plan};
use crate::route::{Arrival, Dwell, Monitoring, NoArrival, Standing, arrival, dwells, off_route};

/// What is known of where a shipment is, at an instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Whereabouts {
    pub monitoring: Monitoring,
    pub last: Option<Position>,
    /// In order of their beginning.
    pub visits: Vec<(PlaceId, Stay)>,
    /// Standing outside known places.
    pub dwells: Vec<Dwell>,
    /// One for each leg of the plan; none without a plan.
    pub legs: Vec<LegProgress>,
}

/// How a leg goes, by positions.
#[derive(Debug, Clone, PartialEq)]
pub struct LegProgress {
    pub number: u32,
    /// When the box left the leg's first place; `None`: nobody saw it.
    pub departed: Option<DateTime<Utc>>,
    /// When it was first surely at the leg's last place after that.
    pub arrived: Option<DateTime<Utc>>,
    /// Off the lane's corridor, from the departure to the arrival; where nobody saw the departure, from the earliest
    /// pick-up on.
    pub off_route: Vec<Stay>,
    pub expected: Result<Arrival, NoArrival>,
}

/// From what it is told.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub plan: Option<&'a Plan>,
    pub lanes: &'a [Lane],
    /// All places where it may be.
    pub places: &'a [Place],
    pub margins: Margins,
    pub standing: Standing,
}

impl Whereabouts {
    /// At `now`, from a set of positions.
    pub fn of(positions: &Positions, known: Known<'_>, now: DateTime<Utc>) -> Self {
        let fences: Vec<&Fence> = known.places.iter().filter_map(|place| place.fence.as_ref()).collect();
        let visits = visits(positions, known.margins, now, known.places);
        let legs = known.plan.map_or_else(Vec::new, |plan| {
            let departures = plan.departures(&visits);
            let progress = |leg| leg_progress(leg, &departures, &visits, positions, known, &fences, now);
            plan.legs().iter().map(progress).collect()
        });
        Self {
            monitoring: Monitoring::of(positions, known.margins, now),
            last: positions.last(now).copied(),
            dwells: dwells(positions, known.margins, known.standing, now, &fences),
            visits,
            legs,
        }
    }
}

fn leg_progress(
    leg: &Leg,
    departures: &[Departure],
    visits: &[(PlaceId, Stay)],
    positions: &Positions,
    known: Known<'_>,
    fences: &[&Fence],
    now: DateTime<Utc>,
) -> LegProgress {
    let departed = departures.iter().find(|departure| departure.leg == leg.number).map(|known| known.at);
    let begins = departed.unwrap_or(leg.pick_up.from);
    let at_end = visits.iter().filter(|(place, stay)| *place == leg.to && stay.from >= begins);
    let arrived = at_end.map(|(_, stay)| stay.from).min();
    let lane = known.lanes.iter().find(|lane| Some(lane.id) == leg.lane);
    let corridor = lane.and_then(|lane| lane.corridor.as_ref());
    let ends = arrived.unwrap_or(now).min(now);
    let off = corridor.map_or_else(Vec::new, |corridor| {
        let on_way = positions.as_slice().iter().filter(|position| position.at >= begins);
        off_route(&on_way.copied().collect(), known.margins, ends, corridor, fences)
    });
    let expected = match (departed, arrived, corridor) {
        (_, Some(_), _) => Err(NoArrival::Arrived),
        (None, None, _) => Err(NoArrival::NotDeparted),
        (_, None, None) => Err(NoArrival::NoRoute),
        (Some(departed), None, Some(corridor)) => arrival(positions, known.margins, now, corridor, departed),
    };
    LegProgress { number: leg.number, departed, arrived, off_route: off, expected }
}
