//! Holds the files of a document and finds what a `$ref` names in them.
//!
//! It never opens a file: further ones come through [`DocumentLookup`].

use crate::ingest::json::{self, JsonNode, JsonValue};
use crate::ingest::source_text::SourceText;
use crate::ingest::{DocumentLookup, IngestError, yaml};
use percent_encoding::percent_decode_str;
use std::collections::{BTreeMap, HashMap};

/// Maximum number of files of one document.
const MAX_FILES: usize = 20_000;
/// Maximum number of references that lead from one to the next.
const MAX_REFERENCES: usize = 64;

/// A line in one of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FilePlace {
    pub file: usize,
    pub line: u32,
}

/// A value in one of the files.
#[derive(Clone, Copy, Debug)]
pub(super) struct Located<'d> {
    pub file: usize,
    pub node: &'d JsonNode,
}

impl<'d> Located<'d> {
    /// Returns the value of a member.
    pub fn get(self, key: &str) -> Option<Self> {
        self.node.get(key).map(|node| Self { node, ..self })
    }

    /// Returns the members with the lines of their keys.
    pub fn entries(self) -> impl Iterator<Item = (&'d str, FilePlace, Self)> {
        self.node.entries().iter().map(move |entry| {
            let place = FilePlace { file: self.file, line: entry.line };
            (entry.key.as_str(), place, Self { file: self.file, node: &entry.node })
        })
    }

    /// Returns the items of a list.
    pub fn items(self) -> impl Iterator<Item = Self> {
        self.node.items().iter().map(move |node| Self { node, ..self })
    }

    /// Returns the text of a member.
    pub fn text(self, key: &str) -> Option<&'d str> {
        self.node.member_text(key)
    }

    /// Returns the line of the value.
    pub fn place(self) -> FilePlace {
        FilePlace { file: self.file, line: self.node.line }
    }

    /// Returns the line of a member's key, or of the value itself if the member is missing.
    pub fn place_of(self, key: &str) -> FilePlace {
        FilePlace { file: self.file, line: self.node.entry(key).map_or(self.node.line, |entry| entry.line) }
    }

    /// Returns a number that is different for each value.
    pub fn identity(self) -> usize {
        std::ptr::from_ref(self.node).addr()
    }
}

/// One file of a document.
struct OpenApiFile<'t> {
    /// Its path relative to the folder of the first file.
    path: String,
    text: FileText<'t>,
    root: JsonNode,
}

enum FileText<'t> {
    Named(&'t SourceText<'t>),
    Referenced(SourceText<'static>),
}

/// A reference to a file that cannot be read.
pub(super) struct UnreadableFile {
    pub place: FilePlace,
    pub path: String,
    pub reason: String,
}

/// All files of a document.
pub(super) struct OpenApiFiles<'t> {
    files: Vec<OpenApiFile<'t>>,
    by_path: HashMap<String, usize>,
}

impl<'t> OpenApiFiles<'t> {
    /// Parses a document and all files that its references name.
    ///
    /// # Errors
    /// Returns an error if the document itself is neither JSON nor YAML.
    pub fn load(
        text: &'t SourceText<'t>,
        documents: &mut dyn DocumentLookup,
    ) -> Result<(Self, Vec<UnreadableFile>), IngestError> {
        let root = parse(&text.text)
            .map_err(|(line, reason)| text.error(line.at(text), reason, "an OpenAPI document is JSON or YAML"))?;
        let path = text.name.clone();
        let mut loaded = Self { by_path: HashMap::from([(path.clone(), 0)]), files: Vec::new() };
        loaded.files.push(OpenApiFile { path, text: FileText::Named(text), root });
        let mut unreadable = Vec::new();
        let mut next = 0;
        while next < loaded.files.len() {
            for (path, line) in loaded.referenced_paths(next) {
                let place = FilePlace { file: next, line };
                if loaded.by_path.contains_key(&path) || loaded.files.len() >= MAX_FILES {
                    continue;
                }
                match load_file(text, &path, documents) {
                    Ok((text, root)) => {
                        loaded.by_path.insert(path.clone(), loaded.files.len());
                        loaded.files.push(OpenApiFile { path, text: FileText::Referenced(text), root });
                    }
                    Err(reason) => unreadable.push(UnreadableFile { place, path, reason }),
                }
            }
            next += 1;
        }
        Ok((loaded, unreadable))
    }

    /// Returns the top-level value of the document.
    pub fn root(&self) -> Located<'_> {
        Located { file: 0, node: &self.files[0].root }
    }

    /// Returns the text of a file.
    pub fn text(&self, file: usize) -> &SourceText<'_> {
        match &self.files[file].text {
            FileText::Named(text) => text,
            FileText::Referenced(text) => text,
        }
    }

    /// Returns the value that a reference in a file names.
    pub fn resolve(&self, from: usize, reference: &str) -> Option<Located<'_>> {
        let (path, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let file = match path {
            "" => from,
            path => *self.by_path.get(&join_path(&self.files[from].path, path))?,
        };
        let mut node = &self.files[file].root;
        for segment in pointer.split('/').skip(1) {
            let segment = percent_decode_str(segment).decode_utf8_lossy().replace("~1", "/").replace("~0", "~");
            node = match &node.value {
                JsonValue::List(items) => items.get(segment.parse::<usize>().ok()?)?,
                _ => node.get(&segment)?,
            };
        }
        let is_pointer = pointer.is_empty() || pointer.starts_with('/');
        is_pointer.then_some(Located { file, node })
    }

    /// Follows a value that is a reference to what it finally names, with the last segment of the reference; a value that
    /// is none, or names nothing, is returned as it is.
    pub fn follow<'d>(&'d self, mut value: Located<'d>) -> (Located<'d>, Option<&'d str>) {
        let mut name = None;
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = value.text("$ref") else { break };
            let Some(target) = self.resolve(value.file, reference) else { break };
            name = reference.rsplit(['/', '#']).next().filter(|name| !name.is_empty());
            value = target;
        }
        (value, name)
    }

    /// Returns true if any of these keys has the value true anywhere.
    pub fn any_true(&self, keys: &[&str]) -> bool {
        let mut open: Vec<&JsonNode> = self.files.iter().map(|file| &file.root).collect();
        while let Some(node) = open.pop() {
            open.extend(node.items());
            for entry in node.entries() {
                if entry.node.value.is_true() && keys.contains(&entry.key.as_str()) {
                    return true;
                }
                open.push(&entry.node);
            }
        }
        false
    }

    /// Returns the files that references of a file name, each once, with the line of the first.
    fn referenced_paths(&self, file: usize) -> BTreeMap<String, u32> {
        let mut found = BTreeMap::new();
        let mut open = vec![&self.files[file].root];
        while let Some(node) = open.pop() {
            open.extend(node.items());
            for entry in node.entries() {
                open.push(&entry.node);
                let reference = entry.node.as_text().filter(|_| entry.key == "$ref");
                let path = reference.map(|reference| reference.split('#').next().unwrap_or_default());
                if let Some(path) = path.filter(|path| !path.is_empty() && !path.contains("://")) {
                    let line = found.entry(join_path(&self.files[file].path, path)).or_insert(entry.line);
                    *line = entry.line.min(*line);
                }
            }
        }
        found
    }
}

fn load_file(
    root: &SourceText<'_>,
    path: &str,
    documents: &mut dyn DocumentLookup,
) -> Result<(SourceText<'static>, JsonNode), String> {
    let Some((name, bytes)) = documents.find_relative(&root.source, path) else {
        return Err("the file is missing".to_owned());
    };
    let mut text = SourceText::new(&name, &bytes).map_err(|error| error.message)?.into_owned();
    path.clone_into(&mut text.name);
    let root = parse(&text.text).map_err(|(place, reason)| format!("line {}: {reason}", place.at(&text)))?;
    Ok((text, root))
}

/// Where a parser stopped.
enum ErrorPlace {
    Offset(usize),
    Line(u32),
}

impl ErrorPlace {
    fn at(&self, text: &SourceText<'_>) -> u32 {
        match self {
            Self::Offset(offset) => text.line_at_offset(*offset),
            Self::Line(line) => *line,
        }
    }
}

/// Parses JSON or YAML.
fn parse(text: &str) -> Result<JsonNode, (ErrorPlace, String)> {
    if text.trim_start().starts_with(['{', '[']) {
        return json::parse(text).map_err(|error| (ErrorPlace::Offset(error.offset), error.reason.to_owned()));
    }
    yaml::parse(text).map_err(|error| (ErrorPlace::Line(error.line), error.reason))
}

/// Returns the path of a file that another one names relative to itself.
fn join_path(from: &str, path: &str) -> String {
    let path = percent_decode_str(path).decode_utf8_lossy();
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_file_that_names_them() {
        for (from, path, joined) in [
            ("api.yaml", "a/b.yaml", "a/b.yaml"),
            ("a/b.yaml", "./c.yaml", "a/c.yaml"),
            ("a/b/c.yaml", "../../d.yaml", "d.yaml"),
            ("a/b.yaml", "../../d.yaml", "../d.yaml"),
            ("a.yaml", "x%20y.yaml", "x y.yaml"),
        ] {
            assert_eq!(join_path(from, path), joined);
        }
    }
}
