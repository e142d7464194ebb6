//! Laws over state, through the binary: which faults they find, and that verdicts do not depend on the state that earlier
//! runs left.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::served;
use crate::support::command;
use serde_json::Value as Json;
use served::ReferenceServer;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

struct Output {
    code: i32,
    events: Vec<Json>,
    text: String,
}

impl Output {
    fn verdicts(&self) -> BTreeMap<String, String> {
        let cases = self.events.iter().filter(|event| event["event"] == "case");
        let verdict = |event: &Json| {
            let part = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
            (part("id"), format!("{} {}", part("verdict"), event["observed"]["note"]))
        };
        cases.map(verdict).collect()
    }
}

fn overstep(directory: &Path, arguments: &[&str]) -> Output {
    let output = command::overstep(directory, arguments).output().expect("start overstep");
    let results = std::fs::read_to_string(directory.join("results.ndjson")).unwrap_or_default();
    Output {
        code: output.status.code().expect("exit code"),
        events: results.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
        text: String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    }
}

fn check(directory: &Path, scenario: &str, url: &str, more: &[&str]) -> Output {
    let fixed = ["check", scenario, "-e", url, "--report", "ndjson=results.ndjson", "--no-progress"];
    overstep(directory, &[&fixed[..], more].concat())
}

/// Returns all snapshots below a directory by path.
fn snapshots(directory: &Path) -> BTreeMap<String, String> {
    fn walk(folder: &Path, files: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, files);
            } else {
                files.insert(path.display().to_string(), std::fs::read_to_string(&path).expect("UTF-8 text"));
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(&directory.join("snapshots"), &mut files);
    files
}

fn temporary_directory() -> TempDir {
    tempfile::tempdir().expect("create temporary directory")
}

#[test]
fn repeated_runs_on_one_server_agree() {
    for scenario in ["connect", "leadlex"] {
        let server = ReferenceServer::start(scenario, &[]);
        let directory = temporary_directory();
        let mut before = None;
        for _ in 0..3 {
            let output = check(directory.path(), scenario, &server.url, &["--update", "all"]);
            assert_eq!(output.code, 0, "{scenario}: {}", output.text);
            let current = (output.verdicts(), snapshots(directory.path()));
            assert!(current.0.len() > 200 && !current.1.is_empty());
            if let Some(before) = &before {
                assert!(*before == current, "{scenario}: the runs differ");
            }
            before = Some(current);
        }
    }
}

#[test]
fn sharing_one_resource_between_all_cases_has_no_findings() {
    for (scenario, resource) in [
        ("connect", "ContactId=aaaaaaaa-bbbb-cccc-dddd-0123456789ab"),
        ("leadlex", "ContactId=123e4567-e89b-12d3-a456-0123456789ab"),
    ] {
        let server = ReferenceServer::start(scenario, &[]);
        let directory = temporary_directory();
        for _ in 0..3 {
            let output = check(directory.path(), scenario, &server.url, &["--no-snapshots", "--variable", resource]);
            assert_eq!(output.code, 0, "{scenario}: {}", output.text);
            let laws = output.verdicts().into_iter().filter(|(id, _)| id.contains("/law/"));
            let (passed, open): (Vec<_>, Vec<_>) = laws.partition(|(_, verdict)| verdict.starts_with("pass"));
            assert!(passed.len() > 5 * open.len(), "{scenario}: most laws have a verdict nevertheless: {open:?}");
        }
    }
}

#[test]
fn state_faults_are_found_at_their_operation() {
    for (scenario, fault, found_at) in [
        ("connect", "TagContact.memory.replaces", "TagContact/law/merges"),
        ("connect", "TagContact.memory.first-wins", "TagContact/law/overwrites"),
        ("connect", "TagContact.memory.loses-writes", "TagContact/law/read-your-write"),
        ("connect", "TagContact.memory.lowers-keys", "TagContact/law/read-your-write"),
        ("connect", "TagContact.memory.normalises", "TagContact/law/read-your-write"),
        ("connect", "TagContact.memory.writes-rejected", "TagContact/law/rejected-leaves-no-trace"),
        ("connect", "TagContact.memory.shares-resources", "TagContact/law/"),
        ("connect", "TagContact.memory.toggles", "TagContact/law/idempotent"),
        ("connect", "UntagContact.memory.removes-all", "UntagContact/law/inverse"),
        ("connect", "UntagContact.memory.removes-nothing", "UntagContact/law/inverse"),
        ("connect", "DescribeContact.memory.reads-shared", "DescribeContact/law/read-your-write"),
        ("connect", "DescribeContact.memory.answers-other", "DescribeContact/law/echoes"),
        (
            "connect",
            "UpdateContactAttributes.Attributes.maxTotalBytes.per-request",
            "UpdateContactAttributes/Attributes/maxTotalBytes",
        ),
        // The fault writes and reads below the wrong parent, so only a resource of another parent shows it.
        ("connect", "TagContact.memory.mixes-parents DescribeContact.memory.mixes-parents", "TagContact/law/isolated"),
        ("leadlex", "AddTagsToContact.memory.replaces", "AddTagsToContact/law/merges"),
        ("leadlex", "AddTagsToContact.memory.keeps-duplicates", "AddTagsToContact/law/deduplicates"),
        ("leadlex", "AddTagsToContact.memory.writes-rejected", "AddTagsToContact/law/rejected-leaves-no-trace"),
    ] {
        let server = ReferenceServer::start(scenario, &fault.split(' ').collect::<Vec<_>>());
        let directory = temporary_directory();
        let only = format!("op({})", fault.split('.').next().unwrap_or_default());
        let output = check(directory.path(), scenario, &server.url, &["--no-snapshots", "-E", &only]);
        // One finding may explain several laws, so the cases tell which were broken.
        let diverging = output.verdicts().into_iter().filter(|(_, verdict)| verdict.starts_with("diverges"));
        let found: Vec<String> = diverging.map(|(id, _)| id).collect();
        assert_eq!(output.code, 1, "{fault}: {}", output.text);
        assert!(found.iter().any(|id| id.contains(found_at)), "{fault}: {found:#?}");
    }
}

#[test]
fn failing_sequence_is_shrunk_and_can_be_replayed() {
    let server = ReferenceServer::start("connect", &["TagContact.memory.toggles"]);
    let directory = temporary_directory();
    let output =
        check(directory.path(), "connect", &server.url, &["--no-snapshots", "-E", "law/sequence & op(TagContact)"]);
    assert_eq!(output.code, 1, "{}", output.text);
    let shrunk: Vec<&str> = output
        .events
        .iter()
        .filter(|event| event["event"] == "case")
        .filter_map(|event| event["id"].as_str())
        .filter(|id| id.contains('~'))
        .collect();
    let Some(shortest) = shrunk.iter().min_by_key(|id| id.len()) else { panic!("nothing was shrunk: {}", output.text) };
    let actions = shortest.rsplit('~').next().map_or(0, |indices| indices.split('.').count());
    assert!(actions <= 2, "two equal writes are enough: {shortest}");
    let finding = output.events.iter().find(|event| event["event"] == "finding").expect("finding");
    assert!(finding["examples"][0].as_str().is_some_and(|id| id.contains('~')), "{finding}");
    drop(server);
    let server = ReferenceServer::start("connect", &["TagContact.memory.toggles"]);
    let again = overstep(directory.path(), &["replay", shortest, "-e", &server.url]);
    assert_eq!(again.code, 1, "{}", again.text);
    let faithful = ReferenceServer::start("connect", &[]);
    let again = overstep(directory.path(), &["replay", shortest, "-e", &faithful.url]);
    assert_eq!(again.code, 0, "{}", again.text);
}

#[test]
fn invalid_law_configuration_exits_with_2() {
    for (text, reason) in [
        ("read = { request = \"DescribeContct\", value = \"x\" }", "unknown operation `DescribeContct`"),
        ("read = { request = \"DescribeContact\", value = \"Contact.Tags\", member = \"Tag\" }", "has no member `Tag`"),
        ("undoes = { operation = \"UntagContact\", member = \"Tag\" }", "has no member `Tag`"),
        ("echoes = { \"Contact.Id\" = \"Contact\" }", "has no member `Contact`"),
        ("laws = [\"merges\"]", "no operation reads what `TagContact` writes"),
        ("read = { request = \"DescribeContact\", valu = \"x\" }", "did you mean `value`"),
        ("laws = [\"merge\"]", "unknown law `merge`"),
    ] {
        let directory = temporary_directory();
        let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/connect.contract.json");
        let scenario = format!("sources = [{contract:?}]\nendpoint = \"embedded\"\n[operations.TagContact]\n{text}\n");
        std::fs::write(directory.path().join("mine.toml"), scenario).expect("write file");
        let output = overstep(directory.path(), &["cases", "mine.toml", "--strict"]);
        assert_eq!(output.code, 2, "{text}: {}", output.text);
        assert!(output.text.contains(reason), "{text}: {}", output.text);
    }
}

#[test]
fn path_of_read_that_no_response_has_is_an_error_of_the_scenario() {
    let directory = temporary_directory();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let text = std::fs::read_to_string(format!("{folder}/leadlex.toml")).expect("read the scenario");
    let text = text.replace("leadlex.contract.json", &format!("{folder}/leadlex.contract.json"));
    let wrong = text.replace("value = \"data.tags\"", "value = \"result.labels\"");
    assert_ne!(wrong, text);
    let line = 1 + wrong.lines().position(|line| line.starts_with("laws ")).expect("a line with laws");
    std::fs::write(directory.path().join("mine.toml"), wrong).expect("write file");
    let output = overstep(directory.path(), &["check", "mine.toml"]);
    // The verdicts are printed all the same.
    for part in [
        "0 findings in ",
        "no response has `result.labels`, which the `read` of `AddTagsToContact` names",
        &format!("mine.toml:{line}"),
        "correct the path; until then,",
    ] {
        assert!(output.text.contains(part), "no {part:?}: {}", output.text);
    }
    assert_eq!(output.code, 2, "{}", output.text);
    std::fs::write(directory.path().join("mine.toml"), text).expect("write file");
    let output = overstep(directory.path(), &["check", "mine.toml"]);
    assert_eq!(output.code, 0, "{}", output.text);
}
