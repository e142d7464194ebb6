//! A service of which only a machine model is known, and an emulator that has faults of every kind: what is inferred,
//! what is told apart, and what is found, through the binary.
//!
//! Everything here stays on this machine, on ports that the system chooses.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "a test may look at files")]

use crate::support::python;
use python::operation;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Things are made, described once they are ready, named again, listed and deleted. The emulator wants a size, though
/// the model calls it optional; takes any name; breaks on a name that begins with a capital; ends on a note of 40
/// characters; and lacks `CountThings`.
const SERVER: &str = r#"
import http.server, json, os, re, sys
THINGS, SEEN, POISON = {}, {}, []
class Refused(Exception): pass
def created(i):
    if "Size" not in i: raise Refused("ValidationException", "Value null at 'size' failed to satisfy constraint: Member must not be null")
    if not isinstance(i["Size"], int) or isinstance(i["Size"], bool): raise Refused("SerializationException", "no number")
    if not 1 <= i["Size"] <= 10: raise Refused("ValidationException", "Size is out of range")
    name = i["ThingName"]
    if re.match("[A-Z]", name): raise KeyError(name)
    if name in THINGS: raise Refused("ThingInUseException", "it is there")
    if "poison" in sys.argv and any(ord(c) > 0xffff for c in name): POISON.append(name)
    THINGS[name], SEEN[name] = i, 0
    return {"Thing": {"ThingName": name, "ThingStatus": "CREATING"}}
def found(i):
    name = i.get("ThingName")
    if not isinstance(name, str): raise Refused("SerializationException", "no text")
    if not 3 <= len(name) <= 40: raise Refused("ValidationException", "name is too short or too long")
    if name not in THINGS: raise Refused("ThingNotFoundException", "no such thing")
    return name
def described(i):
    name = found(i)
    SEEN[name] += 1
    return {"Thing": {"ThingName": name, "ThingStatus": "ACTIVE" if SEEN[name] > 1 else "CREATING"}}
def noted(i):
    name = found(i)
    if "Note" not in i: raise Refused("ValidationException", "Note is missing")
    if not isinstance(i["Note"], str): raise Refused("SerializationException", "no text")
    if len(i["Note"]) == 40: os._exit(3)
    if len(i["Note"]) > 40: raise Refused("NoteException" if "other" in sys.argv else "ValidationException", "too long")
    return {}
def deleted(i):
    del THINGS[found(i)]
    with open("left", "w") as left: left.write(str(len(THINGS)))
    return {}
def listed(i):
    if POISON: raise ValueError("cannot list " + ascii(POISON[0]))
    return {"ThingNames": sorted(THINGS)[:10]}
OPERATIONS = {"CreateThing": created, "DescribeThing": described, "NoteThing": noted, "DeleteThing": deleted, "ListThings": listed}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def log_message(self, *words): pass
    def say(self, status, document, kind="application/x-amz-json-1.1"):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self): self.say(404, b"<h1>no page</h1>", "text/html")
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path != "/": return self.say(404, b"<h1>no page</h1>", "text/html")
        proof = r"AWS4-HMAC-SHA256 Credential=\S+, ?SignedHeaders=\S+, ?Signature=[0-9a-f]{64}"
        if not re.fullmatch(proof, self.headers.get("authorization") or ""):
            return self.say(400, {"__type": "IncompleteSignatureException"})
        name = (self.headers.get("x-amz-target") or "").split(".")[-1]
        try:
            if name not in OPERATIONS: raise NotImplementedError(name)
            try: i = json.loads(body.decode("utf-8"))
            except Exception: raise Refused("SerializationException", "no JSON")
            if not isinstance(i, dict): raise Refused("SerializationException", "no object")
            self.say(200, OPERATIONS[name](i))
        except Refused as refused:
            self.say(400, {"__type": "com.things#" + refused.args[0], "message": refused.args[1]})
        except Exception:
            import traceback
            traceback.print_exc()
            sys.stderr.flush()
            self.say(500, b"<h1>Internal Server Error</h1>", "text/html")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

/// In botocore's format.
fn model() -> Json {
    let named = |more: Json| {
        let mut members = json!({"ThingName": {"shape": "ThingName"}});
        members.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
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

struct Ran {
    out: String,
    code: Option<i32>,
}

impl Ran {
    fn says(&self, words: &[&str]) -> &Self {
        for word in words {
            assert!(self.out.contains(word), "`{word}` is missing:\n{}", self.out);
        }
        self
    }
}

const SETTINGS: &str = "[endpoints.emulator]\nstart = \"python3 server.py '{port}'\"\nready-timeout = \"20s\"\n\
    not-implemented = [{ stderr = \"NotImplementedError\" }]\n\
    [endpoints.other]\nstart = \"python3 server.py '{port}' other\"\nready-timeout = \"20s\"\n\
    not-implemented = [{ stderr = \"NotImplementedError\" }]\n\
    [endpoints.poison]\nstart = \"python3 server.py '{port}' poison\"\nready-timeout = \"20s\"\n\
    [endpoints.elsewhere]\nurl = \"http://127.0.0.1:{port}/base\"\nstart = \"python3 server.py '{port}'\"\n\
    ready-timeout = \"20s\"\n";

fn project() -> Option<TempDir> {
    python::project(&[
        ("server.py", SERVER),
        ("scenarios/things.json", &model().to_string()),
        ("scenarios/things.toml", SCENARIO),
        ("overstep.toml", SETTINGS),
    ])
}

fn run(directory: &Path, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_overstep"))
        .args(arguments)
        .args((arguments[0] != "replay").then_some("--no-progress"))
        .current_dir(directory)
        .env_remove("CI")
        .env_remove("AWS_PROFILE")
        .output()
        .expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { out: format!("{}\n{}", text(&output.stdout), text(&output.stderr)), code: output.status.code() }
}

/// What the endpoint needs beside what can be inferred.
fn give_a_size(directory: &Path) {
    let text = format!(
        "{SCENARIO}[operations.CreateThing]\nuse = {{ Size = 1 }}\n[operations.NoteThing]\nuse = {{ Note = \"note\" }}\n"
    );
    std::fs::write(directory.join("scenarios/things.toml"), text).expect("written");
}

fn results(directory: &Path) -> Vec<Json> {
    let text = std::fs::read_to_string(directory.join("r.ndjson")).expect("results");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn doctor_shows_what_stands_and_finds_what_is_lacking() {
    let Some(directory) = project() else { return };
    let ran = run(directory.path(), &["doctor", "things", "-e", "emulator"]);
    ran.says(&[
        "an operation that cannot exist is answered 500",
        "granted: 5 operations",
        "ThingName is new for each case",
        "ThingName from CreateThing",
        "thing: made by CreateThing, awaited with DescribeThing, taken away by DeleteThing",
        "not implemented here: CountThings",
        "[operations.CreateThing]\nuse = { Size = 1 }",
        "[operations.NoteThing]\nuse = { Note = \"note\" }",
        "`overstep check things` would send",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let ran = run(directory.path(), &["doctor", "things", "-e", "emulator", "--format", "json"]);
    let document: Json = serde_json::from_str(ran.out.split("\n\n").next().unwrap_or_default().trim())
        .or_else(|_| serde_json::from_str(&ran.out[ran.out.find('{').unwrap_or(0)..=ran.out.rfind('}').unwrap_or(0)]))
        .expect("JSON");
    assert_eq!(document["format"], "overstep-doctor/1");
    assert_eq!(document["resources"][0]["awaited_by"], "DescribeThing");
    assert_eq!(std::fs::read_to_string(directory.path().join("left")).expect("deletions"), "0");
}

#[test]
fn init_writes_what_was_found_and_check_goes_on_from_there() {
    let Some(directory) = project() else { return };
    let ran = run(directory.path(), &["init", "fresh", "--source", "scenarios/things.json", "-e", "emulator"]);
    ran.says(&["wrote scenarios/fresh.toml: 6 operations of things", "5 of 6 are granted"]);
    let text = std::fs::read_to_string(directory.path().join("scenarios/fresh.toml")).expect("written");
    for part in ["sources   = [\"../scenarios/things.json\"]", "endpoint  = \"emulator\"", "use = { Size = 1 }"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let again = run(directory.path(), &["init", "fresh", "--source", "scenarios/things.json"]);
    again.says(&["is there already", "--force"]);
    assert_eq!(again.code, Some(2));
    let ran = run(directory.path(), &["check", "fresh", "-E", "valid/control", "--no-snapshots"]);
    ran.says(&["0 findings in 6 cases", "1 not implemented"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
}

#[test]
fn what_is_lacking_or_missing_is_named_and_not_held_against_anybody() {
    let Some(directory) = project() else { return };
    let ran = run(directory.path(), &["check", "things", "-e", "emulator", "--no-snapshots"]);
    ran.says(&[
        "not run: 4 operations without a successful plain request",
        "Value null at 'size' failed to satisfy constraint",
        "set-up failed: CreateThing answered 400 ValidationException",
        "not implemented here: 1 operation: CountThings",
    ]);
    let ran = run(directory.path(), &["check", "things", "-e", "elsewhere", "--no-snapshots"]);
    ran.says(&["0 findings", "every operation is answered like one that cannot exist (404)", "a wrong base path"]);
    assert_eq!(ran.code, Some(3), "{}", ran.out);
}

#[test]
fn each_fault_is_one_finding_in_its_place_and_the_run_goes_on() {
    let Some(directory) = project() else { return };
    give_a_size(directory.path());
    let ran = run(
        directory.path(),
        &["check", "things", "-e", "emulator", "--report", "ndjson=r.ndjson", "--report", "markdown=r.md"],
    );
    ran.says(&["server.py:", "in created: KeyError · CreateThing", "ends the server"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let events = results(directory.path());
    let of = |id: &str| {
        let found = events.iter().find(|event| event["id"] == id);
        found.unwrap_or_else(|| panic!("{id} did not run:\n{}", ran.out)).clone()
    };
    // Any name is taken, whatever its length.
    assert_eq!(of("things/CreateThing/ThingName/length/above-max")["verdict"], "diverges");
    assert_eq!(of("things/DescribeThing/ThingName/length/above-max")["verdict"], "pass");
    // Only the note of 40 characters ends the server, and what came after it was answered.
    assert_eq!(of("things/NoteThing/Note/length/at-max")["verdict"], "diverges");
    assert_eq!(of("things/NoteThing/Note/length/above-max")["verdict"], "pass");
    let summary = events.iter().find(|event| event["event"] == "summary").expect("a summary");
    assert_eq!(summary.get("incomplete"), None, "{summary}");
    assert_eq!(summary["not_run"][0]["operation"], "CountThings");
    // Of a faithful part nothing is reported.
    for event in events.iter().filter(|event| event["event"] == "finding") {
        let (operation, constraint) = (event["operation"].as_str(), event["constraint"].as_str());
        let expected =
            operation == Some("CreateThing") || (operation, constraint) == (Some("NoteThing"), Some("length"));
        assert!(expected, "{event}");
    }
    let markdown = std::fs::read_to_string(directory.path().join("r.md")).expect("markdown");
    for part in
        ["## `things · ", "| operation | ok | valid refused | accepted |", "### `CreateThing · ThingName · length`"]
    {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    assert!(!markdown.contains("| `CountThings`"), "{markdown}");
}

#[test]
fn what_people_know_is_no_news_until_it_is_over_or_better() {
    let Some(directory) = project() else { return };
    give_a_size(directory.path());
    let check = ["check", "things", "-e", "emulator", "-E", "op(CreateThing) & member(ThingName)", "--no-snapshots"];
    let ran = run(directory.path(), &[&check[..], &["--report", "github=r.txt"]].concat());
    ran.says(&[
        "or known     [[known]]",
        "cases    = [\"things/CreateThing/ThingName/length/*\"]",
        "observed = \"200\"",
    ]);
    assert_eq!(ran.code, Some(1));
    let annotations = std::fs::read_to_string(directory.path().join("r.txt")).expect("annotations");
    let first = annotations.lines().next().unwrap_or_default();
    assert!(first.starts_with("::error file=scenarios/things.json,line="), "{annotations}");
    let known = |entries: &str| {
        let folder = directory.path().join("scenarios/things.known");
        std::fs::create_dir_all(&folder).expect("made");
        std::fs::write(folder.join("emulator.toml"), entries).expect("written");
    };
    let entry = |cases: &str, observed: &str, more: &str| {
        format!("[[known]]\ncases = [\"{cases}\"]\nobserved = \"{observed}\"\nreason = \"things#1\"\n{more}\n")
    };
    let all = entry("things/CreateThing/*", "200", "") + &entry("things/CreateThing/*", "500", "");
    known(&all);
    let ran = run(directory.path(), &check);
    ran.says(&["0 findings", " known"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert_eq!(run(directory.path(), &[&check[..], &["--strict"]].concat()).code, Some(1));
    known(&(all.clone() + &entry("things/CreateThing/ThingName/*", "404", "")));
    let ran = run(directory.path(), &check);
    ran.says(&["perhaps better now, nothing matched: scenarios/things.known/emulator.toml:"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    known(&entry("things/CreateThing/*", "*", "until = \"2020-01-01\""));
    let ran = run(directory.path(), &check);
    ran.says(&["over since 2020-01-01"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    known("[[known]]\ncases = \"x\"\n");
    let ran = run(directory.path(), &check);
    ran.says(&["scenarios/things.known/emulator.toml", "has no `reason`"]);
    assert_eq!(ran.code, Some(2));
}

#[test]
fn two_runs_on_a_fresh_server_accept_the_same() {
    let Some(directory) = project() else { return };
    give_a_size(directory.path());
    let accepted = || {
        let folder = directory.path().join("snapshots");
        let _ = std::fs::remove_dir_all(&folder);
        let ran = run(directory.path(), &["check", "things", "-e", "emulator", "--update", "all"]);
        ran.says(&["accepted"]);
        let mut files: Vec<_> = std::fs::read_dir(folder.join("emulator/things"))
            .expect("snapshots")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file).expect("a snapshot")).collect::<Vec<_>>()
    };
    let first = accepted();
    assert!(first.len() >= 5, "{first:?}");
    assert_eq!(first, accepted());
    // An operation that is not granted today was not seen, and what is accepted of it is not lost.
    let described = || std::fs::read_to_string(directory.path().join("snapshots/emulator/things/DescribeThing.osnap"));
    let before = described().expect("a snapshot");
    std::fs::write(directory.path().join("scenarios/things.toml"), SCENARIO).expect("written");
    let ran = run(directory.path(), &["check", "things", "-e", "emulator", "--update", "all"]);
    ran.says(&["not run: 4 operations"]);
    assert_eq!(described().expect("a snapshot"), before);
}

#[test]
fn two_endpoints_side_by_side_differ_where_their_answers_do() {
    let Some(directory) = project() else { return };
    give_a_size(directory.path());
    let same = run(directory.path(), &["check", "things", "-e", "emulator", "--against", "emulator"]);
    same.says(&["asking emulator first", "0 findings", " known"]);
    assert_eq!(same.code, Some(0), "{}", same.out);
    let ran = run(
        directory.path(),
        &["check", "things", "-e", "other", "--against", "emulator", "--report", "ndjson=r.ndjson"],
    );
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    ran.says(&["accepted     400 ValidationException", "observed     400 NoteException"]);
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
    assert!(!directory.path().join("snapshots").exists(), "nothing of a comparison is kept");
}

#[test]
fn the_case_that_poisons_a_server_is_found() {
    let Some(directory) = project() else { return };
    give_a_size(directory.path());
    // Lists fail for good once a thing has a name of astral characters, though it was deleted.
    let only = "valid/control | (op(CreateThing) & member(ThingName) & constraint(length))";
    let ran = run(
        directory.path(),
        &["check", "things", "-e", "poison", "-E", only, "--no-snapshots", "--report", "ndjson=r.ndjson"],
    );
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    let events = results(directory.path());
    let after = events.iter().find(|event| event["id"] == "things/ListThings/valid/control/after").expect("it is told");
    assert_eq!((after["verdict"].as_str(), after["observed"]["status"].as_u64()), (Some("diverges"), Some(500)));
    ran.says(&["`things/CreateThing/ThingName/length/at-min-astral` as before it"]);
    let again = run(directory.path(), &["replay", "things/ListThings/valid/control/after"]);
    again.says(&["things/ListThings/valid/control/after", "200"]);
}
