//! The organisations of a tenant's circle: itself and its partners.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};
use diesel_async::RunQueryDsl;
use domain::OrganisationId;
use domain::access::Sight;
use domain::gs1::{Gln, SsccSeries};
use domain::qualification::OrganisationKind;

use crate::schema::organisations;
use crate::statement::statement;
use crate::{Connection, StoreError};

/// Any number that all Isotherm programs agree on: one tenant at a time takes a series of SSCCs.
const SERIES_LOCK: i64 = 0x1507_4E15;

/// What is said of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerText {
    pub kind: OrganisationKind,
    pub name: String,
    pub gln: Option<Gln>,
    /// From which a tenant numbers its boxes; partners have none.
    pub series: Option<SsccSeries>,
}

/// The tenant, or one of its partners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    pub id: OrganisationId,
    pub is_tenant: bool,
    pub text: PartnerText,
    pub created_at: DateTime<Utc>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = organisations)]
struct Row {
    id: i32,
    host_id: Option<i32>,
    kind: String,
    name: String,
    gln: Option<String>,
    created_at: DateTime<Utc>,
    company_prefix: Option<String>,
    extension_digit: Option<i32>,
}

impl TryFrom<Row> for Partner {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let Row { id, host_id, kind, name, gln, created_at, company_prefix, extension_digit } = row;
        let kind = kind.parse().map_err(|error| StoreError::unreadable("kind of organisation", error))?;
        let gln = gln.map(|gln| gln.parse().map_err(|error| StoreError::unreadable("GLN", error)));
        let series = company_prefix.zip(extension_digit).map(|(prefix, digit)| read_series(&prefix, digit));
        let text = PartnerText { kind, name, gln: gln.transpose()?, series: series.transpose()? };
        Ok(Self { id: OrganisationId(id), is_tenant: host_id.is_none(), text, created_at })
    }
}

fn read_series(prefix: &str, digit: i32) -> Result<SsccSeries, StoreError> {
    let unreadable = |error: &dyn ToString| StoreError::unreadable("SSCC series", error.to_string());
    let prefix = prefix.parse().map_err(|error| unreadable(&error))?;
    let digit = u8::try_from(digit).map_err(|error| unreadable(&error))?;
    SsccSeries::new(prefix, digit).map_err(|error| unreadable(&error))
}

/// Company prefix and extension digit.
fn series_columns(text: &PartnerText) -> (Option<String>, Option<i32>) {
    text.series.as_ref().map(|series| (series.prefix().to_string(), i32::from(series.extension()))).unzip()
}

impl Connection {
    /// What somebody sees of the tenant and its partners, in the order in which they were made.
    pub async fn partners(
        &mut self,
        sight: Sight,
        after: Option<OrganisationId>,
        limit: i64,
    ) -> Result<Vec<Partner>, StoreError> {
        let tenant = sight.tenant.0;
        let circle = organisations::id.eq(tenant).or(organisations::host_id.eq(tenant).assume_not_null());
        let mut query = organisations::table
            .filter(circle)
            .order(organisations::id)
            .select(Row::as_select())
            .limit(limit)
            .into_boxed();
        if let Some(partner) = sight.partner() {
            query = query.filter(organisations::id.eq(partner.0));
        }
        if let Some(after) = after {
            query = query.filter(organisations::id.gt(after.0));
        }
        let rows: Vec<Row> = query.load(&mut self.raw).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// The tenant or a partner of it, if it is to be seen.
    pub async fn partner(&mut self, sight: Sight, id: OrganisationId) -> Result<Partner, StoreError> {
        if !sight.covers(id) {
            return Err(StoreError::NotFound);
        }
        let tenant = sight.tenant.0;
        let circle = organisations::id.eq(tenant).or(organisations::host_id.eq(tenant).assume_not_null());
        let row: Row = organisations::table
            .filter(organisations::id.eq(id.0))
            .filter(circle)
            .select(Row::as_select())
            .first(&mut self.raw)
            .await?;
        row.try_into()
    }

    /// Until the end of the transaction nobody else changes what is counted or listed of the organisation by whoever calls
    /// this.
    pub async fn lock_organisation(&mut self, id: OrganisationId) -> Result<(), StoreError> {
        // Leaves alone what refers to the organisation.
        let locked: Result<i32, _> = organisations::table
            .find(id.0)
            .select(organisations::id)
            .for_no_key_update()
            .first(&mut self.raw)
            .await;
        locked?;
        Ok(())
    }

    /// Whether another tenant numbers or has numbered boxes from a series that holds some of the same SSCCs. Until the end of
    /// the transaction nobody else asks.
    pub async fn is_series_of_another(
        &mut self,
        tenant: OrganisationId,
        series: &SsccSeries,
    ) -> Result<bool, StoreError> {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = Bool)]
            found: bool,
        }
        self.lock("pg_advisory_xact_lock", SERIES_LOCK).await?;
        // A longer prefix is a part of the numbers of a shorter one.
        let found: Found = statement(
            "with asked as (select $1::int as tenant, $2::text as prefix, $3::int as digit),
                 series as (select id as tenant, company_prefix as prefix, extension_digit as digit from organisations
                     union all select organisation_id, company_prefix, extension_digit from sscc_series)
             select exists (select from series s join asked a on s.tenant <> a.tenant and s.digit = a.digit
                 and (starts_with(s.prefix, a.prefix) or starts_with(a.prefix, s.prefix))) as found",
        )
        .bind::<Integer, _>(tenant.0)
        .bind::<Text, _>(series.prefix().to_string())
        .bind::<Integer, _>(i32::from(series.extension()))
        .get_result(&mut self.raw)
        .await?;
        Ok(found.found)
    }

    /// Refused by `organisations_host_id_name_key` where the tenant has a partner of that name.
    pub async fn add_partner(
        &mut self,
        tenant: OrganisationId,
        partner: &PartnerText,
        now: DateTime<Utc>,
    ) -> Result<OrganisationId, StoreError> {
        let (company_prefix, extension_digit) = series_columns(partner);
        let id = diesel::insert_into(organisations::table)
            .values((
                organisations::host_id.eq(tenant.0),
                organisations::kind.eq(partner.kind.to_string()),
                organisations::name.eq(&partner.name),
                organisations::gln.eq(partner.gln.map(|gln| gln.to_string())),
                organisations::company_prefix.eq(company_prefix),
                organisations::extension_digit.eq(extension_digit),
                organisations::created_at.eq(now),
            ))
            .returning(organisations::id)
            .get_result(&mut self.raw)
            .await?;
        Ok(OrganisationId(id))
    }

    /// Refused as [`Connection::add_partner`] is.
    pub async fn change_partner(&mut self, id: OrganisationId, to: &PartnerText) -> Result<(), StoreError> {
        let (company_prefix, extension_digit) = series_columns(to);
        diesel::update(organisations::table.find(id.0))
            .set((
                organisations::kind.eq(to.kind.to_string()),
                organisations::name.eq(&to.name),
                organisations::gln.eq(to.gln.map(|gln| gln.to_string())),
                organisations::company_prefix.eq(company_prefix),
                organisations::extension_digit.eq(extension_digit),
            ))
            .execute(&mut self.raw)
            .await?;
        Ok(())
    }
}
