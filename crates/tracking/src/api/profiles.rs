//! Profiles: the temperature rules of pharmaceuticals, as versions that never change.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use domain::ProfileId;
use domain::profile::Profile;
use serde::Serialize;
use store::StoredProfile;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, ReadProfiles, WriteProfiles};
use super::once::Once;
use super::page::{Page, PageQuery};
use super::problem::{ApiError, Problem, named};
use crate::Service;

/// One version of a profile.
#[derive(Serialize, ToSchema)]
pub struct ProfileView {
    id: Uuid,
    name: String,
    version: i32,
    /// The fields of the profile's TOML, as JSON.
    #[schema(value_type = Object)]
    definition: Profile,
}

impl From<StoredProfile> for ProfileView {
    fn from(stored: StoredProfile) -> Self {
        let StoredProfile { id, version, profile } = stored;
        Self { id: id.0, name: profile.name().to_owned(), version, definition: profile }
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
    let rows = service.store.connect().await?.profiles(caller.organisation, after, limit + 1).await?;
    let page = Page::of(rows, limit, |stored| stored.id.0.to_string(), ProfileView::from);
    Ok(HttpResponse::Ok().json(page))
}

/// Adds a profile; one of a name that exists becomes its next version, and shipments keep the one they began with.
#[utoipa::path(tag = "profiles", request_body = Object, responses(
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
    once.finish(&service, db, &caller, StatusCode::CREATED, &ProfileView::from(stored)).await
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
    Ok(HttpResponse::Ok().json(ProfileView::from(stored)))
}
