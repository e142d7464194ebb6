//! Documentation folders of Mintlify sites: which pages describe an operation, and how operations are named and joined.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use crate::support::command::overstep;
use crate::support::visible;
use overstep::contract::{Contract, Shape, ShapeKind};
use overstep::ingest::{self, IngestError, IngestOptions, IngestOutput, IngestSeverity};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn read(pages: &[(&str, &str)]) -> (IngestOutput, Vec<IngestError>) {
    let sources: Vec<(String, Vec<u8>)> =
        pages.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    ingest::read_documents(&sources, &IngestOptions::default())
}

fn routes(contract: &Contract) -> Vec<(String, String)> {
    let route = |operation: &overstep::contract::Operation| {
        let http = operation.http.as_ref().expect("a route");
        (operation.name.to_string(), format!("{} {}", http.method, http.uri))
    };
    let mut found: Vec<_> = contract.operations.iter().map(route).collect();
    found.sort();
    found
}

/// Returns a page with a route in its frontmatter and one field.
fn page(title: &str, route: &str) -> String {
    format!(
        "---\ntitle: \"{title}\"\napi: \"{route}\"\n---\n\n<ParamField body=\"note\" type=\"string\">\n  A note.\n</ParamField>\n"
    )
}

const GUIDE: &str = "---\ntitle: Quickstart\n---\n\nCall the API:\n\n```bash\ncurl -X POST https://api.example.com/v1/users \
                     -H 'X-API-Key: k'\n```\n";

#[test]
fn guides_and_other_pages_of_a_folder_are_notes() {
    let user = page("Create user", "POST https://api.example.com/v1/users");
    let sdk =
        "---\ntitle: Client\n---\n\n<ResponseField name=\"connect\" type=\"function\">Connects.</ResponseField>\n";
    let snippet = "Some words without any heading.\n";
    let (read, errors) =
        read(&[("user.mdx", &user), ("quickstart.mdx", GUIDE), ("sdk.mdx", sdk), ("snippets/words.mdx", snippet)]);
    assert_eq!(errors, []);
    assert_eq!(routes(&read.contract), [("CreateUser".to_owned(), "POST /v1/users".to_owned())]);
    let notes: Vec<String> = read.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(notes.len(), 3, "{notes:?}");
    assert!(read.diagnostics.iter().all(|note| note.severity == IngestSeverity::Note), "{notes:?}");
    for name in ["quickstart.mdx", "sdk.mdx", "words.mdx"] {
        assert!(notes.iter().any(|note| note.contains(name) && note.contains("no operation found")), "{notes:?}");
    }
}

#[test]
fn operations_are_joined_by_route_and_named_after_it_if_titles_repeat() {
    let pages = [
        ("v1/list.mdx", page("List users", "GET https://api.example.com/v1/users")),
        ("v2/list.mdx", page("List users", "GET https://api.example.com/v2/users")),
        ("create.mdx", page("Create user", "POST https://api.example.com/v2/users")),
        ("guides/add.mdx", page("Add a user", "POST https://api.example.com/v2/users")),
    ];
    let expected = [
        ("AddAUser".to_owned(), "POST /v2/users".to_owned()),
        ("GetV1Users".to_owned(), "GET /v1/users".to_owned()),
        ("GetV2Users".to_owned(), "GET /v2/users".to_owned()),
    ];
    let borrowed: Vec<(&str, &str)> = pages.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let (forward, errors) = read(&borrowed);
    assert_eq!((errors, routes(&forward.contract)), (Vec::new(), expected.to_vec()));
    let reversed: Vec<(&str, &str)> = borrowed.into_iter().rev().collect();
    assert_eq!(read(&reversed).0.contract, forward.contract, "the order of pages changes nothing");
}

/// Returns the shape of a member of the only operation's input.
fn member<'c>(contract: &'c Contract, name: &str) -> &'c Shape {
    let input = contract.shape(contract.operations[0].input.as_ref().expect("an input"));
    contract.shape(&input.kind.members().expect("members")[name].shape)
}

#[test]
fn types_of_fields_are_read_as_pages_write_them() {
    let field = |name: &str, kind: &str, rest: &str| {
        format!("<ParamField body=\"{name}\" type='{kind}'>\n  {rest}\n</ParamField>\n")
    };
    let inner = "<Expandable>\n<ParamField body=\"id\" type=\"string\">The id.</ParamField>\n</Expandable>";
    let text = [
        "---\ntitle: Put\napi: \"PUT /things\"\n---\n".to_owned(),
        field("order", "\"asc\" | \"desc\"", "The order."),
        field("name", "string | null", "The name."),
        field("comment", "string", "A comment. May be `null`."),
        field("folders", "Folders[]", inner),
        field("labels", "Record<string, string>", "Labels."),
        field("to", "string | string[]", "One or more."),
        field("kind", "enum<string>", "The kind."),
    ];
    let (read, errors) = read(&[("put.mdx", &text.concat())]);
    assert_eq!((errors, &read.diagnostics), (Vec::new(), &Vec::new()));
    let contract = &read.contract;
    assert_eq!(member(contract, "order").kind, ShapeKind::Enum { values: vec!["asc".into(), "desc".into()] });
    let nullable = ["order", "name", "comment"].map(|name| member(contract, name).nullable);
    assert_eq!(nullable, [false, true, true]);
    let ShapeKind::List { member: folder } = &member(contract, "folders").kind else { panic!("a list") };
    assert!(contract.shape(folder).kind.members().is_some_and(|members| members.contains_key("id")));
    let kinds = ["labels", "to", "kind"].map(|name| member(contract, name).kind.clone());
    assert_eq!(kinds, [ShapeKind::Document, ShapeKind::Document, ShapeKind::String]);
}

#[test]
fn an_unreadable_document_does_not_prevent_the_contract_of_the_others() {
    let directory = tempfile::tempdir().expect("create temporary directory");
    std::fs::write(directory.path().join("user.mdx"), page("Create user", "POST /v1/users")).expect("write file");
    std::fs::write(directory.path().join("model.json"), "{\"metadata\": {}}").expect("write file");
    let run = |extra: &[&str]| {
        let arguments = [&["ingest", "user.mdx", "model.json", "-o", "c.json"], extra].concat();
        let output = overstep(directory.path(), &arguments).output().expect("start overstep");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text) = run(&[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("error: ") && text.contains("model.json"), "{text}");
    let contract = std::fs::read_to_string(directory.path().join("c.json")).expect("it is written all the same");
    assert!(contract.contains("CreateUser"), "{contract}");
    std::fs::remove_file(directory.path().join("c.json")).expect("remove file");
    assert_eq!(run(&["--strict"]).0, Some(2));
    assert!(!directory.path().join("c.json").exists(), "--strict writes nothing");
}

/// Returns the method and the path that the frontmatter of a page states, with all labels alike.
fn stated_route(text: &str) -> Option<(String, String)> {
    let (_, rest) = text.trim_start().split_once("---\n")?;
    let (head, _) = rest.split_once("\n---")?;
    let line = head.lines().find_map(|line| line.strip_prefix("api:").or_else(|| line.strip_prefix("openapi:")))?;
    let words: Vec<&str> = line.trim().trim_matches(['"', '\'']).split_whitespace().collect();
    let [.., method, url] = words.as_slice() else { return None };
    let path = url.split_once("://").map_or(*url, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    Some((method.to_uppercase(), without_label_names(path)))
}

fn without_label_names(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with(['{', ':']) { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

fn pages_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            pages_below(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "mdx") {
            found.push(path);
        }
    }
}

#[test]
fn every_route_that_a_real_site_states_is_an_operation() {
    let archives = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/docs/mintlify");
    let Ok(entries) = std::fs::read_dir(&archives) else {
        visible::say("SKIPPED: the documentation sites are not beside the project");
        return;
    };
    let (mut sites, mut total) = (0, 0);
    for archive in entries.map(|entry| entry.expect("an entry").path()) {
        if archive.extension().is_none_or(|ending| ending != "gz") {
            continue;
        }
        let folder = tempfile::tempdir().expect("create temporary directory");
        let unpacked = Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(folder.path()).status();
        assert!(unpacked.is_ok_and(|status| status.success()), "{} cannot be unpacked", archive.display());
        let mut paths = Vec::new();
        pages_below(folder.path(), &mut paths);
        let page = |path: &PathBuf| {
            let name = path.strip_prefix(folder.path()).expect("below").to_string_lossy().into_owned();
            (name, std::fs::read(path).expect("a readable page"))
        };
        let pages: Vec<(String, Vec<u8>)> = paths.iter().map(page).collect();
        let stated: BTreeSet<(String, String)> =
            pages.iter().filter_map(|(_, bytes)| stated_route(&String::from_utf8_lossy(bytes))).collect();
        let (read, errors) = ingest::read_documents(&pages, &IngestOptions::default());
        assert_eq!(errors, [], "{}", archive.display());
        assert!(!read.contract.operations.is_empty(), "{}", archive.display());
        let found: Vec<(String, String)> = read
            .contract
            .operations
            .iter()
            .filter_map(|operation| operation.http.as_ref())
            .map(|http| (http.method.clone(), without_label_names(&http.uri)))
            .collect();
        // The base URL may hold the beginning of a path.
        let is_read = |(method, path): &&(String, String)| {
            found.iter().any(|(own_method, own)| own_method == method && path.ends_with(own.as_str()))
        };
        let missing: Vec<_> = stated.iter().filter(|route| !is_read(route)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", archive.display());
        (sites, total) = (sites + 1, total + stated.len());
    }
    visible::say(&format!("{total} routes of {sites} sites are operations"));
    assert!(sites >= 5 && total > 300, "{total} routes of {sites} sites");
}
