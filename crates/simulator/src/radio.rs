//! Which gateways hear an uplink, and how well.
//!
//! Received power falls with distance as measured for LoRa at 868 MHz around a town (Petäjäjärvi and others, 2015: 128.95 dB at
//! 1 km, 23.2 dB more at each tenfold distance, shadowed with a deviation of 7.8 dB). Two uplinks on one channel with one
//! spreading factor destroy each other, unless one is 6 dB stronger.

use std::collections::VecDeque;

use geo::{Distance, Haversine, Point};
use tracker::{DataRate, Region};

use crate::journey::Leg;
use crate::random::Random;

const AT_1_KM_DB: f64 = 128.95;
const PER_DECADE_DB: f64 = 23.2;
const SHADOW_DB: f64 = 7.8;
const SENT_DBM: f64 = 14.0;
/// Thermal noise in 125 kHz with a receiver's 6 dB.
const NOISE_DBM: f64 = -117.0;
/// What a receiver reports at most.
const BEST_SNR_DB: f64 = 12.0;
const CAPTURE_DB: f64 = 6.0;
/// Beyond it nothing is heard whatever the shadow, in metres.
const FARTHEST_M: f64 = 25_000.0;

/// The EUIs of gateways begin so.
const GATEWAYS: u64 = 0x0016_3EF0_0000_0000;

#[derive(Debug, Clone)]
pub struct Gateway {
    pub eui: u64,
    pub point: Point,
    /// When it hears nothing: from, until, in milliseconds of Unix time.
    pub fails: Option<(i64, i64)>,
}

impl Gateway {
    /// One in each city and one every `spacing_m` on the way, up to a kilometre beside it; their numbers begin at `first`.
    pub fn along(leg: &Leg, spacing_m: f64, first: u64, seed: u64) -> Vec<Self> {
        let mut random = Random::new(seed, first);
        let length = Haversine.distance(leg.from.point(), leg.to.point());
        let count = (length / spacing_m).ceil().max(1.0) as u64;
        let place = |number: u64| {
            let point = leg.point(number as f64 / count as f64);
            // A hundredth of a degree of latitude is 1.1 km.
            let beside = if number == 0 || number == count { 0.0 } else { random.even() * 0.018 - 0.009 };
            Self {
                eui: GATEWAYS | (first + number),
                point: Point::new(point.x(), point.y() + beside),
                fails: None,
            }
        };
        (0..=count).map(place).collect()
    }
}

/// Where nothing is heard: a tunnel, a cold store.
#[derive(Debug, Clone, Copy)]
pub struct Hole {
    pub centre: Point,
    pub radius_m: f64,
}

impl Hole {
    pub(crate) fn holds(&self, point: Point) -> bool {
        Haversine.distance(self.centre, point) <= self.radius_m
    }
}

/// An uplink on the air.
#[derive(Debug, Clone)]
pub struct OnAir {
    pub device: usize,
    pub from_ms: i64,
    pub until_ms: i64,
    pub channel: u64,
    pub rate: DataRate,
    pub point: Point,
}

/// That one gateway heard an uplink.
#[derive(Debug, Clone, Copy)]
pub struct Reception {
    pub gateway: usize,
    pub rssi_dbm: f64,
    pub snr_db: f64,
}

pub struct Radio {
    pub region: Region,
    pub gateways: Vec<Gateway>,
    on_air: VecDeque<OnAir>,
    random: Random,
}

impl Radio {
    pub fn new(region: Region, gateways: Vec<Gateway>, random: Random) -> Self {
        Self { region, gateways, on_air: VecDeque::new(), random }
    }

    pub fn begin(&mut self, uplink: OnAir) {
        self.on_air.push_back(uplink);
    }

    /// Who heard an uplink that has ended, the best first. All that began before its end have begun.
    pub fn end(&mut self, uplink: &OnAir) -> Vec<Reception> {
        let mut heard: Vec<Reception> =
            (0..self.gateways.len()).filter_map(|gateway| self.reception(gateway, uplink)).collect();
        heard.sort_by(|one, other| other.snr_db.total_cmp(&one.snr_db));
        // The longest uplink is shorter than five seconds.
        let gone = uplink.until_ms - 10_000;
        while self.on_air.front().is_some_and(|other| other.until_ms < gone) {
            self.on_air.pop_front();
        }
        heard
    }

    fn reception(&mut self, index: usize, uplink: &OnAir) -> Option<Reception> {
        let gateway = self.gateways.get(index)?;
        if gateway.fails.is_some_and(|(from, until)| (from..until).contains(&uplink.until_ms)) {
            return None;
        }
        let mean_dbm = received_dbm(gateway.point, uplink.point)?;
        let mut others = self.on_air.iter().filter(|other| collides(other, uplink));
        let drowned = others.any(|other| {
            received_dbm(gateway.point, other.point).is_some_and(|power| power > mean_dbm - CAPTURE_DB)
        });
        let rssi_dbm = mean_dbm + self.random.normal() * SHADOW_DB;
        let snr_db = (rssi_dbm - NOISE_DBM).min(BEST_SNR_DB);
        let needed = f64::from(self.region.weakest_quarter_db(uplink.rate)) / 4.0;
        (!drowned && snr_db >= needed).then_some(Reception { gateway: index, rssi_dbm, snr_db })
    }
}

fn collides(one: &OnAir, other: &OnAir) -> bool {
    one.device != other.device
        && one.channel == other.channel
        && one.rate == other.rate
        && one.from_ms < other.until_ms
        && other.from_ms < one.until_ms
}

/// Without shadow; none beyond reach.
fn received_dbm(gateway: Point, device: Point) -> Option<f64> {
    // A degree of latitude is 111 km: most gateways are out of reach without a look at the sphere.
    if (gateway.y() - device.y()).abs() > 0.25 || (gateway.x() - device.x()).abs() > 0.6 {
        return None;
    }
    let metres = Haversine.distance(gateway, device);
    (metres <= FARTHEST_M)
        .then(|| SENT_DBM - AT_1_KM_DB - PER_DECADE_DB * (metres.max(50.0) / 1000.0).log10())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn radio(metres_per_gateway: &[f64]) -> Radio {
        // Northwards, where a degree is 111.2 km.
        let gateway =
            |metres: &f64| Gateway { eui: 1, point: Point::new(8.0, 47.0 + metres / 111_195.0), fails: None };
        Radio::new(Region::Eu868, metres_per_gateway.iter().map(gateway).collect(), Random::new(1, 1))
    }

    fn uplink(device: usize, from_ms: i64, rate: u8) -> OnAir {
        let point = Point::new(8.0, 47.0);
        OnAir { device, from_ms, until_ms: from_ms + 300, channel: 0, rate: DataRate(rate), point }
    }

    /// Of a thousand uplinks, how many are heard.
    fn heard(metres: f64, rate: u8) -> usize {
        let mut radio = radio(&[metres]);
        (0..1000)
            .filter(|n| {
                let uplink = uplink(0, n * 1000, rate);
                radio.begin(uplink.clone());
                !radio.end(&uplink).is_empty()
            })
            .count()
    }

    #[test]
    fn what_is_near_is_heard_and_slow_rates_reach_farther() {
        assert!(heard(500.0, 5) > 950, "{}", heard(500.0, 5));
        let (fast, slow) = (heard(4000.0, 5), heard(4000.0, 0));
        assert!(fast < 500 && slow > 800, "{fast} {slow}");
        assert_eq!(heard(26_000.0, 0), 0);
    }

    #[test]
    fn uplinks_at_once_on_one_channel_and_rate_are_lost() {
        for (second, heard) in [
            (uplink(1, 100, 3), 0),
            (uplink(1, 300, 3), 1),
            (uplink(1, 100, 4), 1),
            (OnAir { channel: 1, ..uplink(1, 100, 3) }, 1),
            // Farther away and so weaker by more than 6 dB.
            (OnAir { point: Point::new(8.0, 46.97), ..uplink(1, 100, 3) }, 1),
        ] {
            let mut radio = radio(&[100.0]);
            let first = uplink(0, 0, 3);
            radio.begin(first.clone());
            radio.begin(second.clone());
            assert_eq!(radio.end(&first).len(), heard, "{second:?}");
        }
    }

    #[test]
    fn a_gateway_that_fails_hears_nothing() {
        let mut radio = radio(&[100.0, 200.0]);
        radio.gateways[0].fails = Some((0, 1000));
        let first = uplink(0, 0, 3);
        radio.begin(first.clone());
        assert_eq!(radio.end(&first).iter().map(|heard| heard.gateway).collect::<Vec<_>>(), [1]);
    }
}
