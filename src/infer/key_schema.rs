//! Finds key schemas: the creation of a resource says which attributes are the key of its items, and with which types.
//!
//! It gives the creation and the requests that name an item values that agree. It reads shapes and names of members only.

use crate::case::Value;
use crate::contract::{Contract, Operation, ShapeId, ShapeKind};
use crate::infer::creators::input_members;
use crate::scenario::{Scenario, fixture_placeholder};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// The name of the key attribute of a created resource.
const KEY_ATTRIBUTE: &str = "ovskey";
/// The end of the name of a member that states a key schema.
const SCHEMA_SUFFIX: &str = "KeySchema";

/// The members of a creation that state the key of its items.
struct KeySchema<'c> {
    /// The list of the key's attributes and the list of their types.
    members: [&'c str; 2],
    /// The member of the items of both lists that names an attribute.
    name: &'c str,
    /// The values of these members.
    values: [Json; 2],
    /// The attributes of the key: name and type.
    keys: Vec<(String, String)>,
}

/// The list in an input whose items have a name and a closed list of values.
struct NamedList<'c> {
    member: &'c str,
    name: &'c str,
    choice: &'c str,
    values: &'c [String],
}

/// Gives creations with a key schema, and the requests that name an item of what they create, values that agree.
pub(super) fn add_key_values(contract: &Contract, scenario: &mut Scenario) {
    let mut found: Vec<(String, String, Json)> = Vec::new();
    for operation in &contract.operations {
        let name = operation.name.as_str();
        if is_creation(scenario, name)
            && let Some(schema) = key_schema(contract, scenario, operation)
        {
            let members = schema.members.into_iter().zip(schema.values);
            found.extend(members.map(|(member, value)| (name.to_owned(), member.to_owned(), value)));
        }
        let keys = key_attributes(contract, scenario, operation).unwrap_or_default();
        for member in item_members(contract, operation, &keys).into_iter().filter(|_| !keys.is_empty()) {
            let item = keys.iter().map(|(name, kind)| (name.clone(), json!({kind: key_text(kind)}))).collect();
            found.push((name.to_owned(), member.clone(), Json::Object(item)));
        }
    }
    for (operation, member, value) in found {
        let notes = scenario.operations.entry(operation).or_default();
        let inside = format!("{member}.");
        if !notes.use_values.keys().any(|given| *given == member || given.starts_with(&inside)) {
            notes.use_values.insert(member, value);
        }
    }
}

/// Returns the attributes of the key of the items in the resource that an operation names: name and type. Returns `None` if
/// the operation names no resource with a key schema.
pub(crate) fn key_attributes(
    contract: &Contract,
    scenario: &Scenario,
    operation: &Operation,
) -> Option<Vec<(String, String)>> {
    let name = operation.name.as_str();
    if is_creation(scenario, name) {
        return None;
    }
    let mut templates =
        input_members(contract, operation).filter_map(|(member, _)| scenario.use_value(name, member)?.as_str());
    templates.find_map(|template| {
        let fixture = scenario.fixtures.get(fixture_placeholder(template)?.0)?;
        let creator = contract.operation(fixture.create.first()?.operation_name()?)?;
        Some(key_schema(contract, scenario, creator)?.keys)
    })
}

/// Returns true if an input agrees with the key schema in it (both lists name the same attributes), or with that of the
/// resource that it names (each item contains the key). Returns true if there is no key schema.
pub(crate) fn fits_key_schema(contract: &Contract, scenario: &Scenario, operation: &Operation, input: &Value) -> bool {
    let states_key = input_members(contract, operation).any(|(member, _)| member.ends_with(SCHEMA_SUFFIX));
    if states_key {
        let Some(schema) = key_schema(contract, scenario, operation) else { return true };
        let [keys, types] = schema.members.map(|member| attribute_names(input.member(member), schema.name));
        return keys == types;
    }
    let Some(keys) = key_attributes(contract, scenario, operation) else { return true };
    item_members(contract, operation, &keys).into_iter().all(|member| {
        let Some(item) = input.member(member) else { return true };
        keys.iter().all(|(name, kind)| item.member(name).is_some_and(|value| value.member(kind).is_some()))
    })
}

/// Returns the names of the attributes in a list.
fn attribute_names<'v>(list: Option<&'v Value>, name: &str) -> BTreeSet<&'v str> {
    let Some(Value::List(items)) = list else { return BTreeSet::new() };
    let names = items.iter().filter_map(|item| match item.member(name)? {
        Value::Text(text) | Value::Template(text) => Some(text.as_str()),
        _ => None,
    });
    names.collect()
}

/// Returns the required members of an input that hold an item, or its key: maps whose values have the types of the key.
fn item_members<'c>(contract: &'c Contract, operation: &'c Operation, keys: &[(String, String)]) -> Vec<&'c String> {
    let holds_item = |id: &ShapeId| {
        let ShapeKind::Map { value, .. } = &contract.shape(id).kind else { return false };
        let types = contract.shape(value).kind.members();
        types.is_some_and(|types| keys.iter().all(|(_, kind)| types.contains_key(kind)))
    };
    let required = input_members(contract, operation).filter(|(_, member)| member.required);
    required.filter(|(_, member)| holds_item(&member.shape)).map(|(name, _)| name).collect()
}

/// Returns a key of a type: numbers have types that begin with `N`.
fn key_text(kind: &str) -> &'static str {
    if kind.starts_with('N') { "1" } else { "ovs{case}" }
}

fn is_creation(scenario: &Scenario, operation: &str) -> bool {
    scenario.fixtures.values().any(|fixture| fixture.create.first().is_some_and(|create| create.request == operation))
}

/// Returns the key schema that an operation states: a list `KeySchema` of names and roles beside a list of the same names and
/// their types.
fn key_schema<'c>(contract: &'c Contract, scenario: &Scenario, operation: &'c Operation) -> Option<KeySchema<'c>> {
    let lists: Vec<NamedList<'c>> =
        input_members(contract, operation).filter_map(|(member, it)| named_list(contract, member, &it.shape)).collect();
    let schema = lists.iter().find(|list| list.member.ends_with(SCHEMA_SUFFIX))?;
    let types = lists.iter().find(|list| list.member != schema.member && list.name == schema.name)?;
    let given = |list: &NamedList<'_>, choice: &str| {
        let stated = scenario.use_value(operation.name.as_str(), list.member).cloned();
        stated.unwrap_or_else(|| json!([{list.name: KEY_ATTRIBUTE, list.choice: choice}]))
    };
    let values = [given(schema, schema.values.first()?), given(types, types.values.first()?)];
    let text = |item: &Json, name: &str| item.get(name).and_then(Json::as_str).map(str::to_owned);
    let keys = values[0].as_array()?.iter().map(|item| {
        let name = text(item, schema.name)?;
        let is_same = |other: &&Json| text(other, types.name).as_ref() == Some(&name);
        let kind = text(values[1].as_array()?.iter().find(is_same)?, types.choice)?;
        Some((name, kind))
    });
    let keys = keys.collect::<Option<Vec<_>>>()?;
    Some(KeySchema { members: [schema.member, types.member], name: schema.name, values, keys })
}

fn named_list<'c>(contract: &'c Contract, member: &'c str, id: &ShapeId) -> Option<NamedList<'c>> {
    let ShapeKind::List { member: item } = &contract.shape(id).kind else { return None };
    let members = contract.shape(item).kind.members()?;
    let is_text = |id: &ShapeId| matches!(contract.shape(id).kind, ShapeKind::String);
    let (name, _) = members.iter().find(|(name, it)| name.ends_with("Name") && is_text(&it.shape))?;
    members.iter().find_map(|(choice, it)| match &contract.shape(&it.shape).kind {
        ShapeKind::Enum { values } if it.required => Some(NamedList { member, name, choice, values }),
        _ => None,
    })
}
