//! The senders: keep-alive connections with requests made beforehand, so that they take little of the machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// When requests go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Each connection sends its next request when it has the answer.
    FlatOut,
    /// A fixed schedule of so many a second; answers count from the scheduled instant, so that waiting behind a
    /// slow answer counts too.
    PerSecond(u32),
}

/// What came of a load.
pub struct Answers {
    /// When it began: the schedule counts from here.
    pub began: Instant,
    took: Vec<Duration>,
}

impl Answers {
    /// How long each answer took, in no order.
    pub fn took(self) -> Vec<Duration> {
        self.took
    }
}

/// Sends all requests. Any answer but 2xx is an error.
pub async fn send(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    connections: usize,
    pace: Pace,
) -> anyhow::Result<Answers> {
    let mut streams = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.context("a connection of the load")?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let senders: Vec<_> = streams
        .into_iter()
        .map(|stream| tokio::spawn(send_some(stream, Arc::clone(&requests), Arc::clone(&next), pace, began)))
        .collect();
    let mut took = Vec::with_capacity(requests.len());
    for sender in senders {
        took.extend(sender.await??);
    }
    ensure!(took.len() == requests.len(), "{} answers to {} requests", took.len(), requests.len());
    Ok(Answers { began, took })
}

async fn send_some(
    mut stream: TcpStream,
    requests: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    pace: Pace,
    began: Instant,
) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::new();
    let mut buffer = Vec::with_capacity(1024);
    loop {
        let index = next.fetch_add(1, Relaxed);
        let Some(request) = requests.get(index) else { return Ok(took) };
        let from = match pace {
            Pace::FlatOut => Instant::now(),
            Pace::PerSecond(rate) => {
                let due = began + Duration::from_secs_f64(index as f64 / f64::from(rate));
                tokio::time::sleep_until(due.into()).await;
                due
            }
        };
        stream.write_all(request).await?;
        read_answer(&mut stream, &mut buffer).await?;
        took.push(from.elapsed());
    }
}

/// Reads one answer: its head, and its body by its length.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
    buffer.clear();
    loop {
        ensure!(stream.read_buf(buffer).await? > 0, "the connection was closed instead of an answer");
        let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(buffer.get(..end).unwrap_or_default())?.to_ascii_lowercase();
        if !head.starts_with("http/1.1 2") {
            bail!("an answer was not 2xx: {}", String::from_utf8_lossy(buffer));
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(Ok(0), |length| length.trim().parse())?;
        while buffer.len() < end + 4 + length {
            ensure!(stream.read_buf(buffer).await? > 0, "the connection was closed within an answer");
        }
        return Ok(());
    }
}
