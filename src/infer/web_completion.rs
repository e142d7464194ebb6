//! Completes a scenario for a web API: which requests create what a path or a body names, and which delete it.
//!
//! It never sends a request; an operation that turns out to create nothing can be left out.

use crate::contract::{
    Contract, MemberLocation, MemberPath, Operation, PathSegment, Protocol, Shape, ShapeId, ShapeKind,
};
use crate::infer::creators::input_members;
use crate::infer::inference_result::{IdentifierOrigin, InferenceResult, InferredResource};
use crate::infer::login::complete_login;
use crate::infer::name_parts::{ReferenceKind, parse_reference, person_nouns};
use crate::infer::required_scalars::{RequiredScalar, required_scalars, scalars_of_member};
use crate::infer::template_fit::template_fits;
use crate::infer::web_identifiers::{
    MISSING_UUID, NAMING_MEMBERS, find_own_member, fresh_identifier, identifier_places, is_own_identifier,
    listed_identifier_places, member_of_noun,
};
use crate::infer::web_routes::{WebRoutes, is_label};
use crate::scenario::{Fixture, OperationNotes, RawRequest, ReadBack, Scenario, fixture_placeholder};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Words that say which one of several resources a member names.
const CHOICE_WORDS: [&str; 16] = [
    "default",
    "primary",
    "secondary",
    "parent",
    "source",
    "target",
    "current",
    "preferred",
    "main",
    "original",
    "new",
    "previous",
    "next",
    "linked",
    "related",
    "backup",
];

/// Returns true if routes, rather than the names of operations, say what a contract's operations do.
pub(super) fn is_web_api(contract: &Contract) -> bool {
    contract.protocol == Some(Protocol::RestJson) && !contract.is_model_only()
}

/// Completes a scenario with what the routes of a web API show.
pub(super) fn complete_web_scenario(contract: &Contract, scenario: &Scenario) -> InferenceResult {
    let creates_nothing = |name: &str| scenario.operation_notes(name).is_some_and(|notes| notes.creates_nothing);
    let mut completer = WebCompleter {
        contract,
        web: WebRoutes::from_contract(contract, &creates_nothing),
        result: InferenceResult::from_scenario(scenario),
        fixtures: IndexMap::new(),
        fixture_names: IndexMap::new(),
        acted_fixtures: Vec::new(),
        in_progress: Vec::new(),
        visited_operations: IndexMap::new(),
    };
    complete_login(contract, &mut completer.result.scenario);
    for operation in &contract.operations {
        if scenario.includes_operation(operation.name.as_str()) {
            completer.complete_operation(operation);
        }
    }
    for operation in &contract.operations {
        if scenario.includes_operation(operation.name.as_str()) {
            completer.find_alternative_references(operation);
        }
    }
    for operation in &contract.operations {
        if scenario.includes_operation(operation.name.as_str()) {
            completer.complete_updated_unique_members(operation);
            completer.complete_optional_unique_members(operation);
        }
    }
    completer.add_late_deletes();
    for (name, fixture) in std::mem::take(&mut completer.fixtures) {
        completer.result.scenario.fixtures.insert(name, fixture);
    }
    completer.result
}

/// The origin of an identifier: a fixture and the name of its captured value.
type FixtureValue = (String, String);

pub(super) struct WebCompleter<'c> {
    pub contract: &'c Contract,
    pub web: WebRoutes<'c>,
    pub result: InferenceResult,
    /// Inferred fixtures, in the order of creation.
    pub fixtures: IndexMap<String, Fixture>,
    /// The name of the fixture of each resource, by the resource's index.
    pub fixture_names: IndexMap<usize, String>,
    /// Fixtures that are another one after an action, each with that one.
    pub acted_fixtures: Vec<(String, String)>,
    /// Resources whose creator is being completed; none can need itself.
    in_progress: Vec<usize>,
    /// The operations visited so far; false if something that they name cannot be created.
    visited_operations: IndexMap<String, bool>,
}

impl<'c> WebCompleter<'c> {
    /// Sets every member of an operation's input that names a resource. Returns false if one of them cannot be created.
    pub fn complete_operation(&mut self, operation: &'c Operation) -> bool {
        let name = operation.name.as_str();
        if let Some(complete) = self.visited_operations.get(name) {
            return *complete;
        }
        self.visited_operations.insert(name.to_owned(), true);
        let complete = self.complete_labels(operation) & self.complete_references(operation);
        self.complete_precondition(operation);
        self.repeat_labels_in_body(operation);
        self.visited_operations.insert(name.to_owned(), complete);
        self.complete_unique_members(operation);
        self.add_cleanup(operation);
        self.add_read_backs(operation);
        complete
    }

    fn complete_labels(&mut self, operation: &'c Operation) -> bool {
        let Some(route) = self.web.route_of(operation) else { return true };
        let labels: Vec<(String, Option<usize>)> = route
            .labels()
            .map(|(label, key)| (label.to_owned(), self.web.resource_of_label(label, &key)))
            .filter(|(label, _)| is_label(self.contract, operation, label))
            .collect();
        let mut complete = true;
        for (label, resource) in labels {
            if self.result.scenario.use_value(operation.name.as_str(), &label).is_some() {
                continue;
            }
            let Some(resource) = resource else { continue };
            complete &= self.complete_label(operation, &label, resource);
        }
        complete
    }

    fn complete_label(&mut self, operation: &'c Operation, label: &str, resource: usize) -> bool {
        let shape = input_members(self.contract, operation).find(|(name, _)| *name == label).map(|(_, it)| &it.shape);
        let Some(shape) = shape.map(|id| self.contract.shape(id)) else { return false };
        let creators = &self.web.resources[resource].creators;
        let own = creators.first().filter(|creator| creator.operation.name == operation.name);
        if own.is_some_and(|creator| creator.is_named_by_caller) {
            let other = self.web.associated_resource(label, resource);
            if let Some((fixture, capture)) = other.and_then(|other| self.ensure_fixture(other, label, operation)) {
                let created_by = self.creator_of_fixture(&fixture);
                self.set_use(operation, label, format!("{{{fixture}.{capture}}}"), created_by);
                return true;
            }
            return self.generate_value(operation, label, fresh_identifier(shape));
        }
        let Some((fixture, capture)) = self.ensure_fixture(resource, label, operation) else { return false };
        let fixture = self.ensure_acted_fixture(operation, label, &fixture).unwrap_or(fixture);
        let created_by = self.creator_of_fixture(&fixture);
        self.set_use(operation, label, format!("{{{fixture}.{capture}}}"), created_by);
        if template_fits(shape, MISSING_UUID) && shape.pattern.is_some() {
            let notes = self.notes_mut(operation.name.as_str());
            notes.missing_values.entry(label.to_owned()).or_insert_with(|| Json::String(MISSING_UUID.to_owned()));
        }
        true
    }

    /// Sets the required members outside the path that name another resource: `customer_id`, `customerId`, `customer`.
    fn complete_references(&mut self, operation: &'c Operation) -> bool {
        let mut complete = true;
        for needed in required_scalars(self.contract, operation) {
            let place = needed.path.to_string();
            if is_label(self.contract, operation, &place)
                || self.result.scenario.use_value(operation.name.as_str(), &place).is_some()
            {
                continue;
            }
            let Some(resource) = self.referenced_resource(operation, &needed.path, needed.shape) else { continue };
            let member = needed.path.last_member().unwrap_or_default();
            if self.in_progress.contains(&resource) {
                continue;
            }
            match self.ensure_fixture(resource, member, operation) {
                Some((fixture, capture)) => {
                    let fixture = self.ensure_acted_reference(operation, &fixture).unwrap_or(fixture);
                    let created_by = self.creator_of_fixture(&fixture);
                    self.set_use(operation, &place, format!("{{{fixture}.{capture}}}"), created_by);
                }
                None => complete = false,
            }
        }
        complete
    }

    /// Notes what optional members would refer to.
    fn find_alternative_references(&mut self, operation: &'c Operation) {
        let optional: Vec<RequiredScalar<'c>> = input_members(self.contract, operation)
            .filter(|(_, member)| !member.required)
            .flat_map(|(name, member)| scalars_of_member(self.contract, name, &member.shape))
            .collect();
        for RequiredScalar { path, shape, .. } in optional {
            let (place, member) = (path.to_string(), path.last_member().unwrap_or_default());
            let Some(resource) = self.referenced_resource(operation, &path, shape) else { continue };
            let is_needed_by_itself = self.in_progress.contains(&resource);
            let found = if is_needed_by_itself { None } else { self.ensure_fixture(resource, member, operation) };
            if let Some((fixture, capture)) = found {
                let created_by = self.creator_of_fixture(&fixture);
                let value = format!("{{{fixture}.{capture}}}");
                self.set_optional_value(operation, &place, &value);
                // Only a whole member can be added to a request.
                if place == member {
                    self.result.alternative_references.push(IdentifierOrigin {
                        operation: operation.name.to_string(),
                        member: place,
                        value,
                        created_by,
                    });
                }
            }
        }
    }

    /// Returns the resource that a member outside the path names.
    fn referenced_resource(&self, operation: &Operation, path: &MemberPath, shape: &Shape) -> Option<usize> {
        if !matches!(shape.kind, ShapeKind::String | ShapeKind::Integer | ShapeKind::Long) {
            return None;
        }
        let reference = parse_reference(path.last_member()?);
        let by_role = || {
            let is_id = reference.kind == ReferenceKind::Id;
            let mut nouns = person_nouns(&reference.noun).iter().filter(|_| is_id);
            nouns.find_map(|noun| self.web.resource_of_noun(&[(*noun).to_owned()]))
        };
        let resource = self.web.resource_of_noun(&reference.noun).or_else(by_role)?;
        let is_created_here = self.web.created_by(operation).any(|own| own == resource);
        let is_header = match path.0.first()? {
            PathSegment::Member(first) => input_members(self.contract, operation)
                .any(|(name, member)| name == first && member.location == MemberLocation::Header),
            _ => false,
        };
        let is_reference = match reference.kind {
            ReferenceKind::Id => true,
            ReferenceKind::BareNoun => {
                is_noun_of(&reference.noun, &self.web.resources[resource].noun) && self.has_same_kind(resource, shape)
            }
            ReferenceKind::Arn | ReferenceKind::Url | ReferenceKind::Name => false,
        };
        (is_reference && !is_created_here && !is_header).then_some(resource)
    }

    /// Returns true if the identifier of a resource is documented to be of the same kind as a shape.
    fn has_same_kind(&self, resource: usize, shape: &Shape) -> bool {
        let resource = &self.web.resources[resource];
        let Some(creator) = resource.creators.first() else { return false };
        let places = identifier_places(self.contract, creator.operation, "id", &resource.noun);
        let is_text = |shape: &Shape| matches!(shape.kind, ShapeKind::String);
        places.shape.is_some_and(|id: ShapeId| is_text(self.contract.shape(&id)) == is_text(shape))
    }

    /// Lets an operation generate a value for each case. Returns false if no template fits.
    pub fn generate_value(&mut self, operation: &Operation, member: &str, template: Option<String>) -> bool {
        let Some(template) = template else { return false };
        let notes = self.notes_mut(operation.name.as_str());
        if !notes.fresh_members.iter().any(|one| one == member) {
            notes.fresh_members.push(member.to_owned());
        }
        self.set_use(operation, member, template, operation.name.to_string());
        true
    }

    pub fn set_use(&mut self, operation: &Operation, place: &str, value: String, created_by: String) {
        let notes = self.notes_mut(operation.name.as_str());
        notes.use_values.insert(place.to_owned(), Json::String(value.clone()));
        self.result.origins.push(IdentifierOrigin {
            operation: operation.name.to_string(),
            member: place.to_owned(),
            value,
            created_by,
        });
    }

    /// Returns the fixture of a resource and the name of the captured identifier that `member` refers to.
    fn ensure_fixture(&mut self, resource: usize, member: &str, user: &Operation) -> Option<FixtureValue> {
        if let Some(own) = self.fixture_of_scenario(resource, member) {
            return Some(own);
        }
        if self.in_progress.contains(&resource) {
            return None;
        }
        let Some(creator) = self.web.resources[resource].creators.first().copied() else {
            return self.ensure_listed_fixture(resource, member, user);
        };
        let fixture = self.fixture_name(resource);
        let noun = self.web.resources[resource].noun.clone();
        if !self.fixtures.contains_key(&fixture) {
            self.in_progress.push(resource);
            let is_complete = self.complete_operation(creator.operation);
            self.in_progress.pop();
            if !is_complete {
                return None;
            }
            let create = RawRequest { request: creator.operation.name.to_string(), ..RawRequest::default() };
            self.fixtures.insert(fixture.clone(), Fixture { create: vec![create], ..Fixture::default() });
            self.result.resources.push(InferredResource {
                fixture: fixture.clone(),
                created_by: creator.operation.name.to_string(),
                deleted_by: None,
                awaited_by: None,
            });
        }
        let capture = if creator.is_named_by_caller {
            let label = self.web.route_of(creator.operation)?.final_resource()?.0.to_owned();
            let template = self.result.scenario.use_value(creator.operation.name.as_str(), &label)?;
            let template = template.as_str()?.to_owned();
            self.fixtures.get_mut(&fixture)?.names.insert(label.clone(), template);
            label
        } else {
            let capture = capture_name(member, &noun);
            let (places, sent) = self.places_of_identifier(creator.operation, member, &noun, user);
            let fixture = self.fixtures.get_mut(&fixture)?;
            let create = fixture.create.first_mut()?;
            create.captures.entry(capture.clone()).or_insert(places);
            if let Some((_, sent)) = sent {
                fixture.names.entry(capture.clone()).or_insert(sent);
            }
            capture
        };
        self.add_delete(resource, &fixture);
        Some((fixture, capture))
    }

    /// Returns where the response to a creating operation shows the identifier that `member` of `user` refers to. If no
    /// documented response shows one, a text may be the name that the request gives: it is returned with its member.
    pub fn places_of_identifier(
        &self,
        creator: &Operation,
        member: &str,
        noun: &[String],
        user: &Operation,
    ) -> (String, Option<(String, String)>) {
        let places = identifier_places(self.contract, creator, member, noun);
        let used = input_members(self.contract, user).find(|(name, _)| *name == member);
        let is_text = used.is_some_and(|(_, it)| matches!(self.contract.shape(&it.shape).kind, ShapeKind::String));
        if places.shape.is_some() || !is_text {
            return (places.capture, None);
        }
        let shown = |name| find_own_member(self.contract, creator.output.as_ref()?, name, noun);
        let by_name = NAMING_MEMBERS.into_iter().filter(|_| is_own_identifier(member, noun)).find_map(shown);
        match by_name {
            Some(place) => (place, None),
            None => (places.capture, self.sent_name(creator, member, noun)),
        }
    }

    /// Returns the member of a request that names the resource which it creates, and its value.
    fn sent_name(&self, creator: &Operation, member: &str, noun: &[String]) -> Option<(String, String)> {
        let own = member_of_noun(member, noun);
        let mut names = std::iter::once(member).chain(own.as_deref()).chain(NAMING_MEMBERS);
        names.find_map(|name| {
            let template = self.result.scenario.use_value(creator.name.as_str(), name)?.as_str()?;
            template.contains("{case").then(|| (name.to_owned(), template.to_owned()))
        })
    }

    /// Returns the value of a fixture that the scenario itself has for a resource.
    fn fixture_of_scenario(&self, resource: usize, member: &str) -> Option<FixtureValue> {
        let noun = &self.web.resources[resource].noun;
        let name = noun.join("_");
        let fixture = self.result.scenario.fixtures.get(&name)?;
        let wanted = [capture_name(member, noun), member.to_owned(), "id".to_owned()];
        let known: Vec<&String> = fixture.captures().map(|(name, _)| name).chain(fixture.names.keys()).collect();
        let found = wanted.iter().find(|wanted| known.contains(wanted));
        let capture = found.cloned().or_else(|| match known.as_slice() {
            [only] => Some((*only).clone()),
            _ => None,
        })?;
        Some((name, capture))
    }

    /// Returns the fixture that takes the first item of a list, for an operation that only reads: a resource that
    /// already exists is never changed.
    fn ensure_listed_fixture(&mut self, resource: usize, member: &str, user: &Operation) -> Option<FixtureValue> {
        let list = self.web.resources[resource].list?;
        let only_reads = user.http.as_ref().is_some_and(|http| matches!(http.method.as_str(), "GET" | "HEAD"));
        if !only_reads || list.name == user.name {
            return None;
        }
        let fixture = format!("existing_{}", self.fixture_name(resource));
        let noun = self.web.resources[resource].noun.clone();
        self.in_progress.push(resource);
        let is_complete = self.complete_operation(list);
        self.in_progress.pop();
        if !is_complete {
            return None;
        }
        let capture = capture_name(member, &noun);
        let places = listed_identifier_places(self.contract, list, member, &noun);
        let is_new = !self.fixtures.contains_key(&fixture);
        let made = self.fixtures.entry(fixture.clone()).or_insert_with(|| Fixture {
            create: vec![RawRequest { request: list.name.to_string(), ..RawRequest::default() }],
            ..Fixture::default()
        });
        made.create.first_mut()?.captures.entry(capture.clone()).or_insert(places.capture);
        if is_new {
            self.result.resources.push(InferredResource {
                fixture: fixture.clone(),
                created_by: list.name.to_string(),
                deleted_by: None,
                awaited_by: None,
            });
        }
        Some((fixture, capture))
    }

    /// Returns the name of a resource's fixture: its noun, with that of its parent if another resource has the noun.
    fn fixture_name(&mut self, resource: usize) -> String {
        if let Some(name) = self.fixture_names.get(&resource) {
            return name.clone();
        }
        let it = &self.web.resources[resource];
        let noun = if it.noun.is_empty() { "resource".to_owned() } else { it.noun.join("_") };
        let is_used = |name: &String| {
            self.fixture_names.values().any(|other| other == name) || self.result.scenario.fixtures.contains_key(name)
        };
        let parents = it.collection.iter().rev().skip(1).flatten();
        let mut name = noun;
        for parent in parents {
            if !is_used(&name) {
                break;
            }
            name = format!("{parent}_{name}");
        }
        let mut number = 2;
        while is_used(&name) {
            name = format!("{name}_{number}");
            number += 1;
        }
        self.fixture_names.insert(resource, name.clone());
        name
    }

    pub fn creator_of_fixture(&self, fixture: &str) -> String {
        let of = |fixtures: &IndexMap<String, Fixture>| {
            fixtures.get(fixture).and_then(|it| it.create.first()).map(|request| request.request.clone())
        };
        of(&self.fixtures).or_else(|| of(&self.result.scenario.fixtures)).unwrap_or_default()
    }

    /// Adds how to read back the texts that an update writes: `PATCH` and `PUT` write what `GET` on the same path shows.
    fn add_read_backs(&mut self, operation: &'c Operation) {
        let name = operation.name.as_str();
        let has_own = self.result.scenario.operation_notes(name).is_some_and(|notes| !notes.read_backs.is_empty());
        let updates = operation.http.as_ref().is_some_and(|http| matches!(http.method.as_str(), "PUT" | "PATCH"));
        let Some((_, key)) = self.web.route_of(operation).and_then(|route| route.final_resource()) else { return };
        let Some(resource) = self.web.resources.iter().find(|resource| resource.collection == key) else { return };
        let Some(reader) = resource.reader.filter(|_| updates && !has_own) else { return };
        let Some(output) = &reader.output else { return };
        let fresh = self.result.scenario.operation_notes(name).map_or(&[][..], |notes| &notes.fresh_members);
        let is_plain = |shape: &Shape| matches!(shape.kind, ShapeKind::String) && shape.pattern.is_none();
        let reads: Vec<ReadBack> = input_members(self.contract, operation)
            .filter(|(member, it)| it.location.is_in_body() && !fresh.contains(member))
            .filter(|(_, it)| is_plain(self.contract.shape(&it.shape)))
            .filter_map(|(member, _)| {
                let value_path = find_own_member(self.contract, output, member, &resource.noun)?;
                let (request, member) = (reader.name.to_string(), Some(member.clone()));
                Some(ReadBack { request, value_path, member, optional: true, is_inferred: true, ..ReadBack::default() })
            })
            .collect();
        if !reads.is_empty() {
            self.notes_mut(name).read_backs = reads;
        }
    }

    pub fn notes_mut(&mut self, operation: &str) -> &mut OperationNotes {
        self.result.scenario.operations.entry(operation.to_owned()).or_default()
    }
}

/// Returns true if the name of a member is that of a resource, with a word before it that says which one:
/// `default_payment_method`.
fn is_noun_of(name: &[String], noun: &[String]) -> bool {
    let choice = name.strip_suffix(noun);
    choice.is_some_and(|choice| choice.iter().all(|word| CHOICE_WORDS.contains(&word.as_str())))
}

/// Returns the fixture of a template such as `{customer.id}`.
pub(super) fn fixture_in(template: &str) -> Option<&str> {
    fixture_placeholder(template).map(|(fixture, _)| fixture)
}

/// Returns the name of the captured value to which a member refers: `id` for the resource's own identifier.
fn capture_name(member: &str, noun: &[String]) -> String {
    if is_own_identifier(member, noun) { "id".to_owned() } else { member.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use serde_json::json;

    fn operation(name: &str, route: &str, output: &str) -> Json {
        let (method, uri) = route.split_once(' ').expect("method and path");
        json!({"name": name, "http": {"method": method, "uri": uri}, "input": format!("{name}In"), "output": output,
               "sources": [{"document": "page", "line": 1}],
               "facts": [{"path": "http", "value": route, "standing": "documented", "document": "page", "line": 1}]})
    }

    /// Returns what is inferred for a shop.
    fn inferred(scenario: &Scenario) -> InferenceResult {
        let label = json!({"shape": "Text", "required": true, "location": "label"});
        let text = json!({"shape": "Text", "required": true});
        let input = |members: Json| json!({"type": "structure", "members": members});
        let text = json!({
            "format": "overstep-contract/1", "service": "shop", "protocol": "restJson", "errors": [],
            "operations": [
                operation("AddInvoice", "POST /v2/invoices", "Nothing"),
                operation("ReadInvoice", "GET /v2/invoice/{id}", "Nothing"),
                operation("AddCustomer", "POST /v1/customers", "Wrapped"),
                operation("DropCustomer", "DELETE /v1/customers/{customer_id}", "Nothing"),
                operation("AddNote", "POST /v1/customers/{customer_id}/notes", "Note"),
                operation("DropNote", "DELETE /v1/customers/{customer_id}/notes/{noteId}", "Nothing"),
                operation("PutFlag", "PUT /flags/{flag}", "Nothing"),
                operation("ReadFlag", "GET /flags/{flag}", "Nothing"),
                operation("ListPlans", "GET /plans", "Plans"),
                operation("ReadPlan", "GET /plans/{plan_id}", "Nothing"),
                operation("ChangePlan", "PATCH /plans/{plan_id}", "Nothing"),
            ],
            "shapes": {
                "Text": {"type": "string"}, "Number": {"type": "integer"}, "Nothing": {"type": "structure", "members": {}},
                "Wrapped": input(json!({"data": {"shape": "Customer"}})),
                "Customer": input(json!({"owner": {"shape": "Note"}, "id": {"shape": "Text"}, "email": {"shape": "Text"}})),
                "Note": input(json!({"id": {"shape": "Number"}, "customer_id": {"shape": "Text"}})),
                "Plans": {"type": "list", "member": "Plan"}, "Plan": input(json!({"id": {"shape": "Text"}})),
                "Lines": {"type": "list", "member": "Line"},
                "Line": input(json!({"customerId": text})),
                "AddInvoiceIn": input(json!({"customer": text, "lines": {"shape": "Lines", "required": true}})),
                "ReadInvoiceIn": input(json!({"id": label})),
                "AddCustomerIn": input(json!({"email": text})), "DropCustomerIn": input(json!({"customer_id": label})),
                "AddNoteIn": input(json!({"customer_id": label, "title": text})),
                "DropNoteIn": input(json!({"customer_id": label,
                    "noteId": {"shape": "Number", "required": true, "location": "label"}})),
                "PutFlagIn": input(json!({"flag": label})), "ReadFlagIn": input(json!({"flag": label})),
                "ListPlansIn": input(json!({})), "ReadPlanIn": input(json!({"plan_id": label})),
                "ChangePlanIn": input(json!({"plan_id": label})),
            }
        });
        let contract = contract::from_json(&text.to_string()).expect("a contract");
        assert!(is_web_api(&contract));
        complete_web_scenario(&contract, scenario)
    }

    #[test]
    fn paths_and_bodies_name_what_other_operations_create() {
        let found = inferred(&Scenario::with_name("shop"));
        let used = |operation: &str, member: &str| {
            found.scenario.use_value(operation, member).and_then(Json::as_str).unwrap_or_default().to_owned()
        };
        for (operation, member, value) in [
            ("AddInvoice", "customer", "{customer.id}"),
            ("AddInvoice", "lines[].customerId", "{customer.id}"),
            ("ReadInvoice", "id", "{invoice.id}"),
            ("DropCustomer", "customer_id", "{customer.id}"),
            ("DropNote", "customer_id", "{customer.id}"),
            ("DropNote", "noteId", "{note.id}"),
            ("AddCustomer", "email", "ovs-{run}-{case}@example.com"),
            ("PutFlag", "flag", "ovs-{run}-{case}"),
            ("ReadFlag", "flag", "{flag.flag}"),
            ("ReadPlan", "plan_id", "{existing_plan.id}"),
            // What exists already is never changed.
            ("ChangePlan", "plan_id", ""),
        ] {
            assert_eq!(used(operation, member), value, "{operation} {member}");
        }
        let fixture = |name: &str| found.scenario.fixtures.get(name).expect("a fixture");
        let captured = |name: &str| fixture(name).captures().map(|(_, place)| place.clone()).collect::<Vec<_>>();
        assert_eq!(captured("customer"), ["data.id | header Location"]);
        assert_eq!(captured("note"), ["id | header Location"]);
        assert_eq!(captured("invoice"), ["id | data.id | invoice.id | header Location"]);
        assert_eq!(captured("existing_plan"), ["[0].id"]);
        assert_eq!(fixture("flag").names["flag"], "ovs-{run}-{case}");
        assert_eq!(fixture("customer").delete[0].request, "DropCustomer");
        assert!(fixture("invoice").delete.is_empty());
        let order: Vec<&String> = found.scenario.fixtures.keys().collect();
        let at = |name: &str| order.iter().position(|one| *one == name).expect("a fixture");
        assert!(at("customer") < at("note") && at("customer") < at("invoice"), "{order:?}");
        let cleanup = found.scenario.operation_notes("AddNote").and_then(|notes| notes.cleanup.clone());
        let input = cleanup.and_then(|cleanup| cleanup.input).expect("a cleanup");
        assert_eq!(input, json!({"customer_id": "{made.customer_id}", "noteId": "{made.id | header Location}"}));
    }

    #[test]
    fn scenarios_decide_what_creates_a_resource() {
        let text = "sources = ['x']\n[fixtures.customer]\ncreate = { request = 'POST /me' }\ncapture = { uid = 'me' }\n\
                    [operations.PutFlag]\ncreates = false\n";
        let (scenario, _) = crate::scenario::read_scenario("shop", text).expect("it reads");
        let found = inferred(&scenario);
        let used = |operation: &str, member: &str| found.scenario.use_value(operation, member).cloned();
        assert_eq!(used("DropCustomer", "customer_id"), Some(json!("{customer.uid}")));
        assert_eq!(used("ReadFlag", "flag"), None);
    }
}
