//! OAuth 2.0 client credentials (RFC 6749, 4.4): a key is exchanged for a short-lived token.

use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse, post, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::ApiError;
use crate::Service;
use crate::keys::prefix_of;

/// How long such a token lasts: programs ask for the next one by themselves.
const LIFE: Duration = Duration::hours(1);

#[derive(Deserialize, ToSchema)]
pub struct TokenRequest {
    #[schema(example = "client_credentials")]
    grant_type: Option<String>,
    /// The key's prefix; here, or with the secret as user and password of `Authorization: Basic`.
    #[schema(example = "ist_4f1c0a92be")]
    client_id: Option<String>,
    /// The whole key.
    client_secret: Option<String>,
}

/// RFC 6749, 5.1.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenAnswer {
    /// To be sent as `Authorization: Bearer …`.
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 3600)]
    expires_in: i64,
}

/// RFC 6749, 5.2.
#[derive(Serialize, ToSchema)]
pub struct TokenError {
    /// `invalid_request`, `invalid_client` or `unsupported_grant_type`.
    #[schema(example = "invalid_client")]
    error: &'static str,
    error_description: &'static str,
}

/// Exchanges a key for an access token that lasts an hour (OAuth 2.0 client credentials, RFC 6749, 4.4): its prefix is the
/// client id, the whole key the client secret. The key itself can be sent as a bearer token as well.
#[utoipa::path(tag = "session", security(()),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenAnswer), (status = 400, body = TokenError), (status = 401, body = TokenError)))]
#[post("/token")]
pub async fn make_token(
    service: web::Data<Service>,
    request: HttpRequest,
    form: Result<web::Form<TokenRequest>, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let Ok(form) = form else {
        let told = "send application/x-www-form-urlencoded with grant_type=client_credentials";
        return Ok(refused(StatusCode::BAD_REQUEST, "invalid_request", told));
    };
    let TokenRequest { grant_type, client_id, client_secret } = form.into_inner();
    match grant_type.as_deref() {
        Some("client_credentials") => {}
        Some(_) => {
            let told = "the only grant_type is client_credentials";
            return Ok(refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", told));
        }
        None => return Ok(refused(StatusCode::BAD_REQUEST, "invalid_request", "grant_type is missing")),
    }
    let (id, secret) = match (request.headers().contains_key(AUTHORIZATION), client_id, client_secret) {
        (true, _, Some(_)) => {
            let told = "send the secret in the body or in Authorization: Basic, not in both";
            return Ok(refused(StatusCode::BAD_REQUEST, "invalid_request", told));
        }
        (true, id, None) => match basic(&request) {
            Some((user, secret)) if id.as_ref().is_none_or(|id| *id == user) => (user, secret),
            _ => return Ok(wrong_client()),
        },
        (false, Some(id), Some(secret)) => (id, secret),
        (false, _, _) => return Ok(wrong_client()),
    };
    let now = (service.wall_clock)();
    let known = service.api_keys.holder(&secret, now).filter(|(holder, _)| {
        prefix_of(&secret) == Some(&id) && !service.disabled_users.contains(holder.user)
    });
    let Some((holder, key_ends_at)) = known else { return Ok(wrong_client()) };
    let ends_at = key_ends_at.map_or(now + LIFE, |end| end.min(now + LIFE));
    let access_token = service
        .tokens
        .sign_until(holder, ends_at)
        .ok_or_else(|| ApiError::internal("the token cannot be signed"))?;
    let expires_in = (ends_at - now).num_seconds();
    let answer = TokenAnswer { access_token, token_type: "Bearer", expires_in };
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(answer))
}

/// User and password of `Authorization: Basic`. Neither has a character that a form would encode.
fn basic(request: &HttpRequest) -> Option<(String, String)> {
    let (scheme, encoded) = request.headers().get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (user.to_owned(), password.to_owned()))
}

/// The same for whatever is wrong with it.
fn wrong_client() -> HttpResponse {
    refused(
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        "send a key's prefix as client_id and the whole key as client_secret; this one is missing, wrong, expired or revoked",
    )
}

fn refused(status: StatusCode, error: &'static str, error_description: &'static str) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    if status == StatusCode::UNAUTHORIZED {
        answer.insert_header(("WWW-Authenticate", "Basic realm=\"isotherm\""));
    }
    answer.insert_header(("Cache-Control", "no-store")).json(TokenError { error, error_description })
}
