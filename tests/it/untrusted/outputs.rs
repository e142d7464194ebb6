//! Every output of every command, for a document and a server whose every text is hostile.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::python;
use overstep::escape::is_deceptive;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A text that acts on terminals, runners of CI jobs, Markdown, XML, TOML and shells. A line that begins with `BROKEN`
/// shows that a line break inside a value ended a line.
const HOSTILE: &str = "A\r\n::stop-commands::PWN\nBROKEN\n  ::error::PWN\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}31m\u{202e}\u{2066}\u{200b}\u{61c}\
    \u{feff}##[add-mask]PWN ##vso[task.complete] <b>PWN</b>|`PWN`\u{85}\u{2028}]]>\"\"\"'''$(touch PWN)\\";

/// A server that accepts texts of up to three characters. Longer ones get a rejection or a failure with the hostile text
/// in body and headers, and it prints that text.
const SERVER: &str = r#"
import http.server, json, sys
HOSTILE = json.loads(open("hostile.json").read())
# What it prints are lines of its own.
LINE = HOSTILE.replace("\n", " ")
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *words): pass
    def respond(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try: value = next(iter(json.loads(body).values()))
        except Exception: value = None
        length = len(value) if isinstance(value, str) else 0
        status, answer = 200, {}
        if length > 4:
            status = 500
            for line in (LINE, "::error::printed", "  ##[error]printed\x1b[2J", "  File \"x.py\", line 1, in " + LINE): print(line, flush=True)
            sys.stdout.buffer.write(b"::warning::\xff\xfe\x9b\n"); sys.stdout.flush()
        elif length > 3 or length == 0:
            status = 400
        if status != 200: answer = {"error": {"code": HOSTILE, "message": HOSTILE}, HOSTILE: [HOSTILE]}
        answer = json.dumps(answer).encode()
        self.send_response(status, "Odd ##[x]")
        self.send_header("content-type", "application/json; x=##[x]")
        self.send_header("x-amzn-errortype", "::error::##[x]")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    do_GET = do_POST = respond
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

fn contract(service: &str, max: u64) -> String {
    let name = |text: &str| format!("{text}{HOSTILE}");
    let operation = |text: &str, uri: &str| {
        json!({"name": name(text), "http": {"method": "POST", "uri": uri, "success": 200}, "input": name("In"),
               "errors": [name("bad")], "permission": name("p"), "sources": [{"document": name("page"), "line": 1}]})
    };
    json!({
        "format": "overstep-contract/1", "service": service, "protocol": "restJson",
        "operations": [operation("First", "/first"), operation("Second", "/second")],
        "errors": [{"name": name("bad"), "status": 422, "role": "invalid-input"}],
        "shapes": {
            name("In"): {"type": "structure", "members": {
                name("text"): {"shape": name("Text"), "required": true},
                name("choice"): {"shape": name("Choice")}}},
            name("Text"): {"type": "string", "length": {"min": 1, "max": max}, "facts": [
                {"path": "length/max", "value": max, "standing": "documented", "document": name("page"), "line": 7}]},
            name("Choice"): {"type": "enum", "values": [name("one"), "two"]},
        },
    })
    .to_string()
}

/// The name of the file of the contract, which a stranger chose, too.
const CONTRACT_FILE: &str = "hostile\u{1b}[2J\u{202e}##[x].json";

fn project() -> Option<TempDir> {
    let document = format!("scenarios/{CONTRACT_FILE}");
    let scenario = format!(
        "sources = [{}]\nerror-code = \"error.code\"\n",
        json!(CONTRACT_FILE).to_string().replace("\u{1b}", "\\u001b")
    );
    python::project(&[
        (
            "overstep.toml",
            "[endpoints.own]\nstart = \"python3 server.py {port}\"\nready = \"GET /\"\ncwd = \"server\"\n",
        ),
        ("server/server.py", SERVER),
        ("server/hostile.json", &json!(HOSTILE).to_string()),
        ("scenarios/hostile.toml", &scenario),
        (&document, &contract(HOSTILE, 3)),
        ("other.json", &contract(HOSTILE, 4)),
    ])
}

/// The bytes of an output, by a name for messages.
struct Captured(String, Vec<u8>);

fn run(directory: &Path, arguments: &[&str]) -> (Option<i32>, [Captured; 2]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overstep"));
    command.current_dir(directory).args(arguments).env_clear().env("HOME", "/no-such-home").stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    let output = command.output().expect("start overstep");
    let name = |stream: &str| format!("{stream} of `overstep {}`", arguments.join(" ").escape_debug());
    let captured = [Captured(name("stdout"), output.stdout), Captured(name("stderr"), output.stderr)];
    assert!(
        !matches!(output.status.code(), Some(70) | None),
        "{}: {}",
        captured[1].0,
        String::from_utf8_lossy(&captured[1].1)
    );
    (output.status.code(), captured)
}

/// Returns true for a command that overstep itself gives to GitHub's runner.
fn is_own_annotation(line: &str) -> bool {
    let Some(rest) = ["::error ", "::warning ", "::notice "].iter().find_map(|start| line.strip_prefix(start)) else {
        return false;
    };
    let Some((properties, _)) = rest.split_once("::") else { return false };
    !properties.contains(':')
        && properties
            .split(',')
            .all(|one| ["file", "line", "title"].contains(&one.split('=').next().unwrap_or_default()))
}

/// Fails if an output contains anything that acts.
#[track_caller]
fn check_output(captured: &Captured, allows_annotations: bool) -> String {
    let Captured(name, bytes) = captured;
    let text = String::from_utf8(bytes.clone()).unwrap_or_else(|_| panic!("{name} is not UTF-8"));
    for line in text.split('\n') {
        if let Some(character) = line.chars().find(|character| is_deceptive(*character)) {
            panic!("{name} contains {character:?}: {line:?}");
        }
        let content = line.trim_start();
        let is_command = content.starts_with("::") && !(allows_annotations && is_own_annotation(line));
        assert!(!is_command, "{name} gives the runner a command: {line:?}");
        for marker in ["##[", "##vso["] {
            assert!(!line.contains(marker), "{name} gives the runner a command: {line:?}");
        }
        assert!(!content.starts_with("BROKEN"), "{name}: a line break inside a value ended the line before {line:?}");
    }
    text
}

fn check_file(directory: &Path, file: &Path) -> String {
    let name = file.display().to_string();
    let bytes = std::fs::read(directory.join(file)).unwrap_or_else(|error| panic!("{name}: {error}"));
    check_output(&Captured(name, bytes), false)
}

fn json_lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Runs a command and checks both streams; returns the standard output.
#[track_caller]
fn checked(directory: &Path, arguments: &[&str], codes: &[i32]) -> String {
    let (code, [out, err]) = run(directory, arguments);
    let (out_text, err_text) = (check_output(&out, false), check_output(&err, false));
    assert!(code.is_some_and(|code| codes.contains(&code)), "{}: {code:?}\n{out_text}{err_text}", out.0);
    out_text
}

#[test]
fn reports_of_a_hostile_server_and_document_obey_nothing() {
    let Some(directory) = project() else { return };
    let directory = directory.path();
    let check = ["check", "hostile", "-e", "own", "--no-progress"];
    let reports =
        ["--report", "junit=r.xml", "--report", "ndjson=r.ndjson", "--report", "markdown=r.md", "--report", "github=-"];
    let (code, [out, err]) = run(directory, &[&check[..], &reports].concat());
    let (annotations, terminal) = (check_output(&out, true), check_output(&err, false));
    assert_eq!(code, Some(1), "{terminal}");
    assert!(annotations.lines().count() >= 2 && annotations.contains("\\u{1b}"), "{annotations}");

    let events = json_lines(&check_file(directory, Path::new("r.ndjson")));
    let findings: Vec<&Json> = events.iter().filter(|event| event["event"] == "finding").collect();
    assert!(findings.iter().any(|finding| finding["observed"].as_str().is_some_and(|text| text.contains(HOSTILE))));
    assert!(events.iter().any(|event| event["server_output"].to_string().contains("::error::printed")));
    // Stanzas are valid TOML, and mean what was observed.
    let stanzas = known_stanzas(&terminal);
    assert!(!stanzas.is_empty(), "{terminal}");
    for stanza in stanzas {
        let table: toml::Table = stanza.parse().unwrap_or_else(|error| panic!("{error}\n{stanza}"));
        let known = &table["known"][0];
        let cases = known["cases"].as_array().expect("an array");
        let observed = known["observed"].as_str().expect("a text").trim_end_matches('*');
        let is_part = |part: &Json| part["observed"].as_str().is_some_and(|text| text.starts_with(observed));
        let is_found = |finding: &&Json| finding["explains"].as_array().is_some_and(|parts| parts.iter().any(is_part));
        assert!(!cases.is_empty() && findings.iter().any(is_found), "{stanza}");
    }
    // XML is well-formed, and shows what was received.
    let xml = check_file(directory, Path::new("r.xml"));
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut texts = String::new();
    loop {
        match reader.read_event().expect("well-formed") {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Text(text) => texts.push_str(&text.xml10_content()),
            _ => {}
        }
    }
    assert!(texts.contains("\\u{1b}[2J"), "{texts}");
    // Markdown has the markup of overstep only.
    let markdown = check_file(directory, Path::new("r.md"));
    let html = markdown::to_html_with_options(&markdown, &markdown::Options::gfm()).expect("Markdown");
    assert!(!html.contains("<b>") && !html.contains("<a ") && html.contains("&lt;b&gt;"), "{html}");
    let cells: Vec<usize> = html.split("<tr>").skip(1).map(|row| row.matches("<t").count()).collect();
    assert!(cells.len() > 2 && cells.iter().all(|count| *count == cells[0] || *count == cells[1]), "{cells:?}\n{html}");

    check_file(directory, Path::new(".overstep/last/results.ndjson"));
    check_file(directory, Path::new(".overstep/last/run.json"));
    let pending = std::fs::read_dir(directory.join("snapshots/own/hostile"))
        .expect("snapshots")
        .map(|entry| entry.expect("entry").path());
    for path in pending {
        // A file to read, which no runner takes for a log.
        let text = std::fs::read_to_string(path).expect("UTF-8");
        assert!(text.contains(r"\u{1b}[2J") && !text.chars().any(|c| c != '\n' && is_deceptive(c)), "{text:?}");
    }
    // The same text where it goes to standard output.
    checked(directory, &check, &[1]);
}

/// Returns the entries that the terminal offers for accepting findings.
fn known_stanzas(terminal: &str) -> Vec<String> {
    let lines: Vec<&str> = terminal.lines().collect();
    let is_entry = |line: &str| line.trim_start().starts_with("accept as known") && !line.contains("prints the entry");
    let begins = (0..lines.len()).filter(|at| is_entry(lines[*at]));
    begins
        .map(|at| {
            let text = |line: &&str| line.trim_start().trim_start_matches("accept as known").trim_start().to_owned();
            let length = lines[at..].iter().position(|line| line.trim_start().starts_with("reason"));
            let length = length.expect("an entry ends with its reason") + 1;
            lines[at..at + length].iter().map(text).collect::<Vec<_>>().join("\n")
        })
        .collect()
}

#[test]
fn other_commands_on_a_hostile_document_obey_nothing() {
    let Some(directory) = project() else { return };
    let directory = directory.path();
    let source = format!("scenarios/{CONTRACT_FILE}");
    let source = source.as_str();
    checked(directory, &["check", "hostile", "-e", "own", "--no-progress"], &[1]);
    for format in ["text", "curl", "ndjson"] {
        let text = checked(directory, &["cases", "hostile", "-e", "own", "--format", format], &[0]);
        if format == "ndjson" {
            assert!(json_lines(&text).iter().any(|case| case["operation"] == format!("First{HOSTILE}")));
        }
    }
    checked(directory, &["doctor", "hostile", "-e", "own", "--no-progress"], &[0]);
    let diagnosis = checked(directory, &["doctor", "hostile", "-e", "own", "--no-progress", "--format", "json"], &[0]);
    let diagnosis: Json = serde_json::from_str(&diagnosis).expect("JSON");
    assert_eq!(diagnosis["service"], HOSTILE);
    checked(directory, &["ingest", source, "--format", "text"], &[0]);
    let contract = checked(directory, &["ingest", source], &[0]);
    let read = |text: &str| overstep::contract::from_json(text).expect("a contract");
    assert_eq!(read(&contract).operations[0].name.as_str(), format!("First{HOSTILE}"));
    checked(directory, &["drift", source, "other.json"], &[0]);
    let drift = checked(directory, &["drift", source, "other.json", "--format", "json"], &[0]);
    assert!(drift.contains("contradicts"), "{drift}");
    checked(directory, &["serve", "hostile", "--list-faults"], &[0]);
    checked(directory, &["snapshot", "list"], &[0]);
    for format in ["text", "ndjson"] {
        checked(directory, &["replay", "last", "--format", format], &[1]);
    }
    checked(directory, &["snapshot", "accept"], &[0]);
    checked(directory, &["snapshot", "list"], &[0]);
    checked(directory, &["init", "fresh", "-s", source, "--no-progress"], &[0]);
    checked(directory, &["init", "found", "-s", source, "-e", "own", "--no-progress"], &[0]);
    for file in ["scenarios/fresh.toml", "scenarios/found.toml"] {
        let text = check_file(directory, Path::new(file));
        assert!(text.parse::<toml::Table>().is_ok(), "{text}");
    }
    let fuzz = ["fuzz", "hostile", "-e", "own", "--no-progress", "--max-cases", "40", "--save"];
    checked(directory, &fuzz, &[0, 1]);
    let saved = std::fs::read_dir(directory.join("scenarios/hostile.saved"));
    for entry in saved.into_iter().flatten() {
        let text = check_file(directory, &entry.expect("an entry").path());
        overstep::scenario::read_regression(&text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    }
    let entries = std::fs::read_dir(directory).expect("listed");
    assert!(entries.into_iter().all(|entry| entry.expect("an entry").file_name() != "PWN"), "a command ran");
}

#[test]
fn problems_of_hostile_files_are_shown_and_not_obeyed() {
    let hostile = "x\u{1b}[2J\u{9b}\u{202e}##[error]y";
    let broken = format!("sources = []\n::error::{hostile} = \n");
    let known = format!("sources = [\"{hostile}.json\"]\n[{}]\n", "principals.\"::error::##[x]\"");
    let Some(directory) = python::project(&[
        ("scenarios/broken.toml", &broken),
        ("scenarios/missing.toml", &known.replace('\u{1b}', "\\u001b").replace('\u{9b}', "\\u009b")),
        ("scenarios/key.toml", "sources = []\n\"::error::##[x]\u{202e}\" = 1\n"),
    ]) else {
        return;
    };
    for scenario in ["broken", "missing", "key", hostile, "::error::x"] {
        checked(directory.path(), &["check", scenario, "-e", "http://127.0.0.1:9", "--no-progress"], &[2]);
    }
    checked(directory.path(), &["drift", hostile, "::error::x"], &[2]);
    checked(directory.path(), &["check", "-E", hostile], &[2]);
}
