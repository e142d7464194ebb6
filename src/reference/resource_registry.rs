//! Tracks which resources exist: those that requests created and did not delete.
//!
//! Never decides which operations create, name or delete a resource: [`ServerConfig`] does. Bounded: the oldest
//! resources are forgotten first.

use super::sample::{distinct, smallest};
use super::world::{Identifier, World};
use crate::contract::{Contract, Kind, MemberPath, Segment, Shape, ShapeId};
use serde_json::{Map, Value};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Maximum number of resources that a server remembers.
const MOST: usize = 1 << 16;

/// An identifier of a resource: the resource's kind, the index of the identifier, and its text.
type Key = (usize, usize, String);

/// The resources of one server.
#[derive(Debug, Default)]
pub(super) struct Register(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    /// The resources with a given identifier, in the order of their creation.
    by: HashMap<Key, VecDeque<u64>>,
    all: HashMap<u64, Vec<Key>>,
    /// The number of each resource, oldest first; those deleted since are skipped.
    made: VecDeque<u64>,
    last: u64,
}

/// How one operation affects resources.
#[derive(Debug, Default)]
pub(super) struct Dealings {
    names: Vec<Named>,
    makes: Vec<Maker>,
    takes_away: Vec<usize>,
}

#[derive(Debug)]
struct Named {
    member: MemberPath,
    kind: usize,
    identifier: usize,
}

#[derive(Debug)]
struct Maker {
    kind: usize,
    identifiers: Vec<Identifier>,
}

impl Dealings {
    pub(super) fn of(operation: &str, world: &World) -> Self {
        let mut dealings = Self::default();
        for (kind, resource) in world.resources.iter().enumerate() {
            let namings = resource.namings.iter().filter(|naming| naming.operation == operation);
            dealings.names.extend(namings.map(|naming| Named {
                member: naming.member.clone(),
                kind,
                identifier: naming.identifier,
            }));
            if resource.made_by == operation {
                dealings.makes.push(Maker { kind, identifiers: resource.identifiers.clone() });
            }
            if resource.taken_away_by.iter().any(|one| one == operation) {
                dealings.takes_away.push(kind);
            }
        }
        dealings
    }

    /// Returns the first input member that names a resource which does not exist.
    pub(super) fn missing(&self, input: &Map<String, Value>, register: &Register) -> Option<&MemberPath> {
        let entries = register.entries();
        let missing = self.names.iter().find(|named| {
            texts(input, &named.member).iter().any(|text| entries.newest(named.kind, named.identifier, text).is_none())
        });
        missing.map(|named| &named.member)
    }

    /// Returns the resource that an input names, the innermost if it names several, or 0 if it names none.
    pub(super) fn subject(&self, input: &Map<String, Value>, register: &Register) -> u64 {
        let entries = register.entries();
        let named = self.names.iter().filter_map(|named| {
            let text = *texts(input, &named.member).first()?;
            Some((named.kind, entries.newest(named.kind, named.identifier, text)?))
        });
        named.max().map_or(0, |(_, number)| number)
    }

    /// Creates and deletes the resources of a validated request. Returns the output if it differs from the smallest,
    /// and the number of the created resource.
    pub(super) fn carry_out(
        &self,
        contract: &Contract,
        input: &Map<String, Value>,
        (output, least): (Option<&ShapeId>, &Value),
        register: &Register,
    ) -> (Option<Value>, Option<u64>) {
        if self.makes.is_empty() && self.takes_away.is_empty() {
            return (None, None);
        }
        let mut entries = register.entries();
        for named in self.names.iter().filter(|named| self.takes_away.contains(&named.kind)) {
            for text in texts(input, &named.member) {
                if let Some(number) = entries.newest(named.kind, named.identifier, text) {
                    entries.take_away(number);
                }
            }
        }
        let (mut answer, mut made) = (None, None);
        for maker in &self.makes {
            entries.last += 1;
            let number = entries.last;
            made = Some(number);
            let mut keys = Vec::new();
            for (at, identifier) in maker.identifiers.iter().enumerate() {
                let text = match identifier {
                    Identifier::Chosen(member) => input.get(member).and_then(Value::as_str).map(str::to_owned),
                    Identifier::Given(path) => output.and_then(|id| {
                        let answer = answer.get_or_insert_with(|| least.clone());
                        let text = distinct(shape_at(contract, id, path)?, number);
                        put(contract, id, answer, path, &text).then_some(text)
                    }),
                };
                keys.extend(text.map(|text| (maker.kind, at, text)));
            }
            entries.add(number, keys);
        }
        (answer, made)
    }
}

impl Register {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn newest(&self, kind: usize, identifier: usize, text: &str) -> Option<u64> {
        self.by.get(&(kind, identifier, text.to_owned()))?.back().copied()
    }

    fn add(&mut self, number: u64, keys: Vec<Key>) {
        for key in &keys {
            self.by.entry(key.clone()).or_default().push_back(number);
        }
        self.all.insert(number, keys);
        self.made.push_back(number);
        while self.made.len() > MOST {
            if let Some(oldest) = self.made.pop_front() {
                self.take_away(oldest);
            }
        }
    }

    fn take_away(&mut self, number: u64) {
        for key in self.all.remove(&number).unwrap_or_default() {
            if let Some(numbers) = self.by.get_mut(&key) {
                numbers.retain(|one| *one != number);
                if numbers.is_empty() {
                    self.by.remove(&key);
                }
            }
        }
    }
}

/// Returns all strings at a path of an input.
fn texts<'v>(input: &'v Map<String, Value>, path: &MemberPath) -> Vec<&'v str> {
    let mut path = path.0.iter();
    let Some(Segment::Member(first)) = path.next() else { return Vec::new() };
    let mut values: Vec<&Value> = input.get(first).into_iter().collect();
    let mut keys = Vec::new();
    for segment in path {
        keys.clear();
        let here = values.into_iter();
        values = match segment {
            Segment::Member(name) => here.filter_map(|value| value.get(name)).collect(),
            Segment::Item => here.filter_map(Value::as_array).flatten().collect(),
            Segment::Value => here.filter_map(Value::as_object).flat_map(Map::values).collect(),
            Segment::Key => {
                keys = here.filter_map(Value::as_object).flat_map(Map::keys).map(String::as_str).collect();
                Vec::new()
            }
        };
    }
    values.into_iter().filter_map(Value::as_str).chain(keys).collect()
}

/// Splits off the first step of an output path: a member's name, whether it selects the first item, and the rest.
fn step(path: &str) -> (&str, bool, Option<&str>) {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    match first.strip_suffix("[0]") {
        Some(name) => (name, true, rest),
        None => (first, false, rest),
    }
}

/// Finds a member by its name in the contract or on the wire.
fn member<'c>(contract: &'c Contract, id: &ShapeId, name: &str) -> Option<(&'c str, &'c ShapeId)> {
    let members = contract.shapes.get(id)?.kind.members()?;
    let found = members.iter().find(|(own, member)| *own == name || member.wire_name(own) == name);
    found.map(|(own, member)| (own.as_str(), &member.shape))
}

fn item<'c>(contract: &'c Contract, id: &'c ShapeId, is_item: bool) -> Option<&'c ShapeId> {
    match &contract.shapes.get(id)?.kind {
        Kind::List { member } if is_item => Some(member),
        _ if is_item => None,
        _ => Some(id),
    }
}

fn shape_at<'c>(contract: &'c Contract, id: &ShapeId, path: &str) -> Option<&'c Shape> {
    let (name, is_item, rest) = step(path);
    let (_, id) = member(contract, id, name)?;
    let id = item(contract, id, is_item)?;
    match rest {
        Some(rest) => shape_at(contract, id, rest),
        None => contract.shapes.get(id),
    }
}

/// Writes a text into an output, along with the structures around it; returns false if the path does not exist.
pub(super) fn put(contract: &Contract, id: &ShapeId, answer: &mut Value, path: &str, text: &str) -> bool {
    let (name, is_item, rest) = step(path);
    let Some((name, id)) = member(contract, id, name) else { return false };
    let Some(inner) = item(contract, id, is_item) else { return false };
    let Some(members) = answer.as_object_mut() else { return false };
    if !members.contains_key(name) {
        members.insert(name.to_owned(), smallest(contract, id).unwrap_or(Value::Null));
    }
    let Some(mut place) = members.get_mut(name) else { return false };
    if is_item {
        if place.as_array().is_none_or(Vec::is_empty) {
            *place = Value::Array(vec![smallest(contract, inner).unwrap_or(Value::Null)]);
        }
        let Some(first) = place.get_mut(0) else { return false };
        place = first;
    }
    match rest {
        Some(rest) => put(contract, inner, place, rest, text),
        None => {
            // The member may be a number or another type that cannot hold the text.
            *place = match contract.shapes.get(inner).map(|shape| &shape.kind) {
                Some(Kind::String | Kind::Enum { .. }) | None => Value::String(text.to_owned()),
                Some(_) => smallest(contract, inner).unwrap_or(Value::Null),
            };
            true
        }
    }
}

/// Writes the configured texts of an operation's responses into its smallest output.
pub(super) fn shown(contract: &Contract, operation: &str, output: Option<&ShapeId>, world: &World, least: &mut Value) {
    let Some(id) = output else { return };
    for shown in world.shown.iter().filter(|shown| shown.operation == operation) {
        let mut with = least.clone();
        if put(contract, id, &mut with, &shown.path, &shown.text) {
            *least = with;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::world::{Naming, Resource, Shown};
    use super::*;
    use crate::reference::testing::of_shapes;
    use serde_json::json;

    #[test]
    fn only_lists_have_a_first_item() {
        let contract = of_shapes(json!({"List": {"type": "list", "member": "Text"}, "Text": {"type": "string"}}));
        let of = |id: &str, is_item| {
            let id = ShapeId::from(id);
            item(&contract, &id, is_item).map(|id| id.as_str().to_owned())
        };
        assert_eq!(of("List", true).as_deref(), Some("Text"));
        assert_eq!(of("List", false).as_deref(), Some("List"));
        assert_eq!(of("Text", true), None);
        assert_eq!(of("Text", false).as_deref(), Some("Text"));
        assert_eq!(of("Nothing", false), None);
    }

    fn contract() -> Contract {
        of_shapes(json!({
            "Out": {"type": "structure", "members": {"cart": {"shape": "Cart", "wire": "Cart"}}},
            "Cart": {"type": "structure", "members": {
                "ids": {"shape": "Ids"}, "name": {"shape": "Text", "required": true}, "state": {"shape": "State"}}},
            "Ids": {"type": "list", "member": "Id"},
            "Id": {"type": "string", "pattern": "^c-[0-9]{6}$"},
            "Text": {"type": "string"},
            "State": {"type": "enum", "values": ["CREATING", "READY"]}
        }))
    }

    fn world() -> World {
        let member = |path: &str| MemberPath::parse(path).expect("a path");
        let naming = |operation: &str, path: &str, identifier| Naming {
            operation: operation.to_owned(),
            member: member(path),
            identifier,
        };
        World {
            resources: vec![Resource {
                made_by: "Make".to_owned(),
                taken_away_by: vec!["Drop".to_owned()],
                identifiers: vec![
                    Identifier::Given("Cart.ids[0]".to_owned()),
                    Identifier::Chosen("name".to_owned()),
                    Identifier::Given("Cart.nowhere".to_owned()),
                ],
                namings: vec![naming("Look", "of.ids[]", 0), naming("Drop", "name", 1)],
            }],
            shown: vec![Shown { operation: "Look".into(), path: "Cart.state".into(), text: "READY".into() }],
            ..World::default()
        }
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn created_resources_exist_until_they_are_deleted() {
        let (contract, world, register) = (contract(), world(), Register::default());
        let [make, look, drop] = ["Make", "Look", "Drop"].map(|name| Dealings::of(name, &world));
        let out = ShapeId::from("Out");
        let made = |name: &str| {
            let input = object(json!({ "name": name }));
            let (answer, number) = make.carry_out(&contract, &input, (Some(&out), &json!({})), &register);
            let answer = answer.expect("the resource is created");
            assert_eq!(drop.subject(&input, &register), number.expect("it has a number"));
            assert_eq!(answer["cart"]["name"], "", "the members around it are filled in: {answer}");
            answer["cart"]["ids"][0].as_str().expect("a text").to_owned()
        };
        let (first, second) = (made("one"), made("two"));
        assert!(first != second && first.starts_with("c-"), "{first} {second}");
        let seen = |ids: &[&str]| look.missing(&object(json!({ "of": { "ids": ids } })), &register).is_none();
        assert!(seen(&[&first, &second]) && seen(&[]) && !seen(&[&first, "c-999999"]));
        let one = object(json!({ "name": "one" }));
        assert_eq!(drop.missing(&one, &register), None);
        assert_eq!(drop.carry_out(&contract, &one, (None, &json!({})), &register), (None, None));
        assert!(!seen(&[&first]) && seen(&[&second]));
        assert!(drop.missing(&one, &register).is_some(), "its other identifier is gone as well");
    }

    #[test]
    fn oldest_resources_are_forgotten() {
        let mut entries = Entries::default();
        for number in 0..MOST as u64 + 10 {
            entries.add(number, vec![(0, 0, format!("n{number}")), (0, 1, "same".to_owned())]);
        }
        assert_eq!(entries.newest(0, 0, "n9"), None);
        assert_eq!(entries.newest(0, 0, "n10"), Some(10));
        assert_eq!((entries.all.len(), entries.by.len()), (MOST, MOST + 1));
        assert_eq!(entries.newest(0, 1, "same"), Some(MOST as u64 + 9));
    }

    #[test]
    fn configured_texts_appear_in_the_output() {
        let (contract, world) = (contract(), world());
        let mut least = json!({});
        shown(&contract, "Look", Some(&ShapeId::from("Out")), &world, &mut least);
        assert_eq!(least, json!({ "cart": { "name": "", "state": "READY" } }));
    }
}
