//! Tells whether files have changed, by their sizes and times.
//!
//! It never reads the content of a file.

use std::collections::hash_map::DefaultHasher;
use std::fs::Metadata;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

/// Maximum number of files and folders that are looked at.
const MAX_ENTRIES: usize = 20_000;
/// Folders whose files are the product of others, or of no interest.
const SKIPPED_FOLDERS: [&str; 5] = ["target", "node_modules", "__pycache__", "snapshots", "venv"];

/// Returns a number that changes when one of these files changes, appears or vanishes, or a file in one of these folders.
/// Hidden files in folders and folders of products are skipped, and so is what exceeds a maximum number of entries.
pub fn fingerprint(paths: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut entries = 0;
    let mut open: Vec<PathBuf> = paths.to_vec();
    while let Some(path) = open.pop() {
        entries += 1;
        if entries > MAX_ENTRIES {
            break;
        }
        path.hash(&mut hasher);
        let Some(metadata) = metadata_of(&path) else { continue };
        if metadata.is_dir() {
            open.extend(entries_of(&path));
        } else {
            metadata.len().hash(&mut hasher);
            metadata.modified().ok().hash(&mut hasher);
        }
    }
    hasher.finish()
}

fn metadata_of(path: &Path) -> Option<Metadata> {
    std::fs::metadata(path).ok()
}

/// Returns what is in a folder and of interest, sorted.
fn entries_of(folder: &Path) -> Vec<PathBuf> {
    let mut found = super::scenarios::list_folder(folder).unwrap_or_default();
    found.retain(|path| {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        // A link may lead back to a folder above.
        !name.starts_with('.') && !SKIPPED_FOLDERS.contains(&name.as_ref()) && !path.is_symlink()
    });
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprint_changes_with_files_and_folders_only() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let root = folder.path();
        let write =
            |name: &str, text: &str| crate::store::write_file(&root.join(name), text.as_bytes()).expect("written");
        let paths = vec![root.join("a.toml"), root.join("src")];
        let mut seen = vec![fingerprint(&paths)];
        for (name, text) in [("a.toml", "1"), ("a.toml", "two"), ("src/deep/b.rs", "x"), ("src/c.rs", "")] {
            write(name, text);
            seen.push(fingerprint(&paths));
        }
        let different: std::collections::HashSet<&u64> = seen.iter().collect();
        assert_eq!(different.len(), seen.len());
        for name in ["src/.git/x", "src/target/x", "elsewhere/x"] {
            write(name, "x");
        }
        assert_eq!(Some(&fingerprint(&paths)), seen.last());
    }
}
