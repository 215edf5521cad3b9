//! What trackers' logs hold beside readings.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::downlink::Entries;
use domain::tracker_log::Noted;
use domain::{OrganisationId, TrackerId};

use crate::missing::{number, stored};
use crate::trackers::column;
use crate::{Connection, StoreError};

/// An entry of a tracker's log that is no reading.
#[derive(Debug, Clone, Copy)]
pub struct LogEntry {
    pub organisation: OrganisationId,
    pub tracker: TrackerId,
    pub number: u32,
    /// `None`: the tracker did not know the time, or one that cannot be.
    pub at: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    pub noted: Noted,
}

impl LogEntry {
    fn event(&self) -> Option<(&'static str, i32)> {
        match self.noted {
            Noted::Event { kind, value } => Some((kind.as_str(), value.into())),
            Noted::Lost(_) => None,
        }
    }

    fn lost(&self) -> Option<Entries> {
        match self.noted {
            Noted::Event { .. } => None,
            Noted::Lost(entries) => Some(entries),
        }
    }
}

impl Connection {
    /// An entry that is there already stays as it is.
    pub async fn add_log_entries(&mut self, entries: &[LogEntry]) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        sql_query(
            "insert into tracker_log (organisation_id, tracker_id, number, at, received_at, kind, value, lost_first,
                 lost_last)
             select * from unnest($1::int[], $2::int[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::text[],
                 $7::int[], $8::int[], $9::int[]) order by 2, 3
             on conflict do nothing",
        )
        .bind::<Array<Integer>, _>(column(entries, |e| e.organisation.0))
        .bind::<Array<Integer>, _>(column(entries, |e| e.tracker.0))
        .bind::<Array<Integer>, _>(column(entries, |e| stored(e.number)))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(entries, |e| e.at))
        .bind::<Array<Timestamptz>, _>(column(entries, |e| e.received_at))
        .bind::<Array<Nullable<Text>>, _>(column(entries, |e| e.event().map(|(kind, _)| kind)))
        .bind::<Array<Nullable<Integer>>, _>(column(entries, |e| e.event().map(|(_, value)| value)))
        .bind::<Array<Nullable<Integer>>, _>(column(entries, |e| e.lost().map(|lost| stored(lost.first))))
        .bind::<Array<Nullable<Integer>>, _>(column(entries, |e| e.lost().map(|lost| stored(lost.last))))
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// The latest first; of an alarm about the temperature while the tracker rode, whether the service has an alert of that
    /// kind at that time.
    pub async fn log_entries(
        &mut self,
        organisation: OrganisationId,
        tracker: TrackerId,
        before: Option<u32>,
        limit: i64,
    ) -> Result<Vec<(LogEntry, Option<bool>)>, StoreError> {
        let rows: Vec<JudgedRow> = sql_query(
            "select l.organisation_id, l.tracker_id, l.number, l.at, l.received_at, l.kind, l.value, l.lost_first,
                 l.lost_last, (
                     select bool_or(exists (select from alerts al where al.assignment_id = a.id
                         and al.kind = case l.kind when 'alarm_high' then 'temperature_high'
                             when 'alarm_low' then 'temperature_low' end
                         and al.closed_as is distinct from 'withdrawn'
                         and al.began_at <= l.at and coalesce(al.ended_at, 'infinity') >= l.at))
                     from assignments a where a.tracker_id = l.tracker_id and a.from_at <= l.at
                         and l.at < coalesce(a.until_at, 'infinity') and l.kind in ('alarm_high', 'alarm_low')) as agrees
             from tracker_log l where l.organisation_id = $1 and l.tracker_id = $2 and ($3 is null or l.number < $3)
             order by l.number desc limit $4",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Integer, _>(tracker.0)
        .bind::<Nullable<Integer>, _>(before.map(stored))
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(|row| Ok((row.entry.entry()?, row.agrees))).collect()
    }

    /// What a tracker said that it lost, of numbers from `from` on.
    pub async fn lost_of(&mut self, tracker: TrackerId, from: u32) -> Result<Vec<Entries>, StoreError> {
        let rows: Vec<LogRow> = sql_query(
            "select organisation_id, tracker_id, number, at, received_at, kind, value, lost_first, lost_last
             from tracker_log where tracker_id = $1 and lost_last >= $2 order by lost_first",
        )
        .bind::<Integer, _>(tracker.0)
        .bind::<Integer, _>(stored(from))
        .load(&mut self.raw)
        .await?;
        let lost = rows.into_iter().map(|row| Ok(row.entry()?.lost()));
        Ok(lost.collect::<Result<Vec<_>, StoreError>>()?.into_iter().flatten().collect())
    }
}

#[derive(QueryableByName)]
struct LogRow {
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = Integer)]
    tracker_id: i32,
    #[diesel(sql_type = Integer)]
    number: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Timestamptz)]
    received_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    value: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    lost_first: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    lost_last: Option<i32>,
}

#[derive(QueryableByName)]
struct JudgedRow {
    #[diesel(embed)]
    entry: LogRow,
    #[diesel(sql_type = Nullable<Bool>)]
    agrees: Option<bool>,
}

impl LogRow {
    fn entry(self) -> Result<LogEntry, StoreError> {
        let unreadable = |what: &str| StoreError::unreadable("entry of a log", what);
        let noted = match (self.kind, self.value, self.lost_first, self.lost_last) {
            (Some(kind), Some(value), _, _) => Noted::Event {
                kind: kind.parse().map_err(|error| StoreError::unreadable("event of a tracker", error))?,
                value: value.try_into().map_err(|_| unreadable("value"))?,
            },
            (_, _, Some(first), Some(last)) => {
                Noted::Lost(Entries { first: number(first)?, last: number(last)? })
            }
            _ => return Err(unreadable("neither an event nor a loss")),
        };
        Ok(LogEntry {
            organisation: OrganisationId(self.organisation_id),
            tracker: TrackerId(self.tracker_id),
            number: number(self.number)?,
            at: self.at,
            received_at: self.received_at,
            noted,
        })
    }
}
