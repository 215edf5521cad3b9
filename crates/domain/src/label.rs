//! What stands on the label of a box, a pallet or a roll cage. How it is drawn is the `label` crate's.

use crate::DevEui;
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

/// A label of a tracker, by which a network server's console takes it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackerLabel {
    pub name: String,
    pub dev_eui: DevEui,
    pub join_eui: DevEui,
    /// Of whoever made it, and of what it is: a vendor's number from the LoRa Alliance, or FFFF, and a number of its own.
    pub profile: (u16, u16),
}

impl TrackerLabel {
    /// What its QR code says (LoRa Alliance TR005, schema D0). It carries no key.
    pub fn identification(&self) -> String {
        let (vendor, product) = self.profile;
        format!("LW:D0:{:016X}:{:016X}:{vendor:04X}{product:04X}", self.join_eui.0, self.dev_eui.0)
    }
}
