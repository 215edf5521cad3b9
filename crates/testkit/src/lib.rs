//! Real servers for tests: a private RabbitMQ, a private PostgreSQL, a mail server. For developers only; no part of the
//! program may name this crate outside its tests.
//!
//! Every server is the test's own: free ports, files in a temporary folder, and gone with the process that
//! started it, however that ends. The test command may start one of each for all tests and say where they are
//! (`ISOTHERM_TEST_AMQP`, `ISOTHERM_TEST_POSTGRES`); then tests keep apart by queue prefix and by database.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub mod mail;
pub mod postgres;
mod process;
pub mod rabbitmq;

pub use process::until;
