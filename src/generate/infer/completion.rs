//! Completes a scenario with inferred fixtures, and with values for the members that refer to them.
//!
//! It never sends a request; the responses of the run show whether a guess was right.

use super::makers::{Makers, Stands, inputs};
use super::nouns::{By, Reference, reference, verb_and_noun};
use crate::contract::{Contract, Kind, MemberPath, Operation, Segment, Shape, ShapeId};
use crate::generate::pattern::Pattern;
use crate::scenario::{Fixture, OperationNotes, RawRequest, Scenario, Until};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// A scenario completed by inference, with a list of what was inferred.
#[derive(Clone, Debug, Default)]
pub struct Inference {
    /// The scenario, completed.
    pub scenario: Scenario,
    /// The resources that are created for cases, in the order of creation.
    pub resources: Vec<Resource>,
    /// The origin of each identifier.
    pub origins: Vec<Origin>,
}

/// A resource that is created for each case that needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The fixture's name: `state_machine`.
    pub fixture: String,
    /// The operation that creates it.
    pub made_by: String,
    /// The operation that deletes it, if there is one.
    pub taken_away_by: Option<String>,
    /// The operation that is called until the resource is ready, if it may not be ready at once.
    pub awaited_by: Option<String>,
}

/// The origin of the value of a member that refers to a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The operation.
    pub operation: String,
    /// The member's path.
    pub member: String,
    /// The template: `{queue.QueueUrl}`, or a name that is generated for each case.
    pub value: String,
    /// The operation that creates the resource; the operation itself if the name is generated for each case.
    pub made_by: String,
}

/// Templates for names, the most descriptive first. Each differs from run to run or from case to case.
const NAMES: [&str; 5] = ["ovs-{run}-{case}", "ovs{run}{case}", "o{run}{case}", "o{case}", "/ovs/{run}/{case}"];
/// Maximum depth of the search for required members.
const DEEPEST: usize = 3;

/// Completes a scenario for the operations that only machine models describe.
pub fn infer(contract: &Contract, scenario: &Scenario) -> Inference {
    let mut work = Work {
        contract,
        makers: Makers::of(contract),
        out: Inference { scenario: scenario.clone(), ..Inference::default() },
        own: scenario.fixtures.keys().cloned().collect(),
        fixtures: IndexMap::new(),
        open: Vec::new(),
        done: Vec::new(),
        completed: Vec::new(),
    };
    if scenario.explicit || !contract.is_only_modelled() {
        return work.out;
    }
    let wanted = |operation: &&Operation| scenario.wants(operation.name.as_str());
    for operation in contract.operations.iter().filter(wanted) {
        work.operation(operation);
    }
    // Fixtures are inserted in the order of creation. Fixtures of the user need none of the inferred ones.
    for (name, fixture) in std::mem::take(&mut work.fixtures) {
        work.out.scenario.fixtures.insert(name, fixture);
    }
    work.out
}

struct Work<'c> {
    contract: &'c Contract,
    makers: Makers<'c>,
    out: Inference,
    /// Fixtures of the scenario itself.
    own: Vec<String>,
    fixtures: IndexMap<String, Fixture>,
    /// Creators whose needs are being resolved; none can create what it needs itself.
    open: Vec<usize>,
    done: Vec<String>,
    /// Fixtures for which the operations that await and delete them are known.
    completed: Vec<String>,
}

impl<'c> Work<'c> {
    /// Sets the value of every required member that refers to a resource. Returns false if the operation would need
    /// what it creates itself.
    fn operation(&mut self, operation: &'c Operation) -> bool {
        let name = operation.name.as_str();
        if self.done.iter().any(|done| done == name) {
            return true;
        }
        let mut whole = true;
        for needed in required(self.contract, operation) {
            let Needed { path, id, shape } = &needed;
            let place = path.to_string();
            if self.out.scenario.use_for(name, &place).is_some() {
                continue;
            }
            let Some(member) = path.last_member() else { continue };
            let (is_text, origin) = match shape.kind {
                Kind::String if needed.is_nameless() => {
                    (false, self.makers.of_shape(operation, id).filter(|(_, stands)| may_be(shape, stands)))
                }
                Kind::String => {
                    let origin = self.makers.origin(operation, member).filter(|(_, stands)| may_be(shape, stands));
                    (!needed.is_in_map(), origin.or_else(|| self.makers.arn_of_main(operation, member)))
                }
                Kind::Integer | Kind::Long if !needed.is_in_map() => (false, self.makers.numbered(operation, member)),
                _ => continue,
            };
            match origin {
                Some((maker, stands)) => whole &= self.named(operation, path, shape, maker, stands),
                None if is_text => self.fresh(operation, member, &place, shape),
                None => {}
            }
        }
        if whole {
            self.optional(operation);
        }
        self.done.push(name.to_owned());
        // No member can refer to a creator whose fixture does not exist yet.
        if !self.open.iter().any(|maker| self.makers.all[*maker].operation.name == operation.name) {
            self.clean_up(operation);
        }
        whole
    }

    /// Sets one optional member: models often call every identifier of a resource optional although one of them must be
    /// present.
    fn optional(&mut self, operation: &'c Operation) {
        let name = operation.name.as_str();
        let (_, noun) = verb_and_noun(name);
        let contract = self.contract;
        let members: Vec<_> = inputs(contract, operation)
            .filter(|(_, member)| !member.required && matches!(contract.shape(&member.shape).kind, Kind::String))
            .filter(|(member, _)| !reference(member).noun.is_empty())
            .map(|(member, it)| (member.clone(), contract.shape(&it.shape)))
            .collect();
        let is_open = |work: &Self, member: &str| work.out.scenario.use_for(name, member).is_none();
        let named_already = required(contract, operation).iter().filter(|needed| !needed.is_in_map()).any(|needed| {
            needed.path.last_member().is_some_and(|member| {
                let told = reference(member);
                let named = self.makers.origin(operation, member).is_some();
                named || (told.by != By::Itself && (told.noun.is_empty() || noun.ends_with(&told.noun)))
            })
        });
        if named_already || members.iter().any(|(member, _)| !is_open(self, member)) {
            return;
        }
        let is_maker = self.makers.all.iter().any(|maker| maker.operation.name == operation.name);
        if is_maker {
            let is_own = |told: Reference| told.by == By::Name && noun.ends_with(&told.noun);
            let own = members.iter().find(|(member, _)| is_own(reference(member)));
            if let Some((member, shape)) = own {
                self.choose(operation, member, shape);
            }
            return;
        }
        for by in [By::Name, By::Id, By::Url, By::Arn] {
            for (member, shape) in members.iter().filter(|(member, _)| reference(member).by == by) {
                if let Some((maker, stands)) = self.makers.origin(operation, member)
                    && self.makers.all[maker].noun == reference(member).noun
                    && may_be(shape, &stands)
                {
                    let path = MemberPath::root().member(member);
                    self.named(operation, &path, shape, maker, stands);
                    return;
                }
            }
        }
    }

    /// Sets a member to an identifier that another operation creates.
    fn named(&mut self, operation: &Operation, path: &MemberPath, shape: &Shape, maker: usize, stands: Stands) -> bool {
        let Some((fixture, capture)) = self.resource(maker, stands.clone()) else { return false };
        let value = format!("{{{fixture}.{capture}}}");
        let place = path.to_string();
        let made_by = self.makers.all[maker].operation.name.to_string();
        let notes = self.notes(operation.name.as_str());
        notes.uses.insert(place.clone(), Json::String(value.clone()));
        if matches!(stands, Stands::Named(_)) && !notes.missing.contains_key(&place) {
            let missing = NAMES.iter().map(|name| name.replace("{run}", "missing"));
            if let Some(missing) = missing.into_iter().find(|name| fits(shape, name)) {
                notes.missing.insert(place.clone(), Json::String(missing));
            }
        }
        self.out.origins.push(Origin { operation: operation.name.to_string(), member: place, value, made_by });
        true
    }

    /// Sets a member to the name of what the operation itself creates.
    fn fresh(&mut self, operation: &Operation, member: &str, place: &str, shape: &Shape) {
        let (_, noun) = verb_and_noun(operation.name.as_str());
        let told = reference(member);
        let is_maker = self.makers.all.iter().any(|maker| maker.operation.name == operation.name);
        let its_own = told.noun.is_empty() || noun.ends_with(&told.noun);
        if is_maker && its_own && matches!(told.by, By::Name | By::Itself | By::Id) {
            self.choose(operation, place, shape);
        }
    }

    /// Lets an operation generate a name for each case. Returns the template, if one fits.
    fn choose(&mut self, operation: &Operation, place: &str, shape: &Shape) -> Option<String> {
        let name = operation.name.as_str();
        if let Some(given) = self.out.scenario.use_for(name, place) {
            return given.as_str().map(str::to_owned);
        }
        let value = NAMES.iter().find(|name| fits(shape, name)).map(|name| (*name).to_owned())?;
        let notes = self.notes(name);
        notes.uses.insert(place.to_owned(), Json::String(value.clone()));
        notes.fresh.push(place.to_owned());
        let (operation, member) = (name.to_owned(), place.to_owned());
        self.out.origins.push(Origin { made_by: operation.clone(), operation, member, value: value.clone() });
        Some(value)
    }

    /// Returns the fixture of a creator, and the name under which the fixture has the identifier.
    fn resource(&mut self, maker: usize, stands: Stands) -> Option<(String, String)> {
        let operation = self.makers.all[maker].operation;
        let fixture = self.makers.all[maker].noun.join("_");
        let capture = match &stands {
            Stands::Named(member) => member.clone(),
            Stands::Answered(path) => path.rsplit('.').next().unwrap_or(path).replace("[0]", ""),
        };
        if self.own.contains(&fixture) {
            let known = &self.out.scenario.fixtures[&fixture];
            let knows = known.names.contains_key(&capture) || known.captures().any(|(name, _)| *name == capture);
            return knows.then_some((fixture, capture));
        }
        if self.open.contains(&maker) {
            return None;
        }
        if !self.fixtures.contains_key(&fixture) {
            self.open.push(maker);
            let whole = self.operation(operation);
            self.open.pop();
            if !whole {
                return None;
            }
            let create = RawRequest { request: operation.name.to_string(), ..RawRequest::default() };
            let made = Fixture { create: vec![create], ..Fixture::default() };
            self.fixtures.insert(fixture.clone(), made);
            self.out.resources.push(Resource {
                fixture: fixture.clone(),
                made_by: operation.name.to_string(),
                taken_away_by: None,
                awaited_by: None,
            });
            self.clean_up(operation);
        }
        match stands {
            Stands::Named(member) => {
                let shape = inputs(self.contract, operation).find(|(name, _)| **name == member)?.1.shape.clone();
                let shape = self.contract.shape(&shape);
                let template = self.choose(operation, &member, shape)?;
                self.fixtures.get_mut(&fixture)?.names.insert(capture.clone(), template);
            }
            Stands::Answered(path) => {
                let create = self.fixtures.get_mut(&fixture)?.create.first_mut()?;
                create.capture.insert(capture.clone(), path);
            }
        }
        self.complete(maker, &fixture);
        Some((fixture, capture))
    }

    /// Adds to a fixture, once, the requests that await and delete the resource. Both may refer to it by other
    /// identifiers.
    fn complete(&mut self, maker: usize, fixture: &str) {
        let at = self.out.resources.iter().position(|resource| resource.fixture == fixture);
        let Some(at) = at.filter(|_| !self.completed.iter().any(|one| one == fixture)) else { return };
        // This precedes the visit of the delete and read operations, so that their members may refer to this fixture.
        self.completed.push(fixture.to_owned());
        let known = &self.makers.all[maker];
        let (remover, looker) = (self.makers.remover(known), self.makers.looker(known));
        if let Some(remover) = remover {
            self.operation(remover);
            if self.speaks_only_of(remover, fixture) {
                let delete = RawRequest { request: remover.name.to_string(), ..RawRequest::default() };
                self.fixtures[fixture].delete.push(delete);
                self.out.resources[at].taken_away_by = Some(remover.name.to_string());
            }
        }
        if let Some(looker) = looker {
            self.operation(looker);
            let until = readiness(self.contract, looker).filter(|_| self.speaks_only_of(looker, fixture));
            if let Some(until) = until {
                let look = RawRequest { request: looker.name.to_string(), until: Some(until), ..RawRequest::default() };
                self.fixtures[fixture].create.push(look);
                self.out.resources[at].awaited_by = Some(looker.name.to_string());
            }
        }
    }

    /// Returns true if every required text of an operation comes from this fixture or from those that it needs, which
    /// are created before it.
    fn speaks_only_of(&self, operation: &Operation, fixture: &str) -> bool {
        let mut names_it = false;
        let all = required(self.contract, operation).into_iter().all(|needed| {
            if !matches!(needed.shape.kind, Kind::String) {
                return true;
            }
            let place = needed.path.to_string();
            let given = self.out.scenario.use_for(operation.name.as_str(), &place).and_then(Json::as_str);
            // A text in a map without a known origin is content.
            let Some(given) = given else { return needed.is_in_map() };
            let of = given.strip_prefix('{').and_then(|rest| rest.split_once('.')).map(|(name, _)| name);
            names_it |= of == Some(fixture);
            of.is_none_or(|of| of == fixture || self.needs(fixture, of))
        });
        let hole = format!("{{{fixture}.");
        let uses = self.out.scenario.notes(operation.name.as_str()).map(|notes| &notes.uses);
        names_it |= uses.is_some_and(|uses| uses.values().filter_map(Json::as_str).any(|text| text.starts_with(&hole)));
        all && names_it
    }

    /// Returns true if one fixture needs another.
    fn needs(&self, fixture: &str, other: &str) -> bool {
        let Some(made) = self.fixtures.get(fixture) else { return false };
        let hole = format!("{{{other}.");
        made.create.first().and_then(|create| self.out.scenario.notes(&create.request)).is_some_and(|notes| {
            notes.uses.values().any(|value| value.as_str().is_some_and(|text| text.contains(&hole)))
        })
    }

    /// Adds a cleanup to an operation that creates a resource, so that its cases delete what they create.
    fn clean_up(&mut self, operation: &'c Operation) {
        let name = operation.name.as_str();
        let Some(maker) = self.makers.all.iter().find(|maker| maker.operation.name == operation.name) else { return };
        if self.out.scenario.notes(name).is_some_and(|notes| notes.cleanup.is_some()) {
            return;
        }
        let Some(remover) = self.makers.remover(maker) else { return };
        // The visit sets the optional members that the operation needs.
        self.operation(remover);
        let mut input = serde_json::Map::new();
        let is_number = |id: &ShapeId| matches!(self.contract.shape(id).kind, Kind::Integer | Kind::Long);
        let is_text = |id: &ShapeId| match &self.contract.shape(id).kind {
            Kind::List { member } => matches!(self.contract.shape(member).kind, Kind::String),
            kind => matches!(kind, Kind::String),
        };
        let used = |member: &str| self.out.scenario.use_for(remover.name.as_str(), member).is_some();
        for (member, it) in inputs(self.contract, remover).filter(|(member, it)| it.required || used(member)) {
            let origin = match is_number(&it.shape) {
                true => self.makers.numbered(remover, member),
                false if is_text(&it.shape) => self.makers.origin(remover, member),
                false => return,
            };
            let value = match origin {
                Some((at, Stands::Named(from) | Stands::Answered(from)))
                    if self.makers.all[at].operation.name == operation.name =>
                {
                    format!("{{made.{from}}}")
                }
                // The bucket of an object is the bucket of the request that put it.
                _ if inputs(self.contract, operation).any(|(other, _)| other == member) => format!("{{made.{member}}}"),
                _ => return,
            };
            let value = Json::String(value);
            let is_list = matches!(self.contract.shape(&it.shape).kind, Kind::List { .. });
            input.insert(member.to_owned(), if is_list { Json::Array(vec![value]) } else { value });
        }
        if input.is_empty() {
            return;
        }
        let request = remover.name.to_string();
        self.notes(name).cleanup =
            Some(RawRequest { request, input: Some(Json::Object(input)), ..RawRequest::default() });
    }

    fn notes(&mut self, operation: &str) -> &mut OperationNotes {
        self.out.scenario.operations.entry(operation.to_owned()).or_default()
    }
}

/// A required scalar of an input.
struct Needed<'c> {
    path: MemberPath,
    id: &'c ShapeId,
    shape: &'c Shape,
}

impl Needed<'_> {
    /// Returns true if it is a key of a map or lies within an entry.
    fn is_in_map(&self) -> bool {
        self.path.0.iter().any(|segment| matches!(segment, Segment::Key | Segment::Value))
    }

    /// Returns true if it has no member name of its own: a key, an entry, or an item of an entry.
    fn is_nameless(&self) -> bool {
        let inner = self.path.0.iter().rev().take_while(|segment| !matches!(segment, Segment::Member(_)));
        inner.into_iter().any(|segment| matches!(segment, Segment::Key | Segment::Value))
    }
}

/// Returns the required scalars of an input: required members, the first items of required lists, and the keys and
/// entries of required maps.
fn required<'c>(contract: &'c Contract, operation: &'c Operation) -> Vec<Needed<'c>> {
    let mut found = Vec::new();
    if let Some(input) = &operation.input {
        walk(contract, input, &MemberPath::root(), 0, &mut found);
    }
    found
}

fn walk<'c>(contract: &'c Contract, id: &'c ShapeId, path: &MemberPath, depth: usize, found: &mut Vec<Needed<'c>>) {
    let shape = contract.shape(id);
    match &shape.kind {
        Kind::Structure { members } if depth < DEEPEST => {
            for (name, member) in members.iter().filter(|(_, member)| member.required) {
                walk(contract, &member.shape, &path.member(name), depth + 1, found);
            }
        }
        Kind::List { member } => walk(contract, member, &path.then(Segment::Item), depth, found),
        Kind::Map { key, value } if depth < DEEPEST => {
            walk(contract, key, &path.then(Segment::Key), depth + 1, found);
            walk(contract, value, &path.then(Segment::Value), depth + 1, found);
        }
        Kind::Structure { .. } | Kind::Union { .. } | Kind::Map { .. } => {}
        _ => found.push(Needed { path: path.clone(), id, shape }),
    }
}

/// Returns true if the filled template is within a shape's limits.
fn fits(shape: &Shape, template: &str) -> bool {
    let text = template.replace("{run}", "01234567").replace("{case}", "0123456789ab");
    let length = shape.length();
    let count = text.chars().count() as u64;
    count >= length.min.unwrap_or(0)
        && count <= length.max.unwrap_or(u64::MAX)
        && shape.pattern.as_ref().is_none_or(|pattern| Pattern::new(pattern).is_ok_and(|it| it.matches(&text)))
}

/// Returns true if a shape accepts an identifier from this place: a shape with a format of its own accepts no generated
/// name.
fn may_be(shape: &Shape, stands: &Stands) -> bool {
    matches!(stands, Stands::Answered(_)) || NAMES.iter().any(|name| fits(shape, name))
}

/// Words for "ready" among the values of a status.
const READY: [&str; 10] =
    ["active", "available", "enabled", "ready", "running", "succeeded", "completed", "deployed", "inservice", "ok"];
/// Words for "not ready": a status without any of them is not worth awaiting.
const NOT_YET: [&str; 6] = ["creating", "pending", "inprogress", "provisioning", "starting", "initializing"];

/// Returns what a response shows once the resource is ready, if it may not be ready at once.
fn readiness(contract: &Contract, looker: &Operation) -> Option<Until> {
    let mut open: Vec<(String, &ShapeId, usize)> = vec![(String::new(), looker.output.as_ref()?, 0)];
    while !open.is_empty() {
        let mut next = Vec::new();
        for (path, id, depth) in open {
            for (name, member) in contract.shape(id).kind.members().into_iter().flatten() {
                let dot = if path.is_empty() { "" } else { "." };
                let place = format!("{path}{dot}{}", member.wire_name(name));
                let lower = name.to_ascii_lowercase();
                if let Kind::Enum { values } = &contract.shape(&member.shape).kind
                    && (lower.ends_with("status") || lower.ends_with("state"))
                {
                    let is = |value: &&String, words: &[&str]| {
                        let plain: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
                        words.contains(&plain.to_ascii_lowercase().as_str())
                    };
                    let ready: Vec<String> = values.iter().filter(|value| is(value, &READY)).cloned().collect();
                    if !ready.is_empty() && values.iter().any(|value| is(&value, &NOT_YET)) {
                        return Some(Until { value: place, is: ready });
                    }
                }
                if depth < 1 {
                    next.push((place, &member.shape, depth + 1));
                }
            }
        }
        open = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use serde_json::json;

    /// Returns what is inferred for an operation `Use` with this input, given that `CreateTable` creates tables and
    /// `CreateIndex` creates indexes.
    fn uses(input: Json, more: Json) -> Vec<(String, Json)> {
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
        assert!(contract.is_only_modelled());
        let found = infer(&contract, &Scenario::named("tables")).scenario;
        let notes = found.notes("Use").map(|notes| notes.uses.clone()).unwrap_or_default();
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
            assert_eq!(uses(input, more), due, "{key}");
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
        assert_eq!(uses(input, more), due);
        let (input, more) = map("Text", "TableArn");
        assert_eq!(uses(input, more), [("Wanted{value}".to_owned(), json!("{table.TableArn}"))]);
    }

    #[test]
    fn optional_maps_are_left_unset() {
        let (_, more) = map("TableName", "Text");
        assert_eq!(uses(json!({"Wanted": {"shape": "Wanted"}}), more), []);
    }
}
