//! Who is asking, and whether they may: deny by default.
//!
//! A handler that names `Caller<ReadShipments>` can only be reached with that permission; one that names no caller
//! is public.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::access::{Permission, Role, Sight};
use domain::{OrganisationId, UserId};
use store::AuditEntry;

use super::problem::ApiError;
use crate::Service;
use crate::credentials::Holder;

/// A permission as a type.
pub trait Grant: 'static {
    const PERMISSION: Option<Permission>;
}

macro_rules! grants {
    ($($name:ident),+) => {
        $(
            pub struct $name;
            impl Grant for $name {
                const PERMISSION: Option<Permission> = Some(Permission::$name);
            }
        )+
    };
}

grants!(
    ReadShipments,
    ReadTransport,
    WriteShipments,
    BindTracker,
    TransferCustody,
    HandInCustody,
    CorrectCustody,
    ExportEvidence,
    ReadAlerts,
    AcknowledgeAlerts,
    ManageAlerting,
    ReadTrackers,
    WriteTrackers,
    ReadPlaces,
    WritePlaces,
    ReadProfiles,
    WriteProfiles,
    ApproveProfiles,
    DecideDisposition,
    ManageUsers,
    ReadPartners,
    WritePartners,
    ReadQualifications,
    ReadRecalls,
    RecallLots,
    ManageIntegrations
);

/// Anyone who is logged in.
pub struct LoggedIn;
impl Grant for LoggedIn {
    const PERMISSION: Option<Permission> = None;
}

/// The user behind a request, who holds the permission `G`.
pub struct Caller<G: Grant> {
    pub user: UserId,
    pub organisation: OrganisationId,
    /// Whose rows there are to see: the organisation itself, or for a partner's user the tenant that hosts the partner.
    /// Of a tenant's rows a partner sees those alone that concern it ([`Caller::sight`]).
    pub tenant: OrganisationId,
    pub role: Role,
    grant: PhantomData<G>,
}

impl<G: Grant> Caller<G> {
    /// What there is to see for the caller of the tenant's circle.
    pub fn sight(&self) -> Sight {
        Sight::of_role(self.role, self.organisation, self.tenant)
    }

    /// An entry of the tenant's audit trail about what the caller does.
    pub fn audit(&self, action: &'static str, subject: String, detail: serde_json::Value) -> AuditEntry {
        AuditEntry { organisation: self.tenant, actor: Some(self.user), action, subject, detail }
    }
}

/// Whose token or key that is, if it counts now.
pub fn holder(service: &Service, token: &str) -> Option<Holder> {
    let now = (service.wall_clock)();
    let holder = match service.api_keys.holder(token, now) {
        Some((holder, _)) => holder,
        None => service.tokens.verify(token, now)?.into(),
    };
    (!service.disabled_users.contains(holder.user)).then_some(holder)
}

impl<G: Grant> FromRequest for Caller<G> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request))
    }
}

/// The token of a request; the scheme's case does not matter (RFC 9110, 11.1).
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = request.headers().get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn identify<G: Grant>(request: &HttpRequest) -> Result<Caller<G>, ApiError> {
    // Found at the door (`api::guard`).
    let holder = request.extensions().get::<Holder>().copied().ok_or(ApiError::Unauthenticated)?;
    let Holder { user, organisation, tenant, role } = holder;
    // Whoever acts for the tenant belongs to it, whatever role a partner's user was given.
    if organisation != tenant && !role.is_for_partners() {
        return Err(ApiError::Forbidden);
    }
    if G::PERMISSION.is_some_and(|permission| !role.may(permission)) {
        return Err(ApiError::Forbidden);
    }
    Ok(Caller { user, organisation, tenant, role, grant: PhantomData })
}
