//! Values at their limit, one step beside it, and far from it.

use chrono::Duration;
use e2e::bodies::{Field, frame_without_time};
use serde_json::{Value, json};

use crate::case::{Case, Stored};

pub fn cases() -> Vec<Case> {
    [numbers(), texts(), times()].into_iter().flatten().collect()
}

fn numbers() -> Vec<Case> {
    use Field::{FCnt, FPort, Payload};
    let one = Case::new;
    vec![
        one("an unknown device").unregistered().without_reading(),
        one("an unknown payload").payload(|_| vec![0xff; 20]).without_reading(),
        one("a payload of 255 bytes").payload(|_| vec![7; 255]).without_reading(),
        one("a payload of 256 bytes").payload(|_| vec![7; 256]).unreadable("256 bytes"),
        one("a payload of 100 KiB").payload(|_| vec![7; 100 * 1024]).unreadable("102400 bytes"),
        one("an empty payload").set(Payload, json!("")).without_reading(),
        one("another port").set(FPort, json!(10)).without_reading(),
        one("port 255").set(FPort, json!(255)).without_reading(),
        one("port 256").set(FPort, json!(256)).unreadable("256"),
        one("the last counter").set(FCnt, json!(u32::MAX)),
        one("a counter as text").set(FCnt, json!("4294967295")),
        one("a counter beyond 32 bits").set(FCnt, json!(4_294_967_296_u64)).unreadable("4294967296"),
        one("a counter beyond all bits").set(FCnt, json!(1e300)).unreadable("whole number"),
        one("a counter below 0").set(FCnt, json!(-1)).unreadable("-1"),
        one("a counter with a fraction").set(FCnt, json!(1.5)).unreadable("1.5"),
        one("a counter of 64 KiB").set(FCnt, long()).unreadable("line 1"),
    ]
}

fn texts() -> Vec<Case> {
    use Field::{Application, DevAddr, DevEui, DeviceName, GatewayId, Time};
    let one = Case::new;
    vec![
        one("a long name").set(DeviceName, long()),
        one("a long application").set(Application, long()),
        one("a long gateway").set(GatewayId, long()),
        one("a long address").set(DevAddr, long()),
        one("a long EUI").set(DevEui, long()).without_reading(),
        one("NUL in a name").set(DeviceName, nul()),
        one("NUL in an application").set(Application, nul()),
        one("NUL in a gateway").set(GatewayId, nul()),
        one("NUL in an address").set(DevAddr, nul()),
        one("NUL in an EUI").set(DevEui, nul()).without_reading(),
        one("NUL in a time").set(Time, nul()).untimed(),
        one("NUL as a byte").raw(|body| with_gateway(body, b"a\0b")).unreadable("control character"),
        one("half a surrogate pair").raw(|body| with_gateway(body, br"\ud83d")),
        one("the other half").raw(|body| with_gateway(body, br"\ude00")),
        one("a surrogate pair").raw(|body| with_gateway(body, br"\ud83d\ude00")),
        one("no UTF-8").raw(|body| with_gateway(body, b"\xff\xfe")).unreadable("unicode"),
    ]
}

fn times() -> Vec<Case> {
    let one = Case::new;
    let (minutes, days) = (Duration::minutes, Duration::days);
    let aside = Stored { uplinks: 1, set_aside: 1, ..Stored::default() };
    vec![
        one("the year 1").set(Field::Time, json!("0001-01-01T00:00:00Z")).untimed(),
        one("the year 9999").set(Field::Time, json!("9999-12-31T23:59:59Z")).untimed(),
        one("a day that is none").set(Field::Time, json!("2026-02-30T00:00:00Z")).untimed(),
        one("a time in words").set(Field::Time, json!("yesterday")).untimed(),
        one("a time in fractions").set(Field::Time, json!(1_790_000_000.5)).untimed(),
        one("received in 10 minutes").received(minutes(10)),
        one("received in 11 minutes").received(minutes(11)).untimed(),
        one("received 399 days ago").received(-days(399)).stores(aside),
        one("received 401 days ago").received(-days(401)).untimed(),
        one("measured in 10 minutes").measured(minutes(10)),
        one("measured in 11 minutes").measured(minutes(11)).stores(aside),
        one("measured 400 days ago").measured(-days(400)),
        one("measured 401 days ago").measured(-days(401)).stores(aside),
        one("measured without a clock").payload(|_| frame_without_time(0, 500)).stores(aside),
    ]
}

fn long() -> Value {
    json!("N".repeat(64 * 1024))
}

fn nul() -> Value {
    json!("a\u{0}b")
}

/// The body with other bytes for the gateway's name.
fn with_gateway(body: Vec<u8>, name: &[u8]) -> Vec<u8> {
    let quoted = b"\"gateway\"";
    let at = body.windows(quoted.len()).position(|bytes| bytes == quoted).unwrap();
    [&body[..=at], name, &body[at + quoted.len() - 1..]].concat()
}
