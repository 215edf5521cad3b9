//! What may happen at a dock, one by one.

use domain::custody::{Effect, Ignored, Settled};

use crate::history::{History, SHIPPER, custodian, minute};

const CARRIER: i32 = 2;
const OTHER: i32 = 3;
const PHARMACY: i32 = 4;

#[test]
fn whoever_packed_is_the_first_custodian_and_an_offer_moves_nothing() {
    let (mut history, packed) = History::packed(&[1, 2]);
    let offer = history.offer(SHIPPER, packed, CARRIER, &[1, 2]);
    let custody = history.custody();
    assert_eq!([1, 2].map(|number| custodian(&custody, number)), [SHIPPER, SHIPPER]);
    assert_eq!(custody.boxes[&1].offers, [offer]);
}

#[test]
fn a_transfer_takes_effect_when_the_addressee_accepts() {
    let (mut history, packed) = History::packed(&[1]);
    let offer = history.offer(SHIPPER, packed, CARRIER, &[1]);
    history.accept(CARRIER, offer, &[1]);
    let custody = history.custody();
    assert_eq!(custodian(&custody, 1), CARRIER);
    assert!(
        custody.boxes[&1].offers.is_empty() && custody.conflicts.is_empty() && custody.ignored.is_empty()
    );
    let at = |at| custody.custodian_at(1, minute(at)).map(|holding| holding.organisation.id.0);
    assert_eq!(
        [at(-1), at(0), at(1), at(2), at(99)],
        [None, Some(SHIPPER), Some(SHIPPER), Some(CARRIER), Some(CARRIER)]
    );
}

#[test]
fn forty_boxes_of_a_parent_go_as_one_and_the_exceptions_stay() {
    let boxes: Vec<u32> = (1..=40).collect();
    let (mut history, packed) = History::packed(&boxes);
    let offer = history.offer(SHIPPER, packed, CARRIER, &boxes);
    let taken: Vec<u32> = (1..=38).collect();
    let accepted = history.accept(CARRIER, offer, &taken);
    history.refuse(CARRIER, offer, &[39]);
    let custody = history.custody();
    assert!(taken.iter().all(|number| custody.boxes[number].present.link == accepted));
    assert_eq!([39, 40].map(|number| custodian(&custody, number)), [SHIPPER, SHIPPER]);
    assert!(custody.boxes[&39].offers.is_empty(), "it was refused");
    assert_eq!(custody.boxes[&40].offers, [offer], "nobody has answered for it");
    assert!(custody.conflicts.is_empty(), "{:?}", custody.conflicts);
}

#[test]
fn a_refused_or_withdrawn_offer_leaves_the_custodian_who_may_offer_again() {
    for withdrawn in [false, true] {
        let (mut history, packed) = History::packed(&[1]);
        let offer = history.offer(SHIPPER, packed, CARRIER, &[1]);
        match withdrawn {
            true => history.withdraw(SHIPPER, offer),
            false => history.refuse(CARRIER, offer, &[1]),
        };
        assert_eq!(custodian(&history.custody(), 1), SHIPPER);
        history.hand_over(SHIPPER, packed, OTHER, &[1]);
        let custody = history.custody();
        assert_eq!((custodian(&custody, 1), custody.conflicts.len()), (OTHER, 0));
    }
}

#[test]
fn two_successors_of_one_are_a_conflict_and_the_present_custodian_stays() {
    let (mut history, packed) = History::packed(&[1]);
    let mut answers =
        [history.hand_over(SHIPPER, packed, CARRIER, &[1]), history.hand_over(SHIPPER, packed, OTHER, &[1])];
    answers.sort_unstable();
    let custody = history.custody();
    assert_eq!(custodian(&custody, 1), SHIPPER);
    let [conflict] = &custody.conflicts[..] else { panic!("{:?}", custody.conflicts) };
    assert_eq!(
        (&conflict.answers[..], conflict.link, conflict.settled),
        (&answers[..], packed, Settled::Open)
    );
}

#[test]
fn a_chain_that_went_on_is_not_overturned_by_a_late_second_successor_of_an_early_link() {
    let (mut history, packed) = History::packed(&[1]);
    let carrier = history.hand_over(SHIPPER, packed, CARRIER, &[1]);
    history.hand_over(CARRIER, carrier, PHARMACY, &[1]);
    history.hand_over(SHIPPER, packed, OTHER, &[1]);
    let custody = history.custody();
    assert_eq!(custodian(&custody, 1), PHARMACY);
    assert_eq!(custody.conflicts[0].settled, Settled::ByContinuation);
}

#[test]
fn an_offer_both_accepted_and_refused_is_a_conflict_until_a_correction_says_which_stands() {
    let (mut history, packed) = History::packed(&[1]);
    let offer = history.offer(SHIPPER, packed, CARRIER, &[1]);
    let accepted = history.accept(CARRIER, offer, &[1]);
    let refused = history.refuse(CARRIER, offer, &[1]);
    assert_eq!(custodian(&history.custody(), 1), SHIPPER);
    let mut annulled = history.clone();
    annulled.correct(SHIPPER, refused, Effect::Annulled);
    assert_eq!((custodian(&annulled.custody(), 1), annulled.custody().conflicts.len()), (CARRIER, 0));
    history.correct(SHIPPER, accepted, Effect::Stands);
    let custody = history.custody();
    assert_eq!((custodian(&custody, 1), custody.conflicts[0].settled), (CARRIER, Settled::ByCorrection));
}

#[test]
fn a_correction_is_a_new_entry_and_can_be_corrected_itself() {
    let (mut history, packed) = History::packed(&[1]);
    let accepted = history.hand_over(SHIPPER, packed, CARRIER, &[1]);
    let annulment = history.correct(SHIPPER, accepted, Effect::Annulled);
    let custody = history.custody();
    assert_eq!((custodian(&custody, 1), custody.ignored[&accepted]), (SHIPPER, Ignored::Annulled));
    let taken_back = history.correct(SHIPPER, annulment, Effect::Annulled);
    assert_eq!(custodian(&history.custody(), 1), CARRIER);
    history.correct(SHIPPER, taken_back, Effect::Annulled);
    assert_eq!(custodian(&history.custody(), 1), SHIPPER);
    history.correct(CARRIER, taken_back, Effect::Annulled);
    assert_eq!(custodian(&history.custody(), 1), SHIPPER, "only the consignor corrects");
}

#[test]
fn what_somebody_writes_who_is_not_entitled_changes_nothing_and_is_shown() {
    let (mut history, packed) = History::packed(&[1]);
    let stolen = history.offer(OTHER, packed, OTHER, &[1]);
    let offer = history.offer(SHIPPER, packed, CARRIER, &[1]);
    let elsewhere = history.accept(OTHER, offer, &[1]);
    let foreign = history.withdraw(OTHER, offer);
    let correction = history.correct(CARRIER, offer, Effect::Annulled);
    let wrong = history.offer(SHIPPER, offer, CARRIER, &[1]);
    let custody = history.custody();
    assert_eq!((custodian(&custody, 1), &custody.boxes[&1].offers[..]), (SHIPPER, &[offer][..]));
    let reasons = [stolen, elsewhere, foreign, correction, wrong].map(|hash| custody.ignored[&hash]);
    use Ignored::*;
    assert_eq!(reasons, [NotCustodian, NotAddressed, NotOfferer, NotConsignor, WrongLink]);
}

#[test]
fn an_entry_waits_for_the_one_that_it_names() {
    let (mut history, packed) = History::packed(&[1]);
    let offer = history.offer(SHIPPER, packed, CARRIER, &[1]);
    let accepted = history.accept(CARRIER, offer, &[1]);
    let missing = history.entries.remove(1);
    let custody = history.custody();
    assert_eq!((custodian(&custody, 1), custody.ignored[&accepted]), (SHIPPER, Ignored::Waiting));
    history.entries.push(missing);
    assert_eq!(custodian(&history.custody(), 1), CARRIER);
}

#[test]
fn a_clock_that_is_behind_makes_no_second_custodian() {
    let (mut history, packed) = History::packed(&[1]);
    let offer = history.offer(SHIPPER, packed, CARRIER, &[1]);
    let accepted = history.accept(CARRIER, offer, &[1]);
    let (_, mut entry) = history.entries.pop().unwrap();
    entry.at = minute(-500);
    let hash = domain::custody::EntryHash::of(&entry.to_text().unwrap());
    assert_ne!(hash, accepted);
    history.entries.push((hash, entry));
    let custody = history.custody();
    assert_eq!(custodian(&custody, 1), CARRIER);
    assert_eq!(custody.boxes[&1].present.from, minute(1), "not before it was offered to him");
}

#[test]
fn the_seal_is_the_last_one_that_a_custodian_put_on() {
    use domain::custody::Act;
    let (mut history, packed) = History::packed(&[1]);
    let seal = |seal: &str, continues| Act::Sealed {
        continues,
        boxes: vec![1],
        seal: seal.to_owned(),
        reason: "customs".to_owned(),
    };
    history.write(SHIPPER, seal("A1", packed));
    let carrier = history.hand_over(SHIPPER, packed, CARRIER, &[1]);
    assert_eq!(history.custody().boxes[&1].seal.as_deref(), Some("A1"));
    history.write(OTHER, seal("X9", carrier));
    assert_eq!(history.custody().boxes[&1].seal.as_deref(), Some("A1"));
    history.write(CARRIER, seal("B2", carrier));
    history.write(SHIPPER, seal("A3", packed));
    assert_eq!(
        history.custody().boxes[&1].seal.as_deref(),
        Some("B2"),
        "the carrier had it after the shipper"
    );
}
