//! The first start: a cluster is made beside its place and put there when it is whole, so that a kill in the middle
//! leaves nothing that looks like one.

use std::fs::{self, File};

use rustix::process::Signal;

use super::child::{command, run};
use super::error::{EmbeddedError, io};
use super::server::Recipe;
use super::{DATABASE, ROLE};

pub(super) fn make_cluster(recipe: &Recipe) -> Result<(), EmbeddedError> {
    let Recipe { binaries, layout, account } = recipe;
    tracing::info!(folder = %layout.data.display(), major = binaries.major, "making the embedded database");
    let unfinished = layout.unfinished();
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(io("removing", &unfinished))?;
    }
    let failed = |detail| EmbeddedError::Initialise { data: layout.data.clone(), detail };

    let mut initdb = command(&binaries.program("initdb"), &layout.folder, account, Signal::TERM);
    initdb.arg("-D").arg(&unfinished);
    // Whoever reaches the socket in the closed folder is let in. Text is ordered by its bytes: the order of a
    // machine's language changes with its libraries, and an index would break with it.
    initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--data-checksums"]);
    initdb.arg(format!("--username={ROLE}"));
    run(initdb, "").map_err(failed)?;

    let mut single = command(&binaries.program("postgres"), &layout.folder, account, Signal::INT);
    single.arg("--single").arg("-D").arg(&unfinished);
    // Otherwise it ends well whatever became of its statements.
    single.args(["-c", "exit_on_error=on", "postgres"]);
    run(single, &format!("CREATE DATABASE {DATABASE};\n")).map_err(failed)?;

    fs::rename(&unfinished, &layout.data).map_err(io("putting in place", &layout.data))?;
    let folder = File::open(&layout.folder).map_err(io("opening", &layout.folder))?;
    folder.sync_all().map_err(io("writing", &layout.folder))
}
