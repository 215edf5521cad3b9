//! Custody as a function of the set of entries: tables of what may happen, a model, and properties over random
//! histories.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod derived;
mod history;
mod model;
mod properties;
mod records;
mod tables;
