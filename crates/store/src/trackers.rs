//! Trackers: what is registered, what was last heard of each, and who was heard without being registered.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::mapping::Mapping;
use domain::silence::numbers::Run;
use domain::silence::outage::{COPIES_WITHIN, MOST_GATEWAYS};
use domain::{DevEui, GatewayId, Humidity, OrganisationId, Temperature, TrackerId};

use crate::missing::{number, stored};
use crate::schema::trackers;
use crate::statement::statement;
use crate::{Connection, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracker {
    pub id: TrackerId,
    pub organisation: OrganisationId,
    pub dev_eui: DevEui,
    pub name: String,
    pub codec: String,
    /// Seconds between two uplinks as planned.
    pub interval_s: i32,
    /// What its codec reads by, where that is the network server's decoded object.
    pub mapping: Option<Mapping>,
}

/// What people say of a tracker.
#[derive(Debug, Clone, Copy)]
pub struct TrackerSettings<'a> {
    pub name: &'a str,
    pub codec: &'a str,
    pub interval_s: i32,
    pub mapping: Option<&'a Mapping>,
}

/// What one batch says of a tracker; the greatest times win, whatever arrived last.
#[derive(Debug, Clone)]
pub struct TrackerNews {
    pub tracker: TrackerId,
    pub organisation: OrganisationId,
    /// Network receive time.
    pub heard_at: DateTime<Utc>,
    /// That of the uplink with the latest reading; of a tracker that measures nothing, of any. Silence is judged by it.
    pub reported_at: Option<DateTime<Utc>>,
    pub measured_at: Option<DateTime<Utc>>,
    pub temperature: Option<Temperature>,
    pub humidity: Option<Humidity>,
    pub sequence: Option<i32>,
    /// Those that heard it then.
    pub gateways: Vec<GatewayId>,
    /// The numbers of all its readings, where they are an unbroken run.
    pub run: Option<Run>,
}

/// How the numbers of a tracker's readings stand, and when it reported last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub tracker: TrackerId,
    pub reported_at: Option<DateTime<Utc>>,
    /// The highest one that is followed.
    pub to: Option<u32>,
    pub holes: i32,
}

#[derive(Debug, Clone)]
pub struct UnknownTracker {
    pub dev_eui: DevEui,
    pub integration: String,
    pub first_heard_at: DateTime<Utc>,
    pub last_heard_at: DateTime<Utc>,
}

#[derive(Queryable, QueryableByName)]
#[diesel(table_name = trackers)]
pub(crate) struct TrackerRow {
    id: i32,
    organisation_id: i32,
    dev_eui: i64,
    name: String,
    codec: String,
    interval_s: i32,
    mapping: Option<serde_json::Value>,
}

impl TrackerRow {
    pub(crate) fn tracker(self) -> Result<Tracker, StoreError> {
        let mapping = self.mapping.map(serde_json::from_value).transpose();
        Ok(Tracker {
            id: TrackerId(self.id),
            organisation: OrganisationId(self.organisation_id),
            dev_eui: eui(self.dev_eui),
            name: self.name,
            codec: self.codec,
            interval_s: self.interval_s,
            mapping: mapping.map_err(|error| StoreError::unreadable("mapping of a tracker", error))?,
        })
    }
}

/// PostgreSQL has no unsigned integers: the same 64 bits are kept as a signed one.
pub(crate) fn eui(stored: i64) -> DevEui {
    DevEui(stored.cast_unsigned())
}

pub(crate) fn stored_eui(dev_eui: DevEui) -> i64 {
    dev_eui.0.cast_signed()
}

const TRACKER_COLUMNS: (
    trackers::id,
    trackers::organisation_id,
    trackers::dev_eui,
    trackers::name,
    trackers::codec,
    trackers::interval_s,
    trackers::mapping,
) = (
    trackers::id,
    trackers::organisation_id,
    trackers::dev_eui,
    trackers::name,
    trackers::codec,
    trackers::interval_s,
    trackers::mapping,
);

/// Of two values at one instant the warmer is the latest, then the more humid, and so on, so that order does not
/// matter. Written out for each column: a sub-select would be run for each row.
const IS_LATER: &str =
    "(coalesce(excluded.measured_at, '-infinity'), coalesce(excluded.temperature, -2147483648),
         coalesce(excluded.humidity, -1), coalesce(excluded.sequence, -1))
     > (coalesce(s.measured_at, '-infinity'), coalesce(s.temperature, -2147483648),
         coalesce(s.humidity, -1), coalesce(s.sequence, -1))";

/// It measured since its last reading that is known: what was measured before proves nothing of now.
const REPORTS: &str =
    "excluded.measured_at is null or s.measured_at is null or excluded.measured_at > s.measured_at";

/// The run continues what was received without a hole.
const GOES_ON: &str = "s.holes = 0 and excluded.followed_from <= s.followed_to + 1
                     and excluded.followed_to > s.followed_to";

/// As [`HeardBy::join`](domain::silence::outage::HeardBy::join) has it: of a later uplink the gateways count alone, of a
/// copy they count too.
fn heard_by() -> String {
    let (copies_s, most) = (COPIES_WITHIN.num_seconds(), MOST_GATEWAYS);
    format!(
        "case when excluded.heard_at - s.heard_at > interval '{copies_s} s' then excluded.gateways
             when s.heard_at - excluded.heard_at > interval '{copies_s} s' then s.gateways
             else array(select distinct g from unnest(s.gateways || excluded.gateways) as u (g)
                 order by g limit {most}) end"
    )
}

#[derive(QueryableByName)]
struct StandingRow {
    #[diesel(sql_type = Integer)]
    tracker_id: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    reported_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Integer>)]
    followed_to: Option<i32>,
    #[diesel(sql_type = Integer)]
    holes: i32,
}

impl StandingRow {
    fn standing(self) -> Result<Standing, StoreError> {
        let to = self.followed_to.map(number).transpose()?;
        Ok(Standing {
            tracker: TrackerId(self.tracker_id),
            reported_at: self.reported_at,
            to,
            holes: self.holes,
        })
    }
}

impl TrackerSettings<'_> {
    fn stored_mapping(&self) -> Result<Option<serde_json::Value>, StoreError> {
        let mapping = self.mapping.map(serde_json::to_value).transpose();
        mapping.map_err(|error| StoreError::unreadable("mapping of a tracker", error))
    }
}

impl Connection {
    /// Refused by `trackers_organisation_id_dev_eui_key` where it is registered already.
    pub async fn add_tracker(
        &mut self,
        organisation: OrganisationId,
        dev_eui: DevEui,
        settings: &TrackerSettings<'_>,
        now: DateTime<Utc>,
    ) -> Result<Tracker, StoreError> {
        let row: TrackerRow = diesel::insert_into(trackers::table)
            .values((
                trackers::organisation_id.eq(organisation.0),
                trackers::dev_eui.eq(stored_eui(dev_eui)),
                trackers::name.eq(settings.name),
                trackers::codec.eq(settings.codec),
                trackers::interval_s.eq(settings.interval_s),
                trackers::mapping.eq(settings.stored_mapping()?),
                trackers::created_at.eq(now),
            ))
            .returning(TRACKER_COLUMNS)
            .get_result(&mut self.raw)
            .await?;
        diesel::sql_query("delete from unknown_trackers where organisation_id = $1 and dev_eui = $2")
            .bind::<Integer, _>(organisation.0)
            .bind::<BigInt, _>(stored_eui(dev_eui))
            .execute(&mut self.raw)
            .await?;
        row.tracker()
    }

    /// What people say of it from now on.
    pub async fn change_tracker(
        &mut self,
        tracker: TrackerId,
        settings: &TrackerSettings<'_>,
    ) -> Result<Tracker, StoreError> {
        let row: TrackerRow = diesel::update(trackers::table.find(tracker.0))
            .set((
                trackers::name.eq(settings.name),
                trackers::codec.eq(settings.codec),
                trackers::interval_s.eq(settings.interval_s),
                trackers::mapping.eq(settings.stored_mapping()?),
            ))
            .returning(TRACKER_COLUMNS)
            .get_result(&mut self.raw)
            .await?;
        row.tracker()
    }

    pub async fn tracker(
        &mut self,
        organisation: OrganisationId,
        dev_eui: DevEui,
    ) -> Result<Tracker, StoreError> {
        let row: TrackerRow = trackers::table
            .filter(
                trackers::organisation_id.eq(organisation.0).and(trackers::dev_eui.eq(stored_eui(dev_eui))),
            )
            .select(TRACKER_COLUMNS)
            .first(&mut self.raw)
            .await?;
        row.tracker()
    }

    /// Those of the given devices that are registered.
    pub async fn trackers_of(
        &mut self,
        devices: &[(OrganisationId, DevEui)],
    ) -> Result<Vec<Tracker>, StoreError> {
        let organisations: Vec<i32> = devices.iter().map(|(organisation, _)| organisation.0).collect();
        let euis: Vec<i64> = devices.iter().map(|(_, dev_eui)| stored_eui(*dev_eui)).collect();
        let rows: Vec<TrackerRow> = statement(
            "select t.id, t.organisation_id, t.dev_eui, t.name, t.codec, t.interval_s, t.mapping
             from unnest($1::int[], $2::bigint[]) as d (organisation_id, dev_eui)
             join trackers t using (organisation_id, dev_eui)",
        )
        .bind::<Array<Integer>, _>(organisations)
        .bind::<Array<BigInt>, _>(euis)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(TrackerRow::tracker).collect()
    }

    /// Keeps others from changing what is known of a tracker until this transaction ends.
    pub async fn lock_tracker_state(&mut self, tracker: TrackerId) -> Result<(), StoreError> {
        diesel::sql_query("select from tracker_states where tracker_id = $1 for update")
            .bind::<Integer, _>(tracker.0)
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    /// Folds a batch into the latest states, and says how their numbers stand now. A run goes on from the highest number
    /// that is followed where nothing is missing, which is nearly always; otherwise that number stays, and the caller,
    /// whose the rows are until the transaction ends, sees to it. At most one element a tracker.
    pub async fn update_tracker_states(&mut self, news: &[TrackerNews]) -> Result<Vec<Standing>, StoreError> {
        let latest = |column: &str| {
            format!("{column} = case when {IS_LATER} then excluded.{column} else s.{column} end")
        };
        let columns = ["measured_at", "temperature", "humidity", "sequence"].map(latest);
        let goes_on = ["followed_to", "followed_to_at"].map(|column| {
            format!("{column} = case when {GOES_ON} then excluded.{column} else s.{column} end")
        });
        let rows: Vec<StandingRow> = statement(format!(
            "insert into tracker_states as s
                 (tracker_id, organisation_id, heard_at, reported_at, measured_at, temperature, humidity, sequence,
                 gateways, followed_from, followed_to, followed_to_at)
             select t, o, h, p, m, c, rh, n, g::int[], ff, ft, fa
             from unnest($1::int[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::int[],
                 $7::int[], $8::int[], $9::text[], $10::int[], $11::int[], $12::timestamptz[])
                 as n (t, o, h, p, m, c, rh, n, g, ff, ft, fa)
             order by 1
             on conflict (tracker_id) do update set
                 heard_at = greatest(s.heard_at, excluded.heard_at),
                 reported_at = case when {REPORTS} then greatest(s.reported_at, excluded.reported_at)
                     else s.reported_at end,
                 gateways = {}, {}, {}
             returning tracker_id, reported_at, followed_to, holes",
            heard_by(),
            goes_on.join(", "),
            columns.join(", ")
        ))
        .bind::<Array<Integer>, _>(column(news, |n| n.tracker.0))
        .bind::<Array<Integer>, _>(column(news, |n| n.organisation.0))
        .bind::<Array<Timestamptz>, _>(column(news, |n| n.heard_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(news, |n| n.reported_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(news, |n| n.measured_at))
        .bind::<Array<Nullable<Integer>>, _>(column(news, |n| n.temperature.map(|t| t.0)))
        .bind::<Array<Nullable<Integer>>, _>(column(news, |n| n.humidity.map(|h| h.0)))
        .bind::<Array<Nullable<Integer>>, _>(column(news, |n| n.sequence))
        .bind::<Array<Text>, _>(column(news, |n| array(&n.gateways)))
        .bind::<Array<Nullable<Integer>>, _>(column(news, |n| n.run.map(|run| stored(run.first))))
        .bind::<Array<Nullable<Integer>>, _>(column(news, |n| n.run.map(|run| stored(run.last))))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(news, |n| n.run.and_then(|run| run.last_at)))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(StandingRow::standing).collect()
    }

    /// Notes who was heard without being registered. At most one element a device.
    pub async fn note_unknown_trackers(
        &mut self,
        heard: &[(OrganisationId, UnknownTracker)],
    ) -> Result<(), StoreError> {
        diesel::sql_query(
            "insert into unknown_trackers as u
                 (organisation_id, dev_eui, integration_id, first_heard_at, last_heard_at)
             select * from unnest($1::int[], $2::bigint[], $3::text[], $4::timestamptz[], $5::timestamptz[])
             order by 1, 2
             on conflict (organisation_id, dev_eui) do update set
                 integration_id = excluded.integration_id,
                 first_heard_at = least(u.first_heard_at, excluded.first_heard_at),
                 last_heard_at = greatest(u.last_heard_at, excluded.last_heard_at)",
        )
        .bind::<Array<Integer>, _>(column(heard, |(organisation, _)| organisation.0))
        .bind::<Array<BigInt>, _>(column(heard, |(_, h)| stored_eui(h.dev_eui)))
        .bind::<Array<Text>, _>(column(heard, |(_, h)| h.integration.clone()))
        .bind::<Array<Timestamptz>, _>(column(heard, |(_, h)| h.first_heard_at))
        .bind::<Array<Timestamptz>, _>(column(heard, |(_, h)| h.last_heard_at))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Devices that were heard without being registered, in the order of their DevEUIs.
    pub async fn unknown_trackers(
        &mut self,
        organisation: OrganisationId,
        after: Option<DevEui>,
        limit: i64,
    ) -> Result<Vec<UnknownTracker>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            dev_eui: i64,
            #[diesel(sql_type = Text)]
            integration_id: String,
            #[diesel(sql_type = Timestamptz)]
            first_heard_at: DateTime<Utc>,
            #[diesel(sql_type = Timestamptz)]
            last_heard_at: DateTime<Utc>,
        }
        let rows: Vec<Row> = diesel::sql_query(
            "select dev_eui, integration_id, first_heard_at, last_heard_at from unknown_trackers
             where organisation_id = $1 and ($2 is null or dev_eui > $2) order by dev_eui limit $3",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Nullable<BigInt>, _>(after.map(stored_eui))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| UnknownTracker {
            dev_eui: eui(row.dev_eui),
            integration: row.integration_id,
            first_heard_at: row.first_heard_at,
            last_heard_at: row.last_heard_at,
        };
        Ok(rows.into_iter().map(one).collect())
    }
}

/// An array within an UNNEST, which cannot hold arrays of different lengths.
fn array(gateways: &[GatewayId]) -> String {
    let ids: Vec<String> = gateways.iter().map(ToString::to_string).collect();
    format!("{{{}}}", ids.join(","))
}

/// One array for one column of an UNNEST.
pub(crate) fn column<'a, T, V>(rows: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}
