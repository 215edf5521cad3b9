//! `isotherm replay`: whether a shipment's stored assessments can be reproduced from its stored readings.

use std::process::ExitCode;

use domain::ShipmentId;
use domain::access::Sight;
use store::embedded::Cluster;
use store::{Connection, ShipmentFilter, StoreError};

use crate::admin::{block_on, open};
use crate::config::Config;
use crate::serve::open_database;
use crate::{Failure, print_json};

#[derive(clap::Args)]
pub struct ReplayOptions {
    /// The shipment's reference or id
    shipment: String,
    /// The organisation's name; the one that the first start made where absent
    #[arg(long)]
    organisation: Option<String>,
}

/// 0 where each one was reproduced, 1 where one was not; the JSON says which and in what.
pub fn run(config: &Config, options: &ReplayOptions) -> Result<ExitCode, Failure> {
    let database = open_database(config, Cluster::connect_or_start)?;
    let replay = block_on(async {
        let (mut db, organisation) = open(config, &database, options.organisation.as_deref()).await?;
        let shipment = find(&mut db, organisation, &options.shipment).await?;
        tracking::replay(&mut db, organisation, shipment).await.map_err(|error| match error {
            StoreError::NotFound => unknown(&options.shipment),
            other => Failure::bad(other),
        })
    })?;
    print_json(&replay)?;
    Ok(ExitCode::from(u8::from(!replay.reproduced)))
}

fn unknown(shipment: &str) -> Failure {
    Failure::bad(format!("there is no shipment `{shipment}`: write its reference or its id"))
}

async fn find(
    db: &mut Connection,
    organisation: domain::OrganisationId,
    named: &str,
) -> Result<ShipmentId, Failure> {
    if let Ok(id) = named.parse() {
        return Ok(ShipmentId(id));
    }
    let mut filter = ShipmentFilter { reference: Some(named.to_owned()), ..ShipmentFilter::default() };
    // The filter finds every reference that contains this one.
    loop {
        let page =
            db.shipments(Sight::of(organisation, organisation), &filter, 500).await.map_err(Failure::bad)?;
        if let Some(found) = page.iter().find(|shipment| shipment.reference == named) {
            return Ok(found.id);
        }
        let Some(last) = page.last() else { return Err(unknown(named)) };
        filter.before = Some((last.created_at, last.id));
    }
}
