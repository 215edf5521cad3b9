//! Shock and light: alarms about what happens at an instant.

use domain::AlertId;
use domain::alert::{AlertChange, LiveAlert, reconcile};
use domain::evaluate::{Verdict, evaluate};
use domain::event::{Event, EventKind, QUIET_S, episodes};
use domain::profile::Profile;
use proptest::prelude::*;

use crate::series::{at, profile, readings, second};

const WHOLE: &str = r#"
name = "Instruments"
max_gap = "40m"
[range]
max_c = 25
[[alarm]]
name = "dropped"
quantity = "shock"
above = 50
severity = "critical"
[[alarm]]
name = "too warm"
above = 25
[[alarm]]
name = "opened"
quantity = "light"
above = 10.5
inclusive = true
start_delay = "10m"
severity = "warning"
"#;

fn shock(second: i64, value: i32) -> Event {
    Event { at: at(second), kind: EventKind::Shock, value }
}

fn light(second: i64, value: i32) -> Event {
    Event { at: at(second), kind: EventKind::Light, value }
}

/// (alarm, began, ended, seconds with an event, extreme), by the profile above.
fn seen(events: &[Event]) -> Vec<(String, i64, i64, i64, i32)> {
    episodes(&profile(WHOLE), events, at(0))
        .into_iter()
        .map(|e| {
            assert_eq!(e.alarmed_at, Some(e.began_at));
            (e.alarm, second(e.began_at), second(e.ended_at.unwrap()), e.exposure_s, e.extreme)
        })
        .collect()
}

#[test]
fn alarms_about_events_are_kept_apart_from_those_about_readings() {
    let rule = profile(WHOLE);
    assert_eq!(rule.alarms().len(), 1);
    let [dropped, opened] = rule.event_alarms() else { panic!("two event alarms") };
    assert_eq!((dropped.name.as_str(), dropped.kind, dropped.limit), ("dropped", EventKind::Shock, 5_000));
    assert_eq!((opened.kind, opened.limit, opened.start_delay.seconds()), (EventKind::Light, 1_050, 600));
    let json = serde_json::to_value(&rule).unwrap();
    let quantities: Vec<_> = (0..3).map(|index| json["alarm"][index]["quantity"].as_str().unwrap()).collect();
    assert_eq!(quantities, ["temperature", "shock", "light"]);
    assert_eq!(serde_json::from_value::<Profile>(json).unwrap(), rule);
}

#[test]
fn events_alone_leave_no_reading_unknown_and_count_in_no_exposure() {
    let rule = profile(WHOLE);
    let series = readings(&[(0, 500)]);
    let assessment = evaluate(&rule, &series, None, Some(at(60))).unwrap();
    assert_eq!((assessment.verdict, assessment.coverage.unknown_s), (Verdict::NoExcursion, 0));
    let holed = evaluate(&rule, &series, None, Some(at(3_600))).unwrap();
    let names: Vec<_> = holed.exposures.iter().map(|exposure| exposure.alarm.as_str()).collect();
    assert_eq!(names, ["too warm"]);
}

#[test]
fn an_event_beyond_the_limit_is_an_episode_and_one_at_it_only_where_it_is_inclusive() {
    for (value, alarmed) in [(4_999, false), (5_000, false), (5_001, true)] {
        assert_eq!(!seen(&[shock(30, value)]).is_empty(), alarmed, "{value}");
    }
    for (value, alarmed) in [(1_049, false), (1_050, true), (1_051, true)] {
        assert_eq!(!seen(&[light(900, value)]).is_empty(), alarmed, "{value}");
    }
    assert_eq!(seen(&[shock(30, 7_000)]), [("dropped".to_owned(), 30, 31, 1, 7_000)]);
}

#[test]
fn nothing_counts_before_the_ride_and_the_alarms_start_delay() {
    assert_eq!(seen(&[shock(-1, 9_000)]), []);
    assert_eq!(seen(&[shock(0, 9_000)]).len(), 1);
    for (second, alarmed) in [(599, 0), (600, 1)] {
        assert_eq!(seen(&[light(second, 2_000)]).len(), alarmed, "{second}");
    }
}

#[test]
fn a_box_that_falls_down_the_stairs_is_one_episode_and_the_next_fall_another() {
    let quiet = QUIET_S;
    let stairs = [shock(0, 6_000), shock(1, 9_000), shock(1, 8_000), shock(4, 7_000)];
    assert_eq!(seen(&stairs), [("dropped".to_owned(), 0, 5, 3, 9_000)]);
    assert_eq!(seen(&[shock(0, 6_000), shock(quiet, 6_000)]).len(), 1);
    assert_eq!(seen(&[shock(0, 6_000), shock(quiet + 1, 6_000)]).len(), 2);
    // What is below the limit joins nothing.
    assert_eq!(seen(&[shock(0, 6_000), shock(quiet, 5_000), shock(2 * quiet, 6_000)]).len(), 2);
    // Another alarm's neither.
    let both = seen(&[shock(900, 6_000), light(800, 2_000)]);
    assert_eq!(both.iter().map(|e| e.0.as_str()).collect::<Vec<_>>(), ["opened", "dropped"]);
}

#[test]
fn an_episode_keeps_its_alert_when_a_late_event_joins_it() {
    let episodes = |events: &[Event]| episodes(&profile(WHOLE), events, at(0));
    let first = episodes(&[shock(500, 6_000)]).remove(0);
    let alert = LiveAlert {
        id: AlertId(uuid::Uuid::from_u128(1)),
        alarm: first.alarm,
        severity: first.severity,
        acknowledged: true,
        began_at: first.began_at,
        alarmed_at: first.alarmed_at.unwrap(),
        ended_at: first.ended_at,
        exposure_s: first.exposure_s,
        extreme: first.extreme,
    };
    let alerts = std::slice::from_ref(&alert);
    assert_eq!(reconcile(alerts, &episodes(&[shock(500, 6_000)])), []);
    let changes = reconcile(alerts, &episodes(&[shock(500, 6_000), shock(100, 9_000)]));
    assert!(
        matches!(&changes[..], [AlertChange::Amend { alert: amended, reopened: false, .. }] if *amended == alert.id),
        "{changes:?}"
    );
}

/// What is written, instead of what, and what the error says.
const FAULTS: &[(&str, &str, &str)] = &[
    (
        "below = 50",
        "above = 50",
        "line 6, column 1: alarm `dropped`: shock is an event, which has no below: leave it out",
    ),
    ("above = 50\nbelow = 1", "above = 50", "shock is an event, which has no below"),
    ("", "above = 50", "alarm `dropped`: has no limit: write above = …"),
    ("above = 50\ndelay = \"1s\"", "above = 50", "shock is an event, which has no delay: leave it out"),
    ("above = 50\nhysteresis_c = 0.1", "above = 50", "shock is an event, which has no hysteresis_c"),
    (
        "above = 50\nexposure = \"cumulative\"",
        "above = 50",
        "shock is an event, which has no cumulative exposure",
    ),
    ("above = 1000.01", "above = 50", "above: 1000.01 is out of range: 0 to 1000 g can be measured"),
    ("above = -0.01", "above = 50", "above: -0.01 is out of range: 0 to 1000 g"),
    (
        "above = 200000.01",
        "above = 10.5",
        "alarm `opened`: above: 200000.01 is out of range: 0 to 200000 lux",
    ),
    ("name = \"too warm\"", "name = \"dropped\"", "alarm: two have the name `too warm`"),
    (
        "quantity = \"noise\"",
        "quantity = \"shock\"",
        "unknown variant `noise`, expected one of `temperature`, `humidity`, `shock`, `light`",
    ),
];

#[test]
fn what_an_event_cannot_have_is_refused_with_what_to_do() {
    for (wrong, right, expected) in FAULTS {
        assert!(WHOLE.contains(right), "{right}");
        let refused = Profile::from_toml(&WHOLE.replacen(right, wrong, 1)).unwrap_err().to_string();
        assert!(refused.contains(expected), "{wrong}: {refused}");
    }
    let harmless = WHOLE.replacen("above = 50", "above = 1000\ndelay = \"0s\"\nexposure = \"single\"", 1);
    assert!(Profile::from_toml(&harmless).is_ok());
}

#[test]
fn a_profile_that_only_listens_for_events_judges_no_reading() {
    let text = "name = \"n\"\nmax_gap = \"1h\"\n[[alarm]]\nname = \"a\"\nquantity = \"shock\"\nabove = 5\n";
    assert!(Profile::from_toml(text).unwrap_err().to_string().contains("judges nothing"));
}

fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let kind = prop_oneof![Just(EventKind::Shock), Just(EventKind::Light)];
    let event =
        (0..4_000_i64, kind, 0..10_000_i32).prop_map(|(s, kind, value)| Event { at: at(s), kind, value });
    proptest::collection::vec(event, 0..30)
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_give_the_same_episodes(
        (events, shuffled) in any_events().prop_flat_map(|events| {
            let doubled: Vec<_> = events.iter().chain(events.iter().step_by(2)).copied().collect();
            (Just(events), Just(doubled).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(seen(&shuffled), seen(&events));
    }

    #[test]
    fn every_event_beyond_its_limit_is_in_exactly_one_episode_of_its_alarm(events in any_events()) {
        let rule = profile(WHOLE);
        let episodes = seen(&events);
        for alarm in rule.event_alarms() {
            let beyond = |event: &&Event| {
                event.kind == alarm.kind && alarm.is_beyond(event.value)
                    && second(event.at) >= alarm.start_delay.seconds()
            };
            for event in events.iter().filter(beyond) {
                let holds = |e: &&(String, i64, i64, i64, i32)| {
                    e.0 == alarm.name && e.1 <= second(event.at) && second(event.at) < e.2 && event.value <= e.4
                };
                prop_assert_eq!(episodes.iter().filter(holds).count(), 1);
            }
        }
    }
}
