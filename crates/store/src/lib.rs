//! PostgreSQL: what is kept, and how a batch is written in one transaction.
//!
//! On the path of a reading this is the last step before the acknowledgement: rows in, commit, done. It is the only
//! user of diesel; it holds no rule of the domain and knows no queue, no network and no HTTP. Its unit is the
//! [`Connection`]: every statement is a method of it, and the caller decides which of them share a transaction.

mod acceptance_codes;
mod accounts;
mod address;
mod alert_views;
mod alerts;
mod approvals;
mod assessment_history;
mod assessments;
mod badges;
mod boxes;
mod checkpoints;
mod connection;
mod dispositions;
pub mod embedded;
mod error;
mod gateways;
mod intake;
mod lanes;
mod ledger;
mod missing;
mod parents;
mod parties;
mod partitions;
mod partners;
mod people;
mod places;
mod plans;
mod pool;
mod positions;
mod profiles;
mod qualifications;
mod qualified;
mod readings;
mod recalls;
mod records;
mod rides;
mod schema;
mod shipments;
mod silence;
mod statement;
mod trackers;
mod uplinks;

pub use acceptance_codes::{AcceptanceCode, CodePurpose, CodeUse, MOST_ATTEMPTS, NewAcceptanceCode};
pub use accounts::{Integration, NewUser, User};
pub use alert_views::{AffectedRide, AlertFilter, AlertView, MissingNumbers, extreme_temperature};
pub use alerts::{Amendment, EndedAlert, Ending, Episode, NewAlert};
pub use approvals::Approval;
pub use assessment_history::{NewAssessment, PastAssessment, RecordedReading};
pub use assessments::{AssignmentState, EvaluatedAssignment, JudgedShipment};
pub use badges::{Badge, NewBadge};
pub use checkpoints::Checkpoint;
pub use connection::{Connection, Store, migrate, revert_all};
pub use dispositions::{Decision, KeptDecision};
pub use error::StoreError;
pub use gateways::{GatewayName, HeardGateway};
pub use intake::{DeviceEvent, UnreadableBody, UnreadableCursor};
pub use missing::{FollowedTracker, MissingRide, WaitingHole};
pub use parents::{NewParent, Parent, ParentBox, ParentFilter};
pub use partitions::{Partitioned, partition_day};
pub use partners::{Partner, PartnerText};
pub use people::{UserFilter, UserRecord};
pub use places::StoredPlace;
pub use plans::StoredPlan;
pub use pool::PooledTracker;
pub use positions::{PositionCursor, TrackerPosition};
pub use profiles::StoredProfile;
pub use qualifications::{Contract, ContractText, Training};
pub use readings::{ReadingSpan, SeriesCursor, SeriesPoint, SetAside, TrackerReading, later_end};
pub use recalls::{NewRecall, Recall, RecalledShipment};
pub use records::{
    AuditEntry, AuditRecord, DueNotification, FirstAnswer, NewNotification, NotificationCounts,
};
pub use rides::{EndedRide, Ride};
pub use shipments::{Halt, NewShipment, Shipment, ShipmentFilter};
pub use silence::{EndedOutage, GatewayState, LeftRide, OutageRide, ScheduledRide};
pub use trackers::{Standing, Tracker, TrackerNews, UnknownTracker};
pub use uplinks::{Uplink, UplinkCursor};
