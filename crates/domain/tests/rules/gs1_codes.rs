//! What scanners send: element strings, links, and everything that is neither.

use chrono::NaiveDate;
use domain::gs1::{Elements, Expiry, Gln, Gs1Error, Gtin, NO_DAY, Sscc};
use proptest::prelude::*;
use serde_json::{Value, json};

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 1).unwrap()
}

fn read(code: &str) -> Result<Elements, Gs1Error> {
    Elements::parse(code.as_bytes(), today())
}

fn medicine() -> Elements {
    Elements {
        gtin: Some("09506000134352".parse().unwrap()),
        lot: Some("A1-b/2".parse().unwrap()),
        expiry: Some("2027-03-31".parse().unwrap()),
        serial: Some("S(01)7".parse().unwrap()),
        ..Elements::default()
    }
}

#[test]
fn one_pack_reads_the_same_however_its_code_is_written() {
    for code in [
        // As a scanner sends a GS1 DataMatrix, with the separator in front, without, and without the identifier.
        "]d2010950600013435217270331".to_owned() + "10A1-b/2\u{1d}21S(01)7",
        "]d2\u{1d}01095060001343521727033110A1-b/2\u{1d}21S(01)7".into(),
        "01095060001343521727033110A1-b/2\u{1d}21S(01)7".into(),
        "\u{1d}01095060001343521727033110A1-b/2\u{1d}21S(01)7\r\n".into(),
        // GS1-128 and GS1 QR code; another order; separators where none is needed, and behind the last.
        "]C121S(01)7\u{1d}10A1-b/2\u{1d}17270331\u{1d}0109506000134352".into(),
        "]Q30109506000134352\u{1d}21S(01)7\u{1d}1727033110A1-b/2\u{1d}".into(),
        // The same twice is one.
        "010950600013435201095060001343521727033110A1-b/2\u{1d}21S(01)7".into(),
        // Links: GS1's own, another host with a path of its own, a shorter GTIN, and what others added to the query.
        "https://id.gs1.org/01/09506000134352/10/A1-b%2F2/21/S%2801%297?17=270331".into(),
        "HTTPS://maker.example/en/10/p/01/9506000134352/10/A1-b%2f2/21/S(01)7/?utm=x&17=270331#top".into(),
        "]Q1https://id.gs1.org/01/09506000134352/10/A1-b%2F2/21/S%2801%297?17=270331&linkType=all".into(),
    ] {
        assert_eq!(read(&code), Ok(medicine()), "{code:?}");
    }
}

#[test]
fn a_box_a_place_and_an_asset_have_their_keys() {
    let sscc: Sscc = "106141412345678908".parse().unwrap();
    // A count has no fixed length: without a separator behind it the lot would be a part of it.
    let merged = read("]C1001061414123456789080209506000134352371210LOT7");
    assert_eq!(merged, Err(Gs1Error::NoCount("1210LOT7".to_owned())));
    let contents = read("]C10010614141234567890802095060001343523712\u{1d}10LOT7").unwrap();
    assert_eq!(
        (contents.sscc, contents.contained, contents.gtin),
        (Some(sscc), "09506000134352".parse().ok(), None)
    );
    assert_eq!((contents.count, contents.lot.as_ref().map(|lot| lot.as_str())), (Some(12), Some("LOT7")));
    let gln: Gln = "9506000134307".parse().unwrap();
    let places = read("410950600013430741495060001343074179506000134307").unwrap();
    assert_eq!((places.ship_to, places.location, places.party), (Some(gln), Some(gln), Some(gln)));
    assert_eq!(read("https://id.gs1.org/414/9506000134307").unwrap().location, Some(gln));
    assert_eq!(read("https://id.gs1.org/00/106141412345678908").unwrap().sscc, Some(sscc));
    assert_eq!(read("80049506000134ABC").unwrap().asset.unwrap().as_str(), "9506000134ABC");
}

#[test]
fn barcodes_without_identifiers_are_products() {
    let gtin: Gtin = "09506000134352".parse().unwrap();
    for code in ["]E09506000134352", "]I109506000134352", "9506000134352"] {
        assert_eq!(read(code).unwrap().gtin, Some(gtin), "{code}");
    }
    assert_eq!(read("]E496385074").unwrap().gtin, "96385074".parse().ok());
    // A GTIN-13 that begins as a lot does: nobody can tell without the symbol's own word.
    let both = "1012345678904";
    assert!(both.parse::<Gtin>().is_ok());
    assert_eq!(read(both), Err(Gs1Error::Ambiguous(both.to_owned())));
    assert_eq!(read(&format!("]C1{both}")).unwrap().lot.unwrap().as_str(), "12345678904");
    assert_eq!(read(&format!("]E0{both}")).unwrap().lot, None);
}

#[test]
fn what_is_not_known_is_passed_over_and_kept() {
    let read = read("0109506000134352240X-9\u{1d}3103000125710123\u{1d}10L").unwrap();
    assert_eq!(read.unread, ["240X-9", "3103000125", "710123"]);
    assert_eq!((read.gtin.is_some(), read.lot.unwrap().as_str()), (true, "L"));
}

#[test]
fn an_expiry_without_a_day_is_the_last_of_its_month_and_says_so() {
    let no_day = read("0109506000134352172702001".to_owned().as_str().strip_suffix('1').unwrap()).unwrap();
    assert_eq!((no_day.expiry, &*no_day.warnings), ("2027-02-28".parse().ok(), &[NO_DAY][..]));
    assert_eq!(no_day.to_element_string(), "010950600013435217270228");
}

#[test]
fn garbage_is_refused_with_its_reason() {
    for (code, says) in [
        ("", "empty"),
        ("]d2", "empty"),
        ("(01)09506000134352(10)A", "brackets"),
        ("]d2(01)09506000134352", "brackets"),
        ("0109506000134353", "misread"),
        ("01950600013435", "ends after 14 characters, and has 16"),
        ("01095060001343521727033", "ends after 7 characters"),
        ("0109506000134352\u{1d}\u{1d}10A", "no application identifier"),
        ("010950600013435210", "is empty"),
        ("010950600013435210\u{1d}21A", "is empty"),
        ("010950600013435210A\u{1d}10B", "10 twice"),
        ("01095060001343521045678901234567890123X", "FNC1"),
        ("0109506000134352172713011", "no date of a label"),
        ("0109506000134352\u{1e}10A", "at place 17"),
        ("01095060001343521 0A", "at place 18"),
        ("]A0ABC", "]A0"),
        ("]d1ABC", "]d1"),
        ("]", "]"),
        ("ABC", "no application identifier"),
        ("240ABC", "nothing that is known"),
        ("https://shop.example/products?10=A", "no GS1 Digital Link"),
        ("https://id.gs1.org/01/09506000134352/10", "no GS1 Digital Link"),
        ("https://id.gs1.org/01/09506000134352/10/%zz", "no GS1 Digital Link"),
        ("https://id.gs1.org/01/09506000134352/10/A%1d", "no GS1 Digital Link"),
        ("https://id.gs1.org", "no GS1 Digital Link"),
    ] {
        let refused = read(code).unwrap_err().to_string();
        assert!(refused.contains(says), "{code:?}: {refused}");
    }
}

/// What a code reads as, as the table writes it.
fn as_table(read: Result<Elements, Gs1Error>) -> Value {
    let elements = match read {
        Ok(elements) => elements,
        Err(refused) => return json!({ "refused": refused.to_string() }),
    };
    let mut reads = json!({
        "sscc": elements.sscc, "gtin": elements.gtin, "contained": elements.contained, "lot": elements.lot,
        "expiry": elements.expiry, "serial": elements.serial, "count": elements.count, "ship_to": elements.ship_to,
        "location": elements.location, "party": elements.party, "asset": elements.asset,
    });
    reads.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    json!({ "reads": reads, "unread": elements.unread, "warnings": elements.warnings })
}

/// The page reads codes, too, in another language: its tests go through the same table.
#[test]
fn the_table_that_the_page_shares_is_read_as_it_says() {
    let table: Value = serde_json::from_str(include_str!("gs1_codes.json")).unwrap();
    let today = table["today"].as_str().unwrap().parse().unwrap();
    let cases = table["cases"].as_array().unwrap();
    for case in cases {
        let read = as_table(Elements::parse(case["code"].as_str().unwrap().as_bytes(), today));
        let expected = match case.get("refused") {
            Some(refused) => json!({ "refused": refused }),
            None => json!({
                "reads": case["reads"],
                "unread": case.get("unread").unwrap_or(&json!([])),
                "warnings": case.get("warnings").unwrap_or(&json!([])),
            }),
        };
        assert_eq!(read, expected, "{}", case["name"]);
    }
    let refused = cases.iter().filter(|case| case.get("refused").is_some()).count();
    assert!(refused > 30 && cases.len() - refused > 30, "{refused} of {} are refused", cases.len());
}

fn with_check_digit(mut digits: String) -> String {
    let last = ('0'..='9').find(|last| {
        let sum: u32 = digits
            .bytes()
            .rev()
            .enumerate()
            .map(|(place, digit)| u32::from(digit - b'0') * if place % 2 == 0 { 3 } else { 1 })
            .sum();
        (sum + last.to_digit(10).unwrap()).is_multiple_of(10)
    });
    digits.push(last.unwrap());
    digits
}

prop_compose! {
    fn any_elements()(
        sscc in proptest::option::of("[1-9][0-9]{16}"),
        gtin in proptest::option::of("[1-9][0-9]{12}"),
        lot in proptest::option::of("[!\"%&'()*+,./0-9:;<=>?A-Z_a-z-]{1,20}"),
        serial in proptest::option::of("[!\"%&'()*+,./0-9:;<=>?A-Z_a-z-]{1,20}"),
        days in proptest::option::of(0_i64..18_000),
        gln in proptest::option::of("[1-9][0-9]{11}"),
        asset in proptest::option::of("[0-9A-Z]{4,30}"),
        count in proptest::option::of(0_u32..100_000_000),
    ) -> Elements {
        Elements {
            sscc: sscc.map(|digits| with_check_digit(digits).parse().unwrap()),
            gtin: gtin.map(|digits| with_check_digit(digits).parse().unwrap()),
            lot: lot.map(|text| text.parse().unwrap()),
            serial: serial.map(|text| text.parse().unwrap()),
            expiry: days.map(|days| Expiry::from(today() + chrono::Days::new(days.unsigned_abs()))),
            location: gln.map(|digits| with_check_digit(digits).parse().unwrap()),
            asset: asset.map(|text| text.parse().unwrap()),
            count,
            ..Elements::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// 10,000 random ones.
    #[test]
    fn what_is_written_reads_back(elements in any_elements()) {
        let string = format!("]d2{}", elements.to_element_string());
        let expected = if string == "]d2" { Err(Gs1Error::Empty) } else { Ok(elements.clone()) };
        prop_assert_eq!(read(&string), expected, "{}", string);
    }

    /// 10,000 random ones.
    #[test]
    fn a_link_reads_back(elements in any_elements()) {
        let (gtin, lot, serial, expiry) = (elements.gtin, elements.lot, elements.serial, elements.expiry);
        let elements = Elements { gtin, lot, serial, expiry, ..Elements::default() };
        let link = elements.to_digital_link();
        prop_assert_eq!(link.is_some(), gtin.is_some());
        if let Some(link) = link {
            prop_assert_eq!(read(&link), Ok(elements), "{}", link);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_what_is_read_can_be_written(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        reads_as_it_writes(&bytes)?;
    }

    #[test]
    fn almost_codes_are_read_or_refused(code in "(\\]d2|\\]C1|https://a/|)((00|01|02|10|17|21|37|41[047]|8004|[0-9]{2})[0-9A-Z(/%]{0,20}(\u{1d}|/|\\?|)){0,6}") {
        reads_as_it_writes(code.as_bytes())?;
    }
}

fn reads_as_it_writes(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(elements) = Elements::parse(bytes, today()) {
        let string = format!("]d2{}", elements.to_element_string());
        let known = Elements { unread: Vec::new(), warnings: Vec::new(), ..elements };
        prop_assert_eq!(read(&string), Ok(known), "{}", string);
    }
    Ok(())
}
