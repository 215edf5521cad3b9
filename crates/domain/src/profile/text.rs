//! What a profile tells people, and what decides nothing.

use serde::{Deserialize, Serialize};

/// Where the sensor sits: what it measures is the tracker's place and never the product's own temperature, unless
/// a probe is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Of the box; follows a door at once.
    Air,
    /// In glycol, sand or the like, which follows as slowly as the product.
    Buffered,
    /// A probe in a vial or a dummy of the product.
    Product,
}
