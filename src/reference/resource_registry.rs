//! Tracks which resources exist: those that requests created and did not delete.
//!
//! Never decides which operations create, name or delete a resource: [`ServerConfig`] does. Bounded: the oldest
//! resources are forgotten first.

use super::sample::{distinct_text, smallest_value};
use super::server_config::{ResourceIdentifier, ServerConfig};
use crate::contract::{Contract, MemberPath, PathSegment, Shape, ShapeId, ShapeKind};
use serde_json::{Map, Value};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Maximum number of resources that a server remembers.
const MAX_RESOURCES: usize = 1 << 16;

/// An identifier of a resource: the resource's kind, the index of the identifier, and its text.
type ResourceKey = (usize, usize, String);

/// The resources of one server.
#[derive(Debug, Default)]
pub(super) struct ResourceRegistry(Mutex<RegistryEntries>);

#[derive(Debug, Default)]
struct RegistryEntries {
    /// The resources with a given identifier, in the order of their creation.
    by_key: HashMap<ResourceKey, VecDeque<u64>>,
    keys_by_number: HashMap<u64, Vec<ResourceKey>>,
    /// The number of each resource, oldest first; those deleted since are skipped.
    creation_order: VecDeque<u64>,
    last_number: u64,
}

/// How one operation affects resources.
#[derive(Debug, Default)]
pub(super) struct ResourceEffects {
    lookups: Vec<MemberLookup>,
    creates: Vec<CreatedResource>,
    deletes: Vec<usize>,
}

#[derive(Debug)]
struct MemberLookup {
    member: MemberPath,
    kind: usize,
    identifier: usize,
}

#[derive(Debug)]
struct CreatedResource {
    kind: usize,
    identifiers: Vec<ResourceIdentifier>,
}

impl ResourceEffects {
    pub(super) fn for_operation(operation: &str, config: &ServerConfig) -> Self {
        let mut dealings = Self::default();
        for (kind, resource) in config.resources.iter().enumerate() {
            let namings = resource.identifier_members.iter().filter(|naming| naming.operation == operation);
            dealings.lookups.extend(namings.map(|naming| MemberLookup {
                member: naming.member.clone(),
                kind,
                identifier: naming.identifier_index,
            }));
            if resource.created_by == operation {
                dealings.creates.push(CreatedResource { kind, identifiers: resource.identifiers.clone() });
            }
            if resource.deleted_by.iter().any(|one| one == operation) {
                dealings.deletes.push(kind);
            }
        }
        dealings
    }

    /// Returns the first input member that names a resource which does not exist.
    pub(super) fn find_missing(&self, input: &Map<String, Value>, register: &ResourceRegistry) -> Option<&MemberPath> {
        let entries = register.lock_entries();
        let missing = self.lookups.iter().find(|named| {
            texts_at(input, &named.member)
                .iter()
                .any(|text| entries.find_newest(named.kind, named.identifier, text).is_none())
        });
        missing.map(|named| &named.member)
    }

    /// Returns the resource that an input names, the innermost if it names several, or 0 if it names none.
    pub(super) fn find_subject(&self, input: &Map<String, Value>, register: &ResourceRegistry) -> u64 {
        let entries = register.lock_entries();
        let named = self.lookups.iter().filter_map(|named| {
            let text = *texts_at(input, &named.member).first()?;
            Some((named.kind, entries.find_newest(named.kind, named.identifier, text)?))
        });
        named.max().map_or(0, |(_, number)| number)
    }

    /// Creates and deletes the resources of a validated request. Returns the output if it differs from the smallest,
    /// and the number of the created resource.
    pub(super) fn apply(
        &self,
        contract: &Contract,
        input: &Map<String, Value>,
        (output, least): (Option<&ShapeId>, &Value),
        register: &ResourceRegistry,
    ) -> (Option<Value>, Option<u64>) {
        if self.creates.is_empty() && self.deletes.is_empty() {
            return (None, None);
        }
        let mut entries = register.lock_entries();
        for named in self.lookups.iter().filter(|named| self.deletes.contains(&named.kind)) {
            for text in texts_at(input, &named.member) {
                if let Some(number) = entries.find_newest(named.kind, named.identifier, text) {
                    entries.remove(number);
                }
            }
        }
        let (mut answer, mut created) = (None, None);
        for maker in &self.creates {
            entries.last_number += 1;
            let number = entries.last_number;
            created = Some(number);
            let mut keys = Vec::new();
            for (at, identifier) in maker.identifiers.iter().enumerate() {
                let text = match identifier {
                    ResourceIdentifier::FromInput(member) => {
                        input.get(member).and_then(Value::as_str).map(str::to_owned)
                    }
                    ResourceIdentifier::FromOutput(path) => output.and_then(|id| {
                        let answer = answer.get_or_insert_with(|| least.clone());
                        let text = distinct_text(shape_at(contract, id, path)?, number);
                        put_text(contract, id, answer, path, &text).then_some(text)
                    }),
                };
                keys.extend(text.map(|text| (maker.kind, at, text)));
            }
            entries.add(number, keys);
        }
        (answer, created)
    }
}

impl ResourceRegistry {
    fn lock_entries(&self) -> MutexGuard<'_, RegistryEntries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RegistryEntries {
    fn find_newest(&self, kind: usize, identifier: usize, text: &str) -> Option<u64> {
        self.by_key.get(&(kind, identifier, text.to_owned()))?.back().copied()
    }

    fn add(&mut self, number: u64, keys: Vec<ResourceKey>) {
        for key in &keys {
            self.by_key.entry(key.clone()).or_default().push_back(number);
        }
        self.keys_by_number.insert(number, keys);
        self.creation_order.push_back(number);
        while self.creation_order.len() > MAX_RESOURCES {
            if let Some(oldest) = self.creation_order.pop_front() {
                self.remove(oldest);
            }
        }
    }

    fn remove(&mut self, number: u64) {
        for key in self.keys_by_number.remove(&number).unwrap_or_default() {
            if let Some(numbers) = self.by_key.get_mut(&key) {
                numbers.retain(|one| *one != number);
                if numbers.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
    }
}

/// Returns all strings at a path of an input.
fn texts_at<'v>(input: &'v Map<String, Value>, path: &MemberPath) -> Vec<&'v str> {
    let mut path = path.0.iter();
    let Some(PathSegment::Member(first)) = path.next() else { return Vec::new() };
    let mut values: Vec<&Value> = input.get(first).into_iter().collect();
    let mut keys = Vec::new();
    for segment in path {
        keys.clear();
        let here = values.into_iter();
        values = match segment {
            PathSegment::Member(name) => here.filter_map(|value| value.get(name)).collect(),
            PathSegment::Item => here.filter_map(Value::as_array).flatten().collect(),
            PathSegment::Value => here.filter_map(Value::as_object).flat_map(Map::values).collect(),
            PathSegment::Key => {
                keys = here.filter_map(Value::as_object).flat_map(Map::keys).map(String::as_str).collect();
                Vec::new()
            }
        };
    }
    values.into_iter().filter_map(Value::as_str).chain(keys).collect()
}

/// Splits off the first step of an output path: a member's name, whether it selects the first item, and the rest.
fn split_step(path: &str) -> (&str, bool, Option<&str>) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    match first.strip_suffix("[0]") {
        Some(name) => (name, true, rest),
        None => (first, false, rest),
    }
}

/// Finds a member by its name in the contract or on the wire.
fn find_member<'c>(contract: &'c Contract, id: &ShapeId, name: &str) -> Option<(&'c str, &'c ShapeId)> {
    let members = contract.shapes.get(id)?.kind.members()?;
    let found = members.iter().find(|(own, member)| *own == name || member.wire_name(own) == name);
    found.map(|(own, member)| (own.as_str(), &member.shape))
}

fn item_or_self<'c>(contract: &'c Contract, id: &'c ShapeId, is_item: bool) -> Option<&'c ShapeId> {
    match &contract.shapes.get(id)?.kind {
        ShapeKind::List { member } if is_item => Some(member),
        _ if is_item => None,
        _ => Some(id),
    }
}

fn shape_at<'c>(contract: &'c Contract, id: &ShapeId, path: &str) -> Option<&'c Shape> {
    let (name, is_item, rest) = split_step(path);
    let (_, id) = find_member(contract, id, name)?;
    let id = item_or_self(contract, id, is_item)?;
    match rest {
        Some(rest) => shape_at(contract, id, rest),
        None => contract.shapes.get(id),
    }
}

/// Writes a text into an output, along with the structures around it; returns false if the path does not exist.
pub(super) fn put_text(contract: &Contract, id: &ShapeId, answer: &mut Value, path: &str, text: &str) -> bool {
    let (name, is_item, rest) = split_step(path);
    let Some((name, id)) = find_member(contract, id, name) else { return false };
    let Some(inner) = item_or_self(contract, id, is_item) else { return false };
    let Some(members) = answer.as_object_mut() else { return false };
    if !members.contains_key(name) {
        members.insert(name.to_owned(), smallest_value(contract, id).unwrap_or(Value::Null));
    }
    let Some(mut place) = members.get_mut(name) else { return false };
    if is_item {
        if place.as_array().is_none_or(Vec::is_empty) {
            *place = Value::Array(vec![smallest_value(contract, inner).unwrap_or(Value::Null)]);
        }
        let Some(first) = place.get_mut(0) else { return false };
        place = first;
    }
    match rest {
        Some(rest) => put_text(contract, inner, place, rest, text),
        None => {
            // The member may be a number or another type that cannot hold the text.
            *place = match contract.shapes.get(inner).map(|shape| &shape.kind) {
                Some(ShapeKind::String | ShapeKind::Enum { .. }) | None => Value::String(text.to_owned()),
                Some(_) => smallest_value(contract, inner).unwrap_or(Value::Null),
            };
            true
        }
    }
}

/// Writes the configured texts of an operation's responses into its smallest output.
pub(super) fn apply_output_texts(
    contract: &Contract,
    operation: &str,
    output: Option<&ShapeId>,
    config: &ServerConfig,
    least: &mut Value,
) {
    let Some(id) = output else { return };
    for shown in config.output_texts.iter().filter(|shown| shown.operation == operation) {
        let mut with = least.clone();
        if put_text(contract, id, &mut with, &shown.path, &shown.text) {
            *least = with;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::server_config::{IdentifierMember, OutputText, ResourceDefinition};
    use super::*;
    use crate::reference::testing::contract_of_shapes;
    use serde_json::json;

    #[test]
    fn only_lists_have_a_first_item() {
        let contract =
            contract_of_shapes(json!({"List": {"type": "list", "member": "Text"}, "Text": {"type": "string"}}));
        let of = |id: &str, is_item| {
            let id = ShapeId::from(id);
            item_or_self(&contract, &id, is_item).map(|id| id.as_str().to_owned())
        };
        assert_eq!(of("List", true).as_deref(), Some("Text"));
        assert_eq!(of("List", false).as_deref(), Some("List"));
        assert_eq!(of("Text", true), None);
        assert_eq!(of("Text", false).as_deref(), Some("Text"));
        assert_eq!(of("Nothing", false), None);
    }

    fn contract() -> Contract {
        contract_of_shapes(json!({
            "Out": {"type": "structure", "members": {"cart": {"shape": "Cart", "wire": "Cart"}}},
            "Cart": {"type": "structure", "members": {
                "ids": {"shape": "Ids"}, "name": {"shape": "Text", "required": true}, "state": {"shape": "State"}}},
            "Ids": {"type": "list", "member": "Id"},
            "Id": {"type": "string", "pattern": "^c-[0-9]{6}$"},
            "Text": {"type": "string"},
            "State": {"type": "enum", "values": ["CREATING", "READY"]}
        }))
    }

    fn world() -> ServerConfig {
        let member = |path: &str| MemberPath::parse(path).expect("a path");
        let naming = |operation: &str, path: &str, identifier| IdentifierMember {
            operation: operation.to_owned(),
            member: member(path),
            identifier_index: identifier,
        };
        ServerConfig {
            resources: vec![ResourceDefinition {
                created_by: "Make".to_owned(),
                deleted_by: vec!["Drop".to_owned()],
                identifiers: vec![
                    ResourceIdentifier::FromOutput("Cart.ids[0]".to_owned()),
                    ResourceIdentifier::FromInput("name".to_owned()),
                    ResourceIdentifier::FromOutput("Cart.nowhere".to_owned()),
                ],
                identifier_members: vec![naming("Look", "of.ids[]", 0), naming("Drop", "name", 1)],
            }],
            output_texts: vec![OutputText {
                operation: "Look".into(),
                path: "Cart.state".into(),
                text: "READY".into(),
            }],
            ..ServerConfig::default()
        }
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn created_resources_exist_until_they_are_deleted() {
        let (contract, world, register) = (contract(), world(), ResourceRegistry::default());
        let [make, look, drop] = ["Make", "Look", "Drop"].map(|name| ResourceEffects::for_operation(name, &world));
        let out = ShapeId::from("Out");
        let made = |name: &str| {
            let input = object(json!({ "name": name }));
            let (answer, number) = make.apply(&contract, &input, (Some(&out), &json!({})), &register);
            let answer = answer.expect("the resource is created");
            assert_eq!(drop.find_subject(&input, &register), number.expect("it has a number"));
            assert_eq!(answer["cart"]["name"], "", "the members around it are filled in: {answer}");
            answer["cart"]["ids"][0].as_str().expect("a text").to_owned()
        };
        let (first, second) = (made("one"), made("two"));
        assert!(first != second && first.starts_with("c-"), "{first} {second}");
        let seen = |ids: &[&str]| look.find_missing(&object(json!({ "of": { "ids": ids } })), &register).is_none();
        assert!(seen(&[&first, &second]) && seen(&[]) && !seen(&[&first, "c-999999"]));
        let one = object(json!({ "name": "one" }));
        assert_eq!(drop.find_missing(&one, &register), None);
        assert_eq!(drop.apply(&contract, &one, (None, &json!({})), &register), (None, None));
        assert!(!seen(&[&first]) && seen(&[&second]));
        assert!(drop.find_missing(&one, &register).is_some(), "its other identifier is gone as well");
    }

    #[test]
    fn oldest_resources_are_forgotten() {
        let mut entries = RegistryEntries::default();
        for number in 0..MAX_RESOURCES as u64 + 10 {
            entries.add(number, vec![(0, 0, format!("n{number}")), (0, 1, "same".to_owned())]);
        }
        assert_eq!(entries.find_newest(0, 0, "n9"), None);
        assert_eq!(entries.find_newest(0, 0, "n10"), Some(10));
        assert_eq!((entries.keys_by_number.len(), entries.by_key.len()), (MAX_RESOURCES, MAX_RESOURCES + 1));
        assert_eq!(entries.find_newest(0, 1, "same"), Some(MAX_RESOURCES as u64 + 9));
    }

    #[test]
    fn configured_texts_appear_in_the_output() {
        let (contract, world) = (contract(), world());
        let mut least = json!({});
        apply_output_texts(&contract, "Look", Some(&ShapeId::from("Out")), &world, &mut least);
        assert_eq!(least, json!({ "cart": { "name": "", "state": "READY" } }));
    }
}
