//! What positions say.

use super::*;

const MINUTE: i64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_that_left_is_accepted_within_a_quarter_of_an_hour_or_told_of() {
    let way = Way::new().await;
    way.seen_at(10, 48.0).await;
    way.seen_at(60, 48.02).await;
    let offer = way.offer(way.house.owner, 50, way.packed, way.first).await;
    assert_eq!(way.kinds(600).await, open(AlertKind::TransferOverdue));
    assert_eq!(way.look(60 + 15 * MINUTE - 1).await.len(), 1);
    let kinds: Vec<_> = way.look(60 + 15 * MINUTE).await.iter().map(|alert| alert.kind).collect();
    assert_eq!(kinds, [AlertKind::TransferOverdue, AlertKind::LeftWithoutCustody]);
    // Late: it had been accepted before it left.
    way.accept(way.first, 55, offer).await;
    let kinds = way.kinds(1_000).await;
    assert_eq!(
        kinds,
        [withdrawn(AlertKind::TransferOverdue), withdrawn(AlertKind::LeftWithoutCustody)].concat()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_off_its_corridor_for_ten_minutes_is_told_of_until_it_is_back() {
    let way = Way::new().await;
    way.hand_over(way.house.owner, way.packed, way.first, 10).await;
    way.seen_at(20, 48.0).await;
    way.seen_at(300, 48.1).await;
    assert_eq!(way.kinds(310).await, []);
    beside(&way, 600).await;
    assert_eq!(way.kinds(600 + 10 * MINUTE - 1).await, []);
    assert_eq!(way.kinds(600 + 10 * MINUTE).await, open(AlertKind::OffRoute));
    way.seen_at(1_500, 48.2).await;
    assert_eq!(way.kinds(1_510).await, closed(AlertKind::OffRoute));

    // Late: it had been on its route again within that time.
    let other = Way::new().await;
    other.hand_over(other.house.owner, other.packed, other.first, 10).await;
    other.seen_at(20, 48.0).await;
    beside(&other, 600).await;
    assert_eq!(other.kinds(600 + 10 * MINUTE).await, open(AlertKind::OffRoute));
    other.seen_at(700, 48.2).await;
    assert_eq!(other.kinds(1_300).await, withdrawn(AlertKind::OffRoute));
}

/// Ten kilometres east of the way.
async fn beside(way: &Way, second: i64) {
    way.house.set(second);
    let (accuracy_m, source) = (20, PositionSource::Network);
    let point = Point::from_degrees(48.2, 11.64).unwrap();
    way.house.locate(&way.of, Position { at: at(second), accuracy_m, point, source }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_that_stands_an_hour_outside_known_places_is_told_of_until_it_moves() {
    let way = Way::new().await;
    way.hand_over(way.house.owner, way.packed, way.first, 10).await;
    for second in [1_000, 2_800, 4_599] {
        way.seen_at(second, 48.2).await;
    }
    assert_eq!(way.kinds(4_605).await, []);
    way.seen_at(4_606, 48.2).await;
    assert_eq!(way.kinds(4_620).await, open(AlertKind::StandingTooLong));
    way.seen_at(6_000, 48.3).await;
    assert_eq!(way.kinds(6_010).await, closed(AlertKind::StandingTooLong));

    // Late: it had been elsewhere in between.
    let other = Way::new().await;
    other.hand_over(other.house.owner, other.packed, other.first, 10).await;
    for second in [1_000, 4_600] {
        other.seen_at(second, 48.2).await;
    }
    assert_eq!(other.kinds(4_610).await, open(AlertKind::StandingTooLong));
    other.seen_at(2_000, 48.3).await;
    assert_eq!(other.kinds(4_700).await, withdrawn(AlertKind::StandingTooLong));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_box_that_arrived_is_accepted_within_half_an_hour_or_told_of() {
    let way = Way::new().await;
    let first = way.hand_over(way.house.owner, way.packed, way.first, 10).await;
    way.seen_at(20, 48.0).await;
    way.seen_at(3_600, 48.5).await;
    let due = 3_600 + 30 * MINUTE;
    assert_eq!(way.kinds(due - 1).await, []);
    assert_eq!(way.kinds(due).await, open(AlertKind::ArrivedNotAccepted));
    way.hand_over(way.first, first, way.second, due + 60).await;
    assert_eq!(way.kinds(due + 61).await, closed(AlertKind::ArrivedNotAccepted));

    // Late: it had been accepted in time.
    let other = Way::new().await;
    let first = other.hand_over(other.house.owner, other.packed, other.first, 10).await;
    other.seen_at(3_600, 48.5).await;
    assert_eq!(other.kinds(due).await, open(AlertKind::ArrivedNotAccepted));
    other.hand_over(other.first, first, other.second, 3_700).await;
    assert_eq!(other.kinds(due + 1).await, withdrawn(AlertKind::ArrivedNotAccepted));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lasts_ends_where_positions_fail() {
    let way = Way::new().await;
    way.hand_over(way.house.owner, way.packed, way.first, 10).await;
    way.seen_at(20, 48.0).await;
    beside(&way, 600).await;
    assert_eq!(way.kinds(1_200).await, open(AlertKind::OffRoute));
    // Two hours after the last one, without anything that came.
    assert_eq!(way.kinds(600 + 7_200).await, open(AlertKind::OffRoute));
    let alerts = way.look(600 + 7_201).await;
    assert_eq!(alerts[0].closed_reason.as_deref(), Some("positions failed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_all_boxes_were_handed_over_is_where_the_shipment_was() {
    let way = Way::new().await;
    let offer = way.offer(way.house.owner, 9, way.packed, way.first).await;
    let whereabouts = Where { place: None, lat: Some(48.0), lon: Some(11.5), accuracy_m: None };
    let by = (way.first, None, Strength::System);
    way.write_as(by, 10, Some(whereabouts), accepted(offer, Seen::default())).await;
    let kept =
        way.house.database.psql("select source, lat_e7, accuracy_m, measured_at from positions").unwrap();
    let columns: Vec<&str> = kept.trim().split('|').take(3).collect();
    assert_eq!(columns, ["scan", "480000000", "1000"], "{kept}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shipment_is_received_by_its_planned_consignee_or_once_it_has_turned_back_by_its_owner() {
    let status = async |way: &Way| {
        let mut db = way.house.service.store.connect().await.unwrap();
        db.shipment(way.house.owner, way.of.shipment.id).await.unwrap().status
    };
    let way = Way::new().await;
    let other = way.house.partner("consignee", "Another pharmacy");
    let first = way.hand_over(way.house.owner, way.packed, way.first, 10).await;
    let taken = way.hand_over(way.first, first, other, 20).await;
    assert_eq!(status(&way).await, ShipmentStatus::InTransit, "not the planned one");
    way.hand_over(other, taken, way.pharmacy, 30).await;
    assert_eq!(status(&way).await, ShipmentStatus::Received);

    let back = Way::new().await;
    let first = back.hand_over(back.house.owner, back.packed, back.first, 10).await;
    let mut db = back.house.service.store.connect().await.unwrap();
    db.turn_shipment_back(back.of.shipment.id, "spoilt", at(15)).await.unwrap();
    let offer = back.offer(back.first, 20, first, back.house.owner).await;
    assert_eq!(status(&back).await, ShipmentStatus::Delivered);
    back.accept(back.house.owner, 30, offer).await;
    assert_eq!(status(&back).await, ShipmentStatus::Received);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hands_over_on_his_own_word_takes_no_reading_away_by_dating_it_back() {
    let ends = |way: &Way| {
        way.house.database.psql("select extract(epoch from until_at)::bigint from assignments").unwrap()
    };
    for (strength, ended) in [
        (Strength::Account, 20),
        (Strength::System, 20),
        (Strength::Badge, 5_000),
        (Strength::Code, 5_000),
        (Strength::Link, 5_000),
        (Strength::Unattended, 5_000),
    ] {
        let way = Way::new().await;
        let first = way.hand_over(way.house.owner, way.packed, way.first, 10).await;
        let offer = way.offer(way.first, 19, first, way.pharmacy).await;
        way.house.set(5_000);
        way.write_as((way.pharmacy, None, strength), 20, None, accepted(offer, Seen::default())).await;
        assert_eq!(ends(&way).trim(), at(ended).timestamp().to_string(), "{strength}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_refuses_does_not_say_where_the_boxes_are() {
    let way = Way::new().await;
    let offer = way.offer(way.house.owner, 9, way.packed, way.first).await;
    let tokyo = Where { place: None, lat: Some(35.7), lon: Some(139.7), accuracy_m: Some(1) };
    let refused =
        Act::Refused { answers: offer, boxes: vec![1], reason: "no".to_owned(), seen: Seen::default() };
    way.write_as((way.first, None, Strength::Account), 10, Some(tokyo), refused).await;
    assert_eq!(way.house.database.psql("select count(*) from positions").unwrap().trim(), "0");
}
