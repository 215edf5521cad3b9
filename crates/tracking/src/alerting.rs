//! Changes of alerts, gathered over a batch and written in one statement a kind, with their audit entries and the
//! notifications that they cause.

mod details;
mod mails;

use chrono::{DateTime, Utc};
use domain::access::Role;
use domain::alert::{AlertKind, LiveAlert, Severity};
use domain::because::Because;
use domain::evaluate::{Episode as EvaluatedEpisode, Verdict};
use domain::profile::Profile;
use domain::watch::StandingAlert;
use domain::{AlertId, OrganisationId, ShipmentId};
use store::{
    Amendment, AssignmentState, AuditEntry, Connection, EndedAlert, Ending, Episode, NewAlert,
    NewNotification, Shipment, StoreError,
};
use uuid::Uuid;

pub use self::details::{
    AlertDetail, AmendedDetail, EndedDetail, MergedDetail, RaisedDetail, UpdatedDetail, WithdrawnDetail,
};
pub use self::mails::notification;
use crate::live::{Change, OwnedChange};
use crate::runbooks::Runbooks;

/// Who hears of a shipment's alert, who of a gateway's (it takes shipments out of sight, and somebody must mend it),
/// and who of one about the installation itself.
const OF_SHIPMENTS: &[Role] = &[Role::Coordinator, Role::Quality];
const OF_GATEWAYS: &[Role] = &[Role::Admin, Role::Coordinator, Role::Quality];
const OF_THE_INSTALLATION: &[Role] = &[Role::Admin];

/// What those who are told of an alert must know besides.
#[derive(Default)]
pub struct Told {
    /// The reference of its shipment.
    pub reference: Option<String>,
    /// Further lines of the mail.
    pub lines: Vec<String>,
    /// Its box is on hold with it.
    pub is_held: bool,
    /// It was over before anybody knew of it: it is on record, and nobody is woken.
    pub over: Option<(DateTime<Utc>, &'static str)>,
}

impl Told {
    /// Of a shipment, with what is to be known besides.
    pub fn about(shipment: &Shipment, line: String) -> Self {
        Self {
            reference: Some(shipment.reference.clone()),
            lines: vec![line],
            is_held: shipment.hold.is_some(),
            over: None,
        }
    }
}

struct Raised {
    alert: NewAlert,
    told: Told,
    because: Option<String>,
}

/// What a batch makes of the alerts.
#[derive(Default)]
pub struct AlertWork {
    raised: Vec<Raised>,
    amended: Vec<Amendment>,
    /// Of alerts that stand already and now mean something else.
    told_anew: Vec<NewNotification>,
    ended: Vec<EndedAlert>,
    audit: Vec<AuditEntry>,
    changes: Vec<OwnedChange>,
}

impl AlertWork {
    /// An alarm's episode of a ride has become an alert.
    pub fn raise(
        &mut self,
        profile: &Profile,
        state: &AssignmentState,
        episode: &EvaluatedEpisode,
        verdict: Verdict,
        because: &Because,
    ) {
        let (Some(alarm), Some(stored)) = (profile.alarm(&episode.alarm), stored(episode)) else { return };
        let alert = NewAlert {
            id: AlertId(Uuid::now_v7()),
            organisation: state.organisation,
            shipment: Some(state.shipment),
            assignment: Some(state.assignment),
            tracker: Some(state.tracker),
            subject: None,
            finding: None,
            detail: None,
            kind: alarm.kind(),
            alarm: Some(episode.alarm.clone()),
            severity: episode.severity,
            episode: stored,
        };
        let is_held = domain::shipment::hold(None, verdict).is_some();
        let told = Told { reference: Some(state.shipment_reference.clone()), is_held, ..Told::default() };
        self.raised.push(Raised { alert, told, because: Some(because.to_string()) });
    }

    /// Something about the installation itself, such as an integration; `subject` names it.
    pub fn raise_about(
        &mut self,
        organisation: OrganisationId,
        kind: AlertKind,
        subject: String,
        at: DateTime<Utc>,
    ) {
        let alert = NewAlert {
            id: AlertId(Uuid::now_v7()),
            organisation,
            shipment: None,
            assignment: None,
            tracker: None,
            subject: Some(subject),
            finding: None,
            detail: None,
            kind,
            alarm: None,
            severity: Severity::Warning,
            episode: instant(at, at),
        };
        self.add(alert, Told::default());
    }

    pub fn add(&mut self, alert: NewAlert, told: Told) {
        let because = (!told.lines.is_empty()).then(|| told.lines.join("; "));
        self.raised.push(Raised { alert, told, because });
    }

    /// Late or further readings changed the episode of an alert.
    pub fn amend(
        &mut self,
        state: &AssignmentState,
        before: &LiveAlert,
        episode: &EvaluatedEpisode,
        reopened: bool,
        because: &Because,
    ) {
        let Some(stored) = stored(episode) else { return };
        let known = Said {
            began_at: before.began_at,
            alarmed_at: before.alarmed_at,
            ended_at: before.ended_at,
            severity: before.severity,
            extreme: Some(before.extreme),
        };
        let amended = Said::of(episode.severity, &Episode { extreme: Some(episode.extreme), ..stored });
        // An exposure that merely goes on is no news.
        if known != amended {
            let whose = (state.organisation, before.id, Some(state.shipment));
            self.note_amended(whose, (&known, &amended), reopened, &because.to_string());
        }
        self.amended.push(Amendment {
            id: before.id,
            severity: episode.severity,
            episode: stored,
            reopen: reopened,
            detail: None,
        });
    }

    pub fn merge(&mut self, state: &AssignmentState, alert: AlertId, into: AlertId, because: &Because) {
        let reason = "late readings join its episode with an earlier one";
        let detail = MergedDetail { into, reason: reason.to_owned(), because: because.to_string() };
        self.record(state, alert, AlertDetail::Merged(detail));
        let (ending, reason) = (Ending::MergedInto(into), reason.to_owned());
        self.ended.push(EndedAlert { id: alert, ending, ended_at: None, reason });
    }

    /// Whoever was told of it is told that it was none.
    pub fn withdraw(
        &mut self,
        profile: &Profile,
        state: &AssignmentState,
        alert: &LiveAlert,
        reason: &str,
        because: &Because,
    ) {
        let detail = WithdrawnDetail { reason: reason.to_owned(), because: because.to_string() };
        self.record(state, alert.id, AlertDetail::Withdrawn(detail));
        if let Some(rule) = profile.alarm(&alert.alarm) {
            self.told_anew.push(mails::withdrawal(state, alert, rule.kind(), reason));
        }
        let reason = reason.to_owned();
        self.ended.push(EndedAlert { id: alert.id, ending: Ending::Withdrawn, ended_at: None, reason });
    }

    /// A silence alert was closed.
    pub fn record_closed(
        &mut self,
        organisation: OrganisationId,
        alert: AlertId,
        shipment: ShipmentId,
        reason: &str,
    ) {
        let detail = EndedDetail { reason: reason.to_owned() };
        self.note(organisation, alert, Some(shipment), AlertDetail::Closed(detail));
    }

    /// An alert that is about no exposure says something else than before, which nobody is woken for.
    pub fn change(
        &mut self,
        organisation: OrganisationId,
        shipment: Option<ShipmentId>,
        amendment: Amendment,
        because: &str,
    ) {
        self.update(organisation, shipment, amendment.id, because);
        self.amended.push(amendment);
    }

    /// What is known now changes what is said of a shipment's custody.
    pub fn amend_finding(
        &mut self,
        (organisation, shipment): (OrganisationId, Option<ShipmentId>),
        before: &StandingAlert,
        amendment: Amendment,
    ) {
        let known = Said {
            began_at: before.began_at,
            alarmed_at: before.alarmed_at,
            ended_at: before.ended_at,
            severity: before.severity,
            extreme: None,
        };
        let amended = Said::of(amendment.severity, &amendment.episode);
        let because = amendment.detail.as_deref().unwrap_or_default();
        self.note_amended(
            (organisation, amendment.id, shipment),
            (&known, &amended),
            amendment.reopen,
            because,
        );
        self.amended.push(amendment);
    }

    /// Whoever was told of it is told that it was none.
    pub fn tell_withdrawn(
        &mut self,
        organisation: OrganisationId,
        reference: &str,
        alert: &StandingAlert,
        reason: &str,
    ) {
        self.told_anew.push(mails::withdrawn(organisation, reference, alert, reason));
    }

    /// As [`AlertWork::change`], where what changed is kept elsewhere.
    pub fn update(
        &mut self,
        organisation: OrganisationId,
        shipment: Option<ShipmentId>,
        alert: AlertId,
        because: &str,
    ) {
        let detail = UpdatedDetail { because: because.to_owned() };
        self.note(organisation, alert, shipment, AlertDetail::Updated(detail));
    }

    pub fn end(&mut self, organisation: OrganisationId, shipment: Option<ShipmentId>, ended: EndedAlert) {
        let reason = ended.reason.clone();
        let detail = if ended.ending == Ending::Withdrawn {
            AlertDetail::Withdrawn(WithdrawnDetail { because: reason.clone(), reason })
        } else {
            AlertDetail::Closed(EndedDetail { reason })
        };
        self.note(organisation, ended.id, shipment, detail);
        self.ended.push(ended);
    }

    fn note_amended(
        &mut self,
        (organisation, alert, shipment): (OrganisationId, AlertId, Option<ShipmentId>),
        (was, is): (&Said, &Said),
        reopened: bool,
        because: &str,
    ) {
        let detail = AmendedDetail {
            began_at: [was.began_at, is.began_at],
            alarmed_at: [was.alarmed_at, is.alarmed_at],
            ended_at: [was.ended_at, is.ended_at],
            severity: [was.severity, is.severity],
            extreme: [was.extreme, is.extreme],
            reopened,
            because: because.to_owned(),
        };
        self.note(organisation, alert, shipment, AlertDetail::Amended(detail));
    }

    /// Something about an alert is put on record.
    fn note(
        &mut self,
        organisation: OrganisationId,
        alert: AlertId,
        shipment: Option<ShipmentId>,
        detail: AlertDetail,
    ) {
        let (subject, (action, detail)) = (alert.to_string(), detail.into_audit());
        self.audit.push(AuditEntry { organisation, actor: None, action, subject, detail });
        self.changes.push((organisation, Change::Alert { id: alert, shipment }));
    }

    fn record(&mut self, state: &AssignmentState, alert: AlertId, detail: AlertDetail) {
        self.note(state.organisation, alert, Some(state.shipment), detail);
    }

    /// How many changes are on record so far; an exposure that merely goes on is none.
    pub fn recorded(&self) -> usize {
        self.audit.len() + self.raised.len()
    }

    /// Writes everything; returns what pages should hear of after the commit.
    pub async fn apply(
        mut self,
        db: &mut Connection,
        now: DateTime<Utc>,
    ) -> Result<Vec<OwnedChange>, StoreError> {
        // Ended first: a subject's alert that ends makes room for its next one.
        db.end_alerts(&std::mem::take(&mut self.ended), now).await?;
        db.amend_alerts(&self.amended, now).await?;
        let new = std::mem::take(&mut self.raised);
        let alerts: Vec<NewAlert> = new.iter().map(|new| new.alert.clone()).collect();
        let raised = db.raise_alerts(&alerts, now).await?;
        let runbooks = Runbooks::of(db, alerts.iter().map(|alert| alert.organisation)).await?;
        let mut of_shipments = std::mem::take(&mut self.told_anew);
        let (mut of_gateways, mut of_installation) = (Vec::new(), Vec::new());
        for Raised { alert, told, because } in new.into_iter().filter(|new| raised.contains(&new.alert.id)) {
            let Episode { began_at, alarmed_at, .. } = alert.episode;
            let (kind, severity) = (alert.kind, alert.severity);
            let detail = RaisedDetail { kind, severity, began_at, alarmed_at, because };
            self.note(alert.organisation, alert.id, alert.shipment, AlertDetail::Raised(detail));
            if let Some((at, reason)) = told.over {
                let ended = EndedAlert {
                    id: alert.id,
                    ending: Ending::Closed,
                    ended_at: Some(at),
                    reason: reason.to_owned(),
                };
                self.end(alert.organisation, alert.shipment, ended);
                continue;
            }
            let recipients = match alert.kind {
                // That one cannot be told by the means that failed.
                AlertKind::NotificationFailed => continue,
                AlertKind::GatewaySilent => &mut of_gateways,
                _ if alert.shipment.is_some() => &mut of_shipments,
                _ => &mut of_installation,
            };
            let mut notification = notification(&alert, &told);
            notification.body.push_str(&runbooks.in_mail(alert.organisation, alert.kind));
            recipients.push(notification);
        }
        db.end_alerts(&std::mem::take(&mut self.ended), now).await?;
        db.write_audit(&self.audit, now).await?;
        db.add_notifications(&of_shipments, OF_SHIPMENTS, now).await?;
        db.add_notifications(&of_gateways, OF_GATEWAYS, now).await?;
        db.add_notifications(&of_installation, OF_THE_INSTALLATION, now).await?;
        Ok(self.changes)
    }
}

/// What an alert says.
#[derive(PartialEq)]
struct Said {
    began_at: DateTime<Utc>,
    alarmed_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    severity: Severity,
    /// In hundredths; none where it is about no exposure.
    extreme: Option<i32>,
}

impl Said {
    fn of(severity: Severity, episode: &Episode) -> Self {
        let Episode { began_at, alarmed_at, ended_at, extreme, .. } = *episode;
        Self { began_at, alarmed_at, ended_at, severity, extreme }
    }
}

fn stored(episode: &EvaluatedEpisode) -> Option<Episode> {
    Some(Episode {
        began_at: episode.began_at,
        alarmed_at: episode.alarmed_at?,
        ended_at: episode.ended_at,
        exposure_s: Some(episode.exposure_s),
        extreme: Some(episode.extreme),
    })
}

pub fn instant(began_at: DateTime<Utc>, alarmed_at: DateTime<Utc>) -> Episode {
    Episode { began_at, alarmed_at, ended_at: None, exposure_s: None, extreme: None }
}
