//! Builds the contract of one document: names shapes, records facts with their locations, applies prose.
//!
//! It never parses a document format itself.

use super::prose::{self, Finding};
use crate::contract::{
    Contract, ErrorName, ErrorShape, Fact, Kind, Location, Member, Operation, OperationName, Provenance, Role, Rule,
    Shape, ShapeId, Standing,
};
use serde_json::Value as Json;

/// A contract under construction from one document.
pub(super) struct Draft {
    pub contract: Contract,
    document: String,
    standing: Standing,
}

impl Draft {
    /// Creates an empty contract. `origin` is the origin of facts from this document's structured fields.
    pub fn new(service: &str, document: &str, standing: Standing) -> Self {
        Self { contract: Contract::new(service), document: document.to_owned(), standing }
    }

    /// Attributes all following facts to another document and returns the previous one.
    pub fn read_from(&mut self, document: &str) -> String {
        std::mem::replace(&mut self.document, document.to_owned())
    }

    /// Returns the provenance of a line of the document, counted from 1.
    pub fn at(&self, line: u32) -> Provenance {
        Provenance::new(self.document.clone(), line)
    }

    /// Adds a shape. If the name is taken, a number is appended to it.
    pub fn add(&mut self, name: &str, kind: Kind, line: u32) -> ShapeId {
        let mut id = ShapeId::from(name);
        let mut number = 2;
        while self.contract.shapes.contains_key(&id) {
            id = ShapeId::new(format!("{name}{number}"));
            number += 1;
        }
        self.insert(id.clone(), kind, line);
        id
    }

    /// Inserts a shape under its name.
    pub fn insert(&mut self, id: ShapeId, kind: Kind, line: u32) {
        let type_name = match &kind {
            Kind::Enum { .. } => "enum",
            kind => kind.name(),
        };
        let fact = Fact::new("type", type_name, self.standing, &self.at(line));
        let mut shape = Shape::new(kind);
        shape.facts.push(fact);
        self.contract.shapes.insert(id, shape);
    }

    /// Returns the shape of an id that this builder has assigned.
    pub fn shape_mut(&mut self, id: &ShapeId) -> &mut Shape {
        self.contract.shapes.entry(id.clone()).or_insert_with(|| Shape::new(Kind::Document))
    }

    /// Records a structured field of a shape.
    pub fn state(&mut self, id: &ShapeId, path: &str, value: impl Into<Json>, line: u32) {
        let fact = Fact::new(path, value, self.standing, &self.at(line));
        self.shape_mut(id).state(fact);
    }

    /// Records a field of a shape with an explicit origin.
    pub fn state_as(&mut self, id: &ShapeId, path: &str, value: impl Into<Json>, line: u32, standing: Standing) {
        let fact = Fact::new(path, value, standing, &self.at(line));
        self.shape_mut(id).state(fact);
    }

    /// Adds a member to a structure or union.
    pub fn member(&mut self, owner: &ShapeId, name: &str, shape: &ShapeId, line: u32) {
        let type_name = self.contract.shapes.get(shape).map_or("structure", |shape| shape.kind.name());
        let fact = Fact::new(format!("members/{name}"), type_name, self.standing, &self.at(line));
        let owner = self.shape_mut(owner);
        if let Some(members) = owner.kind.members_mut() {
            members.insert(name.to_owned(), Member::new(shape.clone()));
            owner.state(fact);
        }
    }

    /// Sets where a member is sent, and its name on the wire if that differs.
    pub fn bind(&mut self, owner: &ShapeId, name: &str, location: Location, wire: Option<&str>, line: u32) {
        let word = location_name(location);
        self.state(owner, &format!("members/{name}/location"), word, line);
        if let Some(wire) = wire.filter(|wire| *wire != name)
            && let Some(member) = self.shape_mut(owner).kind.members_mut().and_then(|members| members.get_mut(name))
        {
            member.wire = Some(wire.to_owned());
        }
    }

    /// Adds an operation.
    pub fn operation(&mut self, name: &str, line: u32) -> usize {
        let mut operation = Operation::new(OperationName::from(name));
        operation.sources.push(self.at(line));
        self.contract.operations.push(operation);
        self.contract.operations.len() - 1
    }

    /// Records a field of an operation.
    pub fn state_operation(&mut self, index: usize, path: &str, value: impl Into<Json>, line: u32) {
        let standing = self.standing;
        self.state_operation_as(index, path, value, line, standing);
    }

    /// Records a field of an operation with an explicit origin.
    pub fn state_operation_as(
        &mut self,
        index: usize,
        path: &str,
        value: impl Into<Json>,
        line: u32,
        standing: Standing,
    ) {
        let fact = Fact::new(path, value, standing, &self.at(line));
        if let Some(operation) = self.contract.operations.get_mut(index) {
            operation.state(fact);
        }
    }

    /// Adds a documented error to an operation.
    pub fn error(&mut self, index: usize, name: &str, status: Option<u16>, description: &str, line: u32) {
        let at = self.at(line);
        let standing = self.standing;
        let error = self.contract.errors.entry(ErrorName::from(name)).or_insert_with(|| ErrorShape {
            status: None,
            role: Role::infer(status, name, description),
            code: None,
            shape: None,
            facts: Vec::new(),
        });
        if let Some(status) = status {
            error.state(Fact::new("status", status, standing, &at));
        }
        self.state_operation(index, &format!("errors/{name}"), true, line);
    }

    /// Applies the facts that sentences about a member state. `container` is the list or map whose items or values
    /// the sentences describe, if any.
    pub fn describe(&mut self, target: &ShapeId, container: Option<&ShapeId>, sentences: &[prose::Sentence]) {
        for sentence in sentences {
            for finding in prose::about_member(&sentence.text) {
                self.apply(target, container, &finding, sentence.line);
            }
        }
    }

    fn apply(&mut self, target: &ShapeId, container: Option<&ShapeId>, finding: &Finding, line: u32) {
        let kind = self.shape_mut(target).kind.clone();
        let is_collection = |kind: &Kind| matches!(kind, Kind::Map { .. } | Kind::List { .. });
        match finding {
            Finding::TotalBytes { max, stored } => {
                let owner = if is_collection(&kind) {
                    Some(target.clone())
                } else {
                    container
                        .filter(|id| self.contract.shapes.get(*id).is_some_and(|s| is_collection(&s.kind)))
                        .cloned()
                };
                if let Some(owner) = owner {
                    let rule =
                        Rule::MaxTotalBytes { over: crate::contract::ByteScope::Values, max: *max, stored: *stored };
                    self.rule(&owner, rule, line);
                }
            }
            Finding::KeyPattern(pattern) => {
                if let Kind::Map { key, .. } = kind {
                    self.state_as(&key, "pattern", pattern.as_str(), line, Standing::Prose);
                }
            }
            Finding::Pattern(pattern) => {
                if kind == Kind::String {
                    self.state_as(target, "pattern", pattern.as_str(), line, Standing::Prose);
                }
            }
            Finding::Characters { min, max } => {
                if kind == Kind::String {
                    self.limits(target, "length", *min, *max, line);
                }
            }
            Finding::Entries { min, max } => {
                if is_collection(&kind) {
                    self.limits(target, "length", *min, *max, line);
                }
            }
            Finding::Range { min, max } => {
                if matches!(kind, Kind::Integer | Kind::Long | Kind::Float | Kind::Double) {
                    self.limits(target, "range", Some(*min), Some(*max), line);
                }
            }
            Finding::Unique => {
                if matches!(kind, Kind::List { .. }) {
                    self.state_as(target, "unique", true, line, Standing::Prose);
                }
            }
        }
    }

    fn limits(&mut self, id: &ShapeId, field: &str, min: Option<u64>, max: Option<u64>, line: u32) {
        for (end, value) in [("min", min), ("max", max)] {
            if let Some(value) = value {
                self.state_as(id, &format!("{field}/{end}"), value, line, Standing::Prose);
            }
        }
    }

    /// Adds a rule that was read from a sentence to a shape.
    pub fn rule(&mut self, id: &ShapeId, rule: Rule, line: u32) {
        let at = self.at(line);
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
        let path = format!("rules/{}", shape.rules.len() - 1);
        shape.facts.push(Fact::new(path, value, Standing::Prose, &at));
    }

    /// Applies the facts that sentences about an operation state.
    pub fn describe_operation(&mut self, index: usize, sentences: &[prose::Sentence]) {
        for sentence in sentences {
            for law in prose::laws(&sentence.text) {
                self.state_operation_as(index, &format!("laws/{law}"), true, sentence.line, Standing::Prose);
            }
            if prose::at_least_one_field(&sentence.text) {
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
                    self.rule(&input, Rule::AtLeastOneOf { members }, sentence.line);
                }
            }
        }
    }
}

/// Returns the name of a location as it is written in a contract's JSON.
pub(super) fn location_name(location: Location) -> &'static str {
    match location {
        Location::Label => "label",
        Location::Query => "query",
        Location::Header => "header",
        Location::Body => "body",
        Location::Payload => "payload",
    }
}
