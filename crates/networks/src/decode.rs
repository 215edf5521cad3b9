//! What `isotherm decode` shows: an event with its fields in full names, unknown ones as `null`.
//!
//! Scripts read this; the keys and their meaning are an interface and stay. The queue has its own, shorter
//! form in [`Event`] itself.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::DevEui;
use serde::{Deserialize, Serialize, Serializer};

use crate::event::{Event, EventKind, Gateway, Location, number};
use crate::{Network, ParseError, parse};

/// An event that serialises as `isotherm decode` prints it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded(pub Event);

/// Reads one webhook body as [`parse`] does. The result serialises as one JSON array.
pub fn decode(network: Network, event: Option<&str>, body: &[u8]) -> Result<Vec<Decoded>, ParseError> {
    Ok(parse(network, event, body)?.into_iter().map(Decoded).collect())
}

/// Gateways as `isotherm decode` prints them, as one JSON array.
pub fn gateways_json(gateways: &[Gateway]) -> Result<String, serde_json::Error> {
    serde_json::to_string(&gateways.iter().map(GatewayView::of).collect::<Vec<_>>())
}

/// A gateway in what [`gateways_json`] wrote.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct HeardGateway<'a> {
    #[serde(borrow)]
    pub id: Option<Cow<'a, str>>,
    pub rssi_dbm: Option<f64>,
    pub snr_db: Option<f64>,
    pub location: Option<Location>,
}

/// What [`gateways_json`] wrote, read back; nothing where it did not write it.
pub fn read_gateways(json: &str) -> Vec<HeardGateway<'_>> {
    serde_json::from_str(json).unwrap_or_default()
}

#[derive(Serialize)]
struct EventView<'a> {
    event: EventKind,
    dev_eui: Option<DevEui>,
    application: Option<&'a str>,
    f_cnt: Option<u32>,
    f_port: Option<u8>,
    payload: Option<String>,
    #[serde(serialize_with = "rfc3339")]
    received_at: Option<DateTime<Utc>>,
    confirmed: Option<bool>,
    gateways: Vec<GatewayView<'a>>,
}

#[derive(Serialize)]
struct GatewayView<'a> {
    id: Option<&'a str>,
    #[serde(serialize_with = "number")]
    rssi_dbm: Option<f64>,
    #[serde(serialize_with = "number")]
    snr_db: Option<f64>,
    location: Option<Location>,
}

impl Serialize for Decoded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = &self.0;
        EventView {
            event: event.kind,
            dev_eui: event.dev_eui,
            application: event.application.as_deref(),
            f_cnt: event.f_cnt,
            f_port: event.f_port,
            payload: event.payload.as_ref().map(hex::encode),
            received_at: event.received_at,
            confirmed: event.confirmed,
            gateways: event.gateways.iter().map(GatewayView::of).collect(),
        }
        .serialize(serializer)
    }
}

impl<'a> GatewayView<'a> {
    fn of(gateway: &'a Gateway) -> Self {
        Self {
            id: gateway.id.as_deref(),
            rssi_dbm: gateway.rssi,
            snr_db: gateway.snr,
            location: gateway.location,
        }
    }
}

fn rfc3339<S: Serializer>(time: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_are_read_back_from_what_was_written() {
        let named = |id: &str| Gateway { id: Some(id.to_owned()), rssi: Some(-97.5), ..Gateway::default() };
        let located = Gateway { location: Some(Location { lat: 48.5, lon: -11.5 }), ..Gateway::default() };
        let json = gateways_json(&[named("0016c001f153a14c"), located, named("roof \"7\"")]).unwrap();
        let read = read_gateways(&json);
        let ids: Vec<_> = read.iter().map(|gateway| gateway.id.as_deref()).collect();
        assert_eq!(ids, [Some("0016c001f153a14c"), None, Some("roof \"7\"")]);
        assert_eq!((read[0].rssi_dbm, read[0].location), (Some(-97.5), None));
        assert_eq!(read[1].location, Some(Location { lat: 48.5, lon: -11.5 }));
        assert!(read_gateways("[]").is_empty() && read_gateways("no JSON").is_empty());
    }
}
