//! Server-sent events: what changed, for pages that are open.

use std::time::Duration;

use actix_web::{HttpResponse, get, web};
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::access::{Caller, LoggedIn};
use super::problem::{ApiError, Problem};
use crate::Service;
use crate::live::OwnedChange;

/// A comment goes out this often, so that neither side takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Changes as they are committed: events `shipment`, `alert` and `tracker` with the ids that changed, as far as the
/// caller may read these, and `reload` where the listener fell behind.
#[utoipa::path(tag = "session", responses(
    (status = 200, content_type = "text/event-stream", body = String), (status = 401, body = Problem)))]
#[get("/events")]
pub async fn stream_events(
    service: web::Data<Service>,
    caller: Caller<LoggedIn>,
) -> Result<HttpResponse, ApiError> {
    let changes = service.live.subscribe();
    let (organisation, role) = (caller.organisation, caller.role);
    // A change says nothing of whom else it concerns: partners look again.
    let is_tenants = caller.sight().partner.is_none();
    let is_for_caller = move |(owner, change): &OwnedChange| {
        is_tenants && *owner == organisation && role.may(change.permission())
    };
    let first =
        stream::once(async { Ok::<_, actix_web::Error>(web::Bytes::from_static(b": connected\n\n")) });
    let shutdown = service.shutdown.clone();
    let user = caller.user;
    let rest = stream::unfold((changes, shutdown), move |(mut changes, mut shutdown)| {
        let service = service.clone();
        async move {
            let frame = tokio::select! {
                frame = next_frame(&mut changes, is_for_caller) => frame?,
                () = tokio::time::sleep(HEARTBEAT) => web::Bytes::from_static(b":\n\n"),
                _ = shutdown.wait_for(|stop| *stop) => return None,
            };
            // Whoever was disabled meanwhile hears nothing more.
            (!service.disabled_users.contains(user)).then_some((Ok(frame), (changes, shutdown)))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(futures_util::StreamExt::chain(first, rest)))
}

async fn next_frame(
    changes: &mut Receiver<OwnedChange>,
    is_wanted: impl Fn(&OwnedChange) -> bool,
) -> Option<web::Bytes> {
    loop {
        match changes.recv().await {
            Ok(owned) if is_wanted(&owned) => {
                let (_, change) = owned;
                let data = serde_json::to_string(&change).ok()?;
                return Some(web::Bytes::from(format!("event: {}\ndata: {data}\n\n", change.name())));
            }
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => {
                return Some(web::Bytes::from_static(b"event: reload\ndata: {}\n\n"));
            }
            Err(RecvError::Closed) => return None,
        }
    }
}
