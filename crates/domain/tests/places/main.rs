//! Places, routes and plans: at each limit and one unit beside it, and as functions of the set of positions.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod arrivals;
mod fences;
mod map;
mod opening;
mod plans;
mod points;
mod properties;
mod routes;
mod stays;
mod whereabouts;
