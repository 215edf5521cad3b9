//! One connection to a program, byte by byte: for requests that no client library would send, and to see whether
//! the program keeps it.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use e2e::Answer;

/// A `POST` as it goes out.
#[derive(Debug, Clone)]
pub struct Post {
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Bytes that the head promises beyond those of the body.
    pub missing: usize,
}

pub struct Connection(TcpStream);

impl Connection {
    pub async fn open(program_url: &str) -> Self {
        let address = program_url.strip_prefix("http://").unwrap();
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends a request and waits for its answer, and says whether another may follow. The error is a connection that
    /// ended without a whole answer. A body that is shorter than promised ends the sending side.
    pub async fn exchange(&mut self, post: &Post) -> Result<(Answer, bool), String> {
        let Post { path, headers, body, missing } = post;
        let mut bytes = format!("POST {path} HTTP/1.1\r\nhost: test\r\n").into_bytes();
        for (name, value) in headers {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        bytes.extend(format!("content-length: {}\r\n\r\n", body.len() + missing).into_bytes());
        bytes.extend(body);
        let (reader, mut writer) = self.0.split();
        let send = async {
            // A program that has refused already need not read the rest.
            let _ = writer.write_all(&bytes).await;
            if *missing > 0 {
                let _ = writer.shutdown().await;
            }
        };
        tokio::join!(send, receive(BufReader::new(reader))).1
    }
}

async fn receive(mut reader: impl AsyncBufReadExt + Unpin) -> Result<(Answer, bool), String> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line).await {
            Ok(0) => return Err(format!("the connection ended after {lines:?}")),
            Err(error) => return Err(format!("{error} after {lines:?}")),
            Ok(_) if line.trim_end().is_empty() => break,
            Ok(_) => lines.push(line.trim_end().to_ascii_lowercase()),
        }
    }
    let header = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).await.map_err(|error| format!("{error} after {lines:?}"))?;
    let content_type = header("content-type").unwrap_or_default().to_owned();
    let answer = Answer { status, content_type, body: String::from_utf8(body).unwrap() };
    Ok((answer, header("connection") != Some("close")))
}
