//! Builds the contract of one document: names shapes, records facts with their locations, applies prose.
//!
//! It never parses a document format itself.

use super::sentences::{Sentence, StatedRelation, find_laws, requires_at_least_one_field};
use super::stated_laws::{law_of_conflict, law_of_header, law_of_operation};
use crate::contract::{
    Contract, ErrorName, ErrorRole, ErrorShape, Fact, FactField, FactOrigin, Member, MemberLocation, Operation,
    OperationName, Provenance, Shape, ShapeId, ShapeKind, ShapeRule,
};
use serde_json::Value as Json;
use std::collections::HashMap;

/// Maximum number of statements of one document about a field that are kept; a document that repeats itself more often
/// adds nothing.
const MAX_STATEMENTS: u32 = 64;

/// A contract under construction from one document.
pub(super) struct ContractBuilder {
    pub contract: Contract,
    document: String,
    origin: FactOrigin,
    /// The number of facts about each field of a shape.
    stated: HashMap<(ShapeId, FactField), u32>,
    /// The numbers that were last appended to names of shapes.
    last_numbers: HashMap<String, u32>,
    /// Relations between members, which are applied when all members are known.
    pub(super) stated_relations: Vec<MemberRelation>,
}

/// A relation between members that a document states.
pub(super) struct MemberRelation {
    /// The structure that has the member.
    pub owner: ShapeId,
    /// The name of the described member; empty if the structure is described.
    pub member: String,
    pub relation: StatedRelation,
    pub place: Provenance,
    /// Whether a sentence or a structured field states it.
    pub origin: FactOrigin,
}

impl ContractBuilder {
    /// Creates an empty contract. `origin` is the origin of facts from this document's structured fields.
    pub fn new(service: &str, document: &str, origin: FactOrigin) -> Self {
        Self {
            contract: Contract::new(service),
            document: document.to_owned(),
            origin,
            stated: HashMap::new(),
            last_numbers: HashMap::new(),
            stated_relations: Vec::new(),
        }
    }

    /// Attributes all following facts to another document and returns the previous one.
    pub fn switch_document(&mut self, document: &str) -> String {
        std::mem::replace(&mut self.document, document.to_owned())
    }

    /// Returns the provenance of a line of the document, counted from 1.
    pub fn provenance_at(&self, line: u32) -> Provenance {
        Provenance::new(self.document.clone(), line)
    }

    /// Adds a shape. If the name is taken, a number is appended to it.
    pub fn add_shape(&mut self, name: &str, kind: ShapeKind, line: u32) -> ShapeId {
        let mut id = ShapeId::from(name);
        while self.contract.shapes.contains_key(&id) {
            let number = self.last_numbers.entry(name.to_owned()).or_insert(1);
            *number += 1;
            id = ShapeId::new(format!("{name}{number}"));
        }
        self.insert_shape(id.clone(), kind, line);
        id
    }

    /// Inserts a shape under its name.
    pub fn insert_shape(&mut self, id: ShapeId, kind: ShapeKind, line: u32) {
        let type_name = match &kind {
            ShapeKind::Enum { .. } => "enum",
            kind => kind.name(),
        };
        let fact = Fact::new(FactField::Type, type_name, self.origin, &self.provenance_at(line));
        let mut shape = Shape::new(kind);
        shape.facts.push(fact);
        self.stated.insert((id.clone(), FactField::Type), 1);
        self.contract.shapes.insert(id, shape);
    }

    /// Returns the shape of an id that this builder has assigned.
    pub fn shape_mut(&mut self, id: &ShapeId) -> &mut Shape {
        self.contract.shapes.entry(id.clone()).or_insert_with(|| Shape::new(ShapeKind::Document))
    }

    /// Records a structured field of a shape.
    pub fn record_shape_fact(&mut self, id: &ShapeId, field: FactField, value: impl Into<Json>, line: u32) {
        self.record_shape_fact_as(id, field, value, line, self.origin);
    }

    /// Records a field of a shape with an explicit origin.
    pub fn record_shape_fact_as(
        &mut self,
        id: &ShapeId,
        field: FactField,
        value: impl Into<Json>,
        line: u32,
        origin: FactOrigin,
    ) {
        let fact = Fact::new(field, value, origin, &self.provenance_at(line));
        self.add_shape_fact(id, fact);
    }

    fn add_shape_fact(&mut self, id: &ShapeId, fact: Fact) {
        let stated = self.stated.entry((id.clone(), fact.field.clone())).or_insert(0);
        *stated += 1;
        match *stated {
            1 => self.shape_mut(id).add_first_fact(fact),
            2..=MAX_STATEMENTS => self.shape_mut(id).add_fact(fact),
            _ => {}
        }
    }

    /// Adds a member to a structure or union.
    pub fn add_member(&mut self, owner: &ShapeId, name: &str, shape: &ShapeId, line: u32) {
        let type_name = self.contract.shapes.get(shape).map_or("structure", |shape| shape.kind.name());
        let fact = Fact::new(FactField::Member(name.to_owned()), type_name, self.origin, &self.provenance_at(line));
        if let Some(members) = self.shape_mut(owner).kind.members_mut() {
            members.insert(name.to_owned(), Member::new(shape.clone()));
            self.add_shape_fact(owner, fact);
        }
    }

    /// Sets where a member is sent, and its name on the wire if that differs.
    pub fn set_location(
        &mut self,
        owner: &ShapeId,
        name: &str,
        location: MemberLocation,
        wire: Option<&str>,
        line: u32,
    ) {
        let word = location_name(location);
        self.record_shape_fact(owner, FactField::MemberLocation(name.to_owned()), word, line);
        if let Some(wire) = wire.filter(|wire| *wire != name)
            && let Some(member) = self.shape_mut(owner).kind.members_mut().and_then(|members| members.get_mut(name))
        {
            member.wire = Some(wire.to_owned());
        }
    }

    /// Adds an operation.
    pub fn add_operation(&mut self, name: &str, line: u32) -> usize {
        let mut operation = Operation::new(OperationName::from(name));
        operation.sources.push(self.provenance_at(line));
        self.contract.operations.push(operation);
        self.contract.operations.len() - 1
    }

    /// Records a field of an operation.
    pub fn record_operation_fact(&mut self, index: usize, field: FactField, value: impl Into<Json>, line: u32) {
        let origin = self.origin;
        self.record_operation_fact_as(index, field, value, line, origin);
    }

    /// Records a field of an operation with an explicit origin.
    pub fn record_operation_fact_as(
        &mut self,
        index: usize,
        field: FactField,
        value: impl Into<Json>,
        line: u32,
        origin: FactOrigin,
    ) {
        let fact = Fact::new(field, value, origin, &self.provenance_at(line));
        if let Some(operation) = self.contract.operations.get_mut(index) {
            operation.add_fact(fact);
        }
    }

    /// Adds a documented error to an operation.
    pub fn add_error(&mut self, index: usize, name: &str, status: Option<u16>, description: &str, line: u32) {
        let at = self.provenance_at(line);
        let origin = self.origin;
        let error = self
            .contract
            .errors
            .entry(ErrorName::from(name))
            .or_insert_with(|| ErrorShape::new(ErrorRole::infer(status, name, description)));
        // A status alone is not a type.
        error.unnamed |= status.is_some_and(|status| name == status.to_string());
        let is_conflict = error.role == ErrorRole::Conflict;
        if let Some(status) = status {
            error.add_fact(Fact::new(FactField::Status, status, origin, &at));
        }
        self.record_operation_fact(index, FactField::Error(name.to_owned()), true, line);
        if is_conflict {
            self.record_conflict_law(index, description, line);
        }
    }

    /// Notes a sentence with numbers that no statement holds.
    pub fn note_unread_sentence(&mut self, line: u32) {
        let place = self.provenance_at(line);
        if self.contract.unread_sentences.last() != Some(&place) {
            self.contract.unread_sentences.push(place);
        }
    }

    /// Adds a rule that was read from a sentence to a shape.
    pub fn add_rule(&mut self, id: &ShapeId, rule: ShapeRule, line: u32) {
        self.add_rule_as(id, rule, line, FactOrigin::Prose);
    }

    /// Adds a rule that a structured field states to a shape.
    pub fn add_documented_rule(&mut self, id: &ShapeId, rule: ShapeRule, line: u32) {
        self.add_rule_as(id, rule, line, self.origin);
    }

    fn add_rule_as(&mut self, id: &ShapeId, rule: ShapeRule, line: u32, origin: FactOrigin) {
        let at = self.provenance_at(line);
        self.add_rule_at(id, rule, origin, &at);
    }

    /// Adds a rule with its place to a shape.
    pub fn add_rule_at(&mut self, id: &ShapeId, rule: ShapeRule, origin: FactOrigin, at: &Provenance) {
        let shape = self.shape_mut(id);
        if shape.rules.contains(&rule) {
            return;
        }
        let mut value = serde_json::to_value(&rule).unwrap_or_default();
        // The scope of a budget is decided later and recorded in separate facts.
        if let Some(object) = value.as_object_mut() {
            object.remove("over");
        }
        shape.rules.push(rule);
        let field = FactField::Rule(shape.rules.len() - 1);
        shape.facts.push(Fact::new(field, value, origin, at));
    }

    /// Records a law that the description of an operation's conflict states.
    pub fn record_conflict_law(&mut self, index: usize, description: &str, line: u32) {
        let Some(http) = self.contract.operations.get(index).and_then(|operation| operation.http.clone()) else {
            return;
        };
        self.record_law(index, law_of_conflict(&http.method, &http.uri, description), line);
    }

    /// Records a law that the description of an operation states.
    pub fn record_operation_law(&mut self, index: usize, text: &str, line: u32) {
        let Some(http) = self.contract.operations.get(index).and_then(|operation| operation.http.clone()) else {
            return;
        };
        self.record_law(index, law_of_operation(&http.method, text), line);
    }

    /// Records a law that the description of a header states.
    pub fn record_header_law(&mut self, index: usize, name: &str, text: &str, line: u32) {
        self.record_law(index, law_of_header(name, text), line);
    }

    fn record_law(&mut self, index: usize, law: Option<&str>, line: u32) {
        if let Some(law) = law {
            let field = FactField::Law(law.to_owned());
            self.record_operation_fact_as(index, field, true, line, FactOrigin::Prose);
        }
    }

    /// Applies the facts that sentences about an operation state.
    pub fn apply_operation_sentences(&mut self, index: usize, sentences: &[Sentence]) {
        for sentence in sentences {
            for law in find_laws(&sentence.text) {
                self.record_operation_fact_as(
                    index,
                    FactField::Law(law.to_owned()),
                    true,
                    sentence.line,
                    FactOrigin::Prose,
                );
            }
            self.note_operation_relations(index, sentence);
            if requires_at_least_one_field(&sentence.text) {
                let Some(input) = self.contract.operations.get(index).and_then(|operation| operation.input.clone())
                else {
                    continue;
                };
                let members: Vec<String> = self
                    .shape_mut(&input)
                    .kind
                    .members()
                    .map(|members| members.iter().filter(|(_, m)| !m.required).map(|(name, _)| name.clone()).collect())
                    .unwrap_or_default();
                if members.len() > 1 {
                    self.add_rule(&input, ShapeRule::AtLeastOneOf { members }, sentence.line);
                }
            }
        }
        self.apply_relations();
    }
}

/// Returns the name of a location as it is written in a contract's JSON.
pub(super) fn location_name(location: MemberLocation) -> &'static str {
    match location {
        MemberLocation::Label => "label",
        MemberLocation::Query => "query",
        MemberLocation::Header => "header",
        MemberLocation::Cookie => "cookie",
        MemberLocation::Form => "form",
        MemberLocation::Body => "body",
        MemberLocation::Payload => "payload",
    }
}
