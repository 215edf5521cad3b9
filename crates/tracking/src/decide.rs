//! What is known of a shipment when quality decides on it, and what is worse than that afterwards.

use chrono::{DateTime, Utc};
use domain::evaluate::{Flaw, Verdict};
use domain::shipment::{Flaws, HoldReason};
use sha2::{Digest, Sha256};
use store::{Connection, JudgedShipment, Ride, StoreError};

use crate::Service;
use crate::summary::{AssessedRide, assess_rides};

/// All that is wrong with a shipment by its rides as assessed.
pub fn flaws_of(rides: &[Ride], assessed: &[AssessedRide]) -> Flaws {
    let rides = rides.iter().zip(assessed);
    Flaws::of(rides.map(|(ride, of)| (ride.assignment, (ride.from, ride.until), of.flaws.clone())))
}

/// The name of what is known of a shipment: a hash over its hold, its rides and what is wrong with them. What is wrong at
/// this moment and merely goes on does not change it.
pub fn digest(
    hold: Option<HoldReason>,
    rides: &[Ride],
    assessed: &[AssessedRide],
) -> Result<String, StoreError> {
    let of_rides: Vec<_> = rides
        .iter()
        .zip(assessed)
        .map(|(ride, of)| {
            let flaw =
                |flaw: &Flaw| (flaw.from, Some(flaw.to).filter(|_| !lasts(ride, of, flaw)), flaw.beyond);
            (ride.assignment, ride.from, ride.until, of.flaws.iter().map(flaw).collect::<Vec<_>>())
        })
        .collect();
    let text = serde_json::to_vec(&(hold, of_rides))
        .map_err(|error| StoreError::Unreadable { what: "assessment", reason: error.to_string() })?;
    Ok(hex::encode(Sha256::digest(text)))
}

/// The first of the rides of which something is wrong at this moment, and what: unknown where `None`.
pub fn lasting<'a>(rides: &'a [Ride], assessed: &'a [AssessedRide]) -> Option<(&'a Ride, &'a Flaw)> {
    rides.iter().zip(assessed).find_map(|(ride, of)| {
        let flaw = of.flaws.last().filter(|flaw| lasts(ride, of, flaw))?;
        Some((ride, flaw))
    })
}

fn lasts(ride: &Ride, of: &AssessedRide, flaw: &Flaw) -> bool {
    ride.until.is_none() && flaw.to == of.assessment.to
}

/// The verdict on what is wrong with a released shipment beyond what its release covers.
pub async fn verdict_since_release(
    service: &Service,
    db: &mut Connection,
    judged: &JudgedShipment,
    now: DateTime<Utc>,
) -> Result<Verdict, StoreError> {
    let settled = db.settled_flaws(judged.shipment).await?.unwrap_or_default();
    let stored = service.profiles.get_one(db, judged.profile).await?;
    let rides = db.rides(&[judged.shipment]).await?;
    let (assessed, _) = assess_rides(db, &stored.profile, &rides, now).await?;
    Ok(flaws_of(&rides, &assessed).verdict_beyond(&settled))
}
