//! AWS's API References give the same contract in every form in which people save them.
//!
//! The pages are in `../shared/docs/aws`, as AWS published them in Markdown. Converters that write what html2text, lynx
//! and others print of the same pages make the other forms. Without the pages, the tests print that they are skipped.

#![expect(clippy::disallowed_methods, reason = "the pages are outside of the project, and so is botocore")]

mod constraints;
mod document;
mod markup;
mod screen;

use crate::support::visible;
use constraints::collect_constraints;
use document::ReferencePage;
use overstep::contract::{self, Contract};
use overstep::ingest::{self, IngestOptions, IngestSeverity};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The services, each with the number of its operations and its models in botocore.
const SERVICES: [(&str, usize, &[&str]); 2] =
    [("comprehend", 71, &["comprehend"]), ("lex", 47, &["lex-models", "lex-runtime"])];

type Sources = Vec<(String, Vec<u8>)>;

/// Returns the published pages of a service by name, or `None` if the shared documents are missing.
fn published_pages(service: &str) -> Option<BTreeMap<String, String>> {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/docs/aws").join(format!("{service}.tar.gz"));
    if !archive.exists() {
        visible::say(&format!("skipped: {} is missing", archive.display()));
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let unpacked = std::process::Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(folder.path()).status();
    assert!(unpacked.is_ok_and(|status| status.success()), "{} cannot be unpacked", archive.display());
    let mut pages = BTreeMap::new();
    for entry in std::fs::read_dir(folder.path().join(service)).expect("pages") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a page");
        // The other pages are lists of links.
        if ["Contents", "Errors", "Request Syntax"].iter().any(|title| text.contains(&format!("## {title}<a name="))) {
            pages.insert(stem, text);
        }
    }
    Some(pages)
}

type Convert = fn(&ReferencePage) -> String;

/// The forms, each with the ending of its files.
const FORMS: [(&str, &str, Convert); 9] = [
    ("the site's Markdown", "md", markup::site_export),
    ("HTML", "html", markup::html),
    ("html2text", "md", markup::html2text),
    ("markdownify", "md", markup::markdownify),
    ("lynx", "txt", screen::lynx),
    ("w3m", "txt", screen::w3m),
    ("a browser's clipboard", "txt", |page| screen::clipboard(page, false)),
    ("text with code on one line", "txt", |page| screen::clipboard(page, true)),
    ("trafilatura", "txt", markup::trafilatura),
];

fn convert(pages: &BTreeMap<String, String>, ending: &str, write: Convert) -> Sources {
    let convert = |(stem, markdown): (&String, &String)| {
        (format!("{stem}.{ending}"), write(&ReferencePage::parse(stem, markdown)).into_bytes())
    };
    pages.iter().map(convert).collect()
}

fn as_published(pages: &BTreeMap<String, String>) -> Sources {
    pages.iter().map(|(stem, text)| (format!("{stem}.md"), text.clone().into_bytes())).collect()
}

/// Reads pages. No page may be an error, and none a warning.
fn read(form: &str, sources: &Sources) -> Contract {
    let (read, errors) = ingest::read_documents(sources, &IngestOptions::default());
    assert_eq!(errors, [], "{form}");
    let warnings: Vec<String> = read
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == IngestSeverity::Warning)
        .map(ToString::to_string)
        .collect();
    assert!(warnings.is_empty(), "{form}: {warnings:#?}");
    read.contract
}

/// Returns the contract that each form of a service's pages gives. Both tests need them.
fn read_forms(service: &'static str, pages: &BTreeMap<String, String>) -> Vec<(&'static str, Contract)> {
    static FORMS_READ: Mutex<BTreeMap<&'static str, Vec<(&'static str, Contract)>>> = Mutex::new(BTreeMap::new());
    let mut forms = FORMS_READ.lock().expect("no test panics while it reads");
    let read_all = || FORMS.map(|(form, ending, write)| (form, read(form, &convert(pages, ending, write)))).to_vec();
    forms.entry(service).or_insert_with(read_all).clone()
}

/// Returns a contract as JSON without what differs between forms: documents, lines, and the name of the service.
fn without_places(contract: &Contract) -> Json {
    fn strip(json: &mut Json) {
        match json {
            Json::Object(object) => {
                for key in ["document", "line", "sources"] {
                    object.remove(key);
                }
                object.values_mut().for_each(strip);
            }
            Json::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut json = serde_json::from_str(&contract::to_json(contract)).expect("JSON");
    strip(&mut json);
    json["service"] = Json::Null;
    // Places of sentences.
    json["notUnderstood"] = Json::Null;
    json
}

/// Returns the first paths at which two values differ.
fn differences(path: &str, one: &Json, other: &Json, found: &mut Vec<String>) {
    match (one, other) {
        _ if found.len() > 12 || one == other => {}
        (Json::Object(one), Json::Object(other)) => {
            for key in one.keys().chain(other.keys().filter(|key| !one.contains_key(*key))) {
                let value = |object: &serde_json::Map<String, Json>| object.get(key).cloned().unwrap_or_default();
                differences(&format!("{path}/{key}"), &value(one), &value(other), found);
            }
        }
        (Json::Array(one), Json::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{path}/{index}"), one, other, found);
            }
        }
        _ => found.push(format!("{path}: {one} or {other}")),
    }
}

#[test]
fn every_form_gives_the_same_contract() {
    for (service, operations, _) in SERVICES {
        let Some(pages) = published_pages(service) else { return };
        let expected = read("published Markdown", &as_published(&pages));
        assert_eq!(expected.operations.len(), operations, "{service}");
        let expected = without_places(&expected);
        for (form, contract) in read_forms(service, &pages) {
            let mut found = Vec::new();
            differences("", &expected, &without_places(&contract), &mut found);
            assert!(found.is_empty(), "{service} from {form}: {found:#?}");
        }
    }
}

/// Returns the contract of a service's models, or `None` without botocore.
fn modelled(models: &[&str]) -> Option<Contract> {
    let Some(folder) = std::env::var_os("OVERSTEP_BOTOCORE").map(PathBuf::from) else {
        visible::say("skipped: OVERSTEP_BOTOCORE is not set");
        return None;
    };
    let newest = |model: &&str| {
        let versions = std::fs::read_dir(folder.join("botocore/data").join(model)).expect("the service");
        let version = versions.map(|entry| entry.expect("an entry").path()).max().expect("a version");
        let file = version.join("service-2.json.gz");
        (file.to_string_lossy().into_owned(), std::fs::read(&file).expect("a model"))
    };
    let sources: Sources = models.iter().map(newest).collect();
    let (read, errors) = ingest::read_documents(&sources, &IngestOptions::default());
    assert_eq!(errors, []);
    Some(read.contract)
}

#[test]
fn every_form_gives_the_constraints_of_the_model() {
    for (service, _, models) in SERVICES {
        let (Some(pages), Some(model)) = (published_pages(service), modelled(models)) else { return };
        let model = collect_constraints(&model);
        // The model is newer than the pages: what stands on none of them cannot be read from them.
        let published: String = pages.values().map(String::as_str).collect();
        let mut is_newer: BTreeSet<(String, &'static str)> = BTreeSet::new();
        for (place, constraints) in &model {
            let newer = constraints.iter().filter(|(_, constraint)| !constraint.may_be_in(&published));
            is_newer.extend(newer.map(|(name, _)| (place.clone(), *name)));
        }
        for (form, contract) in read_forms(service, &pages) {
            let read = collect_constraints(&contract);
            let (mut correct, mut stated, mut documented, mut places) = (0_u32, 0_u32, 0_u32, 0);
            for (place, of_page) in &read {
                let Some(of_model) = model.get(place) else { continue };
                places += 1;
                for name in of_page.keys().chain(of_model.keys()).collect::<BTreeSet<_>>() {
                    let (one, other) = (of_page.get(name), of_model.get(name));
                    if !is_newer.contains(&(place.clone(), *name)) {
                        correct += u32::from(one == other);
                        stated += u32::from(one.is_some());
                        documented += u32::from(other.is_some());
                    }
                }
            }
            let (precision, recall) =
                (f64::from(correct) / f64::from(stated), f64::from(correct) / f64::from(documented));
            println!(
                "{service} from {form}: {stated} constraints of {places} places, \
                 precision {precision:.4}, recall {recall:.4}"
            );
            assert!(stated > 1_000, "{service} from {form}: {stated}");
            assert!(precision >= 0.99 && recall >= 0.95, "{service} from {form}: {precision} {recall}");
        }
    }
}
