//! Who is heard and measures nothing is silent.

use domain::alert::AlertKind;

use super::{INTERVAL_S, PATIENCE_S};
use crate::house::{House, at};

const MEASURED: &str = "cbf60b0d0376010add7fff";
const NO_PROBE: &str = "cbf60b0d0376017fff7fff";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_heard_and_measures_nothing_is_silent_until_it_measures() {
    let house = House::new().await;
    let probed = house.ship_with(1, INTERVAL_S, "dragino-lht65n-probe").await;
    let misread = house.ship_with(2, INTERVAL_S, "elsys-ers").await;
    let own = house.ship(3, INTERVAL_S).await;
    let clockless = house.ship(4, INTERVAL_S).await;
    let located = house.ship_with(5, INTERVAL_S, "digital-matter-oyster").await;
    house.hear_on(&probed, 2, MEASURED, 0).await;
    house.hear(&own, 0..=0, &[]).await;
    for second in [900, 1_800, 2_249] {
        house.set(second);
        assert!(house.hear_problem(&probed, 2, NO_PROBE, second).await.is_some());
        assert!(house.hear_problem(&misread, 2, MEASURED, second).await.is_some());
        // How it is, and what its log held before.
        house.hear_on(&own, 12, "010203572100001e001e04", second).await;
        house.hear_late(&own, 0..=0, at(0), &[]).await;
        // A reading of a clock that was never set.
        house.hear_on(&clockless, 11, &format!("8{second:06x}{:06x}0106f", second / 60), second).await;
        house.hear_on(&located, 1, "0030edec003224450000de", second).await;
    }
    house.tick(PATIENCE_S - 1).await;
    assert_eq!(house.kinds().await, [], "not a second before it is due");
    house.tick(PATIENCE_S).await;
    let alerts = house.alerts(None).await;
    let mut silent: Vec<_> = alerts.iter().map(|alert| (alert.dev_eui, alert.kind)).collect();
    silent.sort();
    let who = [&probed, &misread, &own, &clockless];
    assert_eq!(
        silent,
        who.map(|of| (Some(of.tracker.dev_eui), AlertKind::Silence)),
        "all but who only locates"
    );

    house.set(2_300);
    assert!(house.hear_problem(&probed, 2, NO_PROBE, 2_299).await.is_some());
    house.hear_on(&probed, 2, MEASURED, 2_300).await;
    let closed: Vec<_> =
        house.alerts(None).await.into_iter().filter(|alert| alert.closed_at.is_some()).collect();
    let [closed] = &closed[..] else { panic!("{closed:?}") };
    assert_eq!((closed.dev_eui, closed.episode.ended_at), (Some(probed.tracker.dev_eui), Some(at(2_300))));
}
