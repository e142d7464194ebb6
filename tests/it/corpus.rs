//! The properties of the fuzz targets, over the committed corpus: what fuzzing found once stays found.

#![expect(clippy::disallowed_methods, reason = "a test reads the corpus")]

use crate::properties;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

#[test]
fn every_property_holds_over_its_corpus() {
    for (name, property) in properties::ALL {
        let entries = std::fs::read_dir(folder("corpus").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut replayed = 0;
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            let bytes = std::fs::read(&path).expect("readable");
            assert!(bytes.len() <= 4096, "{}: a seed is small", path.display());
            println!("{}", path.display());
            property(&bytes);
            // And what is near to it: cut, and with a byte changed.
            for at in (0..bytes.len()).step_by(bytes.len() / 16 + 1) {
                property(&bytes[..at]);
                let mut other = bytes.clone();
                other[at] ^= 0x15;
                property(&other);
            }
            replayed += 1;
        }
        assert!(replayed > 1, "the corpus of `{name}` is empty");
    }
}

#[test]
fn every_target_is_a_property_with_a_corpus() {
    let mut targets: Vec<String> = std::fs::read_dir(folder("fuzz_targets"))
        .expect("targets")
        .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
        // Whoever takes it as an example has a service of their own; the other one needs an endpoint.
        .filter(|name| name != "service" && name != "endpoint")
        .collect();
    targets.sort();
    assert_eq!(targets, properties::ALL.map(|(name, _)| name));
}

#[test]
fn target_in_the_fuzzing_page_is_the_one_that_is_built() {
    let text = |path: &Path| std::fs::read_to_string(path).expect("a text");
    let page = text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fuzzing.md"));
    let shown = page.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a target");
    assert_eq!(shown, text(&folder("fuzz_targets/service.rs")));
}
