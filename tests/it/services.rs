//! Services of AWS as botocore's models describe them, each against the faithful server: nothing may be found.
//!
//! A fixed sample: every eighth service of those that are installed, and those that once showed a mistake of overstep.
//! `OVERSTEP_TESTS=full` takes all. Without `OVERSTEP_BOTOCORE` naming a folder with botocore the test is skipped,
//! visibly.

#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use crate::support::{self, command, visible};
use command::{overstep, watched};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Identifiers of every kind, recursion, bearer tokens, odd patterns, shared routes, and each protocol.
const ALWAYS: [&str; 16] = [
    "amp",
    "autoscaling-plans",
    "budgets",
    "chime-sdk-meetings",
    "cloudwatch",
    "codecatalyst",
    "dynamodb",
    "gamelift",
    "iam",
    "partnercentral-benefits",
    "pinpoint",
    "rbin",
    "s3",
    "secretsmanager",
    "sqs",
    "uxc",
];
/// Of the others, every one of so many.
const STRIDE: usize = 8;
/// No service takes longer, on a slow machine and not optimised.
const MOST: Duration = Duration::from_secs(180);

/// What `check` says of a service that it should be at peace with; nothing if it is.
fn quarrel(botocore: &PathBuf, service: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let scenario = format!(
        "sources = [\"botocore:{service}\"]\nendpoint = \"embedded\"\nprincipal = \"aws\"\n\n\
         [principals.aws]\nsigv4 = {{ region = \"us-east-1\" }}\n"
    );
    std::fs::create_dir(folder.path().join("scenarios")).expect("made");
    std::fs::write(folder.path().join(format!("scenarios/{service}.toml")), scenario).expect("written");
    let mut check = overstep(folder.path(), &["check", service, "--level", "quick", "--no-snapshots"]);
    check.env("OVERSTEP_BOTOCORE", botocore);
    let ran = watched(check, MOST);
    let granted = !ran.text.contains("no plain valid request succeeded");
    (ran.code != 0 || !granted).then(|| format!("{service}: exit {}\n{}", ran.code, ran.text))
}

#[test]
fn the_faithful_server_is_at_peace_with_every_model() {
    let Some(botocore) = std::env::var_os("OVERSTEP_BOTOCORE").map(PathBuf::from) else {
        eprintln!("SKIPPED: OVERSTEP_BOTOCORE names no folder with botocore");
        return;
    };
    let data = std::fs::read_dir(botocore.join("botocore/data")).expect("botocore's models");
    let all: BTreeSet<String> = data
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let stride = if support::is_full() { 1 } else { STRIDE };
    let chosen: Vec<&String> = all
        .iter()
        .enumerate()
        .filter(|(number, name)| number % stride == 0 || ALWAYS.contains(&name.as_str()))
        .map(|(_, name)| name)
        .collect();
    assert!(chosen.len() >= all.len() / stride, "{} of {}", chosen.len(), all.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(service) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.extend(quarrel(&botocore, service));
        }
        found
    };
    let quarrels: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("no worker panics")).collect()
    });
    visible::say(&format!(
        "services: {} of {} without a false alarm; {} are installed",
        chosen.len() - quarrels.len(),
        chosen.len(),
        all.len()
    ));
    assert!(quarrels.is_empty(), "{} of {} services:\n{}", quarrels.len(), chosen.len(), quarrels.join("\n\n"));
}
