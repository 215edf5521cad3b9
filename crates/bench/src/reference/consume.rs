//! From messages to rows.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties, Consumer};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::types::{IsNull, ToSql, Type, accepts, to_sql_checked};
use tokio_postgres::{Client, NoTls, Statement};

use super::Line;

const MOST_LINES: usize = 1000;
const BATCH_WAIT: Duration = Duration::from_millis(100);
const PREFETCH: u16 = 256;
const ORGANISATION: i32 = 1;

const INSERT: &str = "
    insert into readings (measured_at, received_at, organisation_id, tracker_id, sequence, temperature, humidity)
    select * from unnest($1::timestamptz[], $2::timestamptz[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[])
    on conflict do nothing";

const STATES: &str = "
    insert into tracker_states as s
        (tracker_id, organisation_id, heard_at, measured_at, temperature, humidity, sequence)
    select * from unnest($1::int[], $2::int[], $3::timestamptz[], $4::timestamptz[], $5::int[], $6::int[], $7::int[])
    on conflict (tracker_id) do update set
        heard_at = excluded.heard_at, measured_at = excluded.measured_at, temperature = excluded.temperature,
        humidity = excluded.humidity, sequence = excluded.sequence
    where excluded.measured_at >= s.measured_at";

#[derive(clap::Args)]
pub struct Options {
    #[arg(long)]
    amqp: String,
    #[arg(long)]
    queue: String,
    #[arg(long)]
    database: String,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        let (mut client, connection) = tokio_postgres::connect(&options.database, NoTls).await?;
        tokio::spawn(connection);
        let statements = (client.prepare(INSERT).await?, client.prepare(STATES).await?);
        let connection = Connection::connect(&options.amqp, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        declare(&channel, &options.queue).await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let queue = options.queue.as_str().into();
        let consume = BasicConsumeOptions::default();
        let mut consumer = channel.basic_consume(queue, "".into(), consume, FieldTable::default()).await?;
        loop {
            let (lines, last) = gather(&mut consumer).await?;
            store(&mut client, &statements, &lines).await?;
            last.acker.ack(BasicAckOptions { multiple: true }).await?;
        }
    })
}

pub async fn declare(channel: &Channel, queue: &str) -> lapin::Result<()> {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(queue.into(), options, arguments).await.map(drop)
}

async fn gather(consumer: &mut Consumer) -> anyhow::Result<(Vec<Line>, Delivery)> {
    let mut last = consumer.next().await.context("the consumer ended")??;
    let mut lines = read(&last)?;
    let deadline = Instant::now() + BATCH_WAIT;
    while lines.len() < MOST_LINES {
        let Ok(delivery) = timeout_at(deadline, consumer.next()).await else { break };
        last = delivery.context("the consumer ended")??;
        lines.extend(read(&last)?);
    }
    Ok((lines, last))
}

fn read(delivery: &Delivery) -> anyhow::Result<Vec<Line>> {
    delivery.data.split(|byte| *byte == b'\n').map(|line| Ok(serde_json::from_slice(line)?)).collect()
}

struct Row {
    tracker: i32,
    measured_at: Micros,
    received_at: Micros,
    sequence: i32,
    temperature: i32,
    humidity: Option<i32>,
}

fn row(line: &Line) -> anyhow::Result<Row> {
    let frame = wire::LogFrame::decode(&line.payload).map_err(|error| anyhow::anyhow!("{error}"))?;
    let entry = frame.newest();
    let wire::What::Reading(reading) = entry.what else { anyhow::bail!("a frame without a reading") };
    let at = entry.stamp.unix_seconds().context("a frame without time")?;
    Ok(Row {
        tracker: (line.dev_eui & 0x7fff_ffff) as i32,
        measured_at: Micros(at * 1_000_000),
        received_at: Micros::of(line.received_at),
        sequence: i32::try_from(entry.sequence)?,
        temperature: reading.temperature.into(),
        humidity: reading.humidity.map(|steps| i32::from(steps) * 50),
    })
}

async fn store(
    client: &mut Client,
    (insert, states): &(Statement, Statement),
    lines: &[Line],
) -> anyhow::Result<()> {
    let rows = lines.iter().map(row).collect::<anyhow::Result<Vec<_>>>()?;
    let mut latest: HashMap<i32, &Row> = HashMap::new();
    for row in &rows {
        let known = latest.entry(row.tracker).or_insert(row);
        if known.measured_at.0 <= row.measured_at.0 {
            *known = row;
        }
    }
    let mut latest: Vec<&Row> = latest.into_values().collect();
    latest.sort_unstable_by_key(|row| row.tracker);
    let transaction = client.transaction().await?;
    let all = Columns::of(rows.iter());
    transaction
        .execute(
            insert,
            &[
                &all.measured_at,
                &all.received_at,
                &all.organisation,
                &all.tracker,
                &all.sequence,
                &all.temperature,
                &all.humidity,
            ],
        )
        .await?;
    let last = Columns::of(latest.into_iter());
    transaction
        .execute(
            states,
            &[
                &last.tracker,
                &last.organisation,
                &last.received_at,
                &last.measured_at,
                &last.temperature,
                &last.humidity,
                &last.sequence,
            ],
        )
        .await?;
    Ok(transaction.commit().await?)
}

#[derive(Default)]
struct Columns {
    tracker: Vec<i32>,
    organisation: Vec<i32>,
    measured_at: Vec<Micros>,
    received_at: Vec<Micros>,
    sequence: Vec<i32>,
    temperature: Vec<i32>,
    humidity: Vec<Option<i32>>,
}

impl Columns {
    fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.tracker.push(row.tracker);
            columns.organisation.push(ORGANISATION);
            columns.measured_at.push(row.measured_at);
            columns.received_at.push(row.received_at);
            columns.sequence.push(row.sequence);
            columns.temperature.push(row.temperature);
            columns.humidity.push(row.humidity);
        }
        columns
    }
}

/// A timestamptz, in microseconds since 1970.
#[derive(Debug, Clone, Copy)]
struct Micros(i64);

impl Micros {
    /// PostgreSQL counts from 2000-01-01.
    const EPOCH: i64 = 946_684_800_000_000;

    fn of(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }
}

impl ToSql for Micros {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&(self.0 - Self::EPOCH).to_be_bytes());
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}
