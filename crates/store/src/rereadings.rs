//! Trackers of which what was kept is read anew, and how far that has come.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Integer, Nullable, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::trackers::{Tracker, TrackerRow};
use crate::{Connection, StoreError};

/// A tracker that is to be read anew, as it is read now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rereading {
    pub tracker: Tracker,
    /// What was received until then is done; none at the beginning.
    pub done_until: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct RereadingRow {
    #[diesel(embed)]
    tracker: TrackerRow,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    done_until: Option<DateTime<Utc>>,
}

impl RereadingRow {
    fn rereading(self) -> Result<Rereading, StoreError> {
        Ok(Rereading { tracker: self.tracker.tracker()?, done_until: self.done_until })
    }
}

const REREADINGS: &str =
    "select t.id, t.organisation_id, t.dev_eui, t.name, t.codec, t.interval_s, t.mapping, r.done_until
     from rereadings r join trackers t on t.id = r.tracker_id";

impl Connection {
    /// From the beginning, also where it is under way.
    pub async fn begin_rereading(&mut self, tracker: &Tracker) -> Result<(), StoreError> {
        sql_query(
            "insert into rereadings (tracker_id, organisation_id) values ($1, $2)
             on conflict (tracker_id) do update set done_until = null",
        )
        .bind::<Integer, _>(tracker.id.0)
        .bind::<Integer, _>(tracker.organisation.0)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// Of all organisations.
    pub async fn rereadings(&mut self) -> Result<Vec<Rereading>, StoreError> {
        let rows: Vec<RereadingRow> =
            sql_query(format!("{REREADINGS} order by r.tracker_id")).load(&mut self.raw).await?;
        rows.into_iter().map(RereadingRow::rereading).collect()
    }

    /// Makes it this transaction's. False where it does not stand like that any more: somebody else went on with it, or
    /// the tracker was changed.
    pub async fn lock_rereading(&mut self, known: &Rereading) -> Result<bool, StoreError> {
        let rows: Vec<RereadingRow> =
            sql_query(format!("{REREADINGS} where r.tracker_id = $1 for update of r"))
                .bind::<Integer, _>(known.tracker.id.0)
                .load(&mut self.raw)
                .await?;
        let now = rows.into_iter().next().map(RereadingRow::rereading).transpose()?;
        Ok(now.as_ref() == Some(known))
    }

    /// `done_until` none: there is nothing more.
    pub async fn note_reread(
        &mut self,
        tracker: &Tracker,
        done_until: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let sql = match done_until {
            Some(_) => "update rereadings set done_until = $2 where tracker_id = $1",
            None => "delete from rereadings where tracker_id = $1 and $2 is null",
        };
        sql_query(sql)
            .bind::<Integer, _>(tracker.id.0)
            .bind::<Nullable<Timestamptz>, _>(done_until)
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }
}
