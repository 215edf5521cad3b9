//! Errors at the HTTP edge: one type, answered as RFC 9457 `application/problem+json`.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use queue::QueueError;
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

use crate::ledger::LEDGER;

/// What a client is told. Internal text never leaves the service.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    #[error("{0}")]
    BadRequest(String),
    #[error("log in first: a valid `Authorization: Bearer` token is missing or has expired")]
    Unauthenticated,
    #[error("the e-mail address or the password is wrong")]
    WrongLogin,
    /// Of somebody who is logged in and signs.
    #[error("the password is wrong: nothing was signed")]
    WrongPassword,
    #[error("too many passwords at the moment; try again in a few seconds")]
    TooMany,
    #[error("your role may not do this")]
    Forbidden,
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    TooLarge(String),
    #[error("{0}")]
    Unprocessable(String),
    #[error("the service cannot reach its database at the moment; try again")]
    Unavailable(#[source] StoreError),
    #[error("the message queue does not answer at the moment; try again")]
    QueueAway(#[from] QueueError),
    #[error("the service failed to answer; the failure is in its log")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The challenge of RFC 9470: whom the token names must prove it once more.
const PASSWORD_ASKED: &str = "Bearer error=\"insufficient_user_authentication\"";

/// RFC 9457.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    #[schema(example = "about:blank")]
    pub r#type: &'static str,
    #[schema(example = "Not Found")]
    pub title: String,
    #[schema(example = 404)]
    pub status: u16,
    /// What went wrong, where, and what to do.
    #[schema(example = "there is no such shipment")]
    pub detail: String,
}

/// As what problems travel.
pub const PROBLEM_TYPE: &str = "application/problem+json";

impl Problem {
    pub fn new(status: StatusCode, detail: String) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Self { r#type: "about:blank", title, status: status.as_u16(), detail }
    }
}

impl ApiError {
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error),
            StoreError::NotFound => Self::NotFound("record"),
            StoreError::Unreadable { what: LEDGER, reason } => {
                tracing::error!(%reason, "a custody ledger is not as it was written");
                Self::Conflict(format!(
                    "the shipment's custody ledger is not as it was written ({reason}): nothing is written to it; whoever runs \
                     the installation must look at it"
                ))
            }
            other => Self::Internal(Box::new(other)),
        }
    }
}

/// Names the record that a statement did not find.
pub fn named(what: &'static str) -> impl Fn(StoreError) -> ApiError {
    move |error| match error {
        StoreError::NotFound => ApiError::NotFound(what),
        other => other.into(),
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::WrongLogin | Self::WrongPassword => StatusCode::UNAUTHORIZED,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unprocessable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable(_) | Self::QueueAway(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Internal(source) => tracing::error!(error = %source, "request failed"),
            Self::Unavailable(source) => tracing::warn!(error = %source, "database not available"),
            Self::QueueAway(source) => tracing::warn!(error = %source, "queue not available"),
            _ => {}
        }
        let mut answer = problem(self.status_code(), self.to_string());
        if matches!(self, Self::WrongPassword) {
            // The token is good: clients must not take it for expired.
            answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(PASSWORD_ASKED));
        }
        answer
    }
}

pub fn problem(status: StatusCode, detail: String) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header(("WWW-Authenticate", "Bearer"));
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.insert_header(("Retry-After", "5"));
    }
    response.content_type(PROBLEM_TYPE).json(Problem::new(status, detail))
}
