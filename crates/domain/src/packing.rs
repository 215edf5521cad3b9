//! What a shipment holds: boxes numbered from one, each with what was packed into it.
//!
//! Fixed when it is packed: what leaves a box on the way is custody's to tell. Parents (a pallet, a roll cage, a manifest)
//! hold boxes for intervals of time, so that forty boxes are handed over with one scan.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use serde::Serialize;

use crate::gs1::{Expiry, Gtin, Lot, Serial, Sscc};
use crate::named_enum::named_enum;

/// How many boxes one shipment may have.
pub const MOST_BOXES: usize = 500;

/// How many lines of contents the boxes of one shipment may have in all.
pub const MOST_CONTENTS: usize = 5000;

named_enum! {
    /// What several boxes travel in or on.
    ParentKind, "kind of parent" {
        Pallet = "pallet",
        RollCage = "roll_cage",
        /// A list of boxes, on paper or in a carrier's system, that stands for them.
        Manifest = "manifest",
    }
}

/// One product of one lot in a box, or one item of it where it has a serial number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Content {
    /// The product's name. It may be absent where its GTIN is there, and the other way round.
    pub product: Option<String>,
    pub gtin: Option<Gtin>,
    pub lot: Option<Lot>,
    pub expiry: Option<Expiry>,
    pub serial: Option<Serial>,
    /// Units; from 1.
    pub quantity: u32,
}

/// A box before it has its number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewBox {
    pub sscc: Option<Sscc>,
    pub contents: Vec<Content>,
}

/// A box as packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedBox {
    /// From 1, without a gap, in its shipment.
    pub number: u32,
    pub sscc: Option<Sscc>,
    pub contents: Vec<Content>,
}

/// Why boxes cannot be packed as they are. Boxes are named by their numbers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackingError {
    #[error("a shipment has at least one box")]
    NoBox,
    #[error("a shipment has at most {MOST_BOXES} boxes")]
    TooManyBoxes,
    #[error("the boxes of a shipment have at most {MOST_CONTENTS} lines of contents in all")]
    TooManyContents,
    #[error("box {number}: write the product's name or its GTIN")]
    Nameless { number: usize },
    #[error("box {number}: the quantity is a whole number from 1 to {}", i32::MAX)]
    Quantity { number: usize },
    #[error("box {number}: what has a serial number is one item, so its quantity is 1")]
    SerialOfMany { number: usize },
    #[error("box {number}: a serial number means something beside its GTIN only")]
    SerialWithoutGtin { number: usize },
    #[error("box {number}: serial number {serial} of {gtin} is there twice")]
    SerialTwice { number: usize, gtin: Gtin, serial: Serial },
    #[error("box {number}: SSCC {sscc} is another box's as well")]
    SsccTwice { number: usize, sscc: Sscc },
    #[error(
        "box {number}: lot {lot} of {gtin} expires on {expiry} here and on {other} elsewhere, so one is misread"
    )]
    TwoExpiries { number: usize, gtin: Gtin, lot: Lot, expiry: Expiry, other: Expiry },
}

/// Whether those boxes, in the order of their numbers from 1, can be one shipment's.
pub fn check<'a>(boxes: impl IntoIterator<Item = (Option<Sscc>, &'a [Content])>) -> Result<(), PackingError> {
    let mut check = Check::default();
    let mut number = 0;
    for (sscc, contents) in boxes {
        number += 1;
        if number > MOST_BOXES {
            return Err(PackingError::TooManyBoxes);
        }
        if let Some(sscc) = sscc.filter(|sscc| !check.sscc.insert(*sscc)) {
            return Err(PackingError::SsccTwice { number, sscc });
        }
        for content in contents {
            check.add(number, content)?;
        }
    }
    if number == 0 { Err(PackingError::NoBox) } else { Ok(()) }
}

#[derive(Default)]
struct Check<'a> {
    sscc: HashSet<Sscc>,
    contents: usize,
    serials: HashSet<(Gtin, &'a Serial)>,
    expiries: HashMap<(Gtin, &'a Lot), Expiry>,
}

impl<'a> Check<'a> {
    fn add(&mut self, number: usize, content: &'a Content) -> Result<(), PackingError> {
        self.contents += 1;
        if self.contents > MOST_CONTENTS {
            return Err(PackingError::TooManyContents);
        }
        if content.product.is_none() && content.gtin.is_none() {
            return Err(PackingError::Nameless { number });
        }
        if i32::try_from(content.quantity).is_err() || content.quantity == 0 {
            return Err(PackingError::Quantity { number });
        }
        self.add_serial(number, content)?;
        if let Content { gtin: Some(gtin), lot: Some(lot), expiry: Some(expiry), .. } = content {
            let other = *self.expiries.entry((*gtin, lot)).or_insert(*expiry);
            if other != *expiry {
                let (gtin, lot, expiry) = (*gtin, lot.clone(), *expiry);
                return Err(PackingError::TwoExpiries { number, gtin, lot, expiry, other });
            }
        }
        Ok(())
    }

    fn add_serial(&mut self, number: usize, content: &'a Content) -> Result<(), PackingError> {
        let Some(serial) = &content.serial else { return Ok(()) };
        if content.quantity != 1 {
            return Err(PackingError::SerialOfMany { number });
        }
        let gtin = content.gtin.ok_or(PackingError::SerialWithoutGtin { number })?;
        if self.serials.insert((gtin, serial)) {
            return Ok(());
        }
        Err(PackingError::SerialTwice { number, gtin, serial: serial.clone() })
    }
}

/// What speaks against packing those contents without forbidding it: what has expired may still be on its way back.
pub fn warnings<'a>(contents: impl IntoIterator<Item = (u32, &'a Content)>, today: NaiveDate) -> Vec<String> {
    let expired = |(number, content): (u32, &Content)| {
        let expiry = content.expiry.filter(|expiry| expiry.is_over(today))?;
        let name = content.product.clone().or_else(|| content.gtin.map(|gtin| gtin.to_string()));
        Some(format!("box {number}: {} expired on {expiry}", name.unwrap_or_default()))
    };
    contents.into_iter().filter_map(expired).collect()
}

/// Whether a recall of a lot of a GTIN concerns it. A lot means something beside its GTIN only, so that the same lot of
/// another product is another lot; where the product's GTIN is not known, it may be the one.
pub fn is_recalled(content: &Content, gtin: Gtin, lot: &Lot) -> bool {
    content.lot.as_ref() == Some(lot) && content.gtin.is_none_or(|packed| packed == gtin)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GTIN: &str = "09506000134352";

    fn content(gtin: &str, lot: &str, expiry: &str, serial: &str, quantity: u32) -> Content {
        Content {
            product: None,
            gtin: gtin.parse().ok(),
            lot: lot.parse().ok(),
            expiry: expiry.parse().ok(),
            serial: serial.parse().ok(),
            quantity,
        }
    }

    fn good() -> Content {
        content(GTIN, "A1", "2027-03-31", "", 10)
    }

    fn check_one(contents: &[Content]) -> Result<(), PackingError> {
        check([(None, contents)])
    }

    #[test]
    fn a_box_may_be_empty_and_a_shipment_has_one_at_least() {
        assert_eq!(check([]), Err(PackingError::NoBox));
        assert_eq!(check_one(&[]), Ok(()));
        let many = |count| vec![(None, &[][..]); count];
        assert_eq!(check(many(MOST_BOXES)), Ok(()));
        assert_eq!(check(many(MOST_BOXES + 1)), Err(PackingError::TooManyBoxes));
        assert_eq!(check_one(&vec![good(); MOST_CONTENTS]), Ok(()));
        assert_eq!(check_one(&vec![good(); MOST_CONTENTS + 1]), Err(PackingError::TooManyContents));
    }

    #[test]
    fn contents_that_contradict_each_other_are_misread() {
        let serial = |gtin, serial| content(gtin, "A1", "2027-03-31", serial, 1);
        let other_gtin = "96385074";
        for (contents, expected) in [
            (vec![good()], Ok(())),
            (vec![content("", "A1", "", "", 1)], Err(PackingError::Nameless { number: 1 })),
            (vec![content(GTIN, "A1", "", "", 0)], Err(PackingError::Quantity { number: 1 })),
            (vec![content(GTIN, "A1", "", "", u32::MAX)], Err(PackingError::Quantity { number: 1 })),
            (vec![content(GTIN, "A1", "", "S1", 2)], Err(PackingError::SerialOfMany { number: 1 })),
            (vec![serial(GTIN, "S1"), serial(GTIN, "S2"), serial(other_gtin, "S1")], Ok(())),
            (
                vec![serial(GTIN, "S1"), serial(GTIN, "S1")],
                Err(PackingError::SerialTwice {
                    number: 1,
                    gtin: GTIN.parse().unwrap(),
                    serial: "S1".parse().unwrap(),
                }),
            ),
            (
                vec![
                    good(),
                    content(GTIN, "A2", "2027-04-30", "", 1),
                    content(other_gtin, "A1", "2028-01-31", "", 1),
                ],
                Ok(()),
            ),
            (
                vec![good(), content(GTIN, "A1", "2027-03-30", "", 1)],
                Err(PackingError::TwoExpiries {
                    number: 1,
                    gtin: GTIN.parse().unwrap(),
                    lot: "A1".parse().unwrap(),
                    expiry: "2027-03-30".parse().unwrap(),
                    other: "2027-03-31".parse().unwrap(),
                }),
            ),
        ] {
            assert_eq!(check_one(&contents), expected, "{contents:?}");
        }
        let named = Content {
            product: Some("Vaccine".into()),
            gtin: None,
            serial: "S1".parse().ok(),
            quantity: 1,
            ..good()
        };
        assert_eq!(check_one(&[named]), Err(PackingError::SerialWithoutGtin { number: 1 }));
        let sscc: Sscc = "106141412345678908".parse().unwrap();
        let two = [(Some(sscc), &[][..]), (Some(sscc), &[][..])];
        assert_eq!(check(two), Err(PackingError::SsccTwice { number: 2, sscc }));
    }

    #[test]
    fn what_has_expired_is_told_of() {
        let boxes = [good(), Content { product: Some("Vaccine".into()), ..good() }];
        let told = |today: &str| warnings(boxes.iter().map(|content| (3, content)), today.parse().unwrap());
        assert_eq!(told("2027-03-31"), [""; 0]);
        assert_eq!(
            told("2027-04-01"),
            ["box 3: 09506000134352 expired on 2027-03-31", "box 3: Vaccine expired on 2027-03-31"]
        );
    }

    #[test]
    fn a_recall_concerns_the_lot_of_its_product_and_of_one_without_a_number() {
        let (gtin, lot): (Gtin, Lot) = (GTIN.parse().unwrap(), "A1".parse().unwrap());
        for (packed, concerned) in [
            (good(), true),
            (content(GTIN, "a1", "", "", 1), false),
            (content(GTIN, "", "", "", 1), false),
            (content("96385074", "A1", "", "", 1), false),
            (content("", "A1", "", "", 1), true),
            (content("", "A2", "", "", 1), false),
        ] {
            assert_eq!(is_recalled(&packed, gtin, &lot), concerned, "{packed:?}");
        }
    }
}
