//! What a [`Sight`] means in SQL: the one place that says which shipments, boxes and contents are to be seen.
//!
//! A condition names one value, `viewer`, where the query binds what the function of that name says.

use domain::access::{Sight, Viewer};

/// The partner from which it is looked; null: the tenant itself, to which each condition gives everything.
pub(crate) fn viewer(sight: Sight) -> Option<i32> {
    sight.partner().map(|partner| partner.0)
}

/// Whether the shipment of that id is to be seen.
pub(crate) fn sees_shipment(sight: Sight, shipment: &str, viewer: &str) -> String {
    condition(sight, shipment, (shipment, "oc.shipment_id"), viewer)
}

/// Whether the box of that number is to be seen: to a supplier, one that holds something of its own.
pub(crate) fn sees_box(sight: Sight, (shipment, number): (&str, &str), viewer: &str) -> String {
    condition(sight, shipment, (&format!("({shipment}, {number})"), "oc.shipment_id, oc.box_number"), viewer)
}

/// Whether that row of `box_contents` is to be seen.
pub(crate) fn sees_content(sight: Sight, content: &str, viewer: &str) -> String {
    let shipment = format!("{content}.shipment_id");
    condition(sight, &shipment, (&format!("{content}.id"), "oc.id"), viewer)
}

/// `named` is what is asked about, and how a supplier's own contents call it.
fn condition(sight: Sight, shipment: &str, named: (&str, &str), viewer: &str) -> String {
    match sight.viewer {
        Viewer::Tenant => format!("{viewer}::int is null"),
        Viewer::Partner(_) => format!(
            "{shipment} in (select sp.shipment_id from shipment_parties sp where sp.organisation_id = {viewer})"
        ),
        // As long as nobody has written of a shipment it is a draft, which may come to hold anything.
        Viewer::Supplier(_) => format!(
            "{} in (select {} from supplier_products op
                 join box_contents oc on oc.organisation_id = op.organisation_id and oc.gtin = op.gtin
                 join shipments os on os.id = oc.shipment_id and os.ledger_rows > 0
                 where op.supplier_id = {viewer})",
            named.0, named.1
        ),
    }
}
