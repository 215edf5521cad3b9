//! What the targets of the networks share: a body is refused, or its events can be shown and queued.

use domain::ids::OrganisationId;
use networks::message::{Body, Message, Source};
use networks::{Network, parse};

pub fn parse_and_queue(network: Network, words: &[&str], body: &[u8]) {
    for word in [None].into_iter().chain(words.iter().copied().map(Some)) {
        let Ok(events) = parse(network, word, body) else { continue };
        let may_be_none = matches!(network, Network::Netmore | Network::Milesight);
        assert!(may_be_none || !events.is_empty(), "a body without events");
        for event in events {
            let source = Source { organisation: OrganisationId(1), integration: "lns".to_owned() };
            let arrived_at = chrono::DateTime::UNIX_EPOCH;
            let message = Message { arrived_at, body: Body::Event { source, event } };
            let line = message.to_line().expect("an event can be written");
            assert!(!line.contains(&b'\n'), "an event is one line");
            assert_eq!(Message::from_line(&line).expect("what was written can be read"), message);
        }
    }
}
