//! The scenario as plain values.

use crate::contract::{MemberPath, Protocol};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// A text with holes: `{InstanceId}`, `{contact.id}`, `{case}`, `{case:2}`, `{run}`. `{{` and `}}` are braces.
pub type Template = String;

/// What a user says about one API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// The file's stem, first part of every case id.
    pub name: String,
    /// Paths, globs, or `botocore:SERVICE`; relative to the scenario's file.
    pub sources: Vec<String>,
    /// Operations to check; empty means all that the sources hold.
    pub only: Vec<String>,
    /// A name in `overstep.toml`, a URL, or `embedded`.
    pub endpoint: Option<String>,
    /// Where an error body holds the documented code, if no document says; for example `error.code`.
    pub error_code: Option<String>,
    /// The principal of every step that names none.
    pub principal: Option<String>,
    /// Whether the endpoint checks signatures; only then are wrong signatures sent.
    pub verifies_signatures: bool,
    /// Values that `--variable` and `--secret` replace.
    pub variables: IndexMap<String, Variable>,
    /// Who may call.
    pub principals: IndexMap<String, Principal>,
    /// Values for members of this name in every operation's input: identifiers of resources that exist.
    /// Keys are member paths; a plain name is the path of a member of the input.
    pub uses: IndexMap<String, Json>,
    /// Identifiers that are well formed and exist nowhere, for members of this name in every operation.
    pub missing: IndexMap<String, Json>,
    /// Other identifiers that exist, for members of this name: a resource of the same name below another parent,
    /// where what is written below the first must not be seen.
    pub elsewhere: IndexMap<String, Json>,
    /// Resources made anew for each case and deleted afterwards.
    pub fixtures: IndexMap<String, Fixture>,
    /// What is said of single operations.
    pub operations: IndexMap<String, OperationNotes>,
    /// Where the documents are silent or wrong.
    pub amendments: Vec<AmendEntry>,
    /// Whether resources are not to be inferred from what machine models say.
    pub explicit: bool,
    /// The protocol to speak, where the endpoint speaks several and the model prefers another: `awsQuery`.
    pub protocol: Option<Protocol>,
}

impl Scenario {
    /// A scenario that says nothing but its name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Whether cases of an operation are wanted.
    pub fn wants(&self, operation: &str) -> bool {
        (self.only.is_empty() || self.only.iter().any(|only| only == operation))
            && self.notes(operation).is_none_or(|notes| notes.skip.is_none())
    }

    /// Whether an operation makes or takes away what the cases of others need, or reads it.
    pub fn takes(&self, operation: &str) -> bool {
        let is = |request: &RawRequest| request.operation() == Some(operation);
        self.fixtures.values().any(|fixture| fixture.create.iter().chain(&fixture.delete).any(is))
            || self.operations.iter().any(|(name, notes)| {
                self.wants(name)
                    && (notes.cleanup.iter().any(is) || notes.reads.iter().any(|read| read.request == operation))
            })
    }

    /// What is said of one operation.
    pub fn notes(&self, operation: &str) -> Option<&OperationNotes> {
        self.operations.get(operation)
    }

    /// The value to use for a member path of an operation: the operation's own word first, then the scenario's.
    pub fn use_for(&self, operation: &str, path: &str) -> Option<&Json> {
        self.notes(operation).and_then(|notes| notes.uses.get(path)).or_else(|| self.uses.get(path))
    }

    /// The same for a path that is not written out yet, which takes longer than to see that nothing is said.
    pub fn use_at(&self, operation: &str, path: &MemberPath) -> Option<&Json> {
        let own = self.notes(operation).is_some_and(|notes| !notes.uses.is_empty());
        (own || !self.uses.is_empty()).then(|| self.use_for(operation, &path.to_string()))?
    }

    /// An identifier for a member path that is well formed and exists nowhere.
    pub fn missing_for(&self, operation: &str, path: &str) -> Option<&Json> {
        self.notes(operation).and_then(|notes| notes.missing.get(path)).or_else(|| self.missing.get(path))
    }
}

/// A value that the user may replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its value; may hold `{case}` and `{run}`.
    pub value: Template,
    /// Whether it must never be printed or stored.
    pub secret: bool,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// How the caller proves it.
    pub credentials: Credentials,
    /// Documented permissions that this caller does not have, for example `contacts:write`.
    pub lacks: Vec<String>,
}

/// How a caller proves who it is. Texts may hold holes for secret variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Bearer KEY`.
    Bearer(Template),
    /// AWS Signature Version 4; keys from the standard environment or profile, on loopback without any, dummies.
    SigV4 {
        /// The region of the signature's scope.
        region: String,
        /// The service of the signature's scope, where the contract does not say it.
        service: Option<String>,
        /// The access key id, where it does not come from the environment.
        access_key_id: Option<Template>,
        /// The secret key, where it does not come from the environment.
        secret_access_key: Option<Template>,
    },
    /// A header with a key.
    Header {
        /// The header's name.
        name: String,
        /// Its value.
        value: Template,
    },
    /// Nothing is sent.
    Anonymous,
}

/// A resource that overstep makes for a case and deletes afterwards.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fixture {
    /// The requests that make it, one after another.
    pub create: Vec<RawRequest>,
    /// The requests that delete it, one after another.
    pub delete: Vec<RawRequest>,
    /// What it is made with and known by afterwards: `{bucket.Bucket}` is the name of this key here. Texts may hold
    /// `{case}` and `{run}`.
    pub names: IndexMap<String, Template>,
}

impl Fixture {
    /// What is kept of the answers: names and paths.
    pub fn captures(&self) -> impl Iterator<Item = (&String, &String)> {
        self.create.iter().flat_map(|request| &request.capture)
    }
}

/// A request written by the user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RawRequest {
    /// `POST /v1/contacts`, or the name of an operation of the contract.
    pub request: Template,
    /// A JSON body; its texts are templates.
    pub json: Option<Json>,
    /// The operation's input; its texts are templates. Where none is given, its plain valid input.
    pub input: Option<Json>,
    /// What is kept of the answer: name to path.
    pub capture: IndexMap<String, String>,
    /// Statuses that count as a success; any from 200 to 299 where none is named.
    pub status: Vec<u16>,
    /// What its answer has to show before the next request is sent; asked again until then, within a budget.
    pub until: Option<Until>,
    /// The line of the request in the scenario's file, from 1; 0 where none stands there.
    pub line: u32,
}

/// What an answer shows once a resource is ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Until {
    /// Where in the answer, for example `Table.TableStatus`.
    pub value: String,
    /// One of these texts.
    pub is: Vec<String>,
}

impl RawRequest {
    /// The operation that is meant, where none is spelled out as method and path.
    pub fn operation(&self) -> Option<&str> {
        (!self.request.contains(' ')).then_some(self.request.as_str())
    }
}

/// What is said of one operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OperationNotes {
    /// The line where they begin in the scenario's file, from 1; 0 where nobody wrote them.
    pub line: u32,
    /// Values by member path.
    pub uses: IndexMap<String, Json>,
    /// Identifiers that exist nowhere, by member path.
    pub missing: IndexMap<String, Json>,
    /// How to read back what the operation wrote: one way for each member that is kept.
    pub reads: Vec<ReadBack>,
    /// What the operation promises about state.
    pub laws: Vec<String>,
    /// The line of `laws` in the scenario's file, from 1; 0 where nothing is said.
    pub laws_line: u32,
    /// Which writing operation it takes back.
    pub undoes: Option<Undoes>,
    /// Places in a success's answer that say an identifier of the request again: place to member.
    pub echoes: IndexMap<String, String>,
    /// Members whose values are chosen anew for each case: they name what the operation makes, and nothing that
    /// exists. Their values stand in `uses`.
    pub fresh: Vec<String>,
    /// The request that takes away what the operation made; `{made.PATH}` is a member of the input or of the answer.
    pub cleanup: Option<RawRequest>,
    /// Leave this operation out, with the reason.
    pub skip: Option<String>,
}

/// How to read back what an operation wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadBack {
    /// The request: `GET /path`, the name of an operation of the contract, or `answer` where the answer to the
    /// write itself holds all that is stored.
    pub request: Template,
    /// Where in the answer the value stands, for example `data.tags`.
    pub value: String,
    /// The member of the operation that is stored there; found by name where nothing is said.
    pub member: Option<String>,
    /// Where what is stored as a map is read as a list: the place of an item's key, `*` for an only member.
    pub key: Option<String>,
    /// The place of what is compared inside an item or entry that was read.
    pub item: Option<String>,
    /// The place of what is compared inside an entry that was written.
    pub of: Option<String>,
    /// Whether an answer may leave it out altogether; what is never shown teaches nothing.
    pub optional: bool,
}

/// That an operation takes back what another one wrote.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Undoes {
    /// The writing operation.
    pub operation: String,
    /// The member of the writing operation whose entries are taken back; its only one where nothing is said.
    pub of: Option<String>,
    /// The member of this operation that names the entries.
    pub member: String,
}

/// One `[[amend]]` table.
#[derive(Clone, Debug, PartialEq)]
pub struct AmendEntry {
    /// What is amended: `AddTagsToContact.errors`, `TagContact.Tags{key}.length.max`.
    pub at: String,
    /// What is added to a list.
    pub add: Option<Json>,
    /// What replaces the value.
    pub set: Option<Json>,
    /// Why.
    pub reason: String,
    /// The line of the table in the scenario's file, from 1.
    pub line: u32,
}
