//! The bare reference: the least that takes a webhook through a durable queue into a table of readings.
//!
//! Typed parse, packed and confirmed persistent publish to a quorum queue, batches into a day partition with the same
//! key and a row of latest state a tracker, acknowledged after the commit. No authentication, no spool, no raw
//! uplinks, no assessments, no reconnecting: what it costs less than the real program is what those cost.

pub mod consume;
pub mod ingest;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub const SCHEMA: &str = "
    create table readings (
        measured_at timestamptz not null, received_at timestamptz not null, organisation_id int not null,
        tracker_id int not null, sequence int, temperature int not null, humidity int,
        temperature_min int, temperature_max int
    ) partition by range (measured_at);
    create unique index readings_key on readings
        (tracker_id, measured_at, temperature, humidity, temperature_min, temperature_max) nulls not distinct;
    create table tracker_states (
        tracker_id int primary key, organisation_id int not null, heard_at timestamptz not null,
        measured_at timestamptz, temperature int, humidity int, sequence int
    ) with (fillfactor = 80);";

/// One line of a pack.
#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(rename = "e")]
    dev_eui: u64,
    #[serde(rename = "t")]
    received_at: DateTime<Utc>,
    #[serde(rename = "b")]
    payload: Vec<u8>,
}
