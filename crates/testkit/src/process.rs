//! Child processes that do not outlive the test, and folders that do not pile up.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal};

/// A server process. Ended with the value, and by the kernel when this process dies first.
pub(crate) struct Server {
    pid: Pid,
    /// Starts and awaits the child. The kernel takes the *thread* that started a child for its parent, so this
    /// one lives as long as the child does.
    keeper: Option<JoinHandle<std::io::Result<ExitStatus>>>,
}

impl Server {
    /// Starts `command`; `on_parents_death` is what the kernel sends it when this process is gone.
    pub(crate) fn start(mut command: Command, on_parents_death: Signal) -> anyhow::Result<Self> {
        let parent = std::process::id();
        let die_with_us = move || {
            rustix::process::set_parent_process_death_signal(Some(on_parents_death))?;
            // The parent may have died before that call; then nobody would tell us.
            if std::os::unix::process::parent_id() == parent {
                Ok(())
            } else {
                Err(std::io::Error::other("the test is gone already"))
            }
        };
        // SAFETY: the closure makes two system calls and allocates only where it fails.
        #[allow(unsafe_code)]
        unsafe {
            command.pre_exec(die_with_us);
        }
        let program = command.get_program().to_string_lossy().into_owned();
        let (tell, started) = mpsc::channel();
        let keeper = std::thread::spawn(move || {
            let mut child = match command.spawn() {
                Ok(child) => child,
                Err(error) => {
                    let _ = tell.send(Err(error));
                    return Ok(ExitStatus::from_raw(0));
                }
            };
            let _ = tell.send(Ok(child.id()));
            child.wait()
        });
        let id = started.recv()?.with_context(|| format!("cannot start {program}"))?;
        let pid = i32::try_from(id).ok().and_then(Pid::from_raw).context("a process id out of range")?;
        Ok(Self { pid, keeper: Some(keeper) })
    }

    pub(crate) fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.keeper.as_ref().is_some_and(|keeper| !keeper.is_finished())
    }

    /// Sends the signal and waits until the process is gone.
    pub(crate) fn end(&mut self, signal: Signal) {
        if self.is_running() {
            let _ = rustix::process::kill_process(self.pid, signal);
        }
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.join();
        }
    }

    /// Holds the process (SIGSTOP) and waits until none of its threads runs any more.
    pub(crate) fn freeze(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP);
        until("the process stands still", Duration::from_secs(10), || self.stands_still().then_some(()))
    }

    fn stands_still(&self) -> bool {
        let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", self.id())) else { return false };
        // After the name, which is in brackets and may hold anything, the state is one letter.
        let is_stopped = |stat: String| stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" T"));
        threads
            .flatten()
            .all(|thread| std::fs::read_to_string(thread.path().join("stat")).is_ok_and(is_stopped))
    }

    /// Sends the signal without waiting.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = rustix::process::kill_process(self.pid, signal);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(Signal::KILL);
    }
}

/// Waits until `condition` gives a value; says what was awaited when it does not in time.
pub fn until<T>(what: &str, within: Duration, mut condition: impl FnMut() -> Option<T>) -> anyhow::Result<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(value) = condition() {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            bail!("{what}: not within {within:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A temporary folder whose name holds our process id, so that the next test can remove it if we are killed.
/// Short, since a Unix socket's path may have 107 characters at most.
pub(crate) fn folder(kind: &str) -> anyhow::Result<tempfile::TempDir> {
    let prefix = format!("isotherm-{kind}-");
    sweep(&prefix);
    let named = format!("{prefix}{}-", std::process::id());
    tempfile::Builder::new().prefix(&named).tempdir().context("cannot make a temporary folder")
}

fn sweep(prefix: &str) {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner =
            name.to_str().and_then(|name| name.strip_prefix(prefix)).and_then(|rest| rest.split('-').next());
        if let Some(owner) = owner
            && !Path::new("/proc").join(owner).exists()
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// An executable from PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A port that was free just now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
