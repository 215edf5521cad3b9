//! From a webhook to a confirmed message.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};

use super::Line;

/// The longest time a line waits for others, and the most that share a message.
const LINGER: Duration = Duration::from_millis(20);
const MOST_LINES: usize = 500;

#[derive(clap::Args)]
pub struct Options {
    #[arg(long)]
    listen: SocketAddr,
    #[arg(long)]
    amqp: String,
    #[arg(long)]
    queue: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    device_info: Device<'a>,
    time: DateTime<Utc>,
    #[serde(borrow)]
    data: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device<'a> {
    dev_eui: &'a str,
}

type Waiting = (Vec<u8>, oneshot::Sender<bool>);

pub fn run(options: &Options) -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(async {
        let connection = Connection::connect(&options.amqp, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        super::consume::declare(&channel, &options.queue).await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let (post, mailbox) = mpsc::channel(4096);
        tokio::spawn(pack(mailbox, channel, options.queue.clone()));
        let post = web::Data::new(post);
        let server = HttpServer::new(move || {
            App::new().app_data(post.clone()).route("/webhooks/reference", web::post().to(receive))
        });
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        server.workers(workers).keep_alive(Duration::from_secs(130)).bind(options.listen)?.run().await?;
        Ok(())
    })
}

async fn receive(post: web::Data<mpsc::Sender<Waiting>>, body: web::Bytes) -> HttpResponse {
    let Some(line) = line_of(&body) else { return HttpResponse::BadRequest().finish() };
    let (answer, answered) = oneshot::channel();
    if post.send((line, answer)).await.is_ok() && answered.await == Ok(true) {
        HttpResponse::NoContent().finish()
    } else {
        HttpResponse::ServiceUnavailable().finish()
    }
}

fn line_of(body: &[u8]) -> Option<Vec<u8>> {
    let body: Body<'_> = serde_json::from_slice(body).ok()?;
    let line = Line {
        dev_eui: u64::from_str_radix(body.device_info.dev_eui, 16).ok()?,
        received_at: body.time,
        payload: STANDARD.decode(body.data).ok()?,
    };
    serde_json::to_vec(&line).ok()
}

/// Gathers what came within the linger, publishes it as one message and answers when it is confirmed.
async fn pack(mut mailbox: mpsc::Receiver<Waiting>, channel: Channel, queue: String) {
    while let Some((first, answer)) = mailbox.recv().await {
        let (mut pack, mut answers) = (first, vec![answer]);
        // One sleep a pack: a wake-up for every line would cost more than the rest of the packing.
        tokio::time::sleep(LINGER).await;
        while answers.len() < MOST_LINES {
            let Ok((line, answer)) = mailbox.try_recv() else { break };
            pack.push(b'\n');
            pack.extend_from_slice(&line);
            answers.push(answer);
        }
        let (channel, queue) = (channel.clone(), queue.clone());
        tokio::spawn(async move {
            let confirmed = publish(&channel, &queue, &pack).await.is_ok_and(|confirmed| confirmed);
            for answer in answers {
                let _ = answer.send(confirmed);
            }
        });
    }
}

async fn publish(channel: &Channel, queue: &str, pack: &[u8]) -> lapin::Result<bool> {
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let persistent = BasicProperties::default().with_delivery_mode(2);
    let confirm = channel.basic_publish("".into(), queue.into(), options, pack, persistent).await?.await?;
    Ok(matches!(confirm, lapin::Confirmation::Ack(None)))
}
