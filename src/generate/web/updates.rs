//! What a web API does when a resource is changed, replaced, acted on or deleted: the resource itself and its neighbours.

use crate::case::{Case, LawName, MemberPlaces, ResponseCheck, StepPurpose, StepRef, Value};
use crate::contract::{ErrorRole, MemberLocation, MemberPath, Operation, ShapeKind};
use crate::generate::input_sampler::InputChange;
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::fixture_resource::{FixtureResource, ResourceLabel};
use crate::generate::stateful::resource_case::{ResourceCase, with_member};
use crate::generate::web::member_values::member_values;
use crate::generate::web::resource::{
    created_resource, ends_with_label, has_method, is_action, is_web_api, named_resource, subject_resource,
};
use crate::generate::web::shown_members::{common_places, stored_places};
use crate::generate::web::stored::{all_members, invalid_input};

const LAW: LawName = LawName::ReadYourWrite;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    if !is_web_api(context.plan) {
        return Vec::new();
    }
    if let Some(resource) = created_resource(context).filter(|resource| resource.is_named_by_caller) {
        let (Some(reader), subject) = (resource.reader, resource.label.clone()) else { return Vec::new() };
        return Update { context, resource, reader, subject }.overwritten_case().into_iter().collect();
    }
    let Some(resource) = subject_resource(context) else { return Vec::new() };
    let Some(subject) = named_resource(context.plan, context.operation) else { return Vec::new() };
    let Some(reader) = resource.reader.filter(|reader| reader.name != context.operation.name) else {
        return Vec::new();
    };
    let update = Update { context, resource, reader, subject };
    let is_item = ends_with_label(context.operation, &update.resource.label);
    let mut out = Vec::new();
    match context.operation.http.as_ref().map_or("", |http| http.method.as_str()) {
        "PATCH" | "PUT" if is_item => {
            update.add_member_cases(&mut out);
            out.extend(update.rejected_case());
            out.extend(update.consistent_case());
            out.extend(update.isolated_case());
            out.extend(update.replaced_case());
        }
        "POST" if is_action(context.plan, context.operation, &update.subject) => out.extend(update.consistent_case()),
        "DELETE" if is_item => out.extend(update.others_stay_case()),
        _ => {}
    }
    out
}

struct Update<'w, 'p> {
    context: &'w OperationContext<'p>,
    resource: FixtureResource<'p>,
    reader: &'p Operation,
    /// The label of the operation that names the resource.
    subject: ResourceLabel,
}

impl<'p> Update<'_, 'p> {
    fn operation(&self) -> &'p Operation {
        self.context.operation
    }

    /// Adds a read of the fixture's resource.
    fn add_read(&self, case: &mut ResourceCase<'_, 'p>) -> StepRef {
        let own = Value::Template(format!("{{{}}}", self.subject.placeholder()));
        self.add_read_of(case, &own)
    }

    /// Adds a read of another resource of the case.
    fn add_read_of(&self, case: &mut ResourceCase<'_, 'p>, identifier: &Value) -> StepRef {
        let input = with_member(case.plain_input(self.reader), &self.resource.label.label, identifier.clone());
        case.add_step(StepPurpose::ReadBack, self.reader, input)
    }

    /// Returns the body members that the reader shows.
    fn places(&self) -> Vec<(&'p str, MemberPlaces)> {
        stored_places(self.context.plan.contract, self.operation(), self.reader, &self.resource.label.fixture)
    }

    fn is_patch(&self) -> bool {
        has_method(self.operation(), "PATCH")
    }

    /// Adds, for each value of each member, the case that writes it and reads it back; other members stay as they were.
    fn add_member_cases(&self, out: &mut Vec<Case>) {
        let contract = self.context.plan.contract;
        let members = self.operation().input.as_ref().and_then(|input| contract.shape(input).kind.members());
        for (name, member) in members.into_iter().flatten().filter(|(_, it)| it.location == MemberLocation::Body) {
            let path = MemberPath::root().join_member(name);
            let id = self.context.plan.law_case_id(self.operation(), LAW, name);
            let sampler = self.context.plan.input_sampler(self.operation(), &id);
            for (variant, value) in member_values(self.context, &sampler, &path, &member.shape) {
                out.extend(self.member_case((&path, name), variant, value));
            }
        }
    }

    fn member_case(&self, (path, name): (&MemberPath, &str), variant: &str, value: Value) -> Option<Case> {
        let mut case = ResourceCase::new(self.context, LAW, &format!("written-{name}{variant}"));
        let input = case.sampler(self.operation()).input_with(&[(path, InputChange::Set(value))]);
        if !case.is_valid(self.operation(), &input) {
            return None;
        }
        let is_sent = |(name, _): &(&str, MemberPlaces)| input.member(name).is_some();
        let (written, kept) = self.places().into_iter().partition::<Vec<_>, _>(is_sent);
        let written: Vec<MemberPlaces> = written.into_iter().map(|(_, places)| places).collect();
        written.iter().find(|places| places.first == name)?;
        // First, all members get a value, so that there is something to lose.
        let full = all_members(self.context, &case);
        let first = case.add_step(StepPurpose::Act, self.operation(), full);
        case.check(ResponseCheck::Needs(first));
        let before = self.add_read(&mut case);
        let act = case.add_step(StepPurpose::Act, self.operation(), input);
        case.check(ResponseCheck::Needs(act.clone()));
        let after = self.add_read(&mut case);
        case.check(ResponseCheck::Accepted(after.clone()));
        case.check(ResponseCheck::ShowsSent { written: act, read: after.clone(), members: written });
        if self.is_patch() {
            let kept = kept.into_iter().map(|(_, places)| places.second).chain(self.creation_time());
            case.check(ResponseCheck::Unchanged { before, after, places: kept.collect() });
        }
        case.build("a read returns what was written, and members that were not sent stay as they are")
    }

    /// Returns the place of the time of creation, if the reader shows it.
    fn creation_time(&self) -> Option<String> {
        let shown = crate::generate::web::shown_members::shown_members(
            self.context.plan.contract,
            self.reader,
            &self.resource.label.fixture,
        );
        shown.into_iter().find(|(_, name, _)| name.to_ascii_lowercase().starts_with("created")).map(|(place, ..)| place)
    }

    /// Builds the case in which a rejected update leaves every member as it was.
    fn rejected_case(&self) -> Option<Case> {
        let mut case = ResourceCase::new(self.context, LawName::RejectedLeavesNoTrace, "written");
        let (input, _) = invalid_input(self.context, &case)?;
        let places: Vec<String> = self.places().into_iter().map(|(_, places)| places.second).collect();
        if places.is_empty() {
            return None;
        }
        let before = self.add_read(&mut case);
        let rejected = case.add_step(StepPurpose::Act, self.operation(), input);
        let after = self.add_read(&mut case);
        case.check(ResponseCheck::Accepted(before.clone()));
        case.expect_rejection(rejected, self.operation(), ErrorRole::InvalidInput)?;
        case.check(ResponseCheck::Unchanged { before, after, places });
        case.build("a rejected request changes nothing")
    }

    /// Builds the case in which a read shows the same as the response to the write before it.
    fn consistent_case(&self) -> Option<Case> {
        let noun = &self.resource.label.fixture;
        let members = common_places(self.context.plan.contract, self.operation(), self.reader, noun);
        let has_id =
            |places: &MemberPlaces| places.first.rsplit('.').next() == Some(self.resource.label.capture.as_str());
        if members.len() < 2 || !members.iter().any(has_id) {
            return None;
        }
        let mut case = ResourceCase::new(self.context, LAW, "consistent");
        let act = case.add_step(StepPurpose::Act, self.operation(), case.plain_input(self.operation()));
        case.check(ResponseCheck::Accepted(act.clone()));
        let read = self.add_read(&mut case);
        case.check(ResponseCheck::Accepted(read.clone()));
        // A response about another resource says nothing about this one.
        case.check(ResponseCheck::SameShown { first: act, second: read, members });
        case.build("a read shows what the response to the write before it showed")
    }

    /// Builds the case in which another resource stays what it was.
    fn isolated_case(&self) -> Option<Case> {
        let places: Vec<String> = self.places().into_iter().map(|(_, places)| places.second).collect();
        if self.resource.is_named_by_caller || places.is_empty() {
            return None;
        }
        let mut case = ResourceCase::new(self.context, LawName::Isolated, "others-stay");
        let full = all_members(self.context, &case);
        let other = case.create(&self.resource, StepPurpose::SetUp, 2);
        let before = self.add_read_of(&mut case, &other.identifier);
        let act = case.add_step(StepPurpose::Act, self.operation(), full);
        let after = self.add_read_of(&mut case, &other.identifier);
        case.check(ResponseCheck::Needs(act));
        case.check(ResponseCheck::Unchanged { before, after, places });
        case.build("a write changes no other resource")
    }

    /// Builds the case in which a replacement removes what it does not send, if the documents say so.
    fn replaced_case(&self) -> Option<Case> {
        let law = LawName::Replaces;
        if !has_method(self.operation(), "PUT") || !states_law(self.context, law) {
            return None;
        }
        let contract = self.context.plan.contract;
        let members = contract.shape(self.operation().input.as_ref()?).kind.members()?;
        let mut case = ResourceCase::new(self.context, law, "left-out");
        let (full, plain) = (all_members(self.context, &case), case.plain_input(self.operation()));
        // A number or a truth may be the default that a member gets again.
        let is_removable = |name: &str| {
            let kind = members.get(name).map(|member| &contract.shape(&member.shape).kind);
            plain.member(name).is_none()
                && full.member(name).is_some()
                && matches!(kind, Some(ShapeKind::String | ShapeKind::List { .. } | ShapeKind::Structure { .. }))
        };
        let removed: Vec<MemberPlaces> =
            self.places().into_iter().filter(|(name, _)| is_removable(name)).map(|(_, places)| places).collect();
        if removed.is_empty() {
            return None;
        }
        let first = case.add_step(StepPurpose::Act, self.operation(), full);
        case.check(ResponseCheck::Needs(first.clone()));
        let second = case.add_step(StepPurpose::Act, self.operation(), plain);
        case.check(ResponseCheck::Needs(second));
        let read = self.add_read(&mut case);
        for member in removed {
            case.check(ResponseCheck::HidesSent { written: first.clone(), read: read.clone(), member });
        }
        case.build("a replacement removes what it does not send")
    }

    /// Builds the case in which a second `PUT` under a chosen name replaces the first.
    fn overwritten_case(&self) -> Option<Case> {
        let mut case = ResourceCase::new(self.context, LawName::Overwrites, "same-name");
        let places: Vec<MemberPlaces> = self.places().into_iter().map(|(_, places)| places).collect();
        let plain = case.plain_input(self.operation());
        let full = changed_members(self.context, &case, &plain);
        if places.is_empty() {
            return None;
        }
        let created = case.create_with(&self.resource, StepPurpose::Act, 1, plain);
        case.check(ResponseCheck::Needs(created.step));
        let second = case.add_step(StepPurpose::Act, self.operation(), full);
        case.check(ResponseCheck::Accepted(second.clone()));
        let read = self.add_read_of(&mut case, &created.identifier);
        case.check(ResponseCheck::Accepted(read.clone()));
        case.check(ResponseCheck::ShowsSent { written: second, read, members: places });
        case.build("the last write wins")
    }

    /// Builds the case in which another resource is still there after a deletion.
    fn others_stay_case(&self) -> Option<Case> {
        if self.resource.is_named_by_caller {
            return None;
        }
        let mut case = ResourceCase::new(self.context, LawName::Isolated, "others-stay");
        let other = case.create(&self.resource, StepPurpose::SetUp, 2);
        let act = case.add_step(StepPurpose::Act, self.operation(), case.plain_input(self.operation()));
        case.check(ResponseCheck::Needs(act));
        let read = self.add_read_of(&mut case, &other.identifier);
        case.check(ResponseCheck::Accepted(read));
        case.build("a deletion deletes no other resource")
    }
}

/// Returns true if the documents or the scenario state a law for an operation.
pub(crate) fn states_law(context: &OperationContext<'_>, law: LawName) -> bool {
    let notes = context.plan.scenario.operation_notes(context.operation.name.as_str());
    context.operation.laws.iter().any(|one| one == law.as_str()) || notes.is_some_and(|notes| notes.laws.contains(&law))
}

/// Returns an input with other values than the plain one, as far as they can be told apart.
fn changed_members(context: &OperationContext<'_>, case: &ResourceCase<'_, '_>, plain: &Value) -> Value {
    let sampler = case.sampler(context.operation);
    let members = context.operation.input.as_ref().and_then(|input| context.plan.contract.shape(input).kind.members());
    let mut changed = plain.clone();
    for (name, member) in members.into_iter().flatten().filter(|(_, it)| it.location == MemberLocation::Body) {
        let values = member_values(context, &sampler, &MemberPath::root().join_member(name), &member.shape);
        let other = values.into_iter().find(|(_, value)| plain.member(name) != Some(value) && *value != Value::Null);
        if let Some((_, value)) = other {
            let more = with_member(changed.clone(), name, value);
            if case.is_valid(context.operation, &more) {
                changed = more;
            }
        }
    }
    changed
}
