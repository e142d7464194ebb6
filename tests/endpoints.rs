//! Endpoints that overstep starts: begun, made empty, listened to and stopped, through the binary.
//!
//! The server that is started is overstep's own, so that nothing else has to be installed.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const OVERSTEP: &str = env!("CARGO_BIN_EXE_overstep");

/// A project whose `overstep.toml` says this of the endpoint `own`.
fn project(entry: &str) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("overstep.toml"), format!("[endpoints.own]\n{entry}\n")).expect("written");
    directory
}

fn check(directory: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(OVERSTEP);
    command
        .current_dir(directory)
        .args(["check", "leadlex", "-e", "own", "--no-progress", "--no-snapshots"])
        .args(more)
        .env_clear()
        .env("HOME", directory)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// The port that the started server was given.
fn port(head: &str) -> u16 {
    let after = head.split("http://127.0.0.1:").nth(1).unwrap_or_else(|| panic!("no URL in {head}"));
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a port")
}

fn is_open(port: u16) -> bool {
    TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_millis(200)).is_ok()
}

#[test]
fn a_server_is_started_checked_and_stopped() {
    // Through a shell that starts it as its child: stopping must reach both.
    let directory = project(&format!(
        "start = \"sh -c '\\\"{OVERSTEP}\\\" serve leadlex --port {{port}} & wait'\"\nversion = \"{OVERSTEP} --version\"\n\
         ready = \"GET /\"\nurl = \"http://127.0.0.1:{{port}}/functions/v1/api-gateway\""
    ));
    let (code, out, err) = told(&check(directory.path(), &[]).output().expect("it starts"));
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("overstep 0."), "the version stands in the head: {out}");
    assert!(err.contains("starting own: sh -c"), "{err}");
    assert!(!is_open(port(&out)), "the server outlives the run");
    let record = std::fs::read_to_string(directory.path().join(".overstep/last/run.json")).expect("kept");
    assert!(record.contains("\"own\""), "{record}");
}

#[test]
fn a_failing_server_is_quoted_and_replay_starts_it_again() {
    let directory = project(&format!(
        "start = \"sh -c 'echo Traceback: the cause >&2; exec \\\"{OVERSTEP}\\\" serve leadlex --port {{port}} --fault AlwaysCrash'\"\n\
         url = \"http://127.0.0.1:{{port}}/functions/v1/api-gateway\""
    ));
    let list = Command::new(OVERSTEP).args(["serve", "leadlex", "--list-faults"]).output().expect("it starts");
    let faults = String::from_utf8_lossy(&list.stdout).into_owned();
    let crash = faults
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|name| name.contains("always-crash") || name.ends_with(".crashes"))
        .unwrap_or_else(|| panic!("no crashing fault in {faults}"))
        .to_owned();
    let toml = directory.path().join("overstep.toml");
    let text = std::fs::read_to_string(&toml).expect("readable").replace("AlwaysCrash", &crash);
    std::fs::write(&toml, text).expect("written");
    let (code, out, err) = told(&check(directory.path(), &["-E", "not(law)"]).output().expect("it starts"));
    assert!(code == 1 || code == 3, "{code} {out}{err}");
    assert!(out.contains("server said"), "{out}{err}");
    assert!(out.contains("Traceback: the cause"), "{out}");
    let id = out.split("overstep replay ").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("an id");
    let again = Command::new(OVERSTEP)
        .current_dir(directory.path())
        .args(["replay", id])
        .env_clear()
        .env("HOME", directory.path())
        .env("PATH", "/usr/bin:/bin")
        .output()
        .expect("it starts");
    let (code, out, err) = told(&again);
    assert_eq!(code, 1, "{out}{err}");
    assert!(err.contains("starting own"), "{err}");
}

#[test]
fn what_cannot_be_started_or_reset_is_said_with_the_servers_words() {
    for (entry, reason) in [
        ("start = \"sh -c 'echo no licence >&2; exit 4'\"", "no licence"),
        ("start = \"/no/such/server --port {port}\"", "cannot be started"),
        ("start = \"sleep 60\"\nready-timeout = \"200ms\"", "not ready within"),
        ("start = \"server 'open\"", "is no command"),
        ("start = \"x\"\nreset = \"reset\"", "`reset` is no request"),
        ("rate-limit = \"1/s\"", "has no `url`"),
    ] {
        let directory = project(entry);
        let (code, out, err) = told(&check(directory.path(), &[]).output().expect("it starts"));
        assert!(code == 2 || code == 3, "{entry}: {code}");
        assert!(err.contains(reason), "{entry}: {out}{err}");
    }
    let directory = project(&format!(
        "start = \"{OVERSTEP} serve leadlex --port {{port}}\"\nreset = \"POST /no-such-reset\"\n\
         url = \"http://127.0.0.1:{{port}}/functions/v1/api-gateway\""
    ));
    let (code, out, err) = told(&check(directory.path(), &[]).output().expect("it starts"));
    assert_eq!(code, 3, "{out}{err}");
    assert!(err.contains("cannot be reset: `POST /no-such-reset` is answered with 404"), "{err}");
}

#[test]
fn an_interrupted_run_takes_its_server_along() {
    let directory = project(&format!(
        "start = \"{OVERSTEP} serve leadlex --port {{port}}\"\nrate-limit = \"20/s\"\n\
         url = \"http://127.0.0.1:{{port}}/functions/v1/api-gateway\""
    ));
    let mut child = check(directory.path(), &["--report", "ndjson=-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut out = std::io::BufReader::new(child.stdout.take().expect("piped"));
    let mut first = String::new();
    std::io::BufRead::read_line(&mut out, &mut first).expect("a run begins");
    let port = port(&first);
    assert!(is_open(port));
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("not zero");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut out, &mut rest).expect("readable");
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
    assert!(rest.contains("\"event\":\"summary\""), "{rest}");
    assert!(!is_open(port), "the server outlives the run");
}
