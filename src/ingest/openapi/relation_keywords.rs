//! Reads keywords of JSON Schema that relate the members of an object: `dependentRequired`, `if`, `not`, and alternatives
//! that only require members.
//!
//! It never reads a condition in part: what it does not understand is left out as a whole.

use super::{FilePlace, Located};
use crate::ingest::json::JsonValue;
use crate::ingest::sentences::StatedRelation;

/// The relations of a keyword; `None` if it says something else, too.
type Relations = Option<Vec<StatedRelation>>;

/// The condition of an `if`.
enum SchemaCondition {
    /// The member has one of these values.
    Value(String, Vec<String>),
    /// The member is given.
    Given(String),
}

/// Returns the relations of a keyword of an object schema, with the place of each.
pub(super) fn read_relation<'d>(schema: Located<'d>, keyword: &str, value: Located<'d>) -> Relations {
    match keyword {
        "dependentRequired" | "dependencies" | "dependentSchemas" => {
            let entries = value.entries().map(|(name, _, demand)| read_dependency(name, demand));
            entries.collect::<Option<Vec<_>>>().map(|found| found.into_iter().flatten().collect())
        }
        "if" => read_condition(schema, value),
        "not" => read_negation(value),
        _ => None,
    }
}

/// Returns the names of alternatives each of which only requires one member.
pub(super) fn required_alternatives(alternatives: Located<'_>) -> Option<Vec<Option<String>>> {
    let names: Option<Vec<Option<String>>> = alternatives
        .items()
        .map(|one| {
            let has_only = one.entries().all(|(key, _, value)| {
                matches!(key, "required" | "title" | "description" | "not")
                    || key == "type" && value.node.as_text() == Some("object")
            });
            let required = texts_of(one.get("required")?)?;
            (has_only && required.len() == 1).then(|| required.into_iter().next())
        })
        .collect();
    names.filter(|names| names.len() > 1)
}

fn texts_of(list: Located<'_>) -> Option<Vec<String>> {
    list.items().map(|item| item.node.as_text().map(str::to_owned)).collect()
}

fn named(names: Vec<String>) -> Vec<Option<String>> {
    names.into_iter().map(Some).collect()
}

fn has_only_keys(schema: Located<'_>, keys: &[&str]) -> bool {
    schema.entries().all(|(key, ..)| keys.contains(&key))
}

/// Reads what the presence of a member demands: a list of members, or a schema that requires or forbids some.
fn read_dependency(member: &str, demand: Located<'_>) -> Relations {
    let needs = match &demand.node.value {
        JsonValue::List(_) => texts_of(demand)?,
        _ => {
            let (required, forbidden) = read_demand(demand)?;
            let pairs =
                forbidden.into_iter().map(|name| StatedRelation::AtMostOneOf(named(vec![member.to_owned(), name])));
            let mut found: Vec<StatedRelation> = pairs.collect();
            if !required.is_empty() {
                found.push(StatedRelation::Requires { member: Some(member.to_owned()), needs: named(required) });
            }
            return Some(found);
        }
    };
    Some(vec![StatedRelation::Requires { member: Some(member.to_owned()), needs: named(needs) }])
}

/// Returns the members that a schema requires and those that it forbids, if it says nothing else.
fn read_demand(schema: Located<'_>) -> Option<(Vec<String>, Vec<String>)> {
    if !has_only_keys(schema, &["required", "not", "properties", "type", "description", "title"]) {
        return None;
    }
    let required = schema.get("required").map_or(Some(Vec::new()), texts_of)?;
    let mut forbidden = match schema.get("not") {
        Some(not) => forbidden_alone(not)?,
        None => Vec::new(),
    };
    for (name, _, property) in schema.get("properties").into_iter().flat_map(Located::entries) {
        match &property.node.value {
            JsonValue::Bool(false) => forbidden.push(name.to_owned()),
            JsonValue::Bool(true) => {}
            JsonValue::Object(_) if property.entries().next().is_none() => {}
            _ => return None,
        }
    }
    Some((required, forbidden))
}

/// Returns the members each of which is forbidden by a `not`.
fn forbidden_alone(not: Located<'_>) -> Option<Vec<String>> {
    let one = |schema: Located<'_>| {
        let names = texts_of(schema.get("required")?)?;
        (names.len() == 1 && has_only_keys(schema, &["required"])).then_some(names)
    };
    match not.get("anyOf") {
        Some(list) if has_only_keys(not, &["anyOf"]) => {
            list.items().map(one).collect::<Option<Vec<_>>>().map(|names| names.concat())
        }
        Some(_) => None,
        None => one(not),
    }
}

/// Reads `not: {required: [a, b]}`: the two are not given together.
fn read_negation(not: Located<'_>) -> Relations {
    let pair = |schema: Located<'_>| {
        let names = texts_of(schema.get("required")?)?;
        (names.len() == 2 && has_only_keys(schema, &["required"])).then(|| StatedRelation::AtMostOneOf(named(names)))
    };
    match not.get("anyOf") {
        Some(list) if has_only_keys(not, &["anyOf"]) => list.items().map(pair).collect(),
        Some(_) => None,
        None => pair(not).map(|pair| vec![pair]),
    }
}

/// Reads `if`, `then` and `else` of a schema.
fn read_condition(schema: Located<'_>, condition: Located<'_>) -> Relations {
    let parsed = parse_condition(condition)?;
    let demand = |key: &str| schema.get(key).map_or(Some((Vec::new(), Vec::new())), read_demand);
    let (then, otherwise) = (demand("then")?, demand("else")?);
    let mut found = Vec::new();
    match parsed {
        SchemaCondition::Given(name) => {
            let member = Some(name);
            if !then.0.is_empty() {
                found.push(StatedRelation::Requires { member: member.clone(), needs: named(then.0) });
            }
            let excluded =
                then.1.into_iter().map(|other| StatedRelation::AtMostOneOf(vec![member.clone(), Some(other)]));
            found.extend(excluded);
            found.extend(
                otherwise.0.into_iter().map(|other| StatedRelation::AtLeastOneOf(vec![member.clone(), Some(other)])),
            );
            let needing = otherwise.1.into_iter().map(Some);
            found.extend(
                needing.map(|needing| StatedRelation::Requires { member: needing, needs: vec![member.clone()] }),
            );
        }
        SchemaCondition::Value(name, values) => {
            let others = other_values(schema, &name, &values);
            let member = Some(name);
            if !then.0.is_empty() {
                let (member, values, needs) = (member.clone(), values.clone(), named(then.0));
                found.push(StatedRelation::RequiredIf { member, values, needs });
            }
            if !then.1.is_empty() {
                let (member, values, excludes) = (member.clone(), values.clone(), named(then.1));
                found.push(StatedRelation::ForbiddenIf { member, values, excludes });
            }
            if !otherwise.0.is_empty() {
                found.push(StatedRelation::RequiredIf {
                    member: member.clone(),
                    values: others?,
                    needs: named(otherwise.0),
                });
            }
            let restricted = otherwise.1.into_iter().map(Some);
            found.extend(restricted.map(|restricted| StatedRelation::OnlyIf {
                member: restricted,
                other: member.clone(),
                values: values.clone(),
            }));
        }
    }
    Some(found)
}

fn parse_condition(condition: Located<'_>) -> Option<SchemaCondition> {
    if !has_only_keys(condition, &["properties", "required", "type"]) {
        return None;
    }
    let required = condition.get("required").map_or(Some(Vec::new()), texts_of)?;
    let Some(properties) = condition.get("properties") else {
        let [name] = required.try_into().ok()?;
        return Some(SchemaCondition::Given(name));
    };
    let mut entries = properties.entries();
    let (name, _, property) = entries.next()?;
    let is_alone = entries.next().is_none() && required.iter().all(|one| one == name);
    if !is_alone || !has_only_keys(property, &["const", "enum", "type"]) {
        return None;
    }
    let values = match (property.get("const"), property.get("enum")) {
        (Some(value), _) => vec![text_of(value)?],
        (None, Some(list)) => list.items().map(text_of).collect::<Option<Vec<_>>>()?,
        _ => return None,
    };
    Some(SchemaCondition::Value(name.to_owned(), values))
}

fn text_of(value: Located<'_>) -> Option<String> {
    match value.node.to_json() {
        serde_json::Value::String(text) => Some(text),
        value @ (serde_json::Value::Bool(_) | serde_json::Value::Number(_)) => Some(value.to_string()),
        _ => None,
    }
}

/// Returns the other values that the schema lists for a member.
fn other_values(schema: Located<'_>, name: &str, values: &[String]) -> Option<Vec<String>> {
    let property = schema.get("properties")?.get(name)?;
    let all = match property.get("enum") {
        Some(list) => list.items().map(text_of).collect::<Option<Vec<_>>>()?,
        None if property.text("type") == Some("boolean") => vec!["true".to_owned(), "false".to_owned()],
        None => return None,
    };
    Some(all.into_iter().filter(|one| !values.contains(one)).collect())
}

/// Returns the relations of an object's alternatives: exactly one of the members for `oneOf`, otherwise at least one.
pub(super) fn alternatives_relation(keyword: &str, names: Vec<Option<String>>) -> StatedRelation {
    match keyword {
        "oneOf" => StatedRelation::ExactlyOneOf(names),
        _ => StatedRelation::AtLeastOneOf(names),
    }
}

/// A relation and the place of its keyword.
pub(super) type PlacedRelation = (StatedRelation, FilePlace);
