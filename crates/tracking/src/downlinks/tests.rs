//! Downlinks on a real database and on a clock that the test sets, step by step.

mod logs;

use domain::downlink::{Command, DownlinkState, Entries};
use networks::Network;
use store::{Downlink, DownlinkAnswer, Integration};

use super::*;
use crate::arrived::Arrived;
use crate::consume::consume_batch;
use crate::credentials::new_credential;
use crate::house::{Box, House, at};

/// Nobody listens there.
const AWAY: &str = "http://127.0.0.1:1";

const INTERVAL_S: i32 = 900;
const DAY_S: i64 = 86_400;

impl House {
    /// With a network server that is away, behind the integration by which it hears.
    async fn spoken() -> (Self, Box) {
        let mut house = Self::new().await;
        house.integrate("depot").await;
        let server = NetworkServer::new(AWAY, "key", "").unwrap();
        house.service.network_servers = NetworkServers::new([("depot".to_owned(), server)].into());
        let of = house.ship(1, INTERVAL_S).await;
        (house, of)
    }

    async fn integrate(&self, id: &str) {
        let (_, credential) = new_credential(Network::Chirpstack);
        let integration = Integration::new(id, self.owner, "chirpstack", credential);
        self.service.store.connect().await.unwrap().add_integration(&integration, at(0)).await.unwrap();
    }

    /// Plans at that second, twice: a round changes nothing that the one before has not.
    async fn plan(&self, second: i64) {
        self.set(second);
        for _ in 0..2 {
            plan_downlinks(&self.service).await.unwrap();
        }
    }

    /// The latest first.
    async fn said(&self, to: &Box) -> Vec<Downlink> {
        let mut db = self.service.store.connect().await.unwrap();
        db.downlinks(self.owner, to.tracker.id, None, 100).await.unwrap()
    }

    /// As if the network server had taken it.
    async fn take(&self, to: &Box, number: u32) {
        let taken = HandOver::Taken { name: format!("n-{number}") };
        let mut db = self.service.store.connect().await.unwrap();
        db.note_hand_over((to.tracker.id, number), &taken, self.now()).await.unwrap();
    }

    /// As the network says it.
    async fn answer(&self, number: u32, state: DownlinkState) {
        let answer = DownlinkAnswer {
            organisation: self.owner,
            integration: "depot".to_owned(),
            names: vec!["another's".to_owned(), format!("n-{number}")],
            state,
            reason: None,
        };
        consume_batch(&self.service, &mut Arrived { answers: vec![answer], ..Arrived::default() })
            .await
            .unwrap();
    }
}

fn acknowledge(first: u32, last: u32) -> Vec<Command> {
    vec![Command::Acknowledge(Entries { first, last })]
}

fn states(said: &[Downlink]) -> Vec<(u32, DownlinkState)> {
    said.iter().map(|downlink| (downlink.number, downlink.state)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_downlink_is_on_its_way_at_a_time() {
    let (house, of) = House::spoken().await;
    house.hear(&of, 0..=199, &[]).await;
    house.plan(1).await;
    house.hear(&of, 200..=399, &[]).await;
    house.plan(2).await;
    let said = house.said(&of).await;
    assert_eq!(states(&said), [(1, DownlinkState::Queued)]);
    assert_eq!(said[0].commands, acknowledge(0, 199));
    house.take(&of, 1).await;
    house.plan(3).await;
    assert_eq!(states(&house.said(&of).await), [(1, DownlinkState::HandedOver)]);
    house.answer(1, DownlinkState::Acknowledged).await;
    house.plan(4).await;
    let said = house.said(&of).await;
    assert_eq!(states(&said), [(2, DownlinkState::Queued), (1, DownlinkState::Acknowledged)]);
    assert_eq!(said[0].commands, acknowledge(0, 399));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_tracker_did_not_confirm_is_acknowledged_again() {
    let (house, of) = House::spoken().await;
    house.hear(&of, 0..=199, &[]).await;
    house.plan(1).await;
    house.take(&of, 1).await;
    house.set(2);
    house.answer(1, DownlinkState::Unanswered).await;
    house.answer(1, DownlinkState::Acknowledged).await;
    let half_an_hour = PAUSE.num_seconds();
    house.plan(2 + half_an_hour - 1).await;
    assert_eq!(states(&house.said(&of).await), [(1, DownlinkState::Unanswered)], "what ended has ended");
    house.plan(2 + half_an_hour).await;
    let said = house.said(&of).await;
    assert_eq!((said[0].number, &said[0].commands), (2, &acknowledge(0, 199)));
    house.take(&of, 2).await;
    house.answer(2, DownlinkState::Acknowledged).await;
    house.plan(2 * DAY_S).await;
    assert_eq!(house.said(&of).await.len(), 2, "nothing is new");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_server_that_is_away_is_tried_again_until_a_day_is_over() {
    let (house, of) = House::spoken().await;
    house.hear(&of, 0..=199, &[]).await;
    house.plan(0).await;
    for (second, attempts) in [(0, 1), (9, 1), (10, 2), (29, 2), (30, 3)] {
        house.set(second);
        hand_over(&house.service, "depot").await.unwrap();
        give_up(&house.service).await.unwrap();
        let said = house.said(&of).await;
        assert_eq!((said[0].state, said[0].attempts), (DownlinkState::Queued, attempts), "second {second}");
        assert!(said[0].reason.is_some());
    }
    house.set(DAY_S - 1);
    give_up(&house.service).await.unwrap();
    assert_eq!(states(&house.said(&of).await), [(1, DownlinkState::Queued)]);
    house.set(DAY_S);
    hand_over(&house.service, "depot").await.unwrap();
    give_up(&house.service).await.unwrap();
    let said = house.said(&of).await;
    assert_eq!((said[0].state, said[0].attempts), (DownlinkState::Expired, 3));
    assert!(said[0].reason.is_some(), "why it was not handed over stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_is_answered_until_the_tracker_has_the_answer() {
    let (house, of) = House::spoken().await;
    house.hear(&of, 0..=9, &[]).await;
    house.set(100);
    // It is 42 s behind, and was set three times.
    let seconds = u32::try_from(at(100).timestamp() - 1_704_067_200 - 42).unwrap();
    house.hear_on(&of, 15, &format!("{seconds:08x}031e"), 100).await;
    house.plan(101).await;
    let answer = Command::Clock { setting: 3, forward_s: 42 };
    let said = house.said(&of).await;
    assert_eq!(said[0].commands[0], answer);
    house.take(&of, 1).await;
    house.answer(1, DownlinkState::Failed).await;
    house.plan(101 + PAUSE.num_seconds()).await;
    assert_eq!(house.said(&of).await[0].commands[0], answer, "by the same question, however much later");
    house.take(&of, 2).await;
    house.answer(2, DownlinkState::Acknowledged).await;
    house.plan(200 + 2 * PAUSE.num_seconds()).await;
    assert_eq!(house.said(&of).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_status_says_is_still_held_below_the_first_number_is_asked_for() {
    let (house, of) = House::spoken().await;
    house.hear(&of, 20..=29, &[]).await;
    // Firmware 1.2.3, the next number is 30, and all 30 are held.
    house.hear_on(&of, 12, "010203572100001e001e04", 0).await;
    house.plan(3 * i64::from(INTERVAL_S)).await;
    let said = house.said(&of).await;
    assert_eq!(said[0].commands, [Command::Resend(Entries { first: 0, last: 19 })]);
    house.take(&of, 1).await;
    house.answer(1, DownlinkState::Acknowledged).await;
    house.hear(&of, 0..=19, &[]).await;
    house.plan(DAY_S).await;
    assert_eq!(house.said(&of).await[0].commands, acknowledge(0, 29));
}

impl House {
    /// A setup that names that downlink, which the network received now.
    async fn set_up(&self, of: &Box, downlink: u32, second: i64) {
        self.hear_on(of, 13, &format!("{downlink:06x}0000000040ffff"), second).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_setup_names_was_obeyed_whatever_the_network_said_of_it() {
    let (house, of) = House::spoken().await;
    house.hear(&of, 0..=199, &[]).await;
    house.plan(1).await;
    house.take(&of, 1).await;
    house.set_up(&of, 1, 1).await;
    let said = house.said(&of).await;
    assert_eq!(states(&said), [(1, DownlinkState::Acknowledged)]);
    house.plan(DAY_S).await;
    assert_eq!(house.said(&of).await.len(), 1, "what it holds is acknowledged");

    house.hear(&of, 200..=399, &[]).await;
    house.plan(DAY_S + 1).await;
    house.take(&of, 2).await;
    house.answer(2, DownlinkState::Unanswered).await;
    // Of what lies below, a setup says nothing: it may have been lost.
    house.set_up(&of, 1, DAY_S).await;
    assert_eq!(house.said(&of).await[0].state, DownlinkState::Unanswered);
    house.set_up(&of, 2, DAY_S + 1).await;
    assert_eq!(house.said(&of).await[0].state, DownlinkState::Acknowledged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_and_was_not_obeyed_is_refused_and_said_again() {
    let (house, of) = House::spoken().await;
    house.hear(&of, 0..=199, &[]).await;
    house.plan(1).await;
    house.take(&of, 1).await;
    house.set(2);
    house.answer(1, DownlinkState::Acknowledged).await;
    house.set(10);
    // Received before the downlink can have come: it says nothing of it.
    house.set_up(&of, 0, 1).await;
    assert_eq!(house.said(&of).await[0].state, DownlinkState::Acknowledged);
    house.set_up(&of, 0, 10).await;
    let said = house.said(&of).await;
    assert_eq!(said[0].state, DownlinkState::Refused);
    let reason = "the last one that the tracker says it obeyed is number 0";
    assert_eq!(said[0].reason.as_deref(), Some(reason));
    house.plan(10 + PAUSE.num_seconds()).await;
    let said = house.said(&of).await;
    assert_eq!((said[0].number, &said[0].commands), (2, &acknowledge(0, 199)));
    house.take(&of, 2).await;
    house.answer(2, DownlinkState::Acknowledged).await;

    // It obeyed two, and then lost its memory: it has refused nothing.
    house.set_up(&of, 2, 2 * DAY_S).await;
    house.set_up(&of, 0, 3 * DAY_S).await;
    assert_eq!(
        states(&house.said(&of).await),
        [(2, DownlinkState::Acknowledged), (1, DownlinkState::Refused)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_above_all_that_the_tracker_obeyed_also_where_the_service_has_forgotten_them() {
    let (house, of) = House::spoken().await;
    house.hear(&of, 0..=199, &[]).await;
    house.plan(1).await;
    house.take(&of, 1).await;
    // A database that was restored gave number 1 again.
    house.set_up(&of, 70, 2).await;
    assert_eq!(states(&house.said(&of).await), [(1, DownlinkState::Refused)]);
    house.plan(1 + PAUSE.num_seconds()).await;
    assert_eq!(house.said(&of).await[0].number, 71);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_server_that_does_not_answer_holds_up_its_own_downlinks_alone() {
    let (mut house, of) = House::spoken().await;
    // It accepts a connection, and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    house.integrate("silent").await;
    let servers = [("depot", AWAY), ("silent", url.as_str())];
    let servers = servers.map(|(id, url)| (id.to_owned(), NetworkServer::new(url, "key", "").unwrap()));
    house.service.network_servers = NetworkServers::new(servers.into());
    let other = house.ship(2, INTERVAL_S).await;
    for (number, of) in [(0, &of), (1, &other)] {
        house.hear(of, 0..=199 + number, &[]).await;
    }
    house.plan(1).await;
    let sql =
        format!("update downlinks set integration_id = 'silent' where tracker_id = {}", other.tracker.id);
    house.database.psql(&sql).unwrap();
    tokio::select! {
        biased;
        _ = hand_over(&house.service, "silent") => panic!("it does not answer"),
        tried = hand_over(&house.service, "depot") => tried.unwrap(),
    }
    assert_eq!(house.said(&of).await[0].attempts, 1);
    let waits = &house.said(&other).await[0];
    assert_eq!((waits.state, waits.attempts), (DownlinkState::Queued, 0));
}
