//! `overstep fuzz` as a person meets it: faults that no boundary reaches, simplest forms, regressions.
//!
//! Everything here talks to nothing but this machine: the embedded server, or a made-up service on a thread.

#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use crate::cards as planted;
use crate::loopback;
use crate::support::command;
use planted::{CONTRACT, Cards, FAULTS, Fault, SCENARIO};
use serde_json::Value as Json;
use std::path::Path;
use tempfile::TempDir;

struct Ran {
    out: String,
    err: String,
    code: i32,
}

fn overstep(directory: &Path, arguments: &[&str]) -> Ran {
    let output = command::overstep(directory, arguments).output().expect("it starts");
    Ran {
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

fn project() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("made");
    std::fs::write(scenarios.join("cards.toml"), SCENARIO).expect("written");
    std::fs::write(scenarios.join("cards.contract.json"), CONTRACT).expect("written");
    directory
}

/// The made-up service on a port of its own.
fn cards(fault: Fault) -> String {
    let service = Cards::new(fault);
    let address = loopback::serve_json(move |method, target, body| service.answer(method, target, body));
    format!("http://{address}")
}

#[test]
fn a_service_that_does_all_that_is_documented_is_left_alone() {
    let directory = project();
    let url = cards(Fault::Faithful);
    let checked = overstep(directory.path(), &["check", "cards", "-e", &url, "--no-snapshots"]);
    assert_eq!(checked.code, 0, "{}\n{}", checked.out, checked.err);
    let ran = overstep(directory.path(), &["fuzz", "cards", "-e", &url, "--max-cases", "3000", "--seed", "3"]);
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    assert!(ran.out.contains("0 findings in"), "{}", ran.out);
}

#[test]
fn the_embedded_server_keeps_every_promise_whatever_is_drawn() {
    for scenario in ["connect", "leadlex"] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let ran = overstep(directory.path(), &["fuzz", scenario, "--max-cases", "700", "--seed", "2", "--no-progress"]);
        assert_eq!(ran.code, 0, "{scenario}: {}\n{}", ran.out, ran.err);
    }
}

#[test]
fn faults_that_no_boundary_reaches_are_found_made_simple_and_kept() {
    for fault in FAULTS {
        let directory = project();
        let url = cards(fault);
        // What lies at a boundary would be found without fuzzing.
        let checked = overstep(directory.path(), &["check", "cards", "-e", &url, "--no-snapshots"]);
        // A sequence may meet it by luck.
        let may_be_met = fault == Fault::FifthUpdate;
        assert!(checked.code == 0 || may_be_met, "{fault:?}: {}\n{}", checked.out, checked.err);
        let arguments =
            ["fuzz", "cards", "-e", &url, "--max-time", "50s", "--max-failures", "1", "--save", "--report", "ndjson=r"];
        let ran = overstep(directory.path(), &arguments);
        assert_eq!(ran.code, 1, "{fault:?}: {}\n{}", ran.out, ran.err);
        let saved: Vec<_> = std::fs::read_dir(directory.path().join("scenarios/cards.saved"))
            .expect("something is saved")
            .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("text"))
            .collect();
        let least = match fault {
            Fault::FifthUpdate => 8,
            _ => 1,
        };
        let requests = saved.iter().map(|text| text.matches("{\"send\"").count() + text.matches("{\"look\"").count());
        let fewest = requests.min().expect("one at least");
        assert!(fewest <= least, "{fault:?} takes {least} requests: {saved:?}");
        let results = std::fs::read_to_string(directory.path().join("r")).expect("results");
        // And the line that is printed sends it again.
        let mut finding = results.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
        let finding = finding.rfind(|event| event["event"] == "finding").expect("a finding");
        let id = finding["examples"][0].as_str().expect("an id").to_owned();
        let replayed = overstep(directory.path(), &["replay", &id, "-e", &url]);
        assert_eq!(replayed.code, 1, "{fault:?} {id}: {}\n{}", replayed.out, replayed.err);
        // From now on every check sends it, and it is a finding until it is mended.
        let again = overstep(directory.path(), &["check", "cards", "-e", &url, "--no-snapshots", "-E", "fuzz-*"]);
        assert_eq!(again.code, 1, "{fault:?}: {}\n{}", again.out, again.err);
        let mended = overstep(directory.path(), &["check", "cards", "-e", &cards(Fault::Faithful), "--no-snapshots"]);
        assert_eq!(mended.code, 0, "{fault:?}: {}\n{}", mended.out, mended.err);
    }
}

#[test]
fn the_same_seed_proposes_the_same_whatever_the_number_of_workers() {
    let tables: Vec<String> = ["1", "7"]
        .map(|workers| {
            let directory = project();
            let corpus = directory.path().join("corpus");
            let url = cards(Fault::Faithful);
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
            let ran = overstep(directory.path(), &arguments);
            assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
            let mut inputs: Vec<_> = std::fs::read_dir(&corpus)
                .expect("a corpus is written")
                .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
                .collect();
            inputs.sort();
            assert!(inputs.len() > 5, "{inputs:?}");
            let lines = ran.out.lines().filter(|line| !line.contains(" s") && !line.contains("http://"));
            lines.map(str::to_owned).chain(inputs).collect::<Vec<_>>().join("\n")
        })
        .into();
    assert_eq!(tables[0], tables[1]);
}

#[test]
fn a_corpus_is_read_and_nothing_in_it_is_replaced() {
    let directory = project();
    let corpus = directory.path().join("corpus");
    std::fs::create_dir(&corpus).expect("made");
    let seed = r#"[{"send":"PutLabels","input":{"id":{"$template":"{use}"},"labels":{"k":"1","q":"2"}}}]"#;
    std::fs::write(corpus.join("mine"), seed).expect("written");
    std::fs::write(corpus.join("bytes"), b"\x00\x01\xff anything").expect("written");
    std::fs::write(corpus.join("broken"), b"[{").expect("written");
    let url = cards(Fault::TwoKeys);
    let arguments = ["fuzz", "cards", "-e", &url, "--max-cases", "32", "--corpus", "corpus", "--no-progress"];
    let ran = overstep(directory.path(), &arguments);
    assert_eq!(ran.code, 1, "what the corpus holds is sent first: {}\n{}", ran.out, ran.err);
    assert_eq!(std::fs::read_to_string(corpus.join("mine")).expect("still there"), seed);
    assert_eq!(std::fs::read(corpus.join("broken")).expect("still there"), b"[{");
}

#[test]
fn what_cannot_be_is_said() {
    let directory = project();
    let remote = overstep(directory.path(), &["fuzz", "cards", "-e", "http://192.0.2.1", "--max-cases", "1"]);
    assert_eq!(remote.code, 2, "{}", remote.err);
    assert!(remote.err.contains("--allow-remote"), "{}", remote.err);
    let nobody = overstep(directory.path(), &["fuzz", "cards", "-e", "http://127.0.0.1:1", "--max-cases", "1"]);
    assert_eq!(nobody.code, 3, "{}\n{}", nobody.out, nobody.err);
    assert!(!nobody.err.contains("look at the filter"), "nobody was there to ask: {}", nobody.err);
    let url = cards(Fault::Faithful);
    let none = overstep(directory.path(), &["fuzz", "cards", "-e", &url, "-E", "op(Nothing)", "--max-cases", "1"]);
    assert_eq!(none.code, 4, "{}\n{}", none.out, none.err);
    let saved = directory.path().join("scenarios/cards.saved");
    std::fs::create_dir(&saved).expect("made");
    std::fs::write(saved.join("old.toml"), "format = \"overstep-regression/0\"\n").expect("written");
    let broken = overstep(directory.path(), &["check", "cards", "-e", &url]);
    assert_eq!(broken.code, 2, "{}", broken.err);
    assert!(broken.err.contains("cards.saved/old.toml:1"), "{}", broken.err);
}
