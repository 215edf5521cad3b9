//! What a downlink is planned from: trackers to whom there may be something to say, and what is known of each.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::downlink::plan::{ACKNOWLEDGED_EVERY, COPIES, MANY};
use domain::downlink::{Asked, ClockRequest, Command, Entries, Span};
use domain::{OrganisationId, TrackerId};
use serde::de::DeserializeOwned;

use crate::downlinks::NetworkAddress;
use crate::missing::{number, stored};
use crate::{Connection, StoreError};

/// How far downlinks are looked back at: whoever was asked before that is asked anew.
const LOOKED_BACK: TimeDelta = TimeDelta::days(7);

/// A tracker to whom there may be something to say.
#[derive(Debug, Clone)]
pub struct SpokenTracker {
    pub tracker: TrackerId,
    pub organisation: OrganisationId,
    pub codec: String,
    pub interval_s: i32,
    /// Which brought its latest uplink.
    pub integration: String,
    pub address: NetworkAddress,
}

/// A number for each of several trackers.
type Numbers = BTreeMap<TrackerId, (OrganisationId, u32)>;

/// What was said to a tracker, and what it asked.
#[derive(Debug, Clone)]
pub struct Spoken {
    pub acknowledged: Option<u32>,
    pub acknowledged_at: DateTime<Utc>,
    /// The oldest entry that its log held when it last said so.
    pub oldest: Option<u32>,
    pub asked: Vec<Asked<Entries>>,
    /// What of a log was asked for by time, and may have come.
    pub read: Vec<Asked<Span>>,
    /// When downlinks were handed over.
    pub sent: Vec<DateTime<Utc>>,
    pub clock: Option<ClockRequest>,
}

impl Connection {
    /// Begins to speak to trackers that are followed since, and to those that were heard and have one of the codecs `with_log`.
    pub async fn note_spoken_trackers(
        &mut self,
        with_log: &[&str],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql_query(
            "insert into spoken_trackers (tracker_id, organisation_id, acknowledged_at, paused_until)
             select s.tracker_id, s.organisation_id, $1, '-infinity' from tracker_states s
             where (s.followed_to is not null
                     or exists (select from trackers t where t.id = s.tracker_id and t.codec = any($2)))
                 and not exists (select from spoken_trackers k where k.tracker_id = s.tracker_id)
             on conflict do nothing",
        )
        .bind::<Timestamptz, _>(now)
        .bind::<Array<Text>, _>(with_log)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Keeps the latest question of each tracker how far its clock is off, until one about it was answered.
    pub async fn note_clock_requests(
        &mut self,
        asked: &HashMap<TrackerId, (OrganisationId, ClockRequest)>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if asked.is_empty() {
            return Ok(());
        }
        let asked: BTreeMap<_, _> = asked.iter().collect();
        let clocks =
            asked.values().map(|(_, request)| serde_json::to_value(request)).collect::<Result<_, _>>();
        let clocks: Vec<serde_json::Value> =
            clocks.map_err(|error| StoreError::unreadable("clock", error))?;
        sql_query(
            "insert into spoken_trackers as k (tracker_id, organisation_id, acknowledged_at, paused_until, clock)
             select t, o, $4, '-infinity', c from unnest($1::int[], $2::int[], $3::jsonb[]) as n (t, o, c) order by 1
             on conflict (tracker_id) do update set clock = excluded.clock
                 where k.clock is null or (k.clock ->> 'received_at')::timestamptz
                     < (excluded.clock ->> 'received_at')::timestamptz",
        )
        .bind::<Array<Integer>, _>(asked.keys().map(|tracker| tracker.0).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(asked.values().map(|(organisation, _)| organisation.0).collect::<Vec<_>>())
        .bind::<Array<Jsonb>, _>(clocks)
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Keeps the oldest entry that each tracker's log holds.
    pub async fn note_oldest(&mut self, oldest: &Numbers, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.raise_numbers("oldest", oldest, now).await
    }

    /// Keeps that each tracker obeyed the downlink of that number: the next ones have higher ones, also where this database
    /// has forgotten that it gave it.
    pub async fn note_obeyed(&mut self, obeyed: &Numbers, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.raise_numbers("last_number", obeyed, now).await
    }

    async fn raise_numbers(
        &mut self,
        which: &'static str,
        numbers: &Numbers,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if numbers.is_empty() {
            return Ok(());
        }
        sql_query(format!(
            "insert into spoken_trackers as k (tracker_id, organisation_id, acknowledged_at, paused_until, {which})
             select t, o, $4, '-infinity', n from unnest($1::int[], $2::int[], $3::int[]) as n (t, o, n)
             on conflict (tracker_id) do update set {which} = greatest(k.{which}, excluded.{which})"
        ))
        .bind::<Array<Integer>, _>(numbers.keys().map(|tracker| tracker.0).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(numbers.values().map(|(organisation, _)| organisation.0).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(numbers.values().map(|(_, number)| stored(*number)).collect::<Vec<_>>())
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Trackers after the given one to whom something may have to be said: they ask, miss something, have something that is
    /// held and not acknowledged, or ride, or did within a week, and have one of the codecs `with_log`. None to whom something is on its way, and those alone whose latest uplink came by one
    /// of the integrations. Whether it is worth a downlink is the domain's to say.
    pub async fn trackers_to_speak_to(
        &mut self,
        (integrations, with_log): (&[String], &[&str]),
        now: DateTime<Utc>,
        after: Option<TrackerId>,
        limit: i64,
    ) -> Result<Vec<SpokenTracker>, StoreError> {
        let rows: Vec<ReachedRow> = sql_query(format!(
            "{REACHED} join spoken_trackers k on k.tracker_id = t.id
             where k.paused_until <= $1 and k.tracker_id > $2
                 and (k.clock is not null
                     or (t.codec = any($8) and exists (select from assignments a where a.tracker_id = t.id
                         and a.from_at <= $1 and (a.until_at is null or a.until_at > $1 - interval '7 days')))
                     or (s.holes > 0 and exists (select from missing_readings m where m.tracker_id = k.tracker_id
                         and m.known_at <= $1 - make_interval(secs => $7 * t.interval_s)))
                     or (s.followed_to > coalesce(k.acknowledged, -1) and (k.acknowledged_at <= $5
                         or s.followed_to - coalesce(k.acknowledged, s.followed_from) >= $6)))
                 and not exists (select from downlinks d where d.tracker_id = k.tracker_id and d.ended_at is null)
                 and u.integration_id = any($3)
             order by k.tracker_id limit $4"
        ))
        .bind::<Timestamptz, _>(now)
        .bind::<Integer, _>(after.map_or(i32::MIN, |tracker| tracker.0))
        .bind::<Array<Text>, _>(integrations)
        .bind::<BigInt, _>(limit)
        .bind::<Timestamptz, _>(now - ACKNOWLEDGED_EVERY)
        .bind::<Integer, _>(stored(MANY))
        .bind::<Integer, _>(COPIES)
        .bind::<Array<Text>, _>(with_log)
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(ReachedRow::spoken).collect())
    }

    /// By whom a tracker can be spoken to, from now on; `None`: nobody has heard it.
    pub async fn speak_to(
        &mut self,
        tracker: TrackerId,
        now: DateTime<Utc>,
    ) -> Result<Option<SpokenTracker>, StoreError> {
        let rows: Vec<ReachedRow> = sql_query(format!(
            "with spoken as (
                 insert into spoken_trackers (tracker_id, organisation_id, acknowledged_at, paused_until)
                 select tracker_id, organisation_id, $2, '-infinity' from tracker_states where tracker_id = $1
                 on conflict do nothing)
             {REACHED} where t.id = $1"
        ))
        .bind::<Integer, _>(tracker.0)
        .bind::<Timestamptz, _>(now)
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().next().map(ReachedRow::spoken))
    }

    /// Whether a downlink is on its way to the tracker.
    pub async fn is_spoken_to(&mut self, tracker: TrackerId) -> Result<bool, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Bool)]
            is_open: bool,
        }
        let sql =
            "select exists (select from downlinks where tracker_id = $1 and ended_at is null) as is_open";
        let row: Row = sql_query(sql).bind::<Integer, _>(tracker.0).get_result(&mut self.raw).await?;
        Ok(row.is_open)
    }

    /// What was said to the tracker, which is this transaction's until it ends.
    pub async fn lock_spoken(
        &mut self,
        tracker: TrackerId,
        now: DateTime<Utc>,
    ) -> Result<Spoken, StoreError> {
        let row: SpokenRow = sql_query(
            "select acknowledged, acknowledged_at, oldest, clock from spoken_trackers where tracker_id = $1 for update",
        )
        .bind::<Integer, _>(tracker.0)
        .get_result(&mut self.raw)
        .await?;
        let told: Vec<ToldRow> = sql_query(
            "select handed_over_at, ended_at, state, commands from downlinks
             where tracker_id = $1 and handed_over_at > $2 order by handed_over_at",
        )
        .bind::<Integer, _>(tracker.0)
        .bind::<Timestamptz, _>(now - LOOKED_BACK)
        .load(&mut self.raw)
        .await?;
        let (mut asked, mut read_log) = (Vec::new(), Vec::new());
        for told in &told {
            let has_come = told.state == "acknowledged";
            let may_have_come = has_come || told.state == "unanswered";
            let at = told.ended_at.unwrap_or(told.handed_over_at);
            for command in read::<Vec<Command>>(told.commands.clone())? {
                match command {
                    Command::Resend(what) if has_come => asked.push(Asked { what, at }),
                    Command::ReadLog(what) if may_have_come => read_log.push(Asked { what, at }),
                    _ => {}
                }
            }
        }
        Ok(Spoken {
            acknowledged: row.acknowledged.map(number).transpose()?,
            acknowledged_at: row.acknowledged_at,
            oldest: row.oldest.map(number).transpose()?,
            asked,
            read: read_log,
            sent: told.iter().map(|told| told.handed_over_at).collect(),
            clock: row.clock.map(read).transpose()?,
        })
    }

    /// The number of the next downlink; `None`: the tracker's numbers are used up.
    pub async fn take_downlink_number(&mut self, tracker: TrackerId) -> Result<Option<u32>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            last_number: i32,
        }
        let rows: Vec<Row> = sql_query(
            "update spoken_trackers set last_number = last_number + 1
             where tracker_id = $1 and last_number < 16777215 returning last_number",
        )
        .bind::<Integer, _>(tracker.0)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().next().map(|row| number(row.last_number)).transpose()
    }

    /// Nothing is planned for the tracker until then.
    pub async fn pause_speaking(
        &mut self,
        tracker: TrackerId,
        until: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql_query("update spoken_trackers set paused_until = $2 where tracker_id = $1")
            .bind::<Integer, _>(tracker.0)
            .bind::<Timestamptz, _>(until)
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }
}

fn read<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|error| StoreError::unreadable("downlink", error))
}

/// Trackers with the integration that brought the latest uplink of each; none that nobody has heard.
const REACHED: &str =
    "select t.id, t.organisation_id, t.codec, t.interval_s, u.integration_id, u.application, u.device
     from trackers t
     join tracker_states s on s.tracker_id = t.id
     cross join lateral (select integration_id, application, device from uplinks u
         where u.dev_eui = t.dev_eui and u.organisation_id = t.organisation_id and u.received_at >= s.heard_at
         order by received_at desc limit 1) u";

#[derive(QueryableByName)]
struct ReachedRow {
    #[diesel(sql_type = Integer)]
    id: i32,
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = Text)]
    codec: String,
    #[diesel(sql_type = Integer)]
    interval_s: i32,
    #[diesel(sql_type = Text)]
    integration_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    application: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    device: Option<String>,
}

impl ReachedRow {
    fn spoken(self) -> SpokenTracker {
        SpokenTracker {
            tracker: TrackerId(self.id),
            organisation: OrganisationId(self.organisation_id),
            codec: self.codec,
            interval_s: self.interval_s,
            integration: self.integration_id,
            address: NetworkAddress { application: self.application, device: self.device },
        }
    }
}

#[derive(QueryableByName)]
struct SpokenRow {
    #[diesel(sql_type = Nullable<Integer>)]
    acknowledged: Option<i32>,
    #[diesel(sql_type = Timestamptz)]
    acknowledged_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Integer>)]
    oldest: Option<i32>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    clock: Option<serde_json::Value>,
}

#[derive(QueryableByName)]
struct ToldRow {
    #[diesel(sql_type = Timestamptz)]
    handed_over_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ended_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Jsonb)]
    commands: serde_json::Value,
}
