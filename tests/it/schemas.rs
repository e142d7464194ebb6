//! The JSON Schemas of files: they know exactly the keys that are read, and accept the files of this repository.

#![expect(clippy::disallowed_methods, reason = "tests read files")]

use crate::replay::{FaultyServer, project};
use crate::support::command::overstep;
use overstep::scenario::{read_known_divergences, read_regression, read_scenario, read_settings};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn schema(name: &str) -> Json {
    let output = overstep(&root(), &["schema", name]).output().expect("start overstep");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("UTF-8 text");
    assert_eq!(text, std::fs::read_to_string(root().join(format!("docs/schemas/{name}.json"))).expect(name));
    serde_json::from_str(&text).expect("JSON")
}

fn errors(schema: &Json, document: &Json) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("the schema is valid");
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn toml(text: &str) -> Json {
    toml::from_str(text).expect("TOML")
}

/// Collects the keys of all objects whose keys a schema lists.
fn listed_keys(schema: &Json, found: &mut BTreeSet<String>) {
    match schema {
        Json::Object(members) => {
            for key in members.get("properties").and_then(Json::as_object).into_iter().flatten() {
                found.insert(key.0.clone());
            }
            members.values().for_each(|value| listed_keys(value, found));
        }
        Json::Array(items) => items.iter().for_each(|item| listed_keys(item, found)),
        _ => {}
    }
}

/// Returns the texts in lists that a source passes to `warn_of_unknown_keys`, and of its constants of keys.
fn read_keys(file: &str) -> BTreeSet<String> {
    let source = std::fs::read_to_string(root().join(file)).expect(file);
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let lists = source.split("warn_of_unknown_keys(").skip(1).filter(|rest| rest.trim_start().starts_with("&["));
    let lists = lists.chain(source.split("_KEYS: &[&str] =").skip(1)).chain(source.split("let keys =").skip(1));
    lists
        .flat_map(|rest| rest.split(']').next().unwrap_or_default().split('"').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

#[test]
fn schemas_list_exactly_the_keys_that_are_read() {
    let (principal, login) = ("src/scenario/read.rs", "src/scenario/read_login.rs");
    for (name, files, others) in [
        ("scenario", &[principal, login, "src/scenario/fixtures.rs"][..], &[][..]),
        ("known", &["src/scenario/known_divergences.rs"], &[]),
        ("regression", &["src/scenario/regression.rs"], &[]),
        ("config", &["src/scenario/settings.rs"], &[principal, login]),
    ] {
        let mut listed = BTreeSet::new();
        listed_keys(&schema(name), &mut listed);
        let read: BTreeSet<String> = files.iter().flat_map(|file| read_keys(file)).collect();
        assert!(!read.is_empty(), "{name}");
        let missing: Vec<&String> = read.difference(&listed).collect();
        assert!(missing.is_empty(), "{name} lacks {missing:?}");
        let known: BTreeSet<String> = read.into_iter().chain(others.iter().flat_map(|file| read_keys(file))).collect();
        let unknown: Vec<&String> = listed.difference(&known).collect();
        assert!(unknown.is_empty(), "{name} has {unknown:?}, which nothing reads");
    }
}

fn scenario_files(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).expect("the folder is readable").map(|entry| entry.expect("an entry").path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "toml")).collect()
}

#[test]
fn scenarios_of_the_repository_fit_their_schema() {
    let schema = schema("scenario");
    let mut files = scenario_files(&root().join("scenarios"));
    files.extend(["notes/notes.toml", "cards/cards.toml"].map(|file| root().join("tests/it").join(file)));
    let files: Vec<PathBuf> = files.into_iter().filter(|file| file.is_file()).collect();
    assert!(files.len() > 2);
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a scenario");
        assert_eq!(errors(&schema, &toml(&text)), Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn what_a_schema_accepts_is_read_without_warning() {
    let scenario = r#"
sources = ["docs/*.md"]
principal = "full"
[variables]
A = "x"
B = { value = "y", secret = true }
[principals.full]
login = { request = "POST /token", form = { user = "u" }, basic = { user = "u", password = "p" }, capture = "token" }
bearer = "t"
basic = { user = "u", password = "p" }
lacks = ["read"]
[fixtures.contact]
create = { request = "POST /v1/contacts", json = { a = 1 }, status = [200, 201], until = { value = "a", is = ["b"] } }
capture = { id = "data.id" }
delete = [{ request = "DELETE /v1/contacts/{contact.id}", status = 204 }]
[operations.Tag]
use = { id = "{contact.id}" }
missing = { id = "0" }
read = { request = "GET /v1/contacts/{contact.id}", value = "data", optional = true }
laws = ["merges", "idempotent"]
creates = false
after = ["Open"]
[[amend]]
at = "Tag.errors"
add = { status = 401 }
reason = "r"
"#;
    assert_eq!(errors(&schema("scenario"), &toml(scenario)), Vec::<String>::new());
    assert_eq!(read_scenario("s", scenario).expect("it reads").1, []);
    let config = "[endpoints.a]\nstart = \"s {port}\"\nready = \"GET /h\"\nreset = \"POST /r\"\nrate-limit = \"1/s\"\n\
                  tls = { ca = \"c\", cert = \"d\", key = \"e\" }\nnot-implemented = [{ stderr = \"x\" }]\n[principals.b]\nsigv4 = { region = \"r\" }\n";
    assert_eq!(errors(&schema("config"), &toml(config)), Vec::<String>::new());
    assert_eq!(read_settings(config).expect("it reads").1, []);
    let known = "[[known]]\ncases = \"a/*\"\nobserved = \"500\"\nreason = \"r\"\nuntil = \"2027-01-31\"\n";
    assert_eq!(errors(&schema("known"), &toml(known)), Vec::<String>::new());
    assert_eq!(read_known_divergences(known).expect("it reads").1, []);
    let saved = "format = \"overstep-regression/1\"\nfound = \"f\"\njudged = \"0\"\nrequests = \"[]\"\n";
    assert_eq!(errors(&schema("regression"), &toml(saved)), Vec::<String>::new());
    assert_eq!(read_regression(saved).expect("it reads").1, []);
}

#[test]
fn what_is_rejected_does_not_fit() {
    for (name, text) in [
        ("scenario", "only = [\"A\"]"),
        ("scenario", "sources = [\"a\"]\nprotocol = \"soap\""),
        ("scenario", "sources = [\"a\"]\n[operations.A]\nlaws = [\"magic\"]"),
        ("known", "[[known]]\ncases = \"a\""),
        ("known", "[[known]]\ncases = \"a\"\nreason = \"r\"\nuntil = \"soon\""),
        ("regression", "format = \"other\"\nrequests = \"[]\""),
        ("config", "[endpoints.a]\nurl = \"http://h\"\nready = \"health\""),
        ("config", "[endpoints.a]\nstrat = \"x\""),
    ] {
        assert!(!errors(&schema(name), &toml(text)).is_empty(), "{name}: {text}");
    }
}

#[test]
fn every_line_of_a_blob_fits_the_schema() {
    let directory = project();
    let server = FaultyServer::start(directory.path(), "notes", &["RenameNote.name.length.max+1"]);
    for shard in ["1/3", "2/3", "3/3"] {
        let arguments = ["check", "notes", "-e", &server.url, "--shard", shard, "--report", "blob=blobs"];
        let output = overstep(directory.path(), &arguments).output().expect("start overstep");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let (blob, results) = (schema("blob"), schema("results"));
    let mut seen = BTreeSet::new();
    for number in 1..=3 {
        let path = directory.path().join(format!("blobs/shard-{number}-of-3.ndjson"));
        for line in std::fs::read_to_string(path).expect("a blob").lines() {
            let event: Json = serde_json::from_str(line).expect("JSON");
            assert_eq!(errors(&blob, &event), Vec::<String>::new(), "{line}");
            let kind = event["event"].as_str().expect("a kind").to_owned();
            if kind == "case" {
                assert_eq!(errors(&results, &event), Vec::<String>::new(), "{line}");
            }
            seen.insert(kind);
        }
    }
    let expected = ["begin", "blob", "case", "controls", "detail", "end", "finished", "form", "limit"];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn every_line_of_results_fits_the_schema() {
    let directory = project();
    let server = FaultyServer::start(directory.path(), "notes", &["RenameNote.name.length.max+1"]);
    let arguments = ["check", "notes", "-e", &server.url, "--no-snapshots", "--report", "ndjson=r.ndjson"];
    let output = overstep(directory.path(), &arguments).output().expect("start overstep");
    assert_eq!(output.status.code(), Some(1));
    let schema = schema("results");
    let validator = jsonschema::validator_for(&schema).expect("the schema is valid");
    let text = std::fs::read_to_string(directory.path().join("r.ndjson")).expect("results");
    let mut kinds = BTreeSet::new();
    for line in text.lines() {
        let event: Json = serde_json::from_str(line).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&event).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}: {line}");
        kinds.insert(event["event"].as_str().unwrap_or_default().to_owned());
        // A field that the schema does not name has no documentation.
        let named = &schema["definitions"][event["event"].as_str().unwrap_or_default()]["properties"];
        for field in event.as_object().expect("an object").keys() {
            assert!(named.get(field).is_some(), "`{field}` is not in the schema");
        }
    }
    let expected = ["case", "finding", "run", "summary"];
    assert!(expected.iter().all(|kind| kinds.contains(*kind)), "{kinds:?}");
}
