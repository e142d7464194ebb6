//! Servers that overstep starts: made ready, reset, listened to, and gone with the run, through the binary.
//!
//! Everything here stays on this machine, on ports that the system chooses.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use crate::support::python;
use serde_json::Value as Json;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server that prints, fails on one operation in its own way, has a child, and dies when it is told to.
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
    seen = 0
    def log_message(self, *words): pass
    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status = 200
        if self.path == "/base/health":
            Handler.seen += 1
            status = 404 if Handler.seen > 2 and mode != "never" else 503
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
            Handler.seen += 1
            if mode == "late" and Handler.seen > 30:
                print("out of memory", flush=True)
                os._exit(9)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"#;

struct Ran {
    out: String,
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
    command.current_dir(directory).args(arguments).env_clear().env("HOME", "/home-of-nobody");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Ran {
    let output = command(directory, arguments).output().expect("it starts");
    Ran {
        out: String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        code: output.status.code(),
    }
}

/// The port that a started server was given.
fn port(head: &str) -> u16 {
    let after = head.split("http://127.0.0.1:").nth(1).unwrap_or_else(|| panic!("no URL in {head}"));
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a port")
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

/// The server and its child are gone, or about to be.
fn assert_gone(directory: &Path, said: &str) {
    let from = Instant::now();
    for pid in pids(directory) {
        // What nobody has waited for yet is a zombie, which is dead too.
        let lives = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
        };
        while lives() {
            assert!(from.elapsed() < Duration::from_secs(10), "{pid} still lives\n{said}");
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_server_is_started_listened_to_and_stopped() {
    let Some(directory) = project("well") else { return };
    let at = directory.path();
    let arguments = ["check", "notes", "-e", "own", "--report", "ndjson=out.ndjson", "--report", "junit=out.xml"];
    let ran = run(at, &arguments);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains(" · fake 1.2 · "), "{}", ran.out);
    assert!(ran.out.contains("server said  boom Bearer"), "{}", ran.out);
    assert_eq!((pids(at).len(), read(at, "server/resets").as_str()), (2, "x"), "{}", ran.out);
    assert_gone(at, &ran.out);
    let lines: Vec<Json> =
        read(at, "out.ndjson").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines[0]["server"], "fake 1.2");
    let failed = lines.iter().find(|line| line["event"] == "case" && line["observed"]["status"] == 500).expect("one");
    assert!(failed["server_output"][0].as_str().is_some_and(|line| line.starts_with("boom")), "{failed}");
    assert!(failed.get("curl").is_none(), "nobody listens there any more: {failed}");
    assert!(lines.iter().all(|line| line["observed"]["status"] != 200 || line.get("server_output").is_none()));
    let junit = read(at, "out.xml");
    assert!(junit.contains("<system-err>boom Bearer"), "{junit}");
    let log = read(at, ".overstep/last/endpoint.log");
    assert!(log.starts_with("$ python3 server.py") && log.contains("listening /home-of-nobody"), "{log}");
    for text in [&ran.out, &junit, &log, &read(at, "out.ndjson"), &read(at, ".overstep/last/results.ndjson")] {
        assert!(!text.contains("nk_writer_key"), "a secret is shown\n{text}");
    }

    // A replay starts it again, on whatever port.
    let again = run(at, &["replay", failed["id"].as_str().expect("an id")]);
    assert_eq!(again.code, Some(1), "{}", again.out);
    assert!(again.out.contains("server said") && again.out.contains(" · own · "), "{}", again.out);
    let results = run(at, &["replay", "out.ndjson"]);
    assert_eq!(results.code, Some(1), "{}", results.out);
    assert_eq!(pids(at).len(), 6);
    // Results that are not the last run's name the endpoint, which starts its server again.
    std::fs::remove_dir_all(at.join(".overstep")).expect("removed");
    let results = run(at, &["replay", "out.ndjson"]);
    assert_eq!(results.code, Some(1), "{}", results.out);
    assert_eq!(pids(at).len(), 8);
    assert_gone(at, &results.out);
}

#[test]
fn our_own_server_as_somebody_elses() {
    let directory = project("well").unwrap_or_else(|| tempfile::tempdir().expect("a temporary directory"));
    let at = directory.path();
    let overstep = env!("CARGO_BIN_EXE_overstep");
    // Through a shell that starts it as its child: stopping must reach both.
    let settings = format!(
        "[endpoints.serve]\nstart = \"sh -c '\\\"{overstep}\\\" serve leadlex --port {{port}} & wait'\"\n\
         version = \"{overstep} --version\"\nready = \"GET /\"\n\
         url = \"http://127.0.0.1:{{port}}/functions/v1/api-gateway\"\n"
    );
    std::fs::write(at.join("overstep.toml"), settings).expect("written");
    let ran = run(at, &["check", "leadlex", "-e", "serve", "--no-snapshots"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.contains("0 findings in ") && ran.out.contains("starting serve"), "{}", ran.out);
    assert!(ran.out.contains(" · overstep 0."), "the version stands in the head: {}", ran.out);
    assert!(!is_open(port(&ran.out)), "the server outlives the run");
    assert!(read(at, ".overstep/last/run.json").contains("\"serve\""));
}

#[test]
fn what_a_server_says_stands_with_a_hang_and_a_drop() {
    for (mode, word) in [("hang", "stuck"), ("drop", "lost")] {
        let Some(directory) = project(mode) else { return };
        let at = directory.path();
        let arguments =
            ["check", "notes", "-e", "own", "-E", "op(RenameNote) & not(law)", "--request-timeout", "300ms"];
        let ran = run(at, &[&arguments[..], &["--report", "ndjson=out.ndjson"]].concat());
        assert_eq!(ran.code, Some(1), "{mode}\n{}", ran.out);
        assert!(ran.out.contains(&format!("server said  {word}")), "{mode}\n{}", ran.out);
        let lines = read(at, "out.ndjson");
        let mut cases = lines.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON"));
        let silent =
            cases.find(|line| line["event"] == "case" && line["id"] == "notes/RenameNote/name/length/above-max");
        let silent = silent.unwrap_or_else(|| panic!("no such case in {lines}"));
        assert_eq!(silent["verdict"], "diverges", "{silent}");
        assert!(silent["observed"]["status"].is_null(), "{silent}");
        assert_eq!(silent["server_output"][0], word, "{silent}");
        assert_gone(at, &ran.out);
    }
}

#[test]
fn a_server_that_ends_says_why() {
    for (mode, words, last) in [
        ("early", "ended with exit status 7 before it was ready", "cannot read the configuration"),
        ("late", "ended with exit status 9", "out of memory"),
    ] {
        let Some(directory) = project(mode) else { return };
        let ran = run(directory.path(), &["check", "notes", "-e", "own", "-E", "TagNote"]);
        assert!(ran.out.contains(words), "{mode}\n{}", ran.out);
        assert!(ran.out.contains(last), "{mode}\n{}", ran.out);
        if mode == "early" {
            assert_eq!(ran.code, Some(3), "{}", ran.out);
        } else {
            assert!(matches!(ran.code, Some(1 | 3)), "{}", ran.out);
        }
        assert_gone(directory.path(), &ran.out);
    }
}

#[test]
fn a_server_that_cannot_start_is_a_mistake() {
    let Some(directory) = project("well") else { return };
    let ran = run(directory.path(), &["check", "notes", "-e", "missing"]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.out.contains("cannot start `no-such-program"), "{}", ran.out);
    // Somebody else's server is not taken for ours.
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = other.local_addr().expect("bound").port();
    let settings = format!("[endpoints.taken]\nurl = \"http://127.0.0.1:{port}\"\nstart = \"sleep 60\"\n");
    std::fs::write(directory.path().join("overstep.toml"), settings).expect("written");
    let ran = run(directory.path(), &["check", "notes", "-e", "taken"]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.out.contains("somebody listens on"), "{}", ran.out);
}

#[test]
fn what_cannot_be_started_or_reset_is_said_with_the_servers_words() {
    let Some(directory) = project("well") else { return };
    let at = directory.path();
    let serve = format!("start = \"{} serve notes --port {{port}}\"", env!("CARGO_BIN_EXE_overstep"));
    let refused = format!("{serve}\nreset = \"POST /no-such-reset\"");
    for (code, entry, reason) in [
        (3, "start = \"sh -c 'echo no licence for {port} >&2; exit 4'\"", "no licence for"),
        (3, "start = \"sleep 60\"\nurl = \"http://127.0.0.1:{port}\"\nready-timeout = \"200ms\"", "not ready within"),
        (3, refused.as_str(), "`POST /no-such-reset`, which should reset it, was answered with status 404"),
        (2, "start = \"/no/such/server --port {port}\"", "cannot start `/no/such/server"),
        (2, "start = \"server 'open {port}\"", "cannot be split into words"),
        (2, "start = \"x {port}\"\nreset = \"reset\"", "`reset` is no request"),
        (2, "start = \"x {port}\"\nready-timeout = \"soon\"", "`ready-timeout` of endpoint `own`"),
        (2, "rate-limit = \"1/s\"", "has no `url`"),
    ] {
        std::fs::write(at.join("overstep.toml"), format!("[endpoints.own]\n{entry}\n")).expect("written");
        let ran = run(at, &["check", "notes", "-e", "own", "--no-snapshots"]);
        assert_eq!(ran.code, Some(code), "{entry}\n{}", ran.out);
        assert!(ran.out.contains(reason), "{entry}\n{}", ran.out);
    }
}

#[test]
fn a_start_that_takes_long_can_be_stopped() {
    let Some(directory) = project("never") else { return };
    let at = directory.path();
    let arguments = ["check", "notes", "-e", "own", "--report", "ndjson=-"];
    let mut child = command(at, &arguments).stderr(Stdio::null()).spawn().expect("it starts");
    let from = Instant::now();
    while pids(at).len() < 2 {
        assert!(from.elapsed() < Duration::from_secs(60), "it never began");
        std::thread::yield_now();
    }
    let sent = Command::new("kill").args(["-INT", child.id().to_string().as_str()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    let mut out = String::new();
    let pipe = child.stdout.as_mut().expect("piped");
    std::io::Read::read_to_string(pipe, &mut out).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(3), "{out}");
    assert!(out.contains("stopped before it was ready") && out.contains("\"event\":\"summary\""), "{out}");
    assert_gone(at, &out);
}

#[test]
fn a_server_ends_with_a_run_that_is_stopped() {
    for signals in [vec!["-INT"], vec!["-TERM"], vec!["-HUP"], vec!["-INT", "-INT"]] {
        let Some(directory) = project("well") else { return };
        let at = directory.path();
        let arguments = ["check", "notes", "-e", "own", "--rate-limit", "20/s", "--report", "ndjson=-"];
        let child = command(at, &arguments).stderr(Stdio::null()).spawn().expect("it starts");
        let from = Instant::now();
        while read(at, "server/resets").is_empty() {
            assert!(from.elapsed() < Duration::from_secs(60), "it never began");
            std::thread::yield_now();
        }
        for signal in &signals {
            let sent =
                Command::new("kill").args([signal, child.id().to_string().as_str()]).stderr(Stdio::null()).status();
            assert!(sent.is_ok());
        }
        let output = child.wait_with_output().expect("it ends");
        let out = String::from_utf8_lossy(&output.stdout);
        // Where there are findings already, they come first.
        assert!(matches!(output.status.code(), Some(1 | 3)), "{signals:?}\n{out}");
        // Whoever asks twice is not kept waiting for a summary.
        assert!(signals.len() > 1 || out.contains("\"event\":\"summary\""), "{signals:?}\n{out}");
        assert_gone(at, &format!("{signals:?}"));
    }
}
