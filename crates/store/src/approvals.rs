//! Approvals: quality's signatures on versions of profiles. One a version, and never changed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{OrganisationId, ProfileId, UserId};
use uuid::Uuid;

use crate::schema::profile_approvals;
use crate::trackers::column;
use crate::{Connection, StoreError};

/// A signature as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The signer's e-mail address when he signed.
    pub printed_name: String,
    pub at: DateTime<Utc>,
    pub meaning: String,
}

impl Connection {
    /// Refused by `profile_approvals_pkey` where the version is approved already. The profile must be the
    /// organisation's.
    pub async fn add_approval(
        &mut self,
        organisation: OrganisationId,
        profile: ProfileId,
        by: UserId,
        approval: &Approval,
    ) -> Result<(), StoreError> {
        diesel::insert_into(profile_approvals::table)
            .values((
                profile_approvals::profile_id.eq(profile.0),
                profile_approvals::organisation_id.eq(organisation.0),
                profile_approvals::approved_by.eq(by.0),
                profile_approvals::printed_name.eq(&approval.printed_name),
                profile_approvals::meaning.eq(&approval.meaning),
                profile_approvals::approved_at.eq(approval.at),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }

    /// Those of the given versions that are approved; whose they are the caller knows.
    pub async fn approvals(
        &mut self,
        profiles: &[ProfileId],
    ) -> Result<HashMap<ProfileId, Approval>, StoreError> {
        let rows: Vec<(Uuid, String, DateTime<Utc>, String)> = profile_approvals::table
            .filter(profile_approvals::profile_id.eq_any(column(profiles, |id| id.0)))
            .select((
                profile_approvals::profile_id,
                profile_approvals::printed_name,
                profile_approvals::approved_at,
                profile_approvals::meaning,
            ))
            .load(&mut self.raw)
            .await?;
        let approval =
            |(id, printed_name, at, meaning)| (ProfileId(id), Approval { printed_name, at, meaning });
        Ok(rows.into_iter().map(approval).collect())
    }
}
