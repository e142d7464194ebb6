//! A service that is described by a botocore model only, and an emulator with many faults: inference, classification and
//! findings, through the binary.
//!
//! No test leaves this machine; the system chooses the ports.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::python;
use python::operation;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// An emulator that creates, describes, annotates, lists and deletes things. Its faults: it requires a size, which the
/// model calls optional; it accepts any name; it fails with 500 for a name that begins with a capital; it exits on a note
/// of 40 characters; and it does not implement `CountThings`.
const SERVER: &str = r#"
import http.server, json, os, re, sys
THINGS, READS, POISON = {}, {}, []
class Rejected(Exception): pass
def create(i):
    if "Size" not in i: raise Rejected("ValidationException", "Value null at 'size' failed to satisfy constraint: Member must not be null")
    if not isinstance(i["Size"], int) or isinstance(i["Size"], bool): raise Rejected("SerializationException", "no number")
    if not 1 <= i["Size"] <= 10: raise Rejected("ValidationException", "Size is out of range")
    name = i["ThingName"]
    if re.match("[A-Z]", name): raise KeyError(name)
    if name in THINGS: raise Rejected("ThingInUseException", "it is there")
    if "poison" in sys.argv and any(ord(c) > 0xffff for c in name): POISON.append(name)
    THINGS[name], READS[name] = i, 0
    return {"Thing": {"ThingName": name, "ThingStatus": "CREATING"}}
def find(i):
    name = i.get("ThingName")
    if not isinstance(name, str): raise Rejected("SerializationException", "no text")
    if not 3 <= len(name) <= 40: raise Rejected("ValidationException", "name is too short or too long")
    if name not in THINGS: raise Rejected("ThingNotFoundException", "no such thing")
    return name
def describe(i):
    name = find(i)
    READS[name] += 1
    return {"Thing": {"ThingName": name, "ThingStatus": "ACTIVE" if READS[name] > 1 else "CREATING"}}
def note(i):
    name = find(i)
    if "Note" not in i: raise Rejected("ValidationException", "Note is missing")
    if not isinstance(i["Note"], str): raise Rejected("SerializationException", "no text")
    if len(i["Note"]) == 40: os._exit(3)
    if len(i["Note"]) > 40: raise Rejected("NoteException" if "other" in sys.argv else "ValidationException", "too long")
    return {}
def delete(i):
    del THINGS[find(i)]
    with open("remaining", "w") as file: file.write(str(len(THINGS)))
    return {}
def list_things(i):
    if "fragile" in sys.argv: os._exit(4)
    if POISON: raise ValueError("cannot list " + ascii(POISON[0]))
    return {"ThingNames": sorted(THINGS)[:10]}
OPERATIONS = {"CreateThing": create, "DescribeThing": describe, "NoteThing": note, "DeleteThing": delete, "ListThings": list_things}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def log_message(self, *words): pass
    def respond(self, status, document, kind="application/x-amz-json-1.1"):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self): self.respond(404, b"<h1>no page</h1>", "text/html")
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path != "/": return self.respond(404, b"<h1>no page</h1>", "text/html")
        credentials = r"AWS4-HMAC-SHA256 Credential=\S+, ?SignedHeaders=\S+, ?Signature=[0-9a-f]{64}"
        if not re.fullmatch(credentials, self.headers.get("authorization") or ""):
            return self.respond(400, {"__type": "IncompleteSignatureException"})
        name = (self.headers.get("x-amz-target") or "").split(".")[-1]
        try:
            if name not in OPERATIONS: raise NotImplementedError(name)
            try: i = json.loads(body.decode("utf-8"))
            except Exception: raise Rejected("SerializationException", "no JSON")
            if not isinstance(i, dict): raise Rejected("SerializationException", "no object")
            self.respond(200, OPERATIONS[name](i))
        except Rejected as rejected:
            self.respond(400, {"__type": "com.things#" + rejected.args[0], "message": rejected.args[1]})
        except Exception:
            import traceback
            traceback.print_exc()
            sys.stderr.flush()
            self.respond(500, b"<h1>Internal Server Error</h1>", "text/html")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

/// Returns the service's model in botocore's format.
fn model() -> Json {
    let named = |more: Json| {
        let mut members = json!({"ThingName": {"shape": "ThingName"}});
        members.as_object_mut().expect("JSON object").extend(more.as_object().expect("JSON object").clone());
        json!({"type": "structure", "required": ["ThingName"], "members": members})
    };
    let thing = json!({"type": "structure", "members": {"Thing": {"shape": "Thing"}}});
    let error = || json!({"type": "structure", "members": {"message": {"shape": "Text"}}, "exception": true});
    json!({
        "metadata": {"apiVersion": "2026-01-01", "endpointPrefix": "things", "protocol": "json", "jsonVersion": "1.1",
                     "targetPrefix": "Things", "uid": "things-2026-01-01", "signatureVersion": "v4"},
        "operations": {
            "CreateThing": operation("CreateThing", &["ThingInUseException"]),
            "DescribeThing": operation("DescribeThing", &["ThingNotFoundException"]),
            "NoteThing": operation("NoteThing", &["ThingNotFoundException"]),
            "DeleteThing": operation("DeleteThing", &["ThingNotFoundException"]),
            "ListThings": operation("ListThings", &[]),
            "CountThings": operation("CountThings", &[]),
        },
        "shapes": {
            "CreateThingRequest": named(json!({"Size": {"shape": "Size"}, "Owner": {"shape": "Text"}})),
            "DescribeThingRequest": named(json!({})),
            "NoteThingRequest": named(json!({"Note": {"shape": "Note"}})),
            "DeleteThingRequest": named(json!({})),
            "ListThingsRequest": {"type": "structure", "members": {}},
            "CountThingsRequest": {"type": "structure", "members": {}},
            "CreateThingResponse": thing, "DescribeThingResponse": thing,
            "NoteThingResponse": {"type": "structure", "members": {}},
            "DeleteThingResponse": {"type": "structure", "members": {}},
            "ListThingsResponse": {"type": "structure", "members": {"ThingNames": {"shape": "ThingNames"}}},
            "CountThingsResponse": {"type": "structure", "members": {"Count": {"shape": "Size"}}},
            "Thing": {"type": "structure", "members": {"ThingName": {"shape": "ThingName"}, "ThingStatus": {"shape": "Status"}}},
            "ThingName": {"type": "string", "min": 3, "max": 40},
            "ThingNames": {"type": "list", "member": {"shape": "ThingName"}},
            "Status": {"type": "string", "enum": ["CREATING", "ACTIVE", "DELETING"]},
            "Size": {"type": "integer", "min": 1, "max": 10},
            "Note": {"type": "string", "min": 1, "max": 40},
            "Text": {"type": "string"},
            "ThingInUseException": error(), "ThingNotFoundException": error(),
        },
    })
}

const SCENARIO: &str = "sources = [\"things.json\"]\nprincipal = \"aws\"\n[principals.aws]\nsigv4 = {}\n";

struct Output {
    text: String,
    code: Option<i32>,
}

impl Output {
    fn assert_contains(&self, words: &[&str]) -> &Self {
        for word in words {
            assert!(self.text.contains(word), "`{word}` is missing:\n{}", self.text);
        }
        self
    }
}

const SETTINGS: &str = "[endpoints.emulator]\nstart = \"python3 server.py '{port}'\"\nready-timeout = \"20s\"\n\
    not-implemented = [{ stderr = \"NotImplementedError\" }]\n\
    [endpoints.other]\nstart = \"python3 server.py '{port}' other\"\nready-timeout = \"20s\"\n\
    not-implemented = [{ stderr = \"NotImplementedError\" }]\n\
    [endpoints.poison]\nstart = \"python3 server.py '{port}' poison\"\nready-timeout = \"20s\"\n\
    [endpoints.fragile]\nstart = \"python3 server.py '{port}' fragile\"\nready-timeout = \"20s\"\n\
    not-implemented = [{ stderr = \"NotImplementedError\" }]\n\
    [endpoints.elsewhere]\nurl = \"http://127.0.0.1:{port}/base\"\nstart = \"python3 server.py '{port}'\"\n\
    ready-timeout = \"20s\"\n";

pub fn project() -> Option<TempDir> {
    python::project(&[
        ("server.py", SERVER),
        ("scenarios/things.json", &model().to_string()),
        ("scenarios/things.toml", SCENARIO),
        ("overstep.toml", SETTINGS),
    ])
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_overstep"))
        .args(arguments)
        .args((arguments[0] != "replay").then_some("--no-progress"))
        .current_dir(directory)
        .env_remove("CI")
        .env_remove("AWS_PROFILE")
        .output()
        .expect("run overstep");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Output { text: format!("{}\n{}", text(&output.stdout), text(&output.stderr)), code: output.status.code() }
}

/// Adds the values that the endpoint needs and that cannot be inferred.
pub fn add_required_values(directory: &Path) {
    let text = format!(
        "{SCENARIO}[operations.CreateThing]\nuse = {{ Size = 1 }}\n[operations.NoteThing]\nuse = {{ Note = \"note\" }}\n"
    );
    std::fs::write(directory.join("scenarios/things.toml"), text).expect("write file");
}

fn results(directory: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(directory.join("r.ndjson")).expect("results file");
    text.lines().map(|line| serde_json::from_str(line).expect("valid JSON")).collect()
}

#[test]
fn doctor_shows_inferred_resources_and_suggests_missing_values() {
    let Some(directory) = project() else { return };
    let output = run(directory.path(), &["doctor", "things", "-e", "emulator"]);
    output.assert_contains(&[
        "response to an operation that does not exist: 500",
        "accepted: 5 operations",
        "ThingName is unique per case",
        "ThingName from CreateThing",
        "thing: created by CreateThing, polled with DescribeThing, deleted by DeleteThing",
        "not implemented: CountThings",
        "[operations.CreateThing]\nuse = { Size = 1 }",
        "[operations.NoteThing]\nuse = { Note = \"note\" }",
        "`overstep check things` would send",
    ]);
    assert_eq!(output.code, Some(0), "{}", output.text);
    let output = run(directory.path(), &["doctor", "things", "-e", "emulator", "--format", "json"]);
    let document: Json = serde_json::from_str(output.text.split("\n\n").next().unwrap_or_default().trim())
        .or_else(|_| {
            serde_json::from_str(&output.text[output.text.find('{').unwrap_or(0)..=output.text.rfind('}').unwrap_or(0)])
        })
        .expect("valid JSON");
    assert_eq!(document["format"], "overstep-doctor/1");
    assert_eq!(document["resources"][0]["awaited_by"], "DescribeThing");
    assert_eq!(
        std::fs::read_to_string(directory.path().join("remaining")).expect("read the count of remaining things"),
        "0"
    );
}

#[test]
fn doctor_restarts_a_server_that_a_control_ends() {
    let Some(directory) = project() else { return };
    add_required_values(directory.path());
    let output = run(directory.path(), &["doctor", "things", "-e", "fragile"]);
    output.assert_contains(&[
        "ListThings",
        "ends the server: it ended with exit status 4",
        "accepted: 4 operations",
        "not implemented: CountThings",
    ]);
}

#[test]
fn init_writes_a_scenario_that_check_can_use() {
    let Some(directory) = project() else { return };
    let output = run(directory.path(), &["init", "fresh", "--source", "scenarios/things.json", "-e", "emulator"]);
    output.assert_contains(&[
        "wrote scenarios/fresh.toml: 6 operations of things",
        "5 of 5 operations that the endpoint has succeed",
    ]);
    let text = std::fs::read_to_string(directory.path().join("scenarios/fresh.toml")).expect("read file");
    for part in ["sources   = [\"../scenarios/things.json\"]", "endpoint  = \"emulator\"", "use = { Size = 1 }"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let again = run(directory.path(), &["init", "fresh", "--source", "scenarios/things.json"]);
    again.assert_contains(&["already exists", "--force"]);
    assert_eq!(again.code, Some(2));
    let output = run(directory.path(), &["check", "fresh", "-E", "valid/control", "--no-snapshots"]);
    output.assert_contains(&["0 findings in 6 cases", "1 not implemented"]);
    assert_eq!(output.code, Some(0), "{}", output.text);
}

#[test]
fn worked_examples_show_what_a_request_needs() {
    let Some(directory) = project() else { return };
    let directory = directory.path();
    // No limit and no rejection says that this is the only note that is accepted.
    let picky = SERVER.replace("if \"Note\" not in i: raise", "if i.get(\"Note\") != \"exact\": raise");
    assert_ne!(picky, SERVER);
    std::fs::write(directory.join("server.py"), picky).expect("write file");
    std::fs::remove_file(directory.join("scenarios/things.toml")).expect("remove file");
    let examples = json!({"version": "1.0", "examples": {"NoteThing": [
        {"input": {"ThingName": "elsewhere", "Note": "x".repeat(50)}},
        {"input": {"ThingName": "elsewhere", "Note": "exact", "Unknown": 1}},
    ]}});
    let init = ["init", "things", "--source", "scenarios/things.json", "-e", "emulator"];
    run(directory, &init).assert_contains(&["4 of 5 operations that the endpoint has succeed"]);
    std::fs::remove_file(directory.join("scenarios/things.toml")).expect("remove file");
    std::fs::write(directory.join("scenarios/examples-1.json"), examples.to_string()).expect("write file");
    run(directory, &init).assert_contains(&["5 of 5 operations that the endpoint has succeed"]);
    let scenario = std::fs::read_to_string(directory.join("scenarios/things.toml")).expect("a scenario");
    assert!(
        scenario.contains("# Note: a worked example has it\n[operations.NoteThing]\nuse = { Note = \"exact\" }"),
        "{scenario}"
    );
}

#[test]
fn what_all_operations_need_is_created_first() {
    let Some(directory) = project() else { return };
    let directory = directory.path();
    let gated = SERVER.replace(
        "            self.respond(200, OPERATIONS[name](i))",
        "            if name == \"EnableThingsHub\":\n                if HUB: raise Rejected(\"ThingInUseException\", \"there is one\")\n                \
         HUB.append(1)\n                return self.respond(200, {})\n            \
         if not HUB: raise Rejected(\"InvalidAccessException\", \"This account has no things hub.\")\n            \
         self.respond(200, OPERATIONS[name](i))",
    );
    let gated = gated.replace("THINGS, READS, POISON = {}, {}, []", "THINGS, READS, POISON, HUB = {}, {}, [], []");
    let gated =
        gated.replace("\"ListThings\": list_things}", "\"ListThings\": list_things, \"EnableThingsHub\": None}");
    std::fs::write(directory.join("server.py"), gated).expect("write file");
    let mut model = model();
    model["operations"]["EnableThingsHub"] = operation("EnableThingsHub", &[]);
    for side in ["Request", "Response"] {
        model["shapes"][format!("EnableThingsHub{side}")] = json!({"type": "structure", "members": {}});
    }
    std::fs::write(directory.join("scenarios/things.json"), model.to_string()).expect("write file");
    std::fs::remove_file(directory.join("scenarios/things.toml")).expect("remove file");
    let init = ["init", "things", "--source", "scenarios/things.json", "-e", "emulator"];
    run(directory, &init).assert_contains(&["6 of 6 operations that the endpoint has succeed"]);
    let scenario = std::fs::read_to_string(directory.join("scenarios/things.toml")).expect("a scenario");
    let fixture =
        "[fixtures.things_hub]\ncreate = { request = \"EnableThingsHub\", status = [200, 201, 202, 204, 400, 409] }";
    for part in [fixture, "[operations.ListThings]\nneeds = [\"things_hub\"]"] {
        assert!(scenario.contains(part), "{part} is missing in {scenario}");
    }
    // A fresh server needs it again.
    let check =
        ["check", "things", "-e", "emulator", "-E", "op(ListThings)", "--no-snapshots", "--report", "ndjson=r.ndjson"];
    run(directory, &check);
    let events = results(directory);
    let control =
        events.iter().find(|event| event["id"] == "things/ListThings/valid/control/plain").expect("a control");
    assert_eq!(control["verdict"], "pass", "{control}");
    let unknown = scenario.replace("needs = [\"things_hub\"]", "needs = [\"things_hubs\"]");
    std::fs::write(directory.join("scenarios/things.toml"), unknown).expect("write file");
    run(directory, &check).assert_contains(&["unknown fixture `things_hubs`", "did you mean `things_hub`?"]);
}

#[test]
fn a_scenario_without_a_principal_signs_as_its_contract_says() {
    let Some(directory) = project() else { return };
    std::fs::write(directory.path().join("scenarios/bare.toml"), "sources = [\"things.json\"]\n").expect("write file");
    let output = run(
        directory.path(),
        &["check", "bare", "-e", "emulator", "-E", "op(ListThings) & valid/control", "--no-snapshots"],
    );
    output.assert_contains(&["0 findings in 1 case", "0 inconclusive"]);
    assert_eq!(output.code, Some(0), "{}", output.text);
}

#[test]
fn missing_values_and_missing_operations_are_no_findings() {
    let Some(directory) = project() else { return };
    let output = run(directory.path(), &["check", "things", "-e", "emulator", "--no-snapshots"]);
    output.assert_contains(&[
        "not run: 4 operations whose control request failed",
        "Value null at 'size' failed to satisfy constraint",
        "set-up failed: CreateThing returned 400 ValidationException",
        "not implemented: 1 operation: CountThings",
    ]);
    let output = run(directory.path(), &["check", "things", "-e", "elsewhere", "--no-snapshots"]);
    output.assert_contains(&[
        "0 findings",
        "every operation gets the same response as one that does not exist (404)",
        "check the base path",
    ]);
    assert_eq!(output.code, Some(3), "{}", output.text);
}

#[test]
fn each_fault_is_one_finding_and_the_run_continues() {
    let Some(directory) = project() else { return };
    add_required_values(directory.path());
    let output = run(
        directory.path(),
        &["check", "things", "-e", "emulator", "--report", "ndjson=r.ndjson", "--report", "markdown=r.md"],
    );
    output.assert_contains(&["server.py:", "in create: KeyError · CreateThing", "ends the server"]);
    assert_eq!(output.code, Some(1), "{}", output.text);
    let events = results(directory.path());
    let case = |id: &str| {
        let event = events.iter().find(|event| event["id"] == id);
        event.unwrap_or_else(|| panic!("{id} did not run:\n{}", output.text)).clone()
    };
    // `CreateThing` accepts names of any length.
    assert_eq!(case("things/CreateThing/ThingName/length/above-max")["verdict"], "diverges");
    assert_eq!(case("things/DescribeThing/ThingName/length/above-max")["verdict"], "pass");
    // Only the note of 40 characters ends the server; later cases get responses.
    assert_eq!(case("things/NoteThing/Note/length/at-max")["verdict"], "diverges");
    assert_eq!(case("things/NoteThing/Note/length/above-max")["verdict"], "pass");
    let summary = events.iter().find(|event| event["event"] == "summary").expect("summary event");
    assert_eq!(summary.get("incomplete"), None, "{summary}");
    assert_eq!(summary["not_run"][0]["operation"], "CountThings");
    // The conforming parts of the service have no findings.
    for event in events.iter().filter(|event| event["event"] == "finding") {
        let (operation, constraint) = (event["operation"].as_str(), event["constraint"].as_str());
        let expected =
            operation == Some("CreateThing") || (operation, constraint) == (Some("NoteThing"), Some("length"));
        assert!(expected, "{event}");
    }
    let markdown = std::fs::read_to_string(directory.path().join("r.md")).expect("read the Markdown report");
    for part in [
        "## `things · ",
        "| operation | ok | valid rejected | invalid accepted |",
        "### `CreateThing · ThingName · length`",
    ] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    assert!(!markdown.contains("| `CountThings`"), "{markdown}");
}

#[test]
fn known_divergences_are_no_findings_until_they_expire() {
    let Some(directory) = project() else { return };
    add_required_values(directory.path());
    let check = ["check", "things", "-e", "emulator", "-E", "op(CreateThing) & member(ThingName)", "--no-snapshots"];
    let output = run(directory.path(), &[&check[..], &["--report", "github=r.txt"]].concat());
    output.assert_contains(&[
        "accept as known  [[known]]",
        "cases    = [\"things/CreateThing/ThingName/length/*\"]",
        "observed = \"200\"",
    ]);
    assert_eq!(output.code, Some(1));
    let annotations = std::fs::read_to_string(directory.path().join("r.txt")).expect("read the annotations");
    let first = annotations.lines().next().unwrap_or_default();
    assert!(first.starts_with("::error file=scenarios/things.json,line="), "{annotations}");
    let write_known = |entries: &str| {
        let folder = directory.path().join("scenarios/things.known");
        std::fs::create_dir_all(&folder).expect("create directory");
        std::fs::write(folder.join("emulator.toml"), entries).expect("write file");
    };
    let entry = |cases: &str, observed: &str, more: &str| {
        format!("[[known]]\ncases = [\"{cases}\"]\nobserved = \"{observed}\"\nreason = \"things#1\"\n{more}\n")
    };
    let all = entry("things/CreateThing/*", "200", "") + &entry("things/CreateThing/*", "500", "");
    write_known(&all);
    let output = run(directory.path(), &check);
    output.assert_contains(&["0 findings", " known"]);
    assert_eq!(output.code, Some(0), "{}", output.text);
    assert_eq!(run(directory.path(), &[&check[..], &["--strict"]].concat()).code, Some(1));
    write_known(&(all.clone() + &entry("things/CreateThing/ThingName/*", "404", "")));
    let output = run(directory.path(), &check);
    output.assert_contains(&["possibly fixed, no longer observed: scenarios/things.known/emulator.toml:"]);
    assert_eq!(output.code, Some(0), "{}", output.text);
    write_known(&entry("things/CreateThing/*", "*", "until = \"2020-01-01\""));
    let output = run(directory.path(), &check);
    output.assert_contains(&["expired after 2020-01-01"]);
    assert_eq!(output.code, Some(1), "{}", output.text);
    write_known("[[known]]\ncases = \"x\"\n");
    let output = run(directory.path(), &check);
    output.assert_contains(&["scenarios/things.known/emulator.toml", "has no `reason`"]);
    assert_eq!(output.code, Some(2));
}

#[test]
fn runs_on_fresh_servers_accept_the_same_behaviour() {
    let Some(directory) = project() else { return };
    add_required_values(directory.path());
    let accepted = || {
        let folder = directory.path().join("snapshots");
        let _ = std::fs::remove_dir_all(&folder);
        let output = run(directory.path(), &["check", "things", "-e", "emulator", "--update", "all"]);
        output.assert_contains(&["accepted"]);
        let mut files: Vec<_> = std::fs::read_dir(folder.join("emulator/things"))
            .expect("read snapshots")
            .map(|entry| entry.expect("directory entry").path())
            .collect();
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file).expect("valid snapshot")).collect::<Vec<_>>()
    };
    let first = accepted();
    assert!(first.len() >= 5, "{first:?}");
    assert_eq!(first, accepted());
    // The accepted behaviour of an operation stays if none of its requests is accepted in a later run.
    let described = || std::fs::read_to_string(directory.path().join("snapshots/emulator/things/DescribeThing.osnap"));
    let before = described().expect("valid snapshot");
    std::fs::write(directory.path().join("scenarios/things.toml"), SCENARIO).expect("write file");
    let output = run(directory.path(), &["check", "things", "-e", "emulator", "--update", "all"]);
    output.assert_contains(&["not run: 4 operations"]);
    assert_eq!(described().expect("valid snapshot"), before);
}

#[test]
fn differential_run_finds_only_the_different_response() {
    let Some(directory) = project() else { return };
    add_required_values(directory.path());
    let same = run(directory.path(), &["check", "things", "-e", "emulator", "--against", "emulator"]);
    same.assert_contains(&["sending to emulator first", "0 findings", " known"]);
    assert_eq!(same.code, Some(0), "{}", same.text);
    let output = run(
        directory.path(),
        &["check", "things", "-e", "other", "--against", "emulator", "--report", "ndjson=r.ndjson"],
    );
    assert_eq!(output.code, Some(1), "{}", output.text);
    output.assert_contains(&["accepted         400 ValidationException", "received         400 NoteException"]);
    let events = results(directory.path());
    let findings: Vec<_> = events.iter().filter(|event| event["event"] == "finding").collect();
    assert!(!findings.is_empty());
    for finding in findings {
        assert_eq!(
            (finding["operation"].as_str(), finding["member"].as_str()),
            (Some("NoteThing"), Some("Note")),
            "{finding}"
        );
    }
    assert!(!directory.path().join("snapshots").exists(), "a differential run writes no snapshots");
}

#[test]
fn case_that_breaks_later_requests_is_found() {
    let Some(directory) = project() else { return };
    add_required_values(directory.path());
    // `ListThings` fails forever once a thing had a name with astral characters, even if it was deleted.
    let only = "valid/control | (op(CreateThing) & member(ThingName) & constraint(length)) | op(ListThings)";
    let output = run(
        directory.path(),
        &["check", "things", "-e", "poison", "-E", only, "--no-snapshots", "--report", "ndjson=r.ndjson"],
    );
    assert_eq!(output.code, Some(1), "{}", output.text);
    let events = results(directory.path());
    let after = events.iter().find(|event| event["id"] == "things/ListThings/valid/control/after").expect("finding");
    assert_eq!((after["verdict"].as_str(), after["observed"]["status"].as_u64()), (Some("diverges"), Some(500)));
    output.assert_contains(&["`things/CreateThing/ThingName/length/at-min-astral` must succeed"]);
    // The server was restarted in between, so the cases after that are not blamed.
    let failed = |event: &&Json| event["event"] == "case" && event["observed"]["status"] == 500;
    let failed = events.iter().filter(failed).filter_map(|event| event["id"].as_str());
    let failed: Vec<&str> = failed.filter(|id| id.starts_with("things/ListThings/valid/")).collect();
    assert_eq!(failed, ["things/ListThings/valid/control/after"], "{}", output.text);
    let again = run(directory.path(), &["replay", "things/ListThings/valid/control/after"]);
    again.assert_contains(&["things/ListThings/valid/control/after", "200"]);
}
