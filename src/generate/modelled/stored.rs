//! What a modelled service stores: members of a creation or an update that an operation shows again.
//!
//! Models do not say which optional values a service accepts, so a rejected write says nothing.

use crate::case::{Case, LawName, MemberPlaces, ResponseCheck, StepPurpose, StepRef, Value};
use crate::contract::{ErrorRole, MemberPath, Operation, ShapeId, ShapeKind};
use crate::generate::input_sampler::InputChange;
use crate::generate::modelled::resource::{created_resource, innermost_reference, resource_of_fixture};
use crate::generate::modelled::shown_members::stored_places;
use crate::generate::operation_context::OperationContext;
use crate::generate::resource_status::may_refer_to_resource;
use crate::generate::stateful::fixture_resource::FixtureResource;
use crate::generate::stateful::resource_case::{ResourceCase, with_member};
use crate::generate::web::member_values::member_values;
use crate::generate::web::stored::invalid_input;
use crate::infer::split_operation_name;

const LAW: LawName = LawName::ReadYourWrite;
/// Verbs of operations that change what exists.
const UPDATE_VERBS: [&str; 6] = ["update", "modify", "put", "set", "change", "edit"];

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    let (plan, operation) = (context.plan, context.operation);
    if !plan.is_only_modelled {
        return Vec::new();
    }
    let created = created_resource(plan, operation);
    let is_creation = created.is_some();
    let changed = || {
        let (verb, noun) = split_operation_name(operation.name.as_str());
        let label = innermost_reference(plan, operation).filter(|_| UPDATE_VERBS.contains(&verb.as_str()))?;
        // `PutRecord` changes no stream.
        let is_about_it =
            |resource: &FixtureResource<'_>| noun.starts_with(&split_operation_name(resource.creator.name.as_str()).1);
        resource_of_fixture(plan, &label.fixture).filter(is_about_it)
    };
    let Some(resource) = created.or_else(changed) else { return Vec::new() };
    let Some(reader) = resource.reader.filter(|reader| reader.name != operation.name) else { return Vec::new() };
    let places = stored_places(plan.contract, operation, reader);
    let write = StoredWrite { context, resource, reader, places, is_creation };
    let mut out = Vec::new();
    write.add_member_cases(&mut out);
    if !is_creation {
        out.extend(write.rejected_case());
    }
    out
}

/// A write whose members another operation shows.
struct StoredWrite<'w, 'p> {
    context: &'w OperationContext<'p>,
    resource: FixtureResource<'p>,
    reader: &'p Operation,
    places: Vec<(&'p str, MemberPlaces)>,
    is_creation: bool,
}

impl<'p> StoredWrite<'_, 'p> {
    /// Adds the case of each value of each member that is shown.
    fn add_member_cases(&self, out: &mut Vec<Case>) {
        let (plan, operation) = (self.context.plan, self.context.operation);
        let members = operation.input.as_ref().and_then(|input| plan.contract.shape(input).kind.members());
        for (name, places) in &self.places {
            let Some(member) = members.and_then(|members| members.get(*name)) else { continue };
            let path = MemberPath::root().join_member(name);
            if !self.is_content(&path, &member.shape) {
                continue;
            }
            let id = plan.law_case_id(operation, LAW, name);
            let sampler = plan.input_sampler(operation, &id);
            for (variant, value) in member_values(self.context, &sampler, &path, &member.shape) {
                out.extend(self.member_case((&path, places), &format!("{name}{variant}"), value));
            }
        }
    }

    /// Returns true if a member is stored as it is sent: it refers to nothing, its keys are free, and an update does not
    /// add it to what is there.
    fn is_content(&self, path: &MemberPath, id: &ShapeId) -> bool {
        let (plan, operation) = (self.context.plan, self.context.operation);
        let kind_of = |id: &ShapeId| &plan.contract.shape(id).kind;
        let is_free = match kind_of(id) {
            ShapeKind::Map { key, .. } => !matches!(kind_of(key), ShapeKind::Enum { .. }),
            ShapeKind::List { member } => self.is_creation || kind_of(member).members().is_none(),
            _ => true,
        };
        is_free && !may_refer_to_resource(plan, operation, id, path)
    }

    fn member_case(&self, (path, places): (&MemberPath, &MemberPlaces), variant: &str, value: Value) -> Option<Case> {
        let operation = self.context.operation;
        // What is empty may be shown as missing, and what names something else is not content.
        let is_empty = match &value {
            Value::Text(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(members) => members.is_empty(),
            Value::Template(_) | Value::Null => true,
            _ => false,
        };
        let word = if self.is_creation { "created" } else { "written" };
        let mut case = ResourceCase::new(self.context, LAW, &format!("{word}-{variant}"));
        let input = case.sampler(operation).input_with(&[(path, InputChange::Set(value))]);
        if is_empty || !case.is_valid(operation, &input) {
            return None;
        }
        let (written, identifier) = self.add_write(&mut case, input);
        case.check(ResponseCheck::Tries(written.clone()));
        let read = self.add_read(&mut case, identifier.as_ref());
        case.check(ResponseCheck::ShowsSent { written, read, members: vec![places.clone()] });
        case.build("a read returns what was written")
    }

    /// Adds the write. Returns its step, and the identifier of what it creates.
    fn add_write(&self, case: &mut ResourceCase<'_, 'p>, input: Value) -> (StepRef, Option<Value>) {
        if self.is_creation {
            let created = case.create_with(&self.resource, StepPurpose::Act, 1, input);
            return (created.step, Some(created.identifier));
        }
        (case.add_step(StepPurpose::Act, self.context.operation, input), None)
    }

    /// Adds a read of what the case creates, or of the fixture's resource.
    fn add_read(&self, case: &mut ResourceCase<'_, 'p>, identifier: Option<&Value>) -> StepRef {
        let plain = case.plain_input(self.reader);
        let input = match identifier {
            Some(identifier) => with_member(plain, &self.resource.label.label, identifier.clone()),
            None => plain,
        };
        case.add_step(StepPurpose::ReadBack, self.reader, input)
    }

    /// Builds the case in which a rejected update leaves every member as it was.
    fn rejected_case(&self) -> Option<Case> {
        let operation = self.context.operation;
        let places: Vec<String> = self.places.iter().map(|(_, places)| places.second.clone()).collect();
        let errors = self.context.plan.errors_with_role(operation, ErrorRole::InvalidInput);
        if places.is_empty() || errors.is_empty() {
            return None;
        }
        let mut case = ResourceCase::new(self.context, LawName::RejectedLeavesNoTrace, "written");
        let (input, _) = invalid_input(self.context, &case)?;
        let before = self.add_read(&mut case, None);
        let rejected = case.add_step(StepPurpose::Act, operation, input);
        let after = self.add_read(&mut case, None);
        case.check(ResponseCheck::Needs(before.clone()));
        case.check(ResponseCheck::Refused(rejected));
        case.check(ResponseCheck::Unchanged { before, after, places });
        case.build("a rejected request changes nothing")
    }
}
