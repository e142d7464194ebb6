//! Finds the members that an operation stores and that can be read back, and the laws documented for them.
//!
//! It never decides what is sent.

use crate::case::{CaseId, LawName, Resource, StateKind, StateModel, StateView, StepRequest, Value, WriteEffect};
use crate::contract::{
    Contract, EntryMembers, FactField, MemberLocation, MemberPath, Operation, Provenance, ShapeId, ShapeKind,
    entry_members, holds_only_entries,
};
use crate::generate::plan_context::PlanContext;
use crate::scenario::ReadBack;
use indexmap::IndexMap;
use serde_json::Value as Json;

/// A member of an operation's input that the service stores, with the way to read it back.
#[derive(Clone)]
pub(crate) struct StoredMember<'p> {
    /// The writing operation.
    pub operation: &'p Operation,
    /// The member, at the top of the input.
    pub path: MemberPath,
    /// The shape of the member.
    pub shape: &'p ShapeId,
    /// The kind of state.
    pub kind: StateKind,
    /// What reads the state.
    pub reader: StateReader<'p>,
    /// The place of the state in the reader's response.
    pub view: StateView,
    /// Whether the way to read it was inferred. Services may normalize texts, so only plain values are compared.
    pub is_inferred: bool,
    /// The path, inside a written entry, of the part that is compared.
    compared_path: Option<String>,
    /// The members of an item that hold the key and the value, if the entries are written as a list: `Key` and `Value`.
    pub entry_members: Option<EntryMembers>,
}

/// What reads a state.
#[derive(Clone)]
pub(crate) enum StateReader<'p> {
    /// The response to the write itself.
    Response,
    /// An operation of the contract.
    Operation(&'p Operation),
    /// A request written by the user.
    Raw(&'p str),
}

/// Returns the members that an operation stores and that can be read back.
pub(crate) fn stored_members<'p>(plan_context: &PlanContext<'p>, operation: &'p Operation) -> Vec<StoredMember<'p>> {
    let reads =
        plan_context.scenario.operation_notes(operation.name.as_str()).map_or(&[][..], |notes| &notes.read_backs);
    find_stored_members(plan_context.contract, operation, reads)
}

/// Returns true if anything that an operation writes can be read back.
pub fn is_readable(contract: &Contract, operation: &str, reads: &[ReadBack]) -> bool {
    contract.operation(operation).is_some_and(|operation| !find_stored_members(contract, operation, reads).is_empty())
}

fn find_stored_members<'p>(
    contract: &'p Contract,
    operation: &'p Operation,
    reads: &'p [ReadBack],
) -> Vec<StoredMember<'p>> {
    if reads.is_empty() {
        return response_member(contract, operation).into_iter().collect();
    }
    reads.iter().filter_map(|read| read_back_member(contract, operation, read)).collect()
}

fn read_back_member<'p>(
    contract: &'p Contract,
    operation: &'p Operation,
    read: &'p ReadBack,
) -> Option<StoredMember<'p>> {
    let members = contract.shape(operation.input.as_ref()?).kind.members()?;
    let stored = |name: &str| {
        let (name, member) = members.get_key_value(name)?;
        Some((name, &member.shape))
    };
    let last = read.value_path.rsplit(['.', ']']).next().unwrap_or_default();
    let named = match &read.member {
        Some(member) => stored(member),
        None => stored(last),
    };
    let only = || {
        let mut many = members.iter().filter(|(_, member)| {
            matches!(contract.shape(&member.shape).kind, ShapeKind::Map { .. } | ShapeKind::List { .. })
                && member.location == MemberLocation::Body
        });
        match (many.next(), many.next()) {
            (Some((name, member)), None) => Some((name, &member.shape)),
            _ => None,
        }
    };
    let (name, shape) = named.or_else(|| if read.member.is_none() { only() } else { None })?;
    let reader = match read.request.as_str() {
        "answer" => StateReader::Response,
        request if request.contains(' ') => StateReader::Raw(request),
        request => StateReader::Operation(contract.operation(request)?),
    };
    let view = StateView {
        place: read.value_path.clone(),
        key: read.key_path.clone(),
        item: read.item_path.clone(),
        optional: read.optional,
    };
    let is_entry_list = read.key_path.is_some() && holds_only_entries(contract, shape);
    let entry_members = if is_entry_list { entry_members(contract, shape) } else { None };
    let kind = if entry_members.is_some() { StateKind::Map } else { state_kind(contract, shape) };
    Some(StoredMember {
        entry_members,
        operation,
        path: MemberPath::root().join_member(name),
        shape,
        kind,
        reader,
        view,
        is_inferred: read.is_inferred,
        compared_path: read.entry_path.clone(),
    })
}

fn state_kind(contract: &Contract, shape: &ShapeId) -> StateKind {
    match contract.shape(shape).kind {
        ShapeKind::Map { .. } => StateKind::Map,
        ShapeKind::List { .. } => StateKind::List,
        _ => StateKind::Field,
    }
}

/// Returns the stored member to use if the scenario names none: a map or list of the input that occurs under the same
/// name in the response, provided that the documents state a law about it.
fn response_member<'p>(contract: &'p Contract, operation: &'p Operation) -> Option<StoredMember<'p>> {
    // Other laws are not about a map or list that the response shows.
    let of_state =
        [LawName::Merges, LawName::Overwrites, LawName::Deduplicates, LawName::KeepsOrder, LawName::Idempotent];
    if !operation.laws.iter().any(|law| of_state.iter().any(|one| one.as_str() == law)) {
        return None;
    }
    let members = contract.shape(operation.input.as_ref()?).kind.members()?;
    let output = operation.output.as_ref()?;
    members.iter().find_map(|(name, member)| {
        let kind = state_kind(contract, &member.shape);
        if kind == StateKind::Field || member.location != MemberLocation::Body {
            return None;
        }
        let place = find_state_path(contract, output, name, kind, 0)?;
        Some(StoredMember {
            operation,
            path: MemberPath::root().join_member(name),
            shape: &member.shape,
            kind,
            reader: StateReader::Response,
            view: StateView { place, ..StateView::default() },
            is_inferred: false,
            compared_path: None,
            entry_members: None,
        })
    })
}

fn find_state_path(contract: &Contract, id: &ShapeId, name: &str, wanted: StateKind, depth: usize) -> Option<String> {
    let members = contract.shape(id).kind.members()?;
    if let Some(member) = members.get(name)
        && state_kind(contract, &member.shape) == wanted
    {
        return Some(member.wire_name(name).to_owned());
    }
    if depth > 3 {
        return None;
    }
    members.iter().find_map(|(outer, member)| {
        let below = find_state_path(contract, &member.shape, name, wanted, depth + 1)?;
        Some(format!("{}.{below}", member.wire_name(outer)))
    })
}

impl<'p> StoredMember<'p> {
    /// Returns true if a law holds for the operation: because a document or the scenario says so, or because every read
    /// implies it.
    pub fn has_law(&self, plan_context: &PlanContext<'_>, law: LawName) -> bool {
        let notes = plan_context.scenario.operation_notes(self.operation.name.as_str());
        matches!(law, LawName::ReadYourWrite | LawName::Isolated)
            || self.operation.laws.iter().any(|one| one == law.as_str())
            || notes.is_some_and(|notes| notes.laws.contains(&law))
    }

    /// Returns where a law is documented.
    pub fn law_source(&self, plan_context: &PlanContext<'_>, law: LawName) -> Option<Provenance> {
        law_source(plan_context, self.operation, law)
    }

    /// Returns the operation that undoes what this one writes, and the member of its input that names the entries.
    pub fn undo_operation(&self, plan_context: &PlanContext<'p>) -> Option<(&'p Operation, &'p str)> {
        plan_context.scenario.operations.iter().find_map(|(name, notes)| {
            let undoes = notes.undo_rule.as_ref()?;
            let fits = undoes.operation == self.operation.name.as_str()
                && undoes.undone_member.as_ref().is_none_or(|of| *of == self.path.to_string());
            fits.then_some(())?;
            Some((plan_context.contract.operation(name)?, undoes.member.as_str()))
        })
    }

    /// Returns the request that reads the state of a resource. Returns `None` if no separate request does, or if the
    /// scenario's request has no method.
    pub fn build_read(&self, plan_context: &PlanContext<'_>, id: &CaseId, resource: Resource) -> Option<StepRequest> {
        match &self.reader {
            StateReader::Response => None,
            StateReader::Operation(reader) => {
                let input = plan_context.input_sampler(reader, id).for_resource(resource).plain_input();
                Some(StepRequest::Operation { name: reader.name.clone(), input, damage: Vec::new() })
            }
            StateReader::Raw(request) => {
                let sampler = plan_context.input_sampler(self.operation, id).for_resource(resource);
                let line = match sampler.templates.fill_text(request) {
                    Value::Text(text) => text.replace('{', "{{").replace('}', "}}"),
                    Value::Template(text) => text,
                    _ => return None,
                };
                let (method, target) = line.split_once(' ')?;
                Some(StepRequest::Raw { method: method.to_owned(), target: target.trim().to_owned(), body: None })
            }
        }
    }

    /// Returns the documented model of the state, in which `law` holds whether it is documented or not.
    pub fn state_model(&self, plan_context: &PlanContext<'_>, law: LawName) -> StateModel {
        let holds = |one: LawName| one == law || self.has_law(plan_context, one);
        StateModel {
            kind: self.kind,
            merges: holds(LawName::Merges),
            deduplicates: holds(LawName::Deduplicates),
            ordered: holds(LawName::KeepsOrder),
        }
    }

    /// Returns true if every entry of a value has the part that is compared.
    pub fn has_compared_part(&self, value: &Value) -> bool {
        let Some(place) = &self.compared_path else { return true };
        let has = |value: &Value| {
            to_json(value).is_some_and(|json| value_at(&json, place).is_some_and(|part| !part.is_null()))
        };
        match (self.kind, value) {
            (StateKind::Map, Value::Map(entries)) => entries.values().all(has),
            (StateKind::List, Value::List(items)) => items.iter().all(has),
            (_, value) => has(value),
        }
    }

    /// Returns a value of the member as it is sent. Entries are a map everywhere else.
    pub fn sent_form(&self, value: &Value) -> Value {
        match (&self.entry_members, value) {
            (Some(members), Value::Map(entries)) => {
                let item = |(key, value): (&String, &Value)| {
                    map_value([(members.key.clone(), Value::text(key.clone())), (members.value.clone(), value.clone())])
                };
                Value::List(entries.iter().map(item).collect())
            }
            _ => value.clone(),
        }
    }

    /// Returns the effect on the state of writing a valid value to the member, in the form in which it is compared.
    pub fn write_effect(&self, value: &Value) -> Option<WriteEffect> {
        let compared = |value: &Value| {
            let json = to_json(value)?;
            match &self.compared_path {
                Some(place) => Some(value_at(&json, place).cloned().unwrap_or(Json::Null)),
                None => Some(json),
            }
        };
        Some(match (self.kind, value) {
            (StateKind::Map, Value::Map(entries)) => WriteEffect::Put(
                entries.iter().map(|(key, value)| Some((key.clone(), compared(value)?))).collect::<Option<_>>()?,
            ),
            (StateKind::List, Value::List(items)) => {
                WriteEffect::Append(items.iter().map(compared).collect::<Option<_>>()?)
            }
            (StateKind::Field, value) => WriteEffect::Set(compared(value)?),
            _ => return None,
        })
    }
}

/// Returns where a law of an operation is stated: in a document, in the scenario, or else where the operation itself is
/// documented.
pub(crate) fn law_source(plan_context: &PlanContext<'_>, operation: &Operation, law: LawName) -> Option<Provenance> {
    let field = FactField::Law(law.to_string());
    if let Some(fact) = operation.facts.iter().find(|fact| fact.field == field) {
        return Some(fact.provenance());
    }
    let notes = plan_context.scenario.operation_notes(operation.name.as_str());
    match notes.filter(|notes| notes.laws_line > 0 && notes.laws.contains(&law)) {
        Some(notes) => Some(Provenance::new(format!("{}.toml", plan_context.scenario.name), notes.laws_line)),
        None => operation.sources.first().cloned(),
    }
}

fn value_at<'j>(json: &'j Json, place: &str) -> Option<&'j Json> {
    place.split('.').try_fold(json, |json, name| json.get(name))
}

/// Converts a value to JSON. Returns `None` for placeholders and for what JSON cannot express.
pub(crate) fn to_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Boolean(truth) => Json::Bool(*truth),
        Value::Number(literal) => serde_json::from_str(literal).ok()?,
        Value::Text(text) => Json::String(text.clone()),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect::<Option<_>>()?),
        Value::Map(members) => Json::Object(
            members.iter().map(|(name, value)| Some((name.clone(), to_json(value)?))).collect::<Option<_>>()?,
        ),
        Value::Template(_) | Value::Blob(_) | Value::Raw(_) => return None,
    })
}

/// Returns the value with its free-text member set to `text`; if the value is a text itself, returns `text`.
pub(crate) fn with_free_text(contract: &Contract, id: &ShapeId, value: Value, text: &str) -> Option<Value> {
    match (&contract.shape(id).kind, value) {
        (ShapeKind::String, _) => Some(Value::text(text)),
        (ShapeKind::Structure { members } | ShapeKind::Union { members }, Value::Map(mut entry)) => {
            let name = members.iter().find(|(_, member)| {
                let shape = contract.shape(&member.shape);
                matches!(shape.kind, ShapeKind::String) && shape.pattern.is_none()
            });
            entry.insert(name?.0.clone(), Value::text(text));
            Some(Value::Map(entry))
        }
        _ => None,
    }
}

/// Builds a map value from entries.
pub(crate) fn map_value(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Map(entries.into_iter().collect::<IndexMap<_, _>>())
}
