//! Every promise in `SECURITY.md` names tests that exist.

#![expect(clippy::disallowed_methods, reason = "a test reads the page and the sources")]

use std::path::Path;

/// Returns the names of tests in a text, such as `secrets::name`.
fn named_tests(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).filter(|name| name.contains("::")).collect()
}

/// Returns true if the source of the test's module has a test of its name.
fn exists(root: &Path, name: &str) -> bool {
    let (module, function) = name.rsplit_once("::").expect("a path");
    let file = root.join("tests/it").join(module.replace("::", "/"));
    let source = std::fs::read_to_string(file.with_extension("rs"))
        .or_else(|_| std::fs::read_to_string(file.join("mod.rs")))
        .unwrap_or_default();
    let Some(at) = source.find(&format!("fn {function}(")) else { return false };
    // Attributes stand between the end of the item before and the function.
    let attributes = source[..at].rsplit(['}', ';']).next().unwrap_or_default();
    attributes.contains("#[test]")
}

#[test]
fn every_promise_names_existing_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("SECURITY.md")).expect("the page is readable");
    let mut promises = 0;
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [promise, tests] = cells.as_slice() else { continue };
        if tests.starts_with("---") {
            continue;
        }
        promises += 1;
        assert!(!named_tests(tests).is_empty(), "no test holds: {promise}");
    }
    assert!(promises >= 15, "only {promises} promises were found");
    let missing: Vec<&str> = named_tests(&page).into_iter().filter(|name| !exists(root, name)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "these tests do not exist");
}

#[test]
fn tests_are_found_by_their_attribute() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert!(exists(root, "security_page::tests_are_found_by_their_attribute"));
    assert!(!exists(root, "security_page::exists") && !exists(root, "security_page::no_such_test"));
}
