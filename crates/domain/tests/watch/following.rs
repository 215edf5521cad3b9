//! Alerts follow findings that begin, end, are taken back and begin again.

use domain::AlertId;
use domain::alert::{AlertKind, Severity};
use domain::watch::{AlertChange, Finding, StandingAlert, reconcile};
use proptest::prelude::*;
use uuid::Uuid;

use crate::alerts::standing;
use crate::scene::at;

/// From when to when; episodes of one thing never overlap, and only the last one may last.
type Episodes = Vec<(i64, Option<i64>)>;

/// Something happens to one of the things, or comes to be known of it.
fn happen(episodes: &mut Episodes, what: u8, minutes: i64) {
    let ended = |episodes: &Episodes| episodes.last().map_or(Some(0), |last| last.1);
    let before = episodes.iter().rev().nth(1).and_then(|one| one.1).unwrap_or(0);
    match (what % 6, ended(episodes)) {
        (0, Some(ended)) => episodes.push((ended + minutes, None)),
        (1, None) => episodes.last_mut().unwrap().1 = episodes.last().map(|last| last.0 + minutes),
        // Its end is annulled.
        (2, Some(_)) => episodes.last_mut().map_or((), |last| last.1 = None),
        (3, _) => drop(episodes.pop()),
        // Late data move its begin, or its end.
        (4, _) if !episodes.is_empty() => {
            let last = episodes.last_mut().unwrap();
            last.0 = (before + minutes).min(last.1.unwrap_or(i64::MAX) - 1);
        }
        (5, Some(ended)) if !episodes.is_empty() => episodes.last_mut().unwrap().1 = Some(ended + minutes),
        _ => {}
    }
}

fn findings(things: &[Episodes; 2]) -> Vec<Finding> {
    let finding = |key: usize, (began, ended): (i64, Option<i64>)| Finding {
        kind: AlertKind::OffRoute,
        key: format!("thing {key}"),
        boxes: vec![],
        severity: Severity::Warning,
        began_at: at(began),
        alarmed_at: at(began),
        ended: ended.map(|ended| (at(ended), "over")),
        detail: String::new(),
    };
    let of = |(key, episodes): (usize, &Episodes)| {
        episodes.iter().map(|episode| finding(key, *episode)).collect::<Vec<_>>()
    };
    let mut found: Vec<Finding> = things.iter().enumerate().flat_map(of).collect();
    found.sort_by(|one, other| (one.began_at, &one.key).cmp(&(other.began_at, &other.key)));
    found
}

/// What becomes of the alerts; returns those that were withdrawn.
fn apply(alerts: &mut Vec<StandingAlert>, changes: Vec<AlertChange>, next: &mut u128) -> Vec<StandingAlert> {
    let mut withdrawn = Vec::new();
    let find = |alerts: &[StandingAlert], id| alerts.iter().position(|alert| alert.id == id).unwrap();
    for change in changes {
        match change {
            AlertChange::Raise { finding } => {
                alerts.push(standing(*next, &finding, finding.ended.is_some()));
                *next += 1;
            }
            AlertChange::Amend { alert, finding, .. } => {
                let index = find(alerts, alert);
                alerts[index] = StandingAlert { id: alert, ..standing(0, &finding, false) };
            }
            AlertChange::Close { alert, .. } => {
                let index = find(alerts, alert);
                alerts[index].closed = true;
            }
            AlertChange::Withdraw { alert } => {
                let index = find(alerts, alert);
                withdrawn.push(alerts.remove(index));
            }
        }
    }
    withdrawn
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn what_is_found_is_never_withdrawn_and_looking_twice_changes_nothing(
        steps in proptest::collection::vec((any::<bool>(), any::<u8>(), 1..50_i64), 1..24),
        seed in any::<u64>(),
    ) {
        let (mut things, mut alerts, mut next) = ([vec![], vec![]], Vec::new(), 1);
        let mut rest = steps.as_slice();
        let mut turn = seed;
        while !rest.is_empty() {
            // One to three things between two looks.
            let (now, later) = rest.split_at(rest.len().min(1 + (turn % 3) as usize));
            (rest, turn) = (later, turn.rotate_right(7));
            for (which, what, minutes) in now {
                happen(&mut things[usize::from(*which)], *what, *minutes);
            }
            let found = findings(&things);
            let changes = reconcile(&alerts, &found);
            let withdrawn = apply(&mut alerts, changes, &mut next);
            for alert in withdrawn {
                let is_told = |finding: &&Finding| {
                    let ended = finding.ended.map(|(ended, _)| ended);
                    finding.key == alert.key && ended.is_none_or(|ended| alert.began_at < ended)
                };
                prop_assert_eq!(found.iter().find(is_told), None, "{:?}", alert);
            }
            prop_assert_eq!(reconcile(&alerts, &found), []);
            // What lasts has exactly one alert, which says so.
            let lasting = found.iter().filter(|finding| finding.ended.is_none());
            let live: Vec<_> = alerts.iter().filter(|alert| !alert.closed).collect();
            prop_assert_eq!(live.len(), lasting.clone().count());
            for finding in lasting {
                let is_of = |alert: &&&StandingAlert| {
                    (&alert.key, alert.began_at) == (&finding.key, finding.began_at)
                };
                prop_assert_eq!(live.iter().filter(is_of).count(), 1);
            }
            let ids: std::collections::BTreeSet<AlertId> = alerts.iter().map(|alert| alert.id).collect();
            prop_assert_eq!(ids.len(), alerts.len());
            prop_assert!(!ids.contains(&AlertId(Uuid::from_u128(0))));
        }
    }
}
