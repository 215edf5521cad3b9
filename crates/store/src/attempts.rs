//! Every attempt to deliver a notification, and what the mail server said to it. Only added to.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::{AlertId, OrganisationId};
use uuid::Uuid;

use crate::{Connection, StoreError};

/// How many characters are kept of what the mail server said.
const MOST_WORDS: usize = 1000;

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server took it.
    Delivered,
    Failed {
        next_attempt_at: DateTime<Utc>,
    },
    /// It was not sent any more: what it was to say is no longer so.
    CalledOff,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed { .. } => "failed",
            Self::CalledOff => "called_off",
        }
    }
}

/// An attempt as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its place among all attempts.
    pub id: i64,
    pub at: DateTime<Utc>,
    /// The recipient's name and address.
    pub name: String,
    pub email: String,
    /// `delivered`, `failed` or `called_off`.
    pub outcome: String,
    /// The mail server's, or why it was called off.
    pub words: String,
    /// Of somebody on call: round, step and how many steps there were, from 1.
    pub step: Option<(i32, i32, i32)>,
}

impl Connection {
    /// Puts an attempt on record and the notification where it is then.
    pub async fn note_attempt(
        &mut self,
        notification: Uuid,
        outcome: Outcome,
        words: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let next = match outcome {
            Outcome::Failed { next_attempt_at } => Some(next_attempt_at),
            Outcome::Delivered | Outcome::CalledOff => None,
        };
        let words: String = words.chars().take(MOST_WORDS).collect();
        sql_query(
            "with n as (update notifications set attempts = attempts + 1, next_attempt_at = $2,
                     sent_at = case $3 when 'delivered' then $4::timestamptz end,
                     called_off_at = case $3 when 'called_off' then $4::timestamptz end,
                     last_error = case $3 when 'failed' then $5 else last_error end
                 where id = $1 returning id, organisation_id)
             insert into notification_attempts (organisation_id, notification_id, at, outcome, words)
             select organisation_id, id, $4, $3, $5 from n",
        )
        .bind::<SqlUuid, _>(notification)
        .bind::<Nullable<Timestamptz>, _>(next)
        .bind::<Text, _>(outcome.word())
        .bind::<Timestamptz, _>(now)
        .bind::<Text, _>(words)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// The attempts to tell of an alert, the earliest first.
    pub async fn attempts(
        &mut self,
        organisation: OrganisationId,
        alert: AlertId,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Attempt>, StoreError> {
        let rows: Vec<AttemptRow> = sql_query(
            "select t.id, t.at, u.name, u.email, t.outcome, t.words, n.round, n.place, n.steps
             from notification_attempts t join notifications n on n.id = t.notification_id
             join users u on u.id = n.user_id
             where n.organisation_id = $1 and n.alert_id = $2 and ($3 is null or t.id > $3)
             order by t.id limit $4",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<SqlUuid, _>(alert.0)
        .bind::<Nullable<BigInt>, _>(after)
        .bind::<BigInt, _>(limit)
        .load(&mut self.raw)
        .await?;
        Ok(rows.into_iter().map(AttemptRow::attempt).collect())
    }
}

#[derive(QueryableByName)]
struct AttemptRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = Text)]
    words: String,
    #[diesel(sql_type = Nullable<Integer>)]
    round: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    place: Option<i32>,
    #[diesel(sql_type = Nullable<Integer>)]
    steps: Option<i32>,
}

impl AttemptRow {
    fn attempt(self) -> Attempt {
        let Self { id, at, name, email, outcome, words, round, place, steps } = self;
        let step = round.zip(place).zip(steps).map(|((round, place), steps)| (round, place, steps));
        Attempt { id, at, name, email, outcome, words, step }
    }
}
