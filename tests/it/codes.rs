//! Codes of findings: `overstep explain`, the pages in `docs/codes/`, and where each code is made.

#![expect(clippy::disallowed_methods, reason = "a test reads the pages")]

use crate::support::command::overstep;
use overstep::judge::{FindingCode, all_codes};
use overstep::report::{code_index_page, code_page};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn explain(arguments: &[&str]) -> (i32, String) {
    let directory = tempfile::tempdir().expect("create temporary directory");
    let output = overstep(directory.path(), &[&["explain"], arguments].concat()).output().expect("start overstep");
    let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8 text");
    (output.status.code().expect("exit code"), text)
}

#[test]
fn pages_are_what_the_table_says() {
    let folder = root().join("docs/codes");
    let hint = "write it again: overstep explain CODE --format markdown > docs/codes/CODE.md";
    for info in all_codes() {
        let page = folder.join(format!("{}.md", info.code));
        assert_eq!(read(&page), code_page(info), "{}; {hint}", page.display());
    }
    assert_eq!(read(&folder.join("README.md")), code_index_page(), "docs/codes/README.md");
    let pages = std::fs::read_dir(&folder).expect("the folder is readable").count();
    assert_eq!(pages, FindingCode::ALL.len() + 1, "pages of codes that do not exist");
}

#[test]
fn each_code_is_made_at_a_place_that_a_search_finds() {
    let classify = read(&root().join("src/judge/codes/classify.rs"));
    for code in FindingCode::ALL {
        assert!(classify.contains(code.as_str()), "{code}");
    }
}

#[test]
fn explain_shows_one_code_or_lists_all() {
    let (exit, text) = explain(&["OV203"]);
    insta::assert_snapshot!("explain-OV203", text);
    assert_eq!(exit, 0);
    assert_eq!(explain(&["ov203"]), explain(&["length-accepted"]));
    let (_, list) = explain(&[]);
    for info in all_codes() {
        assert!(list.contains(&format!("{}  {}", info.code, info.title)), "{list}");
    }
}

#[test]
fn unknown_code_is_an_error_with_the_nearest_one() {
    let (exit, text) = explain(&["OV230"]);
    assert_eq!(exit, 2);
    insta::assert_snapshot!("explain-unknown", text);
}
