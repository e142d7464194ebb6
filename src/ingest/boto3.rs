//! Reads pages of the boto3 reference, as botocore's documentation writer generates them.
//!
//! It never runs Sphinx: the pages are regular, and their indentation gives the nesting.

use super::IngestDiagnostic;
use super::boto3_outline::SyntaxOutline;
use super::boto3_syntax::{self, Boto3Syntax};
use super::contract_builder::ContractBuilder;
use super::described_limits::DescribedMember;
use super::sentences;
use super::source_text::SourceText;
use crate::contract::{Contract, FactField, FactOrigin, ShapeId, ShapeKind};
use indexmap::IndexMap;

/// Maximum nesting depth; no real page nests deeper.
const MAX_DEPTH: usize = 120;

/// An entry of a parameter list, with its nested entries.
struct ParameterEntry {
    line: u32,
    indent: usize,
    name: Option<String>,
    type_name: String,
    required: bool,
    docs: Vec<(u32, String)>,
    children: Vec<ParameterEntry>,
}

/// Reads a page. A page without an operation gives an empty contract and a note.
pub(super) fn read(text: &SourceText<'_>) -> (Contract, Vec<IngestDiagnostic>) {
    let mut builder = ContractBuilder::new("", &text.name, FactOrigin::Documented);
    let lines = text.lines();
    let no_operation = |why: &str| {
        let note = text.note(1, format!("no operation found: {why}"));
        (Contract::new(""), vec![note])
    };
    let Some(method) = lines.iter().position(|line| line.trim_start().starts_with(".. py:method::")) else {
        return no_operation("the page describes an index, a class or an exception");
    };
    if is_paginator_or_waiter(&lines[..=method]) {
        return no_operation("the page describes a paginator or waiter");
    }
    let Some((link_line, service, name)) = find_operation_link(&lines) else {
        return no_operation("the method does not call an operation of its own");
    };
    builder.contract.service = service;
    let operation = builder.add_operation(&name, line_number(method));
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

    let mut page = Boto3Page { text, builder, diagnostics: Vec::new(), depth: 0 };
    let request = request_syntax.and_then(|start| parse_block(text, start, params));
    // The documentation writer omits very large parts.
    let find_omission = |from: usize, to: usize| {
        (from..to.min(lines.len())).find(|&index| lines[index].contains("This section is too large to render"))
    };
    if let Some(index) = find_omission(from, returns) {
        let input = page.add_outline(&format!("{name}Request"), &name, request.as_ref());
        page.warn_omitted(index, &format!("the input of `{name}`"), input.is_some());
        page.builder.contract.operations[operation].input = input;
    } else {
        let input = page.builder.add_shape(
            &format!("{name}Request"),
            ShapeKind::Structure { members: IndexMap::new() },
            line_number(method),
        );
        page.builder.contract.operations[operation].input = Some(input.clone());
        let entries = parse_parameters(&lines, params, returns);
        page.add_members(&input, &entries, request.as_ref(), &name, &mut Vec::new());
    }

    if let Some(index) = find_omission(returns, exceptions) {
        let response = response_syntax.and_then(|start| parse_block(text, start, index));
        let response_name = format!("{name}Response");
        let output = page.add_outline(&response_name, &response_name, response.as_ref());
        page.warn_omitted(index, &format!("the output of `{name}`"), output.is_some());
        page.builder.contract.operations[operation].output = output;
    } else if let (Some(start), Some(structure)) = (response_syntax, response_structure) {
        page.add_output(&lines, operation, &name, start, structure..exceptions);
    }
    page.add_exceptions(&lines, operation, exceptions..examples);
    let intro = (method + 1..link_line).map(|index| (line_number(index), lines[index]));
    page.builder.apply_relations();
    page.builder.apply_operation_sentences(operation, &sentences::split_sentences(intro));
    (page.builder.contract, page.diagnostics)
}

fn is_paginator_or_waiter(lines: &[&str]) -> bool {
    let header = lines.first().copied().unwrap_or_default();
    header.contains(" / Paginator / ")
        || header.contains(" / Waiter / ")
        || lines[..lines.len() - 1].iter().any(|line| line.contains(".Paginator.") || line.contains(".Waiter."))
}

/// Returns the line with the link to the operation, and the names of service and operation in it.
fn find_operation_link(lines: &[&str]) -> Option<(usize, String, String)> {
    lines.iter().enumerate().find_map(|(index, line)| {
        let (_, rest) = line.split_once("docs.aws.amazon.com/goto/WebAPI/")?;
        let (service, rest) = rest.split_once('/')?;
        let name = rest.split(['>', '`', ' ']).next()?;
        (!name.is_empty()).then(|| (index, strip_version_date(service).to_owned(), name.to_owned()))
    })
}

fn line_number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// Removes the version date: `connect` for `connect-2017-08-08`.
fn strip_version_date(uid: &str) -> &str {
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
fn parse_block(text: &SourceText<'_>, title: usize, end: usize) -> Option<(Boto3Syntax, u32, String)> {
    let start = (title + 1..end).find(|&index| text.line(index).trim() == "::")? + 1;
    let code: Vec<&str> = (start..end).map(|index| text.line(index)).collect();
    let code = code.join("\n");
    Some((boto3_syntax::parse(&code)?, line_number(start), code))
}

/// Reads the top-level parameters: each has a `:type X:` line, a `:param X:` line and nested entries.
fn parse_parameters(lines: &[&str], from: usize, to: usize) -> Vec<ParameterEntry> {
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
        let mut root = ParameterEntry {
            line: line_number(start),
            indent: line.len() - line.trim_start().len(),
            name: Some(name.to_owned()),
            type_name: type_name.trim().to_owned(),
            required: param.contains("**[REQUIRED]**"),
            docs: Vec::new(),
            children: Vec::new(),
        };
        root.children = parse_tree_with_docs(lines, start + 2, end, &mut root.docs);
        entries.push(root);
    }
    entries
}

fn parse_tree(lines: &[&str], from: usize, to: usize) -> Vec<ParameterEntry> {
    parse_tree_with_docs(lines, from, to, &mut Vec::new())
}

/// Builds a tree of the entries in a range of lines by their indentation. Text before the first entry goes to `docs`.
fn parse_tree_with_docs(lines: &[&str], from: usize, to: usize, docs: &mut Vec<(u32, String)>) -> Vec<ParameterEntry> {
    let mut open: Vec<ParameterEntry> = Vec::new();
    let mut roots = Vec::new();
    let close = |open: &mut Vec<ParameterEntry>, roots: &mut Vec<ParameterEntry>| {
        if let Some(done) = open.pop() {
            match open.last_mut() {
                Some(parent) => parent.children.push(done),
                None => roots.push(done),
            }
        }
    };
    for index in from..to {
        let Some(line) = lines.get(index) else { break };
        if let Some(entry) = parse_entry(line, line_number(index)) {
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
            docs.push((line_number(index), line.trim().to_owned()));
        }
    }
    while !open.is_empty() {
        close(&mut open, &mut roots);
    }
    roots
}

/// Parses an entry such as `- **Type** *(string) --* **[REQUIRED]**`.
fn parse_entry(line: &str, number: u32) -> Option<ParameterEntry> {
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
    Some(ParameterEntry {
        line: number,
        indent: line.len() - trimmed.len(),
        name,
        type_name: type_name.to_owned(),
        required: rest.contains("**[REQUIRED]**"),
        docs: Vec::new(),
        children: Vec::new(),
    })
}

type LocatedSyntax = (Boto3Syntax, u32, String);
type EnclosingShapes<'e> = Vec<(ShapeId, &'e ParameterEntry)>;

struct Boto3Page<'t> {
    text: &'t SourceText<'t>,
    builder: ContractBuilder,
    diagnostics: Vec<IngestDiagnostic>,
    depth: usize,
}

impl Boto3Page<'_> {
    fn add_members<'e>(
        &mut self,
        owner: &ShapeId,
        entries: &'e [ParameterEntry],
        block: Option<&LocatedSyntax>,
        prefix: &str,
        ancestors: &mut EnclosingShapes<'e>,
    ) {
        let syntax = block.map(|block| &block.0);
        self.add_members_with_syntax(owner, entries, syntax, block, prefix, ancestors);
    }

    fn add_members_with_syntax<'e>(
        &mut self,
        owner: &ShapeId,
        entries: &'e [ParameterEntry],
        syntax: Option<&Boto3Syntax>,
        block: Option<&LocatedSyntax>,
        prefix: &str,
        ancestors: &mut EnclosingShapes<'e>,
    ) {
        for entry in entries {
            let Some(name) = &entry.name else {
                let hint = "regenerate the page, or report it as a bug in overstep";
                self.diagnostics.push(self.text.warning(entry.line, "entry without a name in a structure", hint));
                continue;
            };
            let syntax = syntax.and_then(|syntax| syntax.member(name));
            let shape = self.add_shape(entry, syntax, block, &format!("{prefix}{}", capitalize(name)), ancestors);
            self.builder.add_member(owner, name, &shape, entry.line);
            if entry.required {
                self.builder.record_shape_fact(owner, FactField::MemberRequired(name.to_string()), true, entry.line);
            }
            let described = Some(DescribedMember { owner, name });
            self.builder.apply_sentences(&shape, None, described, &entry_sentences(entry));
        }
    }

    fn add_shape<'e>(
        &mut self,
        entry: &'e ParameterEntry,
        syntax: Option<&Boto3Syntax>,
        block: Option<&LocatedSyntax>,
        name: &str,
        ancestors: &mut EnclosingShapes<'e>,
    ) -> ShapeId {
        if self.depth >= MAX_DEPTH {
            return self.builder.add_shape(name, ShapeKind::Document, entry.line);
        }
        let is_open = matches!(entry.type_name.as_str(), "dict" | "list");
        if is_open && entry.children.is_empty() && syntax == Some(&Boto3Syntax::Recursive) {
            if let Some(id) = self.find_recursion_target(entry, ancestors) {
                return id;
            }
            self.diagnostics.push(self.text.warning(
                entry.line,
                "recursive value without an enclosing shape that it could refer to",
                "treated as any value",
            ));
            return self.builder.add_shape(name, ShapeKind::Document, entry.line);
        }
        self.depth += 1;
        let id = self.add_new_shape(entry, syntax, block, name, ancestors);
        self.depth -= 1;
        id
    }

    /// Adds a side whose description the page leaves out. Returns `None` if its syntax block is missing or empty.
    fn add_outline(&mut self, name: &str, prefix: &str, block: Option<&LocatedSyntax>) -> Option<ShapeId> {
        let Some((Boto3Syntax::Members(members), first_line, code)) = block else { return None };
        if members.is_empty() {
            return None;
        }
        let id = self.builder.add_shape(name, ShapeKind::Structure { members: IndexMap::new() }, *first_line);
        SyntaxOutline::new(*first_line, code).add_members(&mut self.builder, &id, members, prefix);
        Some(id)
    }

    fn warn_omitted(&mut self, index: usize, side: &str, has_outline: bool) {
        let message = match has_outline {
            true => {
                format!("the page leaves the description of {side} out as too large: only names and types are read")
            }
            false => format!("the page leaves {side} out as too large"),
        };
        let hint = "add the service's botocore model as a second source";
        self.diagnostics.push(self.text.warning(line_number(index), message, hint));
    }

    /// Adds the output. Its syntax begins at line `start`, and the description of its members is in `structure`.
    fn add_output(
        &mut self,
        lines: &[&str],
        operation: usize,
        name: &str,
        start: usize,
        structure: std::ops::Range<usize>,
    ) {
        let response = parse_block(self.text, start, structure.start);
        let entries = parse_tree(lines, structure.start + 1, structure.end);
        let output = self.builder.add_shape(
            &format!("{name}Response"),
            ShapeKind::Structure { members: IndexMap::new() },
            entries.first().map_or(line_number(structure.start), |entry| entry.line),
        );
        self.builder.contract.operations[operation].output = Some(output.clone());
        if let Some(root) = entries.first() {
            let mut ancestors = vec![(output.clone(), root)];
            self.add_members(&output, &root.children, response.as_ref(), &format!("{name}Response"), &mut ancestors);
        }
    }

    /// Adds the exceptions that these lines name as errors of the operation.
    fn add_exceptions(&mut self, lines: &[&str], operation: usize, range: std::ops::Range<usize>) {
        for (index, line) in lines.iter().enumerate().take(range.end).skip(range.start) {
            if let Some((_, error)) = line.split_once(".exceptions.") {
                let error = error.trim_end_matches('`').trim();
                if !error.is_empty() {
                    self.builder.add_error(operation, error, None, "", line_number(index));
                }
            }
        }
    }

    fn add_list<'e>(
        &mut self,
        entry: &'e ParameterEntry,
        syntax: Option<&Boto3Syntax>,
        block: Option<&LocatedSyntax>,
        name: &str,
        ancestors: &mut EnclosingShapes<'e>,
    ) -> ShapeId {
        let id = self.builder.add_shape(name, ShapeKind::Document, entry.line);
        let Some(item) = entry.children.first() else {
            self.diagnostics.push(self.text.warning(
                entry.line,
                "list without an item type",
                "treated as a list of any values",
            ));
            let member = self.builder.add_shape(&format!("{name}Item"), ShapeKind::Document, entry.line);
            self.builder.contract.shapes.shift_remove(&id);
            self.builder.insert_shape(id.clone(), ShapeKind::List { member }, entry.line);
            return id;
        };
        ancestors.push((id.clone(), entry));
        let syntax = match syntax {
            Some(Boto3Syntax::Item(item)) => Some(item.as_ref()),
            _ => None,
        };
        let member = self.add_shape(item, syntax, block, &format!("{name}Item"), ancestors);
        ancestors.pop();
        self.builder.insert_shape(id.clone(), ShapeKind::List { member: member.clone() }, entry.line);
        self.builder.apply_sentences(&member, Some(&id), None, &entry_sentences(item));
        id
    }

    fn add_new_shape<'e>(
        &mut self,
        entry: &'e ParameterEntry,
        syntax: Option<&Boto3Syntax>,
        block: Option<&LocatedSyntax>,
        name: &str,
        ancestors: &mut EnclosingShapes<'e>,
    ) -> ShapeId {
        let kind = match entry.type_name.as_str() {
            "dict" => return self.add_dictionary(entry, syntax, block, name, ancestors),
            "list" => return self.add_list(entry, syntax, block, name, ancestors),
            "string" | "character" | "str" | "str or dict" => ShapeKind::String,
            "integer" | "long" => ShapeKind::Integer,
            "float" | "double" => ShapeKind::Float,
            "boolean" => ShapeKind::Boolean,
            "bytes" | "blob" => ShapeKind::Blob,
            "datetime" | "timestamp" => ShapeKind::Timestamp,
            "JSON serializable" => ShapeKind::String,
            other if other.contains("StreamingBody") || other.contains("file-like") || other.contains("bytes") => {
                ShapeKind::Blob
            }
            other if other.contains("document") => ShapeKind::Document,
            other if other.contains("EventStream") => {
                return self.add_dictionary(entry, syntax, block, name, ancestors);
            }
            other if other.starts_with("Literal[") => {
                let values: Vec<String> = other[8..]
                    .trim_end_matches(']')
                    .split(',')
                    .map(|value| value.trim().trim_matches(['\'', '"']).to_owned())
                    .collect();
                let id = self.builder.add_shape(name, ShapeKind::String, entry.line);
                self.builder.record_shape_fact(&id, FactField::Enum, values, entry.line);
                return id;
            }
            other => {
                let message = format!("unknown type `{}`", other.chars().take(60).collect::<String>());
                self.diagnostics.push(self.text.warning(entry.line, message, "treated as any value"));
                ShapeKind::Document
            }
        };
        let is_text = kind == ShapeKind::String;
        let values = match syntax {
            Some(Boto3Syntax::Texts(texts, offset)) if is_text && (texts.len() > 1 || texts[0] != "string") => {
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
                let id = self.builder.add_shape(name, ShapeKind::Enum { values: values.clone() }, entry.line);
                self.builder.record_shape_fact(&id, FactField::Enum, values, line);
                id
            }
            None => self.builder.add_shape(name, kind, entry.line),
        }
    }

    fn add_dictionary<'e>(
        &mut self,
        entry: &'e ParameterEntry,
        syntax: Option<&Boto3Syntax>,
        block: Option<&LocatedSyntax>,
        name: &str,
        ancestors: &mut EnclosingShapes<'e>,
    ) -> ShapeId {
        let id = self.builder.add_shape(name, ShapeKind::Document, entry.line);
        ancestors.push((id.clone(), entry));
        match entry.children.first() {
            Some(key) if key.name.is_none() => {
                let key_shape = self.add_shape(key, None, block, &format!("{name}Key"), ancestors);
                let value_shape = match key.children.first() {
                    Some(value) => {
                        let syntax = syntax.and_then(Boto3Syntax::map_value);
                        self.add_shape(value, syntax, block, &format!("{name}Value"), ancestors)
                    }
                    None => {
                        let message = "map without a value type";
                        self.diagnostics.push(self.text.warning(key.line, message, "treated as a map of any values"));
                        self.builder.add_shape(&format!("{name}Value"), ShapeKind::Document, key.line)
                    }
                };
                let kind = ShapeKind::Map { key: key_shape.clone(), value: value_shape.clone() };
                self.builder.insert_shape(id.clone(), kind, entry.line);
                self.builder.apply_sentences(&key_shape, None, None, &entry_sentences(key));
                if let Some(value) = key.children.first() {
                    self.builder.apply_sentences(&value_shape, Some(&id), None, &entry_sentences(value));
                }
            }
            _ => {
                let union = entry.docs.iter().any(|(_, text)| text.contains("This is a Tagged Union structure."));
                let members = IndexMap::new();
                let kind = if union { ShapeKind::Union { members } } else { ShapeKind::Structure { members } };
                self.builder.insert_shape(id.clone(), kind, entry.line);
                self.add_members_with_syntax(&id, &entry.children, syntax, block, name, ancestors);
            }
        }
        ancestors.pop();
        id
    }

    /// Returns the enclosing shape that a recursive `entry` refers to. Among those of its type, it is the one with the
    /// same description, else the same name, else a name that is the end of `entry`'s name, else the nearest
    /// structure, else the nearest.
    fn find_recursion_target(&self, entry: &ParameterEntry, ancestors: &EnclosingShapes<'_>) -> Option<ShapeId> {
        let words = description_text(entry);
        let same_type = || ancestors.iter().rev().filter(|(_, above)| above.type_name == entry.type_name);
        let is_structure = |above: &ParameterEntry| above.children.first().is_none_or(|child| child.name.is_some());
        same_type()
            .find(|(_, above)| !words.is_empty() && self::description_text(above) == words)
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

fn description_text(entry: &ParameterEntry) -> String {
    let mut all = String::new();
    for (_, text) in entry.docs.iter().filter(|(_, text)| !text.is_empty()) {
        all.push_str(text);
        all.push(' ');
    }
    all
}

fn entry_sentences(entry: &ParameterEntry) -> Vec<sentences::Sentence> {
    sentences::split_sentences(entry.docs.iter().map(|(line, text)| (*line, text.as_str())))
}

fn capitalize(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
