//! Which shipments' custody has to be looked at, and the alerts that were raised about it.
//!
//! A mark says that something came that custody's alerts depend on. Looking takes no lock that those who mark wait for: who
//! looks notes the marks that it knew of, and a mark that came meanwhile has the shipment looked at again.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::watch::StandingAlert;
use domain::{AlertId, OrganisationId, ShipmentId, TrackerId};
use uuid::Uuid;

use crate::alerts::{EpisodeRow, parse_kind, parse_severity};
use crate::statement::statement;
use crate::trackers::column;
use crate::{Connection, StoreError, TrackerPosition};

/// Positions come with every uplink: what they change is looked at together.
const TOGETHER: TimeDelta = TimeDelta::seconds(5);

/// Held by who looks, so that two processes never raise the same alert.
const WATCH_LOCK: i64 = 0x1507_3A7C;

/// A shipment that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueWatch {
    pub organisation: OrganisationId,
    pub shipment: ShipmentId,
    pub marks: i64,
}

/// A shipment that was looked at.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    pub shipment: ShipmentId,
    /// Those that were known when it was looked at.
    pub marks: i64,
    /// When time alone changes something.
    pub due_at: Option<DateTime<Utc>>,
}

/// The rows of a list of shipments, locked in one order whoever marks them.
const MARK: &str = "update watches w set marks = w.marks + 1, due_at = least(w.due_at, m.due_at)
     from marked m where w.shipment_id = m.shipment_id";

impl Connection {
    /// Has a shipment looked at from now on, and at once.
    pub async fn mark_watch(
        &mut self,
        organisation: OrganisationId,
        shipment: ShipmentId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.mark(organisation, shipment, None, now).await
    }

    /// The same after a handover at `at`: readings that come later and were measured before it can change what was known
    /// then. The caller holds the intake lock, so that no batch lies in between.
    pub async fn mark_handed_over(
        &mut self,
        organisation: OrganisationId,
        shipment: ShipmentId,
        at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.mark(organisation, shipment, Some(at), now).await
    }

    async fn mark(
        &mut self,
        organisation: OrganisationId,
        shipment: ShipmentId,
        handed_over_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        statement(
            "insert into watches (shipment_id, organisation_id, due_at, handed_over_at) values ($1, $2, $3, $4)
             on conflict (shipment_id) do update
             set marks = watches.marks + 1, due_at = least(watches.due_at, excluded.due_at),
                 handed_over_at = greatest(watches.handed_over_at, excluded.handed_over_at)",
        )
        .bind::<SqlUuid, _>(shipment.0)
        .bind::<Integer, _>(organisation.0)
        .bind::<Timestamptz, _>(now)
        .bind::<Nullable<Timestamptz>, _>(handed_over_at)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Has those shipments looked at whose trackers were somewhere (`moved`) or measured something before a handover
    /// (`earliest`: each tracker's first new reading): what these change is looked at together.
    pub async fn mark_heard(
        &mut self,
        moved: &[TrackerPosition],
        earliest: &[(TrackerId, DateTime<Utc>)],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if moved.is_empty() && earliest.is_empty() {
            return Ok(());
        }
        statement(format!(
            "with marked as (select w.shipment_id, k.due_at
                 from watches w, (select $1::timestamptz as due_at) k where w.shipment_id in (
                     select a.shipment_id from unnest($2::int[], $3::timestamptz[]) as n (tracker_id, at)
                     join assignments a on a.tracker_id = n.tracker_id
                         and n.at >= a.from_at and (a.until_at is null or n.at < a.until_at)
                     union
                     select a.shipment_id from unnest($4::int[], $5::timestamptz[]) as n (tracker_id, at)
                     join assignments a on a.tracker_id = n.tracker_id and (a.until_at is null or n.at < a.until_at)
                     join watches x on x.shipment_id = a.shipment_id and x.handed_over_at >= n.at)
                 order by w.shipment_id for no key update of w)
             {MARK}"
        ))
        .bind::<Timestamptz, _>(now + TOGETHER)
        .bind::<Array<Integer>, _>(column(moved, |p| p.tracker.0))
        .bind::<Array<Timestamptz>, _>(column(moved, |p| p.position.at))
        .bind::<Array<Integer>, _>(column(earliest, |(tracker, _)| tracker.0))
        .bind::<Array<Timestamptz>, _>(column(earliest, |(_, at)| *at))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Has all of a tenant's shipments looked at that are watched, or those alone that a partner has to do with: a place,
    /// a lane, a contract or a training has changed.
    pub async fn mark_watches_of(
        &mut self,
        tenant: OrganisationId,
        partner: Option<OrganisationId>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql_query(format!(
            "with marked as (select w.shipment_id, $1::timestamptz as due_at from watches w
                 where w.organisation_id = $2 and exists (select from shipments s
                     where s.id = w.shipment_id and s.status not in ('closed', 'cancelled'))
                     and ($3::int is null or $3 = $2 or exists (
                     select from shipment_parties p where p.shipment_id = w.shipment_id and p.organisation_id = $3))
                 order by w.shipment_id for no key update of w)
             {MARK}"
        ))
        .bind::<Timestamptz, _>(now)
        .bind::<Integer, _>(tenant.0)
        .bind::<Nullable<Integer>, _>(partner.map(|id| id.0))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Whether this transaction alone looks from now on; false: another one does.
    pub async fn try_lock_watch(&mut self) -> Result<bool, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Bool)]
            locked: bool,
        }
        let row: Row = statement("select pg_try_advisory_xact_lock($1) as locked")
            .bind::<BigInt, _>(WATCH_LOCK)
            .get_result(&mut self.raw)
            .await?;
        Ok(row.locked)
    }

    /// Those that have been due for longest, at most so many.
    pub async fn due_watches(&mut self, now: DateTime<Utc>, limit: i64) -> Result<Vec<DueWatch>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            organisation_id: i32,
            #[diesel(sql_type = SqlUuid)]
            shipment_id: Uuid,
            #[diesel(sql_type = BigInt)]
            marks: i64,
        }
        let rows: Vec<Row> = statement(
            "select organisation_id, shipment_id, marks from watches where due_at <= $1 order by due_at limit $2",
        )
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| DueWatch {
            organisation: OrganisationId(row.organisation_id),
            shipment: ShipmentId(row.shipment_id),
            marks: row.marks,
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// Notes what was looked at; what was marked meanwhile stays due.
    pub async fn note_watched(&mut self, watched: &[Watched]) -> Result<(), StoreError> {
        statement(
            "with known as (select n.* from unnest($1::uuid[], $2::bigint[], $3::timestamptz[])
                     as n (shipment_id, marks, due_at)
                 join watches w on w.shipment_id = n.shipment_id
                 order by n.shipment_id for no key update of w)
             update watches w set due_at = k.due_at
             from known k where w.shipment_id = k.shipment_id and w.marks = k.marks",
        )
        .bind::<Array<SqlUuid>, _>(column(watched, |w| w.shipment.0))
        .bind::<Array<BigInt>, _>(column(watched, |w| w.marks))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(watched, |w| w.due_at))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// The alerts about the custody of those shipments that were not withdrawn, locked until the transaction ends: nobody
    /// acknowledges one while it is judged.
    pub async fn standing_findings(
        &mut self,
        shipments: &[ShipmentId],
    ) -> Result<HashMap<ShipmentId, Vec<StandingAlert>>, StoreError> {
        let rows: Vec<StandingRow> = statement(
            "select id, shipment_id, kind, finding, severity, began_at, alarmed_at, ended_at, exposure_s, extreme,
                 coalesce(detail, '') as detail, acknowledged_at is not null as acknowledged,
                 closed_as is not null as closed
             from alerts
             where shipment_id = any($1) and finding is not null and closed_as is distinct from 'withdrawn'
             order by id for no key update",
        )
        .bind::<Array<SqlUuid>, _>(column(shipments, |id| id.0))
        .load(&mut self.raw)
        .await?;
        let mut standing: HashMap<ShipmentId, Vec<StandingAlert>> = HashMap::new();
        for row in rows {
            let Some(shipment) = row.shipment_id else { continue };
            standing.entry(ShipmentId(shipment)).or_default().push(row.alert()?);
        }
        Ok(standing)
    }

    /// The alerts about trackers that did not come back which are not closed, acknowledged or not.
    pub async fn standing_returns(
        &mut self,
    ) -> Result<Vec<(TrackerId, OrganisationId, StandingAlert)>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Integer)]
            tracker_id: i32,
            #[diesel(sql_type = Integer)]
            organisation_id: i32,
            #[diesel(embed)]
            alert: StandingRow,
        }
        let rows: Vec<Row> = sql_query(
            "select tracker_id, organisation_id, id, shipment_id, kind, finding, severity, began_at, alarmed_at, ended_at,
                 exposure_s, extreme, coalesce(detail, '') as detail, acknowledged_at is not null as acknowledged,
                 false as closed
             from alerts where kind = 'tracker_not_returned' and closed_as is null and tracker_id is not null order by id",
        )
        .load(&mut self.raw)
        .await?;
        let one = |row: Row| {
            Ok((TrackerId(row.tracker_id), OrganisationId(row.organisation_id), row.alert.alert()?))
        };
        rows.into_iter().map(one).collect()
    }
}

#[derive(QueryableByName)]
struct StandingRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    shipment_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    finding: Option<String>,
    #[diesel(sql_type = Text)]
    severity: String,
    #[diesel(embed)]
    episode: EpisodeRow,
    #[diesel(sql_type = Text)]
    detail: String,
    #[diesel(sql_type = Bool)]
    acknowledged: bool,
    #[diesel(sql_type = Bool)]
    closed: bool,
}

impl StandingRow {
    fn alert(self) -> Result<StandingAlert, StoreError> {
        let episode = self.episode.episode();
        Ok(StandingAlert {
            id: AlertId(self.id),
            kind: parse_kind(&self.kind)?,
            key: self.finding.unwrap_or_default(),
            severity: parse_severity(&self.severity)?,
            began_at: episode.began_at,
            alarmed_at: episode.alarmed_at,
            ended_at: episode.ended_at,
            detail: self.detail,
            acknowledged: self.acknowledged,
            closed: self.closed,
        })
    }
}
