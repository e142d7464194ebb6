//! Accepted behaviour, from the file's text to the command line.
//!
//! Everything here talks to nothing but this machine: the embedded server, alone or with a fault.

#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use crate::support::command;
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
use tempfile::TempDir;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z][A-Za-z0-9_.-]{0,12}",
        1 => "f[0-9]{1,3}",
        1 => "[ ()\"\\\\·≠\n\r\t\u{2028}\u{85}\u{a0}a-]{0,6}",
        1 => ".{0,6}",
    ]
}

fn held(forms: u32) -> impl Strategy<Value = AcceptedResponse> {
    let form = proptest::option::of(1..=forms.max(1)).prop_map(move |form| form.filter(|_| forms > 0));
    let mark = proptest::option::of(text()).prop_map(|words| words.as_deref().and_then(DocumentedMark::new));
    (proptest::option::of(100..600_u16), proptest::option::of(text()), form, proptest::option::of(text()), mark)
        .prop_map(|(status, error, form, note, mark)| AcceptedResponse { status, error, form, note, mark })
}

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let forms = proptest::collection::vec(proptest::collection::vec((text(), text()), 0..4), 0..4);
    forms.prop_flat_map(|forms| {
        let count = u32::try_from(forms.len()).expect("a few");
        let line = (
            text(),
            proptest::collection::vec((text(), held(count)), 0..4),
            proptest::collection::vec((text(), held(count)), 0..4),
        );
        proptest::collection::vec(line, 0..6).prop_map(move |lines| {
            let mut places = std::collections::HashSet::new();
            let lines = lines.into_iter().filter(|(place, _, _)| places.insert(place.clone()));
            Snapshot {
                header: vec!["source: scenarios/a.toml".into(), "expression: a/B".into()],
                lines: lines
                    .map(|(place, sides, exceptions)| ConstraintLine {
                        place,
                        sides: sides.into_iter().map(|(name, held)| ConstraintSide { name, response: held }).collect(),
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
    fn text_and_values_are_the_same(snapshot in snapshot()) {
        let text = write(&snapshot);
        let again = read(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&again, &snapshot, "{}", text);
        prop_assert_eq!(write(&again), text);
    }

    #[test]
    fn no_text_is_too_odd_to_be_refused(text in "(---\n)?(.{0,12}\n){0,4}(---\n)?([ a-c\"\\\\{}()·≠f0-9-]{0,20}\n){0,8}") {
        if let Ok(snapshot) = read(&text) {
            let canonical = write(&snapshot);
            prop_assert_eq!(read(&canonical).map(|again| write(&again)), Ok(canonical));
        }
    }
}

fn seen(status: u16) -> CaseState {
    let form = ResponseForm(vec![("body".into(), if status < 300 { "object" } else { "none" }.into())]);
    CaseState::Observed(
        ObservedBehavior { status: Some(status), form: Some(form), ..ObservedBehavior::default() },
        None,
    )
}

fn ran(variant: &str, state: CaseState) -> SnapshotCase {
    SnapshotCase { place: "Tags/length".into(), side: "above-max".into(), variant: variant.into(), state }
}

fn body(snapshot: &Snapshot) -> Vec<String> {
    let text = write(snapshot);
    let lines = text.lines().skip(2).take_while(|line| !line.is_empty());
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn what_agrees_is_one_line_and_what_does_not_has_its_own() {
    let all = |states: [CaseState; 4]| -> Vec<SnapshotCase> {
        ["above-max", "above-max-astral", "above-max-padded", "above-max-x"]
            .into_iter()
            .zip(states)
            .map(|(variant, state)| ran(variant, state))
            .collect()
    };
    let first =
        merge_snapshot(None, vec![], &all([seen(400), seen(400), seen(200), seen(400)]), CaseCoverage::Complete);
    assert_eq!(body(&first), ["Tags/length above-max 400 f1", "above-max-padded 200 f2"]);
    // Nothing is learnt of one case, and a complete run loses nothing by it.
    let second = merge_snapshot(
        Some(&first),
        vec![],
        &all([seen(400), seen(400), CaseState::NothingLearned, seen(400)]),
        CaseCoverage::Complete,
    );
    assert_eq!(body(&second), body(&first));
    // One case ran.
    let partial = all([CaseState::NotRun, seen(422), CaseState::NotRun, CaseState::NotRun]);
    let third = merge_snapshot(Some(&first), vec![], &partial, CaseCoverage::Planned);
    assert_eq!(body(&third), ["Tags/length above-max 400 f1", "above-max-astral 422 f1", "above-max-padded 200 f2"]);
    // The same, where nobody knows which cases there are.
    let fourth = merge_snapshot(Some(&first), vec![], &[ran("above-max-astral", seen(422))], CaseCoverage::Unknown);
    assert_eq!(body(&fourth), ["Tags/length above-max 400 f1", "above-max-astral 422 f1", "above-max-padded 200 f2"]);
    // Of a side that nobody saw as a whole, nothing is said as a whole.
    let fifth = merge_snapshot(None, vec![], &partial, CaseCoverage::Planned);
    assert_eq!(body(&fifth), ["Tags/length", "above-max-astral 422 f1"]);
    assert_eq!(fifth.lookup("Tags/length", "above-max", "above-max-x"), None);
    // A line without a case vanishes in a complete run only.
    let other = [SnapshotCase { place: "Other/type".into(), ..ran("null", seen(400)) }];
    assert_eq!(merge_snapshot(Some(&first), vec![], &other, CaseCoverage::Planned).lines.len(), 2);
    assert_eq!(merge_snapshot(Some(&first), vec![], &other, CaseCoverage::Complete).lines.len(), 1);
}

/// A directory with the made-up service `notes`.
fn project() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(directory.path().join("scenarios")).expect("made");
    for (name, text) in [
        ("notes.toml", include_str!("notes/notes.toml")),
        ("notes.contract.json", include_str!("notes/notes.contract.json")),
    ] {
        std::fs::write(directory.path().join("scenarios").join(name), text).expect("written");
    }
    directory
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
    let output = command(directory, arguments).output().expect("it starts");
    let results = std::fs::read_to_string(directory.join(".overstep/last/results.ndjson")).unwrap_or_default();
    Output {
        all: format!(
            "{arguments:?}\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        ),
        code: output.status.code().expect("it ends by itself"),
        events: results.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(),
    }
}

impl Output {
    fn summary(&self) -> &Json {
        self.events.iter().find(|event| event["event"] == "summary").expect("a summary")
    }

    fn cases(&self) -> impl Iterator<Item = &Json> {
        self.events.iter().filter(|event| event["event"] == "case")
    }
}

/// All files below a directory, with their texts.
fn files(directory: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return found };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), std::fs::read_to_string(&path).expect("text")));
        }
    }
    found.sort();
    found
}

/// A reference server of the notes on a port of its own.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(directory: &Path, faults: &[&str]) -> Self {
        let mut arguments = vec!["serve", "notes"];
        faults.iter().for_each(|fault| arguments.extend(["--fault", fault]));
        let mut child =
            command(directory, &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut url = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut url).expect("it prints its address");
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
fn every_way_to_update_does_what_it_says() {
    let directory = project();
    let at = directory.path();
    let count = |ending: &str| {
        files(&at.join("snapshots")).iter().filter(|(path, _)| path.to_string_lossy().ends_with(ending)).count()
    };
    let ran = run(at, &["check", "--update", "no"]);
    assert_eq!((ran.code, count("")), (0, 0), "{}", ran.all);
    assert!(ran.summary()["new"].as_u64().expect("a number") > 100);
    let in_ci = command(at, &["check"]).env("CI", "true").status().expect("it starts");
    assert!(in_ci.success() && count("") == 0);
    let ran = run(at, &["check"]);
    assert_eq!((ran.code, count(".osnap.new"), count(".osnap")), (0, 2, 0), "{}", ran.all);
    assert!(ran.all.contains("overstep snapshot review"), "{}", ran.all);
    // What waits takes no part in the comparison.
    assert!(run(at, &["check"]).summary()["new"].as_u64().expect("a number") > 100);
    let ran = run(at, &["check", "--update", "all", "--workers", "1"]);
    assert_eq!((ran.code, count(".osnap.new"), count(".osnap")), (0, 0, 2), "{}", ran.all);
    let accepted = files(&at.join("snapshots"));
    let ran = run(at, &["check", "--update", "all", "--workers", "16"]);
    assert_eq!((ran.summary()["new"].as_u64(), ran.summary()["changed"].as_u64()), (Some(0), Some(0)));
    assert_eq!(files(&at.join("snapshots")), accepted, "{}", ran.all);
    assert_eq!(run(at, &["check", "--no-snapshots"]).summary()["changed"], 0);
    // From nothing, with other workers, the same files.
    run(at, &["check", "--update", "all", "--snapshots", "other", "--workers", "3"]);
    let texts = |folder: &str| files(&at.join(folder)).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts("other"), texts("snapshots"));
}

#[test]
fn another_answer_where_documents_are_silent_is_a_change() {
    let directory = project();
    let at = directory.path();
    let faithful = Server::start(at, &[]);
    run(at, &["check", "notes", "-e", &faithful.url, "--update", "all"]);
    assert_eq!(run(at, &["check", "notes", "-e", &faithful.url]).code, 0);
    let odd = Server::start(at, &["TagNote.successes.extra"]);
    let without = run(at, &["check", "notes", "-e", &odd.url, "--no-snapshots"]);
    assert_eq!(without.code, 0, "the documents do not forbid it: {}", without.all);
    let ran = run(at, &["check", "notes", "-e", &odd.url]);
    assert_eq!(ran.code, 1, "{}", ran.all);
    assert!(ran.all.contains("accepted"), "{}", ran.all);
    let changed: Vec<&Json> = ran.cases().filter(|case| case["change"] == "changed").collect();
    assert_eq!(ran.summary()["changed"].as_u64(), Some(changed.len() as u64));
    assert!(!changed.is_empty() && changed.iter().all(|case| case["operation"] == "TagNote"), "{}", ran.all);
    assert!(
        changed.iter().all(|case| case["verdict"] != "diverges" && case["snapshot"]["status"] == 201
            || case["snapshot"]["status"] == 200)
    );
    // Every form that a case names is spelled out before it.
    let mut told = std::collections::HashSet::new();
    for event in &ran.events {
        if event["event"] == "form" {
            told.insert((event["operation"].clone().to_string(), event["name"].clone().to_string()));
        } else if event["event"] == "case" && !event["observed"]["form"].is_null() {
            assert!(told.contains(&(event["operation"].to_string(), event["observed"]["form"].to_string())), "{event}");
        }
    }
    assert!(at.join("snapshots/default/notes/TagNote.osnap.new").is_file());
    assert!(!at.join("snapshots/default/notes/RenameNote.osnap.new").exists());
    let listed = run(at, &["snapshot", "list"]);
    assert!(listed.all.contains("notes/TagNote") && listed.all.contains("\n  + "), "{}", listed.all);
    let review = run(at, &["snapshot", "review"]);
    assert_eq!(review.code, 2, "{}", review.all);
    assert!(review.all.contains("overstep snapshot accept"), "{}", review.all);
    // Some lines are rejected, the others accepted; what is left waits no more.
    assert_eq!(run(at, &["snapshot", "reject", "--filter", "valid/random"]).code, 0);
    assert_eq!(run(at, &["snapshot", "accept"]).code, 0);
    assert!(run(at, &["snapshot", "list"]).all.contains("nothing waits"));
    let ran = run(at, &["check", "notes", "-e", &odd.url, "--update", "no"]);
    let left: Vec<&Json> = ran.cases().filter(|case| case["change"] == "changed").collect();
    assert!(!left.is_empty() && left.len() < changed.len(), "{}", ran.all);
    assert!(left.iter().all(|case| case["id"].as_str().is_some_and(|id| id.contains("/valid/random/"))), "{}", ran.all);
}

#[test]
fn an_accepted_divergence_is_known_and_no_finding() {
    let directory = project();
    let at = directory.path();
    let faulty = Server::start(at, &["requests.always-ok"].map(|_| "TagNote.requests.always-ok"));
    let check = |more: &[&str]| run(at, &[&["check", "notes", "-e", &faulty.url], more].concat());
    let first = check(&["--update", "all"]);
    assert_eq!(first.code, 1, "{}", first.all);
    let diverging = first.summary()["diverges"].as_u64().expect("a number");
    let again = check(&[]);
    assert_eq!(again.code, 0, "{}", again.all);
    assert_eq!(again.summary()["known"].as_u64(), Some(diverging));
    assert!(again.cases().all(|case| (case["verdict"] == "diverges") == (case["known"] == true)));
    assert_eq!(check(&["--strict"]).code, 1);
    let text = std::fs::read_to_string(at.join("snapshots/default/notes/TagNote.osnap")).expect("there");
    assert!(text.contains("≠ documented 4"), "{text}");
    assert_eq!(read(&text).map(|snapshot| write(&snapshot)), Ok(text));
    // Another server keeps what is documented: that is a change too.
    let faithful = Server::start(at, &[]);
    let ran = run(at, &["check", "notes", "-e", &faithful.url, "--update", "no"]);
    assert_eq!(ran.code, 1, "{}", ran.all);
    assert_eq!(ran.summary()["diverges"], 0);
    // Where the documents are silent, the two differ as well.
    assert!(ran.summary()["changed"].as_u64() > Some(diverging), "{}", ran.all);
}

#[test]
fn a_run_that_saw_a_part_changes_that_part_only() {
    let directory = project();
    let at = directory.path();
    let faithful = Server::start(at, &[]);
    run(at, &["check", "notes", "-e", &faithful.url, "--update", "all"]);
    let accepted = files(&at.join("snapshots"));
    let odd = Server::start(at, &["TagNote.requests.always-ok", "RenameNote.requests.always-ok"]);
    for more in
        [&["-E", "op(TagNote) & not-json/word"][..], &["--max-failures", "3", "--workers", "1"], &["--level", "quick"]]
    {
        let ran = run(at, &[&["check", "notes", "-e", &odd.url], more].concat());
        assert_eq!(ran.summary()["complete"], false);
        let seen: Vec<&str> =
            ran.cases().filter(|case| case["change"] == "changed").filter_map(|case| case["id"].as_str()).collect();
        assert!(!seen.is_empty(), "{}", ran.all);
        for (path, before) in &accepted {
            assert_eq!(&std::fs::read_to_string(path).expect("there"), before, "accepted files stay");
            let Ok(pending) = std::fs::read_to_string(format!("{}.new", path.display())) else { continue };
            let (before, pending) = (read(before).expect("a snapshot"), read(&pending).expect("a snapshot"));
            for line in &before.lines {
                let after = pending.line(&line.place).expect("no line is lost");
                let touched = seen.iter().any(|id| id.contains(&format!("/{}/", line.place)));
                if !touched {
                    let told = |snapshot: &Snapshot, line: &ConstraintLine| {
                        line.sides.iter().map(|side| snapshot.expand_response(&side.response)).collect::<Vec<_>>()
                    };
                    assert_eq!(told(&pending, after), told(&before, line), "{}", line.place);
                }
            }
        }
        run(at, &["snapshot", "reject"]);
        assert_eq!(files(&at.join("snapshots")), accepted);
    }
    // Cases of the last run that failed are a part as well, even where they are accepted at once.
    run(at, &["check", "notes", "-e", &odd.url, "--update", "no"]);
    let ran = run(at, &["check", "notes", "-e", &odd.url, "--last-failed", "--update", "all"]);
    assert_eq!(ran.summary()["complete"], false);
    for (path, before) in &accepted {
        let after = read(&std::fs::read_to_string(path).expect("there")).expect("a snapshot");
        let before = read(before).expect("a snapshot");
        assert!(before.lines.iter().all(|line| after.line(&line.place).is_some()), "{}", ran.all);
        std::fs::write(path, write(&before)).expect("written");
    }
    // Nobody there: nothing is written.
    let url = odd.url.clone();
    drop(odd);
    assert_eq!(run(at, &["check", "notes", "-e", &url, "--update", "all"]).code, 3);
    assert_eq!(files(&at.join("snapshots")), accepted);
}

#[test]
fn what_ci_saw_is_accepted_from_its_results() {
    let directory = project();
    let at = directory.path();
    let faulty = Server::start(at, &["TagNote.requests.always-ok", "RenameNote.successes.null"]);
    run(at, &["check", "notes", "-e", &faulty.url, "--update", "no", "--report", "ndjson=ci.ndjson"]);
    assert!(files(&at.join("snapshots")).is_empty());
    let ran = run(at, &["snapshot", "accept", "--from", "ci.ndjson"]);
    assert_eq!(ran.code, 0, "{}", ran.all);
    run(at, &["check", "notes", "-e", &faulty.url, "--update", "all", "--snapshots", "direct"]);
    let texts = |folder: &str| files(&at.join(folder)).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts("snapshots"), texts("direct"));
    // Results of a part touch that part.
    let faithful = Server::start(at, &[]);
    run(
        at,
        &[
            "check",
            "notes",
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
    let ran = run(at, &["check", "notes", "-e", &faulty.url, "--update", "no"]);
    let changed: Vec<&str> =
        ran.cases().filter(|case| case["change"] == "changed").filter_map(|case| case["id"].as_str()).collect();
    assert_eq!(changed, ["notes/TagNote/malformed/not-json/word"], "{}", ran.all);
    assert_eq!(run(at, &["snapshot", "accept", "--from", "scenarios/notes.toml"]).code, 2);
}

#[test]
fn a_broken_file_stops_the_run_and_is_named() {
    let directory = project();
    let at = directory.path();
    run(at, &["check", "--update", "all"]);
    let path = at.join("snapshots/embedded/notes/TagNote.osnap");
    let text = std::fs::read_to_string(&path).expect("there");
    std::fs::write(&path, text.replace("auth/", "<<<<<<< HEAD\nauth/")).expect("written");
    let ran = run(at, &["check"]);
    assert_eq!(ran.code, 2, "{}", ran.all);
    assert!(ran.all.contains("TagNote.osnap:"), "{}", ran.all);
}

#[cfg(unix)]
#[test]
fn a_kill_at_any_moment_leaves_accepted_files_whole() {
    let directory = project();
    let at = directory.path();
    let servers =
        [Server::start(at, &[]), Server::start(at, &["TagNote.requests.always-ok", "RenameNote.requests.always-ok"])];
    run(at, &["check", "notes", "-e", &servers[0].url, "--update", "all"]);
    for round in 0..12_u32 {
        let url = &servers[(round as usize + 1) % 2].url;
        let mut child = command(at, &["check", "notes", "-e", url, "--update", "all", "--no-progress"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        // Killed after its head, or as soon as its table is out, which is when files have just been written.
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
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
fn insta_reads_what_is_written() {
    let directory = project();
    let at = directory.path();
    run(at, &["check"]);
    for (path, text) in files(&at.join("snapshots")) {
        let read = insta::Snapshot::from_file(&path).expect("insta understands it");
        assert_eq!(
            read.metadata().expression(),
            Some(
                format!(
                    "notes/{}",
                    path.file_name().expect("a name").to_string_lossy().split('.').next().expect("a stem")
                )
                .as_str()
            )
        );
        assert!(
            text.ends_with('\n')
                && text.split("---\n").nth(2).expect("a body").starts_with(|c: char| c.is_alphabetic())
        );
    }
}

/// The real cargo-insta, where it is installed: its review and ours leave the same files.
#[test]
fn cargo_insta_accepts_our_files_when_told_their_ending_and_leaves_them_alone_otherwise() {
    let path = std::env::var("PATH").unwrap_or_default();
    if !std::env::split_paths(&path).any(|folder| folder.join("cargo-insta").is_file()) {
        println!("skipped: cargo-insta is not installed (`cargo install cargo-insta --version 1.49.0`)");
        return;
    }
    let directory = project();
    let at = directory.path();
    std::fs::write(at.join("Cargo.toml"), "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2021\"\n")
        .expect("written");
    std::fs::create_dir(at.join("src")).expect("made");
    std::fs::write(at.join("src/lib.rs"), "").expect("written");
    run(at, &["check"]);
    let insta = |arguments: &[&str]| {
        let mut insta = Command::new("cargo");
        insta.current_dir(at).args(["insta", "accept"]).args(arguments).arg("--workspace-root").arg(at);
        let output = insta.output().expect("it starts");
        assert!(output.status.success(), "{output:?}");
    };
    let before = files(&at.join("snapshots"));
    insta(&[]);
    assert_eq!(files(&at.join("snapshots")), before, "plain insta does not see them");
    insta(&["--extensions", "osnap"]);
    let after = files(&at.join("snapshots"));
    assert!(after.iter().all(|(path, _)| path.extension().is_some_and(|ending| ending == "osnap")));
    for ((_, before), (path, after)) in before.iter().zip(&after) {
        assert_eq!(before, after, "{}", path.display());
    }
    assert_eq!(run(at, &["check"]).summary()["new"], 0);
}
