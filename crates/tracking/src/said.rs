//! What a batch's uplinks say of the trackers themselves: how each is, what is in force with it, and what it asks.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use domain::downlink::{ClockRequest, PAUSE};
use domain::tracker_report::{Setup, Status};
use domain::{DevEui, OrganisationId, TrackerId};
use networks::payload::{AskedClock, Payload};
use store::{Connection, StoreError, Tracker, TrackerReport, TrackerReports};

/// Of several words about one thing the one that was received last.
#[derive(Default)]
pub struct Said {
    statuses: TrackerReports<Status>,
    setups: TrackerReports<Setup>,
    /// Each downlink that a setup named.
    obeyed: Vec<(TrackerId, u32)>,
    /// The oldest entry that each tracker's log holds, and the number of the last downlink that it obeyed; both only grow.
    oldest: BTreeMap<TrackerId, (OrganisationId, u32)>,
    last_obeyed: BTreeMap<TrackerId, (OrganisationId, u32)>,
    /// The latest question of each tracker how far its clock is off.
    clocks: HashMap<TrackerId, (OrganisationId, ClockRequest)>,
}

impl Said {
    pub fn note(&mut self, payload: &Payload, tracker: &Tracker, received_at: DateTime<Utc>) {
        let organisation = tracker.organisation;
        if let Some(status) = &payload.status {
            let said = status.clone();
            keep_latest(&mut self.statuses, tracker, TrackerReport { organisation, received_at, said });
        }
        if let Some(said) = payload.setup {
            self.obeyed.push((tracker.id, said.downlink));
            keep_highest(&mut self.last_obeyed, tracker, said.downlink);
            keep_latest(&mut self.setups, tracker, TrackerReport { organisation, received_at, said });
        }
        if let Some(oldest) = payload.status.as_ref().and_then(Status::oldest) {
            keep_highest(&mut self.oldest, tracker, oldest);
        }
        if let Some(AskedClock { seconds, setting }) = payload.clock {
            let request = ClockRequest { seconds, setting, received_at };
            let latest = self.clocks.entry(tracker.id).or_insert((organisation, request));
            if latest.1.received_at < received_at {
                latest.1 = request;
            }
        }
    }

    /// Returns whose downlinks have ended by it.
    pub async fn store(
        &self,
        db: &mut Connection,
        now: DateTime<Utc>,
    ) -> Result<Vec<(OrganisationId, DevEui)>, StoreError> {
        db.note_clock_requests(&self.clocks, now).await?;
        db.note_oldest(&self.oldest, now).await?;
        db.note_obeyed(&self.last_obeyed, now).await?;
        let mut ended = db.confirm_downlinks(&self.obeyed, now).await?;
        ended.extend(db.refuse_downlinks(&self.setups, now + PAUSE, now).await?);
        // Behind the refusals, which go by what was kept before.
        db.keep_setups(&self.setups).await?;
        db.keep_statuses(&self.statuses).await?;
        Ok(ended)
    }
}

fn keep_highest(numbers: &mut BTreeMap<TrackerId, (OrganisationId, u32)>, of: &Tracker, number: u32) {
    let known = numbers.entry(of.id).or_insert((of.organisation, number));
    known.1 = known.1.max(number);
}

fn keep_latest<T>(reports: &mut TrackerReports<T>, of: &Tracker, report: TrackerReport<T>) {
    if reports.get(&of.id).is_none_or(|known| known.received_at < report.received_at) {
        reports.insert(of.id, report);
    }
}

#[cfg(test)]
mod tests;
