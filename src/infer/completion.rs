//! Completes a scenario with inferred fixtures, and with values for the members that refer to them.
//!
//! It never sends a request; the responses of the run show whether a guess was right.

use crate::contract::{Contract, MemberPath, Operation, Shape, ShapeId, ShapeKind};
use crate::infer::creators::{IdentifierLocation, ResourceCreators, input_members};
use crate::infer::inference_result::{IdentifierOrigin, InferenceResult, InferredResource};
use crate::infer::key_schema::add_key_values;
use crate::infer::name_parts::{ReferenceKind, ResourceReference, parse_reference, split_operation_name, split_words};
use crate::infer::readiness::find_readiness;
use crate::infer::required_scalars::{RequiredScalar, required_scalars};
use crate::infer::tag_laws::add_tag_laws;
use crate::infer::template_fit::template_fits;
use crate::infer::web_completion::{complete_web_scenario, is_web_api};
use crate::scenario::{Fixture, OperationNotes, RawRequest, Scenario, fixture_placeholder};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Templates for names, the most descriptive first. Each differs from run to run or from case to case.
const NAME_TEMPLATES: [&str; 5] =
    ["ovs-{run}-{case}", "ovs{run}{case}", "o{run}{case}", "o{case}", "/ovs/{run}/{case}"];

/// First words of members that name a copy of an existing resource.
const SECOND_NAME_WORDS: [&str; 3] = ["target", "new", "destination"];

/// Verbs of operations that make a resource from an existing one.
const COPY_VERBS: [&str; 3] = ["copy", "restore", "clone"];

/// Returns true if a member names the resource that an operation makes from an existing one: `TargetSnapshotIdentifier` of
/// `CopySnapshot`, or `ClusterIdentifier` of `RestoreClusterFromSnapshot`.
fn names_copy(operation: &str, member: &str) -> bool {
    let (verb, noun) = split_operation_name(operation);
    let parsed = parse_reference(member);
    let is_name = matches!(parsed.kind, ReferenceKind::Name | ReferenceKind::Id);
    let is_second = parsed.noun.first().is_some_and(|first| SECOND_NAME_WORDS.contains(&first.as_str()));
    let is_made = !parsed.noun.is_empty() && noun.len() > parsed.noun.len() && noun.starts_with(&parsed.noun);
    COPY_VERBS.contains(&verb.as_str()) && is_name && (is_second || is_made)
}

/// Completes a scenario for a web API, or for the operations that only machine models describe.
pub fn complete_scenario(contract: &Contract, scenario: &Scenario) -> InferenceResult {
    if is_web_api(contract) && !scenario.disable_inference {
        return complete_web_scenario(contract, scenario);
    }
    let creates_nothing = |name: &str| scenario.operation_notes(name).is_some_and(|notes| notes.creates_nothing);
    let mut completer = ScenarioCompleter {
        contract,
        creators: ResourceCreators::from_contract(contract, &creates_nothing),
        result: InferenceResult::from_scenario(scenario),
        own_fixtures: scenario.fixtures.keys().cloned().collect(),
        fixtures: IndexMap::new(),
        fixture_creators: IndexMap::new(),
        in_progress: Vec::new(),
        visited_operations: Vec::new(),
        completed_fixtures: Vec::new(),
    };
    if scenario.disable_inference || !contract.is_model_only() {
        return completer.result;
    }
    let wanted = |operation: &&Operation| scenario.includes_operation(operation.name.as_str());
    for operation in contract.operations.iter().filter(wanted) {
        completer.complete_operation(operation);
    }
    completer.complete_given_references();
    for operation in contract.operations.iter().filter(wanted) {
        completer.find_alternative_references(operation);
    }
    // Fixtures are inserted in the order of creation. Fixtures of the user need none of the inferred ones.
    for (name, fixture) in std::mem::take(&mut completer.fixtures) {
        completer.result.scenario.fixtures.insert(name, fixture);
    }
    add_tag_laws(contract, &mut completer.result.scenario);
    add_key_values(contract, &mut completer.result.scenario);
    if !contract.supporting.is_empty() || !completer.own_fixtures.is_empty() || has_given_values(scenario) {
        completer.result.scenario.order_fixtures();
    }
    completer.result
}

/// Returns true if the scenario gives an operation a value, which may refer to any fixture.
fn has_given_values(scenario: &Scenario) -> bool {
    scenario.operations.values().any(|notes| !notes.use_values.is_empty() || !notes.needs.is_empty())
}

pub(super) struct ScenarioCompleter<'c> {
    pub(super) contract: &'c Contract,
    pub(super) creators: ResourceCreators<'c>,
    pub(super) result: InferenceResult,
    /// Fixtures of the scenario itself.
    own_fixtures: Vec<String>,
    fixtures: IndexMap<String, Fixture>,
    /// The creator of each inferred fixture: several operations may create resources of one noun.
    fixture_creators: IndexMap<String, usize>,
    /// Creators whose needs are being resolved; none can create what it needs itself.
    in_progress: Vec<usize>,
    visited_operations: Vec<String>,
    /// Fixtures for which the operations that await and delete them are known.
    completed_fixtures: Vec<String>,
}

impl<'c> ScenarioCompleter<'c> {
    /// Creates what the values of the scenario refer to: values that were found by experiment refer to fixtures that
    /// plain requests do without.
    fn complete_given_references(&mut self) {
        let given = self.result.given.operations.values().flat_map(|notes| notes.use_values.values());
        let mut references = Vec::new();
        given.for_each(|value| collect_references(value, &mut references));
        for (fixture, capture) in references {
            let known = self.fixtures.get(&fixture).is_some_and(|known| {
                known.names.contains_key(&capture) || known.captures().any(|(name, _)| *name == capture)
            });
            if known || self.own_fixtures.contains(&fixture) {
                continue;
            }
            if let Some((creator, location)) = self.creators.find_by_fixture(&fixture, &capture) {
                self.ensure_fixture(creator, location);
            }
        }
    }

    /// Sets the value of every required member that refers to a resource. Returns false if the operation would need
    /// what it creates itself.
    fn complete_operation(&mut self, operation: &'c Operation) -> bool {
        let name = operation.name.as_str();
        if self.visited_operations.iter().any(|done| done == name) {
            return true;
        }
        let mut whole = true;
        for needed in required_scalars(self.contract_of(operation), operation) {
            let RequiredScalar { path, id, shape } = &needed;
            let place = path.to_string();
            if self.result.scenario.use_value(name, &place).is_some() {
                continue;
            }
            let Some(member) = path.last_member() else { continue };
            if matches!(shape.kind, ShapeKind::String) && names_copy(name, member) {
                self.generate_name(operation, &place, shape);
                continue;
            }
            let (is_text, origin) = match shape.kind {
                ShapeKind::String if needed.has_no_member_name() => (
                    false,
                    self.creators
                        .find_creator_for_shape(operation, id)
                        .filter(|(_, location)| accepts_identifier(shape, location)),
                ),
                ShapeKind::String => {
                    let origin = self
                        .creators
                        .find_creator(operation, member)
                        .filter(|(_, location)| accepts_identifier(shape, location));
                    let origin = origin.or_else(|| self.creators.main_arn(operation, member));
                    let of_other = || self.creators.find_in_other_service(operation, member, id, shape);
                    (!needed.is_in_map(), origin.or_else(of_other))
                }
                ShapeKind::Integer | ShapeKind::Long if !needed.is_in_map() => {
                    (false, self.creators.find_number_creator(operation, member))
                }
                _ => continue,
            };
            match origin {
                Some((creator, location)) => {
                    whole &= self.use_created_identifier(operation, path, shape, creator, location)
                }
                None if is_text => self.name_created_resource(operation, member, &place, shape),
                None => {}
            }
        }
        if whole {
            self.complete_optional_members(operation);
        }
        self.visited_operations.push(name.to_owned());
        // No member can refer to a creator whose fixture does not exist yet.
        if !self.in_progress.iter().any(|creator| self.creators.all[*creator].operation.name == operation.name) {
            self.add_cleanup(operation);
        }
        whole
    }

    /// Sets one optional member: models often call every identifier of a resource optional although one of them must be
    /// present.
    fn complete_optional_members(&mut self, operation: &'c Operation) {
        let name = operation.name.as_str();
        let (_, noun) = split_operation_name(name);
        let contract = self.contract_of(operation);
        let members: Vec<_> = input_members(contract, operation)
            .filter(|(_, member)| !member.required && matches!(contract.shape(&member.shape).kind, ShapeKind::String))
            .filter(|(member, _)| !parse_reference(member).noun.is_empty())
            .map(|(member, it)| (member.clone(), contract.shape(&it.shape)))
            .collect();
        let is_open = |completer: &Self, member: &str| completer.result.scenario.use_value(name, member).is_none();
        let named_already =
            required_scalars(contract, operation).iter().filter(|needed| !needed.is_in_map()).any(|needed| {
                needed.path.last_member().is_some_and(|member| {
                    let inferred = parse_reference(member);
                    // The `PartitionKey` of `PutRecords` is content, although `PutRecord` has it, too.
                    let named = self.creators.find_creator(operation, member).is_some_and(|(creator, _)| {
                        inferred.kind != ReferenceKind::BareNoun || self.creators.all[creator].noun == inferred.noun
                    });
                    // `domainName` of `DeleteDomainName` is the resource itself.
                    let is_the_noun = split_words(member).concat() == noun.concat();
                    named
                        || is_the_noun
                        || (inferred.kind != ReferenceKind::BareNoun
                            && (inferred.noun.is_empty() || noun.ends_with(&inferred.noun)))
                })
            });
        if named_already || members.iter().any(|(member, _)| !is_open(self, member)) {
            return;
        }
        let is_maker = self.creators.all.iter().any(|creator| creator.operation.name == operation.name);
        if is_maker {
            let is_own =
                |inferred: ResourceReference| inferred.kind == ReferenceKind::Name && noun.ends_with(&inferred.noun);
            let own = members.iter().find(|(member, _)| is_own(parse_reference(member)));
            if let Some((member, shape)) = own {
                self.generate_name(operation, member, shape);
            }
            return;
        }
        // What the operation is about comes first: the `tableArn` of `GetTable`, not the `tableBucketARN`.
        let kinds = [ReferenceKind::Name, ReferenceKind::Id, ReferenceKind::Url, ReferenceKind::Arn];
        for (is_own, by) in [true, false].into_iter().flat_map(|is_own| kinds.map(|by| (is_own, by))) {
            let fits = |member: &str| {
                let parsed = parse_reference(member);
                parsed.kind == by && (parsed.noun == noun) == is_own
            };
            for (member, shape) in members.iter().filter(|(member, _)| fits(member)) {
                if let Some((creator, location)) = self.creators.find_creator(operation, member)
                    && names_noun(&self.creators.all[creator].noun, &parse_reference(member).noun, &noun)
                    && accepts_identifier(shape, &location)
                {
                    let path = MemberPath::root().join_member(member);
                    self.use_created_identifier(operation, &path, shape, creator, location);
                    return;
                }
            }
        }
    }

    /// Sets a member to an identifier that another operation creates.
    fn use_created_identifier(
        &mut self,
        operation: &Operation,
        path: &MemberPath,
        shape: &Shape,
        creator: usize,
        location: IdentifierLocation,
    ) -> bool {
        let Some((fixture, capture)) = self.ensure_fixture(creator, location.clone()) else { return false };
        let value = format!("{{{fixture}.{capture}}}");
        let place = path.to_string();
        let made_by = self.creators.all[creator].operation.name.to_string();
        let notes = self.notes_mut(operation.name.as_str());
        notes.use_values.insert(place.clone(), Json::String(value.clone()));
        // A name inside a structure may be content: that it is unknown proves nothing.
        let is_top_member = matches!(&location, IdentifierLocation::InRequest(member) if !member.contains('.'));
        if is_top_member && !notes.missing_values.contains_key(&place) {
            let missing = NAME_TEMPLATES.iter().map(|name| name.replace("{run}", "missing"));
            if let Some(missing) = missing.into_iter().find(|name| template_fits(shape, name)) {
                notes.missing_values.insert(place.clone(), Json::String(missing));
            }
        }
        self.result.origins.push(IdentifierOrigin {
            operation: operation.name.to_string(),
            member: place,
            value,
            created_by: made_by,
        });
        true
    }

    /// Sets a member to the name of what the operation itself creates.
    fn name_created_resource(&mut self, operation: &Operation, member: &str, place: &str, shape: &Shape) {
        let (_, noun) = split_operation_name(operation.name.as_str());
        let parsed = parse_reference(member);
        let is_maker = self.creators.all.iter().any(|creator| creator.operation.name == operation.name);
        let its_own = parsed.noun.is_empty() || noun.ends_with(&parsed.noun);
        if is_maker
            && its_own
            && matches!(parsed.kind, ReferenceKind::Name | ReferenceKind::BareNoun | ReferenceKind::Id)
        {
            self.generate_name(operation, place, shape);
        }
    }

    /// Lets an operation generate a name for each case. Returns the template, if one fits.
    fn generate_name(&mut self, operation: &Operation, place: &str, shape: &Shape) -> Option<String> {
        let name = operation.name.as_str();
        if let Some(given) = self.result.scenario.use_value(name, place) {
            return given.as_str().map(str::to_owned);
        }
        // What is made from an existing resource has a name of its own.
        let is_second = SECOND_NAME_WORDS.contains(&split_words(place).first().map_or("", String::as_str))
            || COPY_VERBS.contains(&split_operation_name(name).0.as_str());
        let case = if is_second { "{case:2}" } else { "{case}" };
        let mut templates = NAME_TEMPLATES.iter().filter(|name| template_fits(shape, name));
        let value = templates.next().map(|name| name.replace("{case}", case))?;
        let notes = self.notes_mut(name);
        notes.use_values.insert(place.to_owned(), Json::String(value.clone()));
        notes.fresh_members.push(place.to_owned());
        let (operation, member) = (name.to_owned(), place.to_owned());
        self.result.origins.push(IdentifierOrigin {
            created_by: operation.clone(),
            operation,
            member,
            value: value.clone(),
        });
        Some(value)
    }

    /// Returns the fixture of a creator, and the name under which the fixture has the identifier.
    pub(super) fn ensure_fixture(&mut self, creator: usize, location: IdentifierLocation) -> Option<(String, String)> {
        let operation = self.creators.all[creator].operation;
        let fixture = self.creators.all[creator].fixture_name();
        let capture = match &location {
            IdentifierLocation::InRequest(member) => member.rsplit('.').next().unwrap_or(member).to_owned(),
            IdentifierLocation::InResponse(path) => path.rsplit('.').next().unwrap_or(path).replace("[0]", ""),
        };
        if self.own_fixtures.contains(&fixture) {
            let known = &self.result.scenario.fixtures[&fixture];
            let knows = known.names.contains_key(&capture) || known.captures().any(|(name, _)| *name == capture);
            return knows.then_some((fixture, capture));
        }
        let is_of_other = self.fixture_creators.get(&fixture).is_some_and(|other| *other != creator);
        if is_of_other || self.in_progress.contains(&creator) {
            return None;
        }
        if !self.fixtures.contains_key(&fixture) {
            self.in_progress.push(creator);
            let whole = self.complete_operation(operation);
            self.in_progress.pop();
            if !whole {
                return None;
            }
            let create = RawRequest { request: operation.name.to_string(), ..RawRequest::default() };
            let made = Fixture { create: vec![create], ..Fixture::default() };
            self.fixtures.insert(fixture.clone(), made);
            self.fixture_creators.insert(fixture.clone(), creator);
            self.result.resources.push(InferredResource {
                fixture: fixture.clone(),
                created_by: operation.name.to_string(),
                deleted_by: None,
                awaited_by: None,
            });
            self.add_cleanup(operation);
        }
        match location {
            IdentifierLocation::InRequest(member) => {
                let place = MemberPath::parse(&member)?;
                let contract = self.contract_of(operation);
                let shape = contract.shape(contract.input_shape_at(operation.name.as_str(), &place)?);
                let template = self.generate_name(operation, &member, shape)?;
                self.fixtures.get_mut(&fixture)?.names.insert(capture.clone(), template);
            }
            IdentifierLocation::InResponse(path) => {
                let create = self.fixtures.get_mut(&fixture)?.create.first_mut()?;
                create.captures.insert(capture.clone(), path);
            }
        }
        self.complete_fixture(creator, &fixture);
        Some((fixture, capture))
    }

    /// Adds to a fixture, once, the requests that await and delete the resource. Both may refer to it by other
    /// identifiers.
    fn complete_fixture(&mut self, creator: usize, fixture: &str) {
        let at = self.result.resources.iter().position(|resource| resource.fixture == fixture);
        let Some(at) = at.filter(|_| !self.completed_fixtures.iter().any(|one| one == fixture)) else { return };
        // This precedes the visit of the delete and read operations, so that their members may refer to this fixture.
        self.completed_fixtures.push(fixture.to_owned());
        let known = &self.creators.all[creator];
        let (remover, looker) = (self.creators.delete_operation(known), self.creators.read_operation(known));
        if let Some(remover) = remover {
            self.complete_operation(remover);
            if self.refers_only_to(remover, fixture) {
                let delete = RawRequest { request: remover.name.to_string(), ..RawRequest::default() };
                self.fixtures[fixture].delete.push(delete);
                self.result.resources[at].deleted_by = Some(remover.name.to_string());
            }
        }
        if let Some(looker) = looker {
            self.complete_operation(looker);
            let until =
                find_readiness(self.contract_of(looker), looker).filter(|_| self.refers_only_to(looker, fixture));
            if let Some(until) = until {
                let look = RawRequest {
                    request: looker.name.to_string(),
                    ready_condition: Some(until),
                    ..RawRequest::default()
                };
                self.fixtures[fixture].create.push(look);
                self.result.resources[at].awaited_by = Some(looker.name.to_string());
            }
        }
    }

    /// Returns true if every required text of an operation comes from this fixture or from those that it needs, which
    /// are created before it.
    fn refers_only_to(&self, operation: &Operation, fixture: &str) -> bool {
        let mut names_it = false;
        let all = required_scalars(self.contract_of(operation), operation).into_iter().all(|needed| {
            if !matches!(needed.shape.kind, ShapeKind::String) {
                return true;
            }
            let place = needed.path.to_string();
            let given = self.result.scenario.use_value(operation.name.as_str(), &place).and_then(Json::as_str);
            // A text in a map without a known origin is content.
            let Some(given) = given else { return needed.is_in_map() };
            let of = given.strip_prefix('{').and_then(|rest| rest.split_once('.')).map(|(name, _)| name);
            names_it |= of == Some(fixture);
            of.is_none_or(|of| of == fixture || self.fixture_needs(fixture, of))
        });
        let placeholder = format!("{{{fixture}.");
        let uses = self.result.scenario.operation_notes(operation.name.as_str()).map(|notes| &notes.use_values);
        names_it |=
            uses.is_some_and(|uses| uses.values().filter_map(Json::as_str).any(|text| text.starts_with(&placeholder)));
        all && names_it
    }

    /// Returns true if one fixture needs another.
    fn fixture_needs(&self, fixture: &str, other: &str) -> bool {
        let Some(made) = self.fixtures.get(fixture) else { return false };
        let placeholder = format!("{{{other}.");
        made.create.first().and_then(|create| self.result.scenario.operation_notes(&create.request)).is_some_and(
            |notes| {
                notes.use_values.values().any(|value| value.as_str().is_some_and(|text| text.contains(&placeholder)))
            },
        )
    }

    /// Adds a cleanup to an operation that creates a resource, so that its cases delete what they create.
    fn add_cleanup(&mut self, operation: &'c Operation) {
        let name = operation.name.as_str();
        let Some(creator) = self.creators.all.iter().find(|creator| creator.operation.name == operation.name) else {
            return;
        };
        if self.result.scenario.operation_notes(name).is_some_and(|notes| notes.cleanup.is_some()) {
            return;
        }
        let Some(remover) = self.creators.delete_operation(creator) else { return };
        // The visit sets the optional members that the operation needs.
        self.complete_operation(remover);
        let mut input = serde_json::Map::new();
        let contract = self.contract_of(operation);
        let is_number = |id: &ShapeId| matches!(contract.shape(id).kind, ShapeKind::Integer | ShapeKind::Long);
        let is_text = |id: &ShapeId| match &contract.shape(id).kind {
            ShapeKind::List { member } => matches!(contract.shape(member).kind, ShapeKind::String),
            kind => matches!(kind, ShapeKind::String),
        };
        let used = |member: &str| self.result.scenario.use_value(remover.name.as_str(), member).is_some();
        for (member, it) in input_members(contract, remover).filter(|(member, it)| it.required || used(member)) {
            let origin = match is_number(&it.shape) {
                true => self.creators.find_number_creator(remover, member),
                false if is_text(&it.shape) => self.creators.find_creator(remover, member),
                false => return,
            };
            let value = match origin {
                Some((at, IdentifierLocation::InRequest(from) | IdentifierLocation::InResponse(from)))
                    if self.creators.all[at].operation.name == operation.name =>
                {
                    format!("{{made.{from}}}")
                }
                // The bucket of an object is the bucket of the request that put it.
                _ if input_members(contract, operation).any(|(other, _)| other == member) => {
                    format!("{{made.{member}}}")
                }
                _ => return,
            };
            let value = Json::String(value);
            let is_list = matches!(contract.shape(&it.shape).kind, ShapeKind::List { .. });
            input.insert(member.to_owned(), if is_list { Json::Array(vec![value]) } else { value });
        }
        if input.is_empty() {
            return;
        }
        let request = remover.name.to_string();
        self.notes_mut(name).cleanup =
            Some(RawRequest { request, input: Some(Json::Object(input)), ..RawRequest::default() });
    }

    /// Returns the contract that has an operation.
    pub(super) fn contract_of(&self, operation: &Operation) -> &'c Contract {
        self.contract.owner_of(operation.name.as_str())
    }

    fn notes_mut(&mut self, operation: &str) -> &mut OperationNotes {
        self.result.scenario.operations.entry(operation.to_owned()).or_default()
    }
}

/// Returns true if a member's noun is that of a created resource, or its end in an operation on that resource: `GroupId` of
/// `DeleteSecurityGroup`.
fn names_noun(created: &[String], member: &[String], operation: &[String]) -> bool {
    created == member || created == operation && created.ends_with(member)
}

/// Collects the fixtures to which the texts of a value refer, each with the name of the value: `{table.TableName}`.
fn collect_references(value: &Json, found: &mut Vec<(String, String)>) {
    match value {
        Json::String(text) => {
            found.extend(fixture_placeholder(text).map(|(fixture, name)| (fixture.to_owned(), name.to_owned())));
        }
        Json::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        Json::Object(members) => members.values().for_each(|member| collect_references(member, found)),
        _ => {}
    }
}

/// Returns true if a shape accepts an identifier from this place: a shape with a format of its own accepts no generated
/// name.
pub(super) fn accepts_identifier(shape: &Shape, location: &IdentifierLocation) -> bool {
    matches!(location, IdentifierLocation::InResponse(_))
        || NAME_TEMPLATES.iter().any(|name| template_fits(shape, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use serde_json::json;

    /// Returns what is inferred for an operation `Use` with this input, given that `CreateTable` creates tables and
    /// `CreateIndex` creates indexes.
    fn inferred_uses(input: Json, more: Json) -> Vec<(String, Json)> {
        let mut shapes = json!({
            "CreateTableInput": {"type": "structure", "members": {"TableName": {"shape": "TableName", "required": true}}},
            "CreateTableOutput": {"type": "structure", "members": {"TableArn": {"shape": "TableArn"}}},
            "CreateIndexInput": {"type": "structure", "members": {"IndexName": {"shape": "Handle", "required": true}}},
            "TableName": {"type": "string"}, "TableArn": {"type": "string"}, "Handle": {"type": "string"},
            "Text": {"type": "string"}, "Nothing": {"type": "structure", "members": {}},
            "UseInput": {"type": "structure", "members": input},
        });
        shapes.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let operation = |name: &str, output: &str| {
            json!({"name": name, "http": {"method": "POST", "uri": "/"}, "input": format!("{name}Input"), "output": output,
                   "sources": [{"document": "model", "line": 1}],
                   "facts": [{"path": "http", "value": "POST /", "standing": "model", "document": "model", "line": 1}]})
        };
        let text = json!({
            "format": "overstep-contract/1", "service": "tables", "protocol": "awsJson1_0", "shapes": shapes, "errors": [],
            "operations": [operation("CreateTable", "CreateTableOutput"), operation("CreateIndex", "Nothing"),
                           operation("Use", "Nothing")],
        });
        let contract = contract::from_json(&text.to_string()).expect("a contract");
        assert!(contract.is_model_only());
        let found = complete_scenario(&contract, &Scenario::with_name("tables")).scenario;
        let notes = found.operation_notes("Use").map(|notes| notes.use_values.clone()).unwrap_or_default();
        notes.into_iter().collect()
    }

    fn map(key: &str, value: &str) -> (Json, Json) {
        let input = json!({"Wanted": {"shape": "Wanted", "required": true}});
        (input, json!({"Wanted": {"type": "map", "key": key, "value": value}}))
    }

    #[test]
    fn map_keys_refer_to_created_resources() {
        for (key, due) in [
            ("TableName", Some("{table.TableName}")),
            ("TableArn", Some("{table.TableArn}")),
            // Shapes that many members share say nothing.
            ("Handle", None),
            ("Text", None),
        ] {
            let (input, more) = map(key, "Text");
            let due: Vec<_> = due.map(|due| ("Wanted{key}".to_owned(), json!(due))).into_iter().collect();
            assert_eq!(inferred_uses(input, more), due, "{key}");
        }
    }

    #[test]
    fn map_entries_refer_to_created_resources() {
        let (input, mut more) = map("Text", "Entries");
        more["Entries"] = json!({"type": "list", "member": "Entry"});
        more["Entry"] = json!({"type": "structure", "members": {
            "TableName": {"shape": "TableName", "required": true}, "Name": {"shape": "Text", "required": true},
            "IndexName": {"shape": "Handle"}}});
        let due = [("Wanted{value}[].TableName".to_owned(), json!("{table.TableName}"))];
        assert_eq!(inferred_uses(input, more), due);
        let (input, more) = map("Text", "TableArn");
        assert_eq!(inferred_uses(input, more), [("Wanted{value}".to_owned(), json!("{table.TableArn}"))]);
    }

    #[test]
    fn optional_maps_are_left_unset() {
        let (_, more) = map("TableName", "Text");
        assert_eq!(inferred_uses(json!({"Wanted": {"shape": "Wanted"}}), more), []);
    }
}
