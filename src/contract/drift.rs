//! Compares two contracts of one API and lists their contradictions, fact by fact.
//!
//! It never decides which contract is right: both statements are reported with their lines.

use super::fact_resolution::{is_same_pattern, is_same_route};
use super::{
    Contract, Fact, FactField, MemberPath, Operation, PathSegment, Provenance, Shape, ShapeId, ShapeKind, ShapeRule,
};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashSet};

/// How two contracts differ at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DriftKind {
    /// Both contracts make a statement, and the statements differ.
    Contradicts,
    /// Only the first contract makes a statement.
    OnlyInFirst,
    /// Only the second contract makes a statement.
    OnlyInSecond,
}

/// What one contract states at a place.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Statement {
    /// The stated value.
    pub value: Json,
    /// The place of the statement in its document; `None` if the contract does not record one.
    pub source: Option<Provenance>,
}

/// One difference between two contracts.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Drift {
    /// The operation.
    pub operation: String,
    /// The member path. Paths of outputs begin with `(output)`; the path of the operation itself is empty.
    pub member: String,
    /// The field: `length/max`, `enum`, `required`, `errors/NAME`, `http/uri`, `operation` …
    pub field: String,
    /// How they differ.
    pub kind: DriftKind,
    /// The statement of the first contract.
    pub first: Option<Statement>,
    /// The statement of the second contract.
    pub second: Option<Statement>,
}

/// All statements of one contract about one operation, by member path and field.
type Statements = BTreeMap<(String, String), Statement>;

/// Returns every place where two contracts contradict each other or where only one makes a statement,
/// sorted by operation and member.
///
/// # Examples
/// ```
/// use overstep::contract::{Contract, DriftKind, Operation, OperationName, find_drift};
///
/// let mut page = Contract::new("notes");
/// page.operations.push(Operation::new(OperationName::new("GetNote")));
/// let model = Contract::new("notes");
/// let drift = find_drift(&page, &model);
/// assert_eq!((drift[0].operation.as_str(), drift[0].kind), ("GetNote", DriftKind::OnlyInFirst));
/// ```
pub fn find_drift(first: &Contract, second: &Contract) -> Vec<Drift> {
    let names: BTreeMap<&str, (Option<&Operation>, Option<&Operation>)> = first
        .operations
        .iter()
        .chain(&second.operations)
        .map(|operation| operation.name.as_str())
        .map(|name| (name, (first.operation(name), second.operation(name))))
        .collect();
    let mut found = Vec::new();
    for (name, (ours, theirs)) in names {
        let (Some(ours), Some(theirs)) = (ours, theirs) else {
            let only = |operation: &Operation| Statement {
                value: operation.name.as_str().into(),
                source: operation.sources.first().cloned(),
            };
            found.push(Drift {
                operation: name.to_owned(),
                member: String::new(),
                field: "operation".to_owned(),
                kind: if ours.is_some() { DriftKind::OnlyInFirst } else { DriftKind::OnlyInSecond },
                first: ours.map(only),
                second: theirs.map(only),
            });
            continue;
        };
        let (mut ours, mut theirs) = (collect_statements(first, ours), collect_statements(second, theirs));
        // If only one side has a member, the member itself is the difference; what lies below it is not listed.
        let outer = |one: &Statements, other: &Statements| -> Vec<String> {
            one.keys()
                .filter(|(_, field)| field == "member")
                .filter(|key| !other.contains_key(*key))
                .map(|(member, _)| member.clone())
                .collect()
        };
        let lone: Vec<String> = outer(&ours, &theirs).into_iter().chain(outer(&theirs, &ours)).collect();
        let below = |member: &str, field: &str| {
            lone.iter().any(|outer| {
                member
                    .strip_prefix(outer.as_str())
                    .is_some_and(|rest| (rest.is_empty() && field != "member") || rest.starts_with(['.', '[', '{']))
            })
        };
        ours.retain(|(member, field), _| !below(member, field));
        theirs.retain(|(member, field), _| !below(member, field));
        let keys: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).cloned().collect();
        for key in keys {
            let (one, other) = (ours.get(&key), theirs.get(&key));
            let kind = match (one, other) {
                (Some(one), Some(other)) if !values_agree(&key.1, &one.value, &other.value) => DriftKind::Contradicts,
                (Some(_), None) => DriftKind::OnlyInFirst,
                (None, Some(_)) => DriftKind::OnlyInSecond,
                _ => continue,
            };
            found.push(Drift {
                operation: name.to_owned(),
                member: key.0,
                field: key.1,
                kind,
                first: one.cloned(),
                second: other.cloned(),
            });
        }
    }
    found
}

fn values_agree(field: &str, a: &Json, b: &Json) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => match FactField::from(field) {
            FactField::Pattern => is_same_pattern(a, b),
            FactField::HttpUri => is_same_route(a, b),
            FactField::Type => a == b || is_coarser_type(a, b) || is_coarser_type(b, a),
            _ => a == b,
        },
        _ if FactField::from(field) == FactField::Enum => {
            let set = |value: &Json| -> std::collections::BTreeSet<String> {
                value.as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
            };
            set(a) == set(b)
        }
        // The member lists of two `atLeastOneOf` rules differ whenever one page knows more members than the other.
        _ if field.starts_with("rules/atLeastOneOf") => true,
        _ => a == b,
    }
}

/// Returns true if the second type is only a more exact name for the first.
fn is_coarser_type(coarse: &str, fine: &str) -> bool {
    matches!(
        (coarse, fine),
        ("integer", "long")
            | ("float", "double")
            | ("string", "enum" | "timestamp" | "blob")
            | ("structure", "union")
            | ("document", _)
    )
}

fn collect_statements(contract: &Contract, operation: &Operation) -> Statements {
    let mut all = Statements::new();
    let mut put = |field: String, value: Json, facts: &[Fact], stated: &FactField| {
        let source = facts.iter().find(|fact| fact.field == *stated).map(Fact::provenance);
        all.insert((String::new(), field), Statement { value, source });
    };
    if let Some(http) = &operation.http {
        for (field, value) in [(FactField::HttpMethod, &http.method), (FactField::HttpUri, &http.uri)] {
            if !value.is_empty() {
                put(field.to_string(), value.as_str().into(), &operation.facts, &field);
            }
        }
        if let Some(success) = http.success {
            let field = FactField::HttpSuccess;
            put(field.to_string(), success.into(), &operation.facts, &field);
        }
    }
    if let Some(permission) = &operation.permission {
        let field = FactField::Permission;
        put(field.to_string(), permission.as_str().into(), &operation.facts, &field);
    }
    for law in &operation.laws {
        let field = FactField::Law(law.clone());
        put(field.to_string(), true.into(), &operation.facts, &field);
    }
    for (name, error) in contract.operation_errors(operation) {
        let field = FactField::Error(name.to_string());
        put(field.to_string(), true.into(), &operation.facts, &field);
        if let Some(status) = error.status {
            put(format!("{field}/{}", FactField::Status), status.into(), &error.facts, &FactField::Status);
        }
    }
    for (side, prefix) in [(&operation.input, ""), (&operation.output, "(output)")] {
        if let Some(id) = side {
            let mut above = HashSet::new();
            collect_shape_statements(contract, id, &MemberPath::root(), prefix, &mut above, &mut all);
        }
    }
    all
}

fn collect_shape_statements(
    contract: &Contract,
    id: &ShapeId,
    path: &MemberPath,
    prefix: &str,
    above: &mut HashSet<ShapeId>,
    all: &mut Statements,
) {
    let Some(shape) = contract.shapes.get(id) else { return };
    let member = match (prefix, path.0.is_empty()) {
        ("", _) => path.to_string(),
        (prefix, true) => prefix.to_owned(),
        (prefix, false) => format!("{prefix}.{path}"),
    };
    // The tree of paths can be far larger than the number of shapes, so each shape is followed once per path.
    if all.len() > 200_000 || !above.insert(id.clone()) {
        return;
    }
    collect_field_statements(shape, &member, all);
    match &shape.kind {
        ShapeKind::List { member } => {
            collect_shape_statements(contract, member, &path.join(PathSegment::Item), prefix, above, all)
        }
        ShapeKind::Map { key, value } => {
            collect_shape_statements(contract, key, &path.join(PathSegment::Key), prefix, above, all);
            collect_shape_statements(contract, value, &path.join(PathSegment::Value), prefix, above, all);
        }
        kind => {
            for (name, one) in kind.members().into_iter().flatten() {
                let below = path.join_member(name);
                let place = if prefix.is_empty() { below.to_string() } else { format!("{prefix}.{below}") };
                let source = |field: FactField| shape.facts_at(&field).next().map(Fact::provenance);
                let mut put = |field: &str, value: Json, source: Option<Provenance>| {
                    all.insert((place.clone(), field.to_owned()), Statement { value, source });
                };
                put("member", true.into(), source(FactField::Member(name.clone())));
                if one.required {
                    put("required", true.into(), source(FactField::MemberRequired(name.clone())));
                }
                if shape.facts_at(&FactField::MemberLocation(name.clone())).next().is_some() {
                    let value = serde_json::to_value(one.location).unwrap_or_default();
                    put("location", value, source(FactField::MemberLocation(name.clone())));
                }
                collect_shape_statements(contract, &one.shape, &below, prefix, above, all);
            }
        }
    }
    above.remove(id);
}

fn collect_field_statements(shape: &Shape, member: &str, all: &mut Statements) {
    let mut put_as = |name: String, value: Json, field: &FactField| {
        let source = shape.facts_at(field).next().map(Fact::provenance);
        all.insert((member.to_owned(), name), Statement { value, source });
    };
    let mut put = |field: FactField, value: Json| put_as(field.to_string(), value, &field);
    put(FactField::Type, shape.kind.name().into());
    let length = shape.length();
    for (field, value) in [(FactField::LengthMin, length.min), (FactField::LengthMax, length.max)] {
        if let Some(value) = value {
            put(field, value.into());
        }
    }
    if let Some(range) = &shape.range {
        for (field, value) in [(FactField::RangeMin, &range.min), (FactField::RangeMax, &range.max)] {
            if let Some(value) = value {
                put(field, value.clone().into());
            }
        }
    }
    if let Some(step) = &shape.multiple_of {
        put(FactField::MultipleOf, step.clone().into());
    }
    if let Some(pattern) = &shape.pattern {
        put(FactField::Pattern, pattern.as_str().into());
    }
    if let ShapeKind::Enum { values } = &shape.kind {
        put(FactField::Enum, values.clone().into());
    }
    if shape.unique {
        put(FactField::Unique, true.into());
    }
    for (index, rule) in shape.rules.iter().enumerate() {
        let name = format!("rules/{}", rule.constraint());
        let (name, value) = match rule {
            ShapeRule::AtLeastOneOf { members } | ShapeRule::AtMostOneOf { members } => (name, members.clone().into()),
            ShapeRule::MaxTotalBytes { max, .. } => (name, (*max).into()),
            ShapeRule::DistinctBy { key } => (name, key.clone().into()),
            ShapeRule::KnownMembers => (name, true.into()),
            ShapeRule::EntryRange { key, min, max } => (format!("{name}/{key}"), vec![*min, *max].into()),
            // A structure may have several rules of these kinds.
            _ => {
                let values = rule.deciding_member().map_or(Json::Bool(true), |(_, values)| values.to_vec().into());
                (format!("{name}/{}", rule.related_members().join("/")), values)
            }
        };
        put_as(name, value, &FactField::Rule(index));
    }
}
