//! Reads Mintlify pages (MDX): fields, samples, headers and the error table.
//!
//! It never takes a field from the page's text if a component states it.

mod field_type;
mod fields;

use super::contract_builder::ContractBuilder;
use super::mdx_tree::{self, MdxElement, MdxItem};
use super::page_auth::{auth_in_line, auth_of_header};
use super::source_text::SourceText;
use super::{IngestDiagnostic, route, samples, sentences, tables};
use crate::contract::{AuthScheme, Contract, FactField, FactOrigin, MemberLocation, Protocol, ShapeId, ShapeKind};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Maximum number of fields of a request or a response; no real page has as many.
const MAX_FIELDS: usize = 20_000;

/// Returns true if a text contains Mintlify components.
pub(super) fn is_page(text: &str) -> bool {
    ["<ParamField", "<ResponseField", "<CodeGroup", "<RequestExample", "<ResponseExample"]
        .iter()
        .any(|component| text.contains(component))
}

/// Returns true if a text may be a page without such components: it has frontmatter, or a title and a section.
pub(super) fn may_be_page(text: &str) -> bool {
    text.trim_start().starts_with("---\n")
        || (text.lines().take(40).any(|line| line.starts_with("# ")) && text.contains("\n## "))
}

/// Reads a page. A page without an operation gives an empty contract and a note. The operation is named after the title,
/// unless it has a name already.
pub(super) fn read(text: &SourceText<'_>, operation_name: Option<&str>) -> (Contract, Vec<IngestDiagnostic>) {
    let (items, diagnostics) = mdx_tree::parse(text);
    let mut page = MintlifyPage::new(text, diagnostics);
    page.collect_items(&items, "");
    page.into_contract(operation_name)
}

/// A field of the request or the response, with its nested fields.
struct MintlifyField {
    name: String,
    line: u32,
    location: Option<MemberLocation>,
    type_text: String,
    required: bool,
    limits: Vec<(String, String)>,
    docs: Vec<(u32, String)>,
    fields: Vec<MintlifyField>,
}

struct MintlifyPage<'t> {
    text: &'t SourceText<'t>,
    builder: ContractBuilder,
    diagnostics: Vec<IngestDiagnostic>,
    title: Option<(u32, String)>,
    intro: Vec<(u32, String)>,
    stated_route: Option<(u32, String, String)>,
    /// Whether the frontmatter states the route, which makes any page the page of an operation.
    is_route_in_frontmatter: bool,
    calls: Vec<samples::SampleCall>,
    parameters: Vec<MintlifyField>,
    response: Vec<MintlifyField>,
    example: Option<(u32, Json)>,
    errors: Vec<tables::ErrorRow>,
    success: Option<(u32, u16)>,
    permission: Option<(u32, String)>,
}

impl<'t> MintlifyPage<'t> {
    fn new(text: &'t SourceText<'t>, diagnostics: Vec<IngestDiagnostic>) -> Self {
        let mut builder = ContractBuilder::new("", &text.name, FactOrigin::Documented);
        builder.contract.protocol = Some(Protocol::RestJson);
        Self {
            text,
            builder,
            diagnostics,
            title: None,
            intro: Vec::new(),
            stated_route: None,
            is_route_in_frontmatter: false,
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
    fn collect_items(&mut self, items: &[MdxItem], outer: &str) {
        let mut under = outer.to_owned();
        for item in items {
            match item {
                MdxItem::Frontmatter { line, key, value } => match key.as_str() {
                    "title" | "sidebarTitle" if self.title.is_none() => self.title = Some((*line, value.clone())),
                    "description" => self.intro.push((*line, value.clone())),
                    "api" | "openapi" => {
                        // `openapi: "openapi.json POST /v1/…"` names a file first.
                        let words: Vec<&str> = value.split_whitespace().collect();
                        if let [.., method, target] = words.as_slice() {
                            self.stated_route = Some((*line, method.to_ascii_uppercase(), (*target).to_owned()));
                            self.is_route_in_frontmatter = true;
                        }
                    }
                    _ => {}
                },
                MdxItem::Heading { line, level, text } => {
                    if *level == 1 && self.title.as_ref().is_none_or(|(line, _)| *line == 0) {
                        self.title = Some((*line, text.clone()));
                    }
                    self.find_route_in(*line, text);
                    under = if *level == 1 { String::new() } else { text.to_ascii_lowercase() };
                }
                MdxItem::Text { line, text } => {
                    if under.is_empty() {
                        self.intro.push((*line, text.trim_start_matches(['>', ' ']).to_owned()));
                    }
                    self.find_route_in(*line, text);
                    self.find_auth_in(text);
                }
                MdxItem::Code { line, language, meta, text } => self.read_code(*line, language, meta, text, &under),
                MdxItem::Table { line, rows } => {
                    let read = tables::read_error_table(
                        self.text,
                        *line,
                        rows,
                        under.contains("error"),
                        &mut self.diagnostics,
                    );
                    self.errors.extend(read.errors);
                    self.success = self.success.or(read.success);
                    self.permission = self.permission.take().or(read.permission);
                }
                MdxItem::Element(element) => self.read_element(element, &under),
            }
        }
    }

    fn read_element(&mut self, element: &MdxElement, under: &str) {
        match element.name.as_str() {
            "ParamField" => {
                let field = self.read_field(element);
                self.parameters.extend(field);
            }
            "ResponseField" => {
                let field = self.read_field(element);
                self.response.extend(field);
            }
            "ResponseExample" => self.collect_items(&element.children, "example response"),
            "RequestExample" => self.collect_items(&element.children, "example request"),
            _ => self.collect_items(&element.children, under),
        }
    }

    fn read_field(&mut self, element: &MdxElement) -> Option<MintlifyField> {
        let name_and_location = [
            ("path", Some(MemberLocation::Label)),
            ("query", Some(MemberLocation::Query)),
            ("header", Some(MemberLocation::Header)),
            ("body", Some(MemberLocation::Body)),
            ("name", None),
        ]
        .into_iter()
        .find_map(|(key, location)| element.attribute(key).map(|name| (name.to_owned(), location)));
        let Some((name, location)) = name_and_location.filter(|(name, _)| !name.is_empty()) else {
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
        let mut field = MintlifyField {
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
        self.read_field_contents(&element.children, &mut field);
        Some(field)
    }

    fn read_field_contents(&mut self, items: &[MdxItem], field: &mut MintlifyField) {
        for item in items {
            match item {
                MdxItem::Text { line, text } => {
                    field.docs.extend((*line..).zip(text.lines()).map(|(line, text)| (line, text.trim().to_owned())))
                }
                MdxItem::Element(element) if matches!(element.name.as_str(), "ParamField" | "ResponseField") => {
                    let inner = self.read_field(element);
                    field.fields.extend(inner);
                }
                MdxItem::Element(element) => self.read_field_contents(&element.children, field),
                _ => {}
            }
        }
    }

    /// Takes the route from a text such as `POST /v1/things`, unless one is already known.
    fn find_route_in(&mut self, line: u32, text: &str) {
        if self.stated_route.is_some() {
            return;
        }
        let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(['`', '*'])).collect();
        if let [method, target] = words.as_slice()
            && ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].contains(method)
            && (target.starts_with('/') || target.contains("://"))
        {
            self.stated_route = Some((line, (*method).to_owned(), (*target).to_owned()));
        }
    }

    fn find_auth_in(&mut self, text: &str) {
        text.lines().filter_map(auth_in_line).for_each(|auth| self.add_auth(auth));
    }

    fn add_auth(&mut self, auth: AuthScheme) {
        if !self.builder.contract.auth.contains(&auth) {
            self.builder.contract.auth.push(auth);
        }
    }

    fn read_code(&mut self, line: u32, language: &str, meta: &str, text: &str, under: &str) {
        self.find_auth_in(text);
        if text.lines().count() == 1 {
            self.find_route_in(line + 1, text);
        }
        self.calls.extend(samples::find_calls(text, line + 1));
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

    fn into_contract(mut self, operation_name: Option<&str>) -> (Contract, Vec<IngestDiagnostic>) {
        for fields in [&mut self.parameters, &mut self.response] {
            if let Some(first) = fields.get(MAX_FIELDS) {
                let message = format!("only the first {MAX_FIELDS} fields of a page are read");
                self.diagnostics.push(self.text.warning(first.line, message, "split the page"));
                fields.truncate(MAX_FIELDS);
            }
        }
        let parameters: Vec<(String, u32)> = self
            .parameters
            .iter()
            .filter(|field| field.location == Some(MemberLocation::Label))
            .map(|field| (field.name.clone(), field.line))
            .collect();
        // Guides show requests as well: without fields, samples and texts do not make an operation.
        let describes_operation =
            self.is_route_in_frontmatter || !self.parameters.is_empty() || !self.response.is_empty();
        if !describes_operation {
            return self
                .into_guide(1, "no operation found: the page has neither a route in its frontmatter nor fields");
        }
        let found =
            route::find_route(self.text, self.stated_route.take(), &self.calls, &parameters, &mut self.diagnostics);
        let Some(found) = found else {
            let line = self.title.as_ref().map_or(1, |(line, _)| *line);
            let message = "no operation found: the page has fields, but no route; a page with a request states it as \
                           `api: \"POST /v1/…\"` in its frontmatter, or in a sample";
            return self.into_guide(line, message);
        };
        let (title_line, title) = self.title.clone().unwrap_or_else(|| {
            let name = self.text.name.split('.').next().unwrap_or("operation").replace('-', " ");
            (1, name)
        });
        let name = operation_name.map_or_else(|| to_pascal_case(&title), str::to_owned);
        let operation = self.builder.add_operation(&name, title_line);
        let mut labels: Vec<(String, u32)> = Vec::new();
        labels.extend(route::labels(&found.uri).map(|label| (label.to_owned(), found.line)));
        // A URL without a path requests the root.
        let uri = if found.uri.is_empty() { "/".to_owned() } else { found.uri };
        self.builder.contract.service = found.base.as_deref().and_then(route::service_name).unwrap_or_default();
        self.builder.contract.base_url = found.base;
        self.builder.record_operation_fact(operation, FactField::HttpMethod, found.method, found.line);
        self.builder.record_operation_fact(operation, FactField::HttpUri, uri, found.line);
        let input = self.builder.add_shape(
            &format!("{name}Request"),
            ShapeKind::Structure { members: IndexMap::new() },
            title_line,
        );
        self.builder.contract.operations[operation].input = Some(input.clone());
        let sent = self.calls.iter().find_map(|call| call.body.clone());
        for field in std::mem::take(&mut self.parameters) {
            // Credentials are not members of the input.
            if let Some(auth) = auth_of_header(&field.name).filter(|_| field.location == Some(MemberLocation::Header)) {
                self.add_auth(auth);
                continue;
            }
            let example = sent.as_ref().and_then(|sent| sent.get(&field.name)).cloned();
            self.add_field(&input, &field, example.as_ref(), &name);
            if let Some(location) = field.location {
                self.builder.set_location(&input, &field.name, location, None, field.line);
            }
        }
        self.require_labels(&input, &name, &labels);
        self.add_output(operation, &name);
        for row in std::mem::take(&mut self.errors) {
            self.builder.add_error(operation, &row.name, row.status, &row.description, row.line);
        }
        if let Some((line, status)) = self.success {
            self.builder.record_operation_fact(operation, FactField::HttpSuccess, status, line);
        }
        if let Some((line, permission)) = self.permission.take() {
            self.builder.record_operation_fact_as(
                operation,
                FactField::Permission,
                permission,
                line,
                FactOrigin::Prose,
            );
        }
        let intro: Vec<(u32, &str)> =
            self.intro.iter().flat_map(|(line, text)| (*line..).zip(text.lines()).chain([(*line, "")])).collect();
        self.builder.apply_relations();
        self.builder.apply_operation_sentences(operation, &sentences::split_sentences(intro));
        (self.builder.contract, self.diagnostics)
    }

    /// Returns a contract without operations: a guide may be the only page that says how callers authenticate. What is odd
    /// about its fields does not matter.
    fn into_guide(self, line: u32, message: &str) -> (Contract, Vec<IngestDiagnostic>) {
        let note = self.text.note(line.max(1), message);
        (Contract { auth: self.builder.contract.auth, ..Contract::new("") }, vec![note])
    }

    /// Makes the labels of the route required: without one, a path is another. A label without a field is a text.
    fn require_labels(&mut self, input: &ShapeId, prefix: &str, labels: &[(String, u32)]) {
        for (label, line) in labels {
            let members = self.builder.shape_mut(input).kind.members();
            let required = members.and_then(|members| Some(members.get(label)?.required));
            if required.is_none() {
                let path = format!("{prefix}{}", to_pascal_case(label));
                let shape = self.builder.add_shape(&path, ShapeKind::String, *line);
                self.builder.add_member(input, label, &shape, *line);
                self.builder.set_location(input, label, MemberLocation::Label, None, *line);
            }
            if required != Some(true) {
                let field = FactField::MemberRequired(label.clone());
                self.builder.record_shape_fact_as(input, field, true, *line, FactOrigin::Assumed);
            }
        }
    }

    fn add_output(&mut self, operation: usize, name: &str) {
        let fields = std::mem::take(&mut self.response);
        let example = self.example.take();
        if fields.is_empty() && example.is_none() {
            return;
        }
        let prefix = format!("{name}Response");
        let line = fields.first().map(|field| field.line).or(example.as_ref().map(|(line, _)| *line)).unwrap_or(1);
        if let (true, Some((_, value))) = (fields.is_empty(), &example) {
            if value.is_object() {
                let id = self.add_example_shape(value, &prefix, line);
                self.builder.contract.operations[operation].output = Some(id);
            }
            return;
        }
        let output = self.builder.add_shape(&prefix, ShapeKind::Structure { members: IndexMap::new() }, line);
        self.builder.contract.operations[operation].output = Some(output.clone());
        for field in &fields {
            let example_value = example.as_ref().and_then(|(_, value)| value.get(&field.name)).cloned();
            self.add_field(&output, field, example_value.as_ref(), &prefix);
        }
    }
}

/// Converts a title to PascalCase: `AddTagsToContact` for `Add Tags to Contact`.
pub(super) fn to_pascal_case(title: &str) -> String {
    title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect::<String>())
        })
        .collect()
}
