//! A package reads back as whole, and every way of changing it is found.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use chrono::{DateTime, TimeDelta, Utc};
use domain::custody::record::{KeyId, LedgerRow, Record};
use domain::custody::{
    Account, Act, Actor, Addressee, Condition, Entry, EntryHash, Organisation, PhotoHash, PhotoKind, Seal,
    Seen, Strength, Whereabouts,
};
use domain::evidence::{Evidence, PublicKey};
use domain::{BadgeId, OrganisationId, ShipmentId, UserId};
use ed25519_dalek::{Signer, SigningKey};
use report::{Checked, Fault, check, package};
use serde_json::Value;
use uuid::Uuid;

const SHIPMENT: ShipmentId = ShipmentId(Uuid::from_u128(7));
const OWNER: OrganisationId = OrganisationId(1);

const PHOTO: &[u8] = b"\xff\xd8\xff a photo";

type Photo = (PhotoHash, PhotoKind, Vec<u8>);

fn photo(bytes: &[u8]) -> Photo {
    (PhotoHash::of(bytes), PhotoKind::Jpeg, bytes.to_vec())
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_225_600, 0).unwrap() + TimeDelta::minutes(minute)
}

/// A service with its key.
struct Service {
    key: SigningKey,
}

impl Service {
    fn new(secret: u8) -> Self {
        Self { key: SigningKey::from_bytes(&[secret; 32]) }
    }

    fn public(&self) -> PublicKey {
        let bytes = self.key.verifying_key().to_bytes();
        PublicKey { id: KeyId::of(&bytes), bytes, first_used_at: at(0) }
    }

    fn id(&self) -> KeyId {
        self.public().id
    }

    fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.key.sign(text).to_bytes()
    }

    /// The ledger of these entries, in this order.
    fn ledger(&self, entries: &[Entry]) -> Vec<LedgerRow> {
        let mut rows: Vec<LedgerRow> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let text = entry.to_text().unwrap();
            let last = rows.last().map(|row| row.record.as_str());
            let known = at(100 + i64::try_from(index).unwrap());
            let record = Record::after(last, (entry, EntryHash::of(&text)), known, (None, None)).unwrap();
            let record_text = record.to_text().unwrap();
            rows.push(LedgerRow {
                shipment: SHIPMENT,
                sequence: record.sequence,
                organisation: OWNER,
                entry_id: entry.id,
                entry: text,
                signature: self.sign(record_text.as_bytes()),
                record: record_text,
                key: self.id(),
            });
        }
        rows
    }

    /// With the photos that its entries name.
    fn export(&self, ledger: Vec<LedgerRow>) -> Vec<u8> {
        let photos = if ledger.is_empty() { vec![] } else { vec![photo(PHOTO)] };
        self.export_with(ledger, photos)
    }

    fn export_with(&self, ledger: Vec<LedgerRow>, photos: Vec<Photo>) -> Vec<u8> {
        let evidence = Evidence {
            shipment: SHIPMENT,
            reference: "PO-2026-0042".into(),
            organisation: OWNER,
            exported_at: at(500),
            exported_by: "quality@example.org".into(),
            ledger_length: 0,
            ledger,
            keys: vec![self.public()],
            documents: vec![
                ("readings.csv".into(), b"measured_at,temperature_c\n2026-01-01T00:00:00Z,5.00\n".to_vec()),
                ("assessment.json".into(), b"{\"verdict\":\"no_excursion\"}\n".to_vec()),
            ],
            photos,
        };
        package(&evidence, &self.id(), |text| self.sign(text)).unwrap()
    }
}

fn organisation(id: i32) -> Organisation {
    Organisation {
        id: OrganisationId(id),
        name: format!("organisation {id}"),
        gln: Some("9506000134307".into()),
    }
}

/// Everything that an entry can say is said by one of them.
fn entries() -> Vec<Entry> {
    let entry = |number: u128, by: i32, act: Act| Entry {
        shipment: SHIPMENT,
        id: Uuid::from_u128(number),
        at: at(i64::try_from(number).unwrap()),
        by: Actor {
            organisation: organisation(by),
            person: Some("A person".into()),
            user: Some(UserId(Uuid::from_u128(7))),
            badge: Some(BadgeId(Uuid::from_u128(8))),
            written_on: Some(Account { user: UserId(Uuid::from_u128(9)), person: "A driver".into() }),
            strength: Strength::Badge,
        },
        whereabouts: Some(Whereabouts {
            place: Some("Dock 3".into()),
            lat: Some(52.5),
            lon: Some(13.4),
            accuracy_m: Some(30),
        }),
        act,
    };
    let seen = || Seen {
        seals: vec![Seal { number: 1, seal: "S-1".into() }],
        condition: Some(Condition::Intact),
        note: Some("dry".into()),
        photo: Some(PhotoHash::of(PHOTO)),
    };
    let hash = |entry: &Entry| EntryHash::of(&entry.to_text().unwrap());
    let packed =
        entry(1, 1, Act::Packed { boxes: vec![1, 2], seals: vec![Seal { number: 1, seal: "S-1".into() }] });
    let to = Addressee { organisation: organisation(2), person: None };
    let (continues, exceptions) = (hash(&packed), Vec::new());
    let offered = entry(
        2,
        1,
        Act::Offered {
            continues,
            boxes: vec![1, 2],
            exceptions,
            parent: Some("P-1".into()),
            to,
            seen: seen(),
        },
    );
    let answers = hash(&offered);
    let exceptions = vec![domain::custody::Exception { number: 2, reason: "not there".into() }];
    let accepted =
        entry(3, 2, Act::Accepted { answers, boxes: vec![1], exceptions, quarantine: true, seen: seen() });
    vec![packed, offered, accepted]
}

fn whole() -> (Service, Vec<u8>) {
    let service = Service::new(1);
    let package = service.export(service.ledger(&entries()));
    (service, package)
}

fn is_altered(outcome: &Result<Checked, Fault>) -> bool {
    matches!(outcome, Err(Fault::Altered(_)))
}

#[test]
fn a_package_is_whole_and_says_whether_its_key_was_checked() {
    let (service, package) = whole();
    let checked = check(&package, None).unwrap();
    assert_eq!((checked.reference.as_str(), checked.ledger_rows), ("PO-2026-0042", 3));
    assert_eq!((checked.signed_by, checked.key_checked), (service.id(), false));
    assert!(check(&package, Some(&[service.public()])).unwrap().key_checked);
    let empty = service.export(Vec::new());
    assert_eq!(check(&empty, None).unwrap().ledger_rows, 0);
}

#[test]
fn a_change_of_any_byte_of_the_package_is_found() {
    let (_, package) = whole();
    for index in 0..package.len() {
        for change in [1, 0x20, 0x80] {
            let mut changed = package.clone();
            changed[index] ^= change;
            assert!(check(&changed, None).is_err(), "byte {index} xor {change}");
        }
        let mut shorter = package.clone();
        shorter.remove(index);
        assert!(check(&shorter, None).is_err(), "without byte {index}");
        assert!(check(&package[..index], None).is_err(), "cut at {index}");
    }
    let mut longer = package.clone();
    longer.push(0);
    assert!(is_altered(&check(&longer, None)), "a byte more");
}

/// The rows as a forger without the key can have them: rehashed and exported anew by a service with another key, the
/// rows' own signatures as they were.
fn with_rows(rows: Vec<LedgerRow>) -> Result<Checked, Fault> {
    let service = Service::new(1);
    check(&service.export(rows), Some(&[service.public()]))
}

#[test]
fn a_change_of_any_value_of_any_row_is_found_and_named_even_where_the_package_is_signed_anew() {
    let rows = Service::new(1).ledger(&entries());
    assert!(with_rows(rows.clone()).is_ok());
    let mut changes = 0;
    for index in 0..rows.len() {
        let row = serde_json::to_value(&rows[index]).unwrap();
        let mut variants: Vec<Value> = Vec::new();
        for name in row.as_object().unwrap().keys() {
            let mut changed = row.clone();
            changed[name] = match &row[name] {
                Value::Number(number) => (number.as_i64().unwrap() + 1).into(),
                Value::String(text) if name == "entry" || name == "record" => {
                    variants.extend(leaves_changed(&row, name, text));
                    continue;
                }
                Value::String(text) => flipped(text).into(),
                other => panic!("{other}"),
            };
            variants.push(changed);
        }
        for variant in variants {
            changes += 1;
            let mut changed = rows.clone();
            changed[index] = serde_json::from_value(variant.clone()).unwrap();
            let Err(Fault::Altered(what)) = with_rows(changed) else { panic!("{variant}") };
            let named = what.contains(&format!("row {}", index + 1)) || what.contains("key");
            assert!(named, "{what}: {variant}");
        }
    }
    assert!(changes > 80, "{changes}");
}

/// The row with each value of the text under `name` changed, one at a time.
fn leaves_changed(row: &Value, name: &str, text: &str) -> Vec<Value> {
    let inner: Value = serde_json::from_str(text).unwrap();
    let mut paths = Vec::new();
    leaves(&inner, String::new(), &mut paths);
    let changed = |path: &String| {
        let mut inner = inner.clone();
        let leaf = inner.pointer_mut(path).unwrap();
        *leaf = match &*leaf {
            Value::Number(number) if number.is_f64() => (number.as_f64().unwrap() + 0.5).into(),
            Value::Number(number) => (number.as_i64().unwrap() + 1).into(),
            Value::String(text) => flipped(text).into(),
            Value::Bool(value) => (!value).into(),
            other => panic!("{other}"),
        };
        let mut row = row.clone();
        row[name] = inner.to_string().into();
        row
    };
    paths.iter().map(changed).collect()
}

fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(value, format!("{path}/{name}"), found);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                leaves(value, format!("{path}/{index}"), found);
            }
        }
        _ => found.push(path),
    }
}

/// The text with its last letter or digit exchanged: still a hash, an id or a time where it was one.
fn flipped(text: &str) -> String {
    let at = text.rfind(|c: char| c.is_ascii_hexdigit() || c.is_alphanumeric()).unwrap();
    let other = if text[at..].starts_with('1') { "2" } else { "1" };
    let end = at + text[at..].chars().next().unwrap().len_utf8();
    format!("{}{other}{}", &text[..at], &text[end..])
}

#[test]
fn a_row_taken_out_put_in_or_moved_is_found() {
    let rows = Service::new(1).ledger(&entries());
    for index in 0..rows.len() {
        let mut without = rows.clone();
        without.remove(index);
        // What is cut from the end leaves no trace in the rows: the manifest that was signed with it says so.
        let cut = index + 1 == rows.len();
        assert_eq!(is_altered(&with_rows(without.clone())), !cut, "without {index}");
        let (_, package) = whole();
        assert!(is_altered(&check(&replaced(&package, &without), None)), "without {index}, signed as it was");
        for other in 0..rows.len() {
            let mut doubled = rows.clone();
            doubled.insert(other, rows[index].clone());
            assert!(is_altered(&with_rows(doubled)), "{index} again at {other}");
            let mut moved = rows.clone();
            moved.swap(index, other);
            assert_eq!(is_altered(&with_rows(moved)), index != other, "{index} and {other} exchanged");
        }
    }
}

#[test]
fn a_photo_that_was_changed_removed_exchanged_or_added_is_found_even_where_the_package_is_signed_anew() {
    let service = Service::new(1);
    let rows = service.ledger(&entries());
    let checked = |photos: Vec<Photo>| {
        check(&service.export_with(rows.clone(), photos), Some(&[service.public()]))
            .map_err(|fault| fault.to_string())
    };
    let (whole, other) = (photo(PHOTO), photo(b"\xff\xd8\xff another"));
    let (hash, name) = (whole.0, format!("photos/{}.jpg", whole.0));
    assert!(checked(vec![whole.clone()]).is_ok());
    let as_png = (hash, PhotoKind::Png, PHOTO.to_vec());
    assert!(checked(vec![as_png.clone()]).is_ok(), "what counts is its hash");

    let mut changed = whole.clone();
    changed.2[5] ^= 1;
    let exchanged = (hash, PhotoKind::Jpeg, other.2.clone());
    for photos in [vec![changed], vec![exchanged]] {
        assert_eq!(
            checked(photos),
            Err(format!("{name} is not the photo that row 2 of custody.jsonl names"))
        );
    }
    let missing = format!("photos/{hash}, which row 2 of custody.jsonl names, is missing");
    assert_eq!(checked(vec![]), Err(missing.clone()));
    assert_eq!(checked(vec![other.clone()]), Err(missing));
    let added = format!("photos/{}.jpg is named by no row of custody.jsonl", other.0);
    assert_eq!(checked(vec![whole.clone(), other]), Err(added));
    assert!(checked(vec![whole, as_png]).is_err(), "the same one twice");
}

/// The package with another ledger in it, everything else as it was.
fn replaced(package: &[u8], rows: &[LedgerRow]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(package)).unwrap();
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        if name == "custody.jsonl" {
            let line = |row: &LedgerRow| serde_json::to_string(row).unwrap() + "\n";
            content = rows.iter().map(line).collect::<String>().into_bytes();
        }
        writer.start_file(name, options).unwrap();
        std::io::Write::write_all(&mut writer, &content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_forgery_signed_with_another_key_is_found_where_the_installations_key_is_given() {
    let (service, forger) = (Service::new(1), Service::new(2));
    let mut forged = entries();
    forged[2].by.person = Some("Another person".into());
    let package = forger.export(forger.ledger(&forged));
    // It is consistent in itself: nobody can tell without the key, which is what the answer says.
    let alone = check(&package, None).unwrap();
    assert_eq!((alone.signed_by, alone.key_checked), (forger.id(), false));
    let Err(Fault::Altered(what)) = check(&package, Some(&[service.public()])) else { panic!() };
    assert!(what.contains(&forger.id().0), "{what}");
    // Nor does it help to sign only the package, or only the rows.
    let genuine = service.ledger(&entries());
    for package in [forger.export(genuine), service.export(forger.ledger(&forged))] {
        assert!(is_altered(&check(&package, Some(&[service.public()]))));
    }
    // Nor to call the own key by the other's name.
    let mut renamed = forger.ledger(&forged);
    renamed.iter_mut().for_each(|row| row.key = service.id());
    assert!(is_altered(&check(&forger.export(renamed), Some(&[service.public()]))));
}

#[test]
fn what_is_no_package_is_told_from_one_that_was_altered() {
    for bytes in [&b""[..], b"PK", b"{}", b"PK\x03\x04", &[0xff; 100]] {
        assert!(matches!(check(bytes, None), Err(Fault::Unreadable(_))), "{bytes:?}");
    }
}
