//! How many requests one caller may send in a minute: all at once or spread, by GCRA.
//!
//! Counts are this process's own, in memory: a caller that has not asked for a minute is forgotten.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use domain::UserId;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// The time that a quota is for, in seconds.
const WINDOW_S: u32 = 60;

/// The most callers that are told apart at the same time. Whoever comes while there are as many shares one count.
const MOST_CALLERS: usize = 100_000;

/// Requests a minute; 0: any number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Quotas {
    /// Of one user or key.
    pub per_user: u32,
    /// Of one address whose requests prove nobody.
    pub per_address: u32,
    /// Of one address that logs in or exchanges a key: each may be a guess.
    pub log_ins: u32,
    /// Whether the caller's address is what the nearest reverse proxy says (the last of `X-Forwarded-For`).
    pub behind_proxy: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Caller {
    User(UserId),
    Address(IpAddr),
    /// Everybody who is one too many.
    Others,
}

/// What is said of a request: whether it may go on, and what is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub policy: &'static str,
    pub quota: u32,
    pub window_s: u32,
    pub left: u32,
    /// Until all of the quota is there again, or the next request may come.
    pub wait_s: u64,
    pub is_over: bool,
}

type Limiter<C> = RateLimiter<Caller, HashMapStateStore<Caller>, C, StateInformationMiddleware>;

struct Limit<C: Clock> {
    policy: &'static str,
    quota: NonZeroU32,
    clock: C,
    limiter: Limiter<C>,
}

impl<C: Clock + Clone> Limit<C> {
    fn new(policy: &'static str, quota: u32, clock: &C) -> Option<Self> {
        let quota = NonZeroU32::new(quota)?;
        let limiter = RateLimiter::new(Quota::per_minute(quota), HashMapStateStore::default(), clock.clone());
        Some(Self { policy, quota, clock: clock.clone(), limiter })
    }

    fn count(&self, caller: Caller) -> Count {
        let caller = if self.limiter.len() < MOST_CALLERS { caller } else { Caller::Others };
        let quota = self.quota.get();
        let count = |left: u32, wait: Duration, is_over| Count {
            policy: self.policy,
            quota,
            window_s: WINDOW_S,
            left,
            wait_s: wait.as_secs() + u64::from(wait.subsec_nanos() > 0),
            is_over,
        };
        match self.limiter.check_key(&caller) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let spent = quota.saturating_sub(left);
                count(left, Duration::from_secs(WINDOW_S.into()) * spent / quota, false)
            }
            Err(refused) => count(0, refused.wait_time_from(self.clock.now()), true),
        }
    }
}

pub struct Limits<C: Clock = DefaultClock> {
    of_users: Option<Limit<C>>,
    of_addresses: Option<Limit<C>>,
    of_log_ins: Option<Limit<C>>,
    pub behind_proxy: bool,
}

impl<C: Clock + Clone> Limits<C> {
    pub fn new(quotas: Quotas, clock: &C) -> Self {
        Self {
            of_users: Limit::new("user", quotas.per_user, clock),
            of_addresses: Limit::new("address", quotas.per_address, clock),
            of_log_ins: Limit::new("log-in", quotas.log_ins, clock),
            behind_proxy: quotas.behind_proxy,
        }
    }

    /// Counts a request of somebody who is known; None: there is no limit.
    pub fn count_user(&self, user: UserId) -> Option<Count> {
        Some(self.of_users.as_ref()?.count(Caller::User(user)))
    }

    /// Counts a request from an address.
    pub fn count_address(&self, address: IpAddr) -> Option<Count> {
        Some(self.of_addresses.as_ref()?.count(Caller::Address(network(address))))
    }

    /// Counts a password by which somebody who is known signs: it may be a guess as well.
    pub fn count_signature(&self, user: UserId) -> Option<Count> {
        Some(self.of_log_ins.as_ref()?.count(Caller::User(user)))
    }

    /// Counts an attempt to prove who one is.
    pub fn count_log_in(&self, address: IpAddr) -> Option<Count> {
        Some(self.of_log_ins.as_ref()?.count(Caller::Address(network(address))))
    }

    /// Forgets whoever has all of his quota again.
    pub fn forget(&self) {
        for limit in [&self.of_users, &self.of_addresses, &self.of_log_ins].into_iter().flatten() {
            limit.limiter.retain_recent();
        }
    }
}

/// Of IPv6 the network of 64 bits, all of which one subscriber has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limits(clock: &FakeRelativeClock) -> Limits<FakeRelativeClock> {
        Limits::new(Quotas { per_user: 3, per_address: 2, log_ins: 0, behind_proxy: false }, clock)
    }

    fn user(number: u128) -> UserId {
        UserId(uuid::Uuid::from_u128(number))
    }

    #[test]
    fn a_quota_is_spent_at_once_or_spread_and_comes_back_by_the_clock() {
        let clock = FakeRelativeClock::default();
        let limits = limits(&clock);
        let count = |user| limits.count_user(user).unwrap();
        let spent = [(2, 20), (1, 40), (0, 60)];
        for (left, wait_s) in spent {
            let found = count(user(1));
            assert_eq!((found.left, found.wait_s, found.is_over), (left, wait_s, false));
        }
        assert_eq!(
            count(user(1)),
            Count { policy: "user", quota: 3, window_s: 60, left: 0, wait_s: 20, is_over: true }
        );
        assert!(!count(user(2)).is_over, "each has its own");
        clock.advance(Duration::from_millis(19_999));
        assert_eq!(count(user(1)).wait_s, 1);
        clock.advance(Duration::from_millis(1));
        assert!(!count(user(1)).is_over);
        assert!(count(user(1)).is_over, "one came back");
    }

    #[test]
    fn an_address_is_its_network_and_whoever_may_all_is_not_counted() {
        let clock = FakeRelativeClock::default();
        let limits = limits(&clock);
        let over = |address: &str| limits.count_address(address.parse().unwrap()).unwrap().is_over;
        let asked = ["2001:db8::1", "2001:db8::ffff:1", "2001:db8::2", "2001:db8:0:1::1"];
        assert_eq!(asked.map(over), [false, false, true, false]);
        assert_eq!(["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1"].map(over), [false, false, true]);
        assert_eq!(limits.count_log_in("192.0.2.1".parse().unwrap()), None);
    }

    #[test]
    fn whoever_has_not_asked_for_a_minute_is_forgotten() {
        let clock = FakeRelativeClock::default();
        let limits = limits(&clock);
        let known = || limits.of_users.as_ref().unwrap().limiter.len();
        for number in 0..50 {
            limits.count_user(user(number));
        }
        limits.forget();
        assert_eq!(known(), 50, "they have not got all of it back");
        clock.advance(Duration::from_secs(61));
        limits.count_user(user(7));
        limits.forget();
        assert_eq!(known(), 1);
    }
}
