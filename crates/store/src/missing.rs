//! Missing readings: the holes between a tracker's numbers, and what the alert of a ride says of them.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::silence::missing::{LiveMissing, Missing, Span};
use domain::silence::numbers::{Followed, Hole};
use domain::{AlertId, AssignmentId, OrganisationId, ShipmentId, TrackerId};
use uuid::Uuid;

use crate::statement::statement;
use crate::trackers::column;
use crate::{Connection, StoreError};

/// How far the numbers of a tracker's readings are followed.
#[derive(Debug, Clone, Copy)]
pub struct FollowedTracker {
    pub tracker: TrackerId,
    pub followed: Option<Followed>,
    pub holes: i32,
}

/// A hole that may be overdue.
#[derive(Debug, Clone, Copy)]
pub struct WaitingHole {
    pub tracker: TrackerId,
    pub interval_s: i32,
    pub first: i32,
    pub known_at: DateTime<Utc>,
}

/// A ride that may miss readings, and the alert that tells so.
#[derive(Debug, Clone)]
pub struct MissingRide {
    pub organisation: OrganisationId,
    pub tracker: TrackerId,
    pub shipment: ShipmentId,
    pub shipment_reference: String,
    pub span: Span,
    /// The lowest of the tracker's numbers that is followed.
    pub followed_from: u32,
    pub alert: Option<LiveMissing>,
}

impl Connection {
    pub async fn followed(&mut self, trackers: &[TrackerId]) -> Result<Vec<FollowedTracker>, StoreError> {
        let rows: Vec<FollowedRow> = statement(
            "select tracker_id, followed_from, followed_to, followed_to_at, holes
             from tracker_states where tracker_id = any($1) order by tracker_id",
        )
        .bind::<Array<Integer>, _>(column(trackers, |tracker| tracker.0))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(FollowedRow::tracker).collect()
    }

    pub async fn set_followed(&mut self, trackers: &[FollowedTracker]) -> Result<(), StoreError> {
        statement(
            "update tracker_states s set followed_from = n.f, followed_to = n.t, followed_to_at = n.a, holes = n.holes
             from unnest($1::int[], $2::int[], $3::int[], $4::timestamptz[], $5::int[])
                 as n (tracker_id, f, t, a, holes)
             where s.tracker_id = n.tracker_id",
        )
        .bind::<Array<Integer>, _>(column(trackers, |t| t.tracker.0))
        .bind::<Array<Nullable<Integer>>, _>(column(trackers, |t| t.followed.map(|f| stored(f.from))))
        .bind::<Array<Nullable<Integer>>, _>(column(trackers, |t| t.followed.map(|f| stored(f.to))))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(trackers, |t| t.followed.and_then(|f| f.to_at)))
        .bind::<Array<Integer>, _>(column(trackers, |t| t.holes))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// The holes of the given trackers, in the order of their numbers.
    pub async fn holes_of(&mut self, trackers: &[TrackerId]) -> Result<Vec<(TrackerId, Hole)>, StoreError> {
        if trackers.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<HoleRow> = statement(
            "select tracker_id, first_number, last_number, before_at, after_at, known_at, overdue
             from missing_readings where tracker_id = any($1) order by tracker_id, first_number",
        )
        .bind::<Array<Integer>, _>(column(trackers, |tracker| tracker.0))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(HoleRow::hole).collect()
    }

    /// Puts `holes` in the place of all those that the given trackers had.
    pub async fn replace_holes(
        &mut self,
        trackers: &[TrackerId],
        holes: &[(TrackerId, OrganisationId, Hole)],
    ) -> Result<(), StoreError> {
        if trackers.is_empty() {
            return Ok(());
        }
        statement("delete from missing_readings where tracker_id = any($1)")
            .bind::<Array<Integer>, _>(column(trackers, |tracker| tracker.0))
            .execute(&mut self.raw)
            .await?;
        if holes.is_empty() {
            return Ok(());
        }
        statement(
            "insert into missing_readings (tracker_id, organisation_id, first_number, last_number, before_at, after_at,
                 known_at, overdue)
             select * from unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::timestamptz[], $6::timestamptz[],
                 $7::timestamptz[], $8::boolean[])",
        )
        .bind::<Array<Integer>, _>(column(holes, |(tracker, _, _)| tracker.0))
        .bind::<Array<Integer>, _>(column(holes, |(_, organisation, _)| organisation.0))
        .bind::<Array<Integer>, _>(column(holes, |(_, _, hole)| stored(hole.first)))
        .bind::<Array<Integer>, _>(column(holes, |(_, _, hole)| stored(hole.last)))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(holes, |(_, _, hole)| hole.before_at))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(holes, |(_, _, hole)| hole.after_at))
        .bind::<Array<Timestamptz>, _>(column(holes, |(_, _, hole)| hole.known_at))
        .bind::<Array<Bool>, _>(column(holes, |(_, _, hole)| hole.overdue))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Forgets how far the tracker's numbers were followed, what was missing between them, and what was said to it about
    /// them. The numbers of downlinks go on: what obeys them is the same device, or one that has obeyed none.
    pub async fn forget_numbers(&mut self, tracker: TrackerId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let forgotten = FollowedTracker { tracker, followed: None, holes: 0 };
        self.set_followed(&[forgotten]).await?;
        self.replace_holes(&[tracker], &[]).await?;
        sql_query(
            "update spoken_trackers set acknowledged = null, acknowledged_at = $2, oldest = null, clock = null
             where tracker_id = $1",
        )
        .bind::<Integer, _>(tracker.0)
        .bind::<Timestamptz, _>(now)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Holes that have been waited for during five intervals at least, both since they are known and since
    /// `listening_since`, after the given one of a tracker. Whether they are overdue is the domain's to say.
    pub async fn waiting_holes(
        &mut self,
        now: DateTime<Utc>,
        listening_since: DateTime<Utc>,
        after: Option<(TrackerId, i32)>,
        limit: i64,
    ) -> Result<Vec<WaitingHole>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            tracker_id: i32,
            #[diesel(sql_type = Integer)]
            interval_s: i32,
            #[diesel(sql_type = Integer)]
            first_number: i32,
            #[diesel(sql_type = Timestamptz)]
            known_at: DateTime<Utc>,
        }
        let (tracker, first) = after.map(|(tracker, first)| (tracker.0, first)).unzip();
        let rows: Vec<Row> = sql_query(
            "select m.tracker_id, t.interval_s, m.first_number, m.known_at
             from missing_readings m join trackers t on t.id = m.tracker_id
             where not m.overdue and greatest(m.known_at, $2) <= $1 - make_interval(secs => 5 * t.interval_s)
                 and ($3 is null or (m.tracker_id, m.first_number) > ($3, $4))
             order by m.tracker_id, m.first_number limit $5",
        )
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(listening_since)
        .bind::<Nullable<Integer>, _>(tracker)
        .bind::<Nullable<Integer>, _>(first)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| WaitingHole {
            tracker: TrackerId(row.tracker_id),
            interval_s: row.interval_s,
            first: row.first_number,
            known_at: row.known_at,
        };
        Ok(rows.into_iter().map(one).collect())
    }

    pub async fn mark_overdue(&mut self, holes: &[WaitingHole]) -> Result<(), StoreError> {
        sql_query(
            "update missing_readings m set overdue = true from unnest($1::int[], $2::int[]) as n (tracker_id, first)
             where m.tracker_id = n.tracker_id and m.first_number = n.first",
        )
        .bind::<Array<Integer>, _>(column(holes, |hole| hole.tracker.0))
        .bind::<Array<Integer>, _>(column(holes, |hole| hole.first))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// The rides of each tracker that last beyond an instant, and those of which an alert says that readings are
    /// missing.
    pub async fn rides_missing(
        &mut self,
        trackers: &[(TrackerId, Option<DateTime<Utc>>)],
    ) -> Result<Vec<MissingRide>, StoreError> {
        let rows: Vec<MissingRow> = statement(
            "select a.organisation_id, a.tracker_id, a.shipment_id, s.reference, a.id, a.from_at, a.until_at,
                 coalesce(l.followed_from, 0) as followed_from, al.id as alert_id, r.first_number, r.last_number, r.readings,
                 al.began_at, al.ended_at
             from unnest($1::int[], $2::timestamptz[]) as n (tracker_id, earliest)
             join assignments a on a.tracker_id = n.tracker_id
             join shipments s on s.id = a.shipment_id
             left join tracker_states l on l.tracker_id = a.tracker_id
             left join (alerts al join alert_readings r on r.alert_id = al.id)
                 on al.assignment_id = a.id and al.kind = 'readings_missing' and al.closed_as is null
             where al.id is not null
                 or (s.status <> 'closed' and n.earliest < coalesce(a.until_at, 'infinity'))
             order by a.id",
        )
        .bind::<Array<Integer>, _>(column(trackers, |(tracker, _)| tracker.0))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(trackers, |(_, earliest)| *earliest))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(MissingRow::ride).collect()
    }

    /// Says what is missing by the given alerts.
    pub async fn set_missing(
        &mut self,
        missing: &[(OrganisationId, AlertId, Missing)],
    ) -> Result<(), StoreError> {
        if missing.is_empty() {
            return Ok(());
        }
        sql_query(
            "insert into alert_readings (organisation_id, alert_id, first_number, last_number, readings)
             select * from unnest($1::int[], $2::uuid[], $3::int[], $4::int[], $5::int[])
             on conflict (alert_id) do update set first_number = excluded.first_number,
                 last_number = excluded.last_number, readings = excluded.readings",
        )
        .bind::<Array<Integer>, _>(column(missing, |(organisation, _, _)| organisation.0))
        .bind::<Array<SqlUuid>, _>(column(missing, |(_, alert, _)| alert.0))
        .bind::<Array<Integer>, _>(column(missing, |(_, _, m)| stored(m.first)))
        .bind::<Array<Integer>, _>(column(missing, |(_, _, m)| stored(m.last)))
        .bind::<Array<Integer>, _>(column(missing, |(_, _, m)| stored(m.readings)))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }
}

/// The wire's numbers have 24 bits.
pub(crate) fn stored(number: u32) -> i32 {
    number.cast_signed()
}

pub(crate) fn number(stored: i32) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|error| StoreError::unreadable("number of a reading", error))
}

#[derive(QueryableByName)]
struct FollowedRow {
    #[diesel(sql_type = Integer)]
    tracker_id: i32,
    #[diesel(sql_type = Nullable<Integer>)]
    followed_from: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    followed_to: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    followed_to_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Integer)]
    holes: i32,
}

impl FollowedRow {
    fn tracker(self) -> Result<FollowedTracker, StoreError> {
        let followed = match self.followed_from.zip(self.followed_to) {
            Some((from, to)) => {
                Some(Followed { from: number(from)?, to: number(to)?, to_at: self.followed_to_at })
            }
            None => None,
        };
        Ok(FollowedTracker { tracker: TrackerId(self.tracker_id), followed, holes: self.holes })
    }
}

#[derive(QueryableByName)]
struct HoleRow {
    #[diesel(sql_type = Integer)]
    tracker_id: i32,
    #[diesel(sql_type = Integer)]
    first_number: i32,
    #[diesel(sql_type = Integer)]
    last_number: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    before_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    after_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    known_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    overdue: bool,
}

impl HoleRow {
    fn hole(self) -> Result<(TrackerId, Hole), StoreError> {
        let hole = Hole {
            first: number(self.first_number)?,
            last: number(self.last_number)?,
            before_at: self.before_at,
            after_at: self.after_at,
            known_at: self.known_at,
            overdue: self.overdue,
        };
        Ok((TrackerId(self.tracker_id), hole))
    }
}

#[derive(QueryableByName)]
struct MissingRow {
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = Integer)]
    tracker_id: i32,
    #[diesel(sql_type = SqlUuid)]
    shipment_id: Uuid,
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    from_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    until_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Integer)]
    followed_from: i32,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    alert_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Integer>)]
    first_number: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    last_number: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    readings: Option<i32>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    began_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ended_at: Option<DateTime<Utc>>,
}

impl MissingRow {
    fn ride(self) -> Result<MissingRide, StoreError> {
        let ride = AssignmentId(self.id);
        let alert = match (self.alert_id, self.first_number, self.last_number, self.readings, self.began_at) {
            (Some(alert), Some(first), Some(last), Some(readings), Some(from)) => {
                let (first, last, readings) = (number(first)?, number(last)?, number(readings)?);
                let missing = Missing { first, last, readings, from, to: self.ended_at };
                Some(LiveMissing { alert: AlertId(alert), ride, missing })
            }
            _ => None,
        };
        Ok(MissingRide {
            organisation: OrganisationId(self.organisation_id),
            tracker: TrackerId(self.tracker_id),
            shipment: ShipmentId(self.shipment_id),
            shipment_reference: self.reference,
            span: Span { ride, from: self.from_at, until: self.until_at },
            followed_from: number(self.followed_from)?,
            alert,
        })
    }
}
