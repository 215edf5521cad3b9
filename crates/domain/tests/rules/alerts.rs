//! Alerts against episodes that late data change.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::alert::{AlertChange, LiveAlert, Severity, WithdrawReason, reconcile};
use domain::because::Cause;
use domain::evaluate::{Episode, evaluate};
use domain::ids::AlertId;
use proptest::prelude::*;
use uuid::Uuid;

use crate::series::{any_profile, any_series, at, second};

fn episode(alarm: &str, began: i64, ended: Option<i64>) -> Episode {
    Episode {
        alarm: alarm.to_owned(),
        severity: Severity::Warning,
        began_at: at(began),
        alarmed_at: Some(at(began)),
        ended_at: ended.map(at),
        exposure_s: ended.unwrap_or(1_000) - began,
        extreme: 900,
    }
}

/// What a store does with the changes; ids count up.
#[derive(Clone, Default)]
pub struct Ledger {
    live: BTreeMap<AlertId, LiveAlert>,
    ended: BTreeSet<AlertId>,
    raised: u128,
}

impl Ledger {
    fn reconcile(&mut self, episodes: &[Episode]) -> Vec<AlertChange> {
        self.reconcile_unsettled(episodes, None)
    }

    /// Only with the alerts that a fold from there on can change.
    pub fn reconcile_unsettled(
        &mut self,
        episodes: &[Episode],
        settled_until: Option<DateTime<Utc>>,
    ) -> Vec<AlertChange> {
        let unsettled = self.live.values().filter(|alert| alert.is_unsettled(settled_until));
        let alerts: Vec<LiveAlert> = unsettled.cloned().collect();
        let changes = reconcile(&alerts, episodes);
        for change in &changes {
            self.apply(change);
        }
        changes
    }

    fn apply(&mut self, change: &AlertChange) {
        match change {
            AlertChange::Raise { episode } => {
                self.raised += 1;
                let id = AlertId(Uuid::from_u128(self.raised));
                self.live.insert(id, alert(id, episode, false));
            }
            AlertChange::Amend { alert: id, episode, reopened } => {
                let acknowledged = self.live[id].acknowledged && !reopened;
                self.live.insert(*id, alert(*id, episode, acknowledged));
            }
            AlertChange::Merge { alert, .. } | AlertChange::Withdraw { alert, .. } => {
                assert!(self.live.remove(alert).is_some(), "only a live alert ends");
                self.ended.insert(*alert);
            }
        }
    }

    fn acknowledge(&mut self, number: u128) {
        self.live.get_mut(&AlertId(Uuid::from_u128(number))).unwrap().acknowledged = true;
    }

    /// The live alerts without what depends on history: their ids and acknowledgements.
    pub fn content(&self) -> Vec<String> {
        let mut content: Vec<_> = self
            .live
            .values()
            .map(|a| {
                format!(
                    "{} {:?} {} {} {:?} {} {}",
                    a.alarm, a.severity, a.began_at, a.alarmed_at, a.ended_at, a.exposure_s, a.extreme
                )
            })
            .collect();
        content.sort();
        content
    }
}

pub fn any_alert() -> LiveAlert {
    alert(AlertId(Uuid::nil()), &episode("any", 0, None), false)
}

fn alert(id: AlertId, episode: &Episode, acknowledged: bool) -> LiveAlert {
    LiveAlert {
        id,
        alarm: episode.alarm.clone(),
        severity: episode.severity,
        acknowledged,
        began_at: episode.began_at,
        alarmed_at: episode.alarmed_at.unwrap(),
        ended_at: episode.ended_at,
        exposure_s: episode.exposure_s,
        extreme: episode.extreme,
    }
}

fn id(number: u128) -> AlertId {
    AlertId(Uuid::from_u128(number))
}

#[test]
fn a_changed_episode_amends_the_same_alert_and_an_unchanged_one_does_nothing() {
    let mut ledger = Ledger::default();
    ledger.reconcile(&[episode("a", 100, None)]);
    assert_eq!(ledger.reconcile(&[episode("a", 100, None)]), []);
    let longer = episode("a", 50, Some(200));
    let changes = ledger.reconcile(std::slice::from_ref(&longer));
    assert_eq!(changes, [AlertChange::Amend { alert: id(1), episode: longer, reopened: false }]);
}

#[test]
fn merged_episodes_leave_the_earlier_alert_standing() {
    let mut ledger = Ledger::default();
    // Raised in the other order: the earlier is the one that began earlier.
    ledger.reconcile(&[episode("a", 100, Some(200))]);
    ledger.reconcile(&[episode("a", 0, Some(50)), episode("a", 100, Some(200))]);
    let whole = episode("a", 0, Some(200));
    let changes = ledger.reconcile(std::slice::from_ref(&whole));
    assert_eq!(
        changes,
        [
            AlertChange::Amend { alert: id(2), episode: whole, reopened: false },
            AlertChange::Merge { alert: id(1), into: id(2) },
        ]
    );
}

#[test]
fn a_split_episode_keeps_its_alert_on_the_earlier_part_and_raises_one_for_the_later() {
    let mut ledger = Ledger::default();
    ledger.reconcile(&[episode("a", 0, Some(200))]);
    let parts = [episode("a", 0, Some(50)), episode("a", 100, Some(200))];
    let changes = ledger.reconcile(&parts);
    let [earlier, later] = parts;
    assert_eq!(
        changes,
        [
            AlertChange::Amend { alert: id(1), episode: earlier, reopened: false },
            AlertChange::Raise { episode: later },
        ]
    );
}

#[test]
fn a_merge_that_splits_again_raises_a_new_alert_and_revives_none() {
    let mut ledger = Ledger::default();
    let parts = [episode("a", 0, Some(50)), episode("a", 100, Some(200))];
    ledger.reconcile(&parts);
    ledger.reconcile(&[episode("a", 0, Some(200))]);
    ledger.reconcile(&parts);
    assert_eq!(ledger.live.keys().copied().collect::<Vec<_>>(), [id(1), id(3)]);
    assert_eq!(ledger.ended, BTreeSet::from([id(2)]));
}

#[test]
fn an_alert_is_withdrawn_with_the_reason_that_data_give() {
    let mut ledger = Ledger::default();
    ledger.reconcile(&[episode("a", 0, Some(50)), episode("a", 100, Some(200))]);
    let shorter = Episode { alarmed_at: None, ..episode("a", 0, Some(10)) };
    assert_eq!(
        ledger.reconcile(&[shorter]),
        [
            AlertChange::Withdraw { alert: id(1), reason: WithdrawReason::DelayNotReached },
            AlertChange::Withdraw { alert: id(2), reason: WithdrawReason::NoExposure },
        ]
    );
}

#[test]
fn an_episode_that_begins_where_an_alert_ends_is_another() {
    let mut ledger = Ledger::default();
    ledger.reconcile(&[episode("a", 0, Some(50))]);
    ledger.reconcile(&[episode("a", 50, Some(80))]);
    assert_eq!(ledger.live.keys().copied().collect::<Vec<_>>(), [id(2)]);
    ledger.reconcile(&[episode("a", 79, Some(90))]);
    assert_eq!(ledger.live.keys().copied().collect::<Vec<_>>(), [id(2)]);
}

#[test]
fn alerts_of_different_alarms_never_meet() {
    let mut ledger = Ledger::default();
    ledger.reconcile(&[episode("a", 0, Some(50)), episode("b", 0, Some(50))]);
    ledger.reconcile(&[episode("b", 0, Some(50))]);
    assert_eq!(ledger.live.values().map(|alert| alert.alarm.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn an_acknowledgement_survives_unless_severity_rises() {
    let mut ledger = Ledger::default();
    ledger.reconcile(&[episode("a", 0, None)]);
    ledger.acknowledge(1);
    ledger.reconcile(&[episode("a", 0, Some(80))]);
    assert!(ledger.live[&id(1)].acknowledged);
    ledger.reconcile(&[Episode { severity: Severity::Info, ..episode("a", 0, Some(80)) }]);
    assert!(ledger.live[&id(1)].acknowledged);
    ledger.reconcile(&[Episode { severity: Severity::Critical, ..episode("a", 0, Some(80)) }]);
    assert!(!ledger.live[&id(1)].acknowledged);
}

/// Disjoint episodes of two alarms, some short of their delay, the last perhaps lasting.
fn any_episodes() -> impl Strategy<Value = Vec<Episode>> {
    let of_one = |alarm: &'static str| {
        let parts = proptest::collection::vec((1..30_i64, 1..40_i64, any::<bool>()), 0..5);
        (parts, any::<bool>()).prop_map(move |(parts, lasts)| {
            let mut position = 0;
            let mut episodes = Vec::new();
            for (pause, length, alarmed) in parts {
                let began = position + pause;
                position = began + length;
                let mut episode = episode(alarm, began, Some(position));
                episode.alarmed_at = alarmed.then(|| at(began + length / 2));
                episodes.push(episode);
            }
            if let Some(last) = episodes.last_mut().filter(|_| lasts) {
                last.ended_at = None;
            }
            episodes
        })
    };
    (of_one("a"), of_one("b")).prop_map(|(a, b)| a.into_iter().chain(b).collect())
}

#[test]
fn the_reason_of_a_withdrawal_is_what_really_brought_it_about() {
    for cause in Cause::ALL {
        for reason in [WithdrawReason::NoExposure, WithdrawReason::DelayNotReached] {
            let text = reason.text(*cause);
            assert_eq!(text.contains("late readings"), *cause == Cause::LateReadings, "{cause}: {text}");
            assert_eq!(text.contains("ride ended"), *cause == Cause::Unbound, "{cause}: {text}");
            assert_eq!(text.contains("delay"), reason == WithdrawReason::DelayNotReached, "{cause}: {text}");
        }
    }
}

pub fn after_one_application(episodes: &[Episode]) -> Vec<String> {
    let mut ledger = Ledger::default();
    ledger.reconcile(episodes);
    ledger.content()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn live_alerts_are_a_function_of_the_last_episodes_whatever_came_before(
        history in proptest::collection::vec(any_episodes(), 1..8),
    ) {
        let mut ledger = Ledger::default();
        for episodes in &history {
            let known: BTreeSet<AlertId> = ledger.live.keys().copied().collect();
            let changes = ledger.reconcile(episodes);
            prop_assert_eq!(ledger.content(), after_one_application(episodes));
            let alarmed = episodes.iter().filter(|episode| episode.alarmed_at.is_some()).count();
            prop_assert_eq!(ledger.live.len(), alarmed);
            for change in &changes {
                if let AlertChange::Merge { into, .. } = change {
                    prop_assert!(known.contains(into) && ledger.live.contains_key(into));
                }
            }
            prop_assert!(ledger.ended.iter().all(|ended| !ledger.live.contains_key(ended)));
            prop_assert_eq!(ledger.reconcile(episodes), []);
        }
    }

    #[test]
    fn readings_in_any_order_and_any_batches_leave_the_same_live_alerts(
        profile in any_profile(),
        shuffled in any_series().prop_shuffle(),
        batch in 1..6_usize,
        to in 90..120_i64,
    ) {
        let assess = |readings: &[domain::Reading]| {
            let assessment = evaluate(&profile, readings, Some(at(5)), Some(at(to))).unwrap();
            prop_assert!(assessment.episodes.iter().all(|episode| second(episode.began_at) >= 5));
            Ok(assessment.episodes)
        };
        let mut ledger = Ledger::default();
        for arrived in (0..=shuffled.len()).step_by(batch).chain([shuffled.len()]) {
            ledger.reconcile(&assess(&shuffled[..arrived])?);
        }
        prop_assert_eq!(ledger.content(), after_one_application(&assess(&shuffled)?));
    }
}
