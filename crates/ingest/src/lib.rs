//! The webhook ingester: verify → parse → make durable → 2xx.
//!
//! First station of a reading's path. It holds the only copy of most events, so it answers 2xx only when the event
//! is on a disk, and answers soon. It knows no database, no device and no payload: who sent is all it checks, by its
//! own copy of the integrations.

mod health;
mod integrations;
mod proof;
pub mod pull;
mod question;
mod reports;
mod take;
mod tokens;
mod webhook;

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::{HttpRequest, web};
use chrono::{DateTime, Utc};
use queue::Sender;
use tokio::sync::watch;

pub use integrations::{CopyError, CredentialRecord, Integration, IntegrationRecord, Integrations};
pub use webhook::MAX_BODY;

/// Tells the time of arrival.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Tells where a request comes from.
pub type AddressOf = Arc<dyn Fn(&HttpRequest) -> IpAddr + Send + Sync>;

/// What all requests share.
pub struct Ingester {
    pub integrations: Integrations,
    pub sender: Sender,
    clock: Clock,
    address_of: AddressOf,
    metrics: health::Metrics,
    refusals: reports::Refusals,
    questions: question::Questions,
    tokens: tokens::ProvenTokens,
    shutdown: watch::Receiver<bool>,
}

impl Ingester {
    /// `shutdown` becomes true when the service is to stop.
    pub fn new(
        integrations: Integrations,
        sender: Sender,
        clock: Clock,
        address_of: AddressOf,
        shutdown: watch::Receiver<bool>,
    ) -> Result<Self, prometheus::Error> {
        let (metrics, refusals) = (health::Metrics::new()?, reports::Refusals::default());
        let (questions, tokens) = (question::Questions::default(), tokens::ProvenTokens::default());
        Ok(Self { integrations, sender, clock, address_of, metrics, refusals, questions, tokens, shutdown })
    }

    /// Figures for Prometheus.
    pub fn metrics_text(&self) -> Option<String> {
        self.metrics.text(&self.sender.state()).ok()
    }
}

/// Reports refusals and a filling disk until the service stops.
pub async fn run(ingester: Arc<Ingester>) {
    reports::run(&ingester).await;
}

/// Mounts the webhooks.
pub fn configure(ingester: web::Data<Ingester>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |app| {
        app.app_data(ingester)
            .service(
                web::resource("/webhooks/{integration}")
                    .route(web::post().to(webhook::receive))
                    .default_service(web::to(webhook::tell_methods)),
            )
            .service(
                web::resource("/webhooks/{integration}/{event:.*}")
                    .route(web::post().to(webhook::receive_event))
                    .default_service(web::to(webhook::tell_methods)),
            );
    }
}

/// Mounts `/healthz`, `/readyz` and `/metrics` of an ingester that runs by itself.
pub fn configure_health(app: &mut web::ServiceConfig) {
    app.route("/healthz", web::get().to(health::show_health))
        .route("/readyz", web::get().to(health::show_readiness))
        .route("/metrics", web::get().to(health::show_metrics));
}

pub use health::Readiness;
