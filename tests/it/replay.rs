//! Runs `overstep replay` through the binary: it sends the same bytes again, and shows both responses and a curl command.
//!
//! No test leaves this machine: requests go to the reference server, or to a server on a thread.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::command;
use command::overstep;
use insta::assert_snapshot;
use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use tempfile::TempDir;

struct Output {
    stdout: String,
    stderr: String,
    code: i32,
}

impl Output {
    fn all(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// Creates a directory with the invented service `notes`, and with a second scenario that creates its own notes.
pub fn project() -> TempDir {
    let directory = tempfile::tempdir().expect("create temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("create directory");
    let notes = include_str!("notes/notes.toml");
    let made = format!(
        "{}\n[fixtures.note]\ncreate = {{ request = \"POST /v1/notes\", json = {{ name = \"{{run}}-{{case}}\" }} }}\n\
         capture = {{ id = \"data.id\" }}\ndelete = {{ request = \"DELETE /v1/notes/{{note.id}}\" }}\n",
        notes.replace("id = \"{NoteId}\"", "id = \"{note.id}\"")
    );
    for (name, text) in [
        ("notes.toml", notes),
        ("made.toml", &made),
        ("notes.contract.json", include_str!("notes/notes.contract.json")),
    ] {
        std::fs::write(scenarios.join(name), text).expect("write file");
    }
    directory
}

fn run_command(mut command: Command) -> Output {
    let output = command.output().expect("start overstep");
    Output {
        stdout: String::from_utf8(output.stdout).expect("UTF-8 text"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8 text"),
        code: output.status.code().expect("exit code"),
    }
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    run_command(overstep(directory, arguments))
}

/// A reference server with faults that the binary runs; dropping it ends the process.
pub struct FaultyServer {
    server: Child,
    pub url: String,
}

impl FaultyServer {
    pub fn start(directory: &Path, scenario: &str, faults: &[&str]) -> Self {
        let mut arguments = vec!["serve", scenario];
        arguments.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
        let mut server = overstep(directory, &arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("start overstep");
        let mut url = String::new();
        let stdout = server.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut url).expect("read the server's address");
        Self { server, url: url.trim().to_owned() }
    }
}

impl Drop for FaultyServer {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Starts a server that accepts everything, and that sends the bytes of each request to the receiver, in order.
pub fn start_recorder() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind a free port");
    let url = format!("http://{}", listener.local_addr().expect("local address"));
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            std::thread::spawn(move || {
                while let Some(request) = read_and_respond(&stream) {
                    let _ = sender.send(request);
                }
            });
        }
    });
    (url, receiver)
}

/// Reads one request and sends a response; returns `None` at the end of the connection.
fn read_and_respond(mut stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().expect("content-length is a number"))];
    reader.read_exact(&mut body).ok()?;
    let text = "{\"data\":{\"id\":\"n-1\"}}";
    let length = text.len();
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{text}")
        .ok()?;
    Some(format!("{head}{}", String::from_utf8_lossy(&body)))
}

fn events(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn results(directory: &Path) -> Vec<Json> {
    events(&std::fs::read_to_string(directory.join(".overstep/last/results.ndjson")).expect("saved run"))
}

fn diverging_ids(directory: &Path) -> Vec<String> {
    let cases = results(directory).into_iter().filter(|event| event["verdict"] == "diverges");
    cases.map(|case| case["id"].as_str().expect("case id").to_owned()).collect()
}

macro_rules! snapshot {
    ($name:expr, $text:expr) => {
        insta::with_settings!({filters => vec![
            (r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:PORT"),
            (r"\(os error \d+\)", "(os error N)"),
            (r"`(/[^/`]+)+/\.tmp\w+", "`DIR"),
        ]}, { assert_snapshot!($name, $text); })
    };
}

const LENGTH_LIMIT_DROPPED: &str = "RenameNote.name.length.max.dropped";

#[test]
fn printed_replay_command_fails_until_the_server_is_fixed() {
    let directory = project();
    let faulty = FaultyServer::start(directory.path(), "notes", &[LENGTH_LIMIT_DROPPED]);
    let filter = "member(name) & constraint(length)";
    let output = run(directory.path(), &["check", "notes", "-e", &faulty.url, "-E", filter, "--run-id", "r1"]);
    assert_eq!(output.code, 1, "{}", output.all());
    let again = output
        .stdout
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("reproduce "))
        .expect("the finding shows a replay command");
    let words: Vec<&str> = again.split_whitespace().collect();
    assert_eq!(words[..2], ["overstep", "replay"], "{again}");
    let saved_results = || std::fs::read(directory.path().join(".overstep/last/results.ndjson")).expect("saved run");
    let before = saved_results();
    let wide = run(directory.path(), &words[1..]);
    assert_eq!(wide.code, 1, "{}", wide.all());
    snapshot!("wide", wide.all());
    snapshot!("narrow", run(directory.path(), &["replay", words[2], "--width", "80"]).all());
    // The embedded server does not have the fault.
    let fixed = run(directory.path(), &["replay", words[2], "-e", "embedded"]);
    assert_eq!(fixed.code, 0, "{}", fixed.all());
    snapshot!("fixed", fixed.all());
    assert_eq!(saved_results(), before, "a replay does not change the saved run");
    // The server is gone.
    drop(faulty);
    let down = run(directory.path(), &words[1..]);
    assert_eq!(down.code, 3, "{}", down.all());
    assert!(down.stderr.contains("the endpoint could not be reached"), "{}", down.all());
}

#[test]
fn replay_sends_the_same_bytes_including_set_up_and_teardown() {
    let directory = project();
    let (url, requests) = start_recorder();
    let checked = run(
        directory.path(),
        &[
            "check",
            "made",
            "-e",
            &url,
            "--workers",
            "1",
            "--seed",
            "7",
            "--variable",
            "NoteId=other-{case}",
            "-H",
            "X-Extra: yes",
            "-E",
            "op(RenameNote) & intent(violates) | op(TagNote) & intent(missing)",
        ],
    );
    assert_eq!(checked.code, 1, "{}", checked.all());
    let sent: Vec<String> = requests.try_iter().collect();
    let ids = diverging_ids(directory.path());
    let (mut replayed, mut with_set_up) = (0, 0);
    for id in ids.iter().filter(|id| id.contains("/name/") || id.contains("/missing/")).take(12) {
        let output = run(directory.path(), &["replay", id]);
        assert_eq!(output.code, 1, "{}", output.all());
        assert!(!output.stdout.contains("the request differs from the recorded one"), "{}", output.all());
        let again: Vec<String> = requests.try_iter().collect();
        assert!(!again.is_empty(), "{id}");
        let place = sent.windows(again.len()).position(|window| window == again);
        assert!(place.is_some(), "{id} was sent as\n{again:#?}\nand before as\n{sent:#?}");
        replayed += 1;
        if again.len() == 3 {
            with_set_up += 1;
            assert!(
                !output.stdout.contains("curl "),
                "the note that a curl command would name no longer exists: {}",
                output.stdout
            );
            assert!(
                again[0].starts_with("POST /v1/notes ") && again[2].starts_with("DELETE /v1/notes/n-1 "),
                "{again:?}"
            );
            assert!(
                output.stdout.contains("1 set-up")
                    && output.stdout.contains("2 act, judged")
                    && output.stdout.contains("3 teardown")
            );
        }
    }
    assert!(replayed >= 5 && with_set_up >= 1, "{replayed} replayed, {with_set_up} with a set-up: {ids:?}");
}

#[test]
fn all_diverging_cases_are_replayed_from_results_and_from_the_last_run() {
    let directory = project();
    let faulty =
        FaultyServer::start(directory.path(), "notes", &[LENGTH_LIMIT_DROPPED, "TagNote.errors.invalid.status-422"]);
    let check = ["check", "notes", "-e", &faulty.url, "--report", "ndjson=all.ndjson"];
    assert_eq!(run(directory.path(), &check).code, 1);
    let mut ids = diverging_ids(directory.path());
    assert!(ids.len() > 5, "{ids:?}");
    ids.sort();
    for what in ["last", "all.ndjson"] {
        let output = run(directory.path(), &["replay", what, "--format", "ndjson"]);
        assert_eq!(output.code, 1, "{}", output.all());
        let events = events(&output.stdout);
        assert!(events.iter().all(|event| event["verdict"] == "diverges"));
        let mut again: Vec<&str> = events.iter().map(|event| event["id"].as_str().expect("case id")).collect();
        again.sort_unstable();
        assert_eq!(again, ids, "{what}");
    }
    // Results alone are enough where no run is saved.
    std::fs::remove_dir_all(directory.path().join(".overstep")).expect("remove directory");
    let output = run(directory.path(), &["replay", "all.ndjson"]);
    assert_eq!(output.code, 1, "{}", output.all());
    let summary = format!("{0} cases sent again · {0} diverge now", ids.len());
    assert!(output.stdout.contains(&summary), "{}", output.stdout);
}

#[test]
fn replay_errors_name_the_cause() {
    let directory = project();
    let nothing = run(directory.path(), &["replay", "last"]);
    let absent = run(directory.path(), &["replay", "absent.ndjson"]);
    assert_eq!(run(directory.path(), &["check", "notes", "-E", "op(RenameNote)"]).code, 0);
    let control = "notes/RenameNote/valid/control/plain";
    for (name, output) in [
        ("no-run", nothing),
        ("no-file", absent),
        ("unknown-id", run(directory.path(), &["replay", "notes/RenameNote/valid/control/plian"])),
        ("nothing-like-it", run(directory.path(), &["replay", "zzz"])),
        ("many", run(directory.path(), &["replay", "RenameNote/name/length"])),
        ("not-planned", run(directory.path(), &["replay", "notes/TagNote/valid/control/plian"])),
        ("no-results", run(directory.path(), &["replay", "scenarios/notes.toml"])),
        ("remote", run(directory.path(), &["replay", control, "-e", "http://example.com"])),
    ] {
        assert_eq!(output.code, 2, "{name}: {}", output.all());
        snapshot!(format!("error-{name}"), output.all());
    }
    // Nothing diverged, so there is nothing to replay.
    assert_eq!(run(directory.path(), &["replay", "last"]).code, 4);
    // A part of an id is enough where only one id contains it. A case that the filter excluded can be replayed, too.
    assert_eq!(run(directory.path(), &["replay", "RenameNote/valid/control/plain"]).code, 0);
    let left_out = run(directory.path(), &["replay", "notes/TagNote/valid/control/plain"]);
    assert_eq!(left_out.code, 0, "{}", left_out.all());
    assert!(left_out.stdout.contains("not in the results"), "{}", left_out.stdout);
}

#[test]
fn changed_contract_is_rejected_without_force() {
    let directory = project();
    assert_eq!(run(directory.path(), &["check", "notes", "-E", "op(RenameNote)"]).code, 0);
    let path = directory.path().join("scenarios/notes.contract.json");
    let text = std::fs::read_to_string(&path).expect("read file");
    let mut contract: Json = serde_json::from_str(&text).expect("valid JSON");
    contract["operations"][1]["http"]["uri"] = "/v2/notes/{id}/name".into();
    std::fs::write(&path, contract.to_string()).expect("write file");
    let control = "notes/RenameNote/valid/control/plain";
    let output = run(directory.path(), &["replay", control]);
    assert_eq!(output.code, 2, "{}", output.all());
    assert!(output.stderr.contains("has changed since") && output.stderr.contains("--force"), "{}", output.stderr);
    let forced = run(directory.path(), &["replay", control, "--force"]);
    assert_eq!(forced.code, 0, "{}", forced.all());
    assert!(forced.stdout.contains("POST /v2/notes/"), "{}", forced.stdout);
}

#[test]
fn secrets_are_not_saved_and_must_be_given_again() {
    let directory = project();
    let check =
        ["check", "notes", "-E", "op(RenameNote)", "--secret", "key=very-secret-1", "-H", "X-Token: very-secret-2"];
    assert_eq!(run(directory.path(), &check).code, 0);
    for entry in std::fs::read_dir(directory.path().join(".overstep/last")).expect("saved run") {
        let text = std::fs::read_to_string(entry.expect("directory entry").path()).expect("UTF-8 text");
        assert!(!text.contains("very-secret"), "{text}");
    }
    let control = "notes/RenameNote/valid/control/plain";
    let missing = run(directory.path(), &["replay", control]);
    assert_eq!(missing.code, 2, "{}", missing.all());
    snapshot!("error-secrets", missing.all());
    let by_flags = ["replay", control, "--secret", "key=very-secret-1", "-H", "X-Token: very-secret-2"];
    let mut by_environment = overstep(directory.path(), &["replay", control]);
    by_environment.env("KEY", "very-secret-1").env("X_TOKEN", "very-secret-2");
    for output in [run(directory.path(), &by_flags), run_command(by_environment)] {
        assert_eq!(output.code, 0, "{}", output.all());
        assert!(!output.all().contains("very-secret") && output.stdout.contains("Bearer $KEY"), "{}", output.all());
    }
}

#[test]
fn last_failed_sends_only_the_failed_cases() {
    let directory = project();
    let faulty = FaultyServer::start(directory.path(), "notes", &[LENGTH_LIMIT_DROPPED]);
    assert_eq!(run(directory.path(), &["check", "notes", "--last-failed"]).code, 2, "no run is saved yet");
    assert_eq!(run(directory.path(), &["check", "notes", "-e", &faulty.url]).code, 1);
    let failed = diverging_ids(directory.path());
    let output = run(directory.path(), &["check", "notes", "-e", &faulty.url, "--last-failed"]);
    assert_eq!(output.code, 1, "{}", output.all());
    assert_eq!(diverging_ids(directory.path()), failed);
    let cases = results(directory.path()).iter().filter(|event| event["event"] == "case").count();
    assert_eq!(cases, failed.len());
    let fixed = run(directory.path(), &["check", "notes", "--last-failed"]);
    assert_eq!(fixed.code, 0, "{}", fixed.all());
    assert_eq!(run(directory.path(), &["check", "notes", "--last-failed"]).code, 4, "no case failed in the last run");
}

/// Returns whether this machine's curl supports every option of the printed commands (`--aws-sigv4` needs 7.75).
fn curl_is_new_enough() -> bool {
    let output = Command::new("bash").args(["-c", "curl --version && curl --help all | grep -e --aws-sigv4"]).output();
    let is_new_enough = output.is_ok_and(|output| output.status.success());
    if !is_new_enough {
        println!("skipped: bash is missing, or curl does not support --aws-sigv4");
    }
    is_new_enough
}

#[test]
fn printed_curl_commands_get_the_same_status() {
    if !curl_is_new_enough() {
        return;
    }
    let directory = project();
    let mut tried = 0;
    for (scenario, faults, wanted) in [
        ("connect", vec!["UpdateContact.requests.always-500", "TagContact.InstanceId.length.max.dropped"], 50),
        ("notes", vec![LENGTH_LIMIT_DROPPED, "TagNote.errors.invalid.status-422"], 20),
    ] {
        let faulty = FaultyServer::start(directory.path(), scenario, &faults);
        let output = run(directory.path(), &["check", scenario, "-e", &faulty.url]);
        assert_eq!(output.code, 1, "{}", output.all());
        let cases: Vec<Json> =
            results(directory.path()).into_iter().filter(|event| event["curl"].is_string()).collect();
        // Cases are chosen evenly over the plan, so that every kind of damage occurs.
        let step = (cases.len() / wanted).max(1);
        let mut script = String::new();
        let chosen: Vec<&Json> =
            cases.iter().step_by(step).filter(|case| case["observed"]["status"].is_u64()).collect();
        for case in &chosen {
            let line = case["curl"].as_str().expect("curl command");
            script.push_str(&format!("{line} -o /dev/null -w '%{{http_code}}\\n'\n"));
        }
        let mut bash = Command::new("bash")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .current_dir(directory.path())
            .env("KEY", "nk_writer_key")
            .env("READER_KEY", "nk_reader_key")
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env("LC_ALL", "C.UTF-8")
            .spawn()
            .expect("start bash");
        let mut stdin = bash.stdin.take().expect("stdout is piped");
        stdin.write_all(script.as_bytes()).expect("valid scenario");
        drop(stdin);
        let out = bash.wait_with_output().expect("wait for the process").stdout;
        let statuses: Vec<String> = String::from_utf8(out).expect("UTF-8 text").lines().map(str::to_owned).collect();
        assert_eq!(statuses.len(), chosen.len(), "one status for each command");
        let wrong: Vec<String> = chosen
            .iter()
            .zip(&statuses)
            .filter(|(case, status)| case["observed"]["status"].as_u64() != status.parse().ok())
            .map(|(case, status)| format!("{} gave {status}, not {}:\n{}", case["id"], case["observed"], case["curl"]))
            .collect();
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), chosen.len(), wrong.join("\n"));
        tried += chosen.len();
    }
    assert!(tried >= 50, "only {tried} commands were run");
}

#[test]
fn failed_run_does_not_replace_the_last_run() {
    let directory = project();
    let faulty = FaultyServer::start(directory.path(), "notes", &[LENGTH_LIMIT_DROPPED]);
    let mut check = overstep(directory.path(), &["check", "notes", "-e", &faulty.url, "-E", "member(name)"]);
    let mut running = check.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("start overstep");
    let mut lines = BufReader::new(running.stdout.take().expect("stdout is piped")).lines();
    let again =
        lines.find_map(|line| line.expect("UTF-8 text").trim_start().strip_prefix("reproduce ").map(str::to_owned));
    drop(lines);
    running.wait().expect("wait for the process");
    let again = again.expect("the finding shows a replay command");
    let words: Vec<&str> = again.split_whitespace().skip(1).collect();
    assert_eq!(run(directory.path(), &words).code, 1, "{again}");
    // A run without cases or without a reachable endpoint does not replace the last run.
    assert_eq!(run(directory.path(), &["check", "notes", "-E", "no-such-case"]).code, 4);
    let closed = TcpListener::bind("127.0.0.1:0").expect("bind a free port").local_addr().expect("local address");
    assert_eq!(run(directory.path(), &["check", "notes", "-e", &format!("http://{closed}")]).code, 3);
    let output = run(directory.path(), &["replay", "last"]);
    assert_eq!(output.code, 1, "the first run is still the last one: {}", output.all());
}

#[test]
fn variables_file_values_used_as_credentials_are_not_saved() {
    let directory = project();
    let path = directory.path().join("scenarios/notes.toml");
    let text = std::fs::read_to_string(&path).expect("read file");
    let open = text.replace("{ value = \"nk_writer_key\", secret = true }", "\"nk_writer_key\"");
    assert_ne!(open, text);
    std::fs::write(&path, open).expect("write file");
    std::fs::write(directory.path().join("vars"), "key=very-secret-1\nNoteId=mine-{case}\n").expect("write file");
    let check = ["check", "notes", "-E", "op(RenameNote)", "--variables-file", "vars"];
    assert_eq!(run(directory.path(), &check).code, 0);
    let record = std::fs::read_to_string(directory.path().join(".overstep/last/run.json")).expect("saved run");
    assert!(!record.contains("very-secret") && record.contains("mine-{case}"), "{record}");
    // Credentials are read again from the file. Other variables keep their saved values, even if the file has changed.
    std::fs::write(directory.path().join("vars"), "key=very-secret-1\nNoteId=other-{case}\n").expect("write file");
    let output = run(directory.path(), &["replay", "notes/RenameNote/valid/control/plain"]);
    assert_eq!(output.code, 0, "{}", output.all());
    assert!(output.stdout.contains("/v1/notes/mine-") && !output.all().contains("very-secret"), "{}", output.all());
}

#[test]
fn accepted_divergences_are_no_findings_in_a_replay() {
    let directory = project();
    let at = directory.path();
    let faulty = FaultyServer::start(at, "notes", &[LENGTH_LIMIT_DROPPED]);
    let check = ["check", "notes", "--profile", "default", "-e", &faulty.url, "-E", "member(name)"];
    assert_eq!(run(at, &[&check[..], &["--update", "all"]].concat()).code, 1, "nothing was accepted before");
    let ids = diverging_ids(at);
    assert_eq!(run(at, &check).code, 0, "the divergence is accepted");
    // A replay shows known divergences, but they are no findings.
    let known = run(at, &["replay", "last"]);
    assert_eq!(known.code, 0, "{}", known.all());
    let counts = |output: &Output| output.stdout.lines().last().unwrap_or_default().to_owned();
    let (all, one) = (ids.len(), ids.len() == 1);
    let cases = if one { "1 case".to_owned() } else { format!("{all} cases") };
    let diverge = if one { "1 diverges".to_owned() } else { format!("{all} diverge") };
    assert_eq!(counts(&known), format!("{cases} sent again · {diverge} now · {all} known"), "{}", known.all());
    assert_eq!(known.stdout.matches("accepted       the same").count(), all, "{}", known.all());
    assert_eq!(
        run(at, &["check", "notes", "--profile", "default", "-e", &faulty.url, "--last-failed"]).code,
        4,
        "an accepted divergence is no failure"
    );
    assert_eq!(run(at, &check).code, 0);
    for more in ["--strict", "--no-snapshots", "--snapshots=elsewhere"] {
        let output = run(at, &["replay", "last", more]);
        assert_eq!(output.code, 1, "{more}: {}", output.all());
    }
    let events = events(&run(at, &["replay", &ids[0], "--format", "ndjson"]).stdout);
    assert_eq!((&events[0]["known"], &events[0]["change"]), (&Json::from(true), &Json::from("same")));
    // A conforming server differs from the accepted behaviour.
    let faithful = FaultyServer::start(at, "notes", &[]);
    let fixed = run(at, &["replay", &ids[0], "-e", &faithful.url]);
    assert_eq!(fixed.code, 1, "{}", fixed.all());
    assert!(
        fixed.stdout.contains("accepted       200") && fixed.stdout.contains("now            pass: 400"),
        "{}",
        fixed.all()
    );
    assert_eq!(counts(&fixed), "1 case sent again · 0 diverge now · 1 changed from the accepted response");
    // Responses that differ from the accepted ones count as failures, like divergences.
    assert_eq!(
        run(
            at,
            &["check", "notes", "--profile", "default", "-e", &faithful.url, "-E", "member(name)", "--update", "no"]
        )
        .code,
        1
    );
    let changed = run(at, &["replay", "last"]);
    assert_eq!(changed.code, 1, "{}", changed.all());
    assert_eq!(
        counts(&changed),
        format!("{cases} sent again · 0 diverge now · {all} changed from the accepted response")
    );
    let failed =
        run(at, &["check", "notes", "--profile", "default", "-e", &faithful.url, "--last-failed", "--update", "no"]);
    assert_eq!(failed.code, 1, "{}", failed.all());
    assert_eq!(results(at).iter().filter(|event| event["event"] == "case").count(), all);
    // A replay does not compare with snapshots if the run did not.
    assert_eq!(run(at, &[&check[..], &["--no-snapshots"]].concat()).code, 1);
    assert_eq!(run(at, &["replay", "last"]).code, 1);
    let pending =
        Command::new("find").arg(at.join("snapshots")).args(["-name", "*.new"]).output().expect("start the command");
    assert!(pending.stdout.is_empty(), "a replay writes no snapshot");
}
