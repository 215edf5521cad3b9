//! Runbooks that organisations wrote in the place of the house's.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::{Array, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::alert::AlertKind;
use domain::runbook::Runbook;
use domain::{OrganisationId, UserId};

use crate::alerts::parse_kind;
use crate::trackers::column;
use crate::{Connection, StoreError};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRunbook {
    pub organisation: OrganisationId,
    pub kind: AlertKind,
    pub runbook: Runbook,
    pub changed_at: DateTime<Utc>,
    /// The e-mail address.
    pub changed_by: String,
}

impl Connection {
    /// The organisations' own runbooks, in no order.
    pub async fn own_runbooks(
        &mut self,
        organisations: &[OrganisationId],
    ) -> Result<Vec<OwnRunbook>, StoreError> {
        let rows: Vec<Row> = sql_query(
            "select r.organisation_id, r.kind, r.what_to_do, r.who_to_call, r.changed_at, u.email
             from runbooks r join users u on u.id = r.changed_by where r.organisation_id = any($1)",
        )
        .bind::<Array<Integer>, _>(column(organisations, |organisation| organisation.0))
        .load(&mut self.raw)
        .await?;
        rows.into_iter().map(Row::runbook).collect()
    }

    pub async fn set_runbook(
        &mut self,
        organisation: OrganisationId,
        kind: AlertKind,
        runbook: &Runbook,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sql_query(
            "insert into runbooks (organisation_id, kind, what_to_do, who_to_call, changed_at, changed_by)
             values ($1, $2, $3, $4, $5, $6) on conflict (organisation_id, kind) do update set
                 what_to_do = excluded.what_to_do, who_to_call = excluded.who_to_call,
                 changed_at = excluded.changed_at, changed_by = excluded.changed_by",
        )
        .bind::<Integer, _>(organisation.0)
        .bind::<Text, _>(kind.as_str())
        .bind::<Text, _>(runbook.what_to_do.as_ref())
        .bind::<Text, _>(runbook.who_to_call.as_ref())
        .bind::<Timestamptz, _>(now)
        .bind::<SqlUuid, _>(by.0)
        .execute(&mut self.raw)
        .await?;
        Ok(())
    }

    /// False where there was none.
    pub async fn remove_runbook(
        &mut self,
        organisation: OrganisationId,
        kind: AlertKind,
    ) -> Result<bool, StoreError> {
        let removed = sql_query("delete from runbooks where organisation_id = $1 and kind = $2")
            .bind::<Integer, _>(organisation.0)
            .bind::<Text, _>(kind.as_str())
            .execute(&mut self.raw)
            .await?;
        Ok(removed > 0)
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Integer)]
    organisation_id: i32,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    what_to_do: String,
    #[diesel(sql_type = Text)]
    who_to_call: String,
    #[diesel(sql_type = Timestamptz)]
    changed_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    email: String,
}

impl Row {
    fn runbook(self) -> Result<OwnRunbook, StoreError> {
        Ok(OwnRunbook {
            organisation: OrganisationId(self.organisation_id),
            kind: parse_kind(&self.kind)?,
            runbook: Runbook { what_to_do: self.what_to_do.into(), who_to_call: self.who_to_call.into() },
            changed_at: self.changed_at,
            changed_by: self.email,
        })
    }
}
