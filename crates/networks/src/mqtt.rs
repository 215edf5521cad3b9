//! Where network servers publish their events by MQTT, for who fetches them instead of being called.
//!
//! The payloads are the bodies of their webhooks.

use crate::Network;

/// The topics with every event that `username` may read. `None`: the network has no MQTT that is known here, or nobody
/// has that name there.
pub fn topics(network: Network, username: &str) -> Option<Vec<String>> {
    match network {
        Network::Chirpstack => Some(vec!["application/+/device/+/event/+".to_owned()]),
        // The name is the application's; a wildcard in it would subscribe to something else.
        Network::TheThingsStack if !username.is_empty() && !username.contains(['+', '#', '/']) => {
            let of_devices = ["up", "join", "down/+", "location/solved"];
            Some(of_devices.map(|kind| format!("v3/{username}/devices/+/{kind}")).to_vec())
        }
        _ => None,
    }
}

/// The sender's word for the kind of event, which stands behind the device in the topic.
pub fn word(topic: &str) -> Option<&str> {
    let mut parts = topic.splitn(5, '/');
    match (parts.next(), parts.nth(1), parts.nth(1)) {
        (Some("application"), Some("device"), Some(rest)) => rest.strip_prefix("event/"),
        (Some("v3"), Some("devices"), rest) => rest,
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_what_stands_behind_the_device() {
        for (topic, expected) in [
            ("application/7c/device/0101010101010101/event/up", Some("up")),
            ("application/7c/device/0101010101010101/event/txack", Some("txack")),
            ("application/7c/device/0101010101010101/command/down", None),
            ("v3/boxes@depot/devices/box-1/up", Some("up")),
            ("v3/boxes@depot/devices/box-1/down/ack", Some("down/ack")),
            ("v3/boxes@depot/devices/box-1", None),
            ("gateway/0016c001f153a14c/event/up", None),
            ("", None),
        ] {
            assert_eq!(word(topic), expected, "{topic}");
        }
    }

    #[test]
    fn a_name_with_a_wildcard_subscribes_to_nothing() {
        assert_eq!(
            topics(Network::TheThingsStack, "boxes@depot").unwrap()[2],
            "v3/boxes@depot/devices/+/down/+"
        );
        for name in ["", "+", "#", "boxes/devices"] {
            assert_eq!(topics(Network::TheThingsStack, name), None, "{name}");
        }
        assert!(topics(Network::Chirpstack, "").is_some());
        assert_eq!(topics(Network::Loriot, "depot"), None);
    }
}
