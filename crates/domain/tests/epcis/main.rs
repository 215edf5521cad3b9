//! A shipment in the words of EPCIS: one test for each row of the mapping.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod corrections;
mod mapping;
mod scene;
