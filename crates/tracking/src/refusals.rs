//! Webhooks that an ingester turns away: most senders send once, so frames are being lost, and somebody must hear of it.
//! Once: one alert for an integration and a reason, however many are refused and however often.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Duration, Utc};
use domain::OrganisationId;
use domain::alert::AlertKind;
use store::{Connection, EndedAlert, Ending, StandingRefusal, StoreError};

use crate::Service;
use crate::alerting::AlertWork;

/// Who has acknowledged knows for so long; what is still refused then is told anew.
const KNOWN_FOR: Duration = Duration::hours(24);

/// Nothing refused for so long, and something taken in since: it is mended. Shorter, and an integration with two senders,
/// one of them wrong, would end its alert and raise it again all day.
const MENDED_AFTER: Duration = Duration::hours(1);

/// What an alert about refused webhooks is about.
pub fn subject(integration: &str, reason: &str) -> String {
    format!("integration {integration}: {reason}")
}

/// Whose alert of which kind about what.
pub type Raised = (OrganisationId, AlertKind, String);

/// Those subjects of which somebody has acknowledged that webhooks are refused, and not long ago.
pub async fn acknowledged(db: &mut Connection, now: DateTime<Utc>) -> Result<BTreeSet<Raised>, StoreError> {
    let standing = db.standing_refusals().await?;
    let is_known = |one: &StandingRefusal| one.acknowledged_at.is_some_and(|at| now < at + KNOWN_FOR);
    let raised = |one: StandingRefusal| (one.organisation, AlertKind::WebhookRefused, one.subject);
    Ok(standing.into_iter().filter(is_known).map(raised).collect())
}

/// Ends the alerts about integrations whose webhooks are taken in again.
pub async fn end_refusals(service: &Service) -> Result<(), StoreError> {
    // What waits in the queue may be another refusal.
    if !service.is_caught_up() {
        return Ok(());
    }
    let now = (service.clock)();
    // First without a lock: most rounds find nothing, and need not hold up a batch.
    if mended(&mut service.workers.connect().await?, now).await?.is_empty() {
        return Ok(());
    }
    let mut db = service.workers.begin().await?;
    // Alone: a batch that is being stored at this moment may bring another refusal.
    db.lock_intake().await?;
    let mut work = AlertWork::default();
    for (organisation, ended) in mended(&mut db, now).await? {
        work.end(organisation, None, ended);
    }
    let changes = work.apply(&mut db, now).await?;
    db.commit().await?;
    service.live.publish(changes);
    Ok(())
}

async fn mended(
    db: &mut Connection,
    now: DateTime<Utc>,
) -> Result<Vec<(OrganisationId, EndedAlert)>, StoreError> {
    let standing = db.standing_refusals().await?;
    if standing.is_empty() {
        return Ok(Vec::new());
    }
    let mended = db.mended_refusals(now - MENDED_AFTER).await?.into_iter();
    let seen_at: HashMap<_, _> = mended
        .map(|one| ((one.organisation, subject(&one.integration, one.reason.said())), one.seen_at))
        .collect();
    let ended = |one: StandingRefusal| {
        let at = *seen_at.get(&(one.organisation, one.subject))?;
        let reason = "its webhooks are taken in, and none was refused for an hour".to_owned();
        Some((
            one.organisation,
            EndedAlert { id: one.alert, ending: Ending::Closed, ended_at: Some(at), reason },
        ))
    };
    Ok(standing.into_iter().filter_map(ended).collect())
}

#[cfg(test)]
mod tests {
    use domain::refusal::RefusalReason;
    use networks::EventKind;
    use networks::message::{Body, Message};
    use store::AlertView;

    use super::*;
    use crate::house::House;
    use crate::house::at;
    use crate::house::messages::{event, refused};

    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const TOKEN: RefusalReason = RefusalReason::Token;

    /// Reported at that second, and the clock with it.
    async fn refuse(house: &House, second: i64) {
        house.set(second);
        house.take_messages(vec![refused("roof", second, TOKEN, 5)]).await;
        end_refusals(&house.service).await.unwrap();
    }

    async fn take_in(house: &House, second: i64, f_cnt: u32) {
        house.set(second);
        house.take_messages(vec![event("roof", second, EventKind::Uplink, f_cnt)]).await;
        end_refusals(&house.service).await.unwrap();
    }

    async fn acknowledge(house: &House, alert: &AlertView) {
        let mut db = house.service.store.connect().await.unwrap();
        let by = db.user_by_email("admin@example.org").await.unwrap().id;
        assert!(db.acknowledge_alert(house.owner, alert.id, by, "seen to", house.now()).await.unwrap());
    }

    /// Of each alert: whether data have ended it.
    async fn ended(house: &House) -> Vec<bool> {
        let alerts = house.alerts(None).await;
        let refused = alerts.iter().filter(|alert| alert.kind == AlertKind::WebhookRefused);
        refused.map(|alert| alert.closed_at.is_some()).collect()
    }

    #[tokio::test]
    async fn a_wrong_token_is_one_alert_that_names_its_integration_however_often_it_comes() {
        let house = House::with_integrations().await;
        for minute in 0..30 {
            refuse(&house, minute * MINUTE).await;
        }
        let two = vec![refused("roof", HOUR, TOKEN, 1), refused("roof", HOUR, TOKEN, 1)];
        house.take_messages(two).await;
        let alerts = house.alerts(None).await;
        let subjects: Vec<_> = alerts.iter().map(|alert| (alert.kind, alert.subject.as_deref())).collect();
        let named = "integration roof: the token is wrong";
        assert_eq!(subjects, [(AlertKind::WebhookRefused, Some(named))]);
        assert_eq!(alerts[0].episode.began_at, at(0));
        assert_eq!(house.told("count(*)").trim(), "1", "the admin, once");

        house.take_messages(vec![refused("cellar", HOUR, TOKEN, 1)]).await;
        house.take_messages(vec![refused("roof", HOUR, RefusalReason::Size, 1)]).await;
        assert_eq!(ended(&house).await.len(), 3, "another integration and another reason are told");
    }

    #[tokio::test]
    async fn who_has_acknowledged_is_told_again_only_when_it_goes_on_for_a_day() {
        let house = House::with_integrations().await;
        refuse(&house, 0).await;
        house.set(MINUTE);
        acknowledge(&house, &house.alerts(None).await[0]).await;
        for second in [2 * MINUTE, 3 * HOUR, 24 * HOUR, 24 * HOUR + MINUTE - 1] {
            refuse(&house, second).await;
            assert_eq!(ended(&house).await, [false], "at {second} s");
        }
        refuse(&house, 24 * HOUR + MINUTE).await;
        refuse(&house, 24 * HOUR + 2 * MINUTE).await;
        assert_eq!(ended(&house).await, [false, false]);
    }

    #[tokio::test]
    async fn it_ends_when_webhooks_are_taken_in_and_none_was_refused_for_an_hour() {
        let house = House::with_integrations().await;
        refuse(&house, 0).await;
        house.set(2 * HOUR);
        end_refusals(&house.service).await.unwrap();
        assert_eq!(ended(&house).await, [false], "nothing came at all");
        refuse(&house, 2 * HOUR).await;
        take_in(&house, 2 * HOUR + MINUTE, 1).await;
        take_in(&house, 3 * HOUR - 1, 2).await;
        assert_eq!(ended(&house).await, [false]);
        take_in(&house, 3 * HOUR, 3).await;
        assert_eq!(ended(&house).await, [true]);
        let alert = house.alerts(None).await.remove(0);
        assert_eq!(alert.episode.ended_at, Some(at(3 * HOUR)));
        assert_eq!(house.audited(&alert), "alert.raised alert.closed");

        // And is told anew when the token is wrong again.
        refuse(&house, 4 * HOUR).await;
        assert_eq!(ended(&house).await, [true, false]);
    }

    #[tokio::test]
    async fn an_integration_with_a_right_sender_and_a_wrong_one_keeps_its_one_alert() {
        let house = House::with_integrations().await;
        for quarter in 0..20 {
            refuse(&house, quarter * 15 * MINUTE).await;
            take_in(&house, quarter * 15 * MINUTE + 1, u32::try_from(quarter).unwrap()).await;
        }
        assert_eq!(ended(&house).await, [false]);
    }

    #[tokio::test]
    async fn strangers_are_one_alert_of_whoever_runs_the_installation_also_after_it_is_acknowledged() {
        let house = House::with_integrations().await;
        let stranger = |second| {
            let body = Body::Refused { source: None, reason: TOKEN.said().to_owned(), count: 1 };
            Message { arrived_at: at(second), body }
        };
        house.take_messages(vec![stranger(0)]).await;
        acknowledge(&house, &house.alerts(None).await[0]).await;
        house.set(HOUR);
        house.take_messages(vec![stranger(HOUR)]).await;
        assert_eq!(ended(&house).await, [false]);
    }
}
