//! Who sends, with which token, how much, and by which address.

use e2e::bodies::Network;

use crate::case::{Case, Credential, Stored};

const MIB: usize = 1024 * 1024;

pub fn cases() -> Vec<Case> {
    use Credential::{AnotherIntegrations, Basic, Empty, LowerCase, Nothing, Wrong};
    let one = Case::new;
    let token = "`Authorization: Bearer TOKEN`";
    let joined = Stored { events: 1, ..Stored::default() };
    vec![
        one("as it should be"),
        one("a token after `bearer`").with(LowerCase),
        one("no token").with(Nothing).refused(401, token),
        one("an empty token").with(Empty).refused(401, token),
        one("a wrong token").with(Wrong).refused(401, token),
        one("a token as Basic").with(Basic).refused(401, token),
        one("another integration's token").with(AnotherIntegrations).refused(401, token),
        one("an unknown integration").to("nobody?event=up").refused(401, token),
        one("a wrong token and 2 MiB")
            .with(Wrong)
            .raw(|body| padded(body, 2 * MIB))
            .too_long()
            .refused(401, token),
        one("no content type").of_type(None),
        one("JSON in UTF-8").of_type(Some("application/json; charset=utf-8")),
        one("text").of_type(Some("text/plain")).refused(415, "text/plain"),
        one("XML").of_type(Some("application/xml")).refused(415, "application/json"),
        one("JSON under protobuf's type").of_type(Some("application/octet-stream")).only(Network::ChirpStack),
        one("1 MiB").raw(|body| padded(body, MIB)),
        one("1 MiB and a byte").raw(|body| padded(body, MIB + 1)).too_long().refused(413, "1048576 bytes"),
        one("2 MiB").raw(|body| padded(body, 2 * MIB)).too_long().refused(413, "1048576 bytes"),
        one("cut off before its end").cut_off().refused(400, "did not arrive whole"),
        one("cut off in the middle").raw(half).cut_off().refused(400, "did not arrive whole"),
        one("the event in the path").to("{}/up"),
        one("a slash behind the integration").to("{}/?event=up"),
        one("the event in path and query").to("{}/up?event=join"),
        one("no event, but its shape").to("{}"),
        one("an empty event").to("{}?event="),
        one("an event that nobody knows").to("{}?event=carrier-pigeon"),
        one("other words in the query").to("{}?a=b&event=up&c=%C3%A4"),
        one("two events in the query, the last counts").to("{}?event=join&event=up"),
        one("two events in the query, the last is a join").to("{}?event=up&event=join").stores(joined),
        one("a query that is none").to("{}?%FF=%zz&&=&event=up"),
    ]
}

fn padded(mut body: Vec<u8>, length: usize) -> Vec<u8> {
    body.resize(length, b' ');
    body
}

pub fn half(body: Vec<u8>) -> Vec<u8> {
    body[..body.len() / 2].to_vec()
}
