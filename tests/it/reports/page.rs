//! The HTML page of a run: its size, what it may load, and what a browser makes of it. Without Chromium, the tests of the
//! browser say that they are skipped.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use super::recorded::{HOSTILE, results};
use crate::support::command::overstep;
use crate::support::visible;
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Maximum size of the page, in bytes.
const MAX_PAGE_BYTES: usize = 1_000_000;

fn page_of(cases: usize, text: &str) -> (TempDir, String) {
    let directory = tempfile::tempdir().expect("create temporary directory");
    std::fs::write(directory.path().join("r.ndjson"), results(cases, text)).expect("write file");
    let arguments = ["report", "r.ndjson", "--format", "html", "-o", "r.html"];
    let output = overstep(directory.path(), &arguments).output().expect("start overstep");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = std::fs::read_to_string(directory.path().join("r.html")).expect("the page");
    (directory, page)
}

/// Returns the data of a page.
fn data_of(page: &str) -> Json {
    let start = page.find("id=\"data\">").expect("the page has data") + "id=\"data\">".len();
    let length = page[start..].find("</script>").expect("the data end");
    serde_json::from_str(&page[start..start + length]).expect("the data are JSON")
}

#[test]
fn page_of_ten_thousand_cases_is_small_and_complete() {
    for text in ["plain".to_owned(), "long ".repeat(2000)] {
        let (_directory, page) = page_of(10_000, &text);
        assert!(page.len() < MAX_PAGE_BYTES, "{} bytes", page.len());
        let data = data_of(&page);
        let run = &data["runs"][0];
        let shown = run["findings"].as_array().expect("a list").len() as u64;
        assert_eq!(shown + run["omitted"].as_u64().expect("a number"), 313, "every finding is shown or counted");
        assert_eq!(run["levels"], serde_json::json!([313, 0, 0]));
        let rows = run["matrix"]["rows"].as_array().expect("a list");
        let cells = rows.iter().flat_map(|row| row[1].as_array().expect("cells"));
        let counted: u64 = cells.flat_map(|cell| &cell.as_array().expect("counts")[1..]).filter_map(Json::as_u64).sum();
        assert_eq!((rows.len(), counted), (40, 10_000), "the matrix counts every case");
        let sections = run["timeline"].as_array().expect("a list").iter();
        assert_eq!(sections.filter_map(|section| section[0].as_u64()).sum::<u64>(), 10_000);
        assert!(run["findings"][0]["steps"][0]["method"] == "POST", "the first findings have their requests");
    }
}

#[test]
fn page_loads_nothing_and_runs_only_its_own_script() {
    let (_directory, page) = page_of(40, HOSTILE);
    assert!(page.contains("default-src 'none'; style-src 'sha256-"), "the policy allows nothing else");
    assert!(!page.contains("'unsafe-inline'"));
    assert_eq!(page.matches("<script").count(), 2, "data and script, nothing of the server");
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(["<img", "<link", "<iframe", "<object", "<script src"].iter().all(|tag| !page.contains(tag)), "no loading");
    assert!(!page.contains("http-equiv=\"refresh\"") && !page.contains("@import") && !page.contains("url("));
    assert!(!page.contains(['\u{2028}', '\u{202e}', '\u{1b}']), "no character acts");
    let finding = &data_of(&page)["runs"][0]["findings"][0];
    assert!(finding["observed"].as_str().is_some_and(|text| text.ends_with(HOSTILE)), "the text itself is complete");
}

/// Returns the path of a Chromium on this machine.
fn find_browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    std::env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name))).find(|file| file.is_file())
}

/// Returns the elements that a browser shows for a page after its scripts have run.
fn rendered(browser: &Path, directory: &TempDir, fragment: &str) -> String {
    let profile = format!("--user-data-dir={}", directory.path().join("profile").display());
    let url = format!("file://{}{fragment}", directory.path().join("r.html").display());
    let flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom"];
    let output = Command::new(browser)
        .args(flags)
        .args(["--virtual-time-budget=3000", &profile, &url])
        .env("HOME", directory.path())
        .output()
        .expect("start the browser");
    String::from_utf8(output.stdout).expect("UTF-8 text")
}

#[test]
fn browser_shows_findings_and_no_text_of_a_server_becomes_markup() {
    let Some(browser) = find_browser() else {
        visible::say("SKIPPED reports::page: no Chromium on this machine");
        return;
    };
    let (directory, page) = page_of(200, HOSTILE);
    let dom = rendered(&browser, &directory, "");
    assert!(dom.contains("<title>shop · overstep</title>"), "the hostile script did not run");
    assert_eq!(dom.matches("class=\"finding\"").count(), 7);
    assert!(dom.contains("shop: 7 findings in 200 cases"));
    assert_eq!(dom.matches("<script").count(), 2);
    assert!(!dom.contains("<img"), "no text became an element");
    assert!(dom.contains("&lt;/script&gt;&lt;script&gt;"), "the text is shown");
    for part in ["id=\"matrix\"", "id=\"coverage\"", "id=\"muted\"", "id=\"timeline\"", "class=\"cell a s"] {
        assert!(dom.contains(part), "{part}");
    }
    assert!(!dom.contains("class=\"body\""), "details are built when they are opened");

    // A permalink opens its finding, with request and response, and the member under test is marked.
    let id = data_of(&page)["runs"][0]["findings"][0]["id"].as_str().expect("an id").to_owned();
    let dom = rendered(&browser, &directory, &format!("#f-{id}"));
    assert_eq!(dom.matches("class=\"body\"").count(), 1);
    assert!(dom.contains("<mark>\"name\"</mark>") && dom.contains("<mark>200</mark>"));
    assert!(dom.contains("12345678901234567890"), "numbers keep their digits");
    assert!(dom.contains("\\ud800"), "half a surrogate pair is shown as an escape");
    assert!(dom.contains("aria-label=\"Copy the curl command\""));
    assert!(dom.contains("shop.md:7, docs/shop page.md:7"));
}
