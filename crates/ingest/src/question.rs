//! A network's question whether it may post here, which comes before its credential does: AWS IoT Core's `DestinationConfirmation`.
//!
//! It is taken from anybody. So all that it does is replace the one address that a person is shown. Each sender's address has one
//! a minute, so that a stranger uses up his own and not the network's, and an integration so many, so that nobody fills the queue
//! with questions. Nothing here opens the address that it names.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use networks::message::{Body, Message};

use crate::Ingester;
use crate::integrations::Integration;
use crate::take::{NotTaken, submit};

/// The largest question, in bytes. AWS's have about 3 KiB.
pub const LONGEST: usize = 16 * 1024;

/// Questions about one integration without a credential are taken from one address at most this often.
pub const EVERY: TimeDelta = TimeDelta::minutes(1);

/// And from this many addresses in that time.
const MOST: usize = 32;

/// Who asked about which integration, and when; of the last minute.
#[derive(Default)]
pub struct Questions(Mutex<HashMap<(String, IpAddr), DateTime<Utc>>>);

impl Questions {
    /// Whether one more may be taken now, which then counts.
    pub fn may_ask(&self, integration: &str, from: IpAddr, now: DateTime<Utc>) -> bool {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|_, at| (now - *at).abs() < EVERY);
        let who = (integration.to_owned(), sender(from));
        let is_one_more = !asked.contains_key(&who);
        let about_it = asked.keys().filter(|(about, _)| about == integration).count();
        if is_one_more && about_it < MOST {
            asked.insert(who, now);
            return true;
        }
        false
    }

    /// It could not be taken: the network may ask again at once.
    pub fn was_not_taken(&self, integration: &str, from: IpAddr) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.remove(&(integration.to_owned(), sender(from)));
    }
}

/// One whom a provider gave one address: of IPv6 that is a network, of /48 where it is large.
fn sender(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

/// Returns when the address is on a disk, for a person to be shown.
pub async fn ask(ingester: &Ingester, integration: &Integration, url: String) -> Result<(), NotTaken> {
    let body = Body::Confirm { source: integration.source.clone(), url };
    submit(ingester, integration, Message { arrived_at: (ingester.clock)(), body }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_366_400 + seconds, 0).unwrap()
    }

    #[test]
    fn a_stranger_uses_up_his_own_minute_and_not_the_networks() {
        let questions = Questions::default();
        for (integration, from, seconds, is_taken) in [
            ("cloud", "203.0.113.9", 0, true),
            ("cloud", "203.0.113.9", 59, false),
            ("cloud", "::ffff:203.0.113.9", 59, false),
            ("cloud", "203.0.113.10", 59, true),
            ("other", "203.0.113.9", 59, true),
            ("cloud", "203.0.113.9", 60, true),
            ("cloud", "2001:db8:1::1", 60, true),
            ("cloud", "2001:db8:1:ffff::2", 60, false),
            ("cloud", "2001:db8:2::1", 60, true),
        ] {
            let taken = questions.may_ask(integration, from.parse().unwrap(), at(seconds));
            assert_eq!(taken, is_taken, "{integration} from {from} at {seconds} s");
        }
    }

    #[test]
    fn a_question_that_could_not_be_taken_does_not_count() {
        let (questions, from) = (Questions::default(), "203.0.113.9".parse().unwrap());
        assert!(questions.may_ask("cloud", from, at(0)));
        questions.was_not_taken("cloud", from);
        assert!(questions.may_ask("cloud", from, at(0)));
        assert!(!questions.may_ask("cloud", from, at(0)));
    }

    #[test]
    fn many_strangers_do_not_fill_the_queue() {
        let questions = Questions::default();
        let ask = |integration: &str, number: u32, seconds| {
            questions.may_ask(integration, std::net::Ipv4Addr::from(number).into(), at(seconds))
        };
        let taken = (0..100).filter(|number| ask("cloud", *number, 0)).count();
        assert_eq!(taken, MOST);
        assert!(ask("other", 0, 0));
        assert!(ask("cloud", 100, 60));
        assert_eq!(questions.0.lock().unwrap().len(), 1, "what is over is forgotten");
    }
}
