//! Server-sent events: what changed, for pages that are open.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, web};
use domain::ShipmentId;
use domain::access::{Role, Sight};
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use super::access::{Caller, LoggedIn, bearer, holder};
use super::problem::{ApiError, Problem, problem};
use crate::Service;
use crate::live::{Change, OwnedChange};
use crate::streams::{MOST_OF_A_USER, MOST_OF_AN_ORGANISATION};

/// A comment goes out this often, so that neither side takes the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// What changes within this time is one look into the database for a partner's stream, however much it is.
const GATHERING: Duration = Duration::from_millis(200);

/// A comment.
const NOTHING: &[u8] = b":\n\n";
const RELOAD: &[u8] = b"event: reload\ndata: {}\n\n";

/// Changes as they are committed: events `shipment`, `alert` and `tracker` with the ids that changed, as far as the
/// caller may read these (a partner's people those of shipments that they see), and `reload` where the listener fell behind.
/// A user has at most 20 open, an organisation 500.
#[utoipa::path(tag = "session", responses(
    (status = 200, content_type = "text/event-stream", body = String), (status = 401, body = Problem)))]
#[get("/events")]
pub async fn stream_events(
    service: web::Data<Service>,
    caller: Caller<LoggedIn>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let Some(open) = service.streams.open(caller.user, caller.organisation) else {
        let detail = format!(
            "a user has at most {MOST_OF_A_USER} streams of events open, an organisation {MOST_OF_AN_ORGANISATION}: close one of \
             them, which counts for up to half a minute more, and open this one then"
        );
        return Ok(problem(StatusCode::TOO_MANY_REQUESTS, detail));
    };
    let token = bearer(&request).unwrap_or_default().to_owned();
    let changes = service.live.subscribe();
    let ears = Ears { sight: caller.sight(), role: caller.role };
    let first =
        stream::once(async { Ok::<_, actix_web::Error>(web::Bytes::from_static(b": connected\n\n")) });
    let shutdown = service.shutdown.clone();
    let rest = stream::unfold((changes, shutdown, open), move |(mut changes, mut shutdown, open)| {
        let (service, token) = (service.clone(), token.clone());
        async move {
            let heard = tokio::select! {
                heard = ears.listen(&mut changes) => heard?,
                () = tokio::time::sleep(HEARTBEAT) => Heard::Nothing,
                _ = shutdown.wait_for(|stop| *stop) => return None,
            };
            let told = ears.tell(&service, heard, &mut changes).await;
            // Whose token or key has ended meanwhile, or was taken back, hears nothing more.
            holder(&service, &token).map(|_| (Ok(told), (changes, shutdown, open)))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(futures_util::StreamExt::chain(first, rest)))
}

enum Heard {
    Change(Change),
    /// Changes were lost: anything may have changed.
    TooMuch,
    Nothing,
}

/// What its listener may hear of: deny by default.
#[derive(Clone, Copy)]
struct Ears {
    sight: Sight,
    role: Role,
}

impl Ears {
    /// Whether it can be for the listener; for a partner's people only what is about a shipment, which is looked up then.
    fn may_hear(self, (owner, change): &OwnedChange) -> bool {
        let is_open = self.sight.partner().is_none() || change.shipment().is_some();
        *owner == self.sight.tenant && is_open && self.role.may(change.permission())
    }

    /// The next one that can be for the listener; None: the service ends. Nothing is lost where it is dropped while it
    /// waits.
    async fn listen(self, changes: &mut Receiver<OwnedChange>) -> Option<Heard> {
        loop {
            match changes.recv().await {
                Ok(owned) if self.may_hear(&owned) => return Some(Heard::Change(owned.1)),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return Some(Heard::TooMuch),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    async fn tell(self, service: &Service, heard: Heard, changes: &mut Receiver<OwnedChange>) -> web::Bytes {
        match heard {
            Heard::Nothing => web::Bytes::from_static(NOTHING),
            Heard::TooMuch => web::Bytes::from_static(RELOAD),
            Heard::Change(change) if self.sight.partner().is_none() => frames(&[change]),
            Heard::Change(change) => self.tell_partner(service, change, changes).await,
        }
    }

    /// Of that change and those that follow it closely: what is about shipments that the partner has to do with.
    async fn tell_partner(
        self,
        service: &Service,
        change: Change,
        changes: &mut Receiver<OwnedChange>,
    ) -> web::Bytes {
        tokio::time::sleep(GATHERING).await;
        // Before the rest is gathered: the more streams wait, the more changes are one look.
        let _turn = service.stream_turns.acquire().await;
        let mut gathered = vec![change];
        loop {
            match changes.try_recv() {
                Ok(owned) if self.may_hear(&owned) => gathered.push(owned.1),
                Ok(_) => {}
                Err(TryRecvError::Lagged(_)) => return web::Bytes::from_static(RELOAD),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        let shipments: Vec<ShipmentId> = gathered.iter().filter_map(Change::shipment).collect();
        let seen = async { service.store.connect().await?.shipments_seen_by(self.sight, &shipments).await };
        match seen.await {
            Ok(seen) => {
                gathered.retain(|change| change.shipment().is_some_and(|id| seen.contains(&id)));
                frames(&gathered)
            }
            // What it sees is not known now: it looks again, and nothing is said of what changed.
            Err(_) => web::Bytes::from_static(RELOAD),
        }
    }
}

fn frames(changes: &[Change]) -> web::Bytes {
    let frame = |change: &Change| {
        let data = serde_json::to_string(change).unwrap_or_default();
        format!("event: {}\ndata: {data}\n\n", change.name())
    };
    let told: String = changes.iter().map(frame).collect();
    if told.is_empty() { web::Bytes::from_static(NOTHING) } else { web::Bytes::from(told) }
}
