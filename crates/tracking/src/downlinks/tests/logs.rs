//! Logs that are asked for by time.

use domain::downlink::Span;

use super::*;

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

    fn gaps_known(&self) -> String {
        self.database.psql("select count(gaps_known_at) from spoken_trackers").unwrap().trim().to_owned()
    }
}

fn logged(seconds: &[i64]) -> String {
    seconds.iter().map(|second| format!("0add0b0d037641{:08x}", at(*second).timestamp())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_between_two_readings_is_asked_for_by_time_until_it_has_come() {
    let (house, of) = House::logger("dragino-lht65n-probe").await;
    house.measure_at(&of, MEASURED, &[0, 900, 5_400]).await;
    house.plan(5_400 + 2_699).await;
    assert_eq!(states(&house.said(&of).await), [], "a late gateway may still bring it");
    house.plan(5_400 + 2_700).await;
    let missing = Command::ReadLog(Span { from: at(901), to: at(5_399) });
    let said = house.said(&of).await;
    assert_eq!(said[0].commands, [missing]);

    house.take(&of, 1).await;
    house.answer(1, DownlinkState::Acknowledged).await;
    // The first half of its answer comes, and the tracker measures on.
    house.set(8_200);
    house.hear_on(&of, 2, &logged(&[1_800, 2_700]), 8_200).await;
    let on: Vec<i64> = (6_300..=24_000).step_by(900).collect();
    house.measure_at(&of, MEASURED, &on).await;
    house.plan(8_100 + 4 * 3_600 - 1).await;
    assert_eq!(house.said(&of).await.len(), 1, "the rest is waited for");
    house.plan(8_100 + 4 * 3_600 + 300).await;
    let rest = Command::ReadLog(Span { from: at(2_701), to: at(5_399) });
    assert_eq!(house.said(&of).await[0].commands, [rest]);

    house.take(&of, 2).await;
    house.answer(2, DownlinkState::Acknowledged).await;
    house.hear_on(&of, 2, &logged(&[3_600, 4_500]), 24_500).await;
    assert_eq!(house.gaps_known(), "1");
    house.plan(DAY_S).await;
    assert_eq!((house.said(&of).await.len(), house.gaps_known().as_str()), (2, "0"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_are_missing_from_one_and_a_half_intervals_on() {
    let (house, of) = House::logger("dragino-lht65n-probe").await;
    house.measure_at(&of, MEASURED, &[0, 1_349]).await;
    assert_eq!(house.gaps_known(), "0");
    house.measure_at(&of, MEASURED, &[1_349 + 1_350]).await;
    assert_eq!(house.gaps_known(), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_log_by_time_is_not_asked() {
    let (house, of) = House::logger("milesight-em300-th").await;
    house.measure_at(&of, "0367ff00", &[0, 9_000]).await;
    house.plan(DAY_S).await;
    assert_eq!((house.said(&of).await.len(), house.gaps_known().as_str()), (0, "0"));
}
