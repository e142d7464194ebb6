//! The shapes of a Smithy model, with applied traits and mixins in their places.
//!
//! It never decides what a trait means.

use crate::ingest::json::{JsonEntry, JsonNode};
use indexmap::{IndexMap, IndexSet};
use std::collections::{HashMap, HashSet};

/// Maximum number of mixins of one shape, with those inside of others.
const MAX_MIXINS: usize = 256;

/// A Smithy model, indexed by the absolute ids of its shapes (`com.example#Shape`).
pub(super) struct SmithyModel<'m> {
    shapes: IndexMap<&'m str, &'m JsonEntry>,
    /// Traits of `apply` statements, by shape or member id.
    applied: HashMap<&'m str, Vec<&'m JsonEntry>>,
}

/// A member of a shape: its name, its node and its traits.
#[derive(Clone, Copy)]
pub(super) struct SmithyMember<'m> {
    pub name: &'m str,
    pub line: u32,
    node: &'m JsonNode,
    /// The id of the shape that defines it, which is a mixin for inherited members.
    owner: &'m str,
}

impl<'m> SmithyMember<'m> {
    /// Returns the absolute id of the shape that the member refers to.
    pub fn target(&self) -> &'m str {
        self.node.member_text("target").unwrap_or("smithy.api#Document")
    }
}

impl<'m> SmithyModel<'m> {
    /// Indexes the shapes of a parsed document.
    pub fn new(root: &'m JsonNode) -> Self {
        let mut model = Self { shapes: IndexMap::new(), applied: HashMap::new() };
        for entry in root.get("shapes").map(JsonNode::entries).unwrap_or_default() {
            if entry.node.member_text("type") == Some("apply") {
                let traits = entry.node.get("traits").map(JsonNode::entries).unwrap_or_default();
                model.applied.entry(entry.key.as_str()).or_default().extend(traits);
            } else {
                model.shapes.insert(entry.key.as_str(), entry);
            }
        }
        model
    }

    /// Returns a shape by its absolute id.
    pub fn shape(&self, id: &str) -> Option<&'m JsonEntry> {
        self.shapes.get(id).copied()
    }

    /// Returns the services in the order of the document.
    pub fn services(&self) -> Vec<&'m JsonEntry> {
        let is_service = |entry: &&JsonEntry| entry.node.member_text("type") == Some("service");
        self.shapes.values().copied().filter(is_service).collect()
    }

    /// Returns the traits of a shape: its own, applied ones, and those of its mixins; the first of a name counts.
    pub fn traits(&self, id: &str) -> Vec<&'m JsonEntry> {
        let mut found = Vec::new();
        self.collect_traits(id, &mut HashSet::new(), &mut found);
        found
    }

    /// `seen` holds the shapes that were visited; a mixin adds its traits once.
    fn collect_traits(&self, id: &str, seen: &mut HashSet<&'m str>, found: &mut Vec<&'m JsonEntry>) {
        let Some(entry) = self.shape(id).filter(|_| seen.len() < MAX_MIXINS) else { return };
        if !seen.insert(entry.key.as_str()) {
            return;
        }
        found.extend(self.applied.get(id).into_iter().flatten());
        found.extend(entry.node.get("traits").map(JsonNode::entries).unwrap_or_default());
        for mixin in entry.node.get("mixins").map(JsonNode::items).unwrap_or_default() {
            if let Some(target) = mixin.member_text("target") {
                self.collect_traits(target, seen, found);
            }
        }
    }

    /// Returns one trait of a shape.
    pub fn shape_trait(&self, id: &str, name: &str) -> Option<&'m JsonEntry> {
        self.traits(id).into_iter().find(|entry| entry.key == name)
    }

    /// Returns the traits of a member, those that a model applies to it first.
    pub fn member_traits(&self, member: &SmithyMember<'m>) -> Vec<&'m JsonEntry> {
        let id = format!("{}${}", member.owner, member.name);
        let own = member.node.get("traits").map(JsonNode::entries).unwrap_or_default();
        self.applied.get(id.as_str()).into_iter().flatten().copied().chain(own).collect()
    }

    /// Returns the members of a structure, union, enum, list (`member`) or map (`key`, `value`). Members of mixins come
    /// first, as the specification orders them.
    pub fn members(&self, id: &'m str) -> Vec<SmithyMember<'m>> {
        let mut found = IndexMap::new();
        self.collect_members(id, &mut HashSet::new(), &mut found);
        found.into_values().collect()
    }

    fn collect_members(
        &self,
        id: &'m str,
        seen: &mut HashSet<&'m str>,
        found: &mut IndexMap<&'m str, SmithyMember<'m>>,
    ) {
        let Some(entry) = self.shape(id).filter(|_| seen.len() < MAX_MIXINS) else { return };
        if !seen.insert(id) {
            return;
        }
        for mixin in entry.node.get("mixins").map(JsonNode::items).unwrap_or_default() {
            if let Some(target) = mixin.member_text("target") {
                self.collect_members(target, seen, found);
            }
        }
        let named = entry.node.get("members").map(JsonNode::entries).unwrap_or_default();
        let parts = ["member", "key", "value"].into_iter().filter_map(|part| entry.node.entry(part));
        for member in named.iter().chain(parts) {
            let name = member.key.as_str();
            found.insert(name, SmithyMember { name, line: member.line, node: &member.node, owner: id });
        }
    }

    /// Returns the ids of the operations that a service binds, also through resources.
    pub fn operations(&self, service: &'m JsonEntry) -> Vec<&'m str> {
        let (mut found, mut open, mut seen) = (IndexSet::new(), vec![service], HashSet::new());
        while let Some(entry) = open.pop() {
            if !seen.insert(entry.key.as_str()) {
                continue;
            }
            for key in ["create", "put", "read", "update", "delete", "list"] {
                found.extend(entry.node.get(key).and_then(|node| node.member_text("target")));
            }
            for key in ["operations", "collectionOperations"] {
                let items = entry.node.get(key).map(JsonNode::items).unwrap_or_default();
                found.extend(items.iter().filter_map(|item| item.member_text("target")));
            }
            let resources = entry.node.get("resources").map(JsonNode::items).unwrap_or_default();
            open.extend(resources.iter().filter_map(|item| self.shape(item.member_text("target")?)));
        }
        found.into_iter().collect()
    }
}
