//! What has changed, told to every page that is open: after the commit, never before.

use std::collections::HashSet;

use domain::access::Permission;
use domain::{AlertId, DevEui, OrganisationId, ShipmentId};
use serde::Serialize;
use tokio::sync::broadcast;

/// How many changes a slow page may fall behind before it is told to load everything anew.
const BACKLOG: usize = 8192;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Change {
    Shipment { id: ShipmentId },
    Alert { id: AlertId, shipment: Option<ShipmentId> },
    Tracker { dev_eui: DevEui },
}

impl Change {
    /// The event's name on the stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Shipment { .. } => "shipment",
            Self::Alert { .. } => "alert",
            Self::Tracker { .. } => "tracker",
        }
    }

    /// The shipment that it is about.
    pub fn shipment(&self) -> Option<ShipmentId> {
        match self {
            Self::Shipment { id } => Some(*id),
            Self::Alert { shipment, .. } => *shipment,
            Self::Tracker { .. } => None,
        }
    }

    /// Who may hear of it: whoever may read what changed.
    pub fn permission(&self) -> Permission {
        match self {
            Self::Shipment { .. } => Permission::ReadShipments,
            Self::Alert { .. } => Permission::ReadAlerts,
            Self::Tracker { .. } => Permission::ReadTrackers,
        }
    }
}

/// A change and the organisation that may see it.
pub type OwnedChange = (OrganisationId, Change);

pub struct LiveChanges {
    sender: broadcast::Sender<OwnedChange>,
}

impl Default for LiveChanges {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG) }
    }
}

impl LiveChanges {
    /// Each change once, however often a batch brought it about.
    pub fn publish(&self, changes: impl IntoIterator<Item = OwnedChange>) {
        let mut told = HashSet::new();
        for change in changes.into_iter().filter(|change| told.insert(*change)) {
            // Without a listener there is nobody to tell.
            let _ = self.sender.send(change);
        }
    }

    pub fn subscribe(&self) -> broadcast::Receiver<OwnedChange> {
        self.sender.subscribe()
    }
}
