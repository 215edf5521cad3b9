//! What waits at the network server for one device, as ChirpStack keeps it: a device of class A is sent the oldest after an
//! uplink, and says with its next one whether it came.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

/// A downlink that waits for the device's next uplink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// As whoever queued it knows it.
    pub id: String,
    pub port: u8,
    pub payload: Vec<u8>,
    /// The device is to say that it came.
    pub confirmed: bool,
    pub expires_at: Option<DateTime<Utc>>,
}

impl Queued {
    /// What the network says where nobody has anything to say.
    pub(crate) fn bare() -> Self {
        Self { id: String::new(), port: 0, payload: Vec::new(), confirmed: false, expires_at: None }
    }
}

/// What became of a downlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// A gateway sent it.
    Transmitted,
    /// The device said that it came.
    Acknowledged,
    /// The device was heard, and did not say so.
    Unanswered,
    /// Nobody was heard in time.
    Expired,
}

#[derive(Debug, Default)]
pub(crate) struct Downlinks {
    waiting: VecDeque<Queued>,
    /// What was sent and is to be acknowledged.
    unanswered: Option<String>,
}

impl Downlinks {
    pub fn push(&mut self, queued: Queued) {
        self.waiting.push_back(queued);
    }

    /// The device is heard: what it is sent now, after `tell` was told how earlier ones ended. `acknowledges` is whether its
    /// uplink says that the last one came.
    pub fn after_uplink(
        &mut self,
        now: DateTime<Utc>,
        acknowledges: bool,
        mut tell: impl FnMut(String, Became),
    ) -> Option<Queued> {
        if let Some(id) = self.unanswered.take() {
            tell(id, if acknowledges { Became::Acknowledged } else { Became::Unanswered });
        }
        let is_over = |queued: &mut Queued| queued.expires_at.is_some_and(|expires_at| expires_at <= now);
        while let Some(expired) = self.waiting.pop_front_if(is_over) {
            tell(expired.id, Became::Expired);
        }
        let next = self.waiting.pop_front()?;
        self.unanswered = next.confirmed.then(|| next.id.clone());
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn queued(id: &str, confirmed: bool, expires_at: Option<i64>) -> Queued {
        let expires_at = expires_at.map(at);
        Queued { id: id.to_owned(), port: 20, payload: vec![1], confirmed, expires_at }
    }

    /// What is sent at that second, and what is told.
    fn hear(downlinks: &mut Downlinks, second: i64, acknowledges: bool) -> (Option<String>, String) {
        let mut told = String::new();
        let next = downlinks.after_uplink(at(second), acknowledges, |id, became| {
            told.push_str(&format!("{id} {became:?} "));
        });
        (next.map(|queued| queued.id), told.trim_end().to_owned())
    }

    #[test]
    fn a_confirmed_one_ends_with_the_next_uplink_and_another_one_is_only_sent() {
        let mut downlinks = Downlinks::default();
        for (id, confirmed) in [("a", true), ("b", true), ("c", false)] {
            downlinks.push(queued(id, confirmed, None));
        }
        assert_eq!(hear(&mut downlinks, 0, false), (Some("a".into()), String::new()));
        assert_eq!(hear(&mut downlinks, 1, true), (Some("b".into()), "a Acknowledged".into()));
        assert_eq!(hear(&mut downlinks, 2, false), (Some("c".into()), "b Unanswered".into()));
        assert_eq!(hear(&mut downlinks, 3, true), (None, String::new()));
    }

    #[test]
    fn what_waits_until_its_time_is_over_is_told_of_and_not_sent() {
        let mut downlinks = Downlinks::default();
        for (id, expires_at) in [("a", 10), ("b", 10), ("c", 11)] {
            downlinks.push(queued(id, true, Some(expires_at)));
        }
        assert_eq!(hear(&mut downlinks, 9, false), (Some("a".into()), String::new()));
        assert_eq!(hear(&mut downlinks, 10, true), (Some("c".into()), "a Acknowledged b Expired".into()));
    }
}
