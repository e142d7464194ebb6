//! An ordinary web API, from its documents to findings, without a line written by a person: `init`, `doctor`, `check`.

#![expect(clippy::disallowed_methods, reason = "tests write documents to disk")]

mod pages;
mod service;
mod table;

use crate::foreign::http::serve;
use crate::support::command::overstep;
use service::{KEY, Shop, ShopFault};
use std::path::Path;
use tempfile::TempDir;

/// Runs a command with the shop's key and returns its exit code and its output.
fn run(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let output = overstep(directory, arguments).env("API_KEY", KEY).output().expect("the command runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), text)
}

/// The forms of the shop's documents.
#[derive(Clone, Copy, Debug)]
enum Documents {
    OpenApi,
    Pages,
}

/// Starts a shop and lets `init` write a scenario for it. Returns the directory, the URL, and the output of `init`.
fn initialized(fault: ShopFault, documents: Documents) -> (TempDir, String, String) {
    let url = format!("http://127.0.0.1:{}", serve(Shop::new(fault)));
    let directory = tempfile::tempdir().expect("a temporary directory");
    let source = match documents {
        Documents::OpenApi => {
            std::fs::write(directory.path().join("openapi.json"), table::openapi_document().to_string())
                .expect("written");
            "openapi.json"
        }
        Documents::Pages => {
            std::fs::create_dir(directory.path().join("docs")).expect("created");
            for (name, text) in pages::pages() {
                std::fs::write(directory.path().join("docs").join(name), text).expect("written");
            }
            "docs/*.mdx"
        }
    };
    let (code, text) = run(directory.path(), &["init", "shop", "--source", source, "-e", &url, "--no-progress"]);
    assert_eq!(code, 0, "{text}");
    (directory, url, text)
}

#[test]
fn every_operation_of_a_documented_web_api_succeeds_without_a_handwritten_line() {
    let total = table::endpoints().len();
    for documents in [Documents::OpenApi, Documents::Pages] {
        let (directory, _, text) = initialized(ShopFault::None, documents);
        let sentence = format!("{total} of {total} operations that the endpoint has succeed");
        assert!(text.contains(&sentence), "{documents:?}: {text}");
        let (code, text) = run(directory.path(), &["doctor", "shop", "--no-progress"]);
        assert_eq!(code, 0, "{text}");
        assert!(text.contains(&sentence), "{documents:?}: {text}");
        assert!(text.contains("created by") && text.contains("customer"), "{text}");
    }
}

#[test]
fn a_web_api_that_keeps_its_document_has_no_findings() {
    let (directory, _, _) = initialized(ShopFault::None, Documents::OpenApi);
    // The documents do not say that only two currencies are accepted.
    let arguments = ["check", "shop", "--no-snapshots", "--no-progress", "-E", "not member(currency)"];
    let (code, text) = run(directory.path(), &arguments);
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("never succeeded"), "{text}");
}

#[test]
fn operations_that_need_what_cannot_be_made_are_counted_but_not_judged() {
    let (directory, _, _) = initialized(ShopFault::RejectsCustomers, Documents::OpenApi);
    let (code, text) = run(directory.path(), &["check", "shop", "--no-snapshots", "--no-progress"]);
    assert_eq!(code, 0, "{text}");
    let counted = text.lines().find(|line| line.contains("never succeeded")).unwrap_or_default();
    assert!(counted.contains(" of 24 operations never succeeded: `overstep doctor shop"), "{text}");
    let (_, doctor) = run(directory.path(), &["doctor", "shop", "--no-progress"]);
    assert!(doctor.contains("is not what we had in mind"), "{doctor}");
    let number = counted.split(' ').next().and_then(|number| number.parse::<usize>().ok()).unwrap_or_default();
    assert!(number > 5, "{text}");
    assert!(doctor.contains(&format!("{} of 24 operations that the endpoint has succeed", 24 - number)), "{doctor}");
}

#[test]
fn a_web_api_that_breaks_its_document_is_found() {
    let (directory, _, _) = initialized(ShopFault::StoresLongNames, Documents::OpenApi);
    let (code, text) =
        run(directory.path(), &["check", "shop", "--no-snapshots", "--no-progress", "-E", "member(name)"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("name/length/above-max"), "{text}");
}

#[test]
fn the_life_of_a_resource_is_checked_without_a_handwritten_line() {
    for (fault, case) in [
        (ShopFault::ChangesPrices, "law/read-your-write/created-"),
        (ShopFault::ForgetsUpdates, "law/read-your-write/written-"),
        (ShopFault::DropsLeftOut, "law/read-your-write/written-"),
        (ShopFault::KeepsDeleted, "/deleted"),
    ] {
        let (directory, _, _) = initialized(fault, Documents::OpenApi);
        let filter = "intent(law) | intent(missing) | intent(valid)";
        let arguments = ["check", "shop", "--no-snapshots", "--no-progress", "-E", filter];
        let (code, text) = run(directory.path(), &arguments);
        assert_eq!(code, 1, "{fault:?}: {text}");
        assert!(text.contains(case), "{fault:?}: {text}");
    }
}

#[test]
fn nothing_is_judged_without_the_key() {
    let (directory, _, _) = initialized(ShopFault::None, Documents::OpenApi);
    let output = overstep(directory.path(), &["check", "shop", "--no-snapshots", "--no-progress"])
        .env("API_KEY", "wrong-key-0001")
        .output()
        .expect("the command runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("got 401 or 403; set the credentials of the scenario's principal"), "{text}");
    assert!(text.contains("0 findings"), "{text}");
}
