//! The files of `deploy/shards/`: their commands run as the engines run them, with the variables that these set.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests read and write files and PATH")]

use super::runs::project;
use crate::replay::FaultyServer;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/shards").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the lines of a file that run overstep, without what YAML has before them.
fn commands(name: &str) -> Vec<String> {
    let text = file(name).replace(">-\n", "").replace("\n          --report", " --report");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let commands = lines.filter_map(|line| {
        let command = line.trim().trim_start_matches("- ").trim_start_matches("run:").trim();
        command.starts_with("overstep ").then(|| command.to_owned())
    });
    commands.collect()
}

/// Runs a command with the binary of this build as `overstep`.
fn shell(directory: &Path, command: &str, variables: &[(&str, String)]) -> Output {
    let bin = directory.join("bin");
    std::fs::create_dir_all(&bin).expect("created");
    if !bin.join("overstep").exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_overstep"), bin.join("overstep")).expect("linked");
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("a PATH"));
    Command::new("sh")
        .args(["-c", command])
        .current_dir(directory)
        .env_clear()
        .env("PATH", path)
        .env("HOME", directory)
        .envs(variables.iter().map(|(name, value)| (*name, value.as_str())))
        .output()
        .expect("a shell runs")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Runs the shards of an engine and their merge against a server with a fault.
fn run_engine(shard_file: &str, merge_file: &str, variables: impl Fn(u32) -> Vec<(&'static str, String)>) {
    let directory = project();
    let server = FaultyServer::start(directory.path(), "notes", &["RenameNote.name.length.max+1"]);
    let settings = format!("[endpoints.server]\nurl = \"{}\"\n", server.url);
    std::fs::write(directory.path().join("overstep.toml"), settings).expect("written");
    let fill = |command: &str| command.replace(" mine", " notes").replace("http://127.0.0.1:8080", "server");
    let shard = fill(&commands(shard_file)[0]);
    let shard = if shard.contains(" -e ") { shard } else { shard.replace("check notes", "check notes -e server") };
    for number in 1..=8 {
        let mut all = variables(number);
        all.push(("CI", "true".to_owned()));
        let output = shell(directory.path(), &shard, &all);
        assert_eq!(output.status.code(), Some(0), "{shard_file}, shard {number}: {}", text(&output));
    }
    let merge = fill(commands(merge_file).last().expect("a merge"));
    let output = shell(directory.path(), &merge, &[("GITHUB_STEP_SUMMARY", "summary.md".to_owned())]);
    assert_eq!(output.status.code(), Some(1), "{merge_file}: {}", text(&output));
    assert!(text(&output).contains("1 finding in 343 cases"), "{merge_file}: {}", text(&output));
}

#[test]
fn files_for_engines_send_all_shards_and_merge_them() {
    run_engine("github.yml", "github.yml", |number| vec![("OVERSTEP_SHARD", format!("{number}/8"))]);
    run_engine("gitlab.yml", "gitlab.yml", |number| {
        vec![("CI_NODE_INDEX", number.to_string()), ("CI_NODE_TOTAL", "8".to_owned())]
    });
    run_engine("kubernetes.yml", "kubernetes-merge.yml", |number| {
        vec![
            ("OVERSTEP_SHARD", "auto".to_owned()),
            ("OVERSTEP_SHARD_COUNT", "8".to_owned()),
            ("JOB_COMPLETION_INDEX", (number - 1).to_string()),
        ]
    });
}

/// Stands in for `sbatch`: runs an array's tasks one after another and prints the number of the job.
const SBATCH: &str = r#"#!/usr/bin/env bash
set -eu
array=; wrap=
for argument in "$@"; do
  case "$argument" in
    --array=1-*) array="${argument#--array=1-}";;
    --wrap=*) wrap="${argument#--wrap=}";;
    --dependency=*) [ "$argument" = --dependency=afterok:7 ] || exit 9;;
  esac
done
if [ -n "$array" ]; then
  for task in $(seq "$array"); do
    SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_COUNT=$array sh -c "$wrap" >&2
  done
  echo "7;cluster"
else
  sh -c "$wrap"
fi
"#;

#[test]
fn the_slurm_script_submits_an_array_and_a_merge_that_waits_for_it() {
    let directory = project();
    let bin = directory.path().join("bin");
    std::fs::create_dir_all(&bin).expect("created");
    std::fs::write(bin.join("sbatch"), SBATCH).expect("written");
    std::fs::set_permissions(bin.join("sbatch"), std::fs::Permissions::from_mode(0o755)).expect("executable");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/shards/slurm.sh");
    let output = shell(directory.path(), &format!("bash {} notes", script.display()), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("0 findings in 343 cases"), "{}", text(&output));
    assert!(directory.path().join("report.html").is_file());
}
