//! Reads pages of the boto3 reference, as botocore's documentation writer generates them.
//!
//! It never runs Sphinx: the pages are regular, and their indentation gives the nesting.

use super::Diagnostic;
use super::boto3_syntax::{self, Syntax};
use super::draft::Draft;
use super::prose;
use super::text::Text;
use crate::contract::{Contract, Kind, ShapeId, Standing};
use indexmap::IndexMap;

/// Maximum nesting depth; no real page nests deeper.
const MAX_DEPTH: usize = 120;

/// An entry of a parameter list, with its nested entries.
struct Entry {
    line: u32,
    indent: usize,
    name: Option<String>,
    type_name: String,
    required: bool,
    docs: Vec<(u32, String)>,
    children: Vec<Entry>,
}

/// Reads a page. A page without an operation gives an empty contract and a note.
pub(super) fn read(text: &Text<'_>) -> (Contract, Vec<Diagnostic>) {
    let mut draft = Draft::new("", &text.name, Standing::Documented);
    let lines = text.lines();
    let mut diagnostics = Vec::new();
    let nothing = |why: &str| {
        let note = text.note(1, format!("no operation found: {why}"));
        (Contract::new(""), vec![note])
    };
    let Some(method) = lines.iter().position(|line| line.trim_start().starts_with(".. py:method::")) else {
        return nothing("the page describes an index, a class or an exception");
    };
    let header = lines.first().copied().unwrap_or_default();
    if header.contains(" / Paginator / ")
        || header.contains(" / Waiter / ")
        || lines[..method].iter().any(|line| line.contains(".Paginator.") || line.contains(".Waiter."))
    {
        return nothing("the page describes a paginator or waiter");
    }
    let Some((link_line, service, name)) = lines.iter().enumerate().find_map(|(index, line)| {
        let (_, rest) = line.split_once("docs.aws.amazon.com/goto/WebAPI/")?;
        let (service, rest) = rest.split_once('/')?;
        let name = rest.split(['>', '`', ' ']).next()?;
        (!name.is_empty()).then(|| (index, without_date(service).to_owned(), name.to_owned()))
    }) else {
        return nothing("the method does not call an operation of its own");
    };
    draft.contract.service = service;
    let operation = draft.operation(&name, number(method));
    let section = |title: &str| {
        lines.iter().enumerate().skip(link_line).find(|(_, line)| line.trim() == title).map(|(index, _)| index)
    };
    let examples = section("**Examples**").unwrap_or(lines.len());
    let exceptions = section("**Exceptions**").unwrap_or(examples).min(examples);
    let request_syntax = section("**Request Syntax**");
    let response_syntax = section("**Response Syntax**");
    let response_structure = section("**Response Structure**");
    let find = |from: usize, starts: &[&str]| {
        (from..exceptions).find(|&index| starts.iter().any(|start| lines[index].trim_start().starts_with(start)))
    };
    let from = request_syntax.unwrap_or(link_line);
    let returns = find(from, &[":returns:", ":rtype:"]).unwrap_or(exceptions);
    let params = find(from, &[":type "]).filter(|index| *index < returns).unwrap_or(returns);

    let mut page = Page { text, draft, diagnostics: Vec::new(), depth: 0 };
    let request = request_syntax.and_then(|start| block(text, start, params));
    // The documentation writer omits very large parts. The structure is unknown then, not empty.
    let left_out = |from: usize, to: usize| {
        (from..to.min(lines.len())).find(|&index| lines[index].contains("This section is too large to render"))
    };
    let mut missing = |index: usize, side: &str| {
        diagnostics.push(text.warning(
            number(index),
            format!("the page leaves the {side} of `{name}` out as too large"),
            "add the service's botocore model as a second source",
        ));
    };
    if let Some(index) = left_out(from, returns) {
        missing(index, "input");
    } else {
        let input =
            page.draft.add(&format!("{name}Request"), Kind::Structure { members: IndexMap::new() }, number(method));
        page.draft.contract.operations[operation].input = Some(input.clone());
        let entries = parameters(&lines, params, returns);
        page.members(&input, &entries, request.as_ref(), &name, &mut Vec::new());
    }

    if let Some(index) = left_out(returns, exceptions) {
        missing(index, "output");
    } else if let (Some(start), Some(structure)) = (response_syntax, response_structure) {
        let response = block(text, start, structure);
        let entries = tree(&lines, structure + 1, exceptions);
        let output = page.draft.add(
            &format!("{name}Response"),
            Kind::Structure { members: IndexMap::new() },
            entries.first().map_or(number(structure), |entry| entry.line),
        );
        page.draft.contract.operations[operation].output = Some(output.clone());
        if let Some(root) = entries.first() {
            let mut ancestors = vec![(output.clone(), root)];
            page.members(&output, &root.children, response.as_ref(), &format!("{name}Response"), &mut ancestors);
        }
    }
    for (index, line) in lines.iter().enumerate().take(examples).skip(exceptions) {
        if let Some((_, error)) = line.split_once(".exceptions.") {
            let error = error.trim_end_matches('`').trim();
            if !error.is_empty() {
                page.draft.error(operation, error, None, "", number(index));
            }
        }
    }
    let intro = (method + 1..link_line).map(|index| (number(index), lines[index]));
    page.draft.describe_operation(operation, &prose::sentences(intro));
    diagnostics.extend(page.diagnostics);
    (page.draft.contract, diagnostics)
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// Removes the version date: `connect` for `connect-2017-08-08`.
fn without_date(uid: &str) -> &str {
    match uid.len().checked_sub(11).and_then(|at| uid.split_at_checked(at)) {
        Some((name, date))
            if date.chars().enumerate().all(|(index, c)| match index {
                0 | 5 | 8 => c == '-',
                _ => c.is_ascii_digit(),
            }) =>
        {
            name
        }
        _ => uid,
    }
}

/// Parses the literal block under a title. Returns its syntax, first line and code, which maps offsets to lines.
fn block(text: &Text<'_>, title: usize, end: usize) -> Option<(Syntax, u32, String)> {
    let start = (title + 1..end).find(|&index| text.line(index).trim() == "::")? + 1;
    let code: Vec<&str> = (start..end).map(|index| text.line(index)).collect();
    let code = code.join("\n");
    Some((boto3_syntax::parse(&code)?, number(start), code))
}

/// Reads the top-level parameters: each has a `:type X:` line, a `:param X:` line and nested entries.
fn parameters(lines: &[&str], from: usize, to: usize) -> Vec<Entry> {
    let starts: Vec<usize> = (from..to).filter(|&index| lines[index].trim_start().starts_with(":type ")).collect();
    let mut entries = Vec::new();
    for (position, &start) in starts.iter().enumerate() {
        let end = starts.get(position + 1).copied().unwrap_or(to);
        let line = lines[start];
        let Some((name, type_name)) = line.trim_start().strip_prefix(":type ").and_then(|rest| rest.split_once(": "))
        else {
            continue;
        };
        let param = lines.get(start + 1).copied().unwrap_or_default();
        let mut root = Entry {
            line: number(start),
            indent: line.len() - line.trim_start().len(),
            name: Some(name.to_owned()),
            type_name: type_name.trim().to_owned(),
            required: param.contains("**[REQUIRED]**"),
            docs: Vec::new(),
            children: Vec::new(),
        };
        root.children = tree_under(lines, start + 2, end, &mut root.docs);
        entries.push(root);
    }
    entries
}

fn tree(lines: &[&str], from: usize, to: usize) -> Vec<Entry> {
    tree_under(lines, from, to, &mut Vec::new())
}

/// Builds a tree of the entries in a range of lines by their indentation. Text before the first entry goes to `docs`.
fn tree_under(lines: &[&str], from: usize, to: usize, docs: &mut Vec<(u32, String)>) -> Vec<Entry> {
    let mut open: Vec<Entry> = Vec::new();
    let mut roots = Vec::new();
    let close = |open: &mut Vec<Entry>, roots: &mut Vec<Entry>| {
        if let Some(done) = open.pop() {
            match open.last_mut() {
                Some(parent) => parent.children.push(done),
                None => roots.push(done),
            }
        }
    };
    for index in from..to {
        let Some(line) = lines.get(index) else { break };
        if let Some(entry) = entry(line, number(index)) {
            while open.last().is_some_and(|last| last.indent >= entry.indent) {
                close(&mut open, &mut roots);
            }
            // Deeper than any real page: further entries go to the last allowed level.
            if open.len() >= MAX_DEPTH {
                close(&mut open, &mut roots);
            }
            open.push(entry);
        } else {
            let docs = open.last_mut().map_or(&mut *docs, |entry| &mut entry.docs);
            docs.push((number(index), line.trim().to_owned()));
        }
    }
    while !open.is_empty() {
        close(&mut open, &mut roots);
    }
    roots
}

/// Parses an entry such as `- **Type** *(string) --* **[REQUIRED]**`.
fn entry(line: &str, number: u32) -> Option<Entry> {
    let trimmed = line.trim_start();
    let rest = trimmed.strip_prefix("- ")?;
    let (name, rest) = match rest.strip_prefix("**") {
        Some(rest) => {
            let (name, rest) = rest.split_once("**")?;
            (Some(name.to_owned()), rest.trim_start())
        }
        None => (None, rest),
    };
    let rest = rest.strip_prefix('*').unwrap_or(rest).strip_prefix('(')?;
    let (type_name, rest) = rest.split_once(") --")?;
    Some(Entry {
        line: number,
        indent: line.len() - trimmed.len(),
        name,
        type_name: type_name.to_owned(),
        required: rest.contains("**[REQUIRED]**"),
        docs: Vec::new(),
        children: Vec::new(),
    })
}

type Block = (Syntax, u32, String);
type Ancestors<'e> = Vec<(ShapeId, &'e Entry)>;

struct Page<'t> {
    text: &'t Text<'t>,
    draft: Draft,
    diagnostics: Vec<Diagnostic>,
    depth: usize,
}

impl Page<'_> {
    fn members<'e>(
        &mut self,
        owner: &ShapeId,
        entries: &'e [Entry],
        block: Option<&Block>,
        prefix: &str,
        ancestors: &mut Ancestors<'e>,
    ) {
        let syntax = block.map(|block| &block.0);
        self.members_of(owner, entries, syntax, block, prefix, ancestors);
    }

    fn members_of<'e>(
        &mut self,
        owner: &ShapeId,
        entries: &'e [Entry],
        syntax: Option<&Syntax>,
        block: Option<&Block>,
        prefix: &str,
        ancestors: &mut Ancestors<'e>,
    ) {
        for entry in entries {
            let Some(name) = &entry.name else {
                let hint = "regenerate the page, or report it as a bug in overstep";
                self.diagnostics.push(self.text.warning(entry.line, "entry without a name in a structure", hint));
                continue;
            };
            let syntax = syntax.and_then(|syntax| syntax.member(name));
            let shape = self.shape(entry, syntax, block, &format!("{prefix}{}", capitalised(name)), ancestors);
            self.draft.member(owner, name, &shape, entry.line);
            if entry.required {
                self.draft.state(owner, &format!("members/{name}/required"), true, entry.line);
            }
            self.draft.describe(&shape, None, &sentences(entry));
        }
    }

    fn shape<'e>(
        &mut self,
        entry: &'e Entry,
        syntax: Option<&Syntax>,
        block: Option<&Block>,
        name: &str,
        ancestors: &mut Ancestors<'e>,
    ) -> ShapeId {
        if self.depth >= MAX_DEPTH {
            return self.draft.add(name, Kind::Document, entry.line);
        }
        let is_open = matches!(entry.type_name.as_str(), "dict" | "list");
        if is_open && entry.children.is_empty() && syntax == Some(&Syntax::Recursive) {
            if let Some(id) = self.ancestor(entry, ancestors) {
                return id;
            }
            self.diagnostics.push(self.text.warning(
                entry.line,
                "recursive value without an enclosing shape that it could refer to",
                "treated as any value",
            ));
            return self.draft.add(name, Kind::Document, entry.line);
        }
        self.depth += 1;
        let id = self.grown(entry, syntax, block, name, ancestors);
        self.depth -= 1;
        id
    }

    fn grown<'e>(
        &mut self,
        entry: &'e Entry,
        syntax: Option<&Syntax>,
        block: Option<&Block>,
        name: &str,
        ancestors: &mut Ancestors<'e>,
    ) -> ShapeId {
        let kind = match entry.type_name.as_str() {
            "dict" => return self.dictionary(entry, syntax, block, name, ancestors),
            "list" => {
                let id = self.draft.add(name, Kind::Document, entry.line);
                let Some(item) = entry.children.first() else {
                    self.diagnostics.push(self.text.warning(
                        entry.line,
                        "list without an item type",
                        "treated as a list of any values",
                    ));
                    let member = self.draft.add(&format!("{name}Item"), Kind::Document, entry.line);
                    self.draft.contract.shapes.shift_remove(&id);
                    self.draft.insert(id.clone(), Kind::List { member }, entry.line);
                    return id;
                };
                ancestors.push((id.clone(), entry));
                let syntax = match syntax {
                    Some(Syntax::Item(item)) => Some(item.as_ref()),
                    _ => None,
                };
                let member = self.shape(item, syntax, block, &format!("{name}Item"), ancestors);
                ancestors.pop();
                self.draft.insert(id.clone(), Kind::List { member: member.clone() }, entry.line);
                self.draft.describe(&member, Some(&id), &sentences(item));
                return id;
            }
            "string" | "character" | "str" | "str or dict" => Kind::String,
            "integer" | "long" => Kind::Integer,
            "float" | "double" => Kind::Float,
            "boolean" => Kind::Boolean,
            "bytes" | "blob" => Kind::Blob,
            "datetime" | "timestamp" => Kind::Timestamp,
            "JSON serializable" => Kind::String,
            other if other.contains("StreamingBody") || other.contains("file-like") || other.contains("bytes") => {
                Kind::Blob
            }
            other if other.contains("document") => Kind::Document,
            other if other.contains("EventStream") => {
                return self.dictionary(entry, syntax, block, name, ancestors);
            }
            other if other.starts_with("Literal[") => {
                let values: Vec<String> = other[8..]
                    .trim_end_matches(']')
                    .split(',')
                    .map(|value| value.trim().trim_matches(['\'', '"']).to_owned())
                    .collect();
                let id = self.draft.add(name, Kind::String, entry.line);
                self.draft.state(&id, "enum", values, entry.line);
                return id;
            }
            other => {
                let message = format!("unknown type `{}`", other.chars().take(60).collect::<String>());
                self.diagnostics.push(self.text.warning(entry.line, message, "treated as any value"));
                Kind::Document
            }
        };
        let is_text = kind == Kind::String;
        let values = match syntax {
            Some(Syntax::Texts(texts, offset)) if is_text && (texts.len() > 1 || texts[0] != "string") => {
                Some((texts.clone(), *offset))
            }
            _ => None,
        };
        match values {
            Some((values, offset)) => {
                let line = block.map_or(entry.line, |(_, start, code)| {
                    let before = code.get(..offset).unwrap_or_default().matches('\n').count();
                    start.saturating_add(u32::try_from(before).unwrap_or(0))
                });
                let id = self.draft.add(name, Kind::Enum { values: values.clone() }, entry.line);
                self.draft.state(&id, "enum", values, line);
                id
            }
            None => self.draft.add(name, kind, entry.line),
        }
    }

    fn dictionary<'e>(
        &mut self,
        entry: &'e Entry,
        syntax: Option<&Syntax>,
        block: Option<&Block>,
        name: &str,
        ancestors: &mut Ancestors<'e>,
    ) -> ShapeId {
        let id = self.draft.add(name, Kind::Document, entry.line);
        ancestors.push((id.clone(), entry));
        match entry.children.first() {
            Some(key) if key.name.is_none() => {
                let key_shape = self.shape(key, None, block, &format!("{name}Key"), ancestors);
                let value_shape = match key.children.first() {
                    Some(value) => {
                        let syntax = syntax.and_then(Syntax::only);
                        self.shape(value, syntax, block, &format!("{name}Value"), ancestors)
                    }
                    None => {
                        let message = "map without a value type";
                        self.diagnostics.push(self.text.warning(key.line, message, "treated as a map of any values"));
                        self.draft.add(&format!("{name}Value"), Kind::Document, key.line)
                    }
                };
                let kind = Kind::Map { key: key_shape.clone(), value: value_shape.clone() };
                self.draft.insert(id.clone(), kind, entry.line);
                self.draft.describe(&key_shape, None, &sentences(key));
                if let Some(value) = key.children.first() {
                    self.draft.describe(&value_shape, Some(&id), &sentences(value));
                }
            }
            _ => {
                let union = entry.docs.iter().any(|(_, text)| text.contains("This is a Tagged Union structure."));
                let members = IndexMap::new();
                let kind = if union { Kind::Union { members } } else { Kind::Structure { members } };
                self.draft.insert(id.clone(), kind, entry.line);
                self.members_of(&id, &entry.children, syntax, block, name, ancestors);
            }
        }
        ancestors.pop();
        id
    }

    /// Returns the enclosing shape that a recursive `entry` refers to. Among those of its type, it is the one with the
    /// same description, else the same name, else a name that is the end of `entry`'s name, else the nearest
    /// structure, else the nearest.
    fn ancestor(&self, entry: &Entry, ancestors: &Ancestors<'_>) -> Option<ShapeId> {
        let words = words(entry);
        let same_type = || ancestors.iter().rev().filter(|(_, above)| above.type_name == entry.type_name);
        let is_structure = |above: &Entry| above.children.first().is_none_or(|child| child.name.is_some());
        same_type()
            .find(|(_, above)| !words.is_empty() && self::words(above) == words)
            .or_else(|| same_type().find(|(_, above)| entry.name.is_some() && above.name == entry.name))
            .or_else(|| {
                // `subSlots` inside `slots`.
                same_type().find(|(_, above)| match (&entry.name, &above.name) {
                    (Some(name), Some(above)) => name.to_lowercase().ends_with(&above.to_lowercase()),
                    _ => false,
                })
            })
            .or_else(|| same_type().find(|(_, above)| is_structure(above)))
            .or_else(|| same_type().next())
            .map(|(id, _)| id.clone())
    }
}

fn words(entry: &Entry) -> String {
    let mut all = String::new();
    for (_, text) in entry.docs.iter().filter(|(_, text)| !text.is_empty()) {
        all.push_str(text);
        all.push(' ');
    }
    all
}

fn sentences(entry: &Entry) -> Vec<prose::Sentence> {
    prose::sentences(entry.docs.iter().map(|(line, text)| (*line, text.as_str())))
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
