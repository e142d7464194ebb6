//! Reads Mintlify pages (MDX): fields, samples, headers and the error table.
//!
//! It never takes a field from the page's text if a component states it.

use super::draft::Draft;
use super::mdx_tree::{self, Element, Item};
use super::text::Text;
use super::{Diagnostic, prose, route, samples, tables};
use crate::contract::{Auth, Contract, Kind, Location, Protocol, ShapeId, Standing};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Returns true if a text contains Mintlify components.
pub(super) fn is_page(text: &str) -> bool {
    ["<ParamField", "<ResponseField", "<CodeGroup", "<RequestExample", "<ResponseExample"]
        .iter()
        .any(|component| text.contains(component))
}

/// Returns true if a text may be a page without such components: it has frontmatter, or a title and a section.
pub(super) fn could_be_page(text: &str) -> bool {
    text.trim_start().starts_with("---\n")
        || (text.lines().take(40).any(|line| line.starts_with("# ")) && text.contains("\n## "))
}

/// Reads a page. A page without an operation gives an empty contract and a note.
pub(super) fn read(text: &Text<'_>) -> (Contract, Vec<Diagnostic>) {
    let (items, diagnostics) = mdx_tree::read(text);
    let mut page = Page::new(text, diagnostics);
    page.collect(&items, "");
    page.finish()
}

/// A field of the request or the response, with its nested fields.
struct Field {
    name: String,
    line: u32,
    location: Option<Location>,
    type_text: String,
    required: bool,
    limits: Vec<(String, String)>,
    docs: Vec<(u32, String)>,
    fields: Vec<Field>,
}

struct Page<'t> {
    text: &'t Text<'t>,
    draft: Draft,
    diagnostics: Vec<Diagnostic>,
    title: Option<(u32, String)>,
    intro: Vec<(u32, String)>,
    stated: Option<(u32, String, String)>,
    calls: Vec<samples::Call>,
    parameters: Vec<Field>,
    response: Vec<Field>,
    example: Option<(u32, Json)>,
    errors: Vec<tables::ErrorRow>,
    success: Option<(u32, u16)>,
    permission: Option<(u32, String)>,
}

impl<'t> Page<'t> {
    fn new(text: &'t Text<'t>, diagnostics: Vec<Diagnostic>) -> Self {
        let mut draft = Draft::new("", &text.name, Standing::Documented);
        draft.contract.protocol = Some(Protocol::RestJson);
        Self {
            text,
            draft,
            diagnostics,
            title: None,
            intro: Vec::new(),
            stated: None,
            calls: Vec::new(),
            parameters: Vec::new(),
            response: Vec::new(),
            example: None,
            errors: Vec::new(),
            success: None,
            permission: None,
        }
    }

    /// Collects the parts of a page. `outer` is the heading that they are under.
    fn collect(&mut self, items: &[Item], outer: &str) {
        let mut under = outer.to_owned();
        for item in items {
            match item {
                Item::Meta { line, key, value } => match key.as_str() {
                    "title" | "sidebarTitle" if self.title.is_none() => self.title = Some((*line, value.clone())),
                    "description" => self.intro.push((*line, value.clone())),
                    "api" | "openapi" => {
                        // `openapi: "openapi.json POST /v1/…"` names a file first.
                        let words: Vec<&str> = value.split_whitespace().collect();
                        if let [.., method, target] = words.as_slice() {
                            self.stated = Some((*line, method.to_ascii_uppercase(), (*target).to_owned()));
                        }
                    }
                    _ => {}
                },
                Item::Heading { line, level, text } => {
                    if *level == 1 && self.title.as_ref().is_none_or(|(line, _)| *line == 0) {
                        self.title = Some((*line, text.clone()));
                    }
                    self.route_in(*line, text);
                    under = if *level == 1 { String::new() } else { text.to_ascii_lowercase() };
                }
                Item::Text { line, text } => {
                    if under.is_empty() {
                        self.intro.push((*line, text.trim_start_matches(['>', ' ']).to_owned()));
                    }
                    self.route_in(*line, text);
                    self.auth_in(text);
                }
                Item::Code { line, language, meta, text } => self.code(*line, language, meta, text, &under),
                Item::Table { line, rows } => {
                    let read = tables::read(self.text, *line, rows, under.contains("error"), &mut self.diagnostics);
                    self.errors.extend(read.errors);
                    self.success = self.success.or(read.success);
                    self.permission = self.permission.take().or(read.permission);
                }
                Item::Element(element) => self.element(element, &under),
            }
        }
    }

    fn element(&mut self, element: &Element, under: &str) {
        match element.name.as_str() {
            "ParamField" => {
                let field = self.field(element);
                self.parameters.extend(field);
            }
            "ResponseField" => {
                let field = self.field(element);
                self.response.extend(field);
            }
            "ResponseExample" => self.collect(&element.children, "example response"),
            "RequestExample" => self.collect(&element.children, "example request"),
            _ => self.collect(&element.children, under),
        }
    }

    fn field(&mut self, element: &Element) -> Option<Field> {
        let named = [
            ("path", Some(Location::Label)),
            ("query", Some(Location::Query)),
            ("header", Some(Location::Header)),
            ("body", Some(Location::Body)),
            ("name", None),
        ]
        .into_iter()
        .find_map(|(key, location)| element.attribute(key).map(|name| (name.to_owned(), location)));
        let Some((name, location)) = named.filter(|(name, _)| !name.is_empty()) else {
            let message = format!("`<{}>` without a name", element.name);
            let hint = "name it: path=\"…\", query=\"…\", body=\"…\", header=\"…\", or name=\"…\"";
            self.diagnostics.push(self.text.warning(element.line, message, hint));
            return None;
        };
        let limit_names = [
            "minLength",
            "maxLength",
            "minimum",
            "maximum",
            "min",
            "max",
            "minItems",
            "maxItems",
            "pattern",
            "enum",
            "options",
        ];
        let mut field = Field {
            name,
            line: element.line,
            location,
            type_text: element.attribute("type").unwrap_or_default().to_owned(),
            required: element.attribute("required").is_some_and(|value| value != "false"),
            limits: limit_names
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), element.attribute(name)?.to_owned())))
                .collect(),
            docs: Vec::new(),
            fields: Vec::new(),
        };
        self.inside(&element.children, &mut field);
        Some(field)
    }

    fn inside(&mut self, items: &[Item], field: &mut Field) {
        for item in items {
            match item {
                Item::Text { line, text } => {
                    field.docs.extend((*line..).zip(text.lines()).map(|(line, text)| (line, text.trim().to_owned())))
                }
                Item::Element(element) if matches!(element.name.as_str(), "ParamField" | "ResponseField") => {
                    let inner = self.field(element);
                    field.fields.extend(inner);
                }
                Item::Element(element) => self.inside(&element.children, field),
                _ => {}
            }
        }
    }

    /// Takes the route from a text such as `POST /v1/things`, unless one is already known.
    fn route_in(&mut self, line: u32, text: &str) {
        if self.stated.is_some() {
            return;
        }
        let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(['`', '*'])).collect();
        if let [method, target] = words.as_slice()
            && ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].contains(method)
            && (target.starts_with('/') || target.contains("://"))
        {
            self.stated = Some((line, (*method).to_owned(), (*target).to_owned()));
        }
    }

    fn auth_in(&mut self, text: &str) {
        for line in text.lines() {
            let lower = line.to_ascii_lowercase();
            let found = if lower.contains("authorization") && lower.contains("bearer ") {
                Some(Auth::Bearer)
            } else {
                let key = ["x-api-key", "api-key", "x-auth-token", "x-api-token"].iter().find(|name| {
                    lower.find(*name).is_some_and(|at| {
                        lower[at + name.len()..].trim_start_matches(['"', '\'', '`', ' ']).starts_with(':')
                            && !lower[..at].ends_with(|c: char| c.is_alphanumeric() || c == '-')
                    })
                });
                key.and_then(|name| {
                    let at = lower.find(name)?;
                    Some(Auth::Header { name: line.get(at..at + name.len())?.to_owned() })
                })
            };
            if let Some(auth) = found
                && !self.draft.contract.auth.contains(&auth)
            {
                self.draft.contract.auth.push(auth);
            }
        }
    }

    fn code(&mut self, line: u32, language: &str, meta: &str, text: &str, under: &str) {
        self.auth_in(text);
        if text.lines().count() == 1 {
            self.route_in(line + 1, text);
        }
        self.calls.extend(samples::calls(text, line + 1));
        let is_response = under.contains("response") || meta.to_ascii_lowercase().contains("response");
        if matches!(language, "json" | "JSON" | "") && text.trim_start().starts_with(['{', '[']) && is_response {
            let status = meta
                .split(|c: char| !c.is_ascii_digit())
                .find_map(|word| word.parse::<u16>().ok().filter(|code| (100..600).contains(code)));
            if status.is_some_and(|status| status >= 300) {
                return;
            }
            match serde_json::from_str(text) {
                Ok(example) if self.example.is_none() => {
                    self.example = Some((line + 1, example));
                    self.success = self.success.or(status.map(|status| (line, status)));
                }
                Ok(_) => {}
                Err(error) => {
                    let at = line.saturating_add(u32::try_from(error.line()).unwrap_or(1));
                    let hint = "the example is ignored";
                    self.diagnostics.push(self.text.warning(
                        at,
                        format!("the example is not valid JSON: {error}"),
                        hint,
                    ));
                }
            }
        }
    }

    fn finish(mut self) -> (Contract, Vec<Diagnostic>) {
        let parameters: Vec<(String, u32)> = self
            .parameters
            .iter()
            .filter(|field| field.location == Some(Location::Label))
            .map(|field| (field.name.clone(), field.line))
            .collect();
        let found = route::find(self.text, self.stated.take(), &self.calls, &parameters, &mut self.diagnostics);
        if found.is_none() && self.parameters.is_empty() {
            self.diagnostics.push(self.text.note(1, "no operation found: the page has neither a route nor parameters"));
            return (Contract::new(""), self.diagnostics);
        }
        let (title_line, title) = self.title.clone().unwrap_or_else(|| {
            let name = self.text.name.split('.').next().unwrap_or("operation").replace('-', " ");
            (1, name)
        });
        let name = pascal(&title);
        let operation = self.draft.operation(&name, title_line);
        match found {
            Some(found) => {
                self.draft.contract.service = found.base.as_deref().and_then(route::service).unwrap_or_default();
                self.draft.contract.base = found.base;
                self.draft.state_operation(operation, "http/method", found.method, found.line);
                self.draft.state_operation(operation, "http/uri", found.uri, found.line);
            }
            None => self.diagnostics.push(self.text.warning(
                title_line,
                "no route found in the frontmatter or the samples",
                "add `api: \"POST /v1/…\"` to the frontmatter, or a code sample",
            )),
        }
        let input = self.draft.add(&format!("{name}Request"), Kind::Structure { members: IndexMap::new() }, title_line);
        self.draft.contract.operations[operation].input = Some(input.clone());
        let sent = self.calls.iter().find_map(|call| call.body.clone());
        for field in std::mem::take(&mut self.parameters) {
            let lower = field.name.to_ascii_lowercase();
            if field.location == Some(Location::Header) && matches!(lower.as_str(), "authorization" | "x-api-key") {
                // Credentials are not members of the input.
                let auth =
                    if lower == "authorization" { Auth::Bearer } else { Auth::Header { name: field.name.clone() } };
                if !self.draft.contract.auth.contains(&auth) {
                    self.draft.contract.auth.push(auth);
                }
                continue;
            }
            let example = sent.as_ref().and_then(|sent| sent.get(&field.name)).cloned();
            self.add(&input, &field, example.as_ref(), &name);
            if let Some(location) = field.location {
                self.draft.bind(&input, &field.name, location, None, field.line);
            }
        }
        self.output(operation, &name);
        for row in std::mem::take(&mut self.errors) {
            self.draft.error(operation, &row.name, row.status, &row.description, row.line);
        }
        if let Some((line, status)) = self.success {
            self.draft.state_operation(operation, "http/success", status, line);
        }
        if let Some((line, permission)) = self.permission.take() {
            self.draft.state_operation_as(operation, "permission", permission, line, Standing::Prose);
        }
        let intro: Vec<(u32, &str)> =
            self.intro.iter().flat_map(|(line, text)| (*line..).zip(text.lines()).chain([(*line, "")])).collect();
        self.draft.describe_operation(operation, &prose::sentences(intro));
        (self.draft.contract, self.diagnostics)
    }

    fn output(&mut self, operation: usize, name: &str) {
        let fields = std::mem::take(&mut self.response);
        let example = self.example.take();
        if fields.is_empty() && example.is_none() {
            return;
        }
        let prefix = format!("{name}Response");
        let line = fields.first().map(|field| field.line).or(example.as_ref().map(|(line, _)| *line)).unwrap_or(1);
        if let (true, Some((_, value))) = (fields.is_empty(), &example) {
            if value.is_object() {
                let id = self.shown(value, &prefix, line);
                self.draft.contract.operations[operation].output = Some(id);
            }
            return;
        }
        let output = self.draft.add(&prefix, Kind::Structure { members: IndexMap::new() }, line);
        self.draft.contract.operations[operation].output = Some(output.clone());
        for field in &fields {
            let shown = example.as_ref().and_then(|(_, value)| value.get(&field.name)).cloned();
            self.add(&output, field, shown.as_ref(), &prefix);
        }
    }

    fn add(&mut self, owner: &ShapeId, field: &Field, example: Option<&Json>, prefix: &str) {
        let path = format!("{prefix}{}", pascal(&field.name));
        let shape = self.shape(field, example, &path);
        self.draft.member(owner, &field.name, &shape, field.line);
        if field.required {
            self.draft.state(owner, &format!("members/{}/required", field.name), true, field.line);
        }
        for (name, value) in &field.limits {
            self.limit(&shape, name, value, field.line);
        }
        let docs = prose::sentences(field.docs.iter().map(|(line, text)| (*line, text.as_str())));
        self.draft.describe(&shape, None, &docs);
        for sentence in &docs {
            // Models have a field for enum values; on these pages only sentences list them.
            if let Some(values) = prose::closed_list(&sentence.text)
                && self.draft.shape_mut(&shape).kind == Kind::String
            {
                self.draft.state_as(&shape, "enum", values, sentence.line, Standing::Prose);
            }
        }
    }

    fn limit(&mut self, shape: &ShapeId, name: &str, value: &str, line: u32) {
        let path = match name {
            "minLength" | "minItems" => "length/min",
            "maxLength" | "maxItems" => "length/max",
            "minimum" | "min" => "range/min",
            "maximum" | "max" => "range/max",
            "pattern" => {
                self.draft.state(shape, "pattern", value, line);
                return;
            }
            _ => {
                let values: Vec<String> = value
                    .trim_matches(['[', ']'])
                    .split(',')
                    .map(|word| word.trim().trim_matches(['"', '\'']).to_owned())
                    .filter(|word| !word.is_empty())
                    .collect();
                if self.draft.shape_mut(shape).kind == Kind::String && !values.is_empty() {
                    self.draft.state(shape, "enum", values, line);
                }
                return;
            }
        };
        match value.parse::<serde_json::Number>() {
            Ok(number) => self.draft.state(shape, path, number, line),
            Err(_) => {
                let message = format!("`{name}` is not a number");
                self.diagnostics.push(self.text.warning(line, message, "the limit is ignored"));
            }
        }
    }

    fn shape(&mut self, field: &Field, example: Option<&Json>, path: &str) -> ShapeId {
        let words = field.type_text.to_ascii_lowercase();
        let words = words.split('|').map(str::trim).find(|word| *word != "null").unwrap_or_default().to_owned();
        let words = words.as_str();
        let item = words
            .strip_suffix("[]")
            .or_else(|| words.strip_prefix("array<").and_then(|rest| rest.strip_suffix('>')))
            .or_else(|| words.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>')))
            .or_else(|| words.strip_prefix("array of "))
            .or_else(|| matches!(words, "array" | "list").then_some(""));
        if let Some(item) = item {
            let item =
                if item.is_empty() { self.item_words(field, example) } else { item.trim_end_matches('s').to_owned() };
            let first = example.and_then(|example| example.get(0)).cloned();
            let member = if item == "object" || (item.is_empty() && !field.fields.is_empty()) {
                self.object(field, first.as_ref(), &format!("{path}Item"))
            } else {
                self.plain(&item, field, &format!("{path}Item"))
            };
            return self.draft.add(path, Kind::List { member }, field.line);
        }
        if matches!(words, "object" | "dict" | "json") || (words.is_empty() && !field.fields.is_empty()) {
            return self.object(field, example, path);
        }
        self.plain(words, field, path)
    }

    /// Returns the item type of a plain `array`, from the description or else from the example.
    fn item_words(&mut self, field: &Field, example: Option<&Json>) -> String {
        if !field.fields.is_empty() {
            return "object".to_owned();
        }
        for (_, text) in &field.docs {
            let lower = text.to_ascii_lowercase();
            if let Some((_, rest)) = lower.split_once("array of ").or_else(|| lower.split_once("list of ")) {
                for word in rest.split(|c: char| !c.is_alphanumeric()).take(4) {
                    match word {
                        "string" | "strings" => return "string".to_owned(),
                        "number" | "numbers" => return "number".to_owned(),
                        "integer" | "integers" => return "integer".to_owned(),
                        "boolean" | "booleans" => return "boolean".to_owned(),
                        "object" | "objects" => return "object".to_owned(),
                        "uuid" | "uuids" => return "uuid".to_owned(),
                        _ => {}
                    }
                }
            }
        }
        match example.and_then(|example| example.get(0)) {
            Some(Json::String(_)) => "string".to_owned(),
            Some(Json::Number(number)) if number.is_f64() => "number".to_owned(),
            Some(Json::Number(_)) => "integer".to_owned(),
            Some(Json::Bool(_)) => "boolean".to_owned(),
            Some(Json::Object(_)) => "object".to_owned(),
            _ => {
                let message = format!("the item type of `{}` is not documented", field.name);
                let hint = "write the type as `string[]`, or `Array of strings` in the description";
                self.diagnostics.push(self.text.warning(field.line, message, hint));
                "any".to_owned()
            }
        }
    }

    fn object(&mut self, field: &Field, example: Option<&Json>, path: &str) -> ShapeId {
        if field.fields.is_empty() {
            return match example {
                Some(value) if value.as_object().is_some_and(|members| !members.is_empty()) => {
                    self.shown(value, path, field.line)
                }
                // The members are not documented.
                _ => self.draft.add(path, Kind::Document, field.line),
            };
        }
        let id = self.draft.add(path, Kind::Structure { members: IndexMap::new() }, field.line);
        for inner in &field.fields {
            let shown = example.and_then(|example| example.get(&inner.name)).cloned();
            self.add(&id, inner, shown.as_ref(), path);
        }
        id
    }

    fn plain(&mut self, words: &str, field: &Field, path: &str) -> ShapeId {
        let first = words.split(['<', '(', ' ']).next().unwrap_or_default();
        let kind = match first {
            "string" | "str" | "text" | "uuid" | "email" | "url" | "uri" | "enum" => Kind::String,
            "integer" | "int" | "int32" => Kind::Integer,
            "long" | "int64" => Kind::Long,
            "number" | "float" | "double" | "decimal" => Kind::Double,
            "boolean" | "bool" => Kind::Boolean,
            "date-time" | "datetime" | "timestamp" => Kind::Timestamp,
            "file" | "binary" | "bytes" => Kind::Blob,
            "any" => Kind::Document,
            "" => {
                let message = format!("`{}` has no type", field.name);
                self.diagnostics.push(self.text.warning(field.line, message, "treated as any value"));
                Kind::Document
            }
            _ => {
                let message = format!("unknown type `{}` of `{}`", field.type_text, field.name);
                self.diagnostics.push(self.text.warning(field.line, message, "treated as any value"));
                Kind::Document
            }
        };
        let id = self.draft.add(path, kind, field.line);
        if words.contains("uuid") {
            self.draft.state(&id, "pattern", prose::UUID, field.line);
        }
        id
    }

    /// Adds the shape of an example. Facts that only an example shows are marked as assumed.
    fn shown(&mut self, value: &Json, path: &str, line: u32) -> ShapeId {
        let kind = match value {
            Json::Object(members) => {
                let id = self.draft.add(path, Kind::Structure { members: IndexMap::new() }, line);
                for (name, value) in members {
                    let shape = self.shown(value, &format!("{path}{}", pascal(name)), line);
                    self.draft.member(&id, name, &shape, line);
                }
                self.assume(&id);
                return id;
            }
            Json::Array(items) => {
                let member = match items.first() {
                    Some(item) => self.shown(item, &format!("{path}Item"), line),
                    None => self.draft.add(&format!("{path}Item"), Kind::Document, line),
                };
                Kind::List { member }
            }
            Json::String(_) => Kind::String,
            // A whole number in an example does not mean that fractions are not allowed.
            Json::Number(_) => Kind::Double,
            Json::Bool(_) => Kind::Boolean,
            Json::Null => Kind::Document,
        };
        let id = self.draft.add(path, kind, line);
        self.assume(&id);
        id
    }

    fn assume(&mut self, id: &ShapeId) {
        for fact in &mut self.draft.shape_mut(id).facts {
            fact.standing = Standing::Assumed;
        }
    }
}

/// Converts a title to PascalCase: `AddTagsToContact` for `Add Tags to Contact`.
pub(super) fn pascal(title: &str) -> String {
    title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect::<String>())
        })
        .collect()
}
