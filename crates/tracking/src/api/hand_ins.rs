//! Other companies' systems hand in what they have of handovers, in JSON or CSV, and are told of each line what became
//! of it.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::ShipmentId;
use domain::hand_in::{FileFault, Line, What, read_csv, read_json};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::StoredHandIn;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::access::{Caller, HandInCustody, ReadTransport};
use super::document::File;
use super::hand_in_event::HandInEvent;
use super::hand_in_file::take_in;
use super::once::Once;
use super::page::{Page, PageQuery, cursor_before};
use super::problem::{ApiError, PROBLEM_TYPE, Problem, named, problem};
use crate::Service;
use crate::hand_ins::Pending;
use crate::handover::Book;

/// The largest file, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// What the document shows of a file, which says the same as its example of an event.
const CSV: &str = "event_id,what,at,by,person,sscc,continues_event,continues_by,seals\n\
    D-1001,accepted,2026-03-02T05:10:00+01:00,9506000134307,B. Meyer,106141412345678908,WMS-77,12,S-1\n";

#[derive(Deserialize, IntoParams)]
pub struct HandInQuery {
    /// `rollback` (default): a line that is wrong keeps all of the file out. `proceed`: the others are taken.
    #[serde(default)]
    #[param(inline, nullable = false)]
    on_error: OnError,
}

#[derive(Deserialize, ToSchema, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum OnError {
    #[default]
    Rollback,
    Proceed,
}

/// What became of a file, line by line.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "written": 1, "waiting": 0, "known": 0, "refused": 0, "lines": [{ "line": 1,
    "event_id": "D-1001", "outcome": "written", "shipment": "0199f2a4-6c1e-7d3a-9b57-2f6d1c0a8e44",
    "entry": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "conflict": false, "detail": null }] }))]
pub struct HandInReport {
    /// How many lines each became of.
    pub written: usize,
    pub waiting: usize,
    pub known: usize,
    pub refused: usize,
    pub lines: Vec<HandInLine>,
}

#[derive(Serialize, ToSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum LineOutcome {
    Written,
    /// It waits for what it continues.
    Waiting,
    /// It was here before, and nothing changes.
    Known,
    Refused,
}

#[derive(Serialize, ToSchema)]
pub struct HandInLine {
    /// Of CSV the line of the file, the header being line 1; of JSON the place in the list, from 1.
    pub line: u64,
    pub event_id: Option<String>,
    pub outcome: LineOutcome,
    pub shipment: Option<Uuid>,
    /// The hash of its entry.
    pub entry: Option<String>,
    /// It contradicts other answers; see the shipment's custody.
    pub conflict: bool,
    /// What is to be known of it: why it was refused, for what it waits, why it changes nothing.
    pub detail: Option<String>,
}

/// Takes in handovers from the systems of the caller's organisation, or of others where the caller is the tenant's admin or
/// coordinator: at most 1000 events and 1 MiB, a list in JSON or a CSV file whose columns are the events' fields (UTF-8;
/// boxes as `1 2`, seals as `1=S-1 2=S-2`). The same file again changes nothing.
#[utoipa::path(tag = "custody", params(HandInQuery),
    request_body(content((Vec<HandInEvent> = "application/json"), (File = "text/csv", example = json!(CSV)))),
    responses((status = 200, body = HandInReport), (status = 409, body = Problem),
        (status = 422, body = HandInProblem, content_type = "application/problem+json",
            description = "Nothing was taken: lines are wrong, or the file as a whole is.")))]
#[post("/hand-ins")]
pub async fn hand_in(
    service: web::Data<Service>,
    caller: Caller<HandInCustody>,
    request: HttpRequest,
    query: web::Query<HandInQuery>,
    body: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let Ok(body) = body.to_bytes_limited(MOST_BYTES).await else {
        let detail = format!("the file is too large: at most {MOST_BYTES} bytes are read; send it in parts");
        return Ok(problem(StatusCode::PAYLOAD_TOO_LARGE, detail));
    };
    let body =
        body.map_err(|_| ApiError::BadRequest("the body ended before it was whole: send it again".into()))?;
    let proceeds = query.on_error == OnError::Proceed;
    let Some(read) = read(&request, &body) else {
        let detail = "send application/json or text/csv".to_owned();
        return Ok(problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    };
    let now = (service.clock)();
    let lines = match read {
        Ok(lines) => lines,
        Err(fault) => {
            let fault = fault.to_string();
            note_refusal(&service, &caller, serde_json::json!({ "file": shortened(&fault) }), now).await?;
            return Err(ApiError::Unprocessable(fault));
        }
    };
    let once = Once::new(&request, &(proceeds, hex::encode(Sha256::digest(&body))))?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    db.lock_intake().await?;
    let (report, changes) = take_in(&service, &mut db, &caller, lines, now).await?;
    if report.refused > 0 && !proceeds {
        // What was taken in goes with it.
        drop(db);
        let first = report.lines.iter().find(|line| line.outcome == LineOutcome::Refused);
        let first = first.map(|one| (one.line, one.detail.as_deref().map(shortened)));
        let detail =
            serde_json::json!({ "lines": report.lines.len(), "refused": report.refused, "first": first });
        note_refusal(&service, &caller, detail, now).await?;
        return Ok(refused(report));
    }
    let counts = serde_json::json!({ "written": report.written, "waiting": report.waiting, "refused": report.refused });
    db.write_audit(&[caller.audit("custody.handed_in", caller.organisation.0.to_string(), counts)], now)
        .await?;
    let answer = once.finish(&service, db, &caller, StatusCode::OK, &report).await?;
    service.live.publish(changes);
    Ok(answer)
}

/// Notes that a whole file was refused, in an entry that is no longer for a long file.
async fn note_refusal(
    service: &Service,
    caller: &Caller<HandInCustody>,
    detail: serde_json::Value,
    now: DateTime<Utc>,
) -> Result<(), ApiError> {
    let audit = caller.audit("custody.hand_in_refused", caller.organisation.0.to_string(), detail);
    Ok(service.store.connect().await?.write_audit(&[audit], now).await?)
}

fn shortened(reason: &str) -> String {
    reason.chars().take(200).collect()
}

/// None of another type than these two.
fn read(request: &HttpRequest, body: &[u8]) -> Option<Result<Vec<Line>, FileFault>> {
    let kind = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match () {
        () if kind.eq_ignore_ascii_case("application/json") => Some(read_json(body)),
        () if kind.eq_ignore_ascii_case("text/csv") => Some(read_csv(body)),
        () => None,
    }
}

/// A problem (RFC 9457) with the report as its extension. Where the file as a whole is wrong, there is none.
#[derive(Serialize, ToSchema)]
pub struct HandInProblem {
    #[serde(flatten)]
    problem: Problem,
    /// 0, as `waiting` is: nothing was taken.
    #[schema(required = false)]
    written: usize,
    #[schema(required = false)]
    waiting: usize,
    #[schema(required = false)]
    known: usize,
    #[schema(required = false)]
    refused: usize,
    /// The refused ones.
    #[schema(required = false)]
    lines: Vec<HandInLine>,
}

fn refused(mut report: HandInReport) -> HttpResponse {
    let detail = format!(
        "nothing was taken: {} of {} lines are wrong, see `lines`; mend them and send the whole file again, or take the \
         others with ?on_error=proceed",
        report.refused,
        report.lines.len()
    );
    report.lines.retain(|line| line.outcome == LineOutcome::Refused);
    let HandInReport { known, refused, lines, .. } = report;
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let problem = Problem::new(status, detail);
    let told = HandInProblem { problem, written: 0, waiting: 0, known, refused, lines };
    HttpResponse::build(status).content_type(PROBLEM_TYPE).json(told)
}

/// An event that a system handed in.
#[derive(Serialize, ToSchema)]
#[schema(as = HandIn)]
pub struct HandInView {
    event_id: String,
    /// Whose event it is: an organisation's id.
    by: i32,
    /// Null where what was kept cannot be read.
    what: Option<What>,
    at: DateTime<Utc>,
    /// By whose account it came.
    handed_in_by: String,
    received_at: DateTime<Utc>,
    /// The hash of its entry in the ledger; null while it waits.
    entry: Option<String>,
    /// For what it waits.
    waits: Option<String>,
}

/// What systems handed in of a shipment, the latest first; a partner sees what came from its own.
#[utoipa::path(tag = "custody", params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, body = Page<HandInView>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/shipments/{id}/hand-ins")]
pub async fn list_hand_ins(
    service: web::Data<Service>,
    caller: Caller<ReadTransport>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?.min(1000);
    let mut db = service.store.begin().await?;
    let shipment = db.shipment_seen_by(caller.sight(), ShipmentId(*id)).await.map_err(named("shipment"))?;
    let rows = db.hand_ins(caller.sight(), shipment.id, page.before()?, limit + 1).await?;
    let book = Book::read(&mut db, caller.tenant, shipment).await?;
    let page =
        Page::of(rows, limit, |row| cursor_before(row.received_at, row.entry_id), |row| shown(&book, row));
    Ok(HttpResponse::Ok().json(page))
}

fn shown(book: &Book, row: StoredHandIn) -> HandInView {
    let waiting = book.waiting.iter().find(|one| one.stored.entry_id == row.entry_id);
    let waits = waiting.and_then(|one| match book.act(&one.event, row.party) {
        Err(Pending::Waits(why) | Pending::Unclear(why)) => Some(why),
        Ok(_) => None,
    });
    let event: Option<domain::hand_in::HandIn> = serde_json::from_str(&row.event).ok();
    HandInView {
        event_id: row.event_id,
        by: row.party.0,
        what: event.as_ref().map(|event| event.what),
        at: event.map_or(row.received_at, |event| event.at),
        handed_in_by: row.person,
        received_at: row.received_at,
        entry: book.entry_of(row.entry_id).map(|(hash, _)| hash.to_string()),
        waits,
    }
}
