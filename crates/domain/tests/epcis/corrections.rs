//! What was said to have been written in error is told again as it was, with what stands in its place.

use domain::custody::{Act, Effect, EntryHash};
use serde_json::{Value, json};

use crate::scene::{CARRIER, CONSIGNOR, OTHER, Scene, at, steps};

fn correct(scene: &mut Scene, minutes: i64, corrects: EntryHash, effect: Effect) -> EntryHash {
    scene.write(CONSIGNOR, minutes, Act::Corrected { corrects, effect, reason: "an error".to_owned() })
}

/// By what happened: the name, and what is declared of it.
fn declared(events: &[Value]) -> Vec<(String, Value)> {
    let of = |event: &Value| {
        (
            event["bizStep"].as_str().unwrap().to_owned(),
            event.get("errorDeclaration").cloned().unwrap_or_default(),
        )
    };
    events.iter().map(of).collect()
}

#[test]
fn what_was_taken_out_is_repeated_with_its_name_and_did_not_occur() {
    let mut scene = Scene::new();
    let accepted = scene.dispatch();
    let before = scene.events(20);
    let correction = correct(&mut scene, 20, accepted, Effect::Annulled);
    let error = json!({ "declarationTime": at(20), "reason": "did_not_occur" });
    let after = scene.events(30);
    let expected = [
        ("packing".to_owned(), Value::Null),
        ("packing".to_owned(), Value::Null),
        ("shipping".to_owned(), error.clone()),
        ("accepting".to_owned(), error),
    ];
    assert_eq!(declared(&after), expected);
    for (before, after) in before.iter().zip(&after) {
        let mut without = after.clone();
        without.as_object_mut().unwrap().remove("errorDeclaration");
        assert_eq!(*before, without, "everything else is as it was told");
    }
    // The correction was one itself.
    correct(&mut scene, 40, correction, Effect::Annulled);
    assert_eq!(scene.events(50), before);
}

#[test]
fn another_answer_to_the_same_offer_stands_in_its_place() {
    let mut scene = Scene::new();
    let packed = scene.pack();
    let offer = scene.offer(CONSIGNOR, CARRIER, 10, packed);
    let wrong = scene.accept(CARRIER, 15, offer, false);
    correct(&mut scene, 20, wrong, Effect::Annulled);
    scene.accept(CARRIER, 25, offer, true);
    let events = scene.events(30);
    assert_eq!(steps(&events), ["packing", "packing", "shipping", "accepting", "accepting"]);
    let error = json!({
        "declarationTime": at(20), "reason": "incorrect_data", "correctiveEventIDs": [events[4]["eventID"]],
    });
    let expected = [Value::Null, error, Value::Null];
    assert_eq!(declared(&events[2..]).into_iter().map(|(_, error)| error).collect::<Vec<_>>(), expected);
}

#[test]
fn answers_that_contradict_each_other_are_no_events_until_one_of_them_stands() {
    let mut scene = Scene::new();
    let packed = scene.pack();
    let [to_carrier, to_other] =
        [(CARRIER, 10), (OTHER, 11)].map(|(to, at)| scene.offer(CONSIGNOR, to, at, packed));
    scene.accept(CARRIER, 15, to_carrier, false);
    let right = scene.accept(OTHER, 16, to_other, false);
    assert_eq!(steps(&scene.events(20)), ["packing", "packing"]);
    correct(&mut scene, 30, right, Effect::Stands);
    let events = scene.events(40);
    assert_eq!(steps(&events), ["packing", "packing", "shipping", "shipping", "accepting", "accepting"]);
    let error = json!({
        "declarationTime": at(30), "reason": "incorrect_data", "correctiveEventIDs": [events[5]["eventID"]],
    });
    assert_eq!(events[4]["errorDeclaration"], error);
    let not_sent = json!({ "declarationTime": at(30), "reason": "did_not_occur" });
    assert_eq!(events[2]["errorDeclaration"], not_sent);
    assert!(events[3].get("errorDeclaration").is_none() && events[5].get("errorDeclaration").is_none());
}

#[test]
fn what_is_noted_still_counts_and_what_waits_is_not_told() {
    let mut scene = Scene::new();
    let accepted = scene.dispatch();
    let before = scene.events(20);
    correct(&mut scene, 20, accepted, Effect::Noted);
    assert_eq!(scene.events(20), before);
    // A decision that was taken out.
    let (decision, meaning, reason) =
        (domain::shipment::Disposition::Reject, "No".to_owned(), "wet".to_owned());
    let decided = scene.write(CONSIGNOR, 21, Act::Decided { decision, meaning, reason });
    correct(&mut scene, 22, decided, Effect::Annulled);
    let last = scene.events(30).pop().unwrap();
    assert_eq!(
        (&last["bizStep"], &last["errorDeclaration"]["reason"]),
        (&json!("inspecting"), &json!("did_not_occur"))
    );
    // An answer to what has not arrived.
    scene.accept(OTHER, 25, EntryHash::of("what is not there"), false);
    assert_eq!(scene.events(40).len(), before.len() + 1);
}
