//! What people say of a tracker: it is registered, and that is changed.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, patch, post, web};
use domain::mapping::Mapping;
use networks::payload::Codec;
use serde::{Deserialize, Serialize};
use store::TrackerSettings;
use utoipa::ToSchema;

use super::access::{Caller, WriteTrackers};
use super::once::Once;
use super::problem::{ApiError, Problem, named};
use super::text::{dev_eui, non_empty};
use super::trackers::Tracker;
use crate::Service;
use crate::live::Change;
use crate::reread::change_settings;

/// Where nobody says how often a tracker sends.
const USUAL_INTERVAL_S: i32 = 900;

#[derive(Serialize, Deserialize, ToSchema)]
pub struct NewTracker {
    /// 16 hexadecimal digits.
    #[schema(example = "0102030405060708")]
    dev_eui: String,
    #[schema(example = "Box 17")]
    name: String,
    /// How its payloads are read; `isotherm` for our own tracker, `mapped` by the network server's decoded object.
    #[schema(value_type = Codec, example = "isotherm")]
    codec: String,
    /// With `mapped`: where the decoded object says what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mapping: Option<Mapping>,
    /// Seconds between two uplinks as planned (1 to 86400; 900 where absent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval_s: Option<i32>,
}

/// What is absent stays as it is.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrackerChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Codec>)]
    codec: Option<String>,
    /// Another codec than `mapped` ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mapping: Option<Mapping>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval_s: Option<i32>,
}

/// Settings that can be meant.
#[derive(Serialize, PartialEq)]
struct Settings {
    name: String,
    codec: Codec,
    interval_s: i32,
    mapping: Option<Mapping>,
}

impl Settings {
    fn new(name: &str, codec: &str, interval_s: i32, mapping: Option<Mapping>) -> Result<Self, ApiError> {
        let name = non_empty("name", name, 200)?;
        let codec = codec.parse().map_err(|error| ApiError::Unprocessable(format!("codec: {error}")))?;
        if !(1..=86_400).contains(&interval_s) {
            return Err(ApiError::Unprocessable("interval_s: write 1 to 86400 seconds".into()));
        }
        let wrong = match &mapping {
            None if codec == Codec::Mapped => Some(
                "say where the decoded object has the temperature, as in {\"temperature\": {\"pointer\": \"/TempC\", \
                 \"unit\": \"celsius\"}}"
                    .to_owned(),
            ),
            Some(_) if codec != Codec::Mapped => Some(format!("the codec {codec} takes none")),
            mapping => mapping.as_ref().and_then(|mapping| mapping.check().err()).map(|error| error.to_string()),
        };
        match wrong {
            Some(wrong) => Err(ApiError::Unprocessable(format!("mapping: {wrong}"))),
            None => Ok(Self { name, codec, interval_s, mapping }),
        }
    }

    const fn stored(&self) -> TrackerSettings<'_> {
        let Self { name, codec, interval_s, mapping } = self;
        TrackerSettings {
            name: name.as_str(),
            codec: codec.name(),
            interval_s: *interval_s,
            mapping: mapping.as_ref(),
        }
    }
}

/// Registers a tracker. What was heard of it before is taken up: its uplinks are read from then on, and those from before within
/// seconds of the answer.
#[utoipa::path(tag = "trackers", request_body = NewTracker, responses(
    (status = 201, body = Tracker), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/trackers")]
pub async fn add_tracker(
    service: web::Data<Service>,
    caller: Caller<WriteTrackers>,
    request: HttpRequest,
    body: web::Json<NewTracker>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let dev_eui = dev_eui(&body.dev_eui)?;
    let interval_s = body.interval_s.unwrap_or(USUAL_INTERVAL_S);
    let settings = Settings::new(&body.name, &body.codec, interval_s, body.mapping.clone())?;
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.lock_intake().await?;
    let added = db.add_tracker(caller.organisation, dev_eui, &settings.stored(), now).await;
    let tracker = added.map_err(|error| {
        if error.is_refused_by("trackers_organisation_id_dev_eui_key") {
            return ApiError::Conflict(format!("tracker {dev_eui} is registered already"));
        }
        error.into()
    })?;
    db.begin_rereading(&tracker).await?;
    let answer = Tracker::of(db.pooled_tracker(caller.organisation, dev_eui).await?, now);
    let answer = once.finish(&service, db, &caller, StatusCode::CREATED, &answer).await?;
    service.live.publish([(caller.organisation, Change::Tracker { dev_eui })]);
    Ok(answer)
}

/// Changes what was said of a tracker. What gave readings stays as it was read; what gave none before is read anew, within
/// seconds of the answer.
#[utoipa::path(tag = "trackers", params(("dev_eui" = String, Path)), request_body = TrackerChange, responses(
    (status = 200, body = Tracker), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[patch("/trackers/{dev_eui}")]
pub async fn change_tracker(
    service: web::Data<Service>,
    caller: Caller<WriteTrackers>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<TrackerChange>,
) -> Result<HttpResponse, ApiError> {
    let once = Once::new(&request, &body)?;
    let dev_eui = dev_eui(&path)?;
    let now = (service.clock)();
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.lock_intake().await?;
    let before = db.tracker(caller.organisation, dev_eui).await.map_err(named("tracker"))?;
    let change = body.into_inner();
    let codec = change.codec.as_deref().unwrap_or(&before.codec);
    let kept = before.mapping.clone().filter(|_| codec == Codec::Mapped.name());
    let settings = Settings::new(
        change.name.as_deref().unwrap_or(&before.name),
        codec,
        change.interval_s.unwrap_or(before.interval_s),
        change.mapping.or(kept),
    )?;
    let changes = change_settings(&mut db, &before, &settings.stored(), now).await?;
    let from = serde_json::json!({ "name": before.name, "codec": before.codec, "interval_s": before.interval_s,
        "mapping": before.mapping });
    let detail = serde_json::json!({ "from": from, "to": settings });
    db.write_audit(&[caller.audit("tracker.changed", dev_eui.to_string(), detail)], now).await?;
    let answer = Tracker::of(db.pooled_tracker(caller.organisation, dev_eui).await?, now);
    let answer = once.finish(&service, db, &caller, StatusCode::OK, &answer).await?;
    service.live.publish(changes);
    Ok(answer)
}
