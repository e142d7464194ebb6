//! Laws over state, through the binary: which wrong servers they find, and that nothing depends on what a
//! server has seen before.

#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use crate::served;
use crate::support::command;
use serde_json::Value as Json;
use served::Served as Server;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

struct Ran {
    code: i32,
    events: Vec<Json>,
    text: String,
}

impl Ran {
    fn findings(&self) -> Vec<String> {
        let findings = self.events.iter().filter(|event| event["event"] == "finding");
        let part = |event: &Json, name: &str| event[name].as_str().unwrap_or("-").to_owned();
        let told = |event: &Json| {
            format!(
                "{}/{}/{}: {}",
                part(event, "operation"),
                part(event, "member"),
                part(event, "constraint"),
                part(event, "observed")
            )
        };
        findings.map(told).collect()
    }

    fn verdicts(&self) -> BTreeMap<String, String> {
        let cases = self.events.iter().filter(|event| event["event"] == "case");
        let told = |event: &Json| {
            let part = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
            (part("id"), format!("{} {}", part("verdict"), event["observed"]["note"]))
        };
        cases.map(told).collect()
    }
}

fn overstep(directory: &Path, arguments: &[&str]) -> Ran {
    let output = command::overstep(directory, arguments).output().expect("it starts");
    let results = std::fs::read_to_string(directory.join("results.ndjson")).unwrap_or_default();
    Ran {
        code: output.status.code().expect("it ends by itself"),
        events: results.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
        text: String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
    }
}

fn check(directory: &Path, scenario: &str, url: &str, more: &[&str]) -> Ran {
    let fixed = ["check", scenario, "-e", url, "--report", "ndjson=results.ndjson", "--no-progress"];
    overstep(directory, &[&fixed[..], more].concat())
}

/// All snapshots below a directory, by their paths.
fn snapshots(directory: &Path) -> BTreeMap<String, String> {
    fn walk(folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.insert(path.display().to_string(), std::fs::read_to_string(&path).expect("text"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&directory.join("snapshots"), &mut found);
    found
}

fn place() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[test]
fn a_second_run_on_the_same_server_is_the_same_run() {
    for scenario in ["connect", "leadlex"] {
        let server = Server::start(scenario, &[]);
        let directory = place();
        let mut before = None;
        for _ in 0..3 {
            let ran = check(directory.path(), scenario, &server.url, &["--update", "all"]);
            assert_eq!(ran.code, 0, "{scenario}: {}", ran.text);
            let seen = (ran.verdicts(), snapshots(directory.path()));
            assert!(seen.0.len() > 200 && !seen.1.is_empty());
            if let Some(before) = &before {
                assert!(*before == seen, "{scenario}: the second run saw something else");
            }
            before = Some(seen);
        }
    }
}

#[test]
fn one_resource_for_all_cases_alarms_nobody_however_often() {
    for (scenario, resource) in [
        ("connect", "ContactId=aaaaaaaa-bbbb-cccc-dddd-0123456789ab"),
        ("leadlex", "ContactId=123e4567-e89b-12d3-a456-0123456789ab"),
    ] {
        let server = Server::start(scenario, &[]);
        let directory = place();
        for _ in 0..3 {
            let ran = check(directory.path(), scenario, &server.url, &["--no-snapshots", "--variable", resource]);
            assert_eq!(ran.code, 0, "{scenario}: {}", ran.text);
            let laws = ran.verdicts().into_iter().filter(|(id, _)| id.contains("/law/"));
            let (kept, open): (Vec<_>, Vec<_>) = laws.partition(|(_, verdict)| verdict.starts_with("pass"));
            assert!(kept.len() > 5 * open.len(), "{scenario}: most laws can be looked at all the same: {open:?}");
        }
    }
}

#[test]
fn wrong_state_is_found_where_it_is_wrong() {
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
        // Written and read below the wrong parent, so that only another parent's resource shows it.
        ("connect", "TagContact.memory.mixes-parents DescribeContact.memory.mixes-parents", "TagContact/law/isolated"),
        ("leadlex", "AddTagsToContact.memory.replaces", "AddTagsToContact/law/merges"),
        ("leadlex", "AddTagsToContact.memory.keeps-duplicates", "AddTagsToContact/law/deduplicates"),
        ("leadlex", "AddTagsToContact.memory.writes-rejected", "AddTagsToContact/law/rejected-leaves-no-trace"),
    ] {
        let server = Server::start(scenario, &fault.split(' ').collect::<Vec<_>>());
        let directory = place();
        let only = format!("op({})", fault.split('.').next().unwrap_or_default());
        let ran = check(directory.path(), scenario, &server.url, &["--no-snapshots", "-E", &only]);
        let found = ran.findings();
        assert_eq!(ran.code, 1, "{fault}: {}", ran.text);
        assert!(found.iter().any(|finding| finding.starts_with(found_at)), "{fault}: {found:#?}");
    }
}

#[test]
fn a_failing_sequence_is_cut_down_and_can_be_sent_again() {
    let server = Server::start("connect", &["TagContact.memory.toggles"]);
    let directory = place();
    let ran =
        check(directory.path(), "connect", &server.url, &["--no-snapshots", "-E", "law/sequence & op(TagContact)"]);
    assert_eq!(ran.code, 1, "{}", ran.text);
    let short: Vec<&str> = ran
        .events
        .iter()
        .filter(|event| event["event"] == "case")
        .filter_map(|event| event["id"].as_str())
        .filter(|id| id.contains('~'))
        .collect();
    let Some(shortest) = short.iter().min_by_key(|id| id.len()) else { panic!("nothing was cut down: {}", ran.text) };
    let actions = shortest.rsplit('~').next().map_or(0, |kept| kept.split('.').count());
    assert!(actions <= 2, "two writes of the same are enough, not {shortest}");
    let finding = ran.events.iter().find(|event| event["event"] == "finding").expect("one");
    assert!(finding["examples"][0].as_str().is_some_and(|id| id.contains('~')), "{finding}");
    drop(server);
    let server = Server::start("connect", &["TagContact.memory.toggles"]);
    let again = overstep(directory.path(), &["replay", shortest, "-e", &server.url]);
    assert_eq!(again.code, 1, "{}", again.text);
    let faithful = Server::start("connect", &[]);
    let again = overstep(directory.path(), &["replay", shortest, "-e", &faithful.url]);
    assert_eq!(again.code, 0, "{}", again.text);
}

#[test]
fn what_is_said_of_state_and_leads_nowhere_is_an_error() {
    for (text, reason) in [
        ("read = { request = \"DescribeContct\", value = \"x\" }", "no operation `DescribeContct`"),
        ("read = { request = \"DescribeContact\", value = \"Contact.Tags\", member = \"Tag\" }", "has no member `Tag`"),
        ("undoes = { operation = \"UntagContact\", member = \"Tag\" }", "has no member `Tag`"),
        ("echoes = { \"Contact.Id\" = \"Contact\" }", "has no member `Contact`"),
        ("laws = [\"merges\"]", "nothing shows what `TagContact` writes"),
        ("read = { request = \"DescribeContact\", valu = \"x\" }", "did you mean `value`"),
        ("laws = [\"merge\"]", "`merge` is no law"),
    ] {
        let directory = place();
        let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/connect.contract.json");
        let scenario = format!("sources = [{contract:?}]\nendpoint = \"embedded\"\n[operations.TagContact]\n{text}\n");
        std::fs::write(directory.path().join("mine.toml"), scenario).expect("written");
        let ran = overstep(directory.path(), &["cases", "mine.toml", "--strict"]);
        assert_eq!(ran.code, 2, "{text}: {}", ran.text);
        assert!(ran.text.contains(reason), "{text}: {}", ran.text);
    }
}
