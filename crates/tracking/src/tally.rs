//! What a batch brought by each integration, so that its operator sees whether it is alive.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::OrganisationId;
use domain::refusal::RefusalReason;
use store::{Connection, IntakeCount, MadeRows, RefusalCount, StoreError};

use crate::arrived::{Arrived, Report};

/// What one report can add: an ingester counts for a minute, and the sum must not overflow.
const MOST_REFUSED: u64 = u32::MAX as u64;

/// Notes what came, given how many rows of each integration were new.
pub async fn count_intake(
    db: &mut Connection,
    arrived: &Arrived,
    new: [MadeRows; 2],
) -> Result<(), StoreError> {
    db.add_intake_counts(&intake_counts(arrived, new)).await?;
    db.add_refusal_counts(&refusal_counts(&arrived.reports)).await
}

fn intake_counts(arrived: &Arrived, new: [MadeRows; 2]) -> Vec<IntakeCount> {
    let uplinks = arrived.uplinks.iter().map(|u| (u.organisation, u.integration.as_str(), u.arrived_at));
    let events = arrived.events.iter().map(|e| (e.organisation, e.integration.as_str(), e.arrived_at));
    let unreadable =
        arrived.unreadable.iter().map(|b| (b.organisation, b.integration.as_str(), b.arrived_at));
    let mut counts = BTreeMap::new();
    for (owner, integration, at) in uplinks.chain(events) {
        // Which of them are new is known of all of them together.
        count_of(&mut counts, owner, integration, at).repeated += 1;
    }
    for (owner, integration, at) in unreadable {
        count_of(&mut counts, owner, integration, at).unreadable += 1;
    }
    for count in counts.values_mut() {
        let whose = (count.organisation, count.integration.clone());
        count.accepted = new.iter().filter_map(|new| new.get(&whose)).sum();
        count.repeated -= count.accepted;
    }
    counts.into_values().collect()
}

type IntakeCounts<'a> = BTreeMap<(OrganisationId, &'a str), IntakeCount>;

fn count_of<'a, 'b>(
    counts: &'b mut IntakeCounts<'a>,
    organisation: OrganisationId,
    integration: &'a str,
    at: DateTime<Utc>,
) -> &'b mut IntakeCount {
    let count = counts.entry((organisation, integration)).or_insert_with(|| IntakeCount {
        organisation,
        integration: integration.to_owned(),
        accepted: 0,
        repeated: 0,
        unreadable: 0,
        first_seen_at: at,
        last_seen_at: at,
    });
    count.first_seen_at = count.first_seen_at.min(at);
    count.last_seen_at = count.last_seen_at.max(at);
    count
}

fn refusal_counts(reports: &[Report]) -> Vec<RefusalCount> {
    let mut counts: BTreeMap<(OrganisationId, &str, RefusalReason), RefusalCount> = BTreeMap::new();
    for report in reports {
        let Report::Refused { source: Some(source), reason, count, at } = report else { continue };
        let (organisation, reason) = (source.organisation, RefusalReason::of(reason));
        let known =
            counts.entry((organisation, &source.integration, reason)).or_insert_with(|| RefusalCount {
                organisation,
                integration: source.integration.clone(),
                reason,
                count: 0,
                first_refused_at: *at,
                last_refused_at: *at,
            });
        known.count += i64::try_from((*count).clamp(1, MOST_REFUSED)).unwrap_or(1);
        known.first_refused_at = known.first_refused_at.min(*at);
        known.last_refused_at = known.last_refused_at.max(*at);
    }
    counts.into_values().collect()
}

#[cfg(test)]
mod tests {
    use networks::EventKind;
    use networks::message::Body;

    use super::*;
    use crate::house::messages::{event, message, refused};
    use crate::house::{House, at};

    fn unreadable(integration: &str, second: i64) -> networks::message::Message {
        let (reason, body) = ("no JSON".to_owned(), b"{".to_vec());
        message(integration, second, |source| Body::Unreadable { source, reason, body })
    }

    async fn counted(house: &House) -> (Vec<IntakeCount>, Vec<RefusalCount>) {
        let mut db = house.service.store.connect().await.unwrap();
        (db.intake_counts(house.owner).await.unwrap(), db.refusal_counts(house.owner).await.unwrap())
    }

    fn intake(integration: &str, counts: [i64; 3], seen: [i64; 2]) -> IntakeCount {
        let ([accepted, repeated, unreadable], [first, last]) = (counts, seen);
        let (organisation, integration) = (OrganisationId(1), integration.to_owned());
        let (first_seen_at, last_seen_at) = (at(first), at(last));
        IntakeCount { organisation, integration, accepted, repeated, unreadable, first_seen_at, last_seen_at }
    }

    #[tokio::test]
    async fn what_came_by_an_integration_is_counted_once_and_what_came_again_as_repeated() {
        let house = House::with_integrations().await;
        let (up, join) = (EventKind::Uplink, EventKind::Join);
        let batch = || {
            vec![
                event("roof", 5, up, 1),
                event("roof", 4, up, 2),
                event("roof", 9, up, 1),
                event("roof", 6, join, 0),
                event("cellar", 7, join, 0),
            ]
        };
        house.take_messages(batch()).await;
        let first = vec![intake("cellar", [1, 0, 0], [7, 7]), intake("roof", [3, 1, 0], [4, 9])];
        assert_eq!(counted(&house).await, (first, vec![]));

        // The same again, as after a crash between commit and acknowledgement, with something new.
        let more = [event("roof", 3, up, 3), unreadable("roof", 12), unreadable("roof", 11)];
        house.take_messages(batch().into_iter().chain(more).collect()).await;
        let both = vec![intake("cellar", [1, 1, 0], [7, 7]), intake("roof", [4, 5, 2], [3, 12])];
        assert_eq!(counted(&house).await, (both, vec![]));
    }

    #[tokio::test]
    async fn what_was_refused_is_counted_by_its_reason_and_is_no_sign_of_life() {
        let house = House::with_integrations().await;
        let newer = message("roof", 8, |source| Body::Refused {
            source: Some(source),
            reason: "they came on a sunday".to_owned(),
            count: 2,
        });
        let (token, size) = (RefusalReason::Token, RefusalReason::Size);
        let most = refused("cellar", 3, token, u64::MAX);
        let batch = vec![refused("roof", 5, token, 40), refused("roof", 2, token, 1), newer, most];
        house.take_messages(batch).await;
        house.take_messages(vec![refused("roof", 65, token, 9), refused("roof", 66, size, 1)]).await;
        let of = |integration: &str, reason, count, seen: [i64; 2]| RefusalCount {
            organisation: OrganisationId(1),
            integration: integration.to_owned(),
            reason,
            count,
            first_refused_at: at(seen[0]),
            last_refused_at: at(seen[1]),
        };
        let expected = vec![
            of("cellar", token, u32::MAX.into(), [3, 3]),
            of("roof", RefusalReason::Other, 2, [8, 8]),
            of("roof", size, 1, [66, 66]),
            of("roof", token, 50, [2, 65]),
        ];
        assert_eq!(counted(&house).await, (vec![], expected));
    }

    #[tokio::test]
    async fn what_names_no_integration_of_its_organisation_is_stored_and_not_counted() {
        let house = House::with_integrations().await;
        let partner = house.partner("carrier", "Freight");
        let mut of_another = event("roof", 1, EventKind::Join, 0);
        if let Body::Event { source, .. } = &mut of_another.body {
            source.organisation = partner;
        }
        let token = RefusalReason::Token;
        house
            .take_messages(vec![
                of_another,
                event("attic", 1, EventKind::Uplink, 1),
                refused("attic", 1, token, 1),
            ])
            .await;
        assert_eq!(counted(&house).await, (vec![], vec![]));
        let kept = "select (select count(*) from uplinks), (select count(*) from device_events)";
        assert_eq!(house.database.psql(kept).unwrap().trim(), "1|1");
    }
}
