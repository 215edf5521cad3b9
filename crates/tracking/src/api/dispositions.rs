//! Quality's decisions on shipments: release, reject, return or destroy, each with a signature.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use domain::evaluate::{Assessment, Coverage, Verdict};
use domain::profile::Profile;
use domain::shipment::{Disposition, HoldReason, hold_after};
use domain::{DispositionId, ShipmentId};
use serde::{Deserialize, Serialize};
use store::{Connection, Decision, KeptDecision, Ride, Shipment, StoredProfile, User};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Caller, DecideDisposition, ReadTransport};
use super::entries::write_decision;
use super::login::signer;
use super::once::Once;
use super::page::{Page, PageQuery, cursor_before};
use super::problem::{ApiError, Problem, named};
use super::shipments::audit;
use super::text::{non_empty, prose};
use crate::Service;
use crate::binding::{end_rides, lock_shipment};
use crate::decide::{digest, flaws_of, lasting};
use crate::live::Change;
use crate::summary::{AssessedRide, Overall, assess_rides, overall};

#[derive(Deserialize, ToSchema)]
#[schema(as = NewDisposition)]
pub struct DispositionRequest {
    /// `release`, `reject`, `return` or `destroy`.
    decision: Disposition,
    /// What the signature says, in one line.
    #[schema(example = "Released by the Responsible Person")]
    meaning: String,
    /// Why, in at most 2000 characters.
    #[schema(example = "12 min at 8.4 °C are within the stability data of the lot")]
    reason: String,
    /// Of who is logged in: it is asked for at every signature.
    password: String,
    /// The `digest` of the assessment that the decision is taken on; refused when it has changed meanwhile.
    #[serde(default)]
    seen: Option<String>,
    /// Of a release: it ends the hold for a recall, too.
    #[serde(default)]
    lifts_recall: bool,
}

/// A signed decision: printed name, time, meaning, reason, and what it was taken on.
#[derive(Serialize, ToSchema)]
#[schema(as = Disposition)]
pub struct DispositionView {
    id: Uuid,
    decision: Disposition,
    lifts_recall: bool,
    #[schema(example = "quality@example.org")]
    by: String,
    at: DateTime<Utc>,
    meaning: String,
    reason: String,
    /// The hold that it settled.
    hold: Option<HoldReason>,
    /// The machine's assessment then; null without a tracker.
    assessment: Option<Verdict>,
    /// The `digest` of that assessment.
    digest: String,
}

impl From<&KeptDecision> for DispositionView {
    fn from(kept: &KeptDecision) -> Self {
        let Decision {
            decision, lifts_recall, printed_name, meaning, reason, at, hold, verdict, digest, ..
        } = &kept.decision;
        Self {
            id: kept.id.0,
            decision: *decision,
            lifts_recall: *lifts_recall,
            by: printed_name.clone(),
            at: *at,
            meaning: meaning.clone(),
            reason: reason.clone(),
            hold: *hold,
            assessment: *verdict,
            digest: digest.clone(),
        }
    }
}

/// As [`DispositionView`], with the assessment in full: coverage and each tracker's ride, as they were shown then.
#[derive(Serialize, ToSchema)]
pub struct PastDisposition {
    #[serde(flatten)]
    disposition: DispositionView,
    #[schema(value_type = DecidedOn)]
    decided_on: serde_json::Value,
}

/// What a decision was taken on.
#[derive(Serialize, ToSchema)]
struct DecidedOn {
    /// Null without a tracker.
    coverage: Option<Coverage>,
    trackers: Vec<DecidedRide>,
}

#[derive(Serialize, ToSchema)]
struct DecidedRide {
    dev_eui: String,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    assessment: Assessment,
}

/// A decision after it was signed.
#[derive(Serialize, ToSchema)]
pub struct Decided {
    #[serde(flatten)]
    disposition: DispositionView,
    /// What speaks against this decision without forbidding it.
    warnings: Vec<String>,
}

/// The decisions on a shipment, the latest first.
#[utoipa::path(tag = "shipments", params(("id" = Uuid, Path), PageQuery), responses(
    (status = 200, body = Page<PastDisposition>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/shipments/{id}/dispositions")]
pub async fn list_dispositions(
    service: web::Data<Service>,
    caller: Caller<ReadTransport>,
    id: web::Path<Uuid>,
    page: web::Query<PageQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = page.limit()?;
    let before = page.before()?.map(|(at, id)| (at, DispositionId(id)));
    let mut db = service.store.connect().await?;
    let id = ShipmentId(id.into_inner());
    let shipment = db.shipment_seen_by(caller.sight(), id).await.map_err(named("shipment"))?;
    let rows = db.dispositions(shipment.id, before, limit + 1).await?;
    let view = |kept: KeptDecision| PastDisposition {
        disposition: DispositionView::from(&kept),
        decided_on: kept.decision.assessment,
    };
    let page = Page::of(rows, limit, |kept| cursor_before(kept.decision.at, kept.id.0), view);
    Ok(HttpResponse::Ok().json(page))
}

/// Signs what becomes of a shipment. A release ends the hold for what is known now; any other decision is a hold for good.
#[utoipa::path(tag = "shipments", params(("id" = Uuid, Path)), request_body = DispositionRequest, responses(
    (status = 201, body = Decided), (status = 401, body = Problem), (status = 404, body = Problem),
    (status = 409, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
#[post("/shipments/{id}/disposition")]
pub async fn decide_disposition(
    service: web::Data<Service>,
    caller: Caller<DecideDisposition>,
    request: HttpRequest,
    id: web::Path<Uuid>,
    body: web::Json<DispositionRequest>,
) -> Result<HttpResponse, ApiError> {
    let (meaning, reason) = (non_empty("meaning", &body.meaning, 500)?, prose("reason", &body.reason, 2000)?);
    // Without the password: what is kept of a request must not help to guess it.
    let same = (body.decision, &meaning, &reason, &body.seen, body.lifts_recall);
    let once = Once::new(&request, &same)?;
    let signer = signer(&service, &caller, &body.password).await?;
    let mut db = service.store.begin().await?;
    if let Some(answer) = once.first_answer(&mut db, &caller).await? {
        return Ok(answer);
    }
    // No batch is under way from here on: nothing becomes known between what is looked at and what is signed.
    db.lock_intake().await?;
    let (id, now) = (ShipmentId(id.into_inner()), (service.clock)());
    let case = Case::open(&service, &mut db, &caller, id, now).await?;
    case.check(&body)?;
    let warnings = case.warnings(body.decision);
    let decision = case.signed(&body, meaning, reason, signer, now)?;
    let flaws = flaws_of(&case.rides, &case.assessed);
    let decided = db.add_disposition(caller.organisation, id, caller.user, &decision, &flaws).await?;
    // Nothing is wrong yet beyond what was known.
    let hold = hold_after(body.decision, Verdict::NoExcursion);
    let status = case.shipment.status.after(body.decision);
    db.set_holds(&[(id, hold)]).await?;
    let mut changes = vec![(caller.organisation, Change::Shipment { id })];
    if status != case.shipment.status {
        db.set_status(id, status).await?;
        db.mark_watch(caller.organisation, id, now).await?;
        changes.extend(end_rides(&service, &mut db, caller.organisation, id, now, now).await?);
    }
    write_decision(&service, &mut db, &caller, (id, &decision), now).await?;
    let detail = serde_json::json!({
        "disposition": decided, "decision": body.decision, "lifts_recall": body.lifts_recall,
        "by": decision.printed_name, "meaning": decision.meaning, "reason": decision.reason,
        "hold": [decision.hold, hold], "status": [case.shipment.status, status],
    });
    db.write_audit(&[audit(&caller, "shipment.decided", id, detail)], now).await?;
    let kept = KeptDecision { id: decided, shipment: id, decision };
    let answer = Decided { disposition: DispositionView::from(&kept), warnings };
    let answer = once.finish(&service, db, &caller, StatusCode::CREATED, &answer).await?;
    service.live.publish(changes);
    Ok(answer)
}

/// A shipment as quality sees it when it decides.
struct Case {
    shipment: Shipment,
    profile: std::sync::Arc<StoredProfile>,
    is_approved: bool,
    before: Option<Disposition>,
    rides: Vec<Ride>,
    assessed: Vec<AssessedRide>,
    overall: Option<Overall>,
    digest: String,
}

impl Case {
    /// Its rows are locked until the transaction ends.
    async fn open(
        service: &Service,
        db: &mut Connection,
        caller: &Caller<DecideDisposition>,
        id: ShipmentId,
        now: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        let shipment = lock_shipment(db, caller.organisation, id).await.map_err(named("shipment"))?;
        let rides = db.rides(&[id]).await?;
        let before = db.last_dispositions(&[id]).await?.remove(&id).map(|kept| kept.decision.decision);
        let profile = service.profiles.get_one(db, shipment.profile).await?;
        let is_approved = !db.approvals(&[profile.id]).await?.is_empty();
        let (assessed, _) = assess_rides(db, &profile.profile, &rides, now).await?;
        let judged = rides.iter().zip(&assessed);
        let overall = overall(judged.map(|(ride, of)| (ride, of.assessment.verdict, of.assessment.coverage)));
        let digest = digest(shipment.hold, &rides, &assessed)?;
        Ok(Self { shipment, profile, is_approved, before, rides, assessed, overall, digest })
    }

    /// Whether that may be decided now.
    fn check(&self, request: &DispositionRequest) -> Result<(), ApiError> {
        let Self { shipment, .. } = self;
        let refused = |detail: String| Err(ApiError::Conflict(detail));
        if !shipment.status.may_be_decided(shipment.hold) {
            return refused(format!(
                "the shipment is {} and not on hold: quality decides on a hold, or when it was received",
                shipment.status
            ));
        }
        if request.seen.as_ref().is_some_and(|seen| *seen != self.digest) {
            return refused(
                "the assessment has changed since you saw it: look at it again, then decide".into(),
            );
        }
        if let Some(before) = self.before.filter(|before| !request.decision.may_follow(Some(*before))) {
            return refused(format!(
                "quality has decided before to {before} this shipment, which stands: what is once kept from use is not \
                 released and moves only towards its destruction"
            ));
        }
        let closes = shipment.status.after(request.decision) != shipment.status;
        if request.decision.is_final() && self.before == Some(request.decision) && !closes {
            return refused(format!("quality has decided to {} this shipment already", request.decision));
        }
        let is_recalled = shipment.hold == Some(HoldReason::Recall);
        match (request.decision, request.lifts_recall) {
            (Disposition::Release, false) if is_recalled => refused(
                "a lot in this shipment is recalled: only a release that lifts the recall (lifts_recall) ends the hold"
                    .into(),
            ),
            (_, true) if !is_recalled || request.decision != Disposition::Release => {
                refused("lifts_recall: that is for the release of a shipment on hold for a recall".into())
            }
            (Disposition::Release, _) => self.check_release(closes),
            _ => Ok(()),
        }
    }

    fn check_release(&self, closes: bool) -> Result<(), ApiError> {
        let profile = &self.profile.profile;
        if profile.coverage().is_some() && !suffices(self.overall, profile) {
            return Err(ApiError::Conflict(format!(
                "too little is known for a release: {}; wait for the missing readings, or decide otherwise",
                known_of(self.overall, profile)
            )));
        }
        // Whoever releases what goes on would be overruled by the next reading.
        let Some((ride, flaw)) = lasting(&self.rides, &self.assessed).filter(|_| !closes) else {
            return Ok(());
        };
        let what = if flaw.beyond.is_some() { "is out of range" } else { "is silent" };
        Err(ApiError::Conflict(format!(
            "tracker {} {what} at this moment, and a release covers only what has happened: end its ride first if it is \
             no longer in the box, or wait until it is in range",
            ride.dev_eui
        )))
    }

    /// What speaks against a decision without forbidding it.
    fn warnings(&self, decision: Disposition) -> Vec<String> {
        let mut warnings = Vec::new();
        if decision.is_final() {
            return warnings;
        }
        let StoredProfile { version, profile, .. } = &*self.profile;
        if !suffices(self.overall, profile) {
            warnings.push(known_of(self.overall, profile));
        }
        if !self.is_approved {
            warnings
                .push(format!("profile: quality has not approved version {version} of {}", profile.name()));
        }
        if self.shipment.open_alerts > 0 {
            let alerts = self.shipment.open_alerts;
            warnings.push(format!("{alerts} of its alerts are neither acknowledged nor closed"));
        }
        warnings
    }

    fn signed(
        &self,
        request: &DispositionRequest,
        meaning: String,
        reason: String,
        signer: User,
        at: DateTime<Utc>,
    ) -> Result<Decision, ApiError> {
        let rides: Vec<_> = self
            .rides
            .iter()
            .zip(&self.assessed)
            .map(|(ride, of)| DecidedRide {
                dev_eui: ride.dev_eui.to_string(),
                from: ride.from,
                until: ride.until,
                assessment: of.assessment.clone(),
            })
            .collect();
        let coverage = self.overall.map(|overall| overall.coverage);
        let decided_on = DecidedOn { coverage, trackers: rides };
        Ok(Decision {
            decision: request.decision,
            lifts_recall: request.lifts_recall,
            printed_name: signer.name,
            meaning,
            reason,
            at,
            hold: self.shipment.hold,
            verdict: self.overall.map(|overall| overall.verdict),
            assessment: serde_json::to_value(decided_on).map_err(ApiError::internal)?,
            digest: self.digest.clone(),
        })
    }
}

fn suffices(overall: Option<Overall>, profile: &Profile) -> bool {
    overall.is_some_and(|overall| overall.coverage.suffices_for_release(profile))
}

/// How much is known, and how much should be.
fn known_of(overall: Option<Overall>, profile: &Profile) -> String {
    let Some(Coverage { in_range_s, out_of_range_s, unknown_s }) = overall.map(|overall| overall.coverage)
    else {
        return "no tracker rode with the shipment: nothing is known of its temperature".into();
    };
    let all = in_range_s + out_of_range_s + unknown_s;
    let share = profile.coverage().map_or(10_000, |rule| rule.min_for_release);
    let (whole, hundredths) = (share / 100, share % 100);
    format!(
        "{unknown_s} s of {all} s are unknown, and the profile asks for {whole}.{hundredths:02} % to be known for a release"
    )
}
