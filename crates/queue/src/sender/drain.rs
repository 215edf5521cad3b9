//! Moves the spool to the broker when it is back: from the head, in order, and a pack is removed only after
//! the broker confirmed it. Killed in between, it sends some packs twice and none never.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::Outlet;
use crate::rabbitmq::Link;
use crate::stats::Counters;

/// Packs on their way at once while draining.
const WINDOW: usize = 32;

/// How long to leave a broker alone that is connected but takes nothing (or a spool that cannot be read).
const PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn run(outlet: Arc<Outlet>, link: Link) {
    let mut tail = outlet.spool.tail();
    loop {
        link.wait_until_up().await;
        let stored = match outlet.spool.read(0, usize::MAX, WINDOW).await {
            Ok(stored) => stored,
            Err(error) => {
                tracing::error!(%error, "cannot read the spool; its events wait on the disk");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if stored.is_empty() {
            // Only fails when the spool is gone, and then there is nothing left to do.
            if tail.changed().await.is_err() {
                return;
            }
            continue;
        }
        let sent = join_all(stored.iter().map(|entry| link.publish_pack(&entry.pack))).await;
        let confirmed = sent.iter().take_while(|result| result.is_ok()).count();
        let Some(last) = stored.iter().take(confirmed).next_back() else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        Counters::add(&outlet.counters.packs_confirmed, confirmed);
        Counters::add(&outlet.counters.packs_drained, confirmed);
        if let Err(error) = outlet.spool.remove_through(last.offset).await {
            tracing::error!(%error, "cannot remove what was moved to the broker from the spool; it will be sent again");
            tokio::time::sleep(PAUSE).await;
        }
    }
}
