//! What a supplier sees, against a model of it: shipments, boxes and contents by the lists of products.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::access::{Role, Sight};
use domain::gs1::Gtin;
use domain::packing::{Content, NewBox};
use domain::qualification::OrganisationKind;
use domain::{OrganisationId, ShipmentId};
use store::{NewShipment, PartnerText, ShipmentFilter, Store, SupplierProduct};
use testkit::postgres::{Database, database};

const GTINS: [&str; 4] = ["09506000134352", "00000096385074", "04012345678901", "00012345678905"];

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

struct House {
    database: Database,
    store: Store,
    tenant: OrganisationId,
    suppliers: Vec<OrganisationId>,
}

fn product(gtin: &str) -> SupplierProduct {
    SupplierProduct { gtin: gtin.parse().unwrap(), name: None }
}

impl House {
    async fn new() -> Self {
        let database = database(None).unwrap();
        store::migrate(&database.url()).await.unwrap();
        let store = Store::open(&database.url(), 2).unwrap();
        let mut db = store.connect().await.unwrap();
        let tenant = db.ensure_organisation("North", at(0)).await.unwrap();
        let mut suppliers = Vec::new();
        for name in ["First", "Second"] {
            let text = PartnerText {
                kind: OrganisationKind::Supplier,
                name: name.to_owned(),
                gln: None,
                series: None,
            };
            suppliers.push(db.add_partner(tenant, &text, at(0)).await.unwrap());
        }
        drop(db);
        Self { database, store, tenant, suppliers }
    }

    fn sight(&self, nth: usize) -> Sight {
        Sight::of_role(Role::Supplier, self.suppliers[nth], self.tenant)
    }

    /// A shipment with these products in its boxes; packed, or a draft.
    async fn ship(&self, reference: &str, boxes: &[Vec<Option<usize>>], is_packed: bool) -> ShipmentId {
        let mut db = self.store.connect().await.unwrap();
        let profile = db.profiles(self.tenant, None, 1).await.unwrap()[0].id;
        let shipment = NewShipment {
            organisation: self.tenant,
            reference: reference.to_owned(),
            profile,
            origin: None,
            destination: None,
            days_to_return: None,
            created_by: None,
        };
        let id = db.add_shipment(&shipment, at(0)).await.unwrap();
        let content = |gtin: &Option<usize>| Content {
            product: Some("Named".to_owned()),
            gtin: gtin.map(|nth| GTINS[nth].parse().unwrap()),
            lot: None,
            expiry: None,
            serial: None,
            quantity: 1,
        };
        let one = |contents: &Vec<Option<usize>>| NewBox {
            sscc: None,
            contents: contents.iter().map(content).collect(),
        };
        let boxes: Vec<NewBox> = boxes.iter().map(one).collect();
        db.add_boxes(self.tenant, id, 1, &boxes).await.unwrap();
        if is_packed {
            self.database
                .psql(&format!("update shipments set ledger_rows = 1 where id = '{}'", id.0))
                .unwrap();
        }
        id
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supplier_sees_the_packed_shipments_boxes_and_contents_that_hold_its_products() {
    let house = House::new().await;
    // The same throws in each run.
    let mut state = 17_u64;
    let mut roll = |sides: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % sides) as usize
    };
    let mut all = BTreeMap::new();
    for nth in 0..40 {
        let mut boxes: Vec<Vec<Option<usize>>> = vec![vec![]; 1 + roll(3)];
        for contents in &mut boxes {
            contents.resize_with(roll(3), || Some(roll(5)).filter(|nth| *nth < GTINS.len()));
        }
        let is_packed = roll(3) > 0;
        let id = house.ship(&format!("S-{nth}"), &boxes, is_packed).await;
        all.insert(id, (boxes, is_packed));
    }
    let mut db = house.store.connect().await.unwrap();
    let mut shown = 0;
    for lists in [[&[0, 1][..], &[2]], [&[3], &[0]], [&[], &[1, 2]], [&[0, 1, 2, 3], &[]]] {
        for supplier in &house.suppliers {
            db.set_products(house.tenant, *supplier, &[]).await.unwrap();
        }
        for (nth, list) in lists.iter().enumerate() {
            let products: Vec<_> = list.iter().map(|nth| product(GTINS[*nth])).collect();
            db.set_products(house.tenant, house.suppliers[nth], &products).await.unwrap();
        }
        for (nth, list) in lists.iter().enumerate() {
            let own: BTreeSet<Gtin> = list.iter().map(|nth| GTINS[*nth].parse().unwrap()).collect();
            let mut expected = BTreeMap::new();
            for (id, (boxes, _)) in all.iter().filter(|(_, (_, is_packed))| *is_packed) {
                let gtins = |contents: &Vec<Option<usize>>| -> Vec<Gtin> {
                    let gtins = contents.iter().flatten().map(|nth| GTINS[*nth].parse().unwrap());
                    gtins.filter(|gtin| own.contains(gtin)).collect()
                };
                let seen: BTreeMap<u32, Vec<Gtin>> =
                    (1..).zip(boxes.iter().map(gtins)).filter(|(_, gtins)| !gtins.is_empty()).collect();
                if !seen.is_empty() {
                    expected.insert(*id, seen);
                }
            }
            let sight = house.sight(nth);
            let listed = db.shipments(sight, &ShipmentFilter::default(), 100).await.unwrap();
            let mut found = BTreeMap::new();
            for shipment in listed {
                let boxes = db.boxes(sight, shipment.id).await.unwrap();
                assert_eq!(shipment.boxes as usize, boxes.len());
                let gtins =
                    |contents: &[Content]| contents.iter().filter_map(|content| content.gtin).collect();
                found.insert(
                    shipment.id,
                    boxes
                        .iter()
                        .map(|one| (one.number, gtins(&one.contents)))
                        .collect::<BTreeMap<u32, Vec<Gtin>>>(),
                );
            }
            assert_eq!(found, expected, "{list:?}");
            shown += found.len();
            let ids: Vec<ShipmentId> = all.keys().copied().collect();
            let seen: BTreeSet<_> = db.shipments_seen_by(sight, &ids).await.unwrap().into_iter().collect();
            assert_eq!(seen, expected.keys().copied().collect());
            for id in ids {
                assert_eq!(db.shipment_seen_by(sight, id).await.is_ok(), expected.contains_key(&id));
                if !expected.contains_key(&id) {
                    assert_eq!(db.boxes(sight, id).await.unwrap(), []);
                }
            }
        }
    }
    assert!(shown > 40, "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_is_one_suppliers_at_a_time_in_its_tenant() {
    let house = House::new().await;
    let mut db = house.store.connect().await.unwrap();
    let [first, second] = house.suppliers[..] else { panic!("two suppliers") };
    db.set_products(house.tenant, first, &[product(GTINS[0])]).await.unwrap();
    let asked = [product(GTINS[1]), product(GTINS[0])];
    let taken = db.product_of_another(house.tenant, second, &asked).await.unwrap();
    assert_eq!(taken, Some((GTINS[0].to_owned(), "First".to_owned())));
    assert_eq!(db.product_of_another(house.tenant, first, &asked).await.unwrap(), None, "its own");
    let refused = db.set_products(house.tenant, second, &asked).await.unwrap_err();
    assert!(refused.is_refused_by("supplier_products_pkey"), "{refused}");

    let south = db.ensure_organisation("South", at(0)).await.unwrap();
    let text =
        PartnerText { kind: OrganisationKind::Supplier, name: "First".to_owned(), gln: None, series: None };
    let theirs = db.add_partner(south, &text, at(0)).await.unwrap();
    db.set_products(south, theirs, &asked).await.unwrap();
    // Of a tenant's shipments another tenant's supplier sees nothing, even if it had a token that said so.
    house.ship("S", &[vec![Some(0)]], true).await;
    let filter = ShipmentFilter::default();
    for (tenant, expected) in [(house.tenant, 1), (south, 0)] {
        let count = async |supplier, db: &mut store::Connection| {
            let sight = Sight::of_role(Role::Supplier, supplier, tenant);
            db.shipments(sight, &filter, 10).await.unwrap().len()
        };
        assert_eq!((count(first, &mut db).await, count(theirs, &mut db).await), (expected, 0));
    }
    let named = SupplierProduct { name: Some("Insulin".to_owned()), ..product(GTINS[1]) };
    db.set_products(house.tenant, first, std::slice::from_ref(&named)).await.unwrap();
    assert_eq!(db.products(first, None, 10).await.unwrap(), [named]);
    assert_eq!(db.products(first, Some(GTINS[1].parse().unwrap()), 10).await.unwrap(), []);
}
