//! What a batch says of the links to trackers: which gateways heard them, and which of their numbered readings came.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::TrackerId;
use domain::place::Point;
use domain::silence::numbers::{Hole, Numbers, Run};
use domain::silence::outage::HeardBy;
use store::{
    Connection, FollowedTracker, GatewayName, HeardGateway, KnownGateway, Standing, StoreError, TrackerNews,
    Uplink,
};

use crate::heard::Heard;

/// A name that is longer, or would not show, is no gateway's.
const LONGEST_NAME: usize = 100;

/// More than hear any uplink; what names more does not come from a network.
const MOST_OF_AN_UPLINK: usize = 64;

/// The gateways of a batch, each at a place of its own, with when it last heard anything.
#[derive(Default)]
pub struct Gateways {
    pub heard: Vec<HeardGateway>,
    /// By name: several networks may have one of that name.
    places: HashMap<String, Vec<usize>>,
}

impl Gateways {
    /// Notes those that heard an uplink; returns their places, and the one that heard it best of those that say where
    /// they are.
    pub fn note(&mut self, uplink: &Uplink) -> (Vec<usize>, Option<Nearest>) {
        let is_name =
            |name: &str| !name.is_empty() && name.len() <= LONGEST_NAME && !name.contains(char::is_control);
        let mut gateways = networks::decode::read_gateways(&uplink.gateways);
        gateways.truncate(MOST_OF_AN_UPLINK);
        let (mut places, mut nearest) = (Vec::with_capacity(gateways.len()), None);
        let best = best_located(&gateways);
        for (index, gateway) in gateways.iter().enumerate() {
            let name = gateway.id.as_deref().filter(|name| is_name(name));
            let place = name.map(|name| self.note_one(name, uplink));
            places.extend(place);
            nearest = nearest.or(best.filter(|(best, _)| *best == index).map(|(_, point)| Nearest {
                point,
                rssi_dbm: gateway.rssi_dbm,
                place,
            }));
        }
        (places, nearest)
    }

    fn note_one(&mut self, name: &str, uplink: &Uplink) -> usize {
        let heard_at = uplink.received_at;
        let is_it = |gateway: &GatewayName| {
            gateway.organisation == uplink.organisation && gateway.integration == uplink.integration
        };
        for place in self.places.get(name).map(Vec::as_slice).unwrap_or_default() {
            if let Some(known) = self.heard.get_mut(*place).filter(|known| is_it(&known.gateway)) {
                known.heard_at = known.heard_at.max(heard_at);
                return *place;
            }
        }
        let place = self.heard.len();
        self.places.entry(name.to_owned()).or_default().push(place);
        let (organisation, integration) = (uplink.organisation, uplink.integration.clone());
        let gateway = GatewayName { organisation, integration, name: name.to_owned() };
        self.heard.push(HeardGateway { gateway, heard_at });
        place
    }
}

/// The gateway that heard an uplink best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// Where it says that it is.
    pub point: Point,
    pub rssi_dbm: Option<f64>,
    /// Of those of the batch; none where it has no name.
    pub place: Option<usize>,
}

/// Its index and where it is: by signal strength, then by the ratio to noise, the place and the name, so that their
/// order does not matter.
fn best_located(gateways: &[networks::decode::HeardGateway<'_>]) -> Option<(usize, Point)> {
    let strength = |value: Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
    let located = gateways.iter().enumerate().filter_map(|(index, gateway)| {
        let location = gateway.location?;
        let point = Point::from_degrees(location.lat, location.lon).ok()?;
        Some((index, point, gateway))
    });
    let best = located.max_by(|(_, point, one), (_, other_point, other)| {
        let by = |value: fn(&networks::decode::HeardGateway<'_>) -> Option<f64>| {
            strength(value(one)).total_cmp(&strength(value(other)))
        };
        by(|gateway| gateway.rssi_dbm)
            .then_with(|| by(|gateway| gateway.snr_db))
            .then_with(|| point.cmp(other_point))
            .then_with(|| one.id.cmp(&other.id))
    });
    best.map(|(index, point, _)| (index, point))
}

/// What a batch says of the link to one tracker.
pub struct Link {
    /// By the places of gateways.
    pub heard_by: HeardBy<usize>,
    pub runs: Vec<Run>,
    /// The oldest entry that its log holds, where it said so.
    pub oldest: Option<u32>,
}

impl Link {
    fn run(&self) -> Option<Run> {
        match self.runs.as_slice() {
            [run] => Some(*run),
            _ => None,
        }
    }

    /// Whether all its numbers are taken into account.
    fn is_settled(&self, standing: &Standing) -> bool {
        let reached = self.run().is_some_and(|run| standing.to >= Some(run.last));
        // A status is rare.
        self.oldest.is_none() && (self.runs.is_empty() || (reached && standing.holes == 0))
    }
}

/// What became of the latest states.
#[derive(Default)]
pub struct Stored {
    /// Of these an alert may say that readings are missing that have come now.
    pub refilled: Vec<TrackerId>,
    /// When each tracker that was heard reported last, if it ever did.
    pub reported: Vec<(TrackerId, DateTime<Utc>)>,
}

/// Keeps the latest states with their links.
pub async fn store_states(
    db: &mut Connection,
    heard: &Heard,
    gateways: &[KnownGateway],
    now: DateTime<Utc>,
) -> Result<Stored, StoreError> {
    let news: Vec<TrackerNews> =
        heard.news.values().map(|(news, link)| linked(news.clone(), link, gateways)).collect();
    if news.is_empty() {
        return Ok(Stored::default());
    }
    let standings = db.update_tracker_states(&news).await?;
    let is_unsettled = |standing: &Standing| {
        heard.news.get(&standing.tracker).is_some_and(|(_, link)| !link.is_settled(standing))
    };
    let unsettled = standings.iter().filter(|standing| is_unsettled(standing));
    let unsettled: Vec<TrackerId> = unsettled.map(|standing| standing.tracker).collect();
    let refilled = if unsettled.is_empty() { Vec::new() } else { settle(db, heard, &unsettled, now).await? };
    let reported = standings.iter().filter_map(|standing| Some((standing.tracker, standing.reported_at?)));
    Ok(Stored { refilled, reported: reported.collect() })
}

fn linked(news: TrackerNews, link: &Link, known: &[KnownGateway]) -> TrackerNews {
    let gateways = link.heard_by.gateways.iter().filter_map(|place| known.get(*place)).map(|known| known.id);
    TrackerNews { gateways: gateways.collect(), run: link.run(), ..news }
}

/// Takes numbers into account that leave holes or may fill some. The rows are this transaction's: of two batches with
/// one tracker, the later one continues what the earlier one stored.
async fn settle(
    db: &mut Connection,
    heard: &Heard,
    trackers: &[TrackerId],
    now: DateTime<Utc>,
) -> Result<Vec<TrackerId>, StoreError> {
    let mut holes: HashMap<TrackerId, Vec<Hole>> = HashMap::new();
    for (tracker, hole) in db.holes_of(trackers).await? {
        holes.entry(tracker).or_default().push(hole);
    }
    let mut settled = Vec::with_capacity(trackers.len());
    let (mut changed, mut left, mut refilled) = (Vec::new(), Vec::new(), Vec::new());
    for FollowedTracker { tracker, followed, .. } in db.followed(trackers).await? {
        let Some((news, link)) = heard.news.get(&tracker) else { continue };
        let before = holes.remove(&tracker).unwrap_or_default();
        let mut numbers = Numbers { followed, holes: before.clone() };
        link.runs.iter().for_each(|run| numbers.receive(run, now));
        if let Some(oldest) = link.oldest {
            numbers.begin_at(oldest, now);
        }
        settled.push(FollowedTracker { tracker, followed: numbers.followed, holes: count(&numbers.holes) });
        if numbers.holes != before {
            changed.push(tracker);
            refilled.extend(before.iter().any(|hole| hole.overdue).then_some(tracker));
            left.extend(numbers.holes.into_iter().map(|hole| (tracker, news.organisation, hole)));
        }
    }
    db.set_followed(&settled).await?;
    db.replace_holes(&changed, &left).await?;
    Ok(refilled)
}

/// There are never more than `MOST_HOLES`.
fn count(holes: &[Hole]) -> i32 {
    i32::try_from(holes.len()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use networks::Location;
    use networks::decode::HeardGateway;

    use super::*;

    fn heard(rssi_dbm: Option<f64>, snr_db: Option<f64>, lat: Option<f64>) -> HeardGateway<'static> {
        HeardGateway { id: None, rssi_dbm, snr_db, location: lat.map(|lat| Location { lat, lon: 11.5 }) }
    }

    #[test]
    fn of_gateways_that_say_where_they_stand_the_one_that_heard_best_counts_in_any_order() {
        for (scenario, mut gateways, expected) in [
            (
                "the strongest",
                vec![heard(Some(-97.0), None, Some(1.0)), heard(Some(-80.0), None, Some(2.0))],
                2.0,
            ),
            (
                "the clearer",
                vec![heard(Some(-80.0), Some(7.0), Some(1.0)), heard(Some(-80.0), Some(3.0), Some(2.0))],
                1.0,
            ),
            (
                "it must say where",
                vec![heard(Some(-97.0), None, Some(1.0)), heard(Some(-80.0), None, None)],
                1.0,
            ),
            (
                "unknown is weakest",
                vec![heard(None, None, Some(1.0)), heard(Some(-120.0), None, Some(2.0))],
                2.0,
            ),
            ("no difference", vec![heard(None, None, Some(1.0)), heard(None, None, Some(2.0))], 2.0),
        ] {
            let expected = Point::from_degrees(expected, 11.5).ok();
            let best = |gateways: &[HeardGateway<'_>]| best_located(gateways).map(|(_, point)| point);
            assert_eq!(best(&gateways), expected, "{scenario}");
            gateways.reverse();
            assert_eq!(best(&gateways), expected, "{scenario}");
        }
        assert_eq!(best_located(&[heard(Some(-80.0), None, None)]), None);
    }
}
