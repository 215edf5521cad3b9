//! One webhook, from the request to the answer: verify, read, parse, make durable, 2xx.
//!
//! Network servers send most events once. So 2xx means that the event is on a disk, and every other answer means
//! that nothing of it was kept (but for a body of a known sender that cannot be read: that is kept for inspection).

use std::time::Duration;

use actix_web::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::StreamExt;
use networks::message::RefusalReason;

use crate::Ingester;
use crate::integrations::Integration;
use crate::take::{NotTaken, take};

/// The largest body, in bytes. Webhooks have 0.5 to 4 KiB, tens of KiB with decoded objects.
pub const MAX_BODY: usize = 1024 * 1024;

/// How much of a body is read and thrown away before a refusal. actix closes the connection where the body was not
/// read, which costs senders with a pool of connections more than the refusal.
const DRAIN: usize = 64 * 1024;

/// How long a body may take. Senders give up after 5 s themselves.
const BODY_WITHIN: Duration = Duration::from_secs(15);

/// Why a webhook is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error(
        "the integration is unknown or its token is wrong; the token goes into `Authorization: Bearer TOKEN`"
    )]
    NotAuthorised,
    #[error("this ingester has not learnt its integrations yet; try again in a moment")]
    NotInformed,
    #[error("the content type is `{0}`; webhooks are read as application/json")]
    NotJson(String),
    #[error("the body is larger than {MAX_BODY} bytes")]
    TooLarge,
    #[error("the body did not arrive within {} s", BODY_WITHIN.as_secs())]
    TooSlow,
    #[error("the body did not arrive whole: {0}")]
    Broken(String),
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotAuthorised => StatusCode::UNAUTHORIZED,
            Self::NotJson(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken(_) | Self::NotTaken(NotTaken::Unreadable(_) | NotTaken::NotWritten(_)) => {
                StatusCode::BAD_REQUEST
            }
            Self::NotInformed | Self::NotTaken(NotTaken::NotStored(_)) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The outcome as a metric's label.
    fn word(&self) -> &'static str {
        match self {
            Self::NotAuthorised => "unauthorised",
            Self::NotInformed => "not_informed",
            Self::NotJson(_) => "not_json",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Broken(_) => "broken",
            Self::NotTaken(NotTaken::Unreadable(_) | NotTaken::NotWritten(_)) => "unreadable",
            Self::NotTaken(NotTaken::NotStored(_)) => "not_stored",
        }
    }

    fn response(&self) -> HttpResponse {
        let status = self.status();
        let mut response = HttpResponse::build(status);
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header(("WWW-Authenticate", "Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header(("Retry-After", "30"));
        }
        response.content_type("application/problem+json").json(serde_json::json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.to_string(),
        }))
    }
}

/// `POST /webhooks/{integration}`: the kind of event stands in the query, or nowhere.
pub async fn receive(
    ingester: web::Data<Ingester>,
    request: HttpRequest,
    integration: web::Path<String>,
    body: web::Payload,
) -> HttpResponse {
    let event = event_in(request.query_string());
    answer(&ingester, &request, &integration, event, body).await
}

/// Senders append their `event=` to whatever query the operator wrote, so the last one counts. No kind of event has a
/// character that would be escaped, and nothing in a query is a reason to lose a frame.
fn event_in(query: &str) -> Option<&str> {
    query.split('&').rev().find_map(|pair| pair.strip_prefix("event=")).filter(|event| !event.is_empty())
}

/// `POST /webhooks/{integration}/{event}`: the kind of event stands in the path, which may have several parts.
/// Without it, the query may still name one.
pub async fn receive_event(
    ingester: web::Data<Ingester>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Payload,
) -> HttpResponse {
    let (integration, event) = path.into_inner();
    let event = Some(event.trim_matches('/')).filter(|event| !event.is_empty());
    answer(&ingester, &request, &integration, event.or_else(|| event_in(request.query_string())), body).await
}

/// Every other method. Everynet asks with `OPTIONS`, and without its credential, before it posts: it is told the same of
/// every integration, known or not.
pub async fn tell_methods(method: Method) -> HttpResponse {
    let status =
        if method == Method::OPTIONS { StatusCode::NO_CONTENT } else { StatusCode::METHOD_NOT_ALLOWED };
    HttpResponse::build(status).insert_header((ALLOW, "POST, OPTIONS")).finish()
}

async fn answer(
    ingester: &Ingester,
    request: &HttpRequest,
    integration: &str,
    event: Option<&str>,
    body: web::Payload,
) -> HttpResponse {
    match accept(ingester, request, integration, event, body).await {
        Ok(()) => {
            ingester.metrics.webhooks.with_label_values(&["accepted"]).inc();
            HttpResponse::NoContent().finish()
        }
        Err(refusal) => {
            ingester.metrics.webhooks.with_label_values(&[refusal.word()]).inc();
            if let Refusal::NotTaken(NotTaken::NotStored(error)) = &refusal {
                tracing::error!(integration, %error, "a webhook was refused");
            }
            refusal.response()
        }
    }
}

async fn accept(
    ingester: &Ingester,
    request: &HttpRequest,
    integration: &str,
    event: Option<&str>,
    body: web::Payload,
) -> Result<(), Refusal> {
    let known = ingester.integrations.find(integration);
    let Some(known) = known.as_deref().filter(|known| is_authorised(known, request)) else {
        drain(body).await;
        if !ingester.integrations.is_known() {
            return Err(Refusal::NotInformed);
        }
        ingester.refusals.count(known.as_deref().map(|known| &known.source), RefusalReason::Token);
        return Err(Refusal::NotAuthorised);
    };
    if let Some(other) = other_content_type(request) {
        ingester.refusals.count(Some(&known.source), RefusalReason::ContentType);
        drain(body).await;
        return Err(Refusal::NotJson(other));
    }
    let body = tokio::time::timeout(BODY_WITHIN, read(body)).await.unwrap_or(Err(Refusal::TooSlow));
    let body = body.inspect_err(|refusal| {
        if matches!(refusal, Refusal::TooLarge) {
            ingester.refusals.count(Some(&known.source), RefusalReason::Size);
        }
    })?;
    Ok(take(ingester, known, event, &body).await?)
}

fn is_authorised(integration: &Integration, request: &HttpRequest) -> bool {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    // The scheme's case does not matter (RFC 9110, 11.1).
    header
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .is_some_and(|(_, token)| integration.accepts(token.trim()))
}

/// The content type where it says something else than JSON; senders that say nothing send JSON.
fn other_content_type(request: &HttpRequest) -> Option<String> {
    let given = request.headers().get(CONTENT_TYPE)?.to_str().unwrap_or("?");
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json" || essence == "text/json" || essence.ends_with("+json");
    (!is_json).then(|| given.chars().take(100).collect())
}

/// Most bodies arrive in one piece, which is then taken as it is.
async fn read(mut payload: web::Payload) -> Result<web::Bytes, Refusal> {
    let (mut whole, mut joined) = (web::Bytes::new(), web::BytesMut::new());
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Refusal::Broken(error.to_string()))?;
        if whole.len() + joined.len() + chunk.len() > MAX_BODY {
            return Err(Refusal::TooLarge);
        }
        if whole.is_empty() && joined.is_empty() {
            whole = chunk;
        } else {
            joined.extend_from_slice(&std::mem::take(&mut whole));
            joined.extend_from_slice(&chunk);
        }
    }
    Ok(if joined.is_empty() { whole } else { joined.freeze() })
}

async fn drain(mut payload: web::Payload) {
    let read = async {
        let mut seen = 0;
        while let Some(Ok(chunk)) = payload.next().await {
            seen += chunk.len();
            if seen > DRAIN {
                return;
            }
        }
    };
    // Elapsed: the connection is closed with the rest unread.
    let _ = tokio::time::timeout(BODY_WITHIN, read).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_of_a_query_counts_and_the_rest_of_it_does_not_matter() {
        for (query, event) in [
            ("event=up", Some("up")),
            ("event=join&event=up", Some("up")),
            ("site=%zz&&event=up", Some("up")),
            ("event=up&x=1", Some("up")),
            ("event=", None),
            ("events=up", None),
            ("", None),
        ] {
            assert_eq!(event_in(query), event, "{query}");
        }
    }
}
