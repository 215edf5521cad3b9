//! Positions, and the set of them from which everything follows.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Point;
use crate::named_enum::named_enum;

/// A gateway that heard a tracker is taken to be no further away. LoRa reaches some kilometres in towns and ten to
/// twenty in open country; longer records exist, by sight from mountains.
pub const GATEWAY_RANGE_M: u32 = 30_000;

/// What is believed of a network server's own location where it does not say how good it is. Time differences at
/// gateways give some hundred metres to some kilometres.
pub const NETWORK_ACCURACY_M: u32 = 3_000;

/// What is believed of a tracker's own fix where it does not say how good it is, or that it is worse than it can say.
pub const FIX_ACCURACY_M: u32 = 1_000;

/// How far off a gateway in a vehicle may be from where it says that it is, in metres: at 90 km/h one that tells its
/// place every 30 seconds is 750 m further by then.
pub const VEHICLE_ACCURACY_M: RangeInclusive<u32> = 10..=10_000;

/// Up to this far away, in metres, a tracker may be that is heard with so much power: what free space leaves of it at
/// 868 MHz (ITU-R P.525). On top of the 16 dBm that EU868 allows a tracker, 14 dB are granted to stronger trackers
/// elsewhere, to the gateway's antenna and to reflections.
fn farthest_heard_m(rssi_dbm: f64) -> f64 {
    const SENT_DBM: f64 = 30.0;
    let loss_of_a_metre_db = 20.0 * 868f64.log10() - 27.55;
    10f64.powf((SENT_DBM - rssi_dbm - loss_of_a_metre_db) / 20.0)
}

named_enum! {
    /// Where a position comes from.
    PositionSource, "source of positions" {
        /// The tracker's own receiver.
        Tracker = "tracker",
        /// The network server worked it out.
        Network = "network",
        /// The place of the gateway that heard the tracker best.
        Gateway = "gateway",
        /// A gateway that rides in the same van.
        VanGateway = "van_gateway",
        /// The device of whoever scanned the box.
        Scan = "scan",
    }
}

/// Where a box was at one instant: somewhere within `accuracy_m` of the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Fractions of a second are cut where it counts.
    pub at: DateTime<Utc>,
    pub accuracy_m: u32,
    pub point: Point,
    pub source: PositionSource,
}

impl Position {
    /// The tracker was heard by a gateway that stands there, or that is within `vehicle_accuracy_m` of there since it
    /// rides in a vehicle: the better it is heard, the nearer it is to it.
    pub fn near_gateway(
        at: DateTime<Utc>,
        point: Point,
        vehicle_accuracy_m: Option<u32>,
        rssi_dbm: Option<f64>,
    ) -> Self {
        let standing = Self { at, accuracy_m: GATEWAY_RANGE_M, point, source: PositionSource::Gateway };
        let Some((rides_within_m, rssi_dbm)) = vehicle_accuracy_m.zip(rssi_dbm) else { return standing };
        let accuracy_m = f64::from(rides_within_m) + farthest_heard_m(rssi_dbm);
        if accuracy_m < f64::from(GATEWAY_RANGE_M) {
            Self { accuracy_m: accuracy_m.ceil() as u32, source: PositionSource::VanGateway, ..standing }
        } else {
            standing
        }
    }
}

/// A set of positions, in order of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Positions(Vec<Position>);

impl FromIterator<Position> for Positions {
    /// In any order, and each as often as one likes.
    fn from_iter<I: IntoIterator<Item = Position>>(positions: I) -> Self {
        Self(positions.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
    }
}

impl Positions {
    pub fn as_slice(&self) -> &[Position] {
        &self.0
    }

    /// The latest that is not later than `now`; of several at that instant the most accurate.
    pub fn last(&self, now: DateTime<Utc>) -> Option<&Position> {
        self.instants(now).last()?.first()
    }

    /// Those not later than `now`, instant by instant; of each the most accurate first.
    pub(crate) fn instants(&self, now: DateTime<Utc>) -> impl Iterator<Item = &[Position]> {
        let instants = self.0.chunk_by(|one, next| one.at == next.at);
        instants.take_while(move |same| same.first().is_some_and(|position| position.at <= now))
    }
}

/// What a position says of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Inside,
    Outside,
    /// It may be on either side, and leaves it as it was.
    Either,
    /// It is too coarse to say that anything is inside, and is no sign that nothing changed either.
    Nothing,
}

impl Said {
    /// `edge_m`: how far outside the area's edge the point lies, negative inside; `room_m`: the largest accuracy with
    /// which anything can be surely inside at all.
    pub(crate) fn of(edge_m: f64, accuracy_m: u32, margin_m: u32, room_m: f64) -> Self {
        let accuracy_m = f64::from(accuracy_m);
        if edge_m + accuracy_m <= 0.0 {
            Self::Inside
        } else if edge_m - accuracy_m > f64::from(margin_m) {
            Self::Outside
        } else if accuracy_m <= room_m {
            Self::Either
        } else {
            Self::Nothing
        }
    }

    /// What several positions of one instant say together: contradictions leave it as it was.
    pub(crate) fn together(said: impl Iterator<Item = Self>) -> Self {
        said.fold(Self::Nothing, |all, one| match (all, one) {
            (Self::Inside, Self::Outside) | (Self::Outside, Self::Inside) => Self::Either,
            (all @ (Self::Inside | Self::Outside), _) => all,
            (_, one @ (Self::Inside | Self::Outside)) => one,
            (Self::Either, _) | (_, Self::Either) => Self::Either,
            (Self::Nothing, Self::Nothing) => Self::Nothing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_in_a_vehicle_is_as_near_as_it_hears_well_and_no_nearer_than_its_own_place_is_known() {
        let point = Point::from_degrees(48.0, 11.0).unwrap();
        let near = |vehicle, rssi| {
            let position = Position::near_gateway(DateTime::UNIX_EPOCH, point, vehicle, rssi);
            (position.source, position.accuracy_m)
        };
        let stands = (PositionSource::Gateway, GATEWAY_RANGE_M);
        for (vehicle, rssi, expected) in [
            (None, Some(-40.0), stands),
            (Some(100), None, stands),
            (Some(100), Some(-40.0), (PositionSource::VanGateway, 187)),
            (Some(1000), Some(-40.0), (PositionSource::VanGateway, 1087)),
            (Some(100), Some(-60.0), (PositionSource::VanGateway, 969)),
            (Some(100), Some(-90.0), (PositionSource::VanGateway, 27_578)),
            (Some(100), Some(-91.0), stands),
            (Some(100), Some(-130.0), stands),
            (Some(10), Some(30.0), (PositionSource::VanGateway, 11)),
            (Some(10), Some(f64::INFINITY), (PositionSource::VanGateway, 10)),
            (Some(10), Some(f64::NEG_INFINITY), stands),
        ] {
            assert_eq!(near(vehicle, rssi), expected, "{vehicle:?} {rssi:?}");
        }
    }
}
