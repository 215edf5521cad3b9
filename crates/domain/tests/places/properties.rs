//! Random walks: everything is a function of the set of positions, and jitter raises no storm.

use domain::place::{Fence, Margins, Point, Position, PositionSource, Positions, stays};
use domain::route::{Corridor, Path, Standing, arrival, dwells, off_route};
use proptest::prelude::*;

use crate::map::{at, fence, point};

/// Positions of some days, jumping about, with every accuracy and source, some of one instant.
fn walks() -> impl Strategy<Value = Vec<Position>> {
    let accuracy = prop_oneof![Just(5_u32), 10..200_u32, Just(3_000), Just(30_000)];
    let position = (0..1_500_i64, -60..60_i32, -10..10_i32, accuracy, 0..PositionSource::ALL.len());
    let position = position.prop_map(|(minute, east, north, accuracy_m, source)| Position {
        at: at(minute),
        accuracy_m,
        point: point(f64::from(east) * 50.0, f64::from(north) * 50.0),
        source: PositionSource::ALL[source],
    });
    prop::collection::vec(position, 0..60)
}

/// Everything that is made of positions.
fn everything(positions: &Positions) -> String {
    let path = Path::try_from(vec![point(-3_000.0, 0.0), point(0.0, 10.0), point(3_000.0, 0.0)]).unwrap();
    let corridor = Corridor::new(path, 250).unwrap();
    let (margins, now, fence) = (Margins::default(), at(1_000), fence(300));
    let stays = stays(positions, margins, now, &fence);
    let off_route = off_route(positions, margins, now, &corridor, &[&fence]);
    let dwells = dwells(positions, margins, Standing::default(), now, &[&fence]);
    let arrival = arrival(positions, margins, now, &corridor, at(100));
    format!("{stays:?} {off_route:?} {dwells:?} {arrival:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_order_and_any_repetition_give_the_same(
        walk in walks().prop_flat_map(|walk| (Just(walk.clone()), Just(walk).prop_shuffle())),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let (walk, mut shuffled) = walk;
        if !walk.is_empty() {
            shuffled.extend(again.iter().map(|index| *index.get(&walk)));
        }
        let once: Positions = walk.iter().copied().collect();
        let often: Positions = shuffled.into_iter().collect();
        prop_assert_eq!(everything(&once), everything(&often));
    }

    #[test]
    fn batches_give_what_all_at_once_gives(walk in walks(), cut in any::<prop::sample::Index>()) {
        let all: Positions = walk.iter().copied().collect();
        let (first, second) = walk.split_at(if walk.is_empty() { 0 } else { cut.index(walk.len()) });
        let first: Positions = first.iter().copied().collect();
        let both: Positions = first.as_slice().iter().chain(second).copied().collect();
        prop_assert_eq!(everything(&all), everything(&both));
    }

    #[test]
    fn stays_follow_on_each_other_and_change_sides_only_by_a_position(walk in walks(), now in 0..2_000_i64) {
        let positions: Positions = walk.into_iter().collect();
        let stays = stays(&positions, Margins::default(), at(now), &fence(300));
        for stay in &stays {
            prop_assert!(stay.from <= stay.last_at && stay.last_at <= at(now));
            prop_assert!(stay.until().is_none_or(|until| until > stay.from && until <= at(now)));
            let says = positions.as_slice().iter().any(|position| {
                let edge_m = fence(300).edge_m(position.point);
                let accuracy_m = f64::from(position.accuracy_m);
                let agrees = if stay.inside { edge_m + accuracy_m <= 0.0 } else { edge_m - accuracy_m > 100.0 };
                position.at == stay.from && agrees
            });
            prop_assert!(says, "{:?}", stay);
        }
        for (stay, next) in stays.iter().zip(stays.iter().skip(1)) {
            prop_assert!(stay.until().is_some_and(|until| until <= next.from));
        }
    }

    /// Wherever a box stands, positions that err by no more than they say never tell of more than one visit, and of
    /// none where it stands outside.
    #[test]
    fn a_box_that_stands_at_the_edge_raises_no_storm(
        true_east in 0..900_i32,
        errors in prop::collection::vec((-1.0..1.0_f64, 0..200_u32), 1..80),
    ) {
        let fixes = (0_i64..).zip(&errors).map(|(place, (error, accuracy_m))| Position {
            at: at(place * 15),
            // A metre less, for the map is flat.
            point: point(f64::from(true_east) + error * (f64::from(*accuracy_m) - 1.0).max(0.0), 0.0),
            accuracy_m: *accuracy_m,
            source: PositionSource::Tracker,
        });
        let positions: Positions = fixes.collect();
        let now = at(errors.len() as i64 * 15);
        // No gap: every position is fine enough to tell.
        let stays = stays(&positions, Margins::default(), now, &fence(500));
        let inside = stays.iter().filter(|stay| stay.inside).count();
        prop_assert!(stays.len() <= 1, "{:?}", stays);
        prop_assert!(inside == 0 || true_east <= 500, "{:?}", stays);
    }

    #[test]
    fn what_is_far_by_its_latitude_is_far(
        (lat, radius_m) in (-84.0..84.0_f64, 1..100_000_u32),
        (to_lat, to_lon) in (-90.0..90.0_f64, -180.0..180.0_f64),
        metres in 0.0..200_000.0_f64,
    ) {
        let centre = Point::from_degrees(lat, 11.5).unwrap();
        let corners = [(0.0, 0.0), (0.0, 0.1), (0.1, 0.0)];
        let corners = corners.map(|(up, right)| Point::from_degrees(lat + up, 11.5 + right).unwrap());
        for fence in [Fence::circle(centre, radius_m).unwrap(), Fence::polygon(corners.to_vec()).unwrap()] {
            let point = Point::from_degrees(to_lat, to_lon).unwrap();
            prop_assert!(!fence.is_far(point, metres) || fence.edge_m(point) > metres);
        }
    }
}
