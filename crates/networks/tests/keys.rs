//! A key does not survive in a body that is kept, in any of these spellings and whatever stands around it; around the plain ones
//! all else does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use networks::without_keys;
use proptest::prelude::*;

/// As network servers name their keys.
const NAMES: &[&str] = &[
    "AppSKey",
    "NwkSKey",
    "appKey",
    "nwkKey",
    "appSKey",
    "nwkSKey",
    "nwkSEncKey",
    "sNwkSIntKey",
    "fNwkSIntKey",
    "genAppKey",
    "app_key",
    "nwk_key",
    "app_s_key",
    "nwk_s_key",
    "nwk_s_enc_key",
    "s_nwk_s_int_key",
    "f_nwk_s_int_key",
    "app-s-key",
    "js_int_key",
    "js_enc_key",
];

/// What stands before a key, between its name and it, and behind it, where it is plain where the key ends. `$N` and `$K` stand for
/// the two.
const SPELLINGS: &[&str] = &[
    r#""$N":"$K""#,
    r#""$N" : "$K""#,
    "\"$N\"\n:\n\"$K\"",
    "'$N':'$K'",
    "'$N' => '$K'",
    r#""$N":{"key":"$K"}"#,
    r#""$N":{"kek_label":"}","encrypted_key":{"bytes":["$K"]}}"#,
    r#""$N":["$K","$K"]"#,
    r#"\"$N\":\"$K\""#,
    r#"\"$N\":{\"key\":\"$K\"}"#,
    r#"\\\"$N\\\":\\\"$K\\\""#,
    "<$N>$K</$N>",
    "<$N >$K</$N >",
    r#"<$N a="b">$K</$N>"#,
    r#"<lora:$N a='>' b="c">$K</lora:$N>"#,
    "<$N><![CDATA[$K]]></$N>",
    "<$N><key>$K</key></$N>",
    r#"<$N value="$K"/>"#,
    r#"<device $N="$K"/>"#,
    "<device $N=$K />",
];

/// The same where it is not, so that more than the key is blanked.
const UNCLEAR: &[&str] = &[
    "$N: $K",
    "$N=$K",
    r#""$N":$K"#,
    "$N: 0x $K",
    "'$N': b'$K'",
    r#"$N: !!binary "$K""#,
    "$N=X'$K'",
    "$N: |\n  $K",
    "<!-- $N: $K -->",
    "$N $K",
    "&lt;$N&gt;$K&lt;/$N&gt;",
    "&quot;$N&quot;:&quot;$K&quot;",
    r"\u003c$N\u003e$K\u003c/$N\u003e",
    r"\u0022$N\u0022:\u0022$K\u0022",
    "%22$N%22%3A%22$K%22",
    r#"<param name="$N" value="$K"/>"#,
    r#"<param name="$N">$K</param>"#,
    "<name>$N</name>\n<value>$K</value>",
    r#"{"name":"$N","value":"$K"}"#,
    "{\n\"name\": \"$N\",\n\"value\": \"$K\"\n}",
    r#"["$N","$K"]"#,
];

/// Bodies that the spelling stands in, in the place of `HERE`; the odd ones cannot be read.
const BODIES: &[&str] = &[
    r#"{"devEUI":"0101010101010101",HERE,"fCnt":7,"data":"AQID"}"#,
    r#"{"a":{"b":[1,{HERE}],"note":"a key"},"data":"AQID"}"#,
    r#"{"a":"b, HERE, "data":"AQID"}"#,
    r#"{HERE,"a":"b"#,
    "<up><DevEUI>01</DevEUI>HERE<payload_hex>0aff</payload_hex></up>",
    "<up><DevEUI>01 HERE <payload_hex",
    "HERE",
    "\u{feff}  HERE\r\n",
];

fn in_any_case(name: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<bool>(), name.len()).prop_map(|upper| {
        let as_told = |(letter, upper): (char, bool)| {
            if upper { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() }
        };
        name.chars().zip(upper).map(as_told).collect()
    })
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(NAMES).prop_flat_map(|name| prop_oneof![Just(name.to_owned()), in_any_case(name)])
}

/// 128 bits in hex or in base64, where nothing else is written so.
fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9a-f]{32}", "[0-9A-F]{32}", "[A-Za-z0-9+/]{22}=="]
}

/// What names nothing: no letter of it is one.
fn before() -> impl Strategy<Value = String> {
    "[0-9 .,;:{}\\[\\]é€-]{0,40}"
}

/// The same, where a word ends.
fn after() -> impl Strategy<Value = String> {
    "([ ,;}][0-9 .,;:{}\\[\\]é€-]{0,40})?"
}

proptest! {
    #[test]
    fn no_key_survives_in_these_spellings_and_all_around_the_plain_ones_does(
        name in name(), key in key(), before in before(), after in after(),
    ) {
        let spellings = SPELLINGS.iter().map(|plain| (plain, true)).chain(UNCLEAR.iter().map(|unclear| (unclear, false)));
        for ((spelling, is_plain), body) in spellings.flat_map(|spelling| BODIES.iter().map(move |body| (spelling, body))) {
            let spelled = spelling.replace("$N", &name).replace("$K", &key);
            let whole = body.replace("HERE", &format!("{before}HERE{after}"));
            let (before, after) = whole.split_once("HERE").unwrap();
            let kept = without_keys(format!("{before}{spelled}{after}").as_bytes());
            let kept = String::from_utf8(kept).unwrap();
            prop_assert!(!kept.contains(&key), "{kept}");
            prop_assert!(kept.starts_with(before) && (!is_plain || kept.ends_with(after)), "{kept}");
            prop_assert_eq!(kept.len(), before.len() + spelled.len() + after.len());
        }
    }

    #[test]
    fn what_names_no_key_survives_whatever_it_is(text in "[a-zé \"'<>{}:=\\\\/]{0,200}") {
        prop_assume!(!text.contains("key") && !text.contains("url"));
        prop_assert_eq!(without_keys(text.as_bytes()), text.as_bytes());
    }
}
