//! The webhooks of Senet, which SenRa runs too, in JSON.
//!
//! One message for each uplink, or for each gateway that heard it. The legacy format writes names large; in either a name
//! is known in any of its spellings.

use serde::Deserialize;

use crate::ParseError;
use crate::event::{Event, EventKind};
use crate::fields::{Decimal, Hex, Part, Text, Time, Whole, read_object, reception};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow, alias = "devEUI", alias = "EUI", alias = "eui")]
    dev_eui: Text<'a>,
    #[serde(borrow, alias = "DevAddr")]
    dev_addr: Text<'a>,
    #[serde(borrow, alias = "gwEUI", alias = "GW", alias = "gw")]
    gw_eui: Text<'a>,
    #[serde(alias = "SeqNo", alias = "seqNo")]
    seqno: Option<Whole<u32>>,
    #[serde(alias = "Port")]
    port: Whole<u8>,
    #[serde(alias = "PDU")]
    pdu: Option<Hex>,
    #[serde(alias = "TXTime", alias = "txTime")]
    txtime: Time,
    #[serde(alias = "RSSI")]
    rssi: Decimal,
    #[serde(alias = "SNR")]
    snr: Decimal,
}

/// Uplinks are known by their shape; the word in the address is the operator's own.
pub(crate) fn parse(body: &[u8]) -> Result<Event, ParseError> {
    let body: Body<'_> = read_object(body)?;
    let gateway = body
        .gw_eui
        .gateway_id()
        .map(|id| reception(Some(id), body.rssi.known(), &body.snr, &Part::default()));
    let event = Event {
        dev_eui: body.dev_eui.dev_eui(),
        dev_addr: body.dev_addr.dev_addr(),
        received_at: body.txtime.0,
        gateways: gateway.into_iter().collect(),
        ..Event::default()
    };
    if body.pdu.is_none() && body.seqno.is_none() {
        return Ok(event);
    }
    Ok(Event {
        kind: EventKind::Uplink,
        f_cnt: Some(body.seqno.unwrap_or_default().or_default()),
        f_port: Some(body.port.or_default()),
        payload: Some(body.pdu.and_then(|pdu| pdu.0).unwrap_or_default()),
        ..event
    })
}
