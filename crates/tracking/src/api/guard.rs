//! At the door of the API: who asks, and whether he asks too often.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};

use super::access::{bearer, holder};
use super::problem::{ApiError, problem};
use super::status::is_ingester;
use crate::Service;
use crate::limits::Count;

/// Where somebody says who he is, and may be guessing.
const LOG_INS: &[&str] = &["/api/v1/login", "/api/v1/token"];

/// draft-ietf-httpapi-ratelimit-headers-10.
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// Leaves with the request who its token is of, for the handlers, and lets it through where its caller may ask still more.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let service = request
        .app_data::<web::Data<Service>>()
        .cloned()
        .ok_or_else(|| ApiError::internal("the service is not mounted"))?;
    let holder = bearer(request.request()).and_then(|token| holder(&service, token));
    let address = caller_address(request.request(), service.limits.behind_proxy);
    let count = match holder {
        // By the path as routes see it: `logi%6e` is the same.
        _ if LOG_INS.contains(&request.match_info().as_str()) => service.limits.count_log_in(address),
        Some(holder) => service.limits.count_user(holder.user),
        // It asks for all of them, again and again.
        None if is_ingester(&service, request.request()) => None,
        None => service.limits.count_address(address),
    };
    if let Some(holder) = holder {
        request.extensions_mut().insert(holder);
    }
    if let Some(count) = count.as_ref().filter(|count| count.is_over) {
        let told = format!("too many requests: send the next one in {} s", count.wait_s.max(1));
        let mut answer = problem(StatusCode::TOO_MANY_REQUESTS, told);
        answer.headers_mut().insert(RETRY_AFTER, count.wait_s.max(1).into());
        tell(answer.headers_mut(), count);
        return Ok(request.into_response(answer).map_into_right_body());
    }
    let mut answer = next.call(request).await?;
    if let Some(count) = &count {
        tell(answer.headers_mut(), count);
    }
    Ok(answer.map_into_left_body())
}

fn tell(headers: &mut HeaderMap, count: &Count) {
    let Count { policy, quota, window_s, left, wait_s, .. } = count;
    let texts = [
        (POLICY, format!("\"{policy}\";q={quota};w={window_s}")),
        (LEFT, format!("\"{policy}\";r={left};t={wait_s}")),
    ];
    for (name, text) in texts {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(name, value);
        }
    }
}

/// Where a request comes from. Of what proxies say only what the nearest one added is no caller's invention.
pub fn caller_address(request: &HttpRequest, behind_proxy: bool) -> IpAddr {
    let forwarded = request.headers().get_all("X-Forwarded-For").last();
    let forwarded = forwarded.filter(|_| behind_proxy).and_then(|value| value.to_str().ok());
    let said = forwarded.and_then(|text| text.rsplit(',').next()?.trim().parse().ok());
    let peer = request.peer_addr().map(|peer| peer.ip());
    said.or(peer).unwrap_or(Ipv4Addr::UNSPECIFIED.into())
}
