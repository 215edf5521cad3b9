//! What is kept of numbers and gateways.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_gateways_name_is_left_out() {
    let house = House::new().await;
    let of = house.ship(1, INTERVAL_S).await;
    let (long, longest) = ("g".repeat(101), "g".repeat(100));
    house.hear(&of, 0..=0, &["", "a\nb", &long, &longest, "roof", "roof"]).await;
    let names = house.database.psql("select name from gateways order by name").unwrap();
    assert_eq!(names.trim().lines().collect::<Vec<_>>(), [longest.as_str(), "roof"]);
    let known = house.database.psql("select cardinality(gateways) from tracker_states").unwrap();
    assert_eq!(known.trim(), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_of_numbers_and_gateways_is_what_the_rules_say() {
    let house = House::new().await;
    let of = house.ship(1, INTERVAL_S).await;
    let mut numbers = Numbers::default();
    let mut heard_by: Option<HeardBy<&str>> = None;
    // The same disorder in every run: a linear congruential generator.
    let mut state = 7_u64;
    let mut below = |most: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    for frame in 0..150_u64 {
        // Mostly onwards, now and then from behind.
        let last = (10 + frame + below(8)).saturating_sub(if below(4) == 0 { below(40) } else { 0 }) as u32;
        let first = last.saturating_sub(below(4) as u32);
        house.set(i64::try_from(frame * 4 + below(20)).unwrap());
        let gateways: Vec<&str> = ["a", "b", "c", "d"].into_iter().filter(|_| below(2) == 0).collect();
        let measured = |number: u32| Some(at(i64::from(number) * 900 - 1_000_000 / 60 * 60));
        house.hear_late(&of, first..=last, measured(last).unwrap(), &gateways).await;

        numbers.receive(&Run { first, last, first_at: measured(first), last_at: measured(last) }, at(0));
        let heard = HeardBy::new(house.now(), gateways);
        heard_by.get_or_insert_with(|| heard.clone()).join(&heard);

        let mut db = house.service.store.connect().await.unwrap();
        let followed = db.followed(&[of.tracker.id]).await.unwrap()[0];
        assert_eq!((followed.followed, followed.holes as usize), (numbers.followed, numbers.holes.len()));
        let kept = db.holes_of(&[of.tracker.id]).await.unwrap().into_iter();
        let kept: Vec<Hole> = kept.map(|(_, hole)| Hole { known_at: at(0), ..hole }).collect();
        assert_eq!(kept, numbers.holes, "frame {frame}: {first} to {last}");
        let names = "select coalesce(string_agg(g.name, ' ' order by g.name), '')
            from tracker_states l join gateways g on g.id = any(l.gateways)";
        let expected = heard_by.as_ref().unwrap().gateways.join(" ");
        assert_eq!(house.database.psql(names).unwrap().trim(), expected, "frame {frame}");
    }
    assert!(!numbers.holes.is_empty());
}
