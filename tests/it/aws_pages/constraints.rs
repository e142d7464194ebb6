//! Collects the constraints of a contract, place by place.

use overstep::contract::{Contract, ShapeId, ShapeKind};
use std::collections::BTreeMap;

/// A constraint of a place.
#[derive(Debug, PartialEq)]
pub enum Constraint {
    Type(&'static str),
    Required,
    Limit(String),
    Pattern(String),
    Values(Vec<String>),
}

impl Constraint {
    /// Returns true if pages of this text may state the constraint: a pattern and the values of an enum stand there.
    pub fn may_be_in(&self, pages: &str) -> bool {
        let is_value =
            |value: &String| [" {} ", " {}`", "`{} "].iter().any(|form| pages.contains(&form.replace("{}", value)));
        match self {
            Self::Pattern(pattern) => pages.contains(pattern.as_str()),
            Self::Values(values) => values.iter().all(is_value),
            Self::Type(_) | Self::Required | Self::Limit(_) => true,
        }
    }
}

/// The constraints of a place by name.
pub type PlaceConstraints = BTreeMap<&'static str, Constraint>;

/// Returns the constraints of all places: operation, side and path.
pub fn collect_constraints(contract: &Contract) -> BTreeMap<String, PlaceConstraints> {
    let mut found = BTreeMap::new();
    for operation in &contract.operations {
        for (side, id) in [("input", &operation.input), ("output", &operation.output)] {
            if let Some(id) = id {
                collect(contract, id, &format!("{} {side}", operation.name), false, &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

fn collect(
    contract: &Contract,
    id: &ShapeId,
    place: &str,
    is_required: bool,
    enclosing: &mut Vec<ShapeId>,
    found: &mut BTreeMap<String, PlaceConstraints>,
) {
    let shape = contract.shape(id);
    let mut constraints = PlaceConstraints::new();
    let name = if let ShapeKind::Enum { values } = &shape.kind {
        constraints.insert("values", Constraint::Values(values.clone()));
        "string"
    } else {
        shape.kind.name()
    };
    constraints.insert("type", Constraint::Type(name));
    if is_required {
        constraints.insert("required", Constraint::Required);
    }
    let (length, range) = (shape.length(), shape.range.clone().unwrap_or_default());
    let limits = [
        ("length/min", length.min.map(|limit| limit.to_string())),
        ("length/max", length.max.map(|limit| limit.to_string())),
        ("range/min", range.min.map(|limit| limit.to_string())),
        ("range/max", range.max.map(|limit| limit.to_string())),
    ];
    constraints.extend(limits.into_iter().filter_map(|(name, limit)| Some((name, Constraint::Limit(limit?)))));
    if let Some(pattern) = &shape.pattern {
        constraints.insert("pattern", Constraint::Pattern(pattern.to_string()));
    }
    found.insert(place.to_owned(), constraints);
    if enclosing.contains(id) {
        return;
    }
    enclosing.push(id.clone());
    match &shape.kind {
        ShapeKind::List { member } => collect(contract, member, &format!("{place}[]"), false, enclosing, found),
        ShapeKind::Map { key, value } => {
            collect(contract, key, &format!("{place}{{key}}"), false, enclosing, found);
            collect(contract, value, &format!("{place}{{value}}"), false, enclosing, found);
        }
        kind => {
            for (name, member) in kind.members().into_iter().flatten() {
                let place = format!("{place}.{name}");
                collect(contract, &member.shape, &place, member.required, enclosing, found);
            }
        }
    }
    enclosing.pop();
}
