//! Keys that some senders put into their bodies, and that must not be kept.
//!
//! What is kept is what could not be read, so that nothing here relies on its being JSON or XML: it is looked over once, name by
//! name.

use std::ops::Range;

/// A body as it may be kept: what stands under a name of a key (`AppSKey`, `nwk_key`, `f_nwk_s_int_key`, …), and an address for
/// downlinks that holds its own key, is blanked, in bodies that are no JSON, too. Of binary ones nothing is kept, since nobody
/// can say where a key stands in them.
pub fn without_keys(body: &[u8]) -> Vec<u8> {
    if is_binary(body) {
        return Vec::new();
    }
    let mut kept = body.to_vec();
    let mut at = 0;
    while at < body.len() {
        let name = next_name(body, at);
        at = name.range.end;
        if !is_of_a_key(body.get(name.range.clone()).unwrap_or_default()) {
            continue;
        }
        let mut blank = |secret: Range<usize>| {
            at = secret.end;
            kept.get_mut(secret).unwrap_or_default().fill(b'*');
        };
        if name.opens_element {
            element(body, name.range.end).into_iter().for_each(blank);
        } else if let Some(secret) = value(body, name.range.end) {
            blank(secret);
        }
    }
    kept
}

/// Whether it holds a control character that no text does, and every protobuf message.
pub(crate) fn is_binary(body: &[u8]) -> bool {
    body.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
}

/// How names of keys end, in small letters and without `_` and `-`.
const ENDS: [&[u8]; 6] = [b"skey", b"appkey", b"nwkkey", b"intkey", b"enckey", b"downlinkurl"];

fn is_of_a_key(name: &[u8]) -> bool {
    let letters =
        || name.iter().rev().filter(|byte| !matches!(byte, b'_' | b'-')).map(u8::to_ascii_lowercase);
    ENDS.iter().any(|end| letters().take(end.len()).eq(end.iter().rev().copied()))
}

/// A word that may be a name, and whether it stands behind the `<` of an element.
struct Name {
    range: Range<usize>,
    opens_element: bool,
}

/// The next one, or an empty one at the end.
fn next_name(body: &[u8], from: usize) -> Name {
    let begin = end_of(body, from, |byte| !is_of_word(byte) && byte != b'<');
    if body.get(begin) == Some(&b'<') {
        return Name { range: begin + 1..end_of_tags_name(body, begin + 1), opens_element: true };
    }
    Name { range: begin..end_of(body, begin, is_of_word), opens_element: false }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// With its namespace.
fn end_of_tags_name(body: &[u8], from: usize) -> usize {
    end_of(body, from, |byte| is_of_word(byte) || matches!(byte, b':' | b'.'))
}

/// Where what is of a kind ends.
fn end_of(body: &[u8], from: usize, is: impl Fn(u8) -> bool) -> usize {
    let rest = body.get(from..).unwrap_or_default();
    from + rest.iter().position(|byte| !is(*byte)).unwrap_or(rest.len())
}

/// What stands in an element's tag behind its name, and between its tags; to the body's end where it is cut off.
fn element(body: &[u8], from: usize) -> [Range<usize>; 2] {
    let attributes = end_of(body, from, |byte| byte.is_ascii_whitespace());
    let mut end = attributes;
    while let Some(byte) = body.get(end).filter(|byte| **byte != b'>') {
        end = if is_quote(*byte) { end_of_text(body, end + 1, *byte, 0) + 1 } else { end + 1 };
    }
    let end = end.min(body.len());
    let is_empty = body.get(..end).is_some_and(|before| before.ends_with(b"/"));
    if is_empty {
        return [attributes..(end - 1).max(attributes), end..end];
    }
    let inside = (end + 1).min(body.len());
    [attributes..end, inside..end_tag(body, inside)]
}

/// Where the end of a key's element begins.
fn end_tag(body: &[u8], from: usize) -> usize {
    let mut begin = end_of(body, from, |byte| byte != b'<');
    while let Some(rest) = body.get(begin + 1) {
        let name = begin + 2..end_of_tags_name(body, begin + 2);
        if *rest == b'/' && is_of_a_key(body.get(name).unwrap_or_default()) {
            return begin;
        }
        begin = end_of(body, begin + 1, |byte| byte != b'<');
    }
    body.len()
}

/// What stands behind a name's colon or equals sign: a text, an object, a list or a word. None where nothing does.
fn value(body: &[u8], from: usize) -> Option<Range<usize>> {
    let sign = end_of(body, from, |byte| is_quote(byte) || byte == b'\\' || byte.is_ascii_whitespace());
    if !matches!(body.get(sign), Some(b':' | b'=')) {
        return None;
    }
    let begin = end_of(body, sign, |byte| matches!(byte, b':' | b'=' | b'>') || byte.is_ascii_whitespace());
    // In a body that is itself a text in JSON, each quote has a backslash.
    let inside = end_of(body, begin, |byte| byte == b'\\');
    let escapes = inside - begin;
    match *body.get(inside)? {
        quote if is_quote(quote) => {
            let end = end_of_text(body, inside + 1, quote, escapes);
            Some(inside + 1..end.saturating_sub(escapes).max(inside + 1))
        }
        b'{' | b'[' => Some(inside + 1..end_of_group(body, inside)),
        _ => word(body, inside),
    }
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

/// What has no quotes; that there is none is no secret.
fn word(body: &[u8], from: usize) -> Option<Range<usize>> {
    let ends = |byte: u8| byte.is_ascii_whitespace() || b",;&<>{}[]()\\\"'".contains(&byte);
    let end = end_of(body, from, |byte| !ends(byte));
    let is_none = matches!(body.get(from..end), Some(b"" | b"null" | b"true" | b"false"));
    (!is_none).then_some(from..end)
}

/// Where the quote is that ends a text whose quotes have so many backslashes before them.
fn end_of_text(body: &[u8], from: usize, quote: u8, escapes: usize) -> usize {
    let mut slashes = 0;
    for (at, byte) in body.iter().enumerate().skip(from) {
        let ends = if escapes == 0 { slashes % 2 == 0 } else { slashes <= escapes };
        if *byte == quote && ends {
            return at;
        }
        slashes = if *byte == b'\\' { slashes + 1 } else { 0 };
    }
    body.len()
}

/// Where the bracket is that ends the group which begins there.
fn end_of_group(body: &[u8], from: usize) -> usize {
    let (mut at, mut depth, mut slashes) = (from, 0_usize, 0);
    while let Some(byte) = body.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return at,
            b'}' | b']' => depth -= 1,
            quote if is_quote(*quote) => at = end_of_text(body, at + 1, *quote, slashes),
            _ => {}
        }
        slashes = if *byte == b'\\' { slashes + 1 } else { 0 };
        at += 1;
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_blanked_and_nothing_else() {
        for (body, kept) in [
            (r#"{"downlink_url":"https://a/key","id":"a"}"#, r#"{"downlink_url":"*************","id":"a"}"#),
            (r#"{"AppSKey": "0a0b", "x": 1}"#, r#"{"AppSKey": "****", "x": 1}"#),
            (r#"{"app_s_key":{"key":"AA=="},"f":"00"}"#, r#"{"app_s_key":{************},"f":"00"}"#),
            (r#"{"appSKey":{"a":{"b":"}"}},"f":"00"}"#, r#"{"appSKey":{*************},"f":"00"}"#),
            (r#"{"nwkSKey" : "0a"#, r#"{"nwkSKey" : "**"#),
            (r#"{"payload_hex":"0a0b","note":"AppSKey"}"#, r#"{"payload_hex":"0a0b","note":"AppSKey"}"#),
            (r#"{"AppSKey":null,"a":"b"}"#, r#"{"AppSKey":null,"a":"b"}"#),
            (r#"{"AppSKey":[10,11],"a":[12]}"#, r#"{"AppSKey":[*****],"a":[12]}"#),
            (r#"{"AppSKey":1011,"a":12}"#, r#"{"AppSKey":****,"a":12}"#),
            (r#"{'app_key':'0"a','a':'b'}"#, r#"{'app_key':'***','a':'b'}"#),
            (r#"{"NwkKey":"0\"a\\","a":"b"}"#, r#"{"NwkKey":"******","a":"b"}"#),
            ("{nwk_s_enc_key: 0a0b, a: b}", "{nwk_s_enc_key: ****, a: b}"),
            ("AppSKey=0a0b&a=b", "AppSKey=****&a=b"),
            (r#""{\"AppSKey\":\"0a0b\",\"a\":\"b\"}""#, r#""{\"AppSKey\":\"****\",\"a\":\"b\"}""#),
            ("<AppSKey>0a0b</AppSKey> <a>b</a>", "<AppSKey>****</AppSKey> <a>b</a>"),
            (r#"<AppSKey a=">">0a</AppSKey><a>b</a>"#, r#"<AppSKey *****>**</AppSKey><a>b</a>"#),
            (r#"<l:AppSKey><k>0a</k></l:AppSKey><a/>"#, r#"<l:AppSKey>*********</l:AppSKey><a/>"#),
            ("<AppSKey><![CDATA[0a]]></AppSKey>b", "<AppSKey>**************</AppSKey>b"),
            (r#"<AppSKey v="0a"/><a>b</a>"#, r#"<AppSKey ******/><a>b</a>"#),
            ("<AppSKey/><a>b</a>", "<AppSKey/><a>b</a>"),
            ("<a AppSKey='0a' b='c'/>", "<a AppSKey='**' b='c'/>"),
            ("<appskey>0a", "<appskey>**"),
            (r#"{"AppSKey":"#, r#"{"AppSKey":"#),
            (r#"{"a":"b, "AppSKey":"0a"}"#, r#"{"a":"b, "AppSKey":"**"}"#),
            (r#"{"AppSKey":"0a","NWKSKEY":"0b"}"#, r#"{"AppSKey":"**","NWKSKEY":"**"}"#),
            (r#"{"SessionKeyId":"0a","apiKey":"b"}"#, r#"{"SessionKeyId":"0a","apiKey":"b"}"#),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8(without_keys(body.as_bytes())).unwrap(), kept);
        }
    }

    #[test]
    fn nothing_is_kept_of_a_binary_body() {
        assert_eq!(without_keys(include_bytes!("../tests/bodies/chirpstack-up.pb")), b"");
    }

    #[test]
    fn a_text_keeps_its_length() {
        for body in [
            &b"\"\"\"\":"[..],
            b"\"skey\":\"",
            b"\"skey\":{\"",
            b"\xff\"skey\":\"\xff",
            b"\"skey",
            b"<skey '",
        ] {
            assert_eq!(without_keys(body).len(), body.len());
        }
    }

    #[test]
    fn a_long_body_is_looked_over_once() {
        const MANY: usize = 1 << 17;
        for part in [
            "\"skey\":{",
            "\"skey\":\"",
            "skey\\:",
            "skey=\\",
            "<skey",
            "<skey>",
            "<skey/>",
            "</skey",
            "skey ",
            "<",
            "_",
            "\\\"",
        ] {
            let body = part.repeat(MANY);
            assert_eq!(without_keys(body.as_bytes()).len(), body.len(), "{part}");
        }
    }
}
