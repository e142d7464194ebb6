//! Computes the merged value of a field from the facts about it, and whether the sources dispute it.
//!
//! It never drops a fact: a contradiction is marked on the facts, and the value is chosen so that a valid
//! request is valid according to every source.

use super::{ErrorShape, Fact, FactField, FactOrigin, Member, Operation, Shape, ShapeKind};
use indexmap::IndexMap;
use serde_json::{Number, Value as Json};
use std::collections::BTreeSet;

impl Shape {
    /// Adds a fact and computes its field again. A fact that is already present changes nothing.
    /// A value whose type does not fit the field is kept as a fact and has no effect.
    pub fn add_fact(&mut self, fact: Fact) {
        let field = fact.field.clone();
        if add_if_new(&mut self.facts, fact) {
            self.resolve_field(&field);
        }
    }

    /// Adds a fact about a field that no other fact is about, without comparing it with all others.
    pub(crate) fn add_first_fact(&mut self, fact: Fact) {
        let field = fact.field.clone();
        let others = std::mem::replace(&mut self.facts, vec![fact]);
        self.resolve_field(&field);
        let alone = std::mem::replace(&mut self.facts, others);
        self.facts.extend(alone);
    }

    /// Computes one field from the facts about it. Without facts the field stays as it is.
    pub fn resolve_field(&mut self, field: &FactField) {
        if *field == FactField::Enum {
            self.resolve_enum();
            return;
        }
        let same: fn(&Json, &Json) -> bool = match field {
            FactField::Pattern => |a, b| match (a.as_str(), b.as_str()) {
                (Some(a), Some(b)) => is_same_pattern(a, b),
                _ => a == b,
            },
            _ => |a, b| a == b,
        };
        let resolve: fn(&[&Fact]) -> Json = match field {
            FactField::LengthMin | FactField::RangeMin => |facts| extreme_number(facts, true),
            FactField::LengthMax | FactField::RangeMax => |facts| extreme_number(facts, false),
            FactField::MemberRequired(_) => |facts| Json::Bool(facts.iter().any(|fact| fact.value == true)),
            _ => value_of_best_origin,
        };
        let Some(value) = resolve_facts(&mut self.facts, field, same, resolve) else { return };
        match field {
            FactField::LengthMin => self.length.get_or_insert_default().min = value.as_u64(),
            FactField::LengthMax => self.length.get_or_insert_default().max = value.as_u64(),
            FactField::RangeMin => self.range.get_or_insert_default().min = as_number(&value),
            FactField::RangeMax => self.range.get_or_insert_default().max = as_number(&value),
            FactField::MultipleOf => self.multiple_of = as_number(&value),
            FactField::Pattern => self.pattern = value.as_str().map(str::to_owned),
            FactField::Unique => self.unique = value == true,
            FactField::MemberRequired(name) => {
                if let Some(member) = self.member_mut(name) {
                    member.required = value == true;
                }
            }
            FactField::MemberLocation(name) => {
                if let (Some(member), Ok(location)) = (self.member_mut(name), serde_json::from_value(value)) {
                    member.location = location;
                }
            }
            _ => {}
        }
    }

    fn member_mut(&mut self, name: &str) -> Option<&mut Member> {
        self.kind.members_mut()?.get_mut(name)
    }

    fn resolve_enum(&mut self) {
        let indices: Vec<usize> = deciding_facts(&self.facts, &FactField::Enum);
        if indices.is_empty() || !self.kind.is_text() {
            return;
        }
        let mut lists: Vec<Vec<String>> = indices
            .iter()
            .filter_map(|&index| self.facts[index].value.as_array())
            .map(|list| list.iter().filter_map(Json::as_str).map(str::to_owned).collect())
            .collect();
        let sets: BTreeSet<BTreeSet<&String>> = lists.iter().map(|list| list.iter().collect()).collect();
        let disputed = sets.len() > 1;
        for fact in self.facts.iter_mut().filter(|fact| fact.field == FactField::Enum) {
            fact.disputed = false;
        }
        for index in indices {
            self.facts[index].disputed = disputed;
        }
        // The longest list determines the order, so that it does not depend on the order of the sources.
        lists.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        let mut values: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        for value in lists.into_iter().flatten() {
            if seen.insert(value.clone()) {
                values.push(value);
            }
        }
        self.kind = ShapeKind::Enum { values };
    }

    /// Computes every field that has facts. Each is computed from its own facts alone: a structure may have thousands.
    pub fn resolve_all_fields(&mut self) {
        let mut places: Vec<Option<Fact>> = std::mem::take(&mut self.facts).into_iter().map(Some).collect();
        let mut fields: IndexMap<FactField, Vec<usize>> = IndexMap::new();
        for (index, fact) in places.iter().flatten().enumerate() {
            fields.entry(fact.field.clone()).or_default().push(index);
        }
        fields.retain(|field, _| field.rule_index().is_none() && *field != FactField::Type);
        for (field, indices) in fields {
            self.facts = indices.iter().filter_map(|&index| places[index].take()).collect();
            self.resolve_field(&field);
            for (index, fact) in indices.into_iter().zip(self.facts.drain(..)) {
                places[index] = Some(fact);
            }
        }
        self.facts = places.into_iter().flatten().collect();
    }
}

impl Operation {
    /// Adds a fact and computes its field again; `errors/NAME` and `laws/NAME` add to their lists.
    pub fn add_fact(&mut self, fact: Fact) {
        let field = fact.field.clone();
        if add_if_new(&mut self.facts, fact) {
            self.resolve_field(&field);
        }
    }

    /// Computes one field from the facts about it. Without facts the field stays as it is.
    pub fn resolve_field(&mut self, field: &FactField) {
        if let FactField::Error(name) = field {
            if !self.errors.iter().any(|error| error.as_str() == *name) {
                self.errors.push(name.as_str().into());
            }
            return;
        }
        if let FactField::Law(name) = field {
            if !self.laws.iter().any(|law| law == name) {
                self.laws.push(name.clone());
            }
            return;
        }
        let same: fn(&Json, &Json) -> bool = match field {
            FactField::HttpUri => |a, b| match (a.as_str(), b.as_str()) {
                (Some(a), Some(b)) => is_same_route(a, b),
                _ => a == b,
            },
            _ => |a, b| a == b,
        };
        let Some(value) = resolve_facts(&mut self.facts, field, same, value_of_best_origin) else { return };
        match field {
            FactField::HttpMethod => {
                self.http.get_or_insert_default().method = value.as_str().unwrap_or_default().to_owned();
            }
            FactField::HttpUri => self.http.get_or_insert_default().uri = value.as_str().unwrap_or_default().to_owned(),
            FactField::HttpSuccess => {
                self.http.get_or_insert_default().success = value.as_u64().and_then(|code| u16::try_from(code).ok());
            }
            FactField::Permission => self.permission = value.as_str().map(str::to_owned),
            _ => {}
        }
    }
}

impl ErrorShape {
    /// Adds a fact about the `status` or `role` and computes that field again.
    pub fn add_fact(&mut self, fact: Fact) {
        let field = fact.field.clone();
        if add_if_new(&mut self.facts, fact) {
            self.resolve_field(&field);
        }
    }

    /// Computes one field from the facts about it. Without facts the field stays as it is.
    pub fn resolve_field(&mut self, field: &FactField) {
        let Some(value) = resolve_facts(&mut self.facts, field, |a, b| a == b, value_of_best_origin) else { return };
        match field {
            FactField::Status => self.status = value.as_u64().and_then(|code| u16::try_from(code).ok()),
            FactField::Role => {
                if let Ok(role) = serde_json::from_value(value) {
                    self.role = role;
                }
            }
            _ => {}
        }
    }
}

/// Adds a fact unless it is already present; returns true if it was added.
pub(super) fn add_if_new(facts: &mut Vec<Fact>, fact: Fact) -> bool {
    let known = facts.iter().any(|one| {
        one.field == fact.field
            && one.value == fact.value
            && one.standing == fact.standing
            && one.document == fact.document
            && one.line == fact.line
    });
    if !known {
        facts.push(fact);
    }
    !known
}

/// Returns the indices of the facts that determine a field: the last amendment, otherwise the sources, otherwise
/// overstep's own assumptions.
fn deciding_facts(facts: &[Fact], field: &FactField) -> Vec<usize> {
    let of = |keep: &dyn Fn(&Fact) -> bool| -> Vec<usize> {
        facts
            .iter()
            .enumerate()
            .filter(|(_, fact)| fact.field == *field && keep(fact))
            .map(|(index, _)| index)
            .collect()
    };
    let scenario = of(&|fact| fact.standing == FactOrigin::Scenario);
    if let Some(&last) = scenario.last() {
        return vec![last];
    }
    let mut stated = of(&|fact| fact.standing != FactOrigin::Assumed);
    if *field == FactField::Pattern {
        // A sentence only approximates a regular expression, so it counts only if no source states one.
        let exact = of(&|fact| !matches!(fact.standing, FactOrigin::Assumed | FactOrigin::Prose));
        if !exact.is_empty() {
            stated = exact;
        }
    }
    if stated.is_empty() { of(&|_| true) } else { stated }
}

fn resolve_facts(
    facts: &mut [Fact],
    field: &FactField,
    same: fn(&Json, &Json) -> bool,
    resolve: fn(&[&Fact]) -> Json,
) -> Option<Json> {
    let deciding = deciding_facts(facts, field);
    let first = facts[*deciding.first()?].value.clone();
    let disputed = deciding.iter().any(|&index| !same(&facts[index].value, &first));
    for fact in facts.iter_mut().filter(|fact| fact.field == *field) {
        fact.disputed = false;
    }
    for &index in &deciding {
        facts[index].disputed = disputed;
    }
    let deciding_values: Vec<&Fact> = deciding.iter().map(|&index| &facts[index]).collect();
    // Equivalent values are not always equal texts, so a value is chosen even without a dispute.
    Some(resolve(&deciding_values))
}

/// Returns the strictest of several numbers: the largest minimum or the smallest maximum.
fn extreme_number(facts: &[&Fact], largest: bool) -> Json {
    let mut numbers: Vec<&Json> = facts.iter().map(|fact| &fact.value).filter(|value| value.is_number()).collect();
    numbers.sort_by(|a, b| a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0)));
    let chosen = if largest { numbers.last() } else { numbers.first() };
    chosen.map_or(Json::Null, |value| (*value).clone())
}

/// Returns the value from the best origin; among equals, the texts are compared, so that the result does not depend
/// on the order of the sources.
fn value_of_best_origin(facts: &[&Fact]) -> Json {
    let rank = |fact: &Fact| match fact.standing {
        FactOrigin::Scenario => 0,
        FactOrigin::Model => 1,
        FactOrigin::Documented => 2,
        FactOrigin::Recorded => 3,
        FactOrigin::Prose => 4,
        FactOrigin::Assumed => 5,
    };
    facts.iter().min_by_key(|fact| (rank(fact), fact.value.to_string())).map_or(Json::Null, |fact| fact.value.clone())
}

fn as_number(value: &Json) -> Option<Number> {
    value.as_number().cloned()
}

/// Returns true if two routes differ at most in the names of their labels.
pub(super) fn is_same_route(a: &str, b: &str) -> bool {
    fn plain(route: &str) -> String {
        let mut out = String::new();
        let mut inside = false;
        for c in route.trim_end_matches('/').chars() {
            match c {
                '{' => {
                    inside = true;
                    out.push('{');
                }
                '}' => inside = false,
                _ if inside => {}
                _ => out.push(c),
            }
        }
        out
    }
    a == b || plain(a) == plain(b)
}

/// Returns true if two patterns are equal, or if both are one repeated character class with the same ASCII members.
pub(super) fn is_same_pattern(a: &str, b: &str) -> bool {
    a == b || matches!((parse_simple_class(a), parse_simple_class(b)), (Some(a), Some(b)) if a == b)
}

/// Returns the members of a pattern such as `^[class]+$` as a set of ASCII characters.
fn parse_simple_class(pattern: &str) -> Option<BTreeSet<char>> {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').unwrap_or(inner);
    let inner = inner.strip_suffix(['+', '*'])?;
    let class = inner.strip_prefix('[')?.strip_suffix(']')?;
    if class.starts_with('^') || class.contains(['[', ']', '&']) {
        return None;
    }
    let mut set = BTreeSet::new();
    let mut items: Vec<(char, bool)> = Vec::new();
    let mut chars = class.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            items.push((c, c == '-'));
            continue;
        }
        match chars.next()? {
            'w' => set.extend(('a'..='z').chain('A'..='Z').chain('0'..='9').chain(['_'])),
            'd' => set.extend('0'..='9'),
            other if other.is_ascii_alphanumeric() => return None,
            other => items.push((other, false)),
        }
    }
    let mut at = 0;
    while at < items.len() {
        if at + 2 < items.len() && items[at + 1].1 {
            let (from, to) = (items[at].0, items[at + 2].0);
            if !from.is_ascii() || !to.is_ascii() || from > to {
                return None;
            }
            set.extend(from..=to);
            at += 3;
        } else {
            set.insert(items[at].0);
            at += 1;
        }
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Provenance;

    fn fact(field: FactField, value: impl Into<Json>, standing: FactOrigin, document: &str) -> Fact {
        Fact::new(field, value, standing, &Provenance::new(document, 1))
    }

    #[test]
    fn smaller_of_two_maxima_wins_and_is_disputed() {
        let mut shape = Shape::new(ShapeKind::String);
        shape.add_fact(fact(FactField::LengthMax, 256, FactOrigin::Documented, "a"));
        assert!(!shape.is_disputed(&FactField::LengthMax));
        shape.add_fact(fact(FactField::LengthMax, 128, FactOrigin::Model, "b"));
        assert!(shape.is_disputed(&FactField::LengthMax));
        assert_eq!(shape.length().max, Some(128));
        shape.add_fact(fact(FactField::LengthMax, 300, FactOrigin::Scenario, "c"));
        assert!(!shape.is_disputed(&FactField::LengthMax));
        assert_eq!(shape.length().max, Some(300));
    }

    #[test]
    fn enum_values_are_united_and_undisputed_values_intersected() {
        let mut shape = Shape::new(ShapeKind::String);
        shape.add_fact(fact(FactField::Enum, vec!["A", "B"], FactOrigin::Documented, "a"));
        shape.add_fact(fact(FactField::Enum, vec!["B", "A", "C"], FactOrigin::Model, "b"));
        assert_eq!(shape.kind, ShapeKind::Enum { values: vec!["B".into(), "A".into(), "C".into()] });
        assert_eq!(shape.undisputed_values(), ["B", "A"]);
    }

    #[test]
    fn equivalent_patterns_and_routes_are_the_same() {
        assert!(is_same_pattern("^[a-zA-Z0-9_-]+$", "[\\w\\-]+"));
        assert!(!is_same_pattern("^[a-zA-Z0-9_-]+$", "^[a-z]+$"));
        assert!(is_same_route("/a/{X}/b", "/a/{y}/b"));
        assert!(!is_same_route("/a/{X}/b", "/a/{y}/c"));
    }
}
