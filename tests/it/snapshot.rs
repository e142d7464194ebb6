//! Snapshots of accepted behaviour: the file format, merging, and the command line.
//!
//! No test leaves this machine: requests go to the embedded server or to a reference server with faults.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::command;
use crate::support::notes_project;
use indexmap::IndexMap;
use overstep::snapshot::{
    AcceptedResponse, CaseCoverage, CaseState, ConstraintLine, ConstraintSide, DocumentedMark, ObservedBehavior,
    ResponseForm, Snapshot, SnapshotCase, merge_snapshot, read, write,
};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z][A-Za-z0-9_.-]{0,12}",
        1 => "f[0-9]{1,3}",
        1 => "[ ()\"\\\\·≠\n\r\t\u{2028}\u{85}\u{a0}a-]{0,6}",
        1 => ".{0,6}",
    ]
}

fn accepted_response(forms: u32) -> impl Strategy<Value = AcceptedResponse> {
    let form = proptest::option::of(1..=forms.max(1)).prop_map(move |form| form.filter(|_| forms > 0));
    let mark = proptest::option::of(text()).prop_map(|words| words.as_deref().and_then(DocumentedMark::new));
    (proptest::option::of(100..600_u16), proptest::option::of(text()), form, proptest::option::of(text()), mark)
        .prop_map(|(status, error, form, note, mark)| AcceptedResponse { status, error, form, note, mark })
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let forms = proptest::collection::vec(proptest::collection::vec((text(), text()), 0..4), 0..4);
    forms.prop_flat_map(|forms| {
        let count = u32::try_from(forms.len()).expect("form count fits u32");
        let line = (
            text(),
            proptest::collection::vec((text(), accepted_response(count)), 0..4),
            proptest::collection::vec((text(), accepted_response(count)), 0..4),
        );
        proptest::collection::vec(line, 0..6).prop_map(move |lines| {
            let mut places = std::collections::HashSet::new();
            let lines = lines.into_iter().filter(|(place, _, _)| places.insert(place.clone()));
            Snapshot {
                header: vec!["source: scenarios/a.toml".into(), "expression: a/B".into()],
                lines: lines
                    .map(|(place, sides, exceptions)| ConstraintLine {
                        place,
                        sides: sides.into_iter().map(|(name, response)| ConstraintSide { name, response }).collect(),
                        exceptions,
                    })
                    .collect(),
                forms: (1..).zip(forms.iter().cloned().map(ResponseForm)).collect::<IndexMap<_, _>>(),
            }
        })
    })
}

proptest! {
    #[test]
    fn written_snapshot_is_read_back_unchanged(snapshot in snapshot()) {
        let text = write(&snapshot);
        let again = read(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&again, &snapshot, "{}", text);
        prop_assert_eq!(write(&again), text);
    }

    #[test]
    fn rewriting_a_snapshot_that_can_be_read_is_idempotent(text in "(---\n)?(.{0,12}\n){0,4}(---\n)?([ a-c\"\\\\{}()·≠f0-9-]{0,20}\n){0,8}") {
        if let Ok(snapshot) = read(&text) {
            let canonical = write(&snapshot);
            prop_assert_eq!(read(&canonical).map(|again| write(&again)), Ok(canonical));
        }
    }
}

fn observed(status: u16) -> CaseState {
    let form = ResponseForm(vec![("body".into(), if status < 300 { "object" } else { "none" }.into())]);
    CaseState::Observed(
        ObservedBehavior { status: Some(status), form: Some(form), ..ObservedBehavior::default() },
        None,
    )
}

fn snapshot_case(variant: &str, state: CaseState) -> SnapshotCase {
    SnapshotCase { place: "Tags/length".into(), side: "above-max".into(), variant: variant.into(), state }
}

fn body_lines(snapshot: &Snapshot) -> Vec<String> {
    let text = write(snapshot);
    let lines = text.lines().skip(2).take_while(|line| !line.is_empty());
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn cases_that_differ_from_their_side_get_lines_of_their_own() {
    let all = |states: [CaseState; 4]| -> Vec<SnapshotCase> {
        ["above-max", "above-max-astral", "above-max-padded", "above-max-x"]
            .into_iter()
            .zip(states)
            .map(|(variant, state)| snapshot_case(variant, state))
            .collect()
    };
    let first = merge_snapshot(
        None,
        vec![],
        &all([observed(400), observed(400), observed(200), observed(400)]),
        CaseCoverage::Complete,
    );
    assert_eq!(body_lines(&first), ["Tags/length above-max 400 f1", "above-max-padded 200 f2"]);
    // One case has no result. A complete run keeps its line.
    let second = merge_snapshot(
        Some(&first),
        vec![],
        &all([observed(400), observed(400), CaseState::NothingLearned, observed(400)]),
        CaseCoverage::Complete,
    );
    assert_eq!(body_lines(&second), body_lines(&first));
    // Only one case ran.
    let partial = all([CaseState::NotRun, observed(422), CaseState::NotRun, CaseState::NotRun]);
    let third = merge_snapshot(Some(&first), vec![], &partial, CaseCoverage::Planned);
    assert_eq!(
        body_lines(&third),
        ["Tags/length above-max 400 f1", "above-max-astral 422 f1", "above-max-padded 200 f2"]
    );
    // The same without knowledge of the other cases.
    let fourth = merge_snapshot(
        Some(&first),
        vec![],
        &[snapshot_case("above-max-astral", observed(422))],
        CaseCoverage::Unknown,
    );
    assert_eq!(
        body_lines(&fourth),
        ["Tags/length above-max 400 f1", "above-max-astral 422 f1", "above-max-padded 200 f2"]
    );
    // A side of which only a part ran gets no common line.
    let fifth = merge_snapshot(None, vec![], &partial, CaseCoverage::Planned);
    assert_eq!(body_lines(&fifth), ["Tags/length", "above-max-astral 422 f1"]);
    assert_eq!(fifth.lookup("Tags/length", "above-max", "above-max-x"), None);
    // Only a complete run removes lines without a case.
    let other = [SnapshotCase { place: "Other/type".into(), ..snapshot_case("null", observed(400)) }];
    assert_eq!(merge_snapshot(Some(&first), vec![], &other, CaseCoverage::Planned).lines.len(), 2);
    assert_eq!(merge_snapshot(Some(&first), vec![], &other, CaseCoverage::Complete).lines.len(), 1);
}

struct Output {
    all: String,
    code: i32,
    events: Vec<Json>,
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = command::overstep(directory, arguments);
    command.stdin(Stdio::null());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let output = command(directory, arguments).output().expect("start overstep");
    let results = std::fs::read_to_string(directory.join(".overstep/last/results.ndjson")).unwrap_or_default();
    Output {
        all: format!(
            "{arguments:?}\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        code: output.status.code().expect("exit code"),
        events: results.lines().map(|line| serde_json::from_str(line).expect("valid JSON")).collect(),
    }
}

impl Output {
    fn summary(&self) -> &Json {
        self.events.iter().find(|event| event["event"] == "summary").expect("summary event")
    }

    fn cases(&self) -> impl Iterator<Item = &Json> {
        self.events.iter().filter(|event| event["event"] == "case")
    }
}

/// Returns all files below a directory, with their texts.
fn files(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return all };
    for path in entries.map(|entry| entry.expect("directory entry").path()) {
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push((path.clone(), std::fs::read_to_string(&path).expect("UTF-8 text")));
        }
    }
    all.sort();
    all
}

/// A reference server for `notes`; dropping it ends the process.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(directory: &Path, faults: &[&str]) -> Self {
        let mut arguments = vec!["serve", "notes"];
        faults.iter().for_each(|fault| arguments.extend(["--fault", fault]));
        let mut child = command(directory, &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start overstep");
        let mut url = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut url)
            .expect("read the server's address");
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn update_flag_decides_what_is_written() {
    let directory = notes_project();
    let at = directory.path();
    let count = |ending: &str| {
        files(&at.join("snapshots")).iter().filter(|(path, _)| path.to_string_lossy().ends_with(ending)).count()
    };
    let output = run(at, &["check", "--update", "no"]);
    assert_eq!((output.code, count("")), (0, 0), "{}", output.all);
    assert!(output.summary()["new"].as_u64().expect("number") > 100);
    let in_ci = command(at, &["check"]).env("CI", "true").status().expect("start overstep");
    assert!(in_ci.success() && count("") == 0);
    let output = run(at, &["check"]);
    assert_eq!((output.code, count(".osnap.new"), count(".osnap")), (0, 2, 0), "{}", output.all);
    assert!(output.all.contains("overstep snapshot review"), "{}", output.all);
    // Pending snapshots are not compared.
    assert!(run(at, &["check"]).summary()["new"].as_u64().expect("number") > 100);
    let output = run(at, &["check", "--update", "all", "--workers", "1"]);
    assert_eq!((output.code, count(".osnap.new"), count(".osnap")), (0, 0, 2), "{}", output.all);
    let accepted = files(&at.join("snapshots"));
    let output = run(at, &["check", "--update", "all", "--workers", "16"]);
    assert_eq!((output.summary()["new"].as_u64(), output.summary()["changed"].as_u64()), (Some(0), Some(0)));
    assert_eq!(files(&at.join("snapshots")), accepted, "{}", output.all);
    assert_eq!(run(at, &["check", "--no-snapshots"]).summary()["changed"], 0);
    // The files do not depend on the number of workers.
    run(at, &["check", "--update", "all", "--snapshots", "other", "--workers", "3"]);
    let texts = |folder: &str| files(&at.join(folder)).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts("other"), texts("snapshots"));
}

#[test]
fn changed_undocumented_response_is_a_finding() {
    let directory = notes_project();
    let at = directory.path();
    let faithful = Server::start(at, &[]);
    run(at, &["check", "notes", "-e", &faithful.url, "--profile", "default", "--update", "all"]);
    assert_eq!(run(at, &["check", "notes", "-e", &faithful.url, "--profile", "default"]).code, 0);
    let odd = Server::start(at, &["TagNote.successes.extra"]);
    let without = run(at, &["check", "notes", "-e", &odd.url, "--profile", "default", "--no-snapshots"]);
    assert_eq!(without.code, 0, "the documents do not forbid it: {}", without.all);
    let output = run(at, &["check", "notes", "-e", &odd.url, "--profile", "default"]);
    assert_eq!(output.code, 1, "{}", output.all);
    assert!(output.all.contains("accepted"), "{}", output.all);
    let changed: Vec<&Json> = output.cases().filter(|case| case["change"] == "changed").collect();
    assert_eq!(output.summary()["changed"].as_u64(), Some(changed.len() as u64));
    assert!(!changed.is_empty() && changed.iter().all(|case| case["operation"] == "TagNote"), "{}", output.all);
    assert!(
        changed.iter().all(|case| case["verdict"] != "diverges" && case["snapshot"]["status"] == 201
            || case["snapshot"]["status"] == 200)
    );
    // A form event comes before the first case that names it.
    let mut known_forms = std::collections::HashSet::new();
    for event in &output.events {
        if event["event"] == "form" {
            known_forms.insert((event["operation"].clone().to_string(), event["name"].clone().to_string()));
        } else if event["event"] == "case" && !event["observed"]["form"].is_null() {
            assert!(
                known_forms.contains(&(event["operation"].to_string(), event["observed"]["form"].to_string())),
                "{event}"
            );
        }
    }
    assert!(at.join("snapshots/default/notes/TagNote.osnap.new").is_file());
    assert!(!at.join("snapshots/default/notes/RenameNote.osnap.new").exists());
    let listed = run(at, &["snapshot", "list"]);
    assert!(listed.all.contains("notes/TagNote") && listed.all.contains("\n  + "), "{}", listed.all);
    let review = run(at, &["snapshot", "review"]);
    assert_eq!(review.code, 2, "{}", review.all);
    assert!(review.all.contains("overstep snapshot accept"), "{}", review.all);
    // Some lines are rejected and the others are accepted; then no snapshot is pending.
    assert_eq!(run(at, &["snapshot", "reject", "--filter", "valid/random"]).code, 0);
    assert_eq!(run(at, &["snapshot", "accept"]).code, 0);
    assert!(run(at, &["snapshot", "list"]).all.contains("no pending snapshots"));
    let output = run(at, &["check", "notes", "-e", &odd.url, "--profile", "default", "--update", "no"]);
    let left: Vec<&Json> = output.cases().filter(|case| case["change"] == "changed").collect();
    assert!(!left.is_empty() && left.len() < changed.len(), "{}", output.all);
    assert!(
        left.iter().all(|case| case["id"].as_str().is_some_and(|id| id.contains("/valid/random/"))),
        "{}",
        output.all
    );
}

#[test]
fn accepted_divergence_is_no_finding() {
    let directory = notes_project();
    let at = directory.path();
    let faulty = Server::start(at, &["requests.always-ok"].map(|_| "TagNote.requests.always-ok"));
    let check =
        |more: &[&str]| run(at, &[&["check", "notes", "-e", &faulty.url, "--profile", "default"], more].concat());
    let first = check(&["--update", "all"]);
    assert_eq!(first.code, 1, "{}", first.all);
    let diverging = first.summary()["diverges"].as_u64().expect("number");
    let again = check(&[]);
    assert_eq!(again.code, 0, "{}", again.all);
    assert_eq!(again.summary()["known"].as_u64(), Some(diverging));
    assert!(again.cases().all(|case| (case["verdict"] == "diverges") == (case["known"] == true)));
    assert_eq!(check(&["--strict"]).code, 1);
    let text = std::fs::read_to_string(at.join("snapshots/default/notes/TagNote.osnap")).expect("read file");
    assert!(text.contains("≠ documented 4"), "{text}");
    assert_eq!(read(&text).map(|snapshot| write(&snapshot)), Ok(text));
    // A conforming server differs from the accepted behaviour.
    let faithful = Server::start(at, &[]);
    let output = run(at, &["check", "notes", "-e", &faithful.url, "--profile", "default", "--update", "no"]);
    assert_eq!(output.code, 1, "{}", output.all);
    assert_eq!(output.summary()["diverges"], 0);
    // The servers also differ in undocumented responses.
    assert!(output.summary()["changed"].as_u64() > Some(diverging), "{}", output.all);
}

#[test]
fn partial_run_changes_only_the_lines_of_its_cases() {
    let directory = notes_project();
    let at = directory.path();
    let faithful = Server::start(at, &[]);
    run(at, &["check", "notes", "-e", &faithful.url, "--profile", "default", "--update", "all"]);
    let accepted = files(&at.join("snapshots"));
    let odd = Server::start(at, &["TagNote.requests.always-ok", "RenameNote.requests.always-ok"]);
    for more in
        [&["-E", "op(TagNote) & not-json/word"][..], &["--max-failures", "3", "--workers", "1"], &["--level", "quick"]]
    {
        let output = run(at, &[&["check", "notes", "-e", &odd.url, "--profile", "default"], more].concat());
        assert_eq!(output.summary()["complete"], false);
        let changed: Vec<&str> =
            output.cases().filter(|case| case["change"] == "changed").filter_map(|case| case["id"].as_str()).collect();
        assert!(!changed.is_empty(), "{}", output.all);
        for (path, before) in &accepted {
            assert_eq!(&std::fs::read_to_string(path).expect("read file"), before, "accepted files do not change");
            let Ok(pending) = std::fs::read_to_string(format!("{}.new", path.display())) else { continue };
            let (before, pending) = (read(before).expect("valid snapshot"), read(&pending).expect("valid snapshot"));
            for line in &before.lines {
                let after = pending.line(&line.place).expect("the line is preserved");
                let is_changed = changed.iter().any(|id| id.contains(&format!("/{}/", line.place)));
                if !is_changed {
                    let responses = |snapshot: &Snapshot, line: &ConstraintLine| {
                        line.sides.iter().map(|side| snapshot.expand_response(&side.response)).collect::<Vec<_>>()
                    };
                    assert_eq!(responses(&pending, after), responses(&before, line), "{}", line.place);
                }
            }
        }
        run(at, &["snapshot", "reject"]);
        assert_eq!(files(&at.join("snapshots")), accepted);
    }
    // A run of the cases that failed last is partial, too, even if it accepts at once.
    run(at, &["check", "notes", "-e", &odd.url, "--profile", "default", "--update", "no"]);
    let output =
        run(at, &["check", "notes", "-e", &odd.url, "--profile", "default", "--last-failed", "--update", "all"]);
    assert_eq!(output.summary()["complete"], false);
    for (path, before) in &accepted {
        let after = read(&std::fs::read_to_string(path).expect("read file")).expect("valid snapshot");
        let before = read(before).expect("valid snapshot");
        assert!(before.lines.iter().all(|line| after.line(&line.place).is_some()), "{}", output.all);
        std::fs::write(path, write(&before)).expect("write file");
    }
    // Without a reachable endpoint no snapshot is written.
    let url = odd.url.clone();
    drop(odd);
    assert_eq!(run(at, &["check", "notes", "-e", &url, "--profile", "default", "--update", "all"]).code, 3);
    assert_eq!(files(&at.join("snapshots")), accepted);
}

#[test]
fn results_of_another_run_can_be_accepted() {
    let directory = notes_project();
    let at = directory.path();
    let faulty = Server::start(at, &["TagNote.requests.always-ok", "RenameNote.successes.null"]);
    run(
        at,
        &[
            "check",
            "notes",
            "-e",
            &faulty.url,
            "--profile",
            "default",
            "--update",
            "no",
            "--report",
            "ndjson=ci.ndjson",
        ],
    );
    assert!(files(&at.join("snapshots")).is_empty());
    let output = run(at, &["snapshot", "accept", "--from", "ci.ndjson"]);
    assert_eq!(output.code, 0, "{}", output.all);
    run(at, &["check", "notes", "-e", &faulty.url, "--profile", "default", "--update", "all", "--snapshots", "direct"]);
    let texts = |folder: &str| files(&at.join(folder)).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts("snapshots"), texts("direct"));
    // Results of a partial run change only their part.
    let faithful = Server::start(at, &[]);
    run(
        at,
        &[
            "check",
            "notes",
            "--profile",
            "default",
            "-e",
            &faithful.url,
            "--update",
            "no",
            "-E",
            "not-json/word",
            "--report",
            "ndjson=ci.ndjson",
        ],
    );
    run(at, &["snapshot", "accept", "--from", "ci.ndjson"]);
    let output = run(at, &["check", "notes", "-e", &faulty.url, "--profile", "default", "--update", "no"]);
    let changed: Vec<&str> =
        output.cases().filter(|case| case["change"] == "changed").filter_map(|case| case["id"].as_str()).collect();
    assert_eq!(changed, ["notes/TagNote/malformed/not-json/word"], "{}", output.all);
    assert_eq!(run(at, &["snapshot", "accept", "--from", "scenarios/notes.toml"]).code, 2);
}

#[test]
fn invalid_snapshot_file_exits_with_2() {
    let directory = notes_project();
    let at = directory.path();
    run(at, &["check", "--update", "all"]);
    let path = at.join("snapshots/embedded/notes/TagNote.osnap");
    let text = std::fs::read_to_string(&path).expect("read file");
    std::fs::write(&path, text.replace("auth/", "<<<<<<< HEAD\nauth/")).expect("write file");
    let output = run(at, &["check"]);
    assert_eq!(output.code, 2, "{}", output.all);
    assert!(output.all.contains("TagNote.osnap:"), "{}", output.all);
}

#[cfg(unix)]
#[test]
fn killed_run_leaves_valid_snapshot_files() {
    let directory = notes_project();
    let at = directory.path();
    let servers =
        [Server::start(at, &[]), Server::start(at, &["TagNote.requests.always-ok", "RenameNote.requests.always-ok"])];
    run(at, &["check", "notes", "-e", &servers[0].url, "--profile", "default", "--update", "all"]);
    for round in 0..12_u32 {
        let url = &servers[(round as usize + 1) % 2].url;
        let mut child =
            command(at, &["check", "notes", "-e", url, "--profile", "default", "--update", "all", "--no-progress"])
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("start overstep");
        // The run is killed after its header, or after its table, when it has just written the files.
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        let _ = lines.nth(if round % 3 == 0 { 0 } else { 2 });
        let _ = child.kill();
        let _ = child.wait();
        for (path, text) in files(&at.join("snapshots")) {
            if path.extension().is_some_and(|ending| ending == "osnap") {
                assert_eq!(read(&text).map(|snapshot| write(&snapshot)), Ok(text), "{}", path.display());
            }
        }
    }
}

#[test]
fn insta_can_read_pending_snapshots() {
    let directory = notes_project();
    let at = directory.path();
    run(at, &["check"]);
    for (path, text) in files(&at.join("snapshots")) {
        let read = insta::Snapshot::from_file(&path).expect("insta can read the snapshot");
        assert_eq!(
            read.metadata().expression(),
            Some(
                format!(
                    "notes/{}",
                    path.file_name().expect("name").to_string_lossy().split('.').next().expect("file stem")
                )
                .as_str()
            )
        );
        assert!(
            text.ends_with('\n')
                && text.split("---\n").nth(2).expect("snapshot body").starts_with(|c: char| c.is_alphabetic())
        );
    }
}

/// Runs the real cargo-insta where it is installed.
#[test]
fn cargo_insta_accepts_snapshots_only_with_their_extension() {
    let path = std::env::var("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join("cargo-insta").is_file()) {
        println!("skipped: cargo-insta is not installed (`cargo install cargo-insta --version 1.49.0`)");
        return;
    }
    let directory = notes_project();
    let at = directory.path();
    std::fs::write(at.join("Cargo.toml"), "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
        .expect("write file");
    std::fs::create_dir(at.join("src")).expect("create directory");
    std::fs::write(at.join("src/lib.rs"), "").expect("write file");
    run(at, &["check"]);
    let insta = |arguments: &[&str]| {
        let mut insta = Command::new("cargo");
        insta.current_dir(at).args(["insta", "accept"]).args(arguments).arg("--workspace-root").arg(at);
        let output = insta.output().expect("start the command");
        assert!(output.status.success(), "{output:?}");
    };
    let before = files(&at.join("snapshots"));
    insta(&[]);
    assert_eq!(files(&at.join("snapshots")), before, "without `--extensions` cargo-insta ignores the files");
    insta(&["--extensions", "osnap"]);
    let after = files(&at.join("snapshots"));
    assert!(after.iter().all(|(path, _)| path.extension().is_some_and(|ending| ending == "osnap")));
    for ((_, before), (path, after)) in before.iter().zip(&after) {
        assert_eq!(before, after, "{}", path.display());
    }
    assert_eq!(run(at, &["check"]).summary()["new"], 0);
}
