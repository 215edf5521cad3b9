//! What people tell a tracker.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use domain::Temperature;
use domain::downlink::Command;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{Caller, WriteTrackers};
use super::downlinks::Downlink;
use super::once::Once;
use super::problem::{ApiError, Problem, named};
use super::text::dev_eui;
use crate::Service;
use crate::downlinks::{Untold, tell};
use crate::live::Change;

/// The most that people tell at once: all of it fits into one downlink.
const MOST: usize = 5;

/// What a tracker can be told.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = WantedCommand)]
pub enum Wanted {
    /// Its own limits in °C, and for how many minutes (0 to 240) they must be broken until it raises its own alarm.
    Thresholds {
        #[serde(with = "domain::quantity::as_decimal")]
        #[schema(value_type = f64)]
        low_c: Temperature,
        #[serde(with = "domain::quantity::as_decimal")]
        #[schema(value_type = f64)]
        high_c: Temperature,
        low_delay_min: u8,
        high_delay_min: u8,
    },
    /// From one reading to the next (1, 2, 5, 10, 15, 20, 30 or 60 minutes), and readings to an uplink (1 to 32).
    Intervals {
        minutes: u8,
        per_uplink: u8,
    },
    /// Send nothing for so many hours (1 to 255); 0 ends it.
    Flight {
        hours: u8,
    },
    /// Blink for so many seconds, and say how it is.
    Identify {
        seconds: u8,
    },
    Restart,
}

impl From<Wanted> for Command {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Thresholds { low_c: low, high_c: high, low_delay_min, high_delay_min } => {
                Self::Thresholds { low, high, low_delay_min, high_delay_min }
            }
            Wanted::Intervals { minutes, per_uplink } => Self::Intervals { minutes, per_uplink },
            Wanted::Flight { hours } => Self::Flight { hours },
            Wanted::Identify { seconds } => Self::Identify { seconds },
            Wanted::Restart => Self::Restart,
        }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// 1 to 5, obeyed in this order.
    #[schema(min_items = 1, max_items = 5)]
    commands: Vec<Wanted>,
}

/// Tells a tracker something: one downlink, with what else there is to say. It is obeyed when the tracker is heard next.
#[utoipa::path(tag = "trackers", params(("dev_eui" = String, Path)), request_body = CommandRequest, responses(
    (status = 201, body = Downlink), (status = 404, body = Problem), (status = 409, body = Problem),
    (status = 422, body = Problem)))]
#[post("/trackers/{dev_eui}/commands")]
pub async fn tell_tracker(
    service: web::Data<Service>,
    caller: Caller<WriteTrackers>,
    request: HttpRequest,
    path: web::Path<String>,
    body: web::Json<CommandRequest>,
) -> Result<HttpResponse, ApiError> {
    if !(1..=MOST).contains(&body.commands.len()) {
        return Err(ApiError::Unprocessable(format!("commands: write 1 to {MOST} of them")));
    }
    let once = Once::new(&request, &body)?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    let now = (service.clock)();
    let tracker = db.tracker(caller.organisation, dev_eui(&path)?).await.map_err(named("tracker"))?;
    let wanted: Vec<Command> = body.commands.iter().cloned().map(Command::from).collect();
    let number = tell(&service, &mut db, &tracker, &wanted, now).await?.map_err(refused)?;
    let subject = tracker.dev_eui.to_string();
    let detail = serde_json::json!({ "number": number, "commands": body.commands });
    db.write_audit(&[caller.audit("tracker.told", subject, detail)], now).await?;
    let said = db.downlinks(caller.organisation, tracker.id, number.checked_add(1), 1).await?;
    let said = said.into_iter().next().map(Downlink::from).ok_or(ApiError::NotFound("downlink"))?;
    let answer = once.finish(&service, db, &caller, StatusCode::CREATED, &said).await?;
    service.live.publish([(caller.organisation, Change::Tracker { dev_eui: tracker.dev_eui })]);
    Ok(answer)
}

fn refused(why: Untold) -> ApiError {
    match why {
        Untold::Unwritable(_) => ApiError::Unprocessable(format!("commands: {why}")),
        _ => ApiError::Conflict(why.to_string()),
    }
}
