//! Merged shards: the same bytes as one run, and an error for each shard that is missing, there twice, or of another run.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use super::runs::{assert_same, project, reported, run, send_shards};
use crate::modelled;
use crate::replay::FaultyServer;
use std::path::Path;
use tempfile::TempDir;

/// Faults of which a merge must find the causes over all shards: an actual limit, an unchecked member, laws.
const FAULTS: [&str; 3] =
    ["RenameNote.name.length.max+1", "TagNote.tags.length.max.dropped", "TagNote.tags(item).length.min-1"];

fn merged(directory: &Path) -> std::collections::BTreeMap<String, String> {
    reported(directory, &["merge", "blobs", "--update", "new"])
}

#[test]
fn merged_shards_write_the_same_as_one_run() {
    let whole = project();
    let server = FaultyServer::start(whole.path(), "notes", &FAULTS);
    let arguments = ["check", "-e", &server.url, "--run-id", "same", "--no-progress"];
    let expected = reported(whole.path(), &arguments);
    assert_eq!(expected["exit"], "1");
    assert!(expected["terminal"].contains("actual limit"), "{}", expected["terminal"]);
    assert!(expected.keys().any(|name| name.ends_with(".osnap.new")), "{:?}", expected.keys());
    for count in [1, 2, 3, 8, 64] {
        let parts = project();
        let server = FaultyServer::start(parts.path(), "notes", &FAULTS);
        let arguments = ["check", "-e", &server.url, "--run-id", "same", "--no-progress"];
        send_shards(parts.path(), count, &arguments);
        let snapshots = parts.path().join("snapshots");
        assert!(count == 1 || !snapshots.exists(), "a shard of {count} has written snapshots");
        assert_same(&format!("{count} shards"), &expected, &merged(parts.path()));
    }
}

#[test]
fn operations_that_do_not_succeed_are_the_same_in_merged_shards() {
    // The emulator lacks an operation, fails on some names, and rejects plain values that its model allows.
    for count in [2, 3, 8] {
        let (Some(whole), Some(parts)) = (modelled::project(), modelled::project()) else { return };
        // The message of a connection that a crash ended differs from run to run, and so do lists of what others left.
        let filter = "not (op(NoteThing) | op(ListThings))";
        let arguments =
            ["check", "things", "-e", "emulator", "-E", filter, "--run-id", "same", "--no-progress", "--workers", "1"];
        for directory in [&whole, &parts] {
            modelled::add_required_values(directory.path());
        }
        let expected = reported(whole.path(), &arguments);
        assert!(expected["terminal"].contains("not implemented"), "{}", expected["terminal"]);
        send_shards(parts.path(), count, &arguments);
        assert_same(&format!("{count} shards"), &expected, &merged(parts.path()));
    }
}

#[test]
fn filtered_runs_and_operations_that_all_fail_are_merged() {
    for (arguments, code) in [
        (&["check", "notes", "-E", "length"][..], "1"),
        (&["check", "notes", "-E", "op(TagNote) & not valid"], "1"),
        (&["check", "notes", "--level", "quick"], "0"),
        // No control succeeds with such a key.
        (&["check", "notes", "--secret", "key=other"], "1"),
    ] {
        let (whole, parts) = (project(), project());
        let server = FaultyServer::start(whole.path(), "notes", &FAULTS);
        let mut all = arguments.to_vec();
        all.extend(["-e", &server.url, "--run-id", "same", "--no-progress"]);
        let expected = reported(whole.path(), &all);
        assert_eq!(expected["exit"], code, "{arguments:?}: {}", expected["terminal"]);
        send_shards(parts.path(), 5, &all);
        assert_same(&format!("{arguments:?}"), &expected, &merged(parts.path()));
    }
}

/// Returns a project with the blobs of all shards.
fn sent(count: u32) -> TempDir {
    let directory = project();
    send_shards(directory.path(), count, &["check", "notes", "--no-progress", "--level", "quick"]);
    directory
}

fn blob(directory: &TempDir, number: u32, count: u32) -> std::path::PathBuf {
    directory.path().join(format!("blobs/shard-{number}-of-{count}.ndjson"))
}

#[track_caller]
fn assert_rejected(directory: &TempDir, folders: &[&str], expected: &str) {
    let mut arguments = vec!["merge"];
    arguments.extend(folders);
    let run = run(directory.path(), &arguments);
    assert_eq!(run.code, 3, "{}", run.all());
    assert!(run.stderr.contains(expected), "`{expected}` is missing: {}", run.all());
    assert!(!run.stdout.contains("finding"), "nothing is reported of shards that are not one run: {}", run.all());
}

#[test]
fn shards_that_are_missing_or_there_twice_are_named() {
    let directory = sent(4);
    let other = directory.path().join("other");
    std::fs::create_dir(&other).expect("created");
    std::fs::copy(blob(&directory, 3, 4), other.join("shard-3-of-4.ndjson")).expect("copied");
    assert_rejected(
        &directory,
        &["blobs", "other"],
        "shard 3 of 4 is there twice: `blobs/shard-3-of-4.ndjson` and `other/shard-3-of-4.ndjson`",
    );
    std::fs::remove_file(blob(&directory, 3, 4)).expect("removed");
    assert_rejected(&directory, &["blobs"], "shard 3 of 4 is missing");
    std::fs::remove_file(blob(&directory, 1, 4)).expect("removed");
    assert_rejected(&directory, &["blobs"], "shards 1 and 3 of 4 are missing");
    assert_rejected(&directory, &["scenarios"], "`scenarios` has no blob of a shard");
    // Artifacts of CI are folders in a folder.
    let complete = sent(2);
    for number in [1, 2] {
        let folder = complete.path().join(format!("artifacts/part-{number}"));
        std::fs::create_dir_all(&folder).expect("created");
        std::fs::copy(blob(&complete, number, 2), folder.join(format!("shard-{number}-of-2.ndjson"))).expect("copied");
    }
    let run = run(complete.path(), &["merge", "artifacts"]);
    assert_eq!(run.code, 0, "{}", run.all());
}

#[test]
fn shards_of_other_runs_are_named() {
    let directory = sent(2);
    let original = std::fs::read_to_string(blob(&directory, 2, 2)).expect("a blob");
    let with = |from: &str, to: &str| {
        assert!(original.contains(from), "{from}");
        std::fs::write(blob(&directory, 2, 2), original.replacen(from, to, 1)).expect("written");
    };
    for (from, to, expected) in [
        ("\"seed\":1", "\"seed\":2", "has seed 1, and shard 2 of 2 (`blobs/shard-2-of-2.ndjson`) has 2"),
        ("\"level\":\"quick\"", "\"level\":\"full\"", "has level quick"),
        ("\"filter\":null", "\"filter\":\"length\"", "has filter none"),
        ("\"shard\":\"2/2\"", "\"shard\":\"2/3\"", "has a run of 2 shards"),
        ("\"scenario\":\"notes\"", "\"scenario\":\"other\"", "has the scenarios `notes` at `embedded`"),
        ("\"contract\":\"sha256:", "\"contract\":\"sha256:0", "have other documents of `notes`"),
        ("\"variables\":{\"NoteId\":\"note-{case}\"}", "\"variables\":{}", "have other variables of `notes`"),
        ("\"version\":\"", "\"version\":\"9", "was sent by overstep 9"),
        ("overstep-blob/1", "overstep-blob/9", "it has the format `overstep-blob/9`, expected `overstep-blob/1`"),
        ("\"plan\":\"sha256:", "\"plan\":\"sha256:0", "shard 2 of 2 sent the cases of another plan of `notes`"),
        ("{\"event\":\"finished\"}\n", "", "shard 2 of 2 was stopped before its end"),
        ("\"event\":\"case\"", "\"event\":\"odd\"", "is not an event of `overstep-blob/1`"),
    ] {
        with(from, to);
        assert_rejected(&directory, &["blobs"], expected);
    }
    // A result is missing in the middle.
    let mut lines: Vec<&str> = original.lines().collect();
    let case = lines.iter().rposition(|line| line.contains("\"event\":\"case\"")).expect("a case");
    lines.remove(case);
    std::fs::write(blob(&directory, 2, 2), lines.join("\n") + "\n").expect("written");
    let run = run(directory.path(), &["merge", "blobs"]);
    assert_eq!(run.code, 3, "{}", run.all());
    assert!(run.stderr.contains("shard 2 of 2 has no result of `notes/"), "{}", run.all());
}
