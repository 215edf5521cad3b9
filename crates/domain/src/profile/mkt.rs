//! What is asked of the mean kinetic temperature: a limit, a window, and the product's activation energy.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field;
use crate::duration::Duration;
use crate::quantity::{Temperature, as_decimal};

/// The `[mkt]` of a profile (USP <1079.2>); only profiles for controlled room and controlled cold ship with one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MktRule {
    /// A window whose MKT is above this, as written to four decimals, is marked as exceeded.
    #[serde(
        rename = "limit_c",
        serialize_with = "as_decimal::serialize",
        deserialize_with = "field::limit_c"
    )]
    #[cfg_attr(feature = "schema", schema(value_type = f64))]
    pub limit: Temperature,
    /// Longer than nothing.
    #[serde(deserialize_with = "field::window")]
    #[cfg_attr(feature = "schema", schema(value_type = String, example = "30d"))]
    pub window: Duration,
    #[serde(
        rename = "activation_energy_kj_per_mol",
        default = "usual_energy",
        deserialize_with = "field::activation_energy_kj_per_mol"
    )]
    #[cfg_attr(feature = "schema", schema(value_type = f64, default = 83.144))]
    pub activation_energy: ActivationEnergy,
}

/// An activation energy in whole mJ/mol (six decimals of kJ/mol), from 1 to 1000 kJ/mol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivationEnergy(i64);

const MJ_PER_KJ: i64 = 1_000_000;

impl ActivationEnergy {
    /// 83.144 kJ/mol: the figure to use unless the product brings its own (USP <1079.2>).
    pub const USUAL: Self = Self(83_144_000);

    pub fn joules_per_mol(self) -> f64 {
        // At most 1e9, which a double holds exactly.
        self.0 as f64 / 1_000.0
    }
}

impl Serialize for ActivationEnergy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0 as f64 / MJ_PER_KJ as f64)
    }
}

impl<'de> Deserialize<'de> for ActivationEnergy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mj_per_mol = field::decimal(deserializer, 6)?;
        if !(MJ_PER_KJ..=1_000 * MJ_PER_KJ).contains(&mj_per_mol) {
            let given = mj_per_mol as f64 / MJ_PER_KJ as f64;
            let reason = format!("{given} kJ/mol is out of range: write 1 to 1000, usually 83.144");
            return Err(serde::de::Error::custom(reason));
        }
        Ok(Self(mj_per_mol))
    }
}

fn usual_energy() -> ActivationEnergy {
    ActivationEnergy::USUAL
}
