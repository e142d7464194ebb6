//! Runs the properties of all fuzz targets over the committed corpus.

#![expect(clippy::disallowed_methods, reason = "tests read the corpus")]

use crate::properties;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

#[test]
fn each_property_holds_for_its_corpus() {
    for (name, property) in properties::ALL {
        let entries = std::fs::read_dir(folder("corpus").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut replayed = 0;
        for path in entries.map(|entry| entry.expect("directory entry").path()) {
            let bytes = std::fs::read(&path).expect("read file");
            assert!(bytes.len() <= 4096, "{}: seeds have at most 4096 bytes", path.display());
            println!("{}", path.display());
            property(&bytes);
            // The property must also hold for truncated inputs and inputs with a changed byte.
            for at in (0..bytes.len()).step_by(bytes.len() / 16 + 1) {
                property(&bytes[..at]);
                let mut changed = bytes.clone();
                changed[at] ^= 0x15;
                property(&changed);
            }
            replayed += 1;
        }
        assert!(replayed > 1, "the corpus of `{name}` is empty");
    }
}

#[test]
fn each_target_has_a_property() {
    let mut targets: Vec<String> = std::fs::read_dir(folder("fuzz_targets"))
        .expect("read fuzz_targets")
        .map(|entry| entry.expect("directory entry").path().file_stem().expect("name").to_string_lossy().into_owned())
        // `service` is an example for users, and `endpoint` needs a running server.
        .filter(|name| name != "service" && name != "endpoint")
        .collect();
    targets.sort();
    assert_eq!(targets, properties::ALL.map(|(name, _)| name));
}

#[test]
fn target_in_fuzzing_docs_is_the_one_that_is_built() {
    let text = |path: &Path| std::fs::read_to_string(path).expect("read file");
    let page = text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fuzzing.md"));
    let shown = page.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).expect("build the target");
    assert_eq!(shown, text(&folder("fuzz_targets/service.rs")));
}
