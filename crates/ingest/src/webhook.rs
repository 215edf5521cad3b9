//! One webhook, from the request to the answer: verify, read, parse, make durable, 2xx.
//!
//! Network servers send most events once. So 2xx means that the event is on a disk, and every other answer means
//! that nothing of it was kept (but for a body of a known sender that cannot be read: that is kept for inspection).

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use actix_web::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt;
use networks::Network;
use networks::message::RefusalReason;

use crate::Ingester;
use crate::integrations::Integration;
use crate::proof::{Claim, NotProven, Proof};
use crate::question;
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
        "the integration is unknown or its token is wrong; the token goes into `Authorization: Bearer TOKEN` (or behind Basic as the password), and \
         `isotherm admin integration rotate` makes a new one"
    )]
    NotAuthorised,
    #[error(transparent)]
    NotProven(#[from] NotProven),
    #[error(
        "webhooks of this integration may not come from {0}; `isotherm admin integration allow` says from where they may"
    )]
    NotAdmitted(IpAddr),
    #[error("this ingester has not learnt its integrations yet; try again in a moment")]
    NotInformed,
    #[error("the content type is `{given}`; webhooks of {network} are read as {}", network.content_types().join(" or "))]
    ContentType { given: String, network: Network },
    #[error(
        "somebody asked a moment ago whether the network may post here; one question is taken in {} s from an address",
        question::EVERY.num_seconds()
    )]
    AskedAgain,
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
            Self::NotAuthorised | Self::NotProven(_) => StatusCode::UNAUTHORIZED,
            Self::NotAdmitted(_) => StatusCode::FORBIDDEN,
            Self::ContentType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::AskedAgain => StatusCode::TOO_MANY_REQUESTS,
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
            Self::NotProven(NotProven::Clock { .. }) => "clock",
            Self::NotAuthorised | Self::NotProven(_) => "unauthorised",
            Self::NotAdmitted(_) => "not_admitted",
            Self::NotInformed => "not_informed",
            Self::ContentType { .. } => "content_type",
            Self::AskedAgain => "asked_again",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Broken(_) => "broken",
            Self::NotTaken(NotTaken::Unreadable(_) | NotTaken::NotWritten(_)) => "unreadable",
            Self::NotTaken(NotTaken::NotStored(_)) => "not_stored",
        }
    }

    /// What somebody could mend, if it is that.
    fn reason(&self) -> Option<RefusalReason> {
        match self {
            Self::NotProven(NotProven::Clock { .. }) => Some(RefusalReason::Clock),
            Self::NotAuthorised | Self::NotProven(_) => Some(RefusalReason::Token),
            Self::NotAdmitted(_) => Some(RefusalReason::Address),
            Self::ContentType { .. } => Some(RefusalReason::ContentType),
            Self::TooLarge => Some(RefusalReason::Size),
            Self::NotInformed | Self::AskedAgain | Self::TooSlow | Self::Broken(_) | Self::NotTaken(_) => {
                None
            }
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
    let known = ingester.integrations.find(integration);
    match accept(ingester, request, known.as_deref(), event, body).await {
        Ok(()) => {
            ingester.metrics.webhooks.with_label_values(&["accepted"]).inc();
            HttpResponse::NoContent().finish()
        }
        Err(refusal) => {
            ingester.metrics.webhooks.with_label_values(&[refusal.word()]).inc();
            if let Some(reason) = refusal.reason() {
                ingester.refusals.count(known.as_deref().map(|known| &known.source), reason);
            }
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
    known: Option<&Integration>,
    event: Option<&str>,
    body: web::Payload,
) -> Result<(), Refusal> {
    let (known, claim) = match admit(ingester, request, known) {
        Ok(admitted) => admitted,
        Err(Refusal::NotAuthorised) if let Some(known) = known.filter(|known| known.network.asks_first()) => {
            return accept_question(ingester, known, (ingester.address_of)(request), body).await;
        }
        Err(refusal) => {
            drain(body).await;
            return Err(refusal);
        }
    };
    let body = read(body, claim.longest_body()).await?;
    let proof = claim.check((known, &ingester.tokens), &body, (ingester.clock)())?;
    match networks::confirmation(known.network, &body) {
        Some(url) => question::ask(ingester, known, url).await?,
        None => take(ingester, known, event, body).await?,
    }
    if proof == Proof::Older {
        ingester.metrics.older_credentials.with_label_values(&[&known.source.integration]).inc();
    }
    Ok(())
}

/// What comes without a credential can only be the network's question whether it may post here.
async fn accept_question(
    ingester: &Ingester,
    known: &Integration,
    from: IpAddr,
    body: web::Payload,
) -> Result<(), Refusal> {
    let body = read(body, question::LONGEST).await.map_err(|_| Refusal::NotAuthorised)?;
    let url = networks::confirmation(known.network, &body).ok_or(Refusal::NotAuthorised)?;
    let integration = &known.source.integration;
    if !ingester.questions.may_ask(integration, from, (ingester.clock)()) {
        return Err(Refusal::AskedAgain);
    }
    let asked = question::ask(ingester, known, url).await;
    if asked.is_err() {
        ingester.questions.was_not_taken(integration, from);
    }
    Ok(asked?)
}

/// What can be told before the body is read: who it says to be, from where it comes, and that it is what we read.
fn admit<'a>(
    ingester: &Ingester,
    request: &HttpRequest,
    known: Option<&'a Integration>,
) -> Result<(&'a Integration, Claim), Refusal> {
    if !ingester.integrations.is_known() {
        return Err(Refusal::NotInformed);
    }
    let known = known.ok_or(Refusal::NotAuthorised)?;
    let address = (ingester.address_of)(request);
    if !known.admits(address) {
        return Err(Refusal::NotAdmitted(address.to_canonical()));
    }
    let (token, query) = (token(request), request.query_string());
    let claim = Claim::of(known, token.as_deref(), query).ok_or(Refusal::NotAuthorised)?;
    let network = known.network;
    let other = other_content_type(network, request);
    other.map_or(Ok((known, claim)), |given| Err(Refusal::ContentType { given, network }))
}

/// Where senders that let nobody choose a header put a secret of theirs (Milesight's platform).
const SECRET: &str = "x-webhook-secret";

/// The token after `Bearer`, as the password after `Basic`, or alone. The scheme's case does not matter (RFC 9110, 11.1).
fn token(request: &HttpRequest) -> Option<Cow<'_, str>> {
    let text = |name: HeaderName| request.headers().get(name)?.to_str().ok();
    let Some(given) = text(AUTHORIZATION) else {
        return text(HeaderName::from_static(SECRET)).map(Cow::Borrowed);
    };
    let (scheme, rest) = given.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
        return pair.split_once(':').map(|(_, password)| Cow::Owned(password.to_owned()));
    }
    scheme.eq_ignore_ascii_case("bearer").then_some(Cow::Borrowed(rest))
}

/// The content type where it is none of the sender's; senders that say nothing send one of theirs.
fn other_content_type(network: Network, request: &HttpRequest) -> Option<String> {
    let given = request.headers().get(CONTENT_TYPE)?.to_str().unwrap_or("?");
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (!network.sends(&essence)).then(|| given.chars().take(100).collect())
}

async fn read(payload: web::Payload, most: usize) -> Result<web::Bytes, Refusal> {
    tokio::time::timeout(BODY_WITHIN, join(payload, most)).await.unwrap_or(Err(Refusal::TooSlow))
}

/// Most bodies arrive in one piece, which is then taken as it is.
async fn join(mut payload: web::Payload, most: usize) -> Result<web::Bytes, Refusal> {
    let (mut whole, mut joined) = (web::Bytes::new(), web::BytesMut::new());
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| Refusal::Broken(error.to_string()))?;
        if whole.len() + joined.len() + chunk.len() > most {
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
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_token_stands_behind_bearer_or_as_the_password_or_alone() {
        for (name, value, expected) in [
            ("Authorization", "Bearer t0ken", Some("t0ken")),
            ("Authorization", "bearer  t0ken ", Some("t0ken")),
            ("Authorization", "Basic dXNlcjp0MGtlbg==", Some("t0ken")),
            ("Authorization", "BASIC OnQwOmtlbg==", Some("t0:ken")),
            ("Authorization", "Basic dXNlcg==", None),
            ("Authorization", "Basic ?", None),
            ("Authorization", "Digest t0ken", None),
            ("Authorization", "t0ken", None),
            ("X-Webhook-Secret", "t0ken", Some("t0ken")),
            ("X-Api-Key", "t0ken", None),
        ] {
            let request = TestRequest::default().insert_header((name, value)).to_http_request();
            assert_eq!(token(&request).as_deref(), expected, "{name}: {value}");
        }
    }

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
