//! The shapes of EPCIS 2.0 in JSON-LD, as far as a shipment needs them. Names and words are the standard's.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::Temperature;
use crate::evaluate::MeanTemperature;
use crate::named_enum::named_enum;
use crate::quantity::as_decimal;

/// Says what the names in a document mean.
pub const CONTEXT: &str = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

/// An EPCISDocument.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    #[serde(rename = "@context")]
    context: [&'static str; 1],
    #[serde(rename = "type")]
    kind: &'static str,
    schema_version: &'static str,
    creation_date: DateTime<Utc>,
    epcis_body: Body,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    event_list: Vec<Event>,
}

impl Document {
    pub(super) fn new(events: Vec<Event>, now: DateTime<Utc>) -> Self {
        Self {
            context: [CONTEXT],
            kind: "EPCISDocument",
            schema_version: "2.0",
            creation_date: now,
            epcis_body: Body { event_list: events },
        }
    }

    pub fn events(&self) -> &[Event] {
        &self.epcis_body.event_list
    }
}

/// A URI: an identifier of the standard's, or one that this service gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Uri(pub(super) String);

/// What happened, when, to which objects, why, and between whom.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    #[serde(rename = "eventID")]
    pub(super) id: Uri,
    pub(super) event_time: DateTime<Utc>,
    /// All times are UTC: which zone a clock on the wall had is not known.
    pub(super) event_time_zone_offset: &'static str,
    /// When it came to be known, where that is on record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) record_time: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error_declaration: Option<ErrorDeclaration>,
    pub(super) action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) biz_step: Option<BizStep>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disposition: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) persistent_disposition: Option<PersistentDisposition>,
    #[serde(flatten)]
    pub(super) what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) read_point: Option<Location>,
    pub(super) biz_transaction_list: [BizTransaction; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) source_list: Vec<Source>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) destination_list: Vec<Destination>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) sensor_element_list: Vec<SensorElement>,
}

impl Event {
    /// One that says no more than that.
    pub(super) fn new(
        (kind, action): (Kind, Action),
        id: Uri,
        at: DateTime<Utc>,
        what: What,
        shipment: Uri,
    ) -> Self {
        Self {
            kind,
            id,
            event_time: at,
            event_time_zone_offset: "+00:00",
            record_time: None,
            error_declaration: None,
            action,
            biz_step: None,
            disposition: None,
            persistent_disposition: None,
            what,
            read_point: None,
            biz_transaction_list: [BizTransaction { biz_transaction: shipment }],
            source_list: Vec::new(),
            destination_list: Vec::new(),
            sensor_element_list: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[allow(clippy::enum_variant_names)]
pub(super) enum Kind {
    ObjectEvent,
    AggregationEvent,
    AssociationEvent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Action {
    Add,
    Observe,
    Delete,
}

/// The objects that it happened to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum What {
    Objects {
        #[serde(rename = "epcList")]
        objects: Vec<Uri>,
    },
    Children {
        #[serde(rename = "parentID")]
        parent: Uri,
        #[serde(rename = "childEPCs", skip_serializing_if = "Vec::is_empty")]
        children: Vec<Uri>,
        #[serde(rename = "childQuantityList", skip_serializing_if = "Vec::is_empty")]
        quantities: Vec<QuantityElement>,
    },
}

/// So many of a class of objects.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QuantityElement {
    pub epc_class: Uri,
    pub quantity: u32,
}

named_enum! {
    /// Why it happened (CBV 2.0, 7.1).
    BizStep, "business step" {
        Packing = "packing",
        Installing = "installing",
        Removing = "removing",
        Shipping = "shipping",
        Accepting = "accepting",
        Receiving = "receiving",
        SensorReporting = "sensor_reporting",
        Holding = "holding",
        Inspecting = "inspecting",
    }
}

named_enum! {
    /// What is so of an object afterwards (CBV 2.0, 7.2, where it is called disposition).
    State, "state" {
        InProgress = "in_progress",
        InTransit = "in_transit",
        Returned = "returned",
        NonSellableOther = "non_sellable_other",
        Conformant = "conformant",
        NonConformant = "non_conformant",
    }
}

/// What is so of an object until another event says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct PersistentDisposition {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<State>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unset: Vec<State>,
}

/// The event is not as it was; those that stand in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorDeclaration {
    pub declaration_time: DateTime<Utc>,
    pub reason: &'static str,
    #[serde(rename = "correctiveEventIDs", skip_serializing_if = "Vec::is_empty")]
    pub corrective: Vec<Uri>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Location {
    pub id: Uri,
}

/// The shipment, which all of its events have in common. Of which of the standard's types it is, is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BizTransaction {
    pub biz_transaction: Uri,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Source {
    #[serde(rename = "type")]
    pub kind: PartyKind,
    pub source: Uri,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Destination {
    #[serde(rename = "type")]
    pub kind: PartyKind,
    pub destination: Uri,
}

/// Who had it, or has it from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PartyKind {
    PossessingParty,
}

/// What a device measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SensorElement {
    pub sensor_metadata: SensorMetadata,
    pub sensor_report: [SensorReport; 1],
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SensorMetadata {
    pub start_time: DateTime<Utc>,
    /// None: it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<DateTime<Utc>>,
    #[serde(rename = "deviceID")]
    pub device: Uri,
}

/// Temperatures in °C, which UN/CEFACT's Recommendation 20 calls CEL.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SensorReport {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<&'static str>,
    #[serde(with = "as_decimal")]
    pub min_value: Temperature,
    #[serde(with = "as_decimal")]
    pub max_value: Temperature,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_value: Option<MeanTemperature>,
    pub uom: &'static str,
}
