//! What becomes which event.

use domain::custody::Act;
use domain::epcis::{CONTEXT, HoldChange};
use domain::packing::PackedBox;
use domain::shipment::{Disposition, HoldReason};
use serde_json::{Value, json};

use crate::scene::{CARRIER, CONSIGNOR, OTHER, PHARMACY, SSCC, Scene, TRACKER, at, fields, steps};

const SHIPMENT: &str = "urn:uuid:00000000-0000-0000-0000-000000000007";
const PHARMACY_URI: &str = "https://id.gs1.org/417/9506000134307";

fn time(minutes: i64) -> Value {
    json!(at(minutes))
}

#[test]
fn a_document_says_what_it_is_and_every_event_when_and_of_which_shipment() {
    let mut scene = Scene::new();
    scene.dispatch();
    scene.ride = Some((Some(1), 0, None, vec![(0, 500)]));
    let document = scene.document(60);
    assert_eq!(document["@context"], json!([CONTEXT]));
    let said = ["type", "schemaVersion", "creationDate"].map(|name| document[name].clone());
    assert_eq!(said, [json!("EPCISDocument"), json!("2.0"), time(60)]);
    let events = scene.events(60);
    for event in &events {
        assert_eq!(event["eventTimeZoneOffset"], "+00:00");
        assert_eq!(event["bizTransactionList"], json!([{ "bizTransaction": SHIPMENT }]));
        assert!(event["eventID"].as_str().unwrap().starts_with("urn:uuid:"), "{event}");
    }
    let times: Vec<&str> = events.iter().map(|event| event["eventTime"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    let ids: std::collections::BTreeSet<String> =
        events.iter().map(|event| event["eventID"].to_string()).collect();
    assert_eq!(ids.len(), events.len());
    assert!(!document.to_string().contains("Somebody"), "people are not named");
}

#[test]
fn packing_adds_contents_to_the_box_and_what_has_no_number_is_left_out() {
    let mut scene = Scene::new();
    scene.pack();
    let events = scene.events(1);
    let names =
        ["type", "action", "bizStep", "parentID", "childEPCs", "childQuantityList", "epcList", "recordTime"];
    let packed = fields(&events, &names);
    assert_eq!(
        packed[0],
        json!({
            "type": "AggregationEvent", "action": "ADD", "bizStep": "packing", "parentID": SSCC,
            "childEPCs": ["https://id.gs1.org/01/09506000134376/21/S1"],
            "childQuantityList": [{ "epcClass": "https://id.gs1.org/01/09506000134352/10/A1", "quantity": 10 }],
            "recordTime": "2026-11-02T08:00:30Z",
        })
    );
    // Of the other box nothing is known but that it was packed; its name is the service's own.
    assert_eq!((&packed[1]["type"], &packed[1]["action"]), (&json!("ObjectEvent"), &json!("OBSERVE")));
    assert!(packed[1]["epcList"][0].as_str().unwrap().starts_with("urn:uuid:"));
    assert_eq!(packed.len(), 2);
}

#[test]
fn dispatch_is_shipping_the_way_accepting_and_the_consignees_step_receiving() {
    let mut scene = Scene::new();
    let with_carrier = scene.dispatch();
    let relay = scene.offer(CARRIER, OTHER, 60, with_carrier);
    let with_other = scene.accept(OTHER, 65, relay, false);
    let open = scene.offer(OTHER, PHARMACY, 120, with_other);
    let before = scene.events(200);
    assert_eq!(steps(&before), ["packing", "packing", "shipping", "accepting", "accepting"]);
    scene.accept(PHARMACY, 125, open, false);
    let events = scene.events(200);
    assert_eq!(events[..5], before[..], "what was told stays as it was");
    let names = ["type", "action", "bizStep", "disposition", "eventTime"];
    let way = fields(&events[2..], &names);
    let moved = |step, state, minutes| {
        json!({ "type": "ObjectEvent", "action": "OBSERVE", "bizStep": step, "disposition": state,
            "eventTime": time(minutes) })
    };
    assert_eq!(
        way,
        [
            moved("shipping", "in_transit", 10),
            moved("accepting", "in_transit", 15),
            moved("accepting", "in_transit", 65),
            moved("receiving", "in_progress", 125),
        ]
    );
    let party = |event: &Value, list: &str, name: &str| {
        assert_eq!(event[list][0]["type"], "possessing_party");
        event[list][0][name].as_str().unwrap().to_owned()
    };
    let between = |event: &Value| {
        (party(event, "sourceList", "source"), party(event, "destinationList", "destination"))
    };
    let [sent, taken, relayed, received] = [2, 3, 4, 5].map(|index| between(&events[index]));
    assert_eq!((&sent, &received.1), (&taken, &PHARMACY_URI.to_owned()));
    assert_eq!((&taken.1, &relayed.1), (&relayed.0, &received.0));
    assert_eq!(events[5]["epcList"].as_array().unwrap().len(), 2);
    assert_eq!(events[5]["readPoint"], json!({ "id": "geo:52.5,13.4;u=20" }));
    assert!(events[2].get("readPoint").is_none(), "nobody said where it was offered");
}

#[test]
fn what_is_on_hold_or_turned_back_is_received_as_such() {
    let mut scene = Scene::new();
    let with_carrier = scene.dispatch();
    let offer = scene.offer(CARRIER, PHARMACY, 60, with_carrier);
    scene.accept(PHARMACY, 65, offer, true);
    assert_eq!(scene.events(70)[4]["disposition"], "non_sellable_other");

    let mut scene = Scene::new();
    let with_carrier = scene.dispatch();
    scene.turned_back_at = Some(at(50));
    let offer = scene.offer(CARRIER, CONSIGNOR, 60, with_carrier);
    scene.accept(CONSIGNOR, 65, offer, false);
    let home = &scene.events(70)[4];
    assert_eq!((&home["bizStep"], &home["disposition"]), (&json!("receiving"), &json!("returned")));
}

#[test]
fn of_a_box_that_may_not_be_seen_nothing_is_told() {
    let mut scene = Scene::new();
    let with_carrier = scene.dispatch();
    let all = scene.events(20);
    let hidden = scene.boxes.pop().unwrap();
    let seen = scene.events(20);
    assert_eq!(steps(&seen), ["packing", "shipping", "accepting"]);
    for (step, event) in [(0, &seen[0]), (2, &seen[1]), (3, &seen[2])] {
        assert_eq!(event["eventID"], all[step]["eventID"]);
    }
    assert_eq!(seen[1]["epcList"], json!([SSCC]));
    // Handovers of that box alone are none.
    scene.boxes = vec![PackedBox { number: 3, ..hidden }];
    scene.offer(CARRIER, OTHER, 60, with_carrier);
    assert_eq!(scene.events(70), [Value::Null; 0]);
}

#[test]
fn an_offer_alone_and_what_was_refused_are_no_events() {
    let mut scene = Scene::new();
    let packed = scene.pack();
    let offer = scene.offer(CONSIGNOR, CARRIER, 10, packed);
    assert_eq!(steps(&scene.events(20)), ["packing", "packing"]);
    let refused = Act::Refused {
        answers: offer,
        boxes: vec![1, 2],
        reason: "wet".to_owned(),
        seen: domain::custody::Seen::default(),
    };
    scene.write(CARRIER, 12, refused);
    assert_eq!(steps(&scene.events(20)), ["packing", "packing"]);
}

#[test]
fn a_tracker_is_added_to_its_box_and_taken_out_of_it() {
    for (in_box, parent) in [(Some(1), SSCC), (None, SHIPMENT)] {
        let mut scene = Scene::new();
        scene.ride = Some((in_box, 0, Some(30), Vec::new()));
        let bound = |action, step, minutes| {
            json!({ "type": "AssociationEvent", "action": action, "bizStep": step, "parentID": parent,
                "childEPCs": [TRACKER], "eventTime": time(minutes) })
        };
        let names = ["type", "action", "bizStep", "parentID", "childEPCs", "eventTime"];
        let expected = [bound("ADD", "installing", 0), bound("DELETE", "removing", 30)];
        assert_eq!(fields(&scene.events(60), &names), expected);
    }
}

/// Of the sensor events those with or without an exception: when, from, to, and what.
fn reported(scene: &Scene, now: i64, exception: bool) -> Vec<Value> {
    let events = scene.events(now);
    let of_sensors = events.iter().filter(|event| event["bizStep"] == "sensor_reporting");
    let report = |event: &Value| {
        let (element, metadata) =
            (&event["sensorElementList"][0], &event["sensorElementList"][0]["sensorMetadata"]);
        assert_eq!(metadata["deviceID"], TRACKER);
        json!([event["eventTime"], metadata["startTime"], metadata["endTime"], element["sensorReport"]])
    };
    let is_asked = |event: &&Value| {
        event["sensorElementList"][0]["sensorReport"][0].get("exception").is_some() == exception
    };
    of_sensors.filter(is_asked).map(report).collect()
}

#[test]
fn each_hour_that_is_over_is_reported_with_what_stood_in_it() {
    let mut scene = Scene::new();
    // From 08:10 on; a reading before it stands into the ride.
    scene.ride = Some((Some(1), 10, None, vec![(0, 400), (30, 600), (60, 500), (90, 500)]));
    let report = |min, max, mean| json!([{ "type": "Temperature", "minValue": min, "maxValue": max, "meanValue": mean, "uom": "CEL" }]);
    let first = json!([time(60), time(10), time(60), report(4.0, 6.0, 5.2)]);
    assert_eq!(reported(&scene, 59, false), [Value::Null; 0]);
    assert_eq!(reported(&scene, 60, false), std::slice::from_ref(&first));
    let second = json!([time(120), time(60), time(120), report(5.0, 5.0, 5.0)]);
    assert_eq!(reported(&scene, 125, false), [first.clone(), second]);
    // The end of the ride cuts its last hour off. Of an hour of which nothing is known nothing is said.
    scene.ride = Some((Some(1), 10, Some(300), vec![(0, 400), (30, 600), (60, 500)]));
    let cut = json!([time(120), time(60), time(120), report(5.0, 5.0, 5.0)]);
    assert_eq!(reported(&scene, 400, false), [first, cut]);
}

#[test]
fn a_time_out_of_range_is_an_alarm_condition_from_when_it_began() {
    let mut scene = Scene::new();
    let readings = vec![(0, 500), (15, 801), (30, 950), (45, 800), (60, 150), (90, 500)];
    scene.ride = Some((None, 0, None, readings.clone()));
    let alarm = |from: i64, to: Option<i64>, min, max| {
        let report = json!([{ "type": "Temperature", "exception": "ALARM_CONDITION", "minValue": min,
            "maxValue": max, "uom": "CEL" }]);
        json!([time(from), time(from), to.map(at), report])
    };
    let expected = [alarm(15, Some(45), 8.01, 9.5), alarm(60, Some(90), 1.5, 1.5)];
    assert_eq!(reported(&scene, 130, true), expected);
    // It goes on: nobody knows yet when it ends.
    assert_eq!(reported(&scene, 35, true), [alarm(15, None, 8.01, 9.5)]);
    // All boxes are concerned where nobody said in which one the tracker is.
    let events = scene.events(130);
    let of_alarm = events.iter().find(|event| event["eventTime"] == time(15)).unwrap();
    assert_eq!(of_alarm["epcList"].as_array().unwrap().len(), 2);
    scene.ride = Some((Some(1), 0, None, readings));
    let events = scene.events(130);
    let of_alarm = events.iter().find(|event| event["eventTime"] == time(15)).unwrap();
    assert_eq!(of_alarm["epcList"], json!([SSCC]));
    // By humidity nothing is said of the temperature.
    scene.profile = "name = \"P\"\nmax_gap = \"40m\"\n[[alarm]]\nname = \"damp\"\nquantity = \"humidity\"\nabove = 60.0\n\
        delay = \"0s\"\nseverity = \"warning\"\n";
    assert_eq!(reported(&scene, 130, true), [Value::Null; 0]);
}

#[test]
fn a_hold_is_holding_until_it_ends_and_another_reason_is_no_event() {
    let mut scene = Scene::new();
    let (incomplete, excursion) = (Some(HoldReason::Incomplete), Some(HoldReason::Excursion));
    let changes = [(None, incomplete), (incomplete, excursion), (excursion, None)];
    for (number, (before, after)) in (1..).zip(changes) {
        scene.holds.push(HoldChange { number, at: at(number), before, after });
    }
    let names = ["action", "bizStep", "disposition", "persistentDisposition", "eventTime"];
    assert_eq!(
        fields(&scene.events(60), &names),
        [
            json!({ "action": "OBSERVE", "bizStep": "holding", "disposition": "non_sellable_other",
            "persistentDisposition": { "set": ["non_sellable_other"] }, "eventTime": time(1) }),
            json!({ "action": "OBSERVE", "persistentDisposition": { "unset": ["non_sellable_other"] },
            "eventTime": time(3) }),
        ]
    );
}

#[test]
fn a_decision_is_inspecting_and_stays_until_another_one() {
    let mut scene = Scene::new();
    scene.pack();
    for (minutes, decision) in
        [(10, Disposition::Release), (20, Disposition::Reject), (30, Disposition::Destroy)]
    {
        let (meaning, reason) = ("Decided".to_owned(), "because".to_owned());
        scene.write(CONSIGNOR, minutes, Act::Decided { decision, meaning, reason });
    }
    let names = ["bizStep", "disposition", "persistentDisposition"];
    let decided = |state, persistent| json!({ "bizStep": "inspecting", "disposition": state, "persistentDisposition": persistent });
    assert_eq!(
        fields(&scene.events(60)[2..], &names),
        [
            decided("conformant", json!({ "set": ["conformant"] })),
            decided("non_conformant", json!({ "set": ["non_conformant"], "unset": ["conformant"] })),
            decided("non_conformant", json!({ "set": ["non_conformant"] })),
        ]
    );
}

#[test]
fn an_event_keeps_its_name_when_more_comes_to_be_known() {
    let mut scene = Scene::new();
    let with_carrier = scene.dispatch();
    scene.ride = Some((Some(1), 0, None, vec![(0, 500), (30, 500), (60, 500)]));
    let ids = |scene: &Scene, now| -> Vec<String> {
        scene.events(now).iter().map(|event| event["eventID"].to_string()).collect()
    };
    let first = ids(&scene, 70);
    assert_eq!(ids(&scene, 75), first);
    let offer = scene.offer(CARRIER, PHARMACY, 80, with_carrier);
    scene.accept(PHARMACY, 85, offer, false);
    let later = ids(&scene, 90);
    assert_eq!(later[..first.len()], first[..]);
    // Another measurement is another event.
    scene.ride = Some((Some(1), 0, None, vec![(0, 500), (30, 500), (45, 600), (60, 500)]));
    let changed = ids(&scene, 90);
    let gone: Vec<_> = later.iter().filter(|id| !changed.contains(id)).collect();
    assert_eq!(gone.len(), 1, "the report of that hour");
}
