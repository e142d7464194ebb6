//! Requests that create several resources at once: each of them, or none if the documents say so.

use crate::case::{Case, LawName, Resource, ResponseCheck, StepPurpose, Value};
use crate::contract::{ErrorRole, Member, MemberLocation, ShapeKind};
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::fixture_resource::FixtureResource;
use crate::generate::stateful::resource_case::{ResourceCase, with_member};
use crate::generate::web::list_shape::{ListShape, find_items};
use crate::generate::web::resource::{has_method, is_web_api, resource_of_fixture};
use crate::generate::web::updates::states_law;
use indexmap::IndexMap;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    if !is_web_api(context.plan) || !has_method(context.operation, "POST") {
        return Vec::new();
    }
    let Some(batch) = Batch::of_operation(context) else { return Vec::new() };
    [batch.complete_case(), batch.rejected_case()].into_iter().flatten().collect()
}

/// A request that creates several resources below the path of their collection.
struct Batch<'w, 'p> {
    context: &'w OperationContext<'p>,
    resource: FixtureResource<'p>,
    list: ListShape<'p>,
    /// The member that holds the entries, and the members of an entry.
    member: &'p String,
    entry_members: &'p IndexMap<String, Member>,
}

impl<'w, 'p> Batch<'w, 'p> {
    fn of_operation(context: &'w OperationContext<'p>) -> Option<Self> {
        let (contract, operation) = (context.plan.contract, context.operation);
        let uri = &operation.http.as_ref()?.uri;
        let members = contract.shape(operation.input.as_ref()?).kind.members()?;
        let mut in_body = members.iter().filter(|(_, member)| member.location == MemberLocation::Body);
        let (member, it) = in_body.next().filter(|(_, it)| it.required && in_body.next().is_none())?;
        let ShapeKind::List { member: entry } = &contract.shape(&it.shape).kind else { return None };
        let entry_members = contract.shape(entry).kind.members()?;
        if contract.shape(&it.shape).length().max.is_some_and(|max| max < 2) {
            return None;
        }
        let resource = context.plan.scenario.fixtures.keys().find_map(|name| {
            let resource = resource_of_fixture(context.plan, name).filter(|it| !it.is_named_by_caller)?;
            let collection = &resource.creator.http.as_ref()?.uri;
            let word = uri.strip_prefix(collection.as_str())?.strip_prefix('/')?;
            (!word.contains(['/', '{']) && has_method(resource.creator, "POST")).then_some(resource)
        })?;
        let list = ListShape::of_resource(context.plan, &resource)?;
        Some(Self { context, resource, list, member, entry_members })
    }

    /// Returns a valid entry: what creates one resource alone.
    fn entry(&self, case: &ResourceCase<'_, 'p>, number: u32) -> Value {
        let input = case.sampler(self.resource.creator).for_resource(Resource::Own(number)).plain_input();
        let Value::Map(mut members) = input else { return input };
        members.retain(|name, _| self.entry_members.contains_key(name));
        Value::Map(members)
    }

    fn input(&self, case: &ResourceCase<'_, 'p>, entries: Vec<Value>) -> Value {
        with_member(case.plain_input(self.context.operation), self.member, Value::List(entries))
    }

    /// Builds the case that creates two resources.
    fn complete_case(&self) -> Option<Case> {
        let operation = self.context.operation;
        let (_, items, _) = find_items(self.context.plan.contract, operation.output.as_ref()?)?;
        let mut case = ResourceCase::new(self.context, LawName::Lists, "created-together");
        let input = self.input(&case, vec![self.entry(&case, 1), self.entry(&case, 2)]);
        if !case.is_valid(operation, &input) {
            return None;
        }
        // A list that shows what was created alone does not leave out such resources.
        let alone = case.create(&self.resource, StepPurpose::SetUp, 3);
        let act = case.add_step(StepPurpose::Act, operation, input);
        let names = ["batch.first", "batch.second"];
        for (index, name) in names.into_iter().enumerate() {
            case.capture(name, &format!("{items}[{index}].{}", self.list.id));
            case.delete_later(&self.resource, "batch", Value::Template(format!("{{{name}}}")));
        }
        case.check(ResponseCheck::Accepted(act.clone()));
        let view = crate::case::ListView { step: act, items };
        case.check(ResponseCheck::Count { list: view, min: 2, max: 2 });
        let read = self.list.add_read(&mut case, &[]);
        case.check(ResponseCheck::Accepted(read.clone()));
        for name in [alone.name.as_str()].into_iter().chain(names) {
            case.check(ResponseCheck::Listed {
                list: self.list.view(read.clone()),
                id: self.list.id.clone(),
                name: name.to_owned(),
                is_present: true,
                page: self.list.largest_page(),
                may_hide_all: self.list.may_hide(),
            });
        }
        case.build("each entry is created")
    }

    /// Builds the case in which one entry is invalid, if the documents say that none is created then.
    fn rejected_case(&self) -> Option<Case> {
        let law = LawName::RejectedLeavesNoTrace;
        let operation = self.context.operation;
        if !states_law(self.context, law) {
            return None;
        }
        let mut case = ResourceCase::new(self.context, law, "one-invalid-entry");
        let (required, _) = self.entry_members.iter().find(|(_, member)| member.required)?;
        let Value::Map(mut invalid) = self.entry(&case, 2) else { return None };
        invalid.shift_remove(required);
        let input = self.input(&case, vec![self.entry(&case, 1), Value::Map(invalid)]);
        case.run_alone();
        let before = self.list.add_read(&mut case, &[]);
        let act = case.add_step(StepPurpose::Act, operation, input);
        let after = self.list.add_read(&mut case, &[]);
        case.expect_rejection(act, operation, ErrorRole::InvalidInput)?;
        case.check(ResponseCheck::PagesAreWhole {
            whole: self.list.view(before),
            parts: vec![after],
            id: self.list.id.clone(),
            size: u64::MAX,
        });
        case.build("no entry is created if one is invalid")
    }
}
