//! Commands of PostgreSQL as children that never outlive the program: run under the cluster's account, away from
//! the terminal's Ctrl-C, and told by the kernel when the program is gone.

use std::env;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal};

use super::account::Account;

/// A command of the cluster in `folder`, run there as `account`. When the thread that spawns it ends, the child gets
/// `farewell`: the kernel counts threads here, not processes, so spawn it from one that waits for it.
pub(super) fn command(program: &Path, folder: &Path, account: &Account, farewell: Signal) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    // PGDATA, PGPORT, PGOPTIONS and their kind would speak to somebody else's server, or bend ours.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("PG") || name.starts_with("LC_")) {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C").env("LANG", "C").env("TZ", "UTC");
    // Its own group: Ctrl-C at the terminal reaches the program, which then stops the server in its turn.
    command.process_group(0);
    if account.differs {
        command.uid(account.uid).gid(account.gid);
    }
    tie_to_parent(&mut command, farewell);
    command
}

/// The signal is forgotten by the kernel when the credentials change, so it is set after `uid`: the standard library
/// runs this closure last before exec.
#[allow(unsafe_code)]
fn tie_to_parent(command: &mut Command, farewell: Signal) {
    let parent = Pid::from_raw(i32::try_from(std::process::id()).unwrap_or_default());
    let tie = move || -> io::Result<()> {
        #[cfg(target_os = "linux")]
        rustix::process::set_parent_process_death_signal(Some(farewell))?;
        #[cfg(not(target_os = "linux"))]
        let _ = farewell;
        // The program may have ended between fork and the line above.
        if rustix::process::getppid() == parent { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    };
    // SAFETY: between fork and exec the closure makes two system calls on values captured before; it does not
    // allocate, lock or touch shared memory, and an `ErrorKind` as an error does not allocate either.
    unsafe {
        command.pre_exec(tie);
    }
}

/// Runs a command to its end with `input` on its standard input.
///
/// # Errors
/// What it said on standard error (its last lines), or why it could not run.
pub(super) fn run(mut command: Command, input: &str) -> Result<(), String> {
    command.stdin(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("it could not be run: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A child that ended early says why itself.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(last_lines(said.lines(), 3).unwrap_or_else(|| output.status.to_string()))
}

/// The last lines in one line, for an error's text.
pub(super) fn last_lines<'a>(lines: impl Iterator<Item = &'a str>, count: usize) -> Option<String> {
    let mut kept: Vec<&str> = lines.map(str::trim).filter(|line| !line.is_empty()).collect();
    let said = kept.split_off(kept.len().saturating_sub(count)).join("; ");
    (!said.is_empty()).then_some(said)
}
