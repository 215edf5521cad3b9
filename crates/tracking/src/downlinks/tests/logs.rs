//! Logs that are asked for by time.

use domain::downlink::Span;

use super::*;
use crate::binding::unbind;

/// A probe's temperature, measured now.
const MEASURED: &str = "cbf60b0d0376010add7fff";

impl House {
    async fn logger(codec: &str) -> (Self, Box) {
        let (house, _) = Self::spoken().await;
        let of = house.ship_with(2, INTERVAL_S, codec).await;
        (house, of)
    }

    /// A reading at each of these seconds.
    async fn measure_at(&self, of: &Box, payload: &str, seconds: &[i64]) {
        for second in seconds {
            self.set(*second);
            self.hear_on(of, 2, payload, *second).await;
        }
    }
}

fn logged(seconds: &[i64]) -> String {
    seconds.iter().map(|second| format!("0add0b0d037641{:08x}", at(*second).timestamp())).collect()
}

fn read_log(from: i64, to: i64) -> Vec<Command> {
    vec![Command::ReadLog(Span { from: at(from), to: at(to) })]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_between_two_readings_is_asked_for_by_time_until_it_has_come() {
    let (house, of) = House::logger("dragino-lht65n-probe").await;
    house.measure_at(&of, MEASURED, &[0, 900, 5_400]).await;
    house.plan(5_400 + 2_699).await;
    assert_eq!(states(&house.said(&of).await), [], "a late gateway may still bring it");
    house.plan(9_000).await;
    assert_eq!(house.said(&of).await[0].commands, read_log(901, 5_399));

    house.take(&of, 1).await;
    house.answer(1, DownlinkState::Acknowledged).await;
    // A half of its answer comes, and the tracker measures on.
    house.hear_on(&of, 2, &logged(&[1_800, 2_700]), 9_000).await;
    let on: Vec<i64> = (6_300..=22_500).step_by(900).collect();
    house.measure_at(&of, MEASURED, &on).await;
    house.plan(9_000 + 4 * 3_600 - 1).await;
    assert_eq!(house.said(&of).await.len(), 1, "the rest is waited for");
    house.plan(9_000 + 5 * 3_600).await;
    assert_eq!(house.said(&of).await[0].commands, read_log(2_701, 5_399));

    house.take(&of, 2).await;
    house.answer(2, DownlinkState::Acknowledged).await;
    house.hear_on(&of, 2, &logged(&[3_600, 4_500]), 27_000).await;
    house.plan(DAY_S).await;
    assert_eq!(house.said(&of).await.len(), 2, "nothing is missing any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_are_missing_from_one_and_a_half_intervals_on() {
    let (house, of) = House::logger("dragino-lht65n-probe").await;
    house.measure_at(&of, MEASURED, &[0, 1_349]).await;
    house.plan(1_349 + 2_700).await;
    assert_eq!(house.said(&of).await.len(), 0);
    house.measure_at(&of, MEASURED, &[1_349 + 1_350]).await;
    house.plan(6_000).await;
    assert_eq!(house.said(&of).await[0].commands, read_log(1_350, 2_698));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_missing_of_a_ride_is_asked_for_from_its_beginning_to_its_end_and_nothing_else() {
    let (house, of) = House::logger("dragino-lht65n-probe").await;
    house.measure_at(&of, MEASURED, &[5_400, 6_300]).await;
    house.set(10_000);
    let mut db = house.service.store.begin().await.unwrap();
    db.lock_intake().await.unwrap();
    unbind(&house.service, &mut db, &of.shipment, &of.tracker, at(10_000), house.now()).await.unwrap();
    db.commit().await.unwrap();
    house.measure_at(&of, MEASURED, &[30_000]).await;
    house.plan(33_000).await;
    assert_eq!(house.said(&of).await[0].commands, read_log(1, 9_999), "both of its gaps at once");
    house.take(&of, 1).await;
    house.answer(1, DownlinkState::Acknowledged).await;
    let of_ride: Vec<i64> = (900..10_000).step_by(900).collect();
    house.hear_on(&of, 2, &logged(&of_ride), 33_000).await;
    house.plan(DAY_S).await;
    assert_eq!(house.said(&of).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_log_by_time_is_not_asked() {
    let (house, of) = House::logger("milesight-em300-th").await;
    house.measure_at(&of, "0367ff00", &[0, 9_000]).await;
    house.plan(DAY_S).await;
    assert_eq!(house.said(&of).await.len(), 0);
}
