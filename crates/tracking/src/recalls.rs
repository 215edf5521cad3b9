//! A lot is called back: whatever holds it is on hold, and so is whatever is packed with it later.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::packing::{Content, is_recalled};
use domain::shipment::hold_on_recall;
use domain::{OrganisationId, RecallId, ShipmentId, UserId};
use store::{AuditEntry, Connection, NewRecall, Recall, StoreError};

use crate::live::{Change, OwnedChange};

/// Calls the lot back. Every shipment that was ever packed with it is concerned, whatever became of it: what was received
/// may still lie in stock. Returns what pages should hear of after the commit.
pub async fn call_back(
    db: &mut Connection,
    recall: &NewRecall,
    now: DateTime<Utc>,
) -> Result<(RecallId, Vec<OwnedChange>), StoreError> {
    let organisation = recall.organisation;
    db.lock_packing(organisation).await?;
    let id = db.add_recall(recall, now).await?;
    let contents = db.contents_with_lot(organisation, &recall.lot).await?;
    let concerned: BTreeSet<ShipmentId> = contents
        .iter()
        .filter(|(_, content)| is_recalled(content, recall.gtin, &recall.lot))
        .map(|(shipment, _)| *shipment)
        .collect();
    let concerned: Vec<ShipmentId> = concerned.into_iter().collect();
    let audit = |subject: String| AuditEntry {
        organisation,
        actor: Some(recall.created_by),
        action: "recall.made",
        subject,
        detail: serde_json::json!({
            "gtin": recall.gtin, "lot": recall.lot, "reason": recall.reason, "shipments": concerned.len() }),
    };
    db.write_audit(&[audit(id.to_string())], now).await?;
    let held = hold(db, (organisation, recall.created_by), id, &concerned, now).await?;
    Ok((id, held))
}

/// Puts a shipment on hold where something that was just packed into it had been called back before, and says so. The
/// caller holds the packing lock.
pub async fn check_packed<'a>(
    db: &mut Connection,
    (organisation, packer): (OrganisationId, UserId),
    shipment: ShipmentId,
    contents: impl Iterator<Item = &'a Content> + Clone,
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    let lots: BTreeSet<_> = contents.clone().filter_map(|content| content.lot.clone()).collect();
    let lots: Vec<_> = lots.into_iter().collect();
    let recalls = if lots.is_empty() { Vec::new() } else { db.recalls_of_lots(organisation, &lots).await? };
    let mut warnings = Vec::new();
    for recall in recalls {
        let Recall { id, gtin, ref lot, ref reason, .. } = recall;
        if contents.clone().any(|content| is_recalled(content, gtin, lot)) {
            hold(db, (organisation, packer), id, &[shipment], now).await?;
            warnings.push(format!("lot {lot} of {gtin} is recalled, so the shipment is on hold: {reason}"));
        }
    }
    Ok(warnings)
}

async fn hold(
    db: &mut Connection,
    (organisation, actor): (OrganisationId, UserId),
    recall: RecallId,
    shipments: &[ShipmentId],
    now: DateTime<Utc>,
) -> Result<Vec<OwnedChange>, StoreError> {
    let before = db.lock_holds(organisation, shipments).await?;
    db.add_recalled(organisation, recall, shipments, now).await?;
    let (mut holds, mut audit) = (Vec::new(), Vec::new());
    for (shipment, before) in &before {
        let after = hold_on_recall(*before);
        holds.push((*shipment, Some(after)));
        audit.push(AuditEntry {
            organisation,
            actor: Some(actor),
            action: "shipment.recalled",
            subject: shipment.to_string(),
            detail: serde_json::json!({ "recall": recall, "hold": [before, after] }),
        });
    }
    db.set_holds(&holds).await?;
    db.write_audit(&audit, now).await?;
    Ok(before.iter().map(|(id, _)| (organisation, Change::Shipment { id: *id })).collect())
}
