//! Laws of a service that only a model describes, without a line in a scenario: an invented service whose faults are
//! switched on one by one.
//!
//! No test leaves this machine; the system chooses the ports.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::python;
use python::operation;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::Command;

/// A faithful server of shelves. Its second argument switches on one fault.
const SERVER: &str = r##"
import http.server, json, re, sys, time
FAULT = sys.argv[2] if len(sys.argv) > 2 else ""
SHELVES, TAGS, GHOSTS, KEYS = {}, {}, {}, {}
class Rejected(Exception): pass
def invalid(why): return Rejected("ValidationException", why)
def check(value, kind, low, high, size):
    if not isinstance(value, kind) or isinstance(value, bool): raise Rejected("SerializationException", "wrong type")
    if not low <= size(value) <= high: raise invalid("out of range")
def text(i, name, low, high, required=False):
    if i.get(name) is None:
        if required: raise invalid(name + " is missing")
        return
    check(i[name], str, low, high, len)
def settings(i, required=False):
    if i.get("Capacity") is not None: check(i["Capacity"], int, 1, 100, int)
    text(i, "Description", 1, 50)
def find(i):
    text(i, "ShelfName", 3, 60, True)
    name = i["ShelfName"]
    if FAULT == "prefix": name = name.rstrip("x")
    if FAULT == "ghost" and name in GHOSTS: return GHOSTS[name]
    if name not in SHELVES: raise Rejected("ShelfNotFoundException", "no such shelf")
    return SHELVES[name]
def create(i):
    text(i, "ShelfName", 3, 60, True); settings(i)
    name = i["ShelfName"]
    if name in SHELVES and FAULT == "renewed": SHELVES[name]["CreatedBy"] = str(time.time())
    if name in SHELVES and FAULT != "twice": raise Rejected("ShelfAlreadyExistsException", "there is one")
    if not isinstance(i.get("KeySchema"), list) or not isinstance(i.get("AttributeDefinitions"), list): raise invalid("a key is missing")
    if not i["KeySchema"] or not i["AttributeDefinitions"]: raise invalid("too few items")
    for list_name, kind, values in (("KeySchema", "KeyType", ("HASH", "RANGE")), ("AttributeDefinitions", "AttributeType", ("S", "N"))):
        for one in i[list_name]:
            if not isinstance(one, dict): raise Rejected("SerializationException", "no object")
            text(one, "AttributeName", 1, 80, True)
            if one.get(kind) not in values: raise invalid(kind)
    kinds = {one["AttributeName"]: one["AttributeType"] for one in i["AttributeDefinitions"]}
    if any(one["AttributeName"] not in kinds for one in i["KeySchema"]): raise invalid("a key without a type")
    KEYS[name] = {one["AttributeName"]: kinds[one["AttributeName"]] for one in i["KeySchema"]}
    shelf = {"ShelfName": name, "ShelfArn": "arn:aws:shelves:us-east-1:123456789012:shelf/" + name, "CreatedBy": "me"}
    shelf.update({key: i[key] for key in ("Description", "Capacity") if i.get(key) is not None and not (FAULT == "loses" and key == "Capacity")})
    SHELVES[name] = shelf; TAGS[shelf["ShelfArn"]] = []
    return {"Shelf": shelf}
def update(i):
    shelf = find(i)
    if FAULT == "trace" and isinstance(i.get("Description"), str): shelf["Description"] = i["Description"]
    settings(i)
    shelf.update({key: i[key] for key in ("Description", "Capacity") if i.get(key) is not None and not (FAULT == "forgets" and key == "Description")})
    return {"Shelf": shelf}
def delete(i):
    shelf = find(i)
    SHELVES.pop(shelf["ShelfName"], None); TAGS.pop(shelf["ShelfArn"], None)
    if FAULT == "ghost": GHOSTS[shelf["ShelfName"]] = shelf
    return {}
def tagged(i):
    text(i, "ResourceArn", 1, 200, True)
    if i["ResourceArn"] not in TAGS: raise Rejected("ShelfNotFoundException", "no such shelf")
    return TAGS[i["ResourceArn"]]
def add_tags(i):
    tags = tagged(i)
    if i.get("Tags") is None: raise invalid("Tags is missing")
    check(i["Tags"], list, 1, 50, len)
    for tag in i["Tags"]:
        if not isinstance(tag, dict): raise Rejected("SerializationException", "no object")
        text(tag, "Key", 1, 128, True); text(tag, "Value", 0, 256, True)
    for tag in i["Tags"]:
        if FAULT != "tags": tags[:] = [one for one in tags if one["Key"] != tag["Key"]]
        tags.append({"Key": tag["Key"], "Value": tag["Value"]})
    return {}
def remove_tags(i):
    tags = tagged(i)
    if i.get("TagKeys") is None: raise invalid("TagKeys is missing")
    check(i["TagKeys"], list, 1, 50, len)
    for key in i["TagKeys"]: check(key, str, 1, 128, len)
    if FAULT != "untag": tags[:] = [one for one in tags if one["Key"] not in i["TagKeys"]]
    return {}
def put_books(i):
    find(i)
    if i.get("Entries") is None: raise invalid("Entries is missing")
    if not isinstance(i["Entries"], list): raise Rejected("SerializationException", "no list")
    for entry in i["Entries"]:
        if not isinstance(entry, dict): raise Rejected("SerializationException", "no object")
        text(entry, "Id", 1, 80, True); text(entry, "Title", 1, 80, True)
    ids = [entry["Id"] for entry in i["Entries"]]
    if not ids and FAULT != "empty": raise Rejected("EmptyBatchRequest", "no entries")
    if len(ids) > 10 and FAULT != "many": raise Rejected("TooManyEntriesInBatch", "too many")
    if len(set(ids)) < len(ids) and FAULT != "same-ids": raise Rejected("EntryIdsNotDistinct", "same ids")
    return {}
def configure(i):
    find(i)
    if i.get("Settings") is None: raise invalid("Settings is missing")
    if not isinstance(i["Settings"], dict): raise Rejected("SerializationException", "no map")
    for key, value in i["Settings"].items():
        if not isinstance(value, str): raise Rejected("SerializationException", "no text")
        if key not in ("Colour", "LoanDays"): raise invalid("unknown setting")
        if key == "LoanDays" and FAULT != "settings" and not (value.isdigit() and 1 <= int(value) <= 60): raise invalid("out of range")
    return {}
def update_card(i):
    shelf = find(i)
    key, attributes = KEYS[shelf["ShelfName"]], i.get("Key")
    if not isinstance(attributes, dict): raise invalid("Key is missing")
    for value in attributes.values():
        if not isinstance(value, dict): raise Rejected("SerializationException", "no object")
    if {name: "".join(value) for name, value in attributes.items()} != key: raise invalid("The provided key element does not match the schema")
    expressions = [i[name] for name in ("UpdateExpression", "ConditionExpression") if i.get(name) is not None]
    if not all(isinstance(one, str) for one in expressions): raise Rejected("SerializationException", "no text")
    if FAULT != "syntax" and any(one.endswith("AND") for one in expressions): raise invalid("syntax error")
    for member, mark, kind in (("ExpressionAttributeNames", "#", "name"), ("ExpressionAttributeValues", ":", "value")):
        given = i.get(member) or {}
        if not isinstance(given, dict): raise Rejected("SerializationException", "no map")
        used = set(re.findall(mark + r"\w+", " ".join(expressions)))
        if used - set(given) and FAULT != "undefined-" + kind: raise invalid("An expression attribute is not defined")
        if set(given) - used and FAULT != "unused-" + kind: raise invalid("An expression attribute is unused")
    return {}
OPERATIONS = {"UpdateCard": update_card, "CreateShelf": create, "DescribeShelf": lambda i: {"Shelf": find(i)}, "UpdateShelf": update, "DeleteShelf": delete,
    "TagResource": add_tags, "UntagResource": remove_tags, "ListTagsForResource": lambda i: {"Tags": tagged(i)},
    "PutBooks": put_books, "ConfigureShelf": configure}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def log_message(self, *words): pass
    def respond(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/x-amz-json-1.1")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.respond(404, {})
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        name = (self.headers.get("x-amz-target") or "").split(".")[-1]
        try:
            if name not in OPERATIONS: raise Rejected("UnknownOperationException", name)
            try: i = json.loads(body.decode("utf-8"))
            except Exception: raise Rejected("SerializationException", "no JSON")
            if not isinstance(i, dict): raise Rejected("SerializationException", "no object")
            self.respond(200, OPERATIONS[name](i))
        except Rejected as rejected:
            self.respond(400, {"__type": "com.shelves#" + rejected.args[0], "message": rejected.args[1]})
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"##;

/// Returns the service's model in botocore's format.
fn model() -> Json {
    let of = |required: &[&str], members: &[(&str, &str)]| {
        let members: serde_json::Map<String, Json> =
            members.iter().map(|(name, shape)| ((*name).to_owned(), json!({"shape": shape}))).collect();
        json!({"type": "structure", "required": required, "members": members})
    };
    let error = |text: &str| json!({"type": "structure", "members": {"message": {"shape": "Text"}}, "exception": true, "documentation": text});
    let shelf = || of(&[], &[("Shelf", "Shelf")]);
    let mut shapes = json!({
        "CreateShelfRequest": of(&["ShelfName", "KeySchema", "AttributeDefinitions"], &[("ShelfName", "ShelfName"),
            ("KeySchema", "KeySchema"), ("AttributeDefinitions", "AttributeDefinitions"), ("Description", "Description"), ("Capacity", "Capacity")]),
        "UpdateShelfRequest": of(&["ShelfName"], &[("ShelfName", "ShelfName"), ("Description", "Description"), ("Capacity", "Capacity")]),
        "DescribeShelfRequest": of(&["ShelfName"], &[("ShelfName", "ShelfName")]),
        "DeleteShelfRequest": of(&["ShelfName"], &[("ShelfName", "ShelfName")]),
        "TagResourceRequest": of(&["ResourceArn", "Tags"], &[("ResourceArn", "ShelfArn"), ("Tags", "Tags")]),
        "UntagResourceRequest": of(&["ResourceArn", "TagKeys"], &[("ResourceArn", "ShelfArn"), ("TagKeys", "TagKeys")]),
        "ListTagsForResourceRequest": of(&["ResourceArn"], &[("ResourceArn", "ShelfArn")]),
        "PutBooksRequest": of(&["ShelfName", "Entries"], &[("ShelfName", "ShelfName"), ("Entries", "Entries")]),
        "ConfigureShelfRequest": of(&["ShelfName", "Settings"], &[("ShelfName", "ShelfName"), ("Settings", "Settings")]),
        "UpdateCardRequest": of(&["ShelfName", "Key"], &[("ShelfName", "ShelfName"), ("Key", "Attributes"),
            ("UpdateExpression", "Text"), ("ConditionExpression", "Text"),
            ("ExpressionAttributeNames", "AttributeNames"), ("ExpressionAttributeValues", "Attributes")]),
        "KeySchema": {"type": "list", "member": {"shape": "KeyElement"}, "min": 1},
        "KeyElement": of(&["AttributeName", "KeyType"], &[("AttributeName", "Title"), ("KeyType", "KeyType")]),
        "KeyType": {"type": "string", "enum": ["HASH", "RANGE"]},
        "AttributeDefinitions": {"type": "list", "member": {"shape": "AttributeDefinition"}, "min": 1},
        "AttributeDefinition": of(&["AttributeName", "AttributeType"], &[("AttributeName", "Title"), ("AttributeType", "AttributeType")]),
        "AttributeType": {"type": "string", "enum": ["S", "N"]},
        "Attributes": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "AttributeValue"}},
        "AttributeNames": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
        "AttributeValue": of(&[], &[("S", "Text"), ("N", "Text")]),
        "CreateShelfResponse": shelf(), "UpdateShelfResponse": shelf(), "DescribeShelfResponse": shelf(),
        "ListTagsForResourceResponse": of(&[], &[("Tags", "Tags")]),
        "Shelf": of(&[], &[("ShelfName", "ShelfName"), ("ShelfArn", "ShelfArn"), ("CreatedBy", "Text"),
            ("Description", "Description"), ("Capacity", "Capacity")]),
        "Entry": of(&["Id", "Title"], &[("Id", "Title"), ("Title", "Title")]),
        "Tag": of(&["Key", "Value"], &[("Key", "TagKey"), ("Value", "TagValue")]),
        "Entries": {"type": "list", "member": {"shape": "Entry"}},
        "Tags": {"type": "list", "member": {"shape": "Tag"}, "min": 1, "max": 50},
        "TagKeys": {"type": "list", "member": {"shape": "TagKey"}, "min": 1, "max": 50},
        "Settings": {"type": "map", "key": {"shape": "Setting"}, "value": {"shape": "Text"}},
        "Setting": {"type": "string", "enum": ["Colour", "LoanDays"]},
        "ShelfName": {"type": "string", "min": 3, "max": 60}, "ShelfArn": {"type": "string", "min": 1, "max": 200},
        "Description": {"type": "string", "min": 1, "max": 50}, "Capacity": {"type": "integer", "min": 1, "max": 100},
        "Title": {"type": "string", "min": 1, "max": 80}, "Text": {"type": "string"},
        "TagKey": {"type": "string", "min": 1, "max": 128}, "TagValue": {"type": "string", "min": 0, "max": 256},
        "ShelfNotFoundException": error("The shelf was not found."),
        "ShelfAlreadyExistsException": error("A shelf with this name already exists."),
        "EmptyBatchRequest": error("The request has no entries."),
        "TooManyEntriesInBatch": error("There are more entries than allowed (more than 10)."),
        "EntryIdsNotDistinct": error("Two or more entries in the request have the same Id."),
    });
    shapes["ConfigureShelfRequest"]["members"]["Settings"]["documentation"] = json!(
        "<p>The settings:</p><ul><li><p><code>LoanDays</code> – The number of days. Valid values: An integer from 1 to 60.\
         </p></li><li><p><code>Colour</code> – The colour.</p></li></ul>"
    );
    for name in ["DeleteShelf", "TagResource", "UntagResource", "PutBooks", "ConfigureShelf", "UpdateCard"] {
        shapes[format!("{name}Response")] = of(&[], &[]);
    }
    let missing = "ShelfNotFoundException";
    let batch = [missing, "EmptyBatchRequest", "TooManyEntriesInBatch", "EntryIdsNotDistinct"];
    let errors: [(&str, &[&str]); 10] = [
        ("CreateShelf", &["ShelfAlreadyExistsException"]),
        ("DescribeShelf", &[missing]),
        ("UpdateShelf", &[missing]),
        ("DeleteShelf", &[missing]),
        ("TagResource", &[missing]),
        ("UntagResource", &[missing]),
        ("ListTagsForResource", &[missing]),
        ("PutBooks", &batch),
        ("ConfigureShelf", &[missing]),
        ("UpdateCard", &[missing]),
    ];
    let operations: serde_json::Map<String, Json> =
        errors.iter().map(|(name, errors)| ((*name).to_owned(), operation(name, errors))).collect();
    json!({
        "metadata": {"apiVersion": "2026-01-01", "endpointPrefix": "shelves", "protocol": "json", "jsonVersion": "1.1",
                     "targetPrefix": "Shelves", "uid": "shelves-2026-01-01", "signatureVersion": "v4"},
        "operations": operations,
        "shapes": shapes,
    })
}

/// Each fault, and a part of the id of a case that finds it.
const FAULTS: [(&str, &str); 17] = [
    ("twice", "CreateShelf/law/rejects-duplicates/created"),
    ("renewed", "CreateShelf/law/rejects-duplicates/created"),
    ("ghost", "DescribeShelf/missing/ShelfName/deleted"),
    ("prefix", "DescribeShelf/missing/ShelfName/longer"),
    ("loses", "CreateShelf/law/read-your-write/created-Capacity"),
    ("forgets", "UpdateShelf/law/read-your-write/written-Description"),
    ("trace", "UpdateShelf/law/rejected-leaves-no-trace/written"),
    ("tags", "TagResource/law/overwrites/"),
    ("untag", "UntagResource/law/inverse/"),
    ("same-ids", "PutBooks/Entries/distinctBy/"),
    ("empty", "PutBooks/Entries/length/"),
    ("settings", "ConfigureShelf/Settings/range/"),
    ("unused-name", "UpdateCard/law/resolves-expressions/unused-name-UpdateExpression"),
    ("unused-value", "UpdateCard/law/resolves-expressions/unused-value-UpdateExpression"),
    ("undefined-name", "UpdateCard/law/resolves-expressions/undefined-name-ConditionExpression"),
    ("undefined-value", "UpdateCard/law/resolves-expressions/undefined-value-ConditionExpression"),
    ("syntax", "UpdateCard/law/resolves-expressions/syntax-UpdateExpression"),
];

const SCENARIO: &str = "sources = [\"shelves.json\"]\nprincipal = \"aws\"\n[principals.aws]\nsigv4 = {}\n";

/// Returns the ids of the diverging cases of a run in full: those about laws, missing resources, lists and numbers.
fn diverging(directory: &Path, endpoint: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_overstep"))
        .args(["check", "shelves", "-e", endpoint, "--no-progress", "--no-snapshots", "--report", "ndjson=r.ndjson"])
        .args(["-E", "law | missing | constraint(distinctBy) | constraint(length) | constraint(range)"])
        .current_dir(directory)
        .env_remove("AWS_PROFILE")
        .output()
        .expect("run overstep");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    println!("{endpoint}:\n{shown}");
    let text = std::fs::read_to_string(directory.join("r.ndjson")).expect("results file");
    let events = text.lines().map(|line| serde_json::from_str::<Json>(line).expect("valid JSON"));
    let diverges = |event: &Json| event["event"] == "case" && event["verdict"] == "diverges";
    events.filter(diverges).filter_map(|event| event["id"].as_str().map(str::to_owned)).collect()
}

#[test]
fn each_fault_of_a_modelled_service_is_found_and_a_faithful_server_is_not_blamed() {
    let mut settings =
        "[endpoints.faithful]\nstart = \"python3 server.py '{port}'\"\nready-timeout = \"20s\"\n".to_owned();
    for (fault, _) in FAULTS {
        settings.push_str(&format!(
            "[endpoints.{fault}]\nstart = \"python3 server.py '{{port}}' {fault}\"\nready-timeout = \"20s\"\n"
        ));
    }
    let files = [
        ("server.py", SERVER),
        ("scenarios/shelves.json", &model().to_string()),
        ("scenarios/shelves.toml", SCENARIO),
        ("overstep.toml", &settings),
    ];
    let Some(project) = python::project(&files) else { return };
    let blamed = diverging(project.path(), "faithful");
    assert_eq!(blamed, Vec::<String>::new());
    for (fault, due) in FAULTS {
        let found = diverging(project.path(), fault);
        assert!(found.iter().any(|id| id.contains(due)), "{fault}: {due} is not among {found:?}");
    }
}
