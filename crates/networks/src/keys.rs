//! Keys that some senders put into their bodies, and that must not be kept.
//!
//! What is kept is what could not be read, so that nothing here relies on its being JSON or XML: it is looked over once, name by
//! name. What stands behind a key's name and is not understood is blanked to the end; a key that stands before its name, or under
//! a name that is none of those below, is not found.

use std::ops::Range;

/// A body as it may be kept: what stands behind a name of a key (`AppSKey`, `nwk_key`, `f_nwk_s_int_key`, …) as its value, and an
/// address for downlinks that holds its own key, is blanked, in bodies that are no JSON, too; all that follows the name where it
/// is not plain which part is the value. Of binary ones nothing is kept, since nobody can say where a key stands in them.
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
        match name.place {
            Place::Tag => element(body, name.range.end).into_iter().for_each(blank),
            Place::EndTag => {}
            Place::Elsewhere => blank(value(body, name.range.end)),
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

/// A word that may be a name.
struct Name {
    range: Range<usize>,
    place: Place,
}

/// Where a name stands: behind `<`, behind `</` or not in XML's way.
enum Place {
    Tag,
    EndTag,
    Elsewhere,
}

/// The next one, or an empty one at the end.
fn next_name(body: &[u8], from: usize) -> Name {
    let begin = end_of(body, from, |byte| !is_of_word(byte) && byte != b'<');
    let (begin, place) = match (body.get(begin), body.get(begin + 1)) {
        (Some(b'<'), Some(b'/')) => (begin + 2, Place::EndTag),
        (Some(b'<'), _) => (begin + 1, Place::Tag),
        _ => return Name { range: begin..end_of(body, begin, is_of_word), place: Place::Elsewhere },
    };
    Name { range: begin..end_of_tags_name(body, begin), place }
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

/// What stands behind a name's colon or equals sign: a text, an object, a list or a word. Without such a sign it is all the rest:
/// the name may itself be a value (`{"name":"AppSKey","value":…}`), or its signs be escaped (`&quot;`, `%22`, `\u0022`).
fn value(body: &[u8], from: usize) -> Range<usize> {
    let sign = end_of(body, from, |byte| is_quote(byte) || byte == b'\\' || byte.is_ascii_whitespace());
    if !matches!(body.get(sign), Some(b':' | b'=')) {
        let closes = |byte: u8| b"\\\"'}])".contains(&byte) || byte.is_ascii_whitespace();
        return end_of(body, sign, closes)..body.len();
    }
    let begin = end_of(body, sign, |byte| matches!(byte, b':' | b'=' | b'>') || byte.is_ascii_whitespace());
    // In a body that is itself a text in JSON, each quote has a backslash.
    let inside = end_of(body, begin, |byte| byte == b'\\');
    let escapes = inside - begin;
    match body.get(inside) {
        Some(quote) if is_quote(*quote) => {
            let end = end_of_text(body, inside + 1, *quote, escapes);
            inside + 1..end.saturating_sub(escapes).max(inside + 1)
        }
        Some(b'{' | b'[') => inside + 1..end_of_group(body, inside),
        Some(b'}' | b']') => inside..inside,
        _ => word(body, inside),
    }
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

/// What has no quotes, to its line's end where more words follow; that there is none is no secret.
fn word(body: &[u8], from: usize) -> Range<usize> {
    let ends = |byte: u8| byte.is_ascii_whitespace() || b",;&<>{}[]()\\\"'".contains(&byte);
    let end = end_of(body, from, |byte| !ends(byte));
    if end == from {
        return from..body.len();
    }
    // YAML: the value stands on the lines behind.
    if body.get(from..end).is_some_and(|word| word.iter().all(|byte| b"|>+-".contains(byte))) {
        return from..body.len();
    }
    let is_short = end - from < LEAST_KEY;
    if goes_on(body, end) || (is_short && is_before_quote(body, end)) {
        return from..end_of(body, end, |byte| !matches!(byte, b'\n' | b'\r'));
    }
    let is_none = matches!(body.get(from..end), Some(b"null" | b"true" | b"false"));
    if is_none { end..end } else { from..end }
}

/// A word that is shorter is no key, and where a quote follows it says what kind of text that is (`b'…'`, `!!binary "…"`).
const LEAST_KEY: usize = 16;

fn is_before_quote(body: &[u8], from: usize) -> bool {
    let next = end_of(body, from, |byte| matches!(byte, b' ' | b'\t'));
    body.get(next).is_some_and(|byte| is_quote(*byte))
}

/// Whether what stands behind a word may be more of the same value: no end of anything, and no other name with its sign.
fn goes_on(body: &[u8], from: usize) -> bool {
    let is_blank = |byte: u8| matches!(byte, b' ' | b'\t');
    let next = end_of(body, from, |byte| is_blank(byte) || matches!(byte, b',' | b';'));
    match body.get(next) {
        None | Some(b'\n' | b'\r' | b'&' | b'<' | b'>' | b'}' | b']' | b'"' | b'\'') => false,
        Some(b'/') => body.get(next + 1) != Some(&b'>'),
        Some(b'\\') => {
            let quote = end_of(body, next, |byte| byte == b'\\');
            !body.get(quote).is_some_and(|byte| is_quote(*byte))
        }
        Some(_) => !is_name_with_sign(body, next),
    }
}

/// Whether another name and its sign stand there, and no digits of a key in hex or base64, which `:` may part and `==` end.
fn is_name_with_sign(body: &[u8], from: usize) -> bool {
    let end = end_of(body, from, is_of_word);
    let sign = end_of(body, end, |byte| matches!(byte, b' ' | b'\t'));
    let name = body.get(from..end).unwrap_or_default();
    let may_be_digits = name.len() != 1 && name.iter().all(u8::is_ascii_hexdigit);
    let has_sign = matches!(body.get(sign), Some(b':' | b'=')) && body.get(sign + 1) != Some(&b'=');
    has_sign && !may_be_digits
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
            ("AppSKey: 0a 0b 0c\nx: y", "AppSKey: ********\nx: y"),
            ("AppSKey: 0a, 0b; 0c\r\nx: y", "AppSKey: **********\r\nx: y"),
            ("AppSKey: 0a:0b 0c:0d, x: y", "AppSKey: *****************"),
            ("AppSKey: is AA==", "AppSKey: *******"),
            ("AppSKey=0a x=y", "AppSKey=** x=y"),
            ("<a AppSKey=0a />", "<a AppSKey=** />"),
            ("AppSKey: (0a)", "AppSKey: ****"),
            ("</AppSKey>b", "</AppSKey>b"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8(without_keys(body.as_bytes())).unwrap(), kept);
        }
    }

    #[test]
    fn what_is_not_understood_behind_a_name_is_blanked_to_the_end() {
        for (head, tail) in [
            ("&lt;AppSKey", "&gt;K&lt;/AppSKey&gt;"),
            ("&quot;AppSKey", "&quot;:&quot;K&quot;"),
            (r"\u003cAppSKey\", "u003eK"),
            (r"\u0022AppSKey\", r"u0022:\u0022K\u0022"),
            ("%22AppSKey", "%22%3A%22K"),
            (r#"<param name="AppSKey" "#, r#"value="K"/>"#),
            ("<name>AppSKey", "</name>\n<value>K</value>"),
            (r#"{"name":"AppSKey""#, r#","value":"K"}"#),
            ("{\"name\": \"AppSKey\"", ",\n \"value\": \"K\"}"),
            (r#"{"names":["DevEUI","AppSKey"]"#, r#","rows":[["01","K"]]}"#),
            ("AppSKey ", "K"),
            ("AppSKey=", "&quot;K&quot;"),
            (r"AppSKey=\", r"u007b\u0022key\u0022:K"),
        ] {
            let kept = String::from_utf8(without_keys(format!("{head}{tail}").as_bytes())).unwrap();
            assert_eq!(kept, format!("{head}{}", "*".repeat(tail.len())));
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
            "skey=a ",
            "skey=a,",
            "skey=a b=",
            "skey=a\\",
            "</skey>",
            "<",
            "_",
            "\\\"",
        ] {
            let body = part.repeat(MANY);
            assert_eq!(without_keys(body.as_bytes()).len(), body.len(), "{part}");
        }
    }
}
