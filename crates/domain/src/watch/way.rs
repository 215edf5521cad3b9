//! Custodians beside the plan: how far along it each of them takes a box, and when somebody carries one.

use chrono::{DateTime, Utc};

use super::Situation;
use crate::custody::{BoxCustody, Holding};
use crate::plan::{Plan, TimeWindow};
use crate::{OrganisationId, PlaceId};

/// To whom a box goes next, where and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextHandover {
    pub to: OrganisationId,
    pub at: PlaceId,
    pub window: TimeWindow,
}

/// The planned handover that follows for who has the box now; none where the consignee has it.
pub fn next_handover(plan: &Plan, one: &BoxCustody) -> Option<NextHandover> {
    match steps(plan, one).last()?.0 {
        0 => plan.leg(1).map(|leg| NextHandover { to: leg.carrier, at: leg.from, window: leg.pick_up }),
        number => plan.leg(number).map(|leg| NextHandover {
            to: plan.successor(number),
            at: leg.to,
            window: leg.delivery,
        }),
    }
}

impl Situation<'_> {
    /// When the last of the boxes was taken over for that leg, or for a later one where its carrier was left out; the
    /// number after the last leg's is the consignee's. None while a box was not.
    pub(super) fn taken_over(&self, plan: &Plan, number: u32) -> Option<DateTime<Utc>> {
        let taken = |one: &BoxCustody| {
            steps(plan, one).find(|(reached, _)| *reached >= number).map(|(_, holding)| holding.from)
        };
        let times: Option<Vec<DateTime<Utc>>> = self.custody.boxes.values().map(taken).collect();
        times?.into_iter().max()
    }

    /// Consignor or consignee: a box is at home there.
    pub(super) fn is_home(&self, organisation: OrganisationId) -> bool {
        Some(organisation) == self.consignor()
            || self.plan.is_some_and(|plan| plan.consignee() == organisation)
    }

    /// The part of that time in which somebody carried a box, from its beginning to its end: a custodian away from home,
    /// or consignor or consignee on a leg of their own.
    pub(super) fn under_way(
        &self,
        from: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
    ) -> Option<(DateTime<Utc>, Option<DateTime<Utc>>)> {
        let parts = self.custody.boxes.values().flat_map(|one| {
            let ends = one.holdings().skip(1).map(|next| Some(next.from)).chain([None]);
            let carried = one.holdings().zip(ends).enumerate();
            let carried = carried.filter(|(index, (holding, _))| self.is_carrier(*index == 0, holding));
            carried.map(|(_, (holding, ends))| (holding.from.max(from), ends.into_iter().chain(until).min()))
        });
        let parts = parts.filter(|(begins, ends)| ends.is_none_or(|ends| *begins < ends));
        parts.reduce(|one, other| (one.0.min(other.0), one.1.zip(other.1).map(|(one, other)| one.max(other))))
    }

    fn is_carrier(&self, has_packed: bool, holding: &Holding) -> bool {
        let organisation = holding.organisation.id;
        let legs = self.plan.map(Plan::legs).unwrap_or_default();
        let mut own = legs.iter().filter(|leg| leg.carrier == organisation);
        if has_packed {
            own.any(|leg| leg.number == 1)
        } else {
            own.next().is_some() || !self.is_home(organisation)
        }
    }
}

/// The custodians of a box in their order, each with the number up to which it was taken over then.
fn steps<'a>(plan: &'a Plan, one: &'a BoxCustody) -> impl Iterator<Item = (u32, &'a Holding)> {
    let mut reached = 0;
    one.holdings().enumerate().map(move |(index, holding)| {
        let organisation = holding.organisation.id;
        // Packing takes nothing over, but for legs that the consignor himself carries: nobody hands it to him.
        reached =
            if index == 0 { packed_for(plan, organisation) } else { reach(plan, organisation, reached) };
        (reached, holding)
    })
}

fn packed_for(plan: &Plan, consignor: OrganisationId) -> u32 {
    let own = plan.legs().iter().take_while(|leg| leg.carrier == consignor);
    own.last().map_or(0, |leg| leg.number)
}

/// How far it has come once that organisation has it: through its next part of the way, which may be several legs in a
/// row. An organisation that has none takes it nowhere.
fn reach(plan: &Plan, organisation: OrganisationId, reached: u32) -> u32 {
    let takers = plan.legs().iter().map(|leg| leg.carrier).chain([plan.consignee()]);
    let still = (1..).zip(takers).filter(|(number, _)| *number > reached);
    let others = still.skip_while(|(_, taker)| *taker != organisation);
    others.take_while(|(_, taker)| *taker == organisation).last().map_or(reached, |(number, _)| number)
}
