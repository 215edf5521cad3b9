//! What the ingester reports about itself: webhooks that it turned away, and a disk that fills.
//!
//! A webhook that is refused is lost for ever, so somebody must hear of it; but a sender with a wrong token, or an
//! attacker, must not be able to fill the queue. So refusals are counted, and reported once a minute.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use networks::message::{Body, Message, RefusalReason, Source};
use queue::OnBrokerAway;

use crate::Ingester;

/// The pause between two looks.
const ROUND: Duration = Duration::from_secs(1);

/// Refusals of one integration are reported at most this often.
const REFUSALS_EVERY: Duration = Duration::from_secs(60);

/// The state of the spool is reported at most this often.
const SPOOL_EVERY: Duration = Duration::from_secs(600);

/// Refusals since the last report, by integration; None stands for all integrations that do not exist.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<(Option<String>, RefusalReason), Waiting>>);

struct Waiting {
    source: Option<Source>,
    count: u64,
    reported: Option<Instant>,
}

impl Refusals {
    pub fn count(&self, source: Option<&Source>, reason: RefusalReason) {
        let mut refusals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (source.map(|source| source.integration.clone()), reason);
        let none_yet = || Waiting { source: source.cloned(), count: 0, reported: None };
        refusals.entry(key).or_insert_with(none_yet).count += 1;
    }

    /// What is due: the first refusal at once, later ones together.
    fn take_due(&self) -> Vec<(Option<Source>, RefusalReason, u64)> {
        let mut refusals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = |waiting: &Waiting| {
            waiting.count > 0 && waiting.reported.is_none_or(|at| at.elapsed() >= REFUSALS_EVERY)
        };
        let take = |((_, reason), waiting): (&(Option<String>, RefusalReason), &mut Waiting)| {
            waiting.reported = Some(Instant::now());
            (waiting.source.clone(), *reason, std::mem::take(&mut waiting.count))
        };
        refusals.iter_mut().filter(|(_, waiting)| due(waiting)).map(take).collect()
    }
}

/// Reports until the service stops.
pub async fn run(ingester: &Ingester) {
    let mut spool_reported: Option<Instant> = None;
    let mut stop = ingester.shutdown.clone();
    loop {
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        for (source, reason, count) in ingester.refusals.take_due() {
            report(ingester, Body::Refused { source, reason: reason.said().to_owned(), count }).await;
        }
        if spool_reported.is_none_or(|at| at.elapsed() >= SPOOL_EVERY)
            && let Some(alarm) = spool_alarm(ingester)
        {
            spool_reported = Some(Instant::now());
            report(ingester, alarm).await;
        }
    }
}

/// An alarm before the spool is full, while it still takes the alarm itself.
fn spool_alarm(ingester: &Ingester) -> Option<Body> {
    let spool = ingester.sender.state().spool;
    let crowded = spool.bytes > spool.max_bytes / 5 * 4;
    let disk_short = spool.free.is_some_and(|free| free < spool.min_free.saturating_mul(2));
    let reason = match (crowded, disk_short) {
        (true, _) => "more than four fifths of its room are taken",
        (_, true) => "its disk has little room left",
        _ => return None,
    };
    Some(Body::SpoolAlarm {
        reason: reason.to_owned(),
        spooled_bytes: spool.bytes,
        free_bytes: spool.free.unwrap_or_default(),
    })
}

async fn report(ingester: &Ingester, body: Body) {
    let message = Message { arrived_at: (ingester.clock)(), body };
    let Ok(line) = message.to_line() else { return };
    if let Err(error) = ingester.sender.submit(line, OnBrokerAway::Spool).await {
        tracing::error!(%error, "a report could not be stored; it stays in this log only");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use networks::message::OrganisationId;

    #[test]
    fn the_first_refusal_is_reported_at_once_and_the_rest_of_the_minute_together() {
        let refusals = Refusals::default();
        let source = Source { organisation: OrganisationId(1), integration: "a".into() };
        refusals.count(Some(&source), RefusalReason::Token);
        refusals.count(None, RefusalReason::Token);
        let mut due = refusals.take_due();
        due.sort_by_key(|(source, ..)| source.is_some());
        assert_eq!(due, [(None, RefusalReason::Token, 1), (Some(source.clone()), RefusalReason::Token, 1)]);
        refusals.count(Some(&source), RefusalReason::Token);
        refusals.count(Some(&source), RefusalReason::Token);
        assert_eq!(refusals.take_due(), [], "not twice a minute");
        refusals.count(Some(&source), RefusalReason::Size);
        assert_eq!(refusals.take_due(), [(Some(source), RefusalReason::Size, 1)], "another reason is news");
    }
}
