//! What trackers that others made tell beside readings, and where that changed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::tracker_report::{Sensed, SensedChange};
use domain::{DevEui, OrganisationId, TrackerId};
use store::{Connection, Sensing, Store, TrackerSense, TrackerSettings};
use testkit::postgres::{Database, database};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

struct Told {
    database: Database,
    db: Connection,
    owner: OrganisationId,
    tracker: TrackerId,
}

impl Told {
    async fn new() -> Self {
        let database = database(None).unwrap();
        store::migrate(&database.url()).await.unwrap();
        let store = Store::open(&database.url(), 4).unwrap();
        let mut db = store.connect().await.unwrap();
        let owner = db.ensure_organisation("Depot", at(0)).await.unwrap();
        let settings = TrackerSettings { name: "17", codec: "elsys-ers", interval_s: 900, mapping: None };
        let tracker = db.add_tracker(owner, DevEui(7), &settings, at(0)).await.unwrap().id;
        Self { database, db, owner, tracker }
    }

    async fn hear(&mut self, sensed: &[Sensed]) {
        let (organisation, tracker) = (self.owner, self.tracker);
        let one =
            |sensed: &Sensed| TrackerSense { organisation, tracker, received_at: sensed.at, sensed: *sensed };
        self.db.add_senses(&sensed.iter().map(one).collect::<Vec<_>>()).await.unwrap();
    }

    /// Page by page, with the cursor of the last of each.
    async fn changes(&mut self, page: i64) -> Vec<Sensing> {
        let (mut changes, mut before) = (Vec::<Sensing>::new(), None);
        loop {
            let next = self.db.sensings(self.owner, self.tracker, before, page).await.unwrap();
            let Some(last) = next.last() else { return changes };
            before = Some((last.at, last.change));
            changes.extend(next);
        }
    }
}

/// 4000 messages, of which up to three are of one instant; each tells some of what it may.
fn history() -> Vec<Sensed> {
    let mut state = 17_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut message = |number: i64| Sensed {
        open: [None, Some(false), Some(true)][next(3) as usize],
        moving: (next(40) == 0).then(|| next(2) == 0),
        sensor_failed: [Some(false), Some(false), Some(false), Some(true)][next(4) as usize],
        shock_mg: (next(10) == 0).then(|| 100 + next(5) as u32),
        lux: Some(number as u32),
        ..Sensed::at(at(number / 3 * 60))
    };
    (0..4_000).map(&mut message).collect()
}

/// By the rule: of each instant the greater value of a field, where that is another than before.
fn expected(history: &[Sensed]) -> Vec<(DateTime<Utc>, SensedChange, Option<u32>)> {
    let mut told: BTreeMap<(DateTime<Utc>, &str), u32> = BTreeMap::new();
    for sensed in history {
        let of = [("open", sensed.open), ("moving", sensed.moving), ("sensor_failed", sensed.sensor_failed)];
        let values = of.into_iter().filter_map(|(field, value)| Some((field, u32::from(value?))));
        for (field, value) in values.chain(sensed.shock_mg.map(|peak| ("shock_mg", peak))) {
            let known = told.entry((sensed.at, field)).or_default();
            *known = value.max(*known);
        }
    }
    let (mut last, mut changes) = (BTreeMap::new(), Vec::new());
    for ((at, field), value) in told {
        if field == "shock_mg" {
            changes.push((at, SensedChange::Shock, Some(value)));
        } else if last.insert(field, value).unwrap_or_default() != value {
            changes.push((at, SensedChange::of(field, Some(value == 1)).unwrap(), None));
        }
    }
    changes.reverse();
    changes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_came_first_the_pages_list_each_change_once_and_read_no_history() {
    let mut told = Told::new().await;
    let history = history();
    // Every 31st of them, then the next ones: each batch reaches back over the whole time.
    for first in 0..31 {
        let batch: Vec<Sensed> = history.iter().skip(first).step_by(31).copied().collect();
        told.hear(&batch).await;
    }
    told.hear(&history[1_000..1_100]).await;
    let all = told.changes(10_000).await;
    let listed: Vec<_> = all.iter().map(|sensing| (sensing.at, sensing.change, sensing.shock_mg)).collect();
    let expected = expected(&history);
    assert!(expected.len() > 1_000, "{}", expected.len());
    assert_eq!(listed, expected);
    for page in [1, 7, 100] {
        assert_eq!(told.changes(page).await, all, "pages of {page}");
    }
    // The migration finds the same in what was told before it.
    let migration = include_str!("../../../migrations/2026-11-29-000031_sensings/up.sql");
    let find = &migration[migration.find("insert into").unwrap()..];
    told.database.psql(&format!("delete from tracker_sensings; {find}; delete from tracker_senses")).unwrap();
    assert_eq!(told.changes(100).await, all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_instant_the_worse_counts_in_the_list_and_as_the_latest() {
    let mut told = Told::new().await;
    let open = |second, open| Sensed { open: Some(open), ..Sensed::at(at(second)) };
    let shock = |peak| Sensed { shock_mg: Some(peak), open: Some(false), ..Sensed::at(at(60)) };
    told.hear(&[open(60, true), shock(2_500), shock(900)]).await;
    let list =
        |changes: Vec<Sensing>| changes.into_iter().map(|s| (s.at, s.change, s.shock_mg)).collect::<Vec<_>>();
    let opened = (at(60), SensedChange::Opened, None);
    let expected = [(at(60), SensedChange::Shock, Some(2_500)), opened];
    for page in [1, 2] {
        assert_eq!(list(told.changes(page).await), expected, "pages of {page}");
    }
    let pooled = told.db.pooled_tracker(told.owner, DevEui(7)).await.unwrap();
    assert_eq!(pooled.sensed.unwrap().open, Some(true));
    // What comes late is between them: it was closed, and open again.
    told.hear(&[open(120, true)]).await;
    assert_eq!(list(told.changes(10).await), expected);
    told.hear(&[open(90, false)]).await;
    let late = [(at(120), SensedChange::Opened, None), (at(90), SensedChange::Closed, None)];
    assert_eq!(list(told.changes(10).await), [&late[..], &expected].concat());
}
