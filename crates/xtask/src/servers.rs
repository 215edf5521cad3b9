//! One PostgreSQL and one RabbitMQ for all tests of a run, in a process of their own.
//!
//! That process ends when its standard input closes, which happens however the run ends (done, Ctrl-C, killed): it
//! then stops the servers and removes the run's folder. It is out of the terminal's group, so that Ctrl-C does not
//! take it before it has cleaned up.

use std::env;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read, Write, stdin, stdout};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use testkit::postgres::{self, Postgres};
use testkit::rabbitmq::{self, RabbitMq};

use crate::root;

/// The running servers, and the folder for everything temporary. Gone with the value.
pub struct Servers {
    child: Child,
    /// Short and open to the servers' users: a Unix socket's path has 107 characters at most.
    pub scratch: PathBuf,
    postgres: String,
    amqp: String,
}

impl Servers {
    pub fn start() -> anyhow::Result<Self> {
        let scratch = scratch_folder()?;
        // Ourselves by this name and not by the file's: the build before may have replaced the file.
        let mut command = Command::new("/proc/self/exe");
        command.arg("servers").env("TMPDIR", &scratch).current_dir("/").process_group(0);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().context("the servers' output")?;
        let mut lines = BufReader::new(output).lines();
        let (Some(Ok(postgres)), Some(Ok(amqp))) = (lines.next(), lines.next()) else {
            drop(child.stdin.take());
            let _ = child.wait();
            bail!("the servers for the tests did not start (see above)");
        };
        Ok(Self { child, scratch, postgres, amqp })
    }

    /// Tells a command where the servers are and where temporary files go.
    pub fn known_to(&self, command: &mut Command) {
        command
            .env(postgres::SHARED, &self.postgres)
            .env(rabbitmq::SHARED, &self.amqp)
            .env("TMPDIR", &self.scratch);
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// A new folder in the machine's place for temporary files, or in /tmp where that has a long name.
fn scratch_folder() -> anyhow::Result<PathBuf> {
    let usual = env::temp_dir();
    let place = if usual.as_os_str().len() > 20 { PathBuf::from("/tmp") } else { usual };
    let folder = tempfile::Builder::new().prefix("iso").tempdir_in(&place)?.keep();
    let mode = if root::is_root() { 0o711 } else { 0o700 };
    fs::set_permissions(&folder, Permissions::from_mode(mode))?;
    Ok(folder)
}

/// The process that holds the servers.
pub fn serve() -> anyhow::Result<()> {
    let scratch = env::temp_dir();
    let served = hold();
    if let Err(error) = remove(&scratch) {
        eprintln!("· {} could not be removed: {error}", scratch.display());
    }
    served
}

fn hold() -> anyhow::Result<()> {
    let database = Postgres::start()?;
    let broker = RabbitMq::start()?;
    let mut output = stdout();
    writeln!(output, "{}\n{}", database.url(), broker.url())?;
    output.flush()?;
    // Until the other end is closed; nothing is ever sent.
    let _ = stdin().read_to_end(&mut Vec::new());
    Ok(())
}

/// Only ever a folder that [`scratch_folder`] made.
fn remove(scratch: &Path) -> std::io::Result<()> {
    let ours = scratch.file_name().is_some_and(|name| name.to_string_lossy().starts_with("iso"));
    if ours { fs::remove_dir_all(scratch) } else { Ok(()) }
}
