//! `overstep replay` as a person meets it: the same bytes again, answers beside each other, curl lines.
//!
//! Everything here talks to nothing but this machine: overstep's own server, or a few lines on a thread.

#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

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

struct Ran {
    out: String,
    err: String,
    code: i32,
}

impl Ran {
    fn all(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.out, self.err)
    }
}

/// A directory with the made-up service `notes`, and a second scenario that makes its notes itself.
fn project() -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let scenarios = directory.path().join("scenarios");
    std::fs::create_dir(&scenarios).expect("made");
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
        std::fs::write(scenarios.join(name), text).expect("written");
    }
    directory
}

fn ended(mut command: Command) -> Ran {
    let output = command.output().expect("it starts");
    Ran {
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
        code: output.status.code().expect("it ends by itself"),
    }
}

fn run(directory: &Path, arguments: &[&str]) -> Ran {
    ended(overstep(directory, arguments))
}

/// The reference server with faults, through the binary; ended when dropped.
struct Faulty {
    server: Child,
    url: String,
}

impl Faulty {
    fn start(directory: &Path, scenario: &str, faults: &[&str]) -> Self {
        let mut arguments = vec!["serve", scenario];
        arguments.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
        let mut server =
            overstep(directory, &arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut url = String::new();
        let stdout = server.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut url).expect("it prints its address");
        Self { server, url: url.trim().to_owned() }
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A server that takes everything and tells which bytes it saw, in order.
fn recorder() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tell = tell.clone();
            std::thread::spawn(move || {
                while let Some(request) = answer(&stream) {
                    let _ = tell.send(request);
                }
            });
        }
    });
    (url, told)
}

/// Reads one request and answers it; `None` at the end of the connection.
fn answer(mut stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(str::to_owned));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().expect("a length"))];
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
    events(&std::fs::read_to_string(directory.join(".overstep/last/results.ndjson")).expect("kept"))
}

fn diverging(directory: &Path) -> Vec<String> {
    let found = results(directory).into_iter().filter(|event| event["verdict"] == "diverges");
    found.map(|case| case["id"].as_str().expect("an id").to_owned()).collect()
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

const TOO_LONG: &str = "RenameNote.name.length.max.dropped";

#[test]
fn a_finding_is_replayed_as_pasted_until_it_is_fixed() {
    let directory = project();
    let faulty = Faulty::start(directory.path(), "notes", &[TOO_LONG]);
    let filter = "member(name) & constraint(length)";
    let ran = run(directory.path(), &["check", "notes", "-e", &faulty.url, "-E", filter, "--run-id", "r1"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let again = ran.out.lines().find_map(|line| line.trim_start().strip_prefix("again ")).expect("it says how");
    let words: Vec<&str> = again.split_whitespace().collect();
    assert_eq!(words[..2], ["overstep", "replay"], "{again}");
    let kept = || std::fs::read(directory.path().join(".overstep/last/results.ndjson")).expect("kept");
    let before = kept();
    let wide = run(directory.path(), &words[1..]);
    assert_eq!(wide.code, 1, "{}", wide.all());
    snapshot!("wide", wide.all());
    snapshot!("narrow", run(directory.path(), &["replay", words[2], "--width", "80"]).all());
    // The server is fixed: the same case, elsewhere.
    let fixed = run(directory.path(), &["replay", words[2], "-e", "embedded"]);
    assert_eq!(fixed.code, 0, "{}", fixed.all());
    snapshot!("fixed", fixed.all());
    assert_eq!(kept(), before, "a replay leaves the run that it repeats alone");
    // Gone altogether.
    drop(faulty);
    let down = run(directory.path(), &words[1..]);
    assert_eq!(down.code, 3, "{}", down.all());
    assert!(down.err.contains("the endpoint could not be reached"), "{}", down.all());
}

#[test]
fn the_bytes_are_the_same_set_up_and_teardown_too() {
    let directory = project();
    let (url, told) = recorder();
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
    let sent: Vec<String> = told.try_iter().collect();
    let ids = diverging(directory.path());
    let (mut seen, mut with_set_up) = (0, 0);
    for id in ids.iter().filter(|id| id.contains("/name/") || id.contains("/missing/")).take(12) {
        let ran = run(directory.path(), &["replay", id]);
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(!ran.out.contains("not what was sent then"), "{}", ran.all());
        let again: Vec<String> = told.try_iter().collect();
        assert!(!again.is_empty(), "{id}");
        let place = sent.windows(again.len()).position(|window| window == again);
        assert!(place.is_some(), "{id} was sent as\n{again:#?}\nand before as\n{sent:#?}");
        seen += 1;
        if again.len() == 3 {
            with_set_up += 1;
            assert!(!ran.out.contains("curl "), "the note that a line would name is gone: {}", ran.out);
            assert!(
                again[0].starts_with("POST /v1/notes ") && again[2].starts_with("DELETE /v1/notes/n-1 "),
                "{again:?}"
            );
            assert!(
                ran.out.contains("1 set-up") && ran.out.contains("2 act, judged") && ran.out.contains("3 teardown")
            );
        }
    }
    assert!(seen >= 5 && with_set_up >= 1, "{seen} replayed, {with_set_up} with a set-up: {ids:?}");
}

#[test]
fn all_that_diverged_is_replayed_from_results_and_from_the_last_run() {
    let directory = project();
    let faulty = Faulty::start(directory.path(), "notes", &[TOO_LONG, "TagNote.errors.invalid.status-422"]);
    let check = ["check", "notes", "-e", &faulty.url, "--report", "ndjson=all.ndjson"];
    assert_eq!(run(directory.path(), &check).code, 1);
    let mut ids = diverging(directory.path());
    assert!(ids.len() > 5, "{ids:?}");
    ids.sort();
    for what in ["last", "all.ndjson"] {
        let ran = run(directory.path(), &["replay", what, "--format", "ndjson"]);
        assert_eq!(ran.code, 1, "{}", ran.all());
        let events = events(&ran.out);
        assert!(events.iter().all(|event| event["verdict"] == "diverges"));
        let mut again: Vec<&str> = events.iter().map(|event| event["id"].as_str().expect("an id")).collect();
        again.sort_unstable();
        assert_eq!(again, ids, "{what}");
    }
    // Results alone are enough, where no run is kept.
    std::fs::remove_dir_all(directory.path().join(".overstep")).expect("removed");
    let ran = run(directory.path(), &["replay", "all.ndjson"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    let summary = format!("{0} cases sent again · {0} diverge now", ids.len());
    assert!(ran.out.contains(&summary), "{}", ran.out);
}

#[test]
fn what_cannot_be_replayed_is_said() {
    let directory = project();
    let nothing = run(directory.path(), &["replay", "last"]);
    let absent = run(directory.path(), &["replay", "absent.ndjson"]);
    assert_eq!(run(directory.path(), &["check", "notes", "-E", "op(RenameNote)"]).code, 0);
    let control = "notes/RenameNote/valid/control/plain";
    for (name, ran) in [
        ("no-run", nothing),
        ("no-file", absent),
        ("unknown-id", run(directory.path(), &["replay", "notes/RenameNote/valid/control/plian"])),
        ("nothing-like-it", run(directory.path(), &["replay", "zzz"])),
        ("many", run(directory.path(), &["replay", "RenameNote/name/length"])),
        ("not-planned", run(directory.path(), &["replay", "notes/TagNote/valid/control/plian"])),
        ("no-results", run(directory.path(), &["replay", "scenarios/notes.toml"])),
        ("remote", run(directory.path(), &["replay", control, "-e", "http://example.com"])),
    ] {
        assert_eq!(ran.code, 2, "{name}: {}", ran.all());
        snapshot!(format!("refused-{name}"), ran.all());
    }
    // Nothing diverged: there is nothing to do.
    assert_eq!(run(directory.path(), &["replay", "last"]).code, 4);
    // A part that only one id has; and a case that the filter left out.
    assert_eq!(run(directory.path(), &["replay", "RenameNote/valid/control/plain"]).code, 0);
    let left_out = run(directory.path(), &["replay", "notes/TagNote/valid/control/plain"]);
    assert_eq!(left_out.code, 0, "{}", left_out.all());
    assert!(left_out.out.contains("not in the results"), "{}", left_out.out);
}

#[test]
fn a_contract_that_changed_is_refused_unless_forced() {
    let directory = project();
    assert_eq!(run(directory.path(), &["check", "notes", "-E", "op(RenameNote)"]).code, 0);
    let path = directory.path().join("scenarios/notes.contract.json");
    let text = std::fs::read_to_string(&path).expect("there");
    let mut contract: Json = serde_json::from_str(&text).expect("JSON");
    contract["operations"][1]["http"]["uri"] = "/v2/notes/{id}/name".into();
    std::fs::write(&path, contract.to_string()).expect("written");
    let control = "notes/RenameNote/valid/control/plain";
    let ran = run(directory.path(), &["replay", control]);
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.err.contains("has changed since") && ran.err.contains("--force"), "{}", ran.err);
    let forced = run(directory.path(), &["replay", control, "--force"]);
    assert_eq!(forced.code, 0, "{}", forced.all());
    assert!(forced.out.contains("POST /v2/notes/"), "{}", forced.out);
}

#[test]
fn secrets_are_asked_for_again_and_kept_nowhere() {
    let directory = project();
    let check =
        ["check", "notes", "-E", "op(RenameNote)", "--secret", "key=very-secret-1", "-H", "X-Token: very-secret-2"];
    assert_eq!(run(directory.path(), &check).code, 0);
    for entry in std::fs::read_dir(directory.path().join(".overstep/last")).expect("kept") {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("text");
        assert!(!text.contains("very-secret"), "{text}");
    }
    let control = "notes/RenameNote/valid/control/plain";
    let missing = run(directory.path(), &["replay", control]);
    assert_eq!(missing.code, 2, "{}", missing.all());
    snapshot!("refused-secrets", missing.all());
    let by_flags = ["replay", control, "--secret", "key=very-secret-1", "-H", "X-Token: very-secret-2"];
    let mut by_environment = overstep(directory.path(), &["replay", control]);
    by_environment.env("KEY", "very-secret-1").env("X_TOKEN", "very-secret-2");
    for ran in [run(directory.path(), &by_flags), ended(by_environment)] {
        assert_eq!(ran.code, 0, "{}", ran.all());
        assert!(!ran.all().contains("very-secret") && ran.out.contains("Bearer $KEY"), "{}", ran.all());
    }
}

#[test]
fn only_what_failed_last_is_checked_again() {
    let directory = project();
    let faulty = Faulty::start(directory.path(), "notes", &[TOO_LONG]);
    assert_eq!(run(directory.path(), &["check", "notes", "--last-failed"]).code, 2, "there is no last run");
    assert_eq!(run(directory.path(), &["check", "notes", "-e", &faulty.url]).code, 1);
    let failed = diverging(directory.path());
    let ran = run(directory.path(), &["check", "notes", "-e", &faulty.url, "--last-failed"]);
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(diverging(directory.path()), failed);
    let cases = results(directory.path()).iter().filter(|event| event["event"] == "case").count();
    assert_eq!(cases, failed.len());
    let fixed = run(directory.path(), &["check", "notes", "--last-failed"]);
    assert_eq!(fixed.code, 0, "{}", fixed.all());
    assert_eq!(run(directory.path(), &["check", "notes", "--last-failed"]).code, 4, "nothing is left");
}

/// Whether this machine's curl can do what the lines ask of it (`--aws-sigv4` came with 7.75).
fn curl_is_new_enough() -> bool {
    let said = Command::new("bash").args(["-c", "curl --version && curl --help all | grep -e --aws-sigv4"]).output();
    let able = said.is_ok_and(|output| output.status.success());
    if !able {
        println!("skipped: no bash, or no curl that knows --aws-sigv4");
    }
    able
}

#[test]
fn printed_curl_lines_get_the_same_answers() {
    if !curl_is_new_enough() {
        return;
    }
    let directory = project();
    let mut tried = 0;
    for (scenario, faults, wanted) in [
        ("connect", vec!["UpdateContact.requests.always-500", "TagContact.InstanceId.length.max.dropped"], 50),
        ("notes", vec![TOO_LONG, "TagNote.errors.invalid.status-422"], 20),
    ] {
        let faulty = Faulty::start(directory.path(), scenario, &faults);
        let ran = run(directory.path(), &["check", scenario, "-e", &faulty.url]);
        assert_eq!(ran.code, 1, "{}", ran.all());
        let cases: Vec<Json> =
            results(directory.path()).into_iter().filter(|event| event["curl"].is_string()).collect();
        // Evenly over the plan, so that every kind of damage has its turn.
        let step = (cases.len() / wanted).max(1);
        let mut script = String::new();
        let chosen: Vec<&Json> =
            cases.iter().step_by(step).filter(|case| case["observed"]["status"].is_u64()).collect();
        for case in &chosen {
            let line = case["curl"].as_str().expect("a line");
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
            .expect("bash is there");
        let mut stdin = bash.stdin.take().expect("it is piped");
        stdin.write_all(script.as_bytes()).expect("it reads");
        drop(stdin);
        let out = bash.wait_with_output().expect("it ends").stdout;
        let statuses: Vec<String> = String::from_utf8(out).expect("text").lines().map(str::to_owned).collect();
        assert_eq!(statuses.len(), chosen.len(), "one status for each line");
        let wrong: Vec<String> = chosen
            .iter()
            .zip(&statuses)
            .filter(|(case, status)| case["observed"]["status"].as_u64() != status.parse().ok())
            .map(|(case, status)| format!("{} gave {status}, not {}:\n{}", case["id"], case["observed"], case["curl"]))
            .collect();
        assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), chosen.len(), wrong.join("\n"));
        tried += chosen.len();
    }
    assert!(tried >= 50, "only {tried} lines were tried");
}

#[test]
fn a_run_without_a_case_and_a_reader_that_went_away_lose_nothing() {
    let directory = project();
    let faulty = Faulty::start(directory.path(), "notes", &[TOO_LONG]);
    let mut check = overstep(directory.path(), &["check", "notes", "-e", &faulty.url, "-E", "member(name)"]);
    let mut running = check.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut lines = BufReader::new(running.stdout.take().expect("it is piped")).lines();
    let again = lines.find_map(|line| line.expect("text").trim_start().strip_prefix("again ").map(str::to_owned));
    drop(lines);
    running.wait().expect("it ends");
    let again = again.expect("it says how");
    let words: Vec<&str> = again.split_whitespace().skip(1).collect();
    assert_eq!(run(directory.path(), &words).code, 1, "{again}");
    // Neither a filter that leaves nothing nor a server that is down takes the last run's place.
    assert_eq!(run(directory.path(), &["check", "notes", "-E", "no-such-case"]).code, 4);
    let closed = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("bound");
    assert_eq!(run(directory.path(), &["check", "notes", "-e", &format!("http://{closed}")]).code, 3);
    let ran = run(directory.path(), &["replay", "last"]);
    assert_eq!(ran.code, 1, "the run before is still the last: {}", ran.all());
}

#[test]
fn a_key_in_a_variable_that_nobody_marked_is_not_kept() {
    let directory = project();
    let path = directory.path().join("scenarios/notes.toml");
    let text = std::fs::read_to_string(&path).expect("there");
    let open = text.replace("{ value = \"nk_writer_key\", secret = true }", "\"nk_writer_key\"");
    assert_ne!(open, text);
    std::fs::write(&path, open).expect("written");
    std::fs::write(directory.path().join("vars"), "key=very-secret-1\nNoteId=mine-{case}\n").expect("written");
    let check = ["check", "notes", "-E", "op(RenameNote)", "--variables-file", "vars"];
    assert_eq!(run(directory.path(), &check).code, 0);
    let record = std::fs::read_to_string(directory.path().join(".overstep/last/run.json")).expect("kept");
    assert!(!record.contains("very-secret") && record.contains("mine-{case}"), "{record}");
    // The file is read again for what is not kept, and what was sent then is sent whatever it says now.
    std::fs::write(directory.path().join("vars"), "key=very-secret-1\nNoteId=other-{case}\n").expect("written");
    let ran = run(directory.path(), &["replay", "notes/RenameNote/valid/control/plain"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.out.contains("/v1/notes/mine-") && !ran.all().contains("very-secret"), "{}", ran.all());
}

#[test]
fn what_is_accepted_counts_in_a_replay_as_in_a_check() {
    let directory = project();
    let at = directory.path();
    let faulty = Faulty::start(at, "notes", &[TOO_LONG]);
    let check = ["check", "notes", "-e", &faulty.url, "-E", "member(name)"];
    assert_eq!(run(at, &[&check[..], &["--update", "all"]].concat()).code, 1, "nothing was accepted before");
    let ids = diverging(at);
    assert_eq!(run(at, &check).code, 0, "now it is known");
    // Known divergences are shown again, and are no findings.
    let known = run(at, &["replay", "last"]);
    assert_eq!(known.code, 0, "{}", known.all());
    let counts = |ran: &Ran| ran.out.lines().last().unwrap_or_default().to_owned();
    let (all, one) = (ids.len(), ids.len() == 1);
    let cases = if one { "1 case".to_owned() } else { format!("{all} cases") };
    let diverge = if one { "1 diverges".to_owned() } else { format!("{all} diverge") };
    assert_eq!(counts(&known), format!("{cases} sent again · {diverge} now · {all} known"), "{}", known.all());
    assert_eq!(known.out.matches("accepted     the same").count(), all, "{}", known.all());
    assert_eq!(
        run(at, &["check", "notes", "-e", &faulty.url, "--last-failed"]).code,
        4,
        "what is known has not failed"
    );
    assert_eq!(run(at, &check).code, 0);
    for more in ["--strict", "--no-snapshots", "--snapshots=elsewhere"] {
        let ran = run(at, &["replay", "last", more]);
        assert_eq!(ran.code, 1, "{more}: {}", ran.all());
    }
    let events = events(&run(at, &["replay", &ids[0], "--format", "ndjson"]).out);
    assert_eq!((&events[0]["known"], &events[0]["change"]), (&Json::from(true), &Json::from("same")));
    // A server that keeps what is documented does not do what is accepted.
    let faithful = Faulty::start(at, "notes", &[]);
    let fixed = run(at, &["replay", &ids[0], "-e", &faithful.url]);
    assert_eq!(fixed.code, 1, "{}", fixed.all());
    assert!(fixed.out.contains("accepted     200") && fixed.out.contains("now          pass: 400"), "{}", fixed.all());
    assert_eq!(counts(&fixed), "1 case sent again · 0 diverge now · 1 not as accepted");
    // What a run found to be another answer is sent again with what diverged, and failed.
    assert_eq!(run(at, &["check", "notes", "-e", &faithful.url, "-E", "member(name)", "--update", "no"]).code, 1);
    let changed = run(at, &["replay", "last"]);
    assert_eq!(changed.code, 1, "{}", changed.all());
    assert_eq!(counts(&changed), format!("{cases} sent again · 0 diverge now · {all} not as accepted"));
    let failed = run(at, &["check", "notes", "-e", &faithful.url, "--last-failed", "--update", "no"]);
    assert_eq!(failed.code, 1, "{}", failed.all());
    assert_eq!(results(at).iter().filter(|event| event["event"] == "case").count(), all);
    // Nothing is compared where the run compared nothing.
    assert_eq!(run(at, &[&check[..], &["--no-snapshots"]].concat()).code, 1);
    assert_eq!(run(at, &["replay", "last"]).code, 1);
    let waiting = Command::new("find").arg(at.join("snapshots")).args(["-name", "*.new"]).output().expect("it starts");
    assert!(waiting.stdout.is_empty(), "a replay writes no snapshot");
}
