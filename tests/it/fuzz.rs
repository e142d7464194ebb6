//! Runs `overstep fuzz` through the binary: faults that no boundary test reaches, shrinking, and saved regressions.
//!
//! No test leaves this machine: requests go to the embedded server, or to an invented service on a thread.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::cards;
use crate::loopback;
use crate::support::command;
use cards::{CONTRACT, Cards, FAULTS, Fault, SCENARIO};
use serde_json::Value as Json;
use std::path::Path;
use tempfile::TempDir;

struct Output {
    stdout: String,
    stderr: String,
    code: i32,
}

fn overstep(directory: &Path, arguments: &[&str]) -> Output {
    let output = command::overstep(directory, arguments).output().expect("start overstep");
    Output {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

fn project() -> TempDir {
    let directory = tempfile::tempdir().expect("create temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("create directory");
    std::fs::write(scenarios.join("cards.toml"), SCENARIO).expect("write file");
    std::fs::write(scenarios.join("cards.contract.json"), CONTRACT).expect("write file");
    directory
}

/// Starts the cards service and returns its URL.
fn start_cards(fault: Fault) -> String {
    let service = Cards::new(fault);
    let address = loopback::serve_json(move |method, target, body| service.respond(method, target, body));
    format!("http://{address}")
}

#[test]
fn conforming_service_has_no_findings() {
    let directory = project();
    let url = start_cards(Fault::Faithful);
    let checked = overstep(directory.path(), &["check", "cards", "-e", &url, "--no-snapshots"]);
    assert_eq!(checked.code, 0, "{}\n{}", checked.stdout, checked.stderr);
    let output = overstep(directory.path(), &["fuzz", "cards", "-e", &url, "--max-cases", "3000", "--seed", "3"]);
    assert_eq!(output.code, 0, "{}\n{}", output.stdout, output.stderr);
    assert!(output.stdout.contains("0 findings in"), "{}", output.stdout);
}

#[test]
fn embedded_server_has_no_findings() {
    for scenario in ["connect", "leadlex"] {
        let directory = tempfile::tempdir().expect("create temporary directory");
        let output =
            overstep(directory.path(), &["fuzz", scenario, "--max-cases", "700", "--seed", "2", "--no-progress"]);
        assert_eq!(output.code, 0, "{scenario}: {}\n{}", output.stdout, output.stderr);
    }
}

#[test]
fn faults_are_found_shrunk_and_saved_as_regressions() {
    for fault in FAULTS {
        let directory = project();
        let url = start_cards(fault);
        // `check` does not find the fault, since it is at no boundary.
        let checked = overstep(directory.path(), &["check", "cards", "-e", &url, "--no-snapshots"]);
        // A random sequence may find this one.
        let may_be_found = fault == Fault::FifthUpdate;
        assert!(checked.code == 0 || may_be_found, "{fault:?}: {}\n{}", checked.stdout, checked.stderr);
        let arguments =
            ["fuzz", "cards", "-e", &url, "--max-time", "50s", "--max-failures", "1", "--save", "--report", "ndjson=r"];
        let output = overstep(directory.path(), &arguments);
        assert_eq!(output.code, 1, "{fault:?}: {}\n{}", output.stdout, output.stderr);
        let saved: Vec<_> = std::fs::read_dir(directory.path().join("scenarios/cards.saved"))
            .expect("read the saved regressions")
            .map(|entry| std::fs::read_to_string(entry.expect("directory entry").path()).expect("UTF-8 text"))
            .collect();
        let max_requests = match fault {
            Fault::FifthUpdate => 8,
            _ => 1,
        };
        let requests = saved.iter().map(|text| text.matches("{\"send\"").count() + text.matches("{\"look\"").count());
        let fewest = requests.min().expect("at least one");
        assert!(fewest <= max_requests, "{fault:?} needs more than {max_requests} requests: {saved:?}");
        let results = std::fs::read_to_string(directory.path().join("r")).expect("results file");
        // The example of the finding can be replayed.
        let mut finding = results.lines().map(|line| serde_json::from_str::<Json>(line).expect("valid JSON"));
        let finding = finding.rfind(|event| event["event"] == "finding").expect("finding");
        let id = finding["examples"][0].as_str().expect("case id").to_owned();
        let replayed = overstep(directory.path(), &["replay", &id, "-e", &url]);
        assert_eq!(replayed.code, 1, "{fault:?} {id}: {}\n{}", replayed.stdout, replayed.stderr);
        // Every later check sends the saved case, which is a finding until the fault is fixed.
        let checked = overstep(directory.path(), &["check", "cards", "-e", &url, "--no-snapshots", "-E", "fuzz-*"]);
        assert_eq!(checked.code, 1, "{fault:?}: {}\n{}", checked.stdout, checked.stderr);
        let fixed =
            overstep(directory.path(), &["check", "cards", "-e", &start_cards(Fault::Faithful), "--no-snapshots"]);
        assert_eq!(fixed.code, 0, "{fault:?}: {}\n{}", fixed.stdout, fixed.stderr);
    }
}

#[test]
fn runs_with_one_seed_do_not_depend_on_the_number_of_workers() {
    let tables: Vec<String> = ["1", "7"]
        .map(|workers| {
            let directory = project();
            let corpus = directory.path().join("corpus");
            let url = start_cards(Fault::Faithful);
            let arguments = [
                "fuzz",
                "cards",
                "-e",
                &url,
                "--max-cases",
                "600",
                "--workers",
                workers,
                "--run-id",
                "same",
                "--corpus",
                "corpus",
                "--no-progress",
            ];
            let output = overstep(directory.path(), &arguments);
            assert_eq!(output.code, 0, "{}\n{}", output.stdout, output.stderr);
            let mut inputs: Vec<_> = std::fs::read_dir(&corpus)
                .expect("read corpus")
                .map(|entry| entry.expect("directory entry").file_name().to_string_lossy().into_owned())
                .collect();
            inputs.sort();
            assert!(inputs.len() > 5, "{inputs:?}");
            let lines = output.stdout.lines().filter(|line| !line.contains(" s") && !line.contains("http://"));
            lines.map(str::to_owned).chain(inputs).collect::<Vec<_>>().join("\n")
        })
        .into();
    assert_eq!(tables[0], tables[1]);
}

#[test]
fn corpus_is_read_and_its_files_are_not_changed() {
    let directory = project();
    let corpus = directory.path().join("corpus");
    std::fs::create_dir(&corpus).expect("create directory");
    let seed = r#"[{"send":"PutLabels","input":{"id":{"$template":"{use}"},"labels":{"k":"1","q":"2"}}}]"#;
    std::fs::write(corpus.join("mine"), seed).expect("write file");
    std::fs::write(corpus.join("bytes"), b"\x00\x01\xff anything").expect("write file");
    std::fs::write(corpus.join("broken"), b"[{").expect("write file");
    let url = start_cards(Fault::TwoKeys);
    let arguments = ["fuzz", "cards", "-e", &url, "--max-cases", "32", "--corpus", "corpus", "--no-progress"];
    let output = overstep(directory.path(), &arguments);
    assert_eq!(output.code, 1, "the inputs of the corpus are sent first: {}\n{}", output.stdout, output.stderr);
    assert_eq!(std::fs::read_to_string(corpus.join("mine")).expect("read file"), seed);
    assert_eq!(std::fs::read(corpus.join("broken")).expect("read file"), b"[{");
}

#[test]
fn errors_have_documented_exit_codes() {
    let directory = project();
    let remote = overstep(directory.path(), &["fuzz", "cards", "-e", "http://192.0.2.1", "--max-cases", "1"]);
    assert_eq!(remote.code, 2, "{}", remote.stderr);
    assert!(remote.stderr.contains("--allow-remote"), "{}", remote.stderr);
    let unreachable = overstep(directory.path(), &["fuzz", "cards", "-e", "http://127.0.0.1:1", "--max-cases", "1"]);
    assert_eq!(unreachable.code, 3, "{}\n{}", unreachable.stdout, unreachable.stderr);
    assert!(!unreachable.stderr.contains("check the filter"), "the filter is not the cause: {}", unreachable.stderr);
    let url = start_cards(Fault::Faithful);
    let none = overstep(directory.path(), &["fuzz", "cards", "-e", &url, "-E", "op(Nothing)", "--max-cases", "1"]);
    assert_eq!(none.code, 4, "{}\n{}", none.stdout, none.stderr);
    let saved = directory.path().join("scenarios/cards.saved");
    std::fs::create_dir(&saved).expect("create directory");
    std::fs::write(saved.join("old.toml"), "format = \"overstep-regression/0\"\n").expect("write file");
    let broken = overstep(directory.path(), &["check", "cards", "-e", &url]);
    assert_eq!(broken.code, 2, "{}", broken.stderr);
    assert!(broken.stderr.contains("cards.saved/old.toml:1"), "{}", broken.stderr);
}
