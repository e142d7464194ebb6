//! The scenario as plain values. It never reads or checks anything itself.

use super::{LoginStep, Principal};
use crate::case::{LawName, ReadyCondition, UniqueText};
use crate::contract::{MemberPath, OperationName, Protocol};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// A text with placeholders: `{InstanceId}`, `{contact.id}`, `{case}`, `{case:2}`, `{run}`. `{{` and `}}` are braces.
pub type Template = String;

/// The user's scenario for one API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// The file's stem, which is the first part of every case id.
    pub name: String,
    /// Paths, globs, or `botocore:SERVICE`; relative to the scenario's file.
    pub sources: Vec<String>,
    /// Models of other services whose operations create what the tested operations need, such as `botocore:iam`.
    pub supporting_sources: Vec<String>,
    /// Operations to check; an empty list means all operations of the sources.
    pub included_operations: Vec<String>,
    /// The default endpoint: a name in `overstep.toml`, a URL, or `embedded`.
    pub endpoint: Option<String>,
    /// Path of the documented code in an error body, if no document states it; for example `error.code`.
    pub error_code: Option<String>,
    /// The principal of every step that does not name one.
    pub principal: Option<String>,
    /// Whether the endpoint verifies signatures. Wrong signatures are only sent if it does.
    pub verifies_signatures: bool,
    /// Values that `--variable` and `--secret` override.
    pub variables: IndexMap<String, Variable>,
    /// The callers, by name.
    pub principals: IndexMap<String, Principal>,
    /// Values of members in the input of every operation, by member path: identifiers of resources that exist.
    /// A plain name is the path of a member of the input.
    pub use_values: IndexMap<String, Json>,
    /// Well-formed identifiers of resources that do not exist, by member path, for every operation.
    pub missing_values: IndexMap<String, Json>,
    /// Identifiers of a second set of existing resources, by member path: for example a resource of the same name
    /// below another parent. What is written to the first must not be visible there.
    pub elsewhere_values: IndexMap<String, Json>,
    /// Resources that are created for each case and deleted afterwards.
    pub fixtures: IndexMap<String, Fixture>,
    /// Notes on single operations.
    pub operations: IndexMap<String, OperationNotes>,
    /// Amendments for what the documents leave out or state wrongly.
    pub amendments: Vec<AmendmentEntry>,
    /// Whether the inference of resources from machine models is disabled.
    pub disable_inference: bool,
    /// The protocol to use if the endpoint supports several and the model prefers another: `awsQuery`.
    pub protocol: Option<Protocol>,
}

impl Scenario {
    /// Creates a scenario with a name and nothing else.
    pub fn with_name(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Returns true if cases of an operation are generated.
    pub fn includes_operation(&self, operation: &str) -> bool {
        (self.included_operations.is_empty() || self.included_operations.iter().any(|only| only == operation))
            && self.operation_notes(operation).is_none_or(|notes| notes.skip_reason.is_none())
    }

    /// Returns true if an operation creates, deletes or reads resources for the cases of other operations.
    pub fn is_supporting_operation(&self, operation: &str) -> bool {
        let is = |request: &RawRequest| request.operation_name() == Some(operation);
        let logs_in = |login: &LoginStep| login.operation_name() == Some(operation);
        self.principals.values().filter_map(|principal| principal.login.as_ref()).any(logs_in)
            || self.fixtures.values().any(|fixture| fixture.create.iter().chain(&fixture.delete).any(is))
            || self.operations.iter().any(|(name, notes)| {
                self.includes_operation(name)
                    && (notes.cleanup.iter().any(is) || notes.read_backs.iter().any(|read| read.request == operation))
            })
    }

    /// Returns the notes on one operation.
    pub fn operation_notes(&self, operation: &str) -> Option<&OperationNotes> {
        self.operations.get(operation)
    }

    /// Returns the value to use for a member path of an operation: the operation's own value, otherwise the scenario's.
    pub fn use_value(&self, operation: &str, path: &str) -> Option<&Json> {
        self.operation_notes(operation)
            .and_then(|notes| notes.use_values.get(path))
            .or_else(|| self.use_values.get(path).filter(|_| !is_of_other_service(operation)))
    }

    /// Returns true if there is a value for any member of an operation.
    pub fn has_use_values(&self, operation: &str) -> bool {
        !self.use_values.is_empty() && !is_of_other_service(operation)
            || self.operation_notes(operation).is_some_and(|notes| !notes.use_values.is_empty())
    }

    /// Returns the value that a member of an operation gets wherever it is sent: [`Self::use_value`], or one that was
    /// inferred for a member that plain requests leave out.
    pub fn value_when_sent(&self, operation: &str, path: &str) -> Option<&Json> {
        let inferred = || self.operation_notes(operation).and_then(|notes| notes.optional_values.get(path));
        self.use_value(operation, path).or_else(inferred)
    }

    /// Like [`Self::value_when_sent`] for a [`MemberPath`].
    pub fn value_when_sent_at(&self, operation: &str, path: &MemberPath) -> Option<&Json> {
        let has_optional = self.operation_notes(operation).is_some_and(|notes| !notes.optional_values.is_empty());
        (has_optional || self.has_use_values(operation)).then(|| self.value_when_sent(operation, &path.to_string()))?
    }

    /// Like [`Self::use_value`] for a [`MemberPath`], which is only formatted if there are any values, because
    /// formatting takes longer than that check.
    pub fn use_value_at(&self, operation: &str, path: &MemberPath) -> Option<&Json> {
        self.has_use_values(operation).then(|| self.use_value(operation, &path.to_string()))?
    }

    /// Adds a value that was found by experiment to an operation's `use`. A text that differs from case to case counts as
    /// fresh: it names what the operation creates.
    pub fn add_found_value(&mut self, operation: &str, member: &str, value: &Json) {
        let notes = self.operations.entry(operation.to_owned()).or_default();
        notes.use_values.insert(member.to_owned(), value.clone());
        notes.fresh_members.retain(|one| one != member);
        if is_fresh_text(value) {
            notes.fresh_members.push(member.to_owned());
        }
        if contains_placeholder(value) {
            self.order_fixtures();
        }
    }

    /// Puts every fixture after those that it needs, and otherwise keeps the order. Fixtures that need each other keep
    /// theirs.
    pub fn order_fixtures(&mut self) {
        let mut open: Vec<String> = self.fixtures.keys().cloned().collect();
        let mut ordered: Vec<String> = Vec::new();
        while !open.is_empty() {
            let is_ready = |name: &String| open.iter().all(|other| other == name || !self.fixture_needs(name, other));
            let next = open.iter().position(is_ready).unwrap_or(0);
            ordered.push(open.remove(next));
        }
        let order = |name: &String| ordered.iter().position(|other| other == name);
        self.fixtures.sort_by(|one, _, other, _| order(one).cmp(&order(other)));
    }

    /// Returns true if a request of one fixture refers to another fixture.
    fn fixture_needs(&self, fixture: &str, other: &str) -> bool {
        let placeholder = format!("{{{other}.");
        let Some(fixture) = self.fixtures.get(fixture) else { return false };
        fixture.create.iter().chain(&fixture.delete).any(|request| {
            let own = request.input.iter().chain(&request.json).any(|value| mentions(value, &placeholder));
            let notes = request.operation_name().and_then(|name| self.operation_notes(name));
            own || request.request.contains(&placeholder)
                || notes.is_some_and(|notes| {
                    notes.needs.iter().any(|needed| needed == other)
                        || notes.use_values.values().any(|value| mentions(value, &placeholder))
                })
        })
    }

    /// Returns a well-formed identifier of a resource that does not exist, for a member path of an operation.
    pub fn missing_value(&self, operation: &str, path: &str) -> Option<&Json> {
        self.operation_notes(operation)
            .and_then(|notes| notes.missing_values.get(path))
            .or_else(|| self.missing_values.get(path))
    }
}

/// Returns true if a text of a value contains a placeholder that begins like this.
fn mentions(value: &Json, placeholder: &str) -> bool {
    match value {
        Json::String(text) => text.contains(placeholder),
        Json::Array(items) => items.iter().any(|item| mentions(item, placeholder)),
        Json::Object(members) => members.values().any(|member| mentions(member, placeholder)),
        _ => false,
    }
}

/// Returns true if a text of a value contains any placeholder.
fn contains_placeholder(value: &Json) -> bool {
    mentions(value, "{")
}

/// Returns true if an operation belongs to another service than the tested one.
fn is_of_other_service(operation: &str) -> bool {
    operation.contains(OperationName::SERVICE_SEPARATOR)
}

/// Returns true if a value is a text that differs from case to case: it has `{case}`, `{run}` or `{digits:…}`.
pub fn is_fresh_text(value: &Json) -> bool {
    let is_unique = |name: &str| name == "run" || name.starts_with("case") || UniqueText::parse(name).is_some();
    let names =
        |text: &str| text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).any(|(name, _)| is_unique(name));
    value.as_str().is_some_and(names)
}

/// A value that the user may override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its value; may contain `{case}` and `{run}`.
    pub value: Template,
    /// Whether the value must never be printed or stored.
    pub secret: bool,
}

/// A resource that overstep creates for a case and deletes afterwards.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fixture {
    /// The requests that create it, in order.
    pub create: Vec<RawRequest>,
    /// The requests that delete it, in order.
    pub delete: Vec<RawRequest>,
    /// Names that the fixture is created with, for later use: `{bucket.Bucket}` is the entry `Bucket` of the fixture
    /// `bucket`. Texts may contain `{case}` and `{run}`.
    pub names: IndexMap<String, Template>,
}

impl Fixture {
    /// Returns the captured values: name and path in the response.
    pub fn captures(&self) -> impl Iterator<Item = (&String, &String)> {
        self.create.iter().flat_map(|request| &request.captures)
    }
}

/// A request written by the user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawRequest {
    /// `POST /v1/contacts`, or the name of an operation of the contract.
    pub request: Template,
    /// The JSON body; its texts are templates.
    pub json: Option<Json>,
    /// The operation's input; its texts are templates. Without one, the input of the operation's control is sent.
    pub input: Option<Json>,
    /// Values to capture from the response: name to path.
    pub captures: IndexMap<String, String>,
    /// Statuses that count as a success; an empty list means any from 200 to 299.
    pub success_statuses: Vec<u16>,
    /// A condition on the response. The request is repeated, within a budget, until the condition holds; only then is
    /// the next request sent.
    pub ready_condition: Option<ReadyCondition>,
    /// The fixture in whose place that of the request stands: its placeholders in the input of the operation's control
    /// become those of this fixture.
    pub stands_for: Option<String>,
    /// The line of the request in the scenario's file, from 1; 0 if the request was inferred.
    pub line: u32,
}

impl RawRequest {
    /// Returns the name of the operation; `None` if the request is written as method and path.
    pub fn operation_name(&self) -> Option<&str> {
        (!self.request.contains(' ')).then_some(self.request.as_str())
    }
}

/// The user's notes on one operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperationNotes {
    /// The line of the table in the scenario's file, from 1; 0 if the notes were inferred.
    pub line: u32,
    /// Values to use, by member path.
    pub use_values: IndexMap<String, Json>,
    /// Inferred values of members that plain requests leave out, by member path.
    pub optional_values: IndexMap<String, Json>,
    /// Well-formed identifiers of resources that do not exist, by member path.
    pub missing_values: IndexMap<String, Json>,
    /// How to read back what the operation wrote, one entry for each stored member.
    pub read_backs: Vec<ReadBack>,
    /// The laws that the operation promises.
    pub laws: Vec<LawName>,
    /// The line of `laws` in the scenario's file, from 1; 0 if there is none.
    pub laws_line: u32,
    /// The writing operation whose effect it undoes.
    pub undo_rule: Option<UndoRule>,
    /// Places in the response to a success that repeat an identifier of the request: place to member.
    pub echoed_members: IndexMap<String, String>,
    /// Members that get a new value for each case, because they name what the operation creates and must not name an
    /// existing resource. Their values are in [`Self::use_values`] or [`Self::optional_values`].
    pub fresh_members: Vec<String>,
    /// The request that deletes what the operation created; `{made.PATH}` is a member of the input or of the response.
    pub cleanup: Option<RawRequest>,
    /// The reason why the operation is left out, if it is.
    pub skip_reason: Option<String>,
    /// Whether the operation creates nothing that other operations need, although its route suggests it.
    pub creates_nothing: bool,
    /// Fixtures without which the operation fails although no member names them.
    pub needs: Vec<String>,
    /// Operations that come before this one, on a resource that the request names: an invoice is finalized before it is
    /// paid.
    pub after: Vec<String>,
}

/// How to read back what an operation wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadBack {
    /// The request: `GET /path`, the name of an operation of the contract, or `answer` if the response to the
    /// write itself contains all that is stored.
    pub request: Template,
    /// Path of the value in the response, for example `data.tags`.
    pub value_path: String,
    /// The member of the operation that is stored there; found by name if not given.
    pub member: Option<String>,
    /// Path of the key inside an item, if a map is written but read back as a list; `*` means the only member.
    pub key_path: Option<String>,
    /// Path of the compared value inside an item or entry that was read.
    pub item_path: Option<String>,
    /// Path of the compared value inside an entry that was written.
    pub entry_path: Option<String>,
    /// Whether a response may leave the value out altogether. Nothing is concluded from a value that is never returned.
    pub optional: bool,
    /// Whether it was inferred. Then only plain values are promised to be returned as they were written.
    pub is_inferred: bool,
}

/// States that an operation undoes what another operation wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UndoRule {
    /// The writing operation.
    pub operation: String,
    /// The member of the writing operation whose entries are removed; its only member if not given.
    pub undone_member: Option<String>,
    /// The member of this operation that names the entries to remove.
    pub member: String,
}

/// One `[[amend]]` table.
#[derive(Clone, Debug, PartialEq)]
pub struct AmendmentEntry {
    /// The field to amend: `AddTagsToContact.errors`, `TagContact.Tags{key}.length.max`.
    pub at: String,
    /// The value to add to a list.
    pub add: Option<Json>,
    /// The value that replaces the current one.
    pub set: Option<Json>,
    /// The reason for the amendment.
    pub reason: String,
    /// The line of the table in the scenario's file, from 1.
    pub line: u32,
}
