//! A mail server that keeps what it is given, for tests of what is sent.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One attempt to deliver a mail.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub text: String,
    pub taken: bool,
}

impl Mail {
    pub fn header(&self, name: &str) -> Option<&str> {
        let (head, _) = self.text.split_once("\r\n\r\n")?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Refuses the next so many mails, after it has read them.
pub struct MailServer {
    address: SocketAddr,
    kept: Arc<Kept>,
}

#[derive(Default)]
struct Kept {
    attempts: Mutex<Vec<Mail>>,
    refusals: AtomicUsize,
}

impl MailServer {
    pub async fn start(refusals: usize) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let kept = Arc::new(Kept { refusals: AtomicUsize::new(refusals), ..Kept::default() });
        let theirs = kept.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Ends with an error where the program is killed meanwhile.
                let _ = converse(stream, &theirs).await;
            }
        });
        Ok(Self { address, kept })
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    pub fn refuse_next(&self, mails: usize) {
        self.kept.refusals.store(mails, Ordering::SeqCst);
    }

    pub fn attempts(&self) -> Vec<Mail> {
        self.kept.attempts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn taken(&self) -> Vec<Mail> {
        self.attempts().into_iter().filter(|mail| mail.taken).collect()
    }
}

impl Kept {
    /// Whether it is taken.
    fn add(&self, mut mail: Mail) -> bool {
        let less = |left: usize| left.checked_sub(1);
        mail.taken = self.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err();
        let taken = mail.taken;
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
        taken
    }
}

/// As much of RFC 5321 as a client needs to deliver mails.
async fn converse(mut stream: TcpStream, kept: &Kept) -> std::io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader).lines();
    let mut mail = Mail::default();
    writer.write_all(b"220 test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let (verb, rest) = line.split_once([' ', ':']).unwrap_or((&line, ""));
        let address = || rest.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let answer = match verb.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" | "RSET" | "NOOP" => "250 test",
            "MAIL" => {
                mail = Mail { from: address(), ..Mail::default() };
                "250 from whom"
            }
            "RCPT" => {
                mail.to.push(address());
                "250 to whom"
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    mail.text.push_str(&line);
                    mail.text.push_str("\r\n");
                }
                if kept.add(mail.clone()) { "250 kept" } else { "451 come again" }
            }
            "QUIT" => "221 bye",
            _ => "502 what",
        };
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}
