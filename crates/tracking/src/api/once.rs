//! `Idempotency-Key`: a request that is repeated gets the first answer again, and has its effect once.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{Connection, FirstAnswer};

use super::access::{Caller, Grant};
use super::problem::ApiError;
use crate::Service;

/// One request with an effect, in one transaction with its kept answer.
pub struct Once {
    key: Option<String>,
    request_sha256: Vec<u8>,
}

impl Once {
    /// Reads the key of a request; `body` is what makes two requests the same.
    pub fn new(request: &HttpRequest, body: &impl Serialize) -> Result<Self, ApiError> {
        let key = match request.headers().get("Idempotency-Key").map(|value| value.to_str()) {
            None => None,
            Some(Ok(key)) if (1..=255).contains(&key.len()) => Some(key.to_owned()),
            Some(_) => {
                return Err(ApiError::BadRequest(
                    "Idempotency-Key: write 1 to 255 visible ASCII characters".into(),
                ));
            }
        };
        let mut hash = Sha256::new();
        hash.update(request.method().as_str());
        hash.update(request.path());
        hash.update(serde_json::to_vec(body).map_err(ApiError::internal)?);
        Ok(Self { key, request_sha256: hash.finalize().to_vec() })
    }

    /// The answer that was given before, if this request was here already.
    pub async fn first_answer<G: Grant>(
        &self,
        db: &mut Connection,
        caller: &Caller<G>,
    ) -> Result<Option<HttpResponse>, ApiError> {
        let Some(key) = &self.key else { return Ok(None) };
        let Some(first) = db.first_answer(caller.user, key).await? else { return Ok(None) };
        if first.request_sha256 != self.request_sha256 {
            return Err(ApiError::Unprocessable(
                "this Idempotency-Key was used for another request: use a new one".into(),
            ));
        }
        let status = StatusCode::from_u16(first.status).map_err(ApiError::internal)?;
        Ok(Some(HttpResponse::build(status).json(first.answer)))
    }

    /// Keeps the answer beside its effect, commits both and answers.
    pub async fn finish<G: Grant>(
        self,
        service: &Service,
        mut db: Connection,
        caller: &Caller<G>,
        status: StatusCode,
        answer: &impl Serialize,
    ) -> Result<HttpResponse, ApiError> {
        let answer = serde_json::to_value(answer).map_err(ApiError::internal)?;
        if let Some(key) = &self.key {
            let first = FirstAnswer {
                request_sha256: self.request_sha256,
                status: status.as_u16(),
                answer: answer.clone(),
            };
            let now = (service.clock)();
            match db.keep_first_answer(caller.organisation, caller.user, key, &first, now).await {
                Err(error) if error.is_refused_by("idempotency_keys_pkey") => {
                    return Err(ApiError::Conflict("the same request is being answered: repeat it".into()));
                }
                kept => kept?,
            }
        }
        db.commit().await?;
        Ok(HttpResponse::build(status).json(answer))
    }
}
