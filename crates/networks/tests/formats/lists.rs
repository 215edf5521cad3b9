//! Bodies that are lists.

use networks::{Network, parse};

const OF_LISTS: [Network; 2] = [Network::Netmore, Network::Milesight];

#[test]
fn a_list_without_an_event_is_none() {
    for network in OF_LISTS {
        assert_eq!(parse(network, None, b" [ ] ").unwrap(), []);
    }
}

#[test]
fn a_list_of_more_events_than_a_body_may_hold_is_refused() {
    let list = |events: usize| format!("[{}]", vec!["{}"; events].join(","));
    for network in OF_LISTS {
        assert_eq!(parse(network, None, list(1000).as_bytes()).unwrap().len(), 1000);
        let refused = parse(network, None, list(1001).as_bytes()).unwrap_err().to_string();
        assert!(refused.contains("more than 1000 events"), "{refused}");
    }
}

#[test]
fn what_is_no_object_is_refused_with_its_place() {
    for (body, place) in [("7", "line 1, column 1"), ("[{},\n7]", "line 2, column 1"), ("\"x\"", "line 1")] {
        for network in OF_LISTS {
            let refused = parse(network, None, body.as_bytes()).unwrap_err().to_string();
            assert!(refused.starts_with(place), "{network}: {refused}");
        }
    }
}

#[test]
fn the_networks_that_send_one_event_refuse_a_list() {
    for network in Network::ALL.into_iter().filter(|network| !OF_LISTS.contains(network)) {
        let refused = parse(network, None, b"[{}]").unwrap_err().to_string();
        assert!(refused.starts_with("line 1, column 1"), "{network}: {refused}");
    }
}
