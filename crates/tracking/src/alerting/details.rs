//! What the audit trail says of each change of an alert: written here alone, and in the API's document as it is written.

use chrono::{DateTime, Utc};
use domain::AlertId;
use domain::alert::{AlertKind, Severity};
use serde::Serialize;
use utoipa::ToSchema;

/// What became of an alert, and because of what.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "action", content = "detail")]
pub enum AlertDetail {
    #[serde(rename = "alert.raised")]
    #[schema(title = "AlertRaised")]
    Raised(RaisedDetail),
    #[serde(rename = "alert.amended")]
    #[schema(title = "AlertAmended")]
    Amended(AmendedDetail),
    #[serde(rename = "alert.updated")]
    #[schema(title = "AlertUpdated")]
    Updated(UpdatedDetail),
    #[serde(rename = "alert.merged")]
    #[schema(title = "AlertMerged")]
    Merged(MergedDetail),
    #[serde(rename = "alert.withdrawn")]
    #[schema(title = "AlertWithdrawn")]
    Withdrawn(WithdrawnDetail),
    #[serde(rename = "alert.closed")]
    #[schema(title = "AlertClosed")]
    Closed(EndedDetail),
    #[serde(rename = "alert.acknowledged")]
    #[schema(title = "AlertAcknowledged")]
    Acknowledged(EndedDetail),
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RaisedDetail {
    pub kind: AlertKind,
    pub severity: Severity,
    pub began_at: DateTime<Utc>,
    pub alarmed_at: DateTime<Utc>,
    /// In words, with times in UTC; null where it is no alarm of a profile.
    pub because: Option<String>,
}

/// Each from what to what, also of what stayed as it was.
#[derive(Debug, Serialize, ToSchema)]
pub struct AmendedDetail {
    #[schema(min_items = 2, max_items = 2)]
    pub began_at: [DateTime<Utc>; 2],
    #[schema(min_items = 2, max_items = 2)]
    pub alarmed_at: [DateTime<Utc>; 2],
    /// Null: it still lasted.
    #[schema(min_items = 2, max_items = 2)]
    pub ended_at: [Option<DateTime<Utc>>; 2],
    #[schema(min_items = 2, max_items = 2)]
    pub severity: [Severity; 2],
    /// In hundredths of °C, or of % where the alert is about humidity; null where it is about no exposure.
    #[schema(min_items = 2, max_items = 2)]
    pub extreme: [Option<i32>; 2],
    /// The severity rose, so that its acknowledgement counts no more.
    pub reopened: bool,
    pub because: String,
}

/// Of an alert that is about no exposure.
#[derive(Debug, Serialize, ToSchema)]
pub struct UpdatedDetail {
    pub because: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MergedDetail {
    /// The alert that stands for both episodes.
    #[schema(value_type = Uuid)]
    pub into: AlertId,
    pub reason: String,
    pub because: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WithdrawnDetail {
    pub reason: String,
    pub because: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct EndedDetail {
    pub reason: String,
}

impl AlertDetail {
    /// As the audit trail keeps it: the action, and what goes with it.
    pub fn into_audit(self) -> (&'static str, serde_json::Value) {
        let action = match self {
            Self::Raised(_) => "alert.raised",
            Self::Amended(_) => "alert.amended",
            Self::Updated(_) => "alert.updated",
            Self::Merged(_) => "alert.merged",
            Self::Withdrawn(_) => "alert.withdrawn",
            Self::Closed(_) => "alert.closed",
            Self::Acknowledged(_) => "alert.acknowledged",
        };
        let mut written = serde_json::to_value(self).unwrap_or_default();
        (action, written.get_mut("detail").map(serde_json::Value::take).unwrap_or_default())
    }
}
