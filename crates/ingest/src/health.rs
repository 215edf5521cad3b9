//! Whether the ingester can take webhooks, and its figures for Prometheus.

use actix_web::{HttpResponse, web};
use prometheus::{IntCounterVec, IntGauge, Opts, Registry, TextEncoder};
use queue::SenderState;
use serde::Serialize;

use crate::Ingester;

pub struct Metrics {
    registry: Registry,
    /// By outcome.
    pub webhooks: IntCounterVec,
    /// By integration: what still comes with the older of two credentials.
    pub older_credentials: IntCounterVec,
    /// By network and kind.
    pub events: IntCounterVec,
    spool_bytes: IntGauge,
    spool_free_bytes: IntGauge,
    spool_full: IntGauge,
    broker_up: IntGauge,
    packs_confirmed: IntGauge,
    packs_spooled: IntGauge,
}

impl Metrics {
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            Ok::<_, prometheus::Error>(counters)
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        Ok(Self {
            webhooks: counters("isotherm_ingest_webhooks_total", "Webhooks by outcome", &["outcome"])?,
            older_credentials: counters(
                "isotherm_ingest_older_credentials_total",
                "Webhooks by the older of two credentials",
                &["integration"],
            )?,
            events: counters(
                "isotherm_ingest_events_total",
                "Events by network and kind",
                &["network", "kind"],
            )?,
            spool_bytes: gauge("isotherm_ingest_spool_bytes", "Bytes of events that wait in the spool")?,
            spool_free_bytes: gauge("isotherm_ingest_spool_free_bytes", "Bytes free on the spool's disk")?,
            spool_full: gauge("isotherm_ingest_spool_full", "1 while webhooks are refused for want of room")?,
            broker_up: gauge("isotherm_ingest_broker_up", "1 while the message broker is connected")?,
            packs_confirmed: gauge("isotherm_ingest_packs_confirmed", "Packs that the broker confirmed")?,
            packs_spooled: gauge("isotherm_ingest_packs_spooled", "Packs written to the spool")?,
            registry,
        })
    }

    /// Prometheus' text format.
    pub fn text(&self, state: &SenderState) -> Result<String, prometheus::Error> {
        let count = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        self.spool_bytes.set(count(state.spool.bytes));
        self.spool_free_bytes.set(count(state.spool.free.unwrap_or_default()));
        self.spool_full.set(i64::from(state.spool.full_for.is_some()));
        self.broker_up.set(i64::from(state.broker.as_ref().is_some_and(queue::LinkState::is_up)));
        self.packs_confirmed.set(count(state.counts.packs_confirmed));
        self.packs_spooled.set(count(state.counts.packs_spooled));
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// Whether webhooks can be taken, and what stands in the way.
#[derive(Debug, Serialize)]
pub struct Readiness {
    pub ready: bool,
    /// `up`, or why not; null in an installation without a broker. The spool stands in for it.
    pub broker: Option<String>,
    pub spool_bytes: u64,
    pub spool_max_bytes: u64,
    pub spool_free_bytes: Option<u64>,
    /// Why webhooks are refused.
    pub problem: Option<String>,
    pub integrations: usize,
}

impl Readiness {
    pub fn of(ingester: &Ingester) -> Self {
        let state = ingester.sender.state();
        let full = state.spool.full_for.map(|time| format!("the spool is full for {} s", time.as_secs()));
        let strange = (!ingester.integrations.is_known())
            .then(|| "the tracking service has not said yet which integrations there are".to_owned());
        let problem = state.spool.failed.clone().or(full).or(strange);
        let broker = state.broker.map(|broker| match broker {
            queue::LinkState::Up { .. } => "up".to_owned(),
            queue::LinkState::Down { reason, .. } => format!("down: {reason}"),
        });
        Self {
            ready: problem.is_none(),
            broker,
            spool_bytes: state.spool.bytes,
            spool_max_bytes: state.spool.max_bytes,
            spool_free_bytes: state.spool.free,
            problem,
            integrations: ingester.integrations.count(),
        }
    }
}

pub async fn show_health() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

pub async fn show_readiness(ingester: web::Data<Ingester>) -> HttpResponse {
    let readiness = Readiness::of(&ingester);
    if readiness.ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() }.json(readiness)
}

pub async fn show_metrics(ingester: web::Data<Ingester>) -> HttpResponse {
    match ingester.metrics_text() {
        Some(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text),
        None => HttpResponse::InternalServerError().finish(),
    }
}
