//! What trackers say of themselves on a real database.

use domain::tracker_report::Setup;
use store::PooledTracker;

use crate::house::{Box, House, at};

impl House {
    async fn pooled(&self, of: &Box) -> PooledTracker {
        self.service
            .store
            .connect()
            .await
            .unwrap()
            .pooled_tracker(self.owner, of.tracker.dev_eui)
            .await
            .unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_status_and_setup_count_by_when_the_network_received_them() {
    let house = House::new().await;
    let of = house.ship(1, 900).await;
    let pooled = house.pooled(&of).await;
    assert!(pooled.status.is_none() && pooled.in_force.is_none());

    house.set(300);
    for (second, battery) in [(100, "50"), (200, "32"), (150, "40")] {
        house.hear_on(&of, 12, &format!("010203{battery}2100001e001e04"), second).await;
    }
    for (second, downlink) in [(120, "000001"), (220, "000003"), (170, "000002")] {
        house.hear_on(&of, 13, &format!("{downlink}00001f40811234"), second).await;
    }
    let pooled = house.pooled(&of).await;
    let (status, in_force) = (pooled.status.unwrap(), pooled.in_force.unwrap());
    assert_eq!((status.received_at, status.said.battery_pct), (at(200), Some(50)));
    let Setup { downlink, calibration, minutes, per_uplink, .. } = in_force.setup;
    assert_eq!((in_force.received_at, downlink, calibration), (at(220), 3, Some(8_000)));
    assert_eq!((minutes, per_uplink), (15, 2));
}
