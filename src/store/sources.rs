//! Reads what a scenario's `sources` name: files, globs and models of an installed botocore.
//!
//! It never looks into a document, except to unpack a compressed one.

use super::scenarios::{list_folder, shipped_source_text};
use super::{StoreError, find_upwards, read_bytes};
use crate::scenario::did_you_mean;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A document to ingest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDocument {
    /// The name shown to people: a file name, or `botocore:connect/2017-08-08`.
    pub name: String,
    /// The unpacked bytes.
    pub bytes: Vec<u8>,
    /// The path, if the source is a file of the user.
    pub path: Option<PathBuf>,
}

/// The places where sources are searched for.
#[derive(Clone, Debug, Default)]
pub struct SourceSearchPaths {
    /// The directory that paths are relative to, or `None` for a shipped scenario.
    pub directory: Option<PathBuf>,
    /// Folders that may contain a `botocore` package or its `data`, best first.
    pub botocore: Vec<PathBuf>,
}

/// Maximum size of a document in bytes, unpacked.
const MAX_SOURCE_BYTES: u64 = super::read::MAX_FILE_BYTES;
/// Maximum number of files that a glob looks at.
const MAX_GLOB_FILES: usize = 100_000;

/// Reads all named sources, in the order of the names.
///
/// # Errors
/// Returns an error if a name matches nothing or a file cannot be read.
pub fn read_sources(search_paths: &SourceSearchPaths, names: &[String]) -> Result<Vec<SourceDocument>, StoreError> {
    let mut found: Vec<SourceDocument> = Vec::new();
    for name in names {
        if let Some(service) = name.strip_prefix("botocore:") {
            found.push(read_botocore_model(search_paths, service)?);
        } else if let Some(directory) = &search_paths.directory {
            let (directory, name) = existing_directory(directory, name);
            for path in expand_paths(directory, name)? {
                found.push(read_source_file(directory, &path, &found)?);
            }
        } else {
            let text =
                shipped_source_text(name).ok_or_else(|| StoreError::new(format!("unknown shipped source `{name}`")))?;
            found.push(SourceDocument { name: name.clone(), bytes: text.as_bytes().to_vec(), path: None });
        }
    }
    Ok(found)
}

/// Returns a directory that exists and the path relative to it: the folder of a scenario that is about to be written may
/// not exist yet, and then `..` leads nowhere.
fn existing_directory<'a>(mut directory: &'a Path, mut name: &'a str) -> (&'a Path, &'a str) {
    while !directory.is_dir()
        && let Some(rest) = name.strip_prefix("../")
        && let Some(parent) = directory.parent()
    {
        (directory, name) = (parent, rest);
    }
    (directory, name)
}

/// Reads a file. The source is called by its file name, or by its whole path if that name is taken.
fn read_source_file(directory: &Path, path: &Path, previous: &[SourceDocument]) -> Result<SourceDocument, StoreError> {
    let is_too_large = path.metadata().is_ok_and(|metadata| metadata.len() > MAX_SOURCE_BYTES);
    if is_too_large {
        return Err(StoreError::new(format!("`{}` is larger than {MAX_SOURCE_BYTES} bytes", path.display())));
    }
    let bytes = read_unpacked_bytes(path)?;
    let file_name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let relative_path = path.strip_prefix(directory).unwrap_or(path).display().to_string();
    let name = if previous.iter().any(|other| other.name == file_name) { relative_path } else { file_name };
    Ok(SourceDocument { name, bytes, path: Some(path.to_owned()) })
}

/// Reads a file that a document is split over, by its path relative to the document's folder. A file outside of that
/// folder is not read, whatever leads there: a document may come from somebody else.
pub fn read_referenced_file(document: &SourceDocument, path: &str) -> Option<Vec<u8>> {
    let folder = document.path.as_deref()?.parent()?.canonicalize().ok()?;
    read_file_below(&folder, path)
}

/// Reads a file in a folder or below it.
fn read_file_below(folder: &Path, path: &str) -> Option<Vec<u8>> {
    let file = folder.join(path).canonicalize().ok()?;
    let is_readable = file.starts_with(folder)
        && file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_SOURCE_BYTES);
    if !is_readable {
        return None;
    }
    unpack_if_gzip(&file, read_bytes(&file).ok()?).ok()
}

/// The files that configure a site of pages, at its root.
const SITE_FILES: [&str; 2] = ["docs.json", "mint.json"];

/// Reads a file of the site that a page belongs to. The root of the site is the nearest folder above the page that has a
/// configuration of a site, or the folder of the page; a file outside of it is not read.
pub fn read_site_file(page: &SourceDocument, path: &str) -> Option<Vec<u8>> {
    let folder = page.path.as_deref()?.parent()?.canonicalize().ok()?;
    let configuration = SITE_FILES.iter().find_map(|name| find_upwards(&folder, name));
    let root = configuration.as_deref().and_then(Path::parent).unwrap_or(&folder);
    read_file_below(root, path)
}

/// Reads a file as bytes, unpacked if it is compressed with gzip.
///
/// # Errors
/// Returns an error if the file is missing, unreadable, not a regular file or too large, also after it is unpacked.
pub fn read_unpacked_bytes(path: &Path) -> Result<Vec<u8>, StoreError> {
    unpack_if_gzip(path, read_bytes(path)?)
}

fn unpack_if_gzip(path: &Path, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut unpacked_bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes.as_slice())
        .take(MAX_SOURCE_BYTES + 1)
        .read_to_end(&mut unpacked_bytes)
        .map_err(|error| StoreError::new(format!("cannot unpack `{}`: {error}", path.display())))?;
    if unpacked_bytes.len() as u64 > MAX_SOURCE_BYTES {
        return Err(StoreError::new(format!("`{}` unpacks to more than {MAX_SOURCE_BYTES} bytes", path.display())));
    }
    Ok(unpacked_bytes)
}

/// Returns the files that a path or glob matches, sorted.
fn expand_paths(directory: &Path, name: &str) -> Result<Vec<PathBuf>, StoreError> {
    let literal_path = directory.join(name);
    // Whatever else it is, reading it says so.
    if literal_path.exists() && !literal_path.is_dir() {
        return Ok(vec![literal_path]);
    }
    if literal_path.is_dir() {
        return Err(StoreError::with_hint(
            format!("`{name}` is a directory"),
            format!("name its files with a glob: `{}/**/*.md`", name.trim_end_matches('/')),
        ));
    }
    if !name.contains(['*', '?', '[', '{']) {
        return Err(StoreError::with_hint(
            format!("no file `{name}` in `{}`", directory.display()),
            "a source is a path or glob relative to that folder, or `botocore:SERVICE`",
        ));
    }
    let matcher = globset::GlobBuilder::new(name)
        .literal_separator(true)
        .build()
        .map_err(|error| StoreError::new(format!("invalid glob `{name}`: {}", error.kind())))?
        .compile_matcher();
    // Only files below the glob's literal prefix can match.
    let literal_prefix: PathBuf = Path::new(name)
        .parent()
        .into_iter()
        .flat_map(Path::components)
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']))
        .collect();
    let is_absolute = Path::new(name).is_absolute();
    let within = |path: &'_ Path| -> PathBuf { path.strip_prefix(directory).unwrap_or(path).to_owned() };
    let (mut pending_folders, mut found, mut files_seen) = (vec![directory.join(&literal_prefix)], Vec::new(), 0_usize);
    while let Some(folder) = pending_folders.pop() {
        for path in list_folder(&folder).unwrap_or_default() {
            files_seen += 1;
            if files_seen > MAX_GLOB_FILES {
                return Err(StoreError::with_hint(
                    format!("glob `{name}` covers more than {MAX_GLOB_FILES} files"),
                    "begin the glob with the folder that contains the documents",
                ));
            }
            let is_link = path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
            if path.is_dir() && !is_link {
                pending_folders.push(path);
            } else if path.is_file() && matcher.is_match(if is_absolute { path.clone() } else { within(&path) }) {
                found.push(path);
            }
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(StoreError::new(format!("`{name}` matches no file in `{}`", directory.display())));
    }
    Ok(found)
}

/// Returns the error for a service that a folder with botocore's models does not have.
fn unknown_service(data: &Path, service: &str) -> StoreError {
    let folders = list_folder(data).unwrap_or_default();
    let names: Vec<String> =
        folders.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let reason = format!("botocore in `{}` has no service `{service}`", data.display());
    match did_you_mean(service, &names) {
        Some(hint) => StoreError::with_hint(reason, hint),
        None => StoreError::new(reason),
    }
}

/// Reads the newest model of a service, or that of the version after the slash: `connect`, `connect/2017-08-08`.
fn read_botocore_model(search_paths: &SourceSearchPaths, service: &str) -> Result<SourceDocument, StoreError> {
    let (service, wanted) = service.split_once('/').map_or((service, None), |(name, version)| (name, Some(version)));
    let is_single_component =
        |part: &str| !part.is_empty() && !part.contains(['/', '\\']) && part != "." && part != "..";
    if !is_single_component(service) || !wanted.is_none_or(is_single_component) {
        return Err(StoreError::new(format!("invalid service name in `botocore:{service}`")));
    }
    let data_folders: Vec<PathBuf> = search_paths
        .botocore
        .iter()
        .flat_map(|place| [place.join("botocore/data"), place.join("data"), place.clone()])
        .filter(|place| place.join("endpoints.json").is_file() || place.join(service).is_dir())
        .collect();
    if data_folders.is_empty() {
        return Err(StoreError::with_hint(
            format!("`botocore:{service}` needs the botocore package, which is not installed"),
            "run `pip install --target DIR botocore`, then set OVERSTEP_BOTOCORE=DIR",
        ));
    }
    let Some(folder) = data_folders.iter().map(|data| data.join(service)).find(|folder| folder.is_dir()) else {
        return Err(unknown_service(&data_folders[0], service));
    };
    let mut versions: Vec<String> = list_folder(&folder)?
        .iter()
        .filter(|path| find_model_file(path).is_some())
        .filter_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
        .collect();
    versions.sort();
    let version = match wanted {
        Some(wanted) => versions.iter().find(|version| *version == wanted),
        None => versions.last(),
    };
    let path = version.and_then(|version| Some((version, find_model_file(&folder.join(version))?)));
    let Some((version, path)) = path else {
        return Err(StoreError::with_hint(
            format!("botocore has no such version of `{service}`"),
            format!("available versions: {}", versions.join(", ")),
        ));
    };
    Ok(SourceDocument {
        name: format!("botocore:{service}/{version}"),
        bytes: unpack_if_gzip(&path, read_bytes(&path)?)?,
        path: Some(path),
    })
}

/// Returns the `site-packages` folders of Python installations that contain botocore, newest version first.
pub fn find_site_packages(roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for root in roots {
        let mut versions: Vec<PathBuf> = list_folder(&root.join("lib"))
            .unwrap_or_default()
            .into_iter()
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python3")))
            .collect();
        versions.sort();
        for version in versions.into_iter().rev() {
            found.extend(["site-packages", "dist-packages"].map(|name| version.join(name)));
        }
    }
    found.retain(|folder| folder.join("botocore").is_dir());
    found
}

fn find_model_file(folder: &Path) -> Option<PathBuf> {
    ["service-2.json.gz", "service-2.json"].iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::super::write_file;
    use super::*;

    #[test]
    fn globs_and_models_are_resolved_and_unknown_names_rejected() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let root = directory.path();
        for (path, text) in [
            ("docs/a/one.md", "1"),
            ("docs/b/one.md", "2"),
            ("docs/b/two.txt", "3"),
            ("py/botocore/data/endpoints.json", "{}"),
            ("py/botocore/data/thing/2016-01-01/service-2.json", "old"),
            ("py/botocore/data/thing/2020-02-02/service-2.json", "new"),
        ] {
            write_file(&root.join(path), text.as_bytes()).expect("written");
        }
        let places = SourceSearchPaths { directory: Some(root.to_owned()), botocore: vec![root.join("py")] };
        let read = |name: &str| read_sources(&places, &[name.to_owned()]);
        let names =
            |name: &str| read(name).map(|found| found.into_iter().map(|source| source.name).collect::<Vec<_>>());
        assert_eq!(names("docs/**/*.md").expect("found"), ["one.md", "docs/b/one.md"]);
        assert_eq!(names("docs/b/*").expect("found"), ["one.md", "two.txt"]);
        assert_eq!(read("botocore:thing").expect("found")[0].bytes, b"new");
        assert_eq!(names("botocore:thing/2016-01-01").expect("found"), ["botocore:thing/2016-01-01"]);
        for (name, reason) in [
            ("docs", "is a directory"),
            ("docs/none.md", "no file"),
            ("docs/*.zip", "matches no file"),
            ("botocore:other", "has no service"),
            ("botocore:../x", "invalid service name"),
            ("botocore:thing/1999-01-01", "no such version"),
        ] {
            let error = read(name).expect_err(name);
            assert!(error.reason.contains(reason), "{name}: {error}");
        }
        assert_eq!(read("botocore:thign").expect_err("unknown").hint.as_deref(), Some("did you mean `thing`?"));
    }
}
