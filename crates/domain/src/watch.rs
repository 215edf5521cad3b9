//! What goes wrong with the custody of a shipment: nobody came, somebody else came, it went another way.
//!
//! [`findings`] is a function of what is known and of the instant that is asked about: entries, plan, stays and events
//! in whatever order they came to be known. Each finding is one episode; [`reconcile`] holds the findings against the
//! alerts that people see. Rules R-WATCH of docs/custody.md.

mod alerts;
mod severity;
mod transfers;
mod way;
mod whereabouts;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::alert::{AlertKind, Severity};
use crate::custody::{BoxNumber, Custody, Entry, EntryHash};
use crate::event::Event;
use crate::place::{Place, Stay};
use crate::plan::Plan;
use crate::route::{Dwell, Standing};
use crate::{Duration, OrganisationId, PlaceId};

pub use alerts::{AlertChange, StandingAlert, reconcile};
pub use severity::NOT_RETURNED;
pub use transfers::{UNSAID_ACCURACY_M, is_elsewhere};
pub use way::{NextHandover, next_handover};

/// Everything that is known of a shipment's way at `now`.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    pub now: DateTime<Utc>,
    pub custody: &'a Custody,
    pub entries: &'a BTreeMap<EntryHash, &'a Entry>,
    /// When each entry came to be known.
    pub known_at: &'a BTreeMap<EntryHash, DateTime<Utc>>,
    /// None: nobody planned it, so nobody and nothing is late, elsewhere or unexpected.
    pub plan: Option<&'a Plan>,
    /// When that was made.
    pub planned_at: Option<DateTime<Utc>>,
    /// Those that the plan names.
    pub places: &'a [Place],
    /// The stays inside them, as positions tell; empty where there are no positions.
    pub stays: &'a [(PlaceId, Stay)],
    /// The stays off the corridor of the leg under way.
    pub off_route: &'a [Stay],
    /// Outside known places.
    pub dwells: &'a [Dwell],
    /// What a custodian lacked when custody came to him, by the entry by which it came.
    pub lacking: &'a BTreeMap<EntryHash, Vec<Lacking>>,
    /// When something known was out of range: from, and to where it has ended.
    pub out_of_range: &'a [(DateTime<Utc>, Option<DateTime<Utc>>)],
    /// What its trackers noticed.
    pub events: &'a [Event],
    /// When the packaging's qualified time is over.
    pub holds_until: Option<DateTime<Utc>>,
    /// How loud the product's own alarms are at most.
    pub product: Severity,
    pub delays: Delays,
}

/// Without which nobody is to have a shipment in custody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacking {
    /// The organisation was not under a contract at that time.
    Contract,
    /// The person had no valid training at that time.
    Training,
}

/// How long something may last before somebody is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delays {
    /// An offer without an answer.
    pub answer: Duration,
    /// After the planned window before a transfer is overdue.
    pub transfer: Duration,
    /// Away from its place without a new custodian.
    pub leave: Duration,
    /// At the next place, open, without being accepted.
    pub arrive: Duration,
    /// Off the corridor.
    pub off_route: Duration,
    /// Outside all known places.
    pub stand: Duration,
    /// What comes to be known late may have its answer on the way: a phone that was without network hands in an offer, and
    /// another one its acceptance. So long after it came nobody is woken for what is missing.
    pub settle: Duration,
}

impl Default for Delays {
    fn default() -> Self {
        let minutes = |minutes: i64| Duration::from_seconds(minutes * 60).unwrap_or(Duration::ZERO);
        Self {
            answer: minutes(30),
            transfer: minutes(0),
            leave: minutes(15),
            arrive: minutes(30),
            off_route: minutes(10),
            stand: Standing::default().at_least,
            settle: minutes(5),
        }
    }
}

/// One thing that goes or went wrong, from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub kind: AlertKind,
    /// What it is about, such as a leg or an entry: the same thing has the same key whatever arrives later.
    pub key: String,
    /// The boxes that it is about; none: all of the shipment.
    pub boxes: Vec<BoxNumber>,
    pub severity: Severity,
    pub began_at: DateTime<Utc>,
    /// When somebody was to be woken; never later than `now`.
    pub alarmed_at: DateTime<Utc>,
    /// When it ended, and how; none: it lasts.
    pub ended: Option<(DateTime<Utc>, &'static str)>,
    /// What a person should know, in words.
    pub detail: String,
}

impl Finding {
    /// What an alert about it says.
    pub fn in_words(&self) -> String {
        let numbers: Vec<String> = self.boxes.iter().map(ToString::to_string).collect();
        match numbers.as_slice() {
            [] => self.detail.clone(),
            [number] => format!("box {number}: {}", self.detail),
            numbers => format!("boxes {}: {}", numbers.join(", "), self.detail),
        }
    }
}

/// All of them, in the order of their beginnings.
pub fn findings(situation: &Situation) -> Vec<Finding> {
    let mut found = known(situation);
    found.retain(|finding| finding.alarmed_at <= situation.now);
    found.sort_by(|one, other| {
        (one.began_at, one.kind, &one.key).cmp(&(other.began_at, other.kind, &other.key))
    });
    found
}

/// When the findings of this situation change if nothing comes. That stays end where positions fail is for whoever gathers
/// the situation to know.
pub fn next_change(situation: &Situation) -> Option<DateTime<Utc>> {
    let later = Situation { now: DateTime::<Utc>::MAX_UTC, ..*situation };
    let instants = known(&later).into_iter().flat_map(|finding| {
        [Some(finding.alarmed_at), finding.ended.map(|(at, _)| at)].into_iter().flatten()
    });
    instants.filter(|at| *at > situation.now).min()
}

/// Those of now, and those that become some if nothing comes.
fn known(situation: &Situation) -> Vec<Finding> {
    let mut found = Vec::new();
    transfers::find(situation, &mut found);
    whereabouts::find(situation, &mut found);
    found
}

/// What happened, as far as it has been seen: a finding whose severity is still to be judged.
struct Seen<'a> {
    kind: AlertKind,
    key: String,
    boxes: &'a [BoxNumber],
    began_at: DateTime<Utc>,
    alarmed_at: DateTime<Utc>,
    ended: Option<(DateTime<Utc>, &'static str)>,
    detail: String,
}

impl Situation<'_> {
    fn finding(&self, seen: Seen<'_>) -> Finding {
        Finding {
            severity: severity::of(seen.kind, self.product, self.holds_until, seen.alarmed_at),
            kind: seen.kind,
            key: seen.key,
            boxes: seen.boxes.to_vec(),
            began_at: seen.began_at,
            alarmed_at: seen.alarmed_at,
            ended: seen.ended.filter(|(at, _)| *at <= self.now),
            detail: seen.detail,
        }
    }

    /// When somebody is woken for what is missing at `alarmed_at` and was asked for by what came to be known at `known_at`.
    fn settled(
        &self,
        alarmed_at: DateTime<Utc>,
        known_at: Option<DateTime<Utc>>,
        is_missing: bool,
    ) -> DateTime<Utc> {
        match known_at.filter(|_| is_missing) {
            Some(known_at) => alarmed_at.max(after(known_at, self.delays.settle)),
            None => alarmed_at,
        }
    }

    fn counting(&self) -> impl Iterator<Item = (EntryHash, &Entry)> + Clone {
        self.entries
            .iter()
            .filter(|(hash, _)| !self.custody.ignored.contains_key(hash))
            .map(|(hash, entry)| (*hash, *entry))
    }

    fn consignor(&self) -> Option<OrganisationId> {
        Some(self.entries.get(&self.custody.packed?)?.by.organisation.id)
    }

    fn packed_at(&self) -> Option<DateTime<Utc>> {
        Some(self.entries.get(&self.custody.packed?)?.at)
    }

    fn place(&self, id: PlaceId) -> Option<&Place> {
        self.places.iter().find(|place| place.id == id)
    }
}

fn after(at: DateTime<Utc>, delay: Duration) -> DateTime<Utc> {
    at + chrono::Duration::seconds(delay.seconds())
}
