//! CPU time of a process with all its threads and descendants, from /proc.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;

/// User and system time so far of `root`, its descendants, and those of them that have ended and been awaited.
/// `except` is left out: the connection that the measurement itself uses.
///
/// A child that ends moves its time into its parent's, so that the sum never falls.
pub fn time_of_tree(root: u32, except: Option<u32>) -> anyhow::Result<Duration> {
    let processes = all()?;
    let mut open = vec![root];
    let mut ticks = 0;
    while let Some(pid) = open.pop() {
        open.extend(processes.iter().filter(|(_, process)| process.parent == pid).map(|(pid, _)| *pid));
        if except != Some(pid) {
            ticks += processes.get(&pid).map_or(0, |process| process.ticks);
        }
    }
    Ok(Duration::from_micros(ticks * 1_000_000 / rustix::param::clock_ticks_per_second()))
}

struct Process {
    parent: u32,
    /// utime + stime + cutime + cstime.
    ticks: u64,
}

fn all() -> anyhow::Result<HashMap<u32, Process>> {
    let entries = std::fs::read_dir("/proc").context("reading /proc")?;
    let pids =
        entries.flatten().filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()));
    // One that ended meanwhile has no file any more.
    Ok(pids.filter_map(|pid: u32| Some((pid, one(pid)?))).collect())
}

fn one(pid: u32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything, so fields count from its closing parenthesis: state, ppid, …
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
    // proc(5): the 4th field is the parent, the 14th to 17th are the times; the first after the name is the 3rd.
    let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
    Some(Process { parent: u32::try_from(number(1)?).ok()?, ticks })
}
