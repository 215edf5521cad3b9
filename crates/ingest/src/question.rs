//! A network's question whether it may post here, which comes before its credential does: AWS IoT Core's `DestinationConfirmation`.
//!
//! It is taken from anybody. So all that it does is replace the one address that a person is shown, and once a minute at most:
//! nobody fills the queue with questions. Nothing here opens the address.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use networks::message::{Body, Message};

use crate::Ingester;
use crate::integrations::Integration;
use crate::take::{NotTaken, submit};

/// The largest question, in bytes. AWS's have about 3 KiB.
pub const LONGEST: usize = 16 * 1024;

/// Questions of one integration without a credential are taken at most this often.
pub const EVERY: Duration = Duration::from_secs(60);

/// When each integration asked last.
#[derive(Default)]
pub struct Questions(Mutex<HashMap<String, Instant>>);

impl Questions {
    /// Whether one more may be taken now, which then counts.
    pub fn may_ask(&self, integration: &Integration) -> bool {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = &integration.source.integration;
        let waits = asked.get(id).is_some_and(|at| at.elapsed() < EVERY);
        if !waits {
            asked.insert(id.clone(), Instant::now());
        }
        !waits
    }
}

/// Returns when the address is on a disk, for a person to be shown.
pub async fn ask(ingester: &Ingester, integration: &Integration, url: String) -> Result<(), NotTaken> {
    let body = Body::Confirm { source: integration.source.clone(), url };
    submit(ingester, integration, Message { arrived_at: (ingester.clock)(), body }).await
}
