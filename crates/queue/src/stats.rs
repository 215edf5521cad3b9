//! Counters of a sender since it was made. Plain numbers; the services turn them into metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// How often each thing happened since the sender was made.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Counts { $($(#[$doc])* pub $name: u64,)* }

        #[derive(Debug, Default)]
        pub(crate) struct Counters { $(pub(crate) $name: AtomicU64,)* }

        impl Counters {
            pub(crate) fn read(&self) -> Counts {
                Counts { $($name: self.$name.load(Relaxed),)* }
            }
        }
    };
}

counters! {
    /// Lines whose submitter was told that they are durable.
    lines_durable,
    /// Lines that were refused, for whatever reason.
    lines_refused,
    /// Packs the broker confirmed, those moved from the spool included.
    packs_confirmed,
    /// Packs written to the spool (in the embedded installation: all).
    packs_spooled,
    /// Packs moved from the spool to the broker.
    packs_drained,
    /// Packs the broker did not take: returned, refused, or no confirm in time.
    packs_not_confirmed,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(count as u64, Relaxed);
    }
}
