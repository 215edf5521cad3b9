//! The steps of a long command: each says when it begins, how long it takes and how it ends; the first failure ends
//! the whole.

use std::fs::{self, File};
use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::root;

const POLL: Duration = Duration::from_millis(50);
/// How often a step without a terminal says that it still runs.
const STILL: Duration = Duration::from_secs(20);
const TAIL: usize = 40;

enum Ending {
    Done(Duration),
    Skipped(String),
}

/// The steps so far.
pub struct Steps {
    begun: Instant,
    list: Vec<(String, Ending)>,
}

impl Steps {
    pub fn begin() -> anyhow::Result<Self> {
        let logs = logs();
        fs::create_dir_all(&logs).with_context(|| format!("making {}", logs.display()))?;
        Ok(Self { begun: Instant::now(), list: Vec::new() })
    }

    /// Runs a command whose output goes to a file; its end is shown if it fails.
    pub fn quietly(&mut self, name: &str, command: Command) -> anyhow::Result<()> {
        let begun = Instant::now();
        let log = log_of(name);
        match self.watch(name, command, &log)? {
            status if status.success() => {
                self.done(name, begun);
                Ok(())
            }
            status => {
                let text = fs::read_to_string(&log).unwrap_or_default();
                let lines: Vec<&str> = text.lines().collect();
                for line in lines.iter().skip(lines.len().saturating_sub(TAIL)) {
                    eprintln!("    {line}");
                }
                bail!("{name}: {status} (all of its output: {})", log.display())
            }
        }
    }

    fn watch(&self, name: &str, mut command: Command, log: &PathBuf) -> anyhow::Result<ExitStatus> {
        let file = File::create(log).with_context(|| format!("writing {}", log.display()))?;
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdout(file.try_clone()?).stderr(file);
        let begun = Instant::now();
        let mut shown = Instant::now();
        let terminal = stderr().is_terminal();
        announce(name, terminal);
        let mut child = command.spawn().with_context(|| format!("{name}: cannot run {program}"))?;
        loop {
            if let Some(status) = child.try_wait()? {
                clear_line(terminal);
                return Ok(status);
            }
            thread::sleep(POLL);
            if terminal && shown.elapsed() > Duration::from_secs(1) {
                eprint!("\r· {name} … {} s", begun.elapsed().as_secs());
                let _ = stderr().flush();
                shown = Instant::now();
            } else if !terminal && shown.elapsed() > STILL {
                eprintln!("· {name} … {} s", begun.elapsed().as_secs());
                shown = Instant::now();
            }
        }
    }

    /// Runs a command that shows its own progress.
    pub fn openly(&mut self, name: &str, mut command: Command) -> anyhow::Result<()> {
        let begun = Instant::now();
        eprintln!("· {name} …");
        let program = command.get_program().to_string_lossy().into_owned();
        let status = command.status().with_context(|| format!("{name}: cannot run {program}"))?;
        if !status.success() {
            bail!("{name}: {status} (see above)");
        }
        self.done(name, begun);
        Ok(())
    }

    /// A step that is a function of ours.
    pub fn call<T>(&mut self, name: &str, step: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let begun = Instant::now();
        let terminal = stderr().is_terminal();
        announce(name, terminal);
        let result = step().with_context(|| name.to_owned());
        clear_line(terminal);
        if result.is_ok() {
            self.done(name, begun);
        }
        result
    }

    /// As [`Steps::call`], for a step that says in one line what came of it.
    pub fn tell(&mut self, name: &str, step: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<()> {
        let begun = Instant::now();
        let told = step().with_context(|| name.to_owned())?;
        self.done(&told, begun);
        Ok(())
    }

    pub fn skip(&mut self, name: &str, reason: &str) {
        eprintln!("- {name}: skipped, {reason}");
        self.list.push((name.to_owned(), Ending::Skipped(reason.to_owned())));
    }

    fn done(&mut self, name: &str, begun: Instant) {
        let took = begun.elapsed();
        eprintln!("✓ {name} {:.1} s", took.as_secs_f64());
        self.list.push((name.to_owned(), Ending::Done(took)));
    }

    /// All steps with their seconds.
    pub fn summary(&self) {
        eprintln!();
        for (name, ending) in &self.list {
            match ending {
                Ending::Done(took) => eprintln!("✓ {:>7.1} s  {name}", took.as_secs_f64()),
                Ending::Skipped(reason) => eprintln!("-       –    {name}: skipped, {reason}"),
            }
        }
        eprintln!("  {:>7.1} s  in all", self.begun.elapsed().as_secs_f64());
    }
}

fn logs() -> PathBuf {
    root::target().join("xtask")
}

/// Where a quiet step's output goes.
pub fn log_of(name: &str) -> PathBuf {
    logs().join(format!("{}.log", name.replace([' ', '/', ':'], "-")))
}

fn announce(name: &str, terminal: bool) {
    if terminal {
        eprint!("· {name} …");
        let _ = stderr().flush();
    } else {
        eprintln!("· {name} …");
    }
}

fn clear_line(terminal: bool) {
    if terminal {
        eprint!("\r\x1b[2K");
    }
}
