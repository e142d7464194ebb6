//! The walk in `docs/architecture.md` names functions that are in the files that it names.

#![expect(clippy::disallowed_methods, reason = "a test reads the page and the sources")]

use std::path::Path;

/// Returns the function and file of each row of the walk.
fn read_walk(page: &str) -> Vec<(String, String)> {
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [number, function, file, _] = cells.as_slice() else { return None };
        number.parse::<u32>().ok()?;
        Some((function.trim_matches('`').to_owned(), file.trim_matches('`').to_owned()))
    });
    rows.collect()
}

#[test]
fn walk_names_existing_functions() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let walk = read_walk(&std::fs::read_to_string(root.join("docs/architecture.md")).expect("the page is readable"));
    assert!((20..=30).contains(&walk.len()), "the walk has {} functions", walk.len());
    for (function, file) in &walk {
        let source = std::fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let is_defined = ["(", "<"].iter().any(|next| source.contains(&format!("fn {function}{next}")));
        assert!(is_defined, "{file} has no function `{function}`");
    }
}

#[test]
fn module_table_lists_every_module() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/architecture.md")).expect("the page is readable");
    let table: String = page.lines().filter(|line| line.starts_with("| `")).collect();
    for entry in std::fs::read_dir(root.join("src")).expect("src is readable") {
        let name = entry.expect("an entry").file_name().to_string_lossy().replace(".rs", "");
        if !["lib", "main"].contains(&name.as_str()) {
            assert!(table.contains(&format!("`{name}`")), "docs/architecture.md does not list `{name}`");
        }
    }
}
