//! The project's sources as syntax trees: which items each file names, and which files define them.
//!
//! It judges nothing; the rules are in the parent module.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree};

/// A source file below `src`.
pub struct SourceFile {
    /// The path below `src`, with `/` as separator.
    pub path: String,
    pub text: String,
    /// The module that the file defines, such as `["generate", "plan"]`; empty for the crate's root.
    pub module: Vec<String>,
    pub syntax: syn::File,
}

/// An item of the crate that a file names outside its tests.
pub struct Reference {
    pub line: usize,
    /// The path from the crate's root, such as `["contract", "Shape"]`.
    pub path: Vec<String>,
}

impl SourceFile {
    /// Parses a source file.
    ///
    /// # Panics
    /// Panics if the text is not Rust.
    pub fn parse(path: &str, text: &str) -> Self {
        let without_ending = path.strip_suffix(".rs").unwrap_or(path);
        let mut module: Vec<String> = without_ending.split('/').map(str::to_owned).collect();
        if module.last().is_some_and(|last| last == "mod" || last == "lib" || last == "main") {
            let is_root = module.pop().is_some_and(|last| last != "mod");
            debug_assert!(!is_root || module.is_empty(), "the crate's roots are directly in src");
        }
        let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("src/{path}: {error}"));
        Self { path: path.to_owned(), text: text.to_owned(), module, syntax }
    }

    /// Returns the first segment of the module: the architecture's module that the file belongs to.
    pub fn top_module(&self) -> &str {
        self.module.first().map_or_else(|| self.path.strip_suffix(".rs").unwrap_or(&self.path), String::as_str)
    }

    pub fn is_mod_file(&self) -> bool {
        self.path.ends_with("/mod.rs")
    }

    /// Returns every item of the crate that the file names outside its tests. `children` are the names of the
    /// modules directly below this file's module.
    pub fn references(&self, children: &[String]) -> Vec<Reference> {
        let mut collector = Collector { module: self.module.clone(), children, found: Vec::new() };
        collector.visit_file(&self.syntax);
        collector.found
    }

    /// Returns the names that a `pub use` of this file makes available, with the paths behind them.
    pub fn reexports(&self, children: &[String]) -> Vec<(String, Vec<String>)> {
        let mut names = Vec::new();
        for item in &self.syntax.items {
            let Item::Use(item) = item else { continue };
            if matches!(item.vis, syn::Visibility::Inherited) {
                continue;
            }
            for (path, name) in flatten(&item.tree) {
                if let Some(absolute) = resolve(&path, &self.module, children) {
                    names.push((name, absolute));
                }
            }
        }
        names
    }
}

/// Reads all files below `src`, in the order of their paths.
pub fn read_sources() -> Vec<SourceFile> {
    fn walk(folder: &Path, root: &Path, found: &mut Vec<SourceFile>) {
        let entries = std::fs::read_dir(folder).expect("src is readable");
        let mut entries: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, root, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("sources are text");
                let path = path.strip_prefix(root).expect("below src").to_string_lossy().replace('\\', "/");
                found.push(SourceFile::parse(&path, &text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    assert!(found.len() > 40, "the sources were not found");
    found
}

/// Returns the names of the modules directly below each module.
pub fn child_modules(sources: &[SourceFile]) -> HashMap<Vec<String>, Vec<String>> {
    let mut children: HashMap<Vec<String>, Vec<String>> = HashMap::new();
    for source in sources {
        if let Some((name, parent)) = source.module.split_last() {
            children.entry(parent.to_vec()).or_default().push(name.clone());
        }
    }
    children
}

/// Returns the paths of a `use` tree, each with the name that it brings into scope.
fn flatten(tree: &UseTree) -> Vec<(Vec<String>, String)> {
    fn walk(tree: &UseTree, prefix: &[String], found: &mut Vec<(Vec<String>, String)>) {
        let with = |name: &dyn ToString| [prefix, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => walk(&path.tree, &with(&path.ident), found),
            UseTree::Group(group) => group.items.iter().for_each(|tree| walk(tree, prefix, found)),
            UseTree::Glob(_) => found.push((prefix.to_vec(), "*".to_owned())),
            UseTree::Name(name) if name.ident == "self" => {
                found.push((prefix.to_vec(), prefix.last().cloned().unwrap_or_default()));
            }
            UseTree::Name(name) => found.push((with(&name.ident), name.ident.to_string())),
            UseTree::Rename(rename) => found.push((with(&rename.ident), rename.rename.to_string())),
        }
    }
    let mut found = Vec::new();
    walk(tree, &[], &mut found);
    found
}

/// Returns the path from the crate's root, or `None` if the path leads out of the crate or names nothing of it.
fn resolve(path: &[String], module: &[String], children: &[String]) -> Option<Vec<String>> {
    let first = path.first()?;
    match first.as_str() {
        "crate" | "overstep" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        "super" => {
            let up = path.iter().take_while(|segment| *segment == "super").count();
            let parent = module.get(..module.len().checked_sub(up)?)?;
            Some([parent, &path[up..]].concat())
        }
        _ if path.len() > 1 && children.contains(first) => Some([module, path].concat()),
        _ => None,
    }
}

/// Collects the items that a file names, with the inline module that each stands in.
struct Collector<'c> {
    module: Vec<String>,
    children: &'c [String],
    found: Vec<Reference>,
}

impl Collector<'_> {
    fn add(&mut self, path: &[String], line: usize) {
        if let Some(path) = resolve(path, &self.module, self.children) {
            self.found.push(Reference { line, path });
        }
    }

    /// Adds the paths in a macro's arguments, which are no syntax tree.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut line, mut colons) = (Vec::<String>::new(), 0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 || path.is_empty() {
                        self.add(&path, line);
                        path.clear();
                        line = name.span().start().line;
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.add(&path, line);
                    path.clear();
                    self.add_tokens(group.stream());
                }
                _ => {
                    self.add(&path, line);
                    path.clear();
                    colons = 0;
                }
            }
        }
        self.add(&path, line);
    }
}

/// Returns true if an item is compiled for tests only.
fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test_only(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.content.is_some() {
            self.module.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let line = item.use_token.span.start().line;
        for (path, _) in flatten(&item.tree) {
            self.add(&path, line);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let line = path.segments.first().map_or(0, |segment| segment.ident.span().start().line);
        if names.len() > 1 {
            self.add(&names, line);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.add_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}
