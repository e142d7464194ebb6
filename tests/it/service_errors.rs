//! The errors of AWS services that their models do not declare, compared with responses recorded from AWS.
//!
//! Without `OVERSTEP_BOTOCORE` naming an installed botocore the test is skipped, visibly.

#![expect(clippy::disallowed_methods, reason = "an environment variable locates botocore")]

use crate::support::{command::overstep, visible};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::ffi::OsStr;

/// The recorded errors of each service: code and, where recorded, status.
fn recorded_errors() -> BTreeMap<&'static str, Vec<(&'static str, Option<u64>)>> {
    let mut services: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let rows = include_str!("service_errors/recorded.tsv").lines().filter(|line| !line.starts_with('#'));
    for row in rows {
        let columns: Vec<&str> = row.split('\t').collect();
        services.entry(columns[0]).or_default().push((columns[1], columns[2].parse().ok()));
    }
    services
}

/// Returns the errors of a service's contract: the status of each, by its name and by its code in responses.
fn contract_errors(service: &str, botocore: &OsStr) -> BTreeMap<String, Option<u64>> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let arguments = ["ingest", &format!("botocore:{service}"), "--format", "json"];
    let output =
        overstep(directory.path(), &arguments).env("OVERSTEP_BOTOCORE", botocore).output().expect("the command runs");
    let contract: Json = serde_json::from_slice(&output.stdout).expect("a contract");
    let mut found = BTreeMap::new();
    for error in contract["errors"].as_array().expect("errors") {
        let name = error["name"].as_str().expect("a name");
        found.insert(name.to_owned(), error["status"].as_u64());
        if let Some(code) = error["code"].as_str() {
            found.insert(code.to_owned(), error["status"].as_u64());
        }
    }
    found
}

#[test]
fn recorded_errors_of_aws_services_are_named_with_the_same_status() {
    let Some(botocore) = std::env::var_os("OVERSTEP_BOTOCORE") else {
        visible::say("SKIPPED: OVERSTEP_BOTOCORE does not name a folder with botocore");
        return;
    };
    let (mut total, mut named, mut others) = (0, 0, Vec::new());
    for (service, errors) in recorded_errors() {
        let contract = contract_errors(service, &botocore);
        for (code, status) in errors {
            total += 1;
            match (contract.get(code), status) {
                (None, _) => others.push(format!("{service}: {code} is not named")),
                (Some(Some(ours)), Some(status)) if *ours != status => {
                    named += 1;
                    others.push(format!("{service}: {code} has status {status}, not {ours}"));
                }
                (Some(_), _) => named += 1,
            }
        }
    }
    visible::say(&format!("{named} of {total} recorded errors are named; {}", others.join("; ")));
    assert!(named * 100 >= total * 97, "{others:#?}");
    // The model of Amazon Transcribe declares 409 and AWS returned 400.
    assert!(others.len() <= 1, "{others:#?}");
}
