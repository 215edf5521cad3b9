//! What goes wrong with custody: each kind of finding where it is raised, where it must not be, and with late data; and
//! that the order in which things come to be known changes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod alerts;
mod following;
mod order;
mod scene;
mod transfers;
mod way;
mod whereabouts;
