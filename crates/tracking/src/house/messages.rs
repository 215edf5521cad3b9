//! What an ingester puts into the queue about the integrations of a house.

use domain::refusal::RefusalReason;
use domain::{DevEui, OrganisationId};
use networks::message::{Body, Message, Source};
use networks::{Event, EventKind};

use super::{House, at};
use crate::arrived::Arrived;
use crate::consume::consume_batch;

pub fn message(integration: &str, second: i64, body: impl FnOnce(Source) -> Body) -> Message {
    let source = Source { organisation: OrganisationId(1), integration: integration.to_owned() };
    Message { arrived_at: at(second), body: body(source) }
}

/// Of device 7, received by its network at the house's beginning.
pub fn event(integration: &str, second: i64, kind: EventKind, f_cnt: u32) -> Message {
    let event = Event {
        kind,
        dev_eui: Some(DevEui(7)),
        f_cnt: Some(f_cnt),
        received_at: Some(at(0)),
        payload: Some(vec![1]),
        ..Event::default()
    };
    message(integration, second, |source| Body::Event { source, event })
}

pub fn refused(integration: &str, second: i64, reason: RefusalReason, count: u64) -> Message {
    let reason = reason.said().to_owned();
    message(integration, second, |source| Body::Refused { source: Some(source), reason, count })
}

impl House {
    /// One with the integrations `roof` and `cellar`.
    pub async fn with_integrations() -> Self {
        let house = Self::new().await;
        assert_eq!(house.owner, OrganisationId(1));
        let made = "insert into integrations (id, organisation_id, network, token_sha256, created_at)
             select id, 1, 'chirpstack', sha256('x'), now() from unnest(array['roof', 'cellar']) as n (id)";
        house.database.psql(made).unwrap();
        house
    }

    pub async fn take_messages(&self, messages: Vec<Message>) {
        let mut arrived = Arrived::default();
        messages.into_iter().for_each(|message| arrived.add(message));
        consume_batch(&self.service, &mut arrived).await.unwrap();
    }
}
