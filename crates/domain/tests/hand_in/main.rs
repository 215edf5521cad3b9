//! Files of handed-in events: what is read, and what is said of what cannot be.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use domain::hand_in::{Continues, FileFault, HandIn, Line, MOST_EVENTS, PartyRef, What, read_csv, read_json};
use domain::{OrganisationId, custody::Condition};
use proptest::prelude::*;
use serde_json::{Value, json};

const GLN: &str = "9506000134307";
const SSCC: &str = "106141412345678908";
const HEADER: &str = "event_id,what,at,by,shipment";
const LINE: &str = "e-1,accepted,2026-03-01T08:00:00+01:00,7,S-1";

fn csv(text: &str) -> Vec<Line> {
    read_csv(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

/// What is said of the only event with these fields.
fn said(changes: Value) -> Result<HandIn, String> {
    let mut event = json!({
        "event_id": "e-1", "what": "accepted", "at": "2026-03-01T08:00:00Z", "by": 7, "shipment": "S-1",
    });
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    let lines = read_json(json!([event]).to_string().as_bytes()).unwrap();
    lines[0].read.clone().map_err(|fault| fault.to_string())
}

#[test]
fn a_file_reads_the_same_with_commas_or_semicolons_a_byte_order_mark_and_either_line_break() {
    let plain = format!("{HEADER}\n{LINE}\n");
    let read = csv(&plain);
    assert_eq!((read.len(), read[0].number), (1, 2));
    let event = read[0].read.clone().unwrap();
    assert_eq!((event.what, event.by), (What::Accepted, PartyRef::Id(OrganisationId(7))));
    assert_eq!(event.at.to_rfc3339(), "2026-03-01T07:00:00+00:00");
    for other in [
        plain.replace(',', ";"),
        plain.replace('\n', "\r\n"),
        format!("\u{feff}{plain}"),
        format!("\u{feff}{}", plain.replace(',', ";").replace('\n', "\r\n")),
        format!("{HEADER}\n\"e-1\", accepted ,2026-03-01T08:00:00+01:00,7,S-1"),
        "shipment,by,at,what,event_id,note\nS-1,7,2026-03-01T08:00:00+01:00,accepted,e-1,\n".to_owned(),
    ] {
        let again = csv(&other);
        assert_eq!(again[0].read.as_ref().ok(), Some(&event), "{other:?}");
    }
}

#[test]
fn every_column_has_its_meaning_and_json_says_the_same() {
    let read = csv(&format!(
        "event_id,what,at,by,person,shipment,boxes,to,to_person,continues_event,place,lat,lon,seals,condition,note\n\
         e-1,offered,2026-03-01T08:00:00Z,{GLN},B. Meyer,S-1,2 1 2,8,Night driver,e-0,Dock 3,52.5,13.4,1=A-1 2=A-2,wet,\"two\nlines\"\n"
    ));
    let event = read[0].read.clone().unwrap();
    assert_eq!((&event.boxes[..], event.condition), (&[1, 2][..], Some(Condition::Wet)));
    assert_eq!(event.continues, Some(Continues::Event { id: "e-0".into(), by: GLN.parse().unwrap() }));
    assert_eq!(event.note.as_deref(), Some("two\nlines"));
    let same = said(json!({
        "what": "offered", "by": GLN, "person": "B. Meyer", "boxes": [2, 1, 2], "to": 8, "to_person": "Night driver",
        "continues_event": "e-0", "place": "Dock 3", "lat": 52.5, "lon": 13.4, "condition": "wet", "note": "two\nlines",
        "seals": [{ "box": 1, "seal": "A-1" }, { "box": 2, "seal": "A-2" }],
    }));
    assert_eq!(same, Ok(event.clone()));
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<HandIn>(&text).unwrap(), event, "what is kept reads back");
    let sealed = said(json!({ "sscc": SSCC, "seals": "A 1".replace(' ', "-") })).unwrap();
    assert_eq!((sealed.seals[0].number, &*sealed.seals[0].seal), (None, "A-1"));
}

#[test]
fn a_line_that_is_wrong_says_what_where_and_what_to_do() {
    for (changes, says) in [
        (json!({ "event_id": " " }), "event_id: is missing"),
        (json!({ "event_id": "x".repeat(101) }), "event_id: write 1 to 100"),
        (
            json!({ "what": "packed" }),
            "what: `packed` is no act: write one of offered, accepted, refused, withdrawn",
        ),
        (json!({ "at": "2026-03-01 08:00" }), "at: `2026-03-01 08:00` is no time with its zone"),
        (json!({ "by": "9506000134308" }), "by: `9506000134308` is no GLN: its last digit"),
        (json!({ "by": "Carrier" }), "by: `Carrier` is no GLN"),
        (json!({ "shipment": null }), "shipment: write its reference or id, or the sscc"),
        (json!({ "sscc": "106141412345678909" }), "misread"),
        (json!({ "sscc": SSCC, "boxes": [1] }), "boxes: the sscc names the box"),
        (json!({ "boxes": "1 two" }), "boxes: `two` is no number of a box"),
        (json!({ "boxes": [0] }), "boxes: `0`"),
        (json!({ "boxes": (1..1002).collect::<Vec<u32>>() }), "boxes: name at most 1000"),
        (json!({ "what": "offered" }), "to: write to whom"),
        (json!({ "to": 8 }), "to: what was accepted has none"),
        (json!({ "what": "refused" }), "reason: write why"),
        (json!({ "reason": "x" }), "reason: what was accepted has none"),
        (json!({ "what": "withdrawn", "reason": "x", "boxes": [1] }), "boxes: what was withdrawn has none"),
        (
            json!({ "what": "withdrawn", "reason": "x", "note": "y" }),
            "condition: what was withdrawn has none",
        ),
        (json!({ "what": "offered", "to": 8, "quarantine": true }), "quarantine: what was offered has none"),
        (json!({ "quarantine": "yes" }), "quarantine: `yes` is neither true nor false"),
        (json!({ "continues": "abc" }), "continues: `abc` is not a hash"),
        (json!({ "continues_event": "e-0" }), "continues_by: write whose event it is"),
        (json!({ "continues_by": 3 }), "continues_by: write continues_event"),
        (json!({ "continues": "0".repeat(64), "continues_event": "e-0" }), "not both"),
        (json!({ "lat": 91, "lon": 0 }), "lat: `91` is no number from -90 to 90"),
        (json!({ "lat": "NaN", "lon": 0 }), "lat: `NaN`"),
        (json!({ "lat": 9 }), "lat: write lat and lon"),
        (json!({ "seals": "A-1" }), "seals: say of which box"),
        (json!({ "seals": "one=A-1", "boxes": [1] }), "seals: `one=A-1` is not BOX=SEAL"),
        (json!({ "seals": [1] }), "seals: write a list"),
        (json!({ "condition": "fine" }), "condition: `fine`"),
        (json!({ "note": "bell\u{7}" }), "note: write 1 to 2000 characters"),
        (json!({ "person": "two\nlines" }), "person: write one line"),
        (json!({ "person": ["x"] }), "person: a text or a number"),
        (json!({ "contnues": "x" }), "contnues: there is no such field; write some of event_id"),
    ] {
        let refused = said(changes.clone()).unwrap_err();
        assert!(refused.contains(says), "{changes}: {refused}");
    }
    let lines = csv(&format!("{HEADER}\n{LINE}\n\n\"broken\nin two\",x,y\n{LINE}\n"));
    let told: Vec<(u64, bool)> = lines.iter().map(|line| (line.number, line.read.is_ok())).collect();
    assert_eq!(told, [(2, true), (4, false), (6, true)], "lines are counted as an editor does");
    assert_eq!(lines[1].read.clone().unwrap_err().to_string(), "line: 3 fields where the header has 5");
}

#[test]
fn a_file_that_is_wrong_is_refused_as_a_whole() {
    let most = |count: usize| format!("{HEADER}\n{}", format!("{LINE}\n").repeat(count));
    assert_eq!(csv(&most(MOST_EVENTS)).len(), MOST_EVENTS);
    for (file, fault) in [
        (most(MOST_EVENTS + 1), FileFault::TooMany),
        (String::new(), FileFault::NoHeader),
        ("\n\n".to_owned(), FileFault::NoHeader),
        (format!("{HEADER},colour\n{LINE},red\n"), FileFault::UnknownColumn("colour".into())),
        (format!("{HEADER},by\n{LINE},7\n"), FileFault::TwiceColumn("by")),
        ("event_id,what,at\n".to_owned(), FileFault::MissingColumn("by")),
        (LINE.to_owned(), FileFault::UnknownColumn("e-1".into())),
    ] {
        assert_eq!(read_csv(file.as_bytes()), Err(fault));
    }
    let latin = [HEADER.as_bytes(), b"\ne-1,accepted,2026-03-01T08:00:00Z,7,M\xfcnchen\n"].concat();
    assert!(
        matches!(read_csv(&latin), Err(FileFault::Unreadable(why)) if why.contains("line 2") && why.contains("UTF-8"))
    );
    let open = format!("{HEADER}\n\"{}", "x".repeat(200_000));
    assert!(
        matches!(read_csv(open.as_bytes()), Err(FileFault::Unreadable(why)) if why.contains("quote left open"))
    );
    for body in ["", "{}", "[1", "null"] {
        assert!(matches!(read_json(body.as_bytes()), Err(FileFault::NoList(_))), "{body}");
    }
    assert_eq!(
        read_json(&serde_json::to_vec(&vec![json!({}); MOST_EVENTS + 1]).unwrap()),
        Err(FileFault::TooMany)
    );
    assert!(read_json(b"[3]").unwrap()[0].read.is_err());
}

proptest! {
    #[test]
    fn whatever_bytes_come_each_line_is_read_or_refused_and_what_is_read_is_kept_as_it_is(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "(event_id|what|at|by|sscc|,|;|\n|\r\n|\"|7|accepted|2026-03-01T08:00:00Z|e-1|S-1){0,40}".prop_map(String::into_bytes),
        ]
    ) {
        for lines in [read_csv(&body), read_json(&body)].into_iter().flatten() {
            prop_assert!(lines.len() <= MOST_EVENTS);
            for event in lines.into_iter().filter_map(|line| line.read.ok()) {
                let text = serde_json::to_string(&event).unwrap();
                prop_assert_eq!(serde_json::from_str::<HandIn>(&text).unwrap(), event);
            }
        }
    }
}
