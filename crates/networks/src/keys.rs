//! Keys that some senders put into their bodies, and that must not be kept.

/// A body as it may be kept: what stands in a field that is named as a session key is (`AppSKey`, `app_s_key`, …), and an
/// address for downlinks that holds its own key, is blanked, in bodies that are no JSON, too. Of binary ones
/// nothing is kept, since nobody can say where a key stands in them.
pub fn without_keys(body: &[u8]) -> Vec<u8> {
    if is_binary(body) {
        return Vec::new();
    }
    let mut kept = body.to_vec();
    // By the names' ends and not quote by quote: whoever cannot be read may have one quote too few.
    for behind in ENDS.iter().flat_map(|end| ends_of(body, end)) {
        if let Some((begin, end)) = value(body, behind) {
            kept.get_mut(begin..end).unwrap_or_default().fill(b'*');
        }
    }
    kept
}

/// Whether it holds a control character that no text does, and every protobuf message.
pub(crate) fn is_binary(body: &[u8]) -> bool {
    body.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
}

const ENDS: [&[u8]; 4] = [b"skey\"", b"s_key\"", b"downlink_url\"", b"skey>"];

/// The places behind each occurrence, in letters of either case.
fn ends_of(body: &[u8], word: &[u8]) -> impl Iterator<Item = usize> {
    let places = body.windows(word.len()).zip(word.len()..);
    places.filter(|(found, _)| found.eq_ignore_ascii_case(word)).map(|(_, behind)| behind)
}

/// What stands behind a name's colon, a text or an object, or in an element of XML; to the body's end where it is cut off.
fn value(body: &[u8], from: usize) -> Option<(usize, usize)> {
    let before = body.get(..from)?;
    if before.ends_with(b">") {
        let tag = before.iter().rposition(|byte| *byte == b'<')?;
        let begins = body.get(tag + 1) != Some(&b'/');
        return begins.then(|| (from, find(body, from, b'<').unwrap_or(body.len())));
    }
    let next = |from: usize| {
        let rest = body.get(from..)?;
        Some(from + rest.iter().position(|byte| !byte.is_ascii_whitespace())?)
    };
    let colon = next(from).filter(|at| body.get(*at) == Some(&b':'))?;
    let begin = next(colon + 1)?;
    let end = match body.get(begin)? {
        b'"' => b'"',
        b'{' => b'}',
        _ => return None,
    };
    Some((begin + 1, find(body, begin + 1, end).unwrap_or(body.len())))
}

fn find(body: &[u8], from: usize, byte: u8) -> Option<usize> {
    Some(from + body.get(from..)?.iter().position(|other| *other == byte)?)
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
            (r#"{"nwkSKey" : "0a"#, r#"{"nwkSKey" : "**"#),
            (r#"{"payload_hex":"0a0b","note":"AppSKey"}"#, r#"{"payload_hex":"0a0b","note":"AppSKey"}"#),
            (r#"{"AppSKey":null,"a":"b"}"#, r#"{"AppSKey":null,"a":"b"}"#),
            ("<AppSKey>0a0b</AppSKey> <a>b</a>", "<AppSKey>****</AppSKey> <a>b</a>"),
            ("<appskey>0a", "<appskey>**"),
            (r#"{"AppSKey":"#, r#"{"AppSKey":"#),
            (r#"{"a":"b, "AppSKey":"0a"}"#, r#"{"a":"b, "AppSKey":"**"}"#),
            (r#"{"AppSKey":"0a","NWKSKEY":"0b"}"#, r#"{"AppSKey":"**","NWKSKEY":"**"}"#),
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
        for body in [&b"\"\"\"\":"[..], b"\"skey\":\"", b"\"skey\":{\"", b"\xff\"skey\":\"\xff", b"\"skey"] {
            assert_eq!(without_keys(body).len(), body.len());
        }
    }
}
