//! Checks the reference server against botocore's models of AWS services: no run may have findings.
//!
//! Covers a fixed sample: every thirty-second of the installed services, and a list of unusual ones. `OVERSTEP_TESTS=full`
//! covers all. Prints a line and passes if `OVERSTEP_BOTOCORE` is not set to a directory with botocore.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::{self, command, visible};
use command::{overstep, watched};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Services that always run: identifiers of every kind, recursion, bearer tokens, unusual patterns, shared routes, and
/// each protocol.
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
/// One in `STRIDE` of the other services runs.
const STRIDE: usize = 32;
/// Maximum time of one run, on a slow machine and without optimisation.
const TIMEOUT: Duration = Duration::from_secs(180);

/// Runs `check` on a service; returns its output if it is not a success.
fn check_service(botocore: &PathBuf, service: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("create temporary directory");
    let scenario = format!(
        "sources = [\"botocore:{service}\"]\nendpoint = \"embedded\"\nprincipal = \"aws\"\n\n\
         [principals.aws]\nsigv4 = {{ region = \"us-east-1\" }}\n"
    );
    std::fs::create_dir(folder.path().join("scenarios")).expect("create directory");
    std::fs::write(folder.path().join(format!("scenarios/{service}.toml")), scenario).expect("write file");
    let mut check = overstep(folder.path(), &["check", service, "--level", "quick", "--no-snapshots"]);
    check.env("OVERSTEP_BOTOCORE", botocore);
    let output = watched(check, TIMEOUT);
    let any_accepted = !output.text.contains("no control request succeeded");
    (output.code != 0 || !any_accepted).then(|| format!("{service}: exit {}\n{}", output.code, output.text))
}

#[test]
fn reference_server_conforms_to_botocore_models() {
    let Some(botocore) = std::env::var_os("OVERSTEP_BOTOCORE").map(PathBuf::from) else {
        eprintln!("SKIPPED: OVERSTEP_BOTOCORE is not set to a directory with botocore");
        return;
    };
    let data = std::fs::read_dir(botocore.join("botocore/data")).expect("read botocore's models");
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
        let mut failures = Vec::new();
        while let Some(service) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
            failures.extend(check_service(&botocore, service));
        }
        failures
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("worker does not panic")).collect()
    });
    visible::say(&format!(
        "services: {} of {} without a false alarm; {} are installed",
        chosen.len() - failures.len(),
        chosen.len(),
        all.len()
    ));
    assert!(failures.is_empty(), "{} of {} services:\n{}", failures.len(), chosen.len(), failures.join("\n\n"));
}
