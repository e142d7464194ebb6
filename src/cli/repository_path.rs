//! Names files by their path below the repository's root, as code hosts attach annotations to them.
//!
//! It never reads a file.

use std::path::{Component, Path, PathBuf};

/// Returns the root of the repository that contains a directory, or the directory itself if there is none.
pub fn repository_root(directory: &Path) -> PathBuf {
    let is_root = |above: &&Path| above.join(".git").exists();
    directory.ancestors().find(is_root).unwrap_or(directory).to_owned()
}

/// Returns the path of a file below `root`, with `/` between its parts. Returns `None` if the file is elsewhere.
/// Relative paths are relative to `directory`.
pub(super) fn repository_path(file: &Path, directory: &Path, root: &Path) -> Option<String> {
    let plain = without_parent_folders(&directory.join(file));
    let inside = plain.strip_prefix(without_parent_folders(root)).ok()?;
    let parts: Vec<String> = inside.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Removes each `..` from a path, together with the folder before it.
fn without_parent_folders(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_repository() {
        let root = Path::new("/repo");
        let path = |file: &str, directory: &str| repository_path(Path::new(file), Path::new(directory), root);
        assert_eq!(path("scenarios/../docs/x.mdx", "/repo").as_deref(), Some("docs/x.mdx"));
        assert_eq!(path("./scenarios/a.toml", "/repo/tests").as_deref(), Some("tests/scenarios/a.toml"));
        assert_eq!(path("/repo/a/../b.md", "/repo/tests").as_deref(), Some("b.md"));
        assert_eq!(path("../../other/b.md", "/repo/tests"), None);
        assert_eq!(path("/elsewhere/b.md", "/repo"), None);
    }
}
