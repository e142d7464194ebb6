//! Servers that overstep starts: readiness, reset, captured output and shutdown, through the binary.
//!
//! No test leaves this machine; the system chooses the ports.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::python;
use serde_json::Value as Json;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server with a child process. It prints lines, and `mode` decides how it fails.
const SERVER: &str = r#"
import http.server, json, os, subprocess, sys, time
port, mode = int(sys.argv[1]), sys.argv[2]
child = subprocess.Popen(["sleep", "600"])
with open("pids", "a") as pids: pids.write(f"{os.getpid()}\n{child.pid}\n")
print("listening", os.environ.get("WORD"), flush=True)
if mode == "early":
    print("cannot read the configuration", file=sys.stderr, flush=True)
    sys.exit(7)
def too_long(body):
    try: return len(json.loads(body)["name"]) > 20
    except Exception: return False
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    requests = 0
    def log_message(self, *words): pass
    def respond(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status = 200
        if self.path == "/base/health":
            Handler.requests += 1
            status = 404 if Handler.requests > 2 and mode != "never" else 503
        elif self.path == "/base/reset":
            with open("resets", "a") as resets: resets.write("x")
        elif mode in ("hang", "drop"):
            if self.path.endswith("/name") and too_long(body):
                print("stuck" if mode == "hang" else "lost", flush=True)
                if mode == "hang": time.sleep(2)
                self.close_connection = True
                return
        elif self.path.endswith("/name"):
            status = 500
            print("boom", self.headers.get("authorization"), flush=True)
        else:
            Handler.requests += 1
            if mode == "late" and Handler.requests > 30:
                print("out of memory", flush=True)
                os._exit(9)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = respond
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"#;

struct Output {
    text: String,
    code: Option<i32>,
}

fn project(mode: &str) -> Option<TempDir> {
    let settings = format!(
        "[endpoints.own]\nurl = \"http://127.0.0.1:{{port}}/base\"\nstart = \"python3 server.py '{{port}}' {mode}\"\n\
         ready = \"GET /health\"\nready-timeout = \"20s\"\nreset = \"POST /reset\"\nversion = \"echo fake 1.2\"\n\
         env = {{ WORD = \"${{HOME}}\" }}\ncwd = \"server\"\n\
         [endpoints.missing]\nstart = \"no-such-program {{port}}\"\n"
    );
    python::project(&[
        ("overstep.toml", &settings),
        ("server/server.py", SERVER),
        ("scenarios/notes.toml", include_str!("notes/notes.toml")),
        ("scenarios/notes.contract.json", include_str!("notes/notes.contract.json")),
    ])
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overstep"));
    command.current_dir(directory).args(arguments).env_clear().env("HOME", "/no-such-home");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let output = command(directory, arguments).output().expect("start overstep");
    Output {
        text: String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        code: output.status.code(),
    }
}

/// Returns the port of the first URL in a text.
fn port(text: &str) -> u16 {
    let after = text.split("http://127.0.0.1:").nth(1).unwrap_or_else(|| panic!("no URL in {text}"));
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("port number")
}

fn is_open(port: u16) -> bool {
    TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_millis(200)).is_ok()
}

fn read(directory: &Path, name: &str) -> String {
    std::fs::read_to_string(directory.join(name)).unwrap_or_default()
}

fn pids(directory: &Path) -> Vec<String> {
    read(directory, "server/pids").lines().map(str::to_owned).collect()
}

/// Waits until the server and its child are gone.
fn assert_gone(directory: &Path, context: &str) {
    let from = Instant::now();
    for pid in pids(directory) {
        // A zombie that its parent has not waited for yet counts as gone.
        let is_alive = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
        };
        while is_alive() {
            assert!(from.elapsed() < Duration::from_secs(10), "{pid} is still running\n{context}");
            std::thread::yield_now();
        }
    }
}

#[test]
fn server_is_started_captured_and_stopped() {
    let Some(directory) = project("well") else { return };
    let at = directory.path();
    let arguments = ["check", "notes", "-e", "own", "--report", "ndjson=out.ndjson", "--report", "junit=out.xml"];
    let output = run(at, &arguments);
    assert_eq!(output.code, Some(1), "{}", output.text);
    assert!(output.text.contains(" · fake 1.2 · "), "{}", output.text);
    assert!(output.text.contains("server output    boom Bearer"), "{}", output.text);
    assert_eq!((pids(at).len(), read(at, "server/resets").as_str()), (2, "x"), "{}", output.text);
    assert_gone(at, &output.text);
    let lines: Vec<Json> =
        read(at, "out.ndjson").lines().map(|line| serde_json::from_str(line).expect("valid JSON")).collect();
    assert_eq!(lines[0]["server"], "fake 1.2");
    let failed = lines.iter().find(|line| line["event"] == "case" && line["observed"]["status"] == 500).expect("one");
    assert!(failed["server_output"][0].as_str().is_some_and(|line| line.starts_with("boom")), "{failed}");
    assert!(failed.get("curl").is_none(), "the server is gone, so a curl command would be useless: {failed}");
    assert!(lines.iter().all(|line| line["observed"]["status"] != 200 || line.get("server_output").is_none()));
    let junit = read(at, "out.xml");
    assert!(junit.contains("<system-err>boom Bearer"), "{junit}");
    let log = read(at, ".overstep/last/endpoint.log");
    assert!(log.starts_with("$ python3 server.py") && log.contains("listening $WORD"), "{log}");
    for text in [&output.text, &junit, &log, &read(at, "out.ndjson"), &read(at, ".overstep/last/results.ndjson")] {
        assert!(!text.contains("nk_writer_key"), "a secret is shown\n{text}");
    }

    // A replay starts the server again, on another port.
    let replayed = run(at, &["replay", failed["id"].as_str().expect("case id")]);
    assert_eq!(replayed.code, Some(1), "{}", replayed.text);
    assert!(replayed.text.contains("server output") && replayed.text.contains(" · own · "), "{}", replayed.text);
    let results = run(at, &["replay", "out.ndjson"]);
    assert_eq!(results.code, Some(1), "{}", results.text);
    assert_eq!(pids(at).len(), 6);
    // Results name their endpoint, so that a replay without a saved run starts the server, too.
    std::fs::remove_dir_all(at.join(".overstep")).expect("remove directory");
    let results = run(at, &["replay", "out.ndjson"]);
    assert_eq!(results.code, Some(1), "{}", results.text);
    assert_eq!(pids(at).len(), 8);
    assert_gone(at, &results.text);
}

#[test]
fn reference_server_started_through_a_shell_is_stopped() {
    let directory = project("well").unwrap_or_else(|| tempfile::tempdir().expect("create temporary directory"));
    let at = directory.path();
    let overstep = env!("CARGO_BIN_EXE_overstep");
    // A shell starts the server as its child, so stopping must reach both processes.
    let settings = format!(
        "[endpoints.serve]\nstart = \"sh -c '\\\"{overstep}\\\" serve leadlex --port {{port}} & wait'\"\n\
         version = \"{overstep} --version\"\nready = \"GET /\"\n\
         url = \"http://127.0.0.1:{{port}}/functions/v1/api-gateway\"\n"
    );
    std::fs::write(at.join("overstep.toml"), settings).expect("write file");
    let output = run(at, &["check", "leadlex", "-e", "serve", "--no-snapshots"]);
    assert_eq!(output.code, Some(0), "{}", output.text);
    assert!(output.text.contains("0 findings in ") && output.text.contains("starting serve"), "{}", output.text);
    assert!(output.text.contains(" · overstep 0."), "the header shows the version: {}", output.text);
    assert!(!is_open(port(&output.text)), "the server outlives the run");
    assert!(read(at, ".overstep/last/run.json").contains("\"serve\""));
}

#[test]
fn server_output_is_shown_for_timeouts_and_dropped_connections() {
    for (mode, word) in [("hang", "stuck"), ("drop", "lost")] {
        let Some(directory) = project(mode) else { return };
        let at = directory.path();
        let arguments =
            ["check", "notes", "-e", "own", "-E", "op(RenameNote) & not(law)", "--request-timeout", "300ms"];
        let output = run(at, &[&arguments[..], &["--report", "ndjson=out.ndjson"]].concat());
        assert_eq!(output.code, Some(1), "{mode}\n{}", output.text);
        assert!(output.text.contains(&format!("server output    {word}")), "{mode}\n{}", output.text);
        let lines = read(at, "out.ndjson");
        let mut cases = lines.lines().map(|line| serde_json::from_str::<Json>(line).expect("valid JSON"));
        let silent =
            cases.find(|line| line["event"] == "case" && line["id"] == "notes/RenameNote/name/length/above-max");
        let silent = silent.unwrap_or_else(|| panic!("no such case in {lines}"));
        assert_eq!(silent["verdict"], "diverges", "{silent}");
        assert!(silent["observed"]["status"].is_null(), "{silent}");
        assert_eq!(silent["server_output"][0], word, "{silent}");
        assert_gone(at, &output.text);
    }
}

#[test]
fn server_exit_is_reported_with_its_last_output() {
    for (mode, words, last) in [
        ("early", "ended with exit status 7 before it was ready", "cannot read the configuration"),
        ("late", "ended with exit status 9", "out of memory"),
    ] {
        let Some(directory) = project(mode) else { return };
        let output = run(directory.path(), &["check", "notes", "-e", "own", "-E", "TagNote"]);
        assert!(output.text.contains(words), "{mode}\n{}", output.text);
        assert!(output.text.contains(last), "{mode}\n{}", output.text);
        if mode == "early" {
            assert_eq!(output.code, Some(3), "{}", output.text);
        } else {
            assert!(matches!(output.code, Some(1 | 3)), "{}", output.text);
        }
        assert_gone(directory.path(), &output.text);
    }
}

#[test]
fn missing_program_and_occupied_port_exit_with_2() {
    let Some(directory) = project("well") else { return };
    let output = run(directory.path(), &["check", "notes", "-e", "missing"]);
    assert_eq!(output.code, Some(2), "{}", output.text);
    assert!(output.text.contains("cannot start `no-such-program"), "{}", output.text);
    // A server that already listens on the port is not used.
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("bind a free port");
    let port = other.local_addr().expect("local address").port();
    let settings = format!("[endpoints.taken]\nurl = \"http://127.0.0.1:{port}\"\nstart = \"sleep 60\"\n");
    std::fs::write(directory.path().join("overstep.toml"), settings).expect("write file");
    let output = run(directory.path(), &["check", "notes", "-e", "taken"]);
    assert_eq!(output.code, Some(2), "{}", output.text);
    assert!(output.text.contains("already listens on"), "{}", output.text);
}

#[test]
fn start_and_reset_errors_show_the_cause() {
    let Some(directory) = project("well") else { return };
    let at = directory.path();
    let serve = format!("start = \"{} serve notes --port {{port}}\"", env!("CARGO_BIN_EXE_overstep"));
    let rejected_reset = format!("{serve}\nreset = \"POST /no-such-reset\"");
    for (code, entry, reason) in [
        (3, "start = \"sh -c 'echo no licence for {port} >&2; exit 4'\"", "no licence for"),
        (3, "start = \"sleep 60\"\nurl = \"http://127.0.0.1:{port}\"\nready-timeout = \"200ms\"", "not ready within"),
        (3, rejected_reset.as_str(), "the reset request `POST /no-such-reset` failed with status 404"),
        (2, "start = \"/no/such/server --port {port}\"", "cannot start `/no/such/server"),
        (2, "start = \"server 'open {port}\"", "cannot be split into words"),
        (2, "start = \"x {port}\"\nreset = \"reset\"", "invalid request `reset`"),
        (2, "start = \"x {port}\"\nready-timeout = \"soon\"", "`ready-timeout` of endpoint `own`"),
        (2, "rate-limit = \"1/s\"", "has no `url`"),
    ] {
        std::fs::write(at.join("overstep.toml"), format!("[endpoints.own]\n{entry}\n")).expect("write file");
        let output = run(at, &["check", "notes", "-e", "own", "--no-snapshots"]);
        assert_eq!(output.code, Some(code), "{entry}\n{}", output.text);
        assert!(output.text.contains(reason), "{entry}\n{}", output.text);
    }
}

#[test]
fn interrupt_stops_a_server_that_is_not_ready() {
    let Some(directory) = project("never") else { return };
    let at = directory.path();
    let arguments = ["check", "notes", "-e", "own", "--report", "ndjson=-"];
    let mut child = command(at, &arguments).stderr(Stdio::null()).spawn().expect("start overstep");
    let from = Instant::now();
    while pids(at).len() < 2 {
        assert!(from.elapsed() < Duration::from_secs(60), "the server did not start");
        std::thread::yield_now();
    }
    let sent = Command::new("kill").args(["-INT", child.id().to_string().as_str()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    let mut out = String::new();
    let pipe = child.stdout.as_mut().expect("stdout is piped");
    std::io::Read::read_to_string(pipe, &mut out).expect("UTF-8 text");
    assert_eq!(child.wait().expect("wait for the process").code(), Some(3), "{out}");
    assert!(out.contains("stopped before it was ready") && out.contains("\"event\":\"summary\""), "{out}");
    assert_gone(at, &out);
}

#[test]
fn signals_stop_the_server_with_the_run() {
    for signals in [vec!["-INT"], vec!["-TERM"], vec!["-HUP"], vec!["-INT", "-INT"]] {
        let Some(directory) = project("well") else { return };
        let at = directory.path();
        let arguments = ["check", "notes", "-e", "own", "--rate-limit", "20/s", "--report", "ndjson=-"];
        let child = command(at, &arguments).stderr(Stdio::null()).spawn().expect("start overstep");
        let from = Instant::now();
        while read(at, "server/resets").is_empty() {
            assert!(from.elapsed() < Duration::from_secs(60), "the server did not start");
            std::thread::yield_now();
        }
        for signal in &signals {
            let sent =
                Command::new("kill").args([signal, child.id().to_string().as_str()]).stderr(Stdio::null()).status();
            assert!(sent.is_ok());
        }
        let output = child.wait_with_output().expect("wait for the process");
        let out = String::from_utf8_lossy(&output.stdout);
        // Findings take precedence over an incomplete run.
        assert!(matches!(output.status.code(), Some(1 | 3)), "{signals:?}\n{out}");
        // A second signal ends the run at once, without a summary.
        assert!(signals.len() > 1 || out.contains("\"event\":\"summary\""), "{signals:?}\n{out}");
        assert_gone(at, &format!("{signals:?}"));
    }
}
