//! What makes legs a plan, and what is doubtful of one.

use super::{Lane, Leg, MOST_DARK, MOST_LEGS, Plan, TimeWindow};
use crate::PlaceId;
use crate::place::Place;
use crate::profile::Range;

/// The longest lane: three months at sea.
const LONGEST_S: i64 = 90 * 86_400;

/// Why something is no lane.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaneError {
    #[error("the lane ends where it begins: name two places")]
    Nowhere,
    #[error("the lane takes {0}: write more than nothing and at most 90d")]
    Duration(crate::Duration),
    #[error("the lane has {0} dark stretches: write at most {MOST_DARK}")]
    TooManyDark(usize),
    #[error(
        "the dark stretch from {from} to {to} after departure is none: let it end after it begins, within 90d"
    )]
    Dark { from: crate::Duration, to: crate::Duration },
    #[error("the packaging holds for {0}: write more than nothing, or leave it out where nobody knows")]
    HoldTime(crate::Duration),
}

pub(super) fn check_values(lane: &Lane) -> Result<(), LaneError> {
    if lane.from == lane.to {
        return Err(LaneError::Nowhere);
    }
    if !(1..=LONGEST_S).contains(&lane.duration.seconds()) {
        return Err(LaneError::Duration(lane.duration));
    }
    if lane.dark.len() > MOST_DARK {
        return Err(LaneError::TooManyDark(lane.dark.len()));
    }
    if let Some(dark) = lane.dark.iter().find(|dark| dark.to <= dark.from || dark.to.seconds() > LONGEST_S) {
        return Err(LaneError::Dark { from: dark.from, to: dark.to });
    }
    let hold_time = lane.hold_time.filter(|hold_time| hold_time.seconds() == 0);
    hold_time.map_or(Ok(()), |hold_time| Err(LaneError::HoldTime(hold_time)))
}

/// Why legs are no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("the plan has {0} legs: write 1 to {MOST_LEGS}")]
    Count(usize),
    #[error("leg {0} is missing or stands twice: number the legs from 1 without a gap")]
    Number(u32),
    #[error(
        "leg {0} begins elsewhere than the leg before it ends: each leg begins where the one before ends"
    )]
    Broken(u32),
    #[error("leg {0} ends where it begins: name two places")]
    Nowhere(u32),
    #[error("leg {leg}: the {which} window ends before it begins, or with its beginning")]
    Window { leg: u32, which: &'static str },
    #[error(
        "leg {0} is to be delivered before it can have been picked up: put the delivery after the pick-up"
    )]
    Backwards(u32),
    #[error(
        "leg {0} is to be picked up before the leg before it can have been delivered: put its pick-up later"
    )]
    TooEarly(u32),
    #[error("leg {0} names a lane between other places: name a lane from its first place to its second")]
    OtherLane(u32),
    #[error("leg {leg} takes {planned} by its lane, and its windows leave less: widen them")]
    TooShort { leg: u32, planned: crate::Duration },
}

pub(super) fn check(legs: &[Leg], lanes: &[Lane]) -> Result<(), PlanError> {
    if !(1..=MOST_LEGS).contains(&legs.len()) {
        return Err(PlanError::Count(legs.len()));
    }
    for (number, leg) in (1..).zip(legs) {
        if leg.number != number {
            return Err(PlanError::Number(number));
        }
        check_leg(leg)?;
        check_lane(leg, lanes)?;
    }
    for (leg, next) in legs.iter().zip(legs.iter().skip(1)) {
        if leg.to != next.from {
            return Err(PlanError::Broken(next.number));
        }
        // The next may stand there and wait, but must still be there when the box comes.
        if next.pick_up.to < leg.delivery.to || next.pick_up.from < leg.pick_up.from {
            return Err(PlanError::TooEarly(next.number));
        }
    }
    Ok(())
}

fn check_leg(leg: &Leg) -> Result<(), PlanError> {
    if leg.from == leg.to {
        return Err(PlanError::Nowhere(leg.number));
    }
    for (window, which) in [(leg.pick_up, "pick-up"), (leg.delivery, "delivery")] {
        if window.to <= window.from {
            return Err(PlanError::Window { leg: leg.number, which });
        }
    }
    let TimeWindow { from, to } = leg.pick_up;
    if leg.delivery.from < from || leg.delivery.to < to {
        return Err(PlanError::Backwards(leg.number));
    }
    Ok(())
}

fn check_lane(leg: &Leg, lanes: &[Lane]) -> Result<(), PlanError> {
    let Some(id) = leg.lane else { return Ok(()) };
    let lane = lanes.iter().find(|lane| lane.id == id && lane.from == leg.from && lane.to == leg.to);
    let planned = lane.ok_or(PlanError::OtherLane(leg.number))?.duration;
    if (leg.delivery.to - leg.pick_up.from).num_seconds() < planned.seconds() {
        return Err(PlanError::TooShort { leg: leg.number, planned });
    }
    Ok(())
}

/// What does not forbid a plan and should be looked at before somebody drives it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error("leg {leg}: {place} is closed for the whole {which} window")]
    Closed { leg: u32, place: String, which: &'static str },
    #[error("{place} stores nothing within the label's range")]
    Storage { place: String },
    #[error("leg {leg} may be under way for {s} s, longer than its packaging holds ({hold_time})")]
    HoldTime { leg: u32, s: i64, hold_time: crate::Duration },
}

impl Plan {
    /// `label`: the range that the goods need, where there is one. A place or lane that is not given is not doubted.
    pub fn doubts(&self, places: &[Place], lanes: &[Lane], label: Option<Range>) -> Vec<Doubt> {
        let closed = self.legs.iter().flat_map(|leg| closed(leg, places));
        let storage = label.into_iter().flat_map(|label| self.cannot_store(places, label));
        let held = self.legs.iter().filter_map(|leg| too_long(leg, lanes));
        closed.chain(storage).chain(held).collect()
    }

    fn cannot_store(&self, places: &[Place], label: Range) -> Vec<Doubt> {
        let mut met: Vec<PlaceId> = self.legs.iter().flat_map(|leg| [leg.from, leg.to]).collect();
        met.sort_unstable();
        met.dedup();
        let known = places.iter().filter(|place| met.contains(&place.id));
        // Where nobody said what a place can store, nobody can be wrong about it.
        let suits = |place: &Place| place.storage.iter().any(|class| class.suits(label));
        let cannot = known.filter(|place| !place.storage.is_empty() && !suits(place));
        cannot.map(|place| Doubt::Storage { place: place.name.clone() }).collect()
    }
}

fn closed(leg: &Leg, places: &[Place]) -> Vec<Doubt> {
    let ends = [(leg.from, leg.pick_up, "pick-up"), (leg.to, leg.delivery, "delivery")];
    let doubt = |(id, window, which): (PlaceId, TimeWindow, &'static str)| {
        let place = places.iter().find(|place| place.id == id)?;
        let opening = place.opening.as_ref()?;
        let is_closed = !opening.opens_within(window.from, window.to);
        is_closed.then(|| Doubt::Closed { leg: leg.number, place: place.name.clone(), which })
    };
    ends.into_iter().filter_map(doubt).collect()
}

fn too_long(leg: &Leg, lanes: &[Lane]) -> Option<Doubt> {
    let lane = lanes.iter().find(|lane| Some(lane.id) == leg.lane)?;
    let hold_time = lane.hold_time?;
    let s = (leg.delivery.to - leg.pick_up.from).num_seconds();
    (s > hold_time.seconds()).then_some(Doubt::HoldTime { leg: leg.number, s, hold_time })
}
