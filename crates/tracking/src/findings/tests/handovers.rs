//! What entries, plan, contracts and readings say of handovers.

use domain::custody::{Condition, Effect};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handover_is_overdue_from_the_end_of_its_window_until_it_is_accepted() {
    let way = Way::new().await;
    assert_eq!(way.kinds(599).await, []);
    let alerts = way.look(600).await;
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((alert.kind, alert.shipment), (AlertKind::TransferOverdue, Some(way.of.shipment.id)));
    assert_eq!((alert.episode.began_at, alert.episode.alarmed_at), (at(600), at(600)));
    assert!(alert.detail.as_deref().unwrap().starts_with("leg 1 was to be picked up by "), "{alert:?}");
    let recipients = way.house.told("string_agg(u.email, ' ' order by u.email)");
    assert_eq!(recipients.trim(), "coordinator@example.org quality@example.org");
    assert!(way.house.told("n.body").contains("leg 1 was to be picked up by"));

    way.house.set(700);
    way.hand_over(way.house.owner, way.packed, way.first, 700).await;
    let alerts = way.look(701).await;
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((alert.closed_as.as_deref(), alert.episode.ended_at), (Some("closed"), Some(at(700))));
    assert_eq!(alert.closed_reason.as_deref(), Some("it was accepted"));
    assert_eq!(way.house.audited(alert), "alert.raised alert.amended alert.closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acceptance_that_comes_late_withdraws_what_was_told_and_whoever_was_told_hears_it() {
    let way = Way::new().await;
    let offer = way.offer(way.house.owner, 100, way.packed, way.first).await;
    assert_eq!(way.kinds(600).await, open(AlertKind::TransferOverdue));
    way.house.set(650);
    way.accept(way.first, 599, offer).await;
    assert_eq!(way.kinds(651).await, withdrawn(AlertKind::TransferOverdue));
    let subjects = way.house.told("distinct n.subject");
    assert!(subjects.contains("shipment S-01: the handover is overdue, withdrawn"), "{subjects}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_over_before_anybody_knew_is_on_record_and_wakes_nobody() {
    let way = Way::new().await;
    way.house.set(900);
    way.hand_over(way.house.owner, way.packed, way.first, 800).await;
    assert_eq!(way.kinds(901).await, closed(AlertKind::TransferOverdue));
    assert_eq!(way.house.told("count(*)").trim(), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_waits_half_an_hour_for_its_answer() {
    let way = Way::new().await;
    let first = way.hand_over(way.house.owner, way.packed, way.first, 10).await;
    let offer = way.offer(way.first, 1_000, first, way.second).await;
    assert_eq!(way.kinds(2_799).await, []);
    assert_eq!(way.kinds(2_800).await, open(AlertKind::OfferUnanswered));
    way.house.set(2_900);
    way.accept(way.second, 2_900, offer).await;
    assert_eq!(way.kinds(2_901).await, closed(AlertKind::OfferUnanswered));

    let other = Way::new().await;
    let first = other.hand_over(other.house.owner, other.packed, other.first, 10).await;
    let offer = other.offer(other.first, 1_000, first, other.second).await;
    assert_eq!(other.kinds(2_800).await, open(AlertKind::OfferUnanswered));
    other.accept(other.second, 2_799, offer).await;
    assert_eq!(other.kinds(2_801).await, withdrawn(AlertKind::OfferUnanswered));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_custodian_who_is_not_in_the_plan_is_told_of_until_he_hands_on_or_the_plan_names_him() {
    let way = Way::new().await;
    way.hand_over(way.house.owner, way.packed, way.first, 10).await;
    assert_eq!(way.kinds(20).await, [], "the planned one");

    let way = Way::new().await;
    let stranger = stranger_of(&way).await;
    let taken = way.hand_over(way.house.owner, way.packed, stranger, 10).await;
    let alerts = way.look(20).await;
    assert_eq!(alerts[0].kind, AlertKind::CustodianUnexpected);
    assert_eq!(alerts[0].detail.as_deref(), Some("box 1: Stranger is not in the plan"));
    way.hand_over(stranger, taken, way.first, 30).await;
    assert_eq!(way.kinds(40).await, closed(AlertKind::CustodianUnexpected));

    // Late: the one who took it over had been planned all the time.
    let other = Way::new().await;
    let stranger = stranger_of(&other).await;
    other.hand_over(other.house.owner, other.packed, stranger, 10).await;
    assert_eq!(other.kinds(20).await, open(AlertKind::CustodianUnexpected));
    let legs = vec![leg(1, &other.lane, stranger, 0), leg(2, &other.lane, other.second, 11_400)];
    let plan = Plan::new(other.pharmacy, legs, std::slice::from_ref(&other.lane)).unwrap();
    let mut db = other.house.service.store.connect().await.unwrap();
    let user = db.user_by_email("coordinator@example.org").await.unwrap().id;
    db.set_plan(other.house.owner, other.of.shipment.id, &plan, user, at(30)).await.unwrap();
    db.mark_watch(other.house.owner, other.of.shipment.id, at(30)).await.unwrap();
    assert_eq!(other.kinds(31).await, withdrawn(AlertKind::CustodianUnexpected));
}

/// Under contract, and in no plan.
async fn stranger_of(way: &Way) -> OrganisationId {
    let stranger = way.house.partner("carrier", "Stranger");
    let contract = ContractText { title: "spare".to_owned(), reference: None, from: at(-1), until: None };
    let mut db = way.house.service.store.connect().await.unwrap();
    db.add_contract(way.house.owner, stranger, &contract, at(0)).await.unwrap();
    stranger
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_custodian_needs_a_contract_and_a_person_with_an_account_a_training() {
    let way = Way::new().await;
    let trained = way.driver(way.first).await;
    let offer = way.offer(way.house.owner, 9, way.packed, way.first).await;
    let by = (way.first, Some(trained), Strength::Account);
    let first = way.write_as(by, 10, None, accepted(offer, Seen::default())).await;
    assert_eq!(way.kinds(20).await, []);

    let untrained = way.untrained(way.second).await;
    let offer = way.offer(way.first, 29, first, way.second).await;
    let by = (way.second, Some(untrained), Strength::Account);
    way.write_as(by, 30, None, accepted(offer, Seen::default())).await;
    let alerts = way.look(40).await;
    assert_eq!(alerts[0].kind, AlertKind::CustodianUnqualified);
    assert!(alerts[0].detail.as_deref().unwrap().ends_with("had no valid training"), "{alerts:?}");
    // Late: the training was there, and is entered only now.
    way.train(untrained).await;
    assert_eq!(way.kinds(50).await, withdrawn(AlertKind::CustodianUnqualified));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contract_that_is_entered_late_counts_from_its_beginning() {
    let way = Way::new().await;
    let owner = way.house.owner;
    let ended = format!(
        "update contracts set ended_at = from_at, ended_reason = 'by mistake' where partner_id = {}",
        way.first
    );
    way.house.database.psql(&ended).unwrap();
    way.hand_over(owner, way.packed, way.first, 10).await;
    let alerts = way.look(20).await;
    assert_eq!(alerts[0].kind, AlertKind::CustodianUnqualified);
    assert!(alerts[0].detail.as_deref().unwrap().ends_with("First had no valid contract"), "{alerts:?}");
    let mut db = way.house.service.store.connect().await.unwrap();
    let contract = ContractText { title: "carriage".to_owned(), reference: None, from: at(10), until: None };
    db.add_contract(owner, way.first, &contract, at(30)).await.unwrap();
    db.mark_watches_of(owner, Some(way.first), at(30)).await.unwrap();
    assert_eq!(way.kinds(31).await, withdrawn(AlertKind::CustodianUnqualified));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_seen_at_a_handover_stays_until_a_person_has_seen_it_or_the_entry_is_corrected() {
    let seal = |seal: &str| vec![Seal { number: 1, seal: seal.to_owned() }];
    let opened = Seen { condition: Some(Condition::Opened), ..Seen::default() };
    let other_seal = Seen { seals: seal("S-2"), ..Seen::default() };
    let intact = Seen { condition: Some(Condition::Intact), seals: seal("S-1"), ..Seen::default() };
    let (depot, dock) = (whereabouts(48.0), whereabouts(48.5));
    for (seen, place, kind) in [
        (intact.clone(), depot.clone(), None),
        (opened, depot.clone(), Some(AlertKind::OpenedInTransit)),
        (other_seal, depot, Some(AlertKind::SealDiffers)),
        (intact, dock, Some(AlertKind::AcceptedElsewhere)),
    ] {
        let way = Way::new().await;
        let offer = way.offer(way.house.owner, 9, way.packed, way.first).await;
        let by = (way.first, None, Strength::System);
        let entry = way.write_as(by, 10, Some(place), accepted(offer, seen)).await;
        assert_eq!(way.kinds(20).await, kind.map(open).unwrap_or_default());
        let Some(kind) = kind else { continue };
        // Late: it was not so.
        let (effect, reason) = (Effect::Annulled, "another box".to_owned());
        way.write(way.house.owner, 30, Act::Corrected { corrects: entry, effect, reason }).await;
        assert_eq!(way.kinds(40).await, withdrawn(kind));
    }
}

fn whereabouts(lat: f64) -> Where {
    Where { place: None, lat: Some(lat), lon: Some(11.5), accuracy_m: Some(20) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handover_out_of_range_is_known_once_its_reading_has_come_and_undone_by_a_later_one() {
    let way = Way::new().await;
    way.house.measure(&way.of, 1, at(0), 500).await;
    way.hand_over(way.house.owner, way.packed, way.first, 300).await;
    assert_eq!(way.kinds(310).await, [], "in range, as far as anybody knows");
    // Late: two readings that were measured before it.
    way.house.set(400);
    way.house.measure(&way.of, 2, at(120), 1_200).await;
    let kinds: Vec<_> = way.look(405).await.iter().map(|alert| alert.kind).collect();
    assert_eq!(kinds, [AlertKind::HandedOverOutOfRange]);
    way.house.set(500);
    way.house.measure(&way.of, 3, at(240), 500).await;
    assert_eq!(way.kinds(505).await, withdrawn(AlertKind::HandedOverOutOfRange));
    // One that was measured afterwards says nothing of it.
    way.house.set(600);
    way.house.measure(&way.of, 4, at(600), 1_200).await;
    assert_eq!(way.kinds(605).await, withdrawn(AlertKind::HandedOverOutOfRange));
}
