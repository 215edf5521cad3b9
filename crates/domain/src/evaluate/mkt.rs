//! Mean kinetic temperature (USP <1079.2>): integer Arrhenius factors, integer sums, one logarithm at the end.
//!
//! Factors are relative to the warmest step of the series, in units of 2^-64. So the sum of any series keeps
//! at least its warmest second to all digits, whatever the product's activation energy, and no temperature is
//! too cold or too warm for the table.

use std::collections::BTreeMap;

use super::assessment::MeanTemperature;
use crate::profile::MktRule;

/// The molar gas constant that goes with 83.144 kJ/mol, so that their quotient is 10 000 K. J/(mol·K).
const GAS_CONSTANT: f64 = 8.3144;
/// The factor of the warmest step: 2^64.
const UNIT: f64 = 18_446_744_073_709_551_616.0;

/// The integer Arrhenius factor of each 0.01 °C step that occurs.
pub(super) struct Table {
    /// Activation energy over gas constant, in kelvin.
    energy_k: f64,
    warmest: i32,
    factors: BTreeMap<i32, u128>,
}

/// Known time and its factors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Weighted {
    pub seconds: i64,
    /// Of factor times seconds: at most 2^64 times the 2^44 seconds that a calendar has.
    pub sum: u128,
}

impl Table {
    /// `None` without a step.
    pub fn new(rule: &MktRule, steps: impl Iterator<Item = i32> + Clone) -> Option<Self> {
        let warmest = steps.clone().max()?;
        let energy_k = rule.activation_energy.joules_per_mol() / GAS_CONSTANT;
        let factor = |step| {
            let exponent = energy_k / kelvin(warmest) - energy_k / kelvin(step);
            (exponent.exp() * UNIT).round_ties_even() as u128
        };
        let mut factors = BTreeMap::new();
        for step in steps {
            factors.entry(step).or_insert_with(|| factor(step));
        }
        Some(Self { energy_k, warmest, factors })
    }

    /// Zero for a step that the table was not made for.
    pub fn factor(&self, step: i32) -> u128 {
        self.factors.get(&step).copied().unwrap_or_default()
    }

    /// `None` of no time.
    pub fn mean(&self, weighted: Weighted) -> Option<MeanTemperature> {
        if weighted.seconds <= 0 {
            return None;
        }
        let mean_factor = weighted.sum as f64 / weighted.seconds as f64 / UNIT;
        let kelvin = self.energy_k / (self.energy_k / kelvin(self.warmest) - mean_factor.ln());
        Some(MeanTemperature(((kelvin - 273.15) * 10_000.0).round_ties_even() as i64))
    }
}

/// Of a 0.01 °C step; absolute zero is moved up a little, since nothing can be divided by it.
fn kelvin(step: i32) -> f64 {
    ((f64::from(step) + 27_315.0) / 100.0).max(0.005)
}
