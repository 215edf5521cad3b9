#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod support;
use queue::OnBrokerAway;
use std::time::{Duration, Instant};
use support::*;
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<_> = s.rsplit(')').next().unwrap().split_whitespace().collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) * 10.0
}
async fn pace(place: Place, name: &str) {
    let o = place.open().await;
    let packs = || {
        let c = o.sender.state().counts;
        c.packs_confirmed + c.packs_spooled
    };
    for rate in [50u64, 300, 1000] {
        let before = packs();
        let c = cpu();
        let mut i = tokio::time::interval(Duration::from_micros(1_000_000 / rate));
        let mut set = tokio::task::JoinSet::new();
        let n = rate as usize * 3;
        for k in 0..n {
            i.tick().await;
            let s = o.sender.clone();
            set.spawn(async move {
                let t = Instant::now();
                s.submit(line(k), OnBrokerAway::Spool).await.unwrap();
                t.elapsed()
            });
        }
        let mut l = set.join_all().await;
        l.sort();
        println!(
            "{name} paced {rate}/s: lines/pack {:.1} p50 {:?} p99 {:?} cpu/line {:.0}us",
            n as f64 / (packs() - before) as f64,
            l[n / 2],
            l[n * 99 / 100],
            (cpu() - c) * 1000.0 / n as f64
        );
    }
    for clients in [1usize, 4, 32, 256] {
        let before = packs();
        let c = cpu();
        let t0 = Instant::now();
        let mut set = tokio::task::JoinSet::new();
        for _ in 0..clients {
            let s = o.sender.clone();
            set.spawn(async move {
                let mut l = vec![];
                while t0.elapsed() < Duration::from_secs(3) {
                    let t = Instant::now();
                    s.submit(line(7), OnBrokerAway::Spool).await.unwrap();
                    l.push(t.elapsed());
                }
                l
            });
        }
        let mut l: Vec<_> = set.join_all().await.into_iter().flatten().collect();
        l.sort();
        let n = l.len();
        println!(
            "{name} closed {clients}: {:.0}/s lines/pack {:.1} p50 {:?} p99 {:?} cpu/line {:.0}us",
            n as f64 / t0.elapsed().as_secs_f64(),
            n as f64 / (packs() - before) as f64,
            l[n / 2],
            l[n * 99 / 100],
            (cpu() - c) * 1000.0 / n as f64
        );
    }
}
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tmp() {
    pace(Place::embedded(), "spool").await;
    pace(Place::rabbitmq(), "mq").await;
}
