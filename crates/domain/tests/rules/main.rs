//! The rules seen from outside: at each limit and one unit beside it, against a slow reference, and as
//! properties over random series.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod alerts;
mod allowance_properties;
mod allowance_rules;
mod allowances;
mod assessments;
mod calendar;
mod contract;
mod csv_files;
mod cycles;
mod decisions;
mod escalation;
mod events;
mod gs1_codes;
mod holes;
mod kept;
mod kinetic;
mod library;
mod limits;
mod profile_texts;
mod profiles;
mod properties;
mod reference;
mod replay;
mod second;
mod series;
mod silence;
mod widening;

/// How often each property of an evaluation is tried.
const CASES: u32 = 10_000;
