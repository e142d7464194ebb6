//! The resources that an operation creates, names and deletes.
//!
//! Never guesses them: [`ServerConfig`] lists them.

use super::output_path::{put_text, shape_at};
use super::resource_registry::ResourceRegistry;
use crate::contract::{Contract, MemberPath, PathSegment, ShapeId, ShapeKind};
use crate::reference::sample::distinct_text;
use crate::reference::server_config::{ResourceIdentifier, ServerConfig};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// How one operation affects resources.
#[derive(Debug, Default)]
pub(in crate::reference) struct ResourceEffects {
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
    pub(in crate::reference) fn for_operation(operation: &str, config: &ServerConfig) -> Self {
        let mut effects = Self::default();
        for (kind, resource) in config.resources.iter().enumerate() {
            let lookups = resource.identifier_members.iter().filter(|identifier| identifier.operation == operation);
            effects.lookups.extend(lookups.map(|identifier| MemberLookup {
                member: identifier.member.clone(),
                kind,
                identifier: identifier.identifier_index,
            }));
            if resource.created_by == operation {
                effects.creates.push(CreatedResource { kind, identifiers: resource.identifiers.clone() });
            }
            if resource.deleted_by.iter().any(|one| one == operation) {
                effects.deletes.push(kind);
            }
        }
        effects
    }

    /// Returns the first input member that names a resource which does not exist.
    pub(in crate::reference) fn find_missing(
        &self,
        input: &Map<String, Value>,
        registry: &ResourceRegistry,
    ) -> Option<&MemberPath> {
        let entries = registry.lock_entries();
        let missing = self.lookups.iter().find(|lookup| {
            texts_at(input, &lookup.member)
                .iter()
                .any(|text| entries.find_newest(lookup.kind, lookup.identifier, text).is_none())
        });
        missing.map(|lookup| &lookup.member)
    }

    /// Returns the resource that an input names, the innermost if it names several, or 0 if it names none.
    pub(in crate::reference) fn find_subject(&self, input: &Map<String, Value>, registry: &ResourceRegistry) -> u64 {
        let entries = registry.lock_entries();
        let lookup = self.lookups.iter().filter_map(|lookup| {
            let text = texts_at(input, &lookup.member).into_iter().next()?;
            Some((lookup.kind, entries.find_newest(lookup.kind, lookup.identifier, &text)?))
        });
        lookup.max().map_or(0, |(_, number)| number)
    }

    /// Returns the resource that has the name which the input gives to a new one.
    pub(in crate::reference) fn find_taken(
        &self,
        input: &Map<String, Value>,
        registry: &ResourceRegistry,
    ) -> Option<u64> {
        let entries = registry.lock_entries();
        self.creates.iter().find_map(|creation| {
            creation.identifiers.iter().enumerate().find_map(|(at, identifier)| {
                let ResourceIdentifier::FromInput(member) = identifier else { return None };
                entries.find_newest(creation.kind, at, &input_text(input, member)?)
            })
        })
    }

    /// Creates and deletes the resources of a validated request. Returns the output if it differs from the smallest,
    /// and the number of the created resource.
    pub(in crate::reference) fn apply(
        &self,
        contract: &Contract,
        input: &Map<String, Value>,
        (output, smallest): (Option<&ShapeId>, &Value),
        registry: &ResourceRegistry,
    ) -> (Option<Value>, Option<u64>) {
        if self.creates.is_empty() && self.deletes.is_empty() {
            return (None, None);
        }
        let mut entries = registry.lock_entries();
        for lookup in self.lookups.iter().filter(|lookup| self.deletes.contains(&lookup.kind)) {
            for text in texts_at(input, &lookup.member) {
                if let Some(number) = entries.find_newest(lookup.kind, lookup.identifier, &text) {
                    entries.remove(number);
                }
            }
        }
        let (mut response, mut created) = (None, None);
        for creation in &self.creates {
            entries.last_number += 1;
            let number = entries.last_number;
            created = Some(number);
            let mut keys = Vec::new();
            for (at, identifier) in creation.identifiers.iter().enumerate() {
                let text = match identifier {
                    ResourceIdentifier::FromInput(member) => input_text(input, member),
                    ResourceIdentifier::FromOutput(path) => output.and_then(|id| {
                        let response = response.get_or_insert_with(|| smallest.clone());
                        let shape = shape_at(contract, id, path)?;
                        let is_number = matches!(shape.kind, ShapeKind::Integer | ShapeKind::Long);
                        let text = if is_number { number.to_string() } else { distinct_text(shape, number) };
                        put_text(contract, id, response, path, &text).then_some(text)
                    }),
                };
                keys.extend(text.map(|text| (creation.kind, at, text)));
            }
            entries.add(number, keys);
        }
        (response, created)
    }
}

/// Returns the text of a member of an input, or of a member inside a structure: `DatabaseInput.Name`.
fn input_text(input: &Map<String, Value>, path: &str) -> Option<String> {
    let mut names = path.split('.');
    let first = input.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))?.as_str().map(str::to_owned)
}

/// Returns all strings and numbers at a path of an input, as texts.
fn texts_at<'v>(input: &'v Map<String, Value>, path: &MemberPath) -> Vec<Cow<'v, str>> {
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
    let text_of = |value: &'v Value| match value {
        Value::String(text) => Some(Cow::Borrowed(text.as_str())),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    };
    values.into_iter().filter_map(text_of).chain(keys.into_iter().map(Cow::Borrowed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::server_config::{IdentifierMember, ResourceDefinition};
    use crate::reference::testing::contract_of_shapes;
    use serde_json::json;

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

    fn config() -> ServerConfig {
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
            ..ServerConfig::default()
        }
    }

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn created_resources_exist_until_they_are_deleted() {
        let (contract, config, registry) = (contract(), config(), ResourceRegistry::default());
        let [make, look, drop] = ["Make", "Look", "Drop"].map(|name| ResourceEffects::for_operation(name, &config));
        let out = ShapeId::from("Out");
        let create = |name: &str| {
            let input = object(json!({ "name": name }));
            let (answer, number) = make.apply(&contract, &input, (Some(&out), &json!({})), &registry);
            let answer = answer.expect("the resource is created");
            assert_eq!(drop.find_subject(&input, &registry), number.expect("it has a number"));
            assert_eq!(answer["cart"]["name"], "", "the members around it are filled in: {answer}");
            answer["cart"]["ids"][0].as_str().expect("a text").to_owned()
        };
        let (first, second) = (create("one"), create("two"));
        assert!(first != second && first.starts_with("c-"), "{first} {second}");
        let exist = |ids: &[&str]| look.find_missing(&object(json!({ "of": { "ids": ids } })), &registry).is_none();
        assert!(exist(&[&first, &second]) && exist(&[]) && !exist(&[&first, "c-999999"]));
        let one = object(json!({ "name": "one" }));
        assert_eq!(drop.find_missing(&one, &registry), None);
        assert_eq!(drop.apply(&contract, &one, (None, &json!({})), &registry), (None, None));
        assert!(!exist(&[&first]) && exist(&[&second]));
        assert!(drop.find_missing(&one, &registry).is_some(), "its other identifier is gone as well");
    }
}
