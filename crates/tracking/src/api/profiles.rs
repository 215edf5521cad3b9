//! Profiles: the temperature rules of pharmaceuticals, as versions that never change.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::ProfileId;
use domain::profile::Profile;
use serde::{Deserialize, Serialize};
use store::{Approval, AuditEntry, StoredProfile};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{ApproveProfiles, Caller, ReadProfiles, WriteProfiles};
use super::login::signer;
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use super::text::non_empty;
use crate::Service;

/// One version of a profile.
#[derive(Serialize, ToSchema)]
#[schema(as = Profile)]
pub struct ProfileView {
    id: Uuid,
    name: String,
    version: i32,
    /// The fields of the profile's TOML, as JSON.
    definition: Profile,
    /// Quality's signature; null until there is one.
    approved: Option<ApprovalView>,
}

/// A signature: printed name, time and meaning.
#[derive(Serialize, ToSchema)]
#[schema(as = Approval)]
pub struct ApprovalView {
    #[schema(example = "quality@example.org")]
    by: String,
    at: DateTime<Utc>,
    meaning: String,
}

impl ProfileView {
    fn of(stored: StoredProfile, approval: Option<Approval>) -> Self {
        let StoredProfile { id, version, profile } = stored;
        let approved =
            approval.map(|Approval { printed_name: by, at, meaning }| ApprovalView { by, at, meaning });
        Self { id: id.0, name: profile.name().to_owned(), version, definition: profile, approved }
    }
}

/// Profiles by name, each name's newest version first.
#[utoipa::path(tag = "profiles", params(PageQuery),
    responses((status = 200, body = Page<ProfileView>), (status = 400, body = Problem)))]
#[get("/profiles")]
pub async fn list_profiles(
    service: web::Data<Service>,
    caller: Caller<ReadProfiles>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let after = page.parse(|text| text.parse().ok())?.map(ProfileId);
    let mut db = service.store.connect().await?;
    let rows = db.profiles(caller.organisation, after, limit + 1).await?;
    let ids: Vec<ProfileId> = rows.iter().map(|stored| stored.id).collect();
    let mut approvals = db.approvals(&ids).await?;
    let view = |stored: StoredProfile| {
        let approval = approvals.remove(&stored.id);
        ProfileView::of(stored, approval)
    };
    let page = Page::of(rows, limit, |stored| stored.id.0.to_string(), view);
    Ok(HttpResponse::Ok().json(page))
}

/// Adds a profile; one of a name that exists becomes its next version, and shipments keep the one they began with.
#[utoipa::path(tag = "profiles", request_body = Profile, responses(
    (status = 201, body = ProfileView), (status = 400, body = Problem), (status = 409, body = Problem)))]
#[post("/profiles")]
pub async fn add_profile(
    service: web::Data<Service>,
    caller: Caller<WriteProfiles>,
    request: HttpRequest,
    body: web::Json<Profile>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let stored = db.add_profile(caller.organisation, &body, (service.clock)()).await.map_err(|error| {
        if error.is_refused_by("profiles_organisation_id_name_version_key") {
            return ApiError::Conflict(
                "this profile is being changed by somebody else: repeat the request".into(),
            );
        }
        error.into()
    })?;
    once.finish(&service, db, &caller, StatusCode::CREATED, &ProfileView::of(stored, None)).await
}

/// One version of a profile.
#[utoipa::path(tag = "profiles", params(("id" = Uuid, Path)),
    responses((status = 200, body = ProfileView), (status = 404, body = Problem)))]
#[get("/profiles/{id}")]
pub async fn show_profile(
    service: web::Data<Service>,
    caller: Caller<ReadProfiles>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let mut db = service.store.connect().await?;
    let id = ProfileId(id.into_inner());
    let stored = db.profile(caller.organisation, id).await.map_err(named("profile"))?;
    let approval = db.approvals(&[id]).await?.remove(&id);
    Ok(HttpResponse::Ok().json(ProfileView::of(stored, approval)))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = NewApproval)]
pub struct ApprovalRequest {
    /// Of who is logged in: it is asked for at every signature.
    password: String,
    /// What the signature says, in one line.
    #[schema(example = "Reviewed against the label and the stability data; approved for use")]
    meaning: String,
}

/// Signs one version of a profile as approved: with name, time and meaning, once and for good.
#[utoipa::path(tag = "profiles", params(("id" = Uuid, Path)), request_body = ApprovalRequest, responses(
    (status = 200, body = ProfileView), (status = 401, body = Problem), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
#[post("/profiles/{id}/approve")]
pub async fn approve_profile(
    service: web::Data<Service>,
    caller: Caller<ApproveProfiles>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<ApprovalRequest>,
) -> Result<HttpResponse, ApiError> {
    let (id, meaning) = (ProfileId(id.into_inner()), non_empty("meaning", &body.meaning, 500)?);
    // Without the password: what is kept of a request must not help to guess it.
    let once = Once::new(&request, &meaning)?;
    let signer = signer(&service, &caller, &body.password).await?;
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let stored = db.profile(caller.organisation, id).await.map_err(named("profile"))?;
    let approval = Approval { printed_name: signer.name, at: now, meaning };
    db.add_approval(caller.organisation, id, caller.user, &approval).await.map_err(|error| {
        if error.is_refused_by("profile_approvals_pkey") {
            return ApiError::Conflict("this version is approved already: a signature is given once".into());
        }
        error.into()
    })?;
    let entry = AuditEntry {
        organisation: caller.organisation,
        actor: Some(caller.user),
        action: "profile.approved",
        subject: id.to_string(),
        detail: serde_json::json!({
            "name": stored.profile.name(), "version": stored.version, "by": approval.printed_name,
            "meaning": approval.meaning,
        }),
    };
    db.write_audit(&[entry], now).await?;
    // As it is kept and will be shown from now on.
    let kept = db.approvals(&[id]).await?.remove(&id);
    let answer = ProfileView::of(stored, kept);
    once.finish(&service, db, &caller, StatusCode::OK, &answer).await
}
