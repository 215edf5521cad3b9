use domain::Temperature;
use domain::evaluate::evaluate;
use domain::library;
use domain::tracker_log::{Noted, TrackerEvent};

use super::*;

#[test]
fn what_a_frame_brings_is_one_run_whatever_lies_between_its_readings() {
    let started = |sequence| Happened {
        sequence,
        at: None,
        what: Noted::Event { kind: TrackerEvent::Started, value: 0 },
    };
    let reading = |number| UntimedReading {
        sequence: Some(number),
        minutes_since_start: 0,
        temperature: Temperature(500),
        humidity: None,
    };
    let payload = Payload {
        untimed: vec![reading(2), reading(4)],
        happened: vec![started(0), started(1), started(3)],
        ..Payload::default()
    };
    let mut runs = Vec::new();
    note_numbers(&mut runs, &payload, DateTime::UNIX_EPOCH);
    assert_eq!(runs, [Run { first: 0, last: 4, first_at: None, last_at: None }]);
}

fn logger(codec: &str) -> HashMap<(OrganisationId, DevEui), Tracker> {
    let tracker = Tracker {
        id: TrackerId(7),
        organisation: OrganisationId(1),
        dev_eui: DevEui(7),
        name: "logger".to_owned(),
        codec: codec.to_owned(),
        interval_s: 1200,
        mapping: None,
    };
    HashMap::from([((tracker.organisation, tracker.dev_eui), tracker)])
}

/// A probe is set up and none is there; the case has a temperature.
fn uplink_of_case(f_cnt: i64, received_at: DateTime<Utc>, hundredths: u16) -> Uplink {
    let mut payload = vec![0xcb, 0xf6];
    payload.extend(hundredths.to_be_bytes());
    payload.extend([0x02, 0x01, 0x01, 0x7f, 0xff, 0x7f, 0xff]);
    Uplink {
        organisation: OrganisationId(1),
        integration: "depot".to_owned(),
        dev_eui: Some(DevEui(7)),
        dev_addr: None,
        f_cnt,
        f_port: 2,
        payload: Some(payload),
        decoded: Some("{}".to_owned()),
        confirmed: false,
        gateways: "[]".to_owned(),
        received_at,
        arrived_at: received_at,
        problem: None,
        gave_readings: false,
        address: store::NetworkAddress::default(),
    }
}

#[test]
fn a_probe_that_is_not_there_is_a_problem_of_its_uplink_so_that_another_codec_reads_it_anew() {
    let mut uplinks = [uplink_of_case(1, DateTime::UNIX_EPOCH, 500)];
    assert!(decode_uplinks(&mut uplinks, &logger("dragino-lht65n-probe")).readings.is_empty());
    assert_eq!(uplinks[0].problem.as_deref(), Some(NOT_MEASURED));
    assert_eq!(decode_uplinks(&mut uplinks, &logger("dragino-lht65n")).readings.len(), 1);
    assert_eq!(uplinks[0].problem, None);
}

/// Every order of them.
fn orders<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    let Some((first, rest)) = of.split_first() else { return vec![Vec::new()] };
    let put_in = |order: Vec<T>| {
        (0..=order.len())
            .map(move |place| {
                let (before, behind) = order.split_at(place);
                [before, std::slice::from_ref(first), behind].concat()
            })
            .collect::<Vec<_>>()
    };
    orders(rest).into_iter().flat_map(put_in).collect()
}

#[test]
fn late_copies_of_what_tells_no_time_end_in_the_same_assessment_in_every_order() {
    let trackers = logger("dragino-lht65n");
    let at = |second: i64| DateTime::from_timestamp(1_790_000_000 + second, 250_000_000).unwrap();
    let uplink = |f_cnt: i64, second: i64, hundredths: u16| uplink_of_case(f_cnt, at(second), hundredths);
    // A copy seconds later, and one that is later than what was measured next.
    let uplinks =
        [uplink(1, 0, 905), uplink(1, 7, 905), uplink(2, 60, 500), uplink(1, 90, 905), uplink(3, 1200, 500)];
    let (_, profile) = &library::all()[0];
    let mut seen = Vec::new();
    for order in orders(&uplinks) {
        for cut in 0..order.len() {
            let mut batches = [order[..cut].to_vec(), order[cut..].to_vec()];
            let heard = batches.each_mut().map(|batch| decode_uplinks(batch, &trackers));
            assert!(
                batches.iter().flatten().all(|uplink| uplink.problem.is_none() && uplink.decoded.is_none())
            );
            let readings: Vec<_> =
                heard.iter().flat_map(|heard| heard.readings.iter().map(|reading| reading.reading)).collect();
            assert_eq!(readings.len(), uplinks.len());
            seen.push(evaluate(profile, &readings, Some(at(0)), Some(at(2400))).unwrap());
        }
    }
    assert_eq!(seen.len(), 600);
    assert!(seen.iter().all(|assessment| *assessment == seen[0]));
}

#[test]
fn what_was_logged_before_is_no_report_in_whichever_order_it_comes() {
    let at = |second: i64| DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap();
    let mut logged = uplink_of_case(2, at(10_800), 0);
    let seconds = u32::try_from(at(0).timestamp()).unwrap();
    logged.payload = Some(hex::decode(format!("0add0b0d037641{seconds:08x}")).unwrap());
    let live = uplink_of_case(1, at(900), 500);
    for mut batch in orders(&[live, logged]) {
        let heard = decode_uplinks(&mut batch, &logger("dragino-lht65n"));
        let (news, _) = &heard.news[&TrackerId(7)];
        assert_eq!((heard.readings.len(), news.heard_at), (2, at(10_800)));
        assert_eq!((news.measured_at, news.reported_at), (Some(at(900)), Some(at(900))));
    }
}

#[test]
fn a_time_that_cannot_be_is_a_problem_of_a_mapping_so_that_another_one_reads_it_anew() {
    let mut trackers = logger("mapped");
    let mut uplinks = [uplink_of_case(1, DateTime::from_timestamp(1_790_000_000, 0).unwrap(), 500)];
    let mut read_in = |unit: &str| {
        let mapping = serde_json::json!({
            "temperature": { "pointer": "/t", "unit": "celsius" }, "measured_at": { "pointer": "/at", "unit": unit },
        });
        for tracker in trackers.values_mut() {
            tracker.mapping = Some(serde_json::from_value(mapping.clone()).unwrap());
        }
        uplinks[0].decoded = Some(r#"{"t":5.25,"at":1790000000000}"#.to_owned());
        let readings = decode_uplinks(&mut uplinks, &trackers).readings.len();
        (readings, uplinks[0].problem.is_some())
    };
    assert_eq!(read_in("unix_seconds"), (0, true));
    assert_eq!(read_in("unix_milliseconds"), (1, false));
}
