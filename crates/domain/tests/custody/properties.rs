//! Random histories: in any order of arrival, at any moment, each box has exactly one custodian, as the model says.

use domain::custody::{Act, Custody, Effect, Entry, EntryHash};
use proptest::prelude::*;

use crate::history::{History, SHIPPER};
use crate::model::Model;

const BOXES: [u32; 3] = [1, 2, 3];

/// What happens next, by chance: which of the earlier entries it is about, by whom, and of which boxes.
#[derive(Debug, Clone)]
struct Step {
    what: u8,
    about: prop::sample::Index,
    by: i32,
    to: i32,
    honest: bool,
    boxes: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..16u8, any::<prop::sample::Index>(), 1..5i32, 1..5i32, prop::bool::weighted(0.85), 1..24u8);
    let step =
        step.prop_map(|(what, about, by, to, honest, boxes)| Step { what, about, by, to, honest, boxes });
    prop::collection::vec(step, 0..28)
}

/// Everything that people do, and some of what they must not.
fn play(steps: &[Step]) -> History {
    let (mut history, packed) = History::packed(&BOXES);
    for step in steps {
        // Mostly all of them.
        let mask = if step.boxes > 7 { 7 } else { step.boxes };
        let boxes: Vec<u32> = BOXES.into_iter().filter(|number| mask >> (number - 1) & 1 == 1).collect();
        match step.what {
            0..=4 => {
                let link =
                    pick(&history, step, |act| matches!(act, Act::Packed { .. } | Act::Accepted { .. }));
                let (link, holder) = link.unwrap_or((packed, SHIPPER));
                history.offer(if step.honest { holder } else { step.by }, link, step.to, &boxes);
            }
            5..=9 => {
                if let Some((offer, to)) = answer(&history, step) {
                    history.accept(to, offer, &boxes);
                }
            }
            10..=11 => {
                if let Some((offer, to)) = answer(&history, step) {
                    history.refuse(to, offer, &boxes);
                }
            }
            12 => {
                let offer = pick(&history, step, |act| matches!(act, Act::Offered { .. }));
                if let Some((offer, by)) = offer {
                    history.withdraw(if step.honest { by } else { step.by }, offer);
                }
            }
            _ => {
                let effect = Effect::ALL[usize::from(step.what - 13)];
                let (target, _) = pick(&history, step, |_| true).unwrap();
                history.correct(if step.honest { SHIPPER } else { step.by }, target, effect);
            }
        }
    }
    history
}

/// An earlier entry of that kind, rather a late one, and whose it is.
fn pick(history: &History, step: &Step, is: impl Fn(&Act) -> bool) -> Option<(EntryHash, i32)> {
    let found: Vec<&(EntryHash, Entry)> =
        history.entries.iter().filter(|(_, entry)| is(&entry.act)).collect();
    let last = found.len().checked_sub(1)?;
    let index = if step.honest && step.to > 1 { last } else { step.about.index(found.len()) };
    Some((found[index].0, found[index].1.by.organisation.id.0))
}

fn answer(history: &History, step: &Step) -> Option<(EntryHash, i32)> {
    let (offer, _) = pick(history, step, |act| matches!(act, Act::Offered { .. }))?;
    let (_, entry) = history.entries.iter().find(|(hash, _)| *hash == offer)?;
    let Act::Offered { to, .. } = &entry.act else { return None };
    Some((offer, if step.honest { to.organisation.id.0 } else { step.by }))
}

fn custody_of(entries: &[(EntryHash, Entry)]) -> Custody {
    Custody::of(entries.iter().map(|(hash, entry)| (*hash, entry)))
}

/// The rules that hold for every set of entries with the packing in it.
fn check(custody: &Custody, history: &History) {
    assert_eq!(custody.boxes.keys().copied().collect::<Vec<_>>(), BOXES);
    let entry = |hash: EntryHash| &history.entries.iter().find(|(known, _)| *known == hash).unwrap().1;
    for (number, of_box) in &custody.boxes {
        let holdings: Vec<_> = of_box.holdings().collect();
        for pair in holdings.windows(2) {
            assert!(pair[0].from <= pair[1].from, "one after the other");
            let Act::Accepted { answers, boxes, .. } = &entry(pair[1].link).act else {
                panic!("no acceptance")
            };
            let Act::Offered { continues, to, boxes: offered, .. } = &entry(*answers).act else {
                panic!("no offer")
            };
            assert_eq!((*continues, &to.organisation), (pair[0].link, &pair[1].organisation));
            assert!(boxes.contains(number) && offered.contains(number));
            assert_eq!(entry(*answers).by.organisation, pair[0].organisation, "the custodian offers");
        }
        for holding in &holdings {
            assert!(custody.custodian_at(*number, holding.from).is_some());
        }
        let packed_at = holdings[0].from;
        assert!(custody.custodian_at(*number, packed_at - chrono::TimeDelta::seconds(1)).is_none());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn custody_is_as_the_model_says(steps in steps()) {
        let history = play(&steps);
        let custody = history.custody();
        check(&custody, &history);
        let model = Model::of(&history);
        for (number, of_box) in &custody.boxes {
            let way: Vec<EntryHash> = of_box.holdings().map(|holding| holding.link).collect();
            prop_assert_eq!(&way, &model.way(custody.packed.unwrap(), *number));
            for link in way {
                let is_shown = custody.conflicts.iter().any(|c| c.link == link && c.boxes.contains(number));
                prop_assert_eq!(is_shown, model.is_contested(link, *number));
            }
        }
    }

    #[test]
    fn every_order_of_arrival_ends_as_the_same_custody_and_passes_through_one_custodian(
        steps in steps(),
        ranks in prop::collection::vec(any::<u32>(), 64),
    ) {
        let history = play(&steps);
        // Each entry arrives twice, at any two places.
        let twice = history.entries.iter().chain(&history.entries).cloned();
        let mut arrived: Vec<(u32, (EntryHash, Entry))> = ranks.iter().copied().zip(twice).collect();
        arrived.sort_by_key(|(rank, _)| *rank);
        let arrived: Vec<(EntryHash, Entry)> = arrived.into_iter().map(|(_, entry)| entry).collect();
        prop_assert_eq!(custody_of(&arrived), history.custody());
        for known in 1..arrived.len() {
            let custody = custody_of(&arrived[..known]);
            if custody.packed.is_some() {
                check(&custody, &history);
            }
        }
    }
}

#[test]
fn the_random_histories_are_not_all_alike() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut moved, mut contested, mut settled, mut ignored) = (0, 0, 0, 0);
    for _ in 0..1000 {
        let custody = play(&steps().new_tree(&mut runner).unwrap().current()).custody();
        moved += usize::from(custody.boxes.values().any(|of_box| of_box.earlier.len() > 1));
        contested += usize::from(!custody.conflicts.is_empty());
        settled += usize::from(custody.conflicts.iter().any(|c| c.settled != domain::custody::Settled::Open));
        ignored += usize::from(!custody.ignored.is_empty());
    }
    assert!(
        moved > 100 && contested > 100 && settled > 30 && ignored > 100,
        "{moved} {contested} {settled} {ignored}"
    );
}
