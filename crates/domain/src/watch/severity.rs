//! How loud a finding is: by its kind, by the product, and by the time that the packaging leaves.

use chrono::{DateTime, Utc};

use crate::alert::{AlertKind, Severity};

/// With less than this left of the packaging's qualified time, everything is one step louder.
const SHORT: chrono::Duration = chrono::Duration::hours(2);

/// Of a tracker that did not come back, which the pool tells of: the medicine has arrived, only the device is missing.
pub const NOT_RETURNED: Severity = Severity::Info;

pub(super) fn of(
    kind: AlertKind,
    product: Severity,
    holds_until: Option<DateTime<Utc>>,
    alarmed_at: DateTime<Utc>,
) -> Severity {
    use AlertKind::{
        AcceptedElsewhere, CustodianUnexpected, HandedOverOutOfRange, LeftWithoutCustody, OpenedInTransit,
        SealDiffers,
    };
    let is_about_integrity = matches!(
        kind,
        AcceptedElsewhere
            | CustodianUnexpected
            | HandedOverOutOfRange
            | LeftWithoutCustody
            | OpenedInTransit
            | SealDiffers
    );
    // Never louder than a temperature alarm of the same product would be, but for a broken seal and the like, which
    // wake somebody whatever the product is.
    let base =
        if is_about_integrity { product.max(Severity::Warning) } else { product.min(Severity::Warning) };
    let is_short = holds_until.is_some_and(|until| until - alarmed_at < SHORT);
    match base {
        Severity::Info if is_short => Severity::Warning,
        Severity::Warning if is_short => Severity::Critical,
        base => base,
    }
}
