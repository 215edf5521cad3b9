//! The service's records: numbered and chained in the order in which entries came to be known.

use domain::OrganisationId;
use domain::custody::record::{Fault, KeyId, LedgerRow, Record};
use domain::shipment::HoldReason;

use crate::history::{History, SHIPMENT, SHIPPER, minute};

/// A ledger with every kind of link, its entries known in the order of writing.
pub fn ledger() -> Vec<LedgerRow> {
    let (mut history, packed) = History::packed(&[1, 2]);
    let carrier = history.hand_over(SHIPPER, packed, 2, &[1, 2]);
    let offer = history.offer(2, carrier, 3, &[1, 2]);
    history.refuse(3, offer, &[2]);
    history.accept(3, offer, &[1]);
    let mut kept: Vec<LedgerRow> = Vec::new();
    for (number, (hash, entry)) in history.entries.iter().enumerate() {
        let last = kept.last().map(|kept| kept.record.as_str());
        let known = (None, (number > 3).then_some(HoldReason::Incomplete));
        let record = Record::after(last, (entry, *hash), minute(100 + number as i64), known).unwrap();
        kept.push(LedgerRow {
            shipment: SHIPMENT,
            sequence: record.sequence,
            organisation: OWNER,
            entry_id: entry.id,
            entry: entry.to_text().unwrap(),
            record: record.to_text().unwrap(),
            signature: [0; 64],
            key: KeyId::of(&[0; 32]),
        });
    }
    kept
}

const OWNER: OrganisationId = OrganisationId(SHIPPER);

fn read(rows: &[LedgerRow]) -> Result<Vec<(Record, domain::custody::Entry)>, Fault> {
    domain::custody::record::read(OWNER, SHIPMENT, rows)
}

#[test]
fn a_ledger_reads_back() {
    let read = read(&ledger()).unwrap();
    assert_eq!(read.iter().map(|(record, _)| record.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_record_taken_out_put_in_or_moved_is_found() {
    let whole = ledger();
    for index in 0..whole.len() {
        let mut without = whole.clone();
        without.remove(index);
        // The last one leaves no trace in the others: that is what the signed head is for.
        assert_eq!(read(&without).is_err(), index + 1 < whole.len(), "without {index}");
        let mut doubled = whole.clone();
        doubled.insert(index, whole[index].clone());
        assert!(read(&doubled).is_err(), "{index} twice");
        for other in 0..index {
            let mut moved = whole.clone();
            moved.swap(index, other);
            assert!(read(&moved).is_err(), "{index} and {other} exchanged");
        }
    }
}

#[test]
fn a_row_that_is_kept_under_another_name_than_it_bears_is_found() {
    let whole = ledger();
    let changes: [fn(&mut LedgerRow); 4] = [
        |row| row.sequence += 1,
        |row| row.organisation = OrganisationId(2),
        |row| row.entry_id = uuid::Uuid::from_u128(8),
        |row| row.shipment = domain::ShipmentId(uuid::Uuid::from_u128(8)),
    ];
    for index in 0..whole.len() {
        for change in changes {
            let mut rows = whole.clone();
            change(&mut rows[index]);
            assert_eq!(read(&rows).unwrap_err().place, index + 1);
        }
    }
}

#[test]
fn a_change_of_any_byte_of_any_entry_is_found_and_of_any_record_but_the_last() {
    let whole = ledger();
    for index in 0..whole.len() {
        for (is_entry, text) in [(true, &whole[index].entry), (false, &whole[index].record)] {
            if !is_entry && index + 1 == whole.len() {
                continue;
            }
            for at in 0..text.len() {
                for other in [b'0', b'x', b' ', b'"'] {
                    let mut bytes = text.clone().into_bytes();
                    if bytes[at] == other {
                        continue;
                    }
                    bytes[at] = other;
                    let Ok(changed) = String::from_utf8(bytes) else { continue };
                    let mut kept = whole.clone();
                    if is_entry {
                        kept[index].entry = changed
                    } else {
                        kept[index].record = changed
                    }
                    assert!(read(&kept).is_err(), "{index} at {at}: {kept:?}");
                }
            }
        }
    }
}
