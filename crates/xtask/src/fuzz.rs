//! A short run of every fuzz target: it builds, takes its seeds, and finds nothing at once.

use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::child::cargo;
use crate::root;
use crate::steps::Steps;

const SECONDS_EACH: u32 = 5;

/// Built once into its own folder (two minutes on two cores), then a few seconds a target.
pub fn run(steps: &mut Steps) -> anyhow::Result<()> {
    let folder = root::repository().join("fuzz");
    let targets = targets(&folder)?;
    let mut build = cargo();
    // Its settings for the compiler lie in this folder, and count only from here.
    build.current_dir(&folder).args(["build", "--release", "--locked", "--bins"]);
    steps.quietly("fuzz targets: build", build)?;

    let found = root::target().join("fuzz");
    for target in targets {
        let corpus = folder.join("corpus").join(&target);
        for made in [&corpus, &found] {
            fs::create_dir_all(made).with_context(|| format!("making {}", made.display()))?;
        }
        let mut run = cargo();
        run.current_dir(&folder).args(["run", "--quiet", "--release", "--locked", "--bin", &target, "--"]);
        run.arg(format!("-max_total_time={SECONDS_EACH}"));
        // What it finds stays in target/ for a person to look at.
        run.arg(format!("-artifact_prefix={}/{target}-", found.display()));
        run.arg(&corpus).arg(folder.join("seeds").join(&target));
        steps.quietly(&format!("fuzz {target}"), run)?;
    }
    Ok(())
}

/// The names of the targets: each has a folder of seeds.
fn targets(folder: &Path) -> anyhow::Result<Vec<String>> {
    let folder = folder.join("seeds");
    let seeds = fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut names: Vec<String> =
        seeds.flatten().filter_map(|seeds| seeds.file_name().into_string().ok()).collect();
    names.sort();
    anyhow::ensure!(!names.is_empty(), "{} holds no target", folder.display());
    Ok(names)
}
