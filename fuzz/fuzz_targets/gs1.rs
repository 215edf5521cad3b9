//! Any bytes as what a scanner sent: refused, or elements that are written and read back the same.
#![no_main]

use chrono::NaiveDate;
use domain::gs1::Elements;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|code: &[u8]| {
    let today = NaiveDate::from_ymd_opt(2026, 3, 1).expect("a day");
    if let Ok(elements) = Elements::parse(code, today) {
        let written = format!("]d2{}", elements.to_element_string());
        let known = Elements { unread: Vec::new(), warnings: Vec::new(), ..elements };
        assert_eq!(Elements::parse(written.as_bytes(), today), Ok(known), "{written}");
    }
});
