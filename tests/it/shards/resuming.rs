//! Runs that were killed go on: results are kept, their cases are not sent again, and the merge is that of a whole run.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use super::runs::{assert_same, project, reported, run, send_shards};
use crate::replay::{FaultyServer, start_recorder};
use std::path::Path;

fn blob(directory: &Path, shard: &str) -> std::path::PathBuf {
    let (number, count) = shard.split_once('/').expect("a shard");
    directory.join(format!("blobs/shard-{number}-of-{count}.ndjson"))
}

/// Cuts a blob as if the run had been killed after this share of its bytes.
fn cut(path: &Path, share: f64) {
    let text = std::fs::read(path).expect("a blob");
    let end = (text.len() as f64 * share) as usize;
    std::fs::write(path, &text[..end]).expect("written");
}

#[test]
fn a_killed_shard_goes_on_where_it_was_and_the_merge_is_that_of_one_run() {
    let whole = project();
    let faults = ["RenameNote.name.length.max+1"];
    let server = FaultyServer::start(whole.path(), "notes", &faults);
    let arguments = ["check", "-e", &server.url, "--run-id", "same", "--no-progress"];
    let expected = reported(whole.path(), &arguments);
    for share in [0.0, 0.02, 0.4, 0.93, 0.999, 1.0] {
        let parts = project();
        let server = FaultyServer::start(parts.path(), "notes", &faults);
        let arguments = ["check", "-e", &server.url, "--run-id", "same", "--no-progress"];
        send_shards(parts.path(), 2, &arguments);
        let path = blob(parts.path(), "2/2");
        cut(&path, share);
        if share == 0.0 {
            // The run was killed before it wrote anything.
            std::fs::remove_file(&path).expect("removed");
        }
        let mut again = arguments.to_vec();
        again.extend(["--shard", "2/2", "--resume", "blobs"]);
        let resumed = run(parts.path(), &again);
        assert!(matches!(resumed.code, 0 | 1), "{share}: {}", resumed.all());
        let files: Vec<_> = std::fs::read_dir(parts.path().join("blobs")).expect("a folder").collect();
        assert_eq!(files.len(), 2, "{files:?}");
        let merged = reported(parts.path(), &["merge", "blobs", "--update", "new"]);
        assert_same(&format!("killed after {share}"), &expected, &merged);
    }
}

#[test]
fn cases_that_were_judged_are_not_sent_again() {
    let (url, requests) = start_recorder();
    let directory = project();
    let arguments = ["check", "notes", "-e", &url, "--no-progress", "--no-snapshots", "--shard", "1/2"];
    let mut first = arguments.to_vec();
    first.extend(["--report", "blob=blobs"]);
    let sent = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| line.contains("\"event\":\"case\""));
        let ids = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"));
        ids.map(|case| case["id"].as_str().expect("an id").to_owned()).collect()
    };
    run(directory.path(), &first);
    let all = requests.try_iter().count();
    let path = blob(directory.path(), "1/2");
    let before = sent(&std::fs::read_to_string(&path).expect("a blob"));
    cut(&path, 0.5);
    let kept = std::fs::read_to_string(&path).expect("a blob");
    let kept = sent(&kept[..kept.rfind('\n').expect("a line")]);
    assert!(kept.len() > 10 && kept.len() + 10 < before.len(), "{} of {}", kept.len(), before.len());
    let mut again = arguments.to_vec();
    again.extend(["--resume", "blobs"]);
    run(directory.path(), &again);
    let after = sent(&std::fs::read_to_string(&path).expect("a blob"));
    assert_eq!(before, after, "a resumed run has the results of a whole one, in the same order");
    let resent = requests.try_iter().count();
    assert!(
        resent + kept.len() <= all,
        "{resent} of {all} requests were sent again, though {} cases were judged",
        kept.len()
    );
    // A run that was complete sends nothing but the canary.
    run(directory.path(), &again);
    assert!(requests.try_iter().count() <= 1);
}

#[test]
fn a_run_of_another_plan_is_not_resumed() {
    let directory = project();
    send_shards(directory.path(), 1, &["check", "notes", "--no-progress", "--level", "quick"]);
    let other = run(directory.path(), &["check", "notes", "--no-progress", "--level", "full", "--resume", "blobs"]);
    assert_eq!(other.code, 2, "{}", other.all());
    assert!(other.stderr.contains("the run to resume sent the cases of another plan of `notes`"), "{}", other.all());
    let kept = run(directory.path(), &["merge", "blobs"]);
    assert_eq!(kept.code, 0, "the blob is unchanged: {}", kept.all());
}
