//! The running server: started by a thread of its own that lives as long as it does, started again when it is
//! killed, and stopped in order.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Command};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::account::Account;
use super::binaries::Binaries;
use super::child::{command, last_lines};
use super::error::{EmbeddedError, io};
use super::layout::{Layout, PORT};
use super::remains;

const POLL: Duration = Duration::from_millis(5);
/// Recovery after a crash replays at most `max_wal_size`; this is far beyond that on a slow disk.
const START_PATIENCE: Duration = Duration::from_secs(120);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// fast (clients are cut off, a checkpoint is written), immediate (the next start recovers), kill.
const STOP_STEPS: [(Signal, Duration); 3] = [
    (Signal::INT, Duration::from_secs(20)),
    (Signal::QUIT, Duration::from_secs(5)),
    (Signal::KILL, Duration::from_secs(5)),
];
/// A small machine's settings. Durability is not among them: what was committed survives a power cut.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "fsync=on",
    "full_page_writes=on",
    "shared_buffers=64MB",
    "max_connections=60",
    // A statement locks each day that it may touch.
    "max_locks_per_transaction=256",
    "work_mem=4MB",
    "maintenance_work_mem=32MB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=256MB",
    "max_worker_processes=4",
    "max_parallel_workers_per_gather=0",
    "autovacuum_max_workers=2",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_checkpoints=off",
    "log_line_prefix=",
    // Shared memory in the data folder: nothing of ours lies in /dev/shm after a kill, and a log-out with systemd's
    // RemoveIPC takes nothing away.
    "dynamic_shared_memory_type=mmap",
];

/// Everything that starting the server again needs.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    pub binaries: Binaries,
    pub layout: Layout,
    pub account: Account,
}

impl Recipe {
    fn command(&self) -> Command {
        let program = self.binaries.program("postgres");
        let mut command = command(&program, &self.layout.folder, &self.account, Signal::INT);
        command.arg("-D").arg(&self.layout.data);
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        // A list of folders in PostgreSQL's syntax: quoted, so that a comma or a space in one does not end it.
        let folder = self.layout.folder.to_string_lossy().replace('"', "\"\"");
        command.arg("-c").arg(format!("unix_socket_directories=\"{folder}\""));
        command.arg("-c").arg(format!("port={PORT}"));
        command
    }
}

#[derive(Debug, Default)]
struct State {
    /// None while no server runs. Set and cleared under the lock, so that a signal never goes to a reused id.
    pid: Option<Pid>,
    said: VecDeque<String>,
    stopping: bool,
    served: bool,
    ended: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the keeper ended, or `patience` is over.
    fn wait_for_end(&self, patience: Duration) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), patience, |state| !state.ended)
            .unwrap_or_else(PoisonError::into_inner);
        state.ended
    }
}

#[derive(Debug)]
pub(super) struct Server {
    shared: Arc<Shared>,
    keeper: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the server and waits until it takes connections.
    pub(super) fn start(recipe: Recipe) -> Result<Self, EmbeddedError> {
        let shared = Arc::new(Shared::default());
        let data = recipe.layout.data.clone();
        let keeper = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || keep(&recipe, &shared)
            })
            .map_err(io("starting the thread that keeps", &data))?;
        let server = Self { shared, keeper: Some(keeper) };
        server.wait_until_ready(&data)?;
        Ok(server)
    }

    fn wait_until_ready(&self, data: &std::path::Path) -> Result<(), EmbeddedError> {
        let begun = Instant::now();
        loop {
            let mut state = self.shared.lock();
            if state.ended || begun.elapsed() > START_PATIENCE {
                let said = last_lines(state.said.iter().map(String::as_str), 3);
                let detail =
                    said.unwrap_or_else(|| format!("not ready after {} s", begun.elapsed().as_secs()));
                return Err(EmbeddedError::Start { data: data.to_path_buf(), detail });
            }
            if state.pid.is_some() && remains::is_ready(data, state.pid.map(Pid::as_raw_pid)) {
                state.served = true;
                return Ok(());
            }
            drop(state);
            thread::sleep(POLL);
        }
    }

    /// Stops the server and waits for its end, each harder way after the patience with the gentler one is over.
    pub(super) fn stop(&mut self) {
        let Some(keeper) = self.keeper.take() else { return };
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        for (signal, patience) in STOP_STEPS {
            if let Some(pid) = self.shared.lock().pid {
                let _ = kill_process(pid, signal);
            }
            if self.shared.wait_for_end(patience) {
                let _ = keeper.join();
                return;
            }
        }
        tracing::error!("PostgreSQL did not end when it was killed");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The keeper's life. The server's parent-death signal goes off when this thread ends, so it ends last.
fn keep(recipe: &Recipe, shared: &Arc<Shared>) {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let begun = Instant::now();
        run_once(recipe, shared);
        let state = shared.lock();
        if state.stopping || !state.served {
            break;
        }
        // What ran for a while was well: begin with short pauses again.
        pause = if begun.elapsed() > LONGEST_PAUSE { SHORTEST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        tracing::warn!(pause_ms = pause.as_millis(), "PostgreSQL ended by itself; it is started again");
        let (state, _) = shared
            .changed
            .wait_timeout_while(state, pause, |state| !state.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        if state.stopping {
            break;
        }
        drop(state);
        if let Err(error) = remains::clear(&recipe.layout) {
            tracing::error!(%error, "the ground is not clear for PostgreSQL");
        }
    }
    shared.lock().ended = true;
    shared.changed.notify_all();
}

/// One server from its start to its end.
fn run_once(recipe: &Recipe, shared: &Arc<Shared>) {
    let mut state = shared.lock();
    if state.stopping {
        return;
    }
    let mut child = match recipe.command().spawn() {
        Ok(child) => child,
        Err(error) => {
            let program = recipe.binaries.program("postgres");
            state.said.push_back(format!("{}: {error}", program.display()));
            return;
        }
    };
    let pid = Pid::from_child(&child);
    state.pid = Some(pid);
    drop(state);
    let listener = child.stderr.take().and_then(|stderr| listen(stderr, Arc::clone(shared)));
    wait_for_exit(pid, &mut child, shared);
    if let Some(listener) = listener {
        // A worker that outlives its server keeps the pipe open: do not wait for that.
        let begun = Instant::now();
        while !listener.is_finished() && begun.elapsed() < Duration::from_millis(500) {
            thread::sleep(POLL);
        }
    }
}

/// Waits without reaping first, so that the process id stays taken until nobody can send it a signal any more.
fn wait_for_exit(pid: Pid, child: &mut Child, shared: &Shared) {
    while let Err(rustix::io::Errno::INTR) =
        waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
    {}
    let mut state = shared.lock();
    state.pid = None;
    let _ = child.wait();
}

/// Passes the server's words on to the program's log, and keeps the last ones for an error's text.
fn listen(stderr: ChildStderr, shared: Arc<Shared>) -> Option<JoinHandle<()>> {
    let pass_on = move || {
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim().to_owned();
            let mut state = shared.lock();
            let grave = line.starts_with("FATAL") || line.starts_with("PANIC") || line.starts_with("WARNING");
            if grave && !state.stopping {
                tracing::warn!(target: "postgres", "{line}");
            } else {
                tracing::debug!(target: "postgres", "{line}");
            }
            state.said.push_back(line);
            if state.said.len() > 20 {
                state.said.pop_front();
            }
        }
    };
    thread::Builder::new().name("postgres-log".to_owned()).spawn(pass_on).ok()
}
