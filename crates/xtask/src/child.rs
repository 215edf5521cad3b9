//! Commands as children that do not outlive this process, and what they print.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::process::{CommandExt, parent_id};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::root;

/// A command in the repository's root which gets SIGTERM when this process is killed. Ctrl-C reaches it by itself:
/// it is in the terminal's foreground group.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root::repository()).stdin(Stdio::null());
    tie_to_parent(&mut command);
    command
}

/// The cargo that runs us.
pub fn cargo() -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The kernel takes the thread that forks for the parent: all commands are started by the main thread.
#[allow(unsafe_code)]
fn tie_to_parent(command: &mut Command) {
    let parent = std::process::id();
    let tie = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
        if parent_id() == parent { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    };
    // SAFETY: two system calls between fork and exec; the closure neither allocates nor locks.
    unsafe {
        command.pre_exec(tie);
    }
}

/// The standard output of a command that is there and succeeds.
pub fn output_of(mut command: Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// An executable from PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|file| file.is_file())
}
