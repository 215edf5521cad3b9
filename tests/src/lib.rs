//! What the end-to-end tests share: real programs in folders of their own, their API, and a fleet's webhooks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod api;
pub mod bodies;
mod browser;
mod commits;
pub mod documents;
pub mod epcis;
pub mod fleet;
pub mod held;
mod installation;
mod outcome;
mod sender;
pub mod warm;

pub use api::{Answer, Api};
pub use browser::walk_in_a_browser;
pub use commits::Commits;
pub use installation::{Installation, Part, Program, folder, login_of, processes_of, program};
pub use outcome::Outcome;
pub use sender::Sender;

use std::time::{Duration, Instant};

/// How long anything may take that is not expected to take long on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Asks again and again until `condition` gives a value.
pub async fn until<T>(what: &str, condition: impl AsyncFnMut() -> Option<T>) -> T {
    within(PATIENCE, what, condition).await
}

/// As [`until`], with a patience of one's own.
pub async fn within<T>(patience: Duration, what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = condition().await {
            return value;
        }
        assert!(Instant::now() < deadline, "{what}: not within {patience:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
