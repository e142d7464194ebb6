//! Applies what the sentences of a description state to the shapes that it describes.
//!
//! It never overrides a structured field: what a sentence says otherwise is recorded beside it and disputed.

use super::contract_builder::{ContractBuilder, MemberRelation};
use super::sentences::{
    self, Description, ProseStatement, Sentence, StatedFact, StatedPart, StatedRelation, TextFormat,
};
use crate::contract::{ByteScope, FactField, FactOrigin, ShapeId, ShapeKind, ShapeRule};
use serde_json::{Number, Value as Json};

/// A fact that a statement gives a shape.
pub(super) struct StatedShapeFact {
    pub shape: ShapeId,
    pub field: FactField,
    pub value: Json,
    pub origin: FactOrigin,
    pub line: u32,
}

/// The member that sentences describe.
#[derive(Clone, Copy)]
pub(super) struct DescribedMember<'a> {
    /// The structure that has the member.
    pub owner: &'a ShapeId,
    pub name: &'a str,
}

impl ContractBuilder {
    /// Applies the sentences about a member. `container` is the list or map whose items or values the sentences
    /// describe,
    /// if any.
    pub fn apply_sentences(
        &mut self,
        target: &ShapeId,
        container: Option<&ShapeId>,
        member: Option<DescribedMember<'_>>,
        sentences: &[Sentence],
    ) {
        let read = sentences::read_description(sentences, member.map(|member| member.name));
        self.apply_description(target, container, &read);
        if let Some(member) = member {
            self.note_relations(member, target, &read);
        }
    }

    /// Notes the relations that a description states, until all members are known.
    pub fn note_relations(&mut self, member: DescribedMember<'_>, target: &ShapeId, read: &Description) {
        for (line, statement) in &read.statements {
            let StatedFact::Relation(relation) = &statement.fact else { continue };
            // `Only one field can be populated` is about the members of the described structure.
            let owner = if *relation == StatedRelation::AtMostOneMember { target } else { member.owner };
            let place = self.provenance_at(*line);
            self.stated_relations.push(MemberRelation {
                owner: owner.clone(),
                member: member.name.to_owned(),
                relation: relation.clone(),
                place,
                origin: FactOrigin::Prose,
            });
        }
    }

    /// Applies what a description states to the shape that it describes.
    pub fn apply_description(&mut self, target: &ShapeId, container: Option<&ShapeId>, read: &Description) {
        for line in &read.unread_lines {
            self.note_unread_sentence(*line);
        }
        for (line, statement) in &read.statements {
            for fact in self.facts_of_statement(target, container, statement, *line) {
                self.record_shape_fact_as(&fact.shape, fact.field, fact.value, fact.line, fact.origin);
            }
            if let StatedFact::TotalBytes(max, stored) = statement.fact
                && let Some(owner) = self.find_collection(target, container)
            {
                let rule = ShapeRule::MaxTotalBytes { over: ByteScope::Values, max, stored };
                self.add_rule(&owner, rule, *line);
            }
        }
    }

    /// Returns the facts that a statement gives shapes; none where it does not fit their kinds, or where a structured
    /// field says it with authority.
    pub fn facts_of_statement(
        &self,
        target: &ShapeId,
        container: Option<&ShapeId>,
        statement: &ProseStatement,
        line: u32,
    ) -> Vec<StatedShapeFact> {
        let Some(shape) = self.stated_shape(target, container, statement) else { return Vec::new() };
        let Some(kind) = self.contract.shapes.get(&shape).map(|shape| &shape.kind) else { return Vec::new() };
        let fields = fields_of_fact(kind, &statement.fact);
        let to_fact = |(field, value, origin)| {
            let value = self.in_structured_order(&shape, &field, value);
            StatedShapeFact { shape: shape.clone(), field, value, origin, line }
        };
        let facts = fields.into_iter().map(to_fact);
        facts.filter(|fact| self.may_record(fact)).collect()
    }

    /// Returns the shape that a statement is about.
    fn stated_shape(
        &self,
        target: &ShapeId,
        container: Option<&ShapeId>,
        statement: &ProseStatement,
    ) -> Option<ShapeId> {
        let kind = |id: &ShapeId| self.contract.shapes.get(id).map(|shape| &shape.kind);
        let of_collection = |id: &ShapeId, part: StatedPart| match (kind(id)?, part) {
            (ShapeKind::List { member }, StatedPart::Item) => Some(member.clone()),
            (ShapeKind::Map { value, .. }, StatedPart::Item) => Some(value.clone()),
            (ShapeKind::Map { key, .. }, StatedPart::Key) => Some(key.clone()),
            _ => None,
        };
        match (&statement.fact, statement.part) {
            // A closed list behind a list is the list of its items' values.
            (StatedFact::Values(_), StatedPart::Whole) if matches!(kind(target)?, ShapeKind::List { .. }) => {
                of_collection(target, StatedPart::Item)
            }
            (_, StatedPart::Whole) => Some(target.clone()),
            (_, part) => of_collection(target, part)
                .or_else(|| container.and_then(|container| of_collection(container, part)))
                .or_else(|| (part == StatedPart::Item && container.is_some()).then(|| target.clone())),
        }
    }

    /// Returns a closed list in the order of the structured field, if that has the same values.
    fn in_structured_order(&self, shape: &ShapeId, field: &FactField, value: Json) -> Json {
        let sorted = |list: &Json| {
            let mut texts: Vec<String> = list.as_array().into_iter().flatten().map(Json::to_string).collect();
            texts.sort();
            texts
        };
        let shape = self.contract.shapes.get(shape).filter(|_| *field == FactField::Enum);
        let known = shape.and_then(|shape| shape.facts_at(field).find(|known| sorted(&known.value) == sorted(&value)));
        known.map_or(value, |known| known.value.clone())
    }

    fn find_collection(&self, target: &ShapeId, container: Option<&ShapeId>) -> Option<ShapeId> {
        let is_collection = |id: &ShapeId| {
            let kind = self.contract.shapes.get(id).map(|shape| &shape.kind);
            matches!(kind, Some(ShapeKind::Map { .. } | ShapeKind::List { .. }))
        };
        [Some(target), container].into_iter().flatten().find(|id| is_collection(id)).cloned()
    }

    /// Returns false for a closed list that differs from the structured one by more than lacking values: lists in
    /// sentences are often out of date or spelled otherwise.
    fn may_record(&self, fact: &StatedShapeFact) -> bool {
        let Some(shape) = self.contract.shapes.get(&fact.shape) else { return false };
        let is_structured = |origin: FactOrigin| matches!(origin, FactOrigin::Documented | FactOrigin::Model);
        let structured = shape.facts_at(&fact.field).find(|one| is_structured(one.standing));
        match fact.field {
            FactField::Enum => structured.is_none_or(|known| {
                let known = known.value.as_array().map(Vec::as_slice).unwrap_or_default();
                fact.value.as_array().is_some_and(|values| values.iter().all(|value| known.contains(value)))
            }),
            // A sentence only approximates a regular expression.
            FactField::Pattern => structured.is_none() && shape.pattern.is_none(),
            // `must not be empty` is said of what has a larger minimum, too.
            FactField::LengthMin
                if fact.value == 1 && structured.is_some_and(|known| known.value.as_u64() >= Some(1)) =>
            {
                false
            }
            FactField::LengthMin => leaves_values(&fact.value, shape.length.and_then(|length| length.max)),
            FactField::LengthMax => shape
                .length
                .and_then(|length| length.min)
                .is_none_or(|min| leaves_values(&min.into(), fact.value.as_u64())),
            _ => true,
        }
    }
}

/// Returns false if a minimum is larger than a maximum: a sentence that leaves no value is about something else.
fn leaves_values(min: &Json, max: Option<u64>) -> bool {
    min.as_u64().zip(max).is_none_or(|(min, max)| min <= max)
}

/// Returns the fields of a shape of this kind that a fact gives, with their values.
fn fields_of_fact(kind: &ShapeKind, fact: &StatedFact) -> Vec<(FactField, Json, FactOrigin)> {
    let is_collection = matches!(kind, ShapeKind::Map { .. } | ShapeKind::List { .. });
    let is_whole = matches!(kind, ShapeKind::Integer | ShapeKind::Long);
    let is_number = is_whole || matches!(kind, ShapeKind::Float | ShapeKind::Double);
    let is_text = *kind == ShapeKind::String;
    let prose = |field: FactField, value: Option<Json>| value.map(|value| (field, value, FactOrigin::Prose));
    let length = |min: Option<u64>, max: Option<u64>| {
        let ends = [prose(FactField::LengthMin, min.map(Json::from)), prose(FactField::LengthMax, max.map(Json::from))];
        ends.into_iter().flatten().collect()
    };
    let range = |min: Option<Number>, max: Option<Number>| {
        let ends =
            [prose(FactField::RangeMin, min.map(Json::Number)), prose(FactField::RangeMax, max.map(Json::Number))];
        ends.into_iter().flatten().collect()
    };
    match fact {
        StatedFact::Characters(min, max) if is_text => length(*min, *max),
        StatedFact::Entries(min, max) if is_collection => length(*min, *max),
        StatedFact::Size(min, max) if is_text || is_collection => length(*min, *max),
        StatedFact::Size(min, max) if is_number => range(min.map(Number::from), max.map(Number::from)),
        StatedFact::NotEmpty if is_text || is_collection => length(Some(1), None),
        StatedFact::Range(min, max) if is_number => range(min.clone(), max.clone()),
        StatedFact::Between(min, max) if is_whole => {
            let step = |end: &Option<Number>, step: i64| {
                end.as_ref().and_then(Number::as_i64).and_then(|end| end.checked_add(step)).map(Number::from)
            };
            range(step(min, 1), step(max, -1))
        }
        StatedFact::MultipleOf(step) if is_number => {
            prose(FactField::MultipleOf, Some(Json::Number(step.clone()))).into_iter().collect()
        }
        StatedFact::Values(values) if kind.is_text() => {
            prose(FactField::Enum, Some(Json::from(values.clone()))).into_iter().collect()
        }
        StatedFact::CharacterSet(set) if is_text => {
            prose(FactField::Pattern, Some(format!("^[{set}]+$").into())).into_iter().collect()
        }
        StatedFact::Format(format) if is_text => {
            let origin = if *format == TextFormat::Uuid { FactOrigin::Prose } else { FactOrigin::Assumed };
            vec![(FactField::Pattern, format.pattern().into(), origin)]
        }
        StatedFact::Unique if matches!(kind, ShapeKind::List { .. }) => {
            prose(FactField::Unique, Some(true.into())).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
