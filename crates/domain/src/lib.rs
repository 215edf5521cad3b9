//! The rules of the cold chain: what readings say about a box, who must be woken, what a shipment's status is.
//!
//! Pure: it knows no clock, no database, no network and no framework; time is always an argument. On the path
//! of a reading it stands between the codecs, which make a [`Reading`], and the store, which keeps what
//! follows from it.

pub mod access;
pub mod alert;
pub mod allowance;
pub mod because;
pub mod custody;
pub mod downlink;
pub mod duration;
pub mod epcis;
pub mod escalation;
pub mod evaluate;
pub mod event;
pub mod evidence;
pub mod gs1;
pub mod hand_in;
pub mod ids;
pub mod label;
pub mod library;
pub mod mapping;
mod named_enum;
pub mod own_alarm;
pub mod packing;
pub mod place;
pub mod plan;
pub mod pool;
pub mod profile;
pub mod qualification;
pub mod quantity;
pub mod reading;
pub mod readings_csv;
pub mod refusal;
pub mod route;
pub mod runbook;
pub mod sender;
pub mod shipment;
pub mod silence;
mod time;
pub mod tracker_log;
pub mod tracker_report;
pub mod watch;
pub mod whereabouts;
mod written_as;

pub use duration::Duration;
pub use ids::{
    AlertId, AssignmentId, BadgeId, ContractId, DevEui, DispositionId, GatewayId, LaneId, OrganisationId,
    ParentId, PlaceId, ProfileId, RecallId, ShipmentId, StepId, TrackerId, TrainingId, UserId,
};
pub use named_enum::UnknownName;
pub use quantity::{Humidity, Temperature};
pub use reading::Reading;
