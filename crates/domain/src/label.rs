//! What stands on the label of a box, a pallet or a roll cage. How it is drawn is the `label` crate's.

use crate::gs1::Sscc;
use crate::named_enum::named_enum;

named_enum! {
    /// In which kind of file labels are printed.
    LabelFormat, "format" {
        /// A page for each label, for a printer.
        Pdf = "pdf",
        /// A picture of one label, for label printers and screens.
        Png = "png",
    }
}

/// A label of a logistic unit. Texts that are too long for it are cut off, and say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub sscc: Sscc,
    /// The consignor.
    pub from: String,
    /// The consignee, where it is known.
    pub to: Option<String>,
    /// What the unit is, such as "Box 3 of 12".
    pub unit: String,
    /// Of the shipment or of the parent.
    pub reference: Option<String>,
    /// How to keep it, such as "2 °C to 8 °C".
    pub keep_at: Option<String>,
}
