//! What a killed program or a killed server left behind: processes that still work on the cluster's files, and lock
//! files that name a process id which may by now be somebody else's.
//!
//! Called only by the holder of the claim, so whatever still runs here is an orphan.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::error::EmbeddedError;
use super::layout::Layout;

const POLL: Duration = Duration::from_millis(10);
/// A fast shutdown writes a checkpoint, which takes as long as the disk needs; after this it is cut short.
const FAST: Duration = Duration::from_secs(20);
const IMMEDIATE: Duration = Duration::from_secs(10);

/// Waits until nothing works on the cluster any more, asking it to end, then removes stale lock files.
pub(super) fn clear(layout: &Layout) -> Result<(), EmbeddedError> {
    if !Path::new("/proc/self/cwd").exists() {
        return Ok(());
    }
    let begun = Instant::now();
    let mut asked = None;
    while let Some(&pid) = workers(&layout.folder).first() {
        let waited = begun.elapsed();
        if waited > FAST + IMMEDIATE {
            return Err(EmbeddedError::StillRunning { data: layout.data.clone(), pid: pid.as_raw_pid() });
        }
        let signal = if waited > FAST { Signal::QUIT } else { Signal::INT };
        if asked != Some(signal) {
            tracing::info!(pid = pid.as_raw_pid(), "waiting for an earlier PostgreSQL to end");
            ask(layout, signal);
            asked = Some(signal);
        }
        thread::sleep(POLL);
    }
    // PostgreSQL refuses to start when a stale file's process id is alive again as another process of the same user.
    let socket = layout.socket();
    for stale in [layout.data.join("postmaster.pid"), socket.with_extension("5432.lock"), socket] {
        let _ = fs::remove_file(stale);
    }
    Ok(())
}

/// The server alone is asked: its workers end with it, and on a worker the same signal means something else.
fn ask(layout: &Layout, signal: Signal) {
    let workers = workers(&layout.folder);
    match server_of(&layout.data).filter(|server| workers.contains(server)) {
        Some(server) => drop(kill_process(server, signal)),
        // Without its server a worker ends by itself; a cluster in the making is of no worth.
        None => workers.iter().filter(|_| signal == Signal::QUIT).for_each(|&pid| {
            let _ = kill_process(pid, signal);
        }),
    }
}

/// The server's process id as it wrote it itself: the first line of postmaster.pid.
fn server_of(data: &Path) -> Option<Pid> {
    let file = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    Pid::from_raw(file.lines().next()?.trim().parse().ok()?)
}

/// PostgreSQL's processes whose working folder is the cluster's or lies in it.
fn workers(folder: &Path) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    processes
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
            let process = entry.path();
            let here = fs::read_link(process.join("cwd")).ok()?.starts_with(folder);
            let name = fs::read_to_string(process.join("comm")).ok()?;
            (here && matches!(name.trim(), "postgres" | "initdb")).then_some(pid)
        })
        .collect()
}

/// Whether the server says that it takes connections: the eighth line of postmaster.pid, as pg_ctl reads it.
pub(super) fn is_ready(data: &Path, server: Option<i32>) -> bool {
    let file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let mut lines = file.lines();
    let pid = lines.next().and_then(|pid| pid.trim().parse::<i32>().ok());
    let status = lines.nth(6).map(str::trim);
    status == Some("ready") && pid.is_some() && (server.is_none() || server == pid)
}
