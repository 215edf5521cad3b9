//! The schema: the way down, its promises about every table, and what must never stop a batch.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{DevEui, OrganisationId};
use store::{Partitioned, Store, Uplink, partition_day};
use testkit::postgres::{Database, database};

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

async fn migrated() -> (Database, Store, OrganisationId) {
    let database = database(None).unwrap();
    store::migrate(&database.url()).await.unwrap();
    let store = Store::open(&database.url(), 4).unwrap();
    let owner = store.connect().await.unwrap().ensure_organisation("Depot", at(0)).await.unwrap();
    store.ensure_partitions(&[(Partitioned::Uplinks, partition_day(at(0)))]).await.unwrap();
    (database, store, owner)
}

fn uplink(organisation: OrganisationId, f_cnt: i64, payload: Vec<u8>) -> Uplink {
    Uplink {
        organisation,
        integration: "depot".into(),
        dev_eui: Some(DevEui(7)),
        dev_addr: Some("00189440".into()),
        f_cnt,
        f_port: 10,
        payload: Some(payload),
        decoded: None,
        confirmed: false,
        gateways: "[]".into(),
        received_at: at(0),
        arrived_at: at(1),
        problem: None,
        gave_readings: false,
        address: store::NetworkAddress::default(),
    }
}

const OBJECTS: &str = "select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
    from information_schema.columns where table_schema = 'public' and table_name not like '\\_\\_diesel%'
    union all
    select indexdef from pg_indexes where schemaname = 'public' and tablename not like '\\_\\_diesel%'
    union all
    select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint
    where connamespace = 'public'::regnamespace and conrelid::regclass::text not like '\\_\\_diesel%'
    order by 1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_migration_has_a_way_down_and_up_again() {
    let database = database(None).unwrap();
    let run = store::migrate(&database.url()).await.unwrap();
    assert!(!run.is_empty());
    let before = database.psql(OBJECTS).unwrap();
    assert!(before.contains("readings_key"), "{before}");
    assert_eq!(store::revert_all(&database.url()).await.unwrap().len(), run.len());
    assert_eq!(database.psql(OBJECTS).unwrap().trim(), "");
    store::migrate(&database.url()).await.unwrap();
    assert_eq!(database.psql(OBJECTS).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_carries_its_organisation_and_every_foreign_key_has_an_index() {
    let (database, _store, _) = migrated().await;
    let without = "select relname from pg_class c where relnamespace = 'public'::regnamespace
        and relkind in ('r', 'p') and not relispartition and relname not in ('organisations', 'recording_clock', 'ledger_keys')
        and relname not like '\\_\\_diesel%' and not exists (select from pg_attribute a
            where a.attrelid = c.oid and a.attname = 'organisation_id' and a.attnotnull)";
    assert_eq!(database.psql(without).unwrap().trim(), "");
    let unindexed = "select conrelid::regclass, conname from pg_constraint f where contype = 'f'
        and connamespace = 'public'::regnamespace and not exists (select from pg_index i
            where i.indrelid = f.conrelid and i.indkey[0] = f.conkey[1] and i.indpred is null)";
    assert_eq!(database.psql(unindexed).unwrap().trim(), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_far_larger_than_any_frame_is_stored_like_another() {
    let (_database, store, owner) = migrated().await;
    // Nothing that an index could compress.
    let noise = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23).to_le_bytes();
    let payload: Vec<u8> = (1..40_000_u64).flat_map(noise).collect();
    let mut db = store.connect().await.unwrap();
    let uplinks = [uplink(owner, 1, payload.clone()), uplink(owner, 1, payload)];
    db.insert_uplinks(&uplinks).await.unwrap();
    assert_eq!(db.uplinks(owner, DevEui(7), None, 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uplinks_of_one_instant_are_all_shown_page_by_page() {
    let (_database, store, owner) = migrated().await;
    let mut db = store.connect().await.unwrap();
    let uplinks: Vec<Uplink> = (0..5).map(|n| uplink(owner, n, vec![n as u8])).collect();
    db.insert_uplinks(&uplinks).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = db.uplinks(owner, DevEui(7), after, 2).await.unwrap();
        let Some((place, _)) = page.last() else { break };
        after = Some(*place);
        seen.extend(page.into_iter().map(|(_, uplink)| uplink.f_cnt));
    }
    assert_eq!(seen, [0, 1, 2, 3, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_dropped_gives_its_locks_back_at_once() {
    let (database, store, _) = migrated().await;
    // Goes back first, so that the next caller is handed this one and not the other.
    let idle = store.connect().await.unwrap();
    let mut refused = store.begin().await.unwrap();
    refused.lock_intake().await.unwrap();
    refused.ensure_organisation("never", at(0)).await.unwrap();
    drop(idle);
    drop(refused);
    let mut batch = store.begin().await.unwrap();
    let shared = tokio::time::timeout(Duration::from_secs(10), batch.share_intake()).await;
    shared.expect("the lock is free").unwrap();
    let made = batch.ensure_organisation("another", at(0)).await.unwrap();
    batch.commit().await.unwrap();
    let again = store.connect().await.unwrap().ensure_organisation("another", at(0)).await.unwrap();
    assert_eq!(again, made);
    let never = database.psql("select count(*) from organisations where name = 'never'").unwrap();
    assert_eq!(never.trim(), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_is_made_beside_a_reader_and_has_its_tables_index() {
    let (database, store, owner) = migrated().await;
    let mut reader = store.begin().await.unwrap();
    reader.uplinks(owner, DevEui(7), None, 10).await.unwrap();
    let tomorrow = partition_day(at(86_400));
    let wanted = [(Partitioned::Uplinks, tomorrow)];
    let made = store.ensure_partitions(&wanted);
    tokio::time::timeout(Duration::from_secs(10), made).await.expect("nobody waits for the reader").unwrap();
    drop(reader);

    let name = format!("uplinks_{}", tomorrow.format("%Y%m%d"));
    let indexes = format!(
        "select count(*), count(inhparent) from pg_index i left join pg_inherits on inhrelid = indexrelid
         where indrelid = '{name}'::regclass"
    );
    assert_eq!(database.psql(&indexes).unwrap().trim(), "1|1", "one index, and it is a part of the table's");
    // Dropped by an operator, and known to the store: forgotten, it is made again.
    database.psql(&format!("drop table {name}")).unwrap();
    let late = [Uplink { received_at: at(86_400), ..uplink(owner, 1, vec![1]) }];
    let mut db = store.connect().await.unwrap();
    assert!(!db.insert_uplinks(&late).await.unwrap_err().is_passing());
    store.forget_partitions();
    store.ensure_partitions(&[(Partitioned::Uplinks, tomorrow)]).await.unwrap();
    db.insert_uplinks(&late).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_uplink_without_payload_is_a_copy_of_the_one_that_has_it() {
    let (_database, store, owner) = migrated().await;
    let mut db = store.connect().await.unwrap();
    let without = |f_cnt, seconds| Uplink {
        payload: None,
        received_at: at(seconds),
        problem: Some("no payload".into()),
        ..uplink(owner, f_cnt, Vec::new())
    };
    let uplinks = [without(1, 2), uplink(owner, 1, vec![1]), without(2, 3)];
    db.insert_uplinks(&uplinks).await.unwrap();
    let shown = db.uplinks(owner, DevEui(7), None, 10).await.unwrap();
    let shown: Vec<_> = shown.into_iter().map(|(_, uplink)| (uplink.f_cnt, uplink.payload)).collect();
    assert_eq!(shown, [(2, None), (1, Some(vec![1]))]);

    let kept = db.kept_uplinks(owner, DevEui(7), None, 1).await.unwrap();
    assert_eq!(kept.len(), 1);
    let rest = db.kept_uplinks(owner, DevEui(7), Some(kept[0].received_at), 10).await.unwrap();
    // Without the one that was read.
    assert_eq!(rest.len(), 1);
    let mended: Vec<Uplink> = rest.into_iter().map(|uplink| Uplink { problem: None, ..uplink }).collect();
    db.update_uplink_problems(&mended).await.unwrap();
    let shown = db.uplinks(owner, DevEui(7), None, 10).await.unwrap();
    assert!(shown.iter().all(|(_, uplink)| uplink.problem.is_none()), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_clock_and_each_badge_ask_is_answered_by_an_index_of_its_own() {
    let (database, ..) = migrated().await;
    for (index, question) in [
        (
            "audit_entries_refused_signatures",
            "select count(*) from audit_entries where actor = '00000000-0000-0000-0000-000000000001'
             and action = 'custody.signature_refused' and at > '2026-01-01'",
        ),
        (
            "alerts_standing_returns",
            "select id from alerts where kind = 'tracker_not_returned' and closed_as is null
             and tracker_id is not null",
        ),
    ] {
        let plan = database.psql(&format!("set enable_seqscan = off; explain {question}")).unwrap();
        assert!(plan.contains(index), "{plan}");
    }
}
