//! What a list shows: what was created and not what was deleted, only matching items, in the requested order, and the
//! members that a request asks for.

use crate::case::{Case, LawName, ResponseCheck, StepPurpose, Value};
use crate::contract::{MemberLocation, MemberPath, Shape, ShapeKind, plain_name};
use crate::generate::input_sampler::InputChange;
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::fixture_resource::FixtureResource;
use crate::generate::stateful::resource_case::{FurtherResource, ResourceCase};
use crate::generate::web::list_shape::ListShape;
use crate::generate::web::resource::{has_method, is_web_api, listed_resource, resource_labels, resource_of_fixture};
use crate::generate::web::shown_members::shown_members;

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    if !is_web_api(context.plan) || !has_method(context.operation, "GET") {
        return Vec::new();
    }
    let mut out = included_cases(context);
    let Some(laws) = ListLaws::of_operation(context) else { return out };
    out.extend(laws.created_case());
    out.extend(laws.deleted_case());
    out.extend(laws.other_parent_case());
    laws.add_filter_cases(&mut out);
    laws.add_order_cases(&mut out);
    out
}

/// A list with the resource that it lists.
pub(crate) struct ListLaws<'w, 'p> {
    pub context: &'w OperationContext<'p>,
    pub resource: FixtureResource<'p>,
    pub list: ListShape<'p>,
}

impl<'w, 'p> ListLaws<'w, 'p> {
    /// Returns the list that an operation reads, if it reads one.
    pub fn of_operation(context: &'w OperationContext<'p>) -> Option<Self> {
        if !is_web_api(context.plan) || !has_method(context.operation, "GET") {
            return None;
        }
        let resource = listed_resource(context)?;
        let list = ListShape::of_resource(context.plan, &resource)?;
        Some(Self { context, resource, list })
    }
}

impl<'p> ListLaws<'_, 'p> {
    fn listed(&self, step: &crate::case::StepRef, created: &FurtherResource, is_present: bool) -> ResponseCheck {
        ResponseCheck::Listed {
            list: self.list.view(step.clone()),
            id: self.list.id.clone(),
            name: created.name.clone(),
            is_present,
            page: self.list.largest_page().or(if self.list.paging.is_some() { Some(10) } else { None }),
            may_hide_all: self.list.may_hide(),
        }
    }

    /// Returns true if the service gives out the identifiers, so that they can be found in the list.
    fn has_captures(&self) -> bool {
        !self.resource.is_named_by_caller
    }

    fn created_case(&self) -> Option<Case> {
        if !self.has_captures() {
            return self.named_case();
        }
        let mut case = ResourceCase::new(self.context, LawName::Lists, "created");
        // The newest entries are those of this case.
        case.run_alone();
        let first = case.create(&self.resource, StepPurpose::SetUp, 1);
        let second = case.create(&self.resource, StepPurpose::SetUp, 2);
        let read = self.list.add_read(&mut case, &[]);
        case.check(ResponseCheck::Accepted(read.clone()));
        case.check(self.listed(&read, &first, true));
        case.check(self.listed(&read, &second, true));
        case.build("a list shows what was created")
    }

    /// Builds the case in which a resource under a chosen name is written twice and listed once.
    fn named_case(&self) -> Option<Case> {
        let mut case = ResourceCase::new(self.context, LawName::Lists, "created");
        let input = case.plain_input(self.resource.creator);
        let shown = self.list.id.clone();
        let created = case.create_with(&self.resource, StepPurpose::SetUp, 1, input.clone());
        // The response shows the chosen name, which is looked for in the list.
        let place = shown_members(self.context.plan.contract, self.resource.creator, &self.resource.label.fixture)
            .into_iter()
            .find(|(_, name, _)| *name == shown)
            .map(|(place, ..)| place)?;
        case.capture(&created.name, &place);
        case.add_step(StepPurpose::SetUp, self.resource.creator, input);
        let read = self.list.add_read(&mut case, &[]);
        case.check(ResponseCheck::Accepted(read.clone()));
        case.check(self.listed(&read, &created, true));
        case.build("a list shows what was created, once")
    }

    fn deleted_case(&self) -> Option<Case> {
        let deleter = self.resource.deleter.filter(|_| self.has_captures())?;
        let mut case = ResourceCase::new(self.context, LawName::Lists, "deleted");
        let first = case.create(&self.resource, StepPurpose::SetUp, 1);
        let second = case.create(&self.resource, StepPurpose::SetUp, 2);
        let input = first.replace_in(case.plain_input(deleter));
        let delete = case.add_step(StepPurpose::SetUp, deleter, input);
        let read = self.list.add_read(&mut case, &[]);
        case.check(ResponseCheck::Needs(delete));
        case.check(self.listed(&read, &second, true));
        // What is only marked as deleted may stay.
        if !self.list.may_hide() {
            case.check(self.listed(&read, &first, false));
        }
        case.build("a list does not show what was deleted")
    }

    /// Builds the case in which a resource exists below another parent only.
    fn other_parent_case(&self) -> Option<Case> {
        let parent =
            resource_labels(self.context.plan, self.context.operation).pop().filter(|_| self.has_captures())?;
        let parent = resource_of_fixture(self.context.plan, &parent.fixture).filter(|it| !it.is_named_by_caller)?;
        let mut case = ResourceCase::new(self.context, LawName::Lists, "other-parent");
        let other = case.create(&parent, StepPurpose::SetUp, 2);
        let input = other.replace_in(case.plain_input(self.resource.creator));
        let created = case.create_with(&self.resource, StepPurpose::SetUp, 2, input);
        // The cleanup of the resource must name its own parent.
        case.redirect_cleanup(&other);
        let read = self.list.add_read(&mut case, &[]);
        case.check(ResponseCheck::Accepted(read.clone()));
        case.check(self.listed(&read, &created, false));
        case.build("a list shows what is below its own parent only")
    }

    /// Returns the optional query parameters with their shapes.
    fn parameters(&self) -> Vec<(&'p String, &'p Shape)> {
        let contract = self.context.plan.contract;
        let members = self.context.operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
        let query = members.into_iter().flatten().filter(|(_, member)| member.location == MemberLocation::Query);
        query.map(|(name, member)| (name, contract.shape(&member.shape))).collect()
    }

    /// Adds, for each parameter that is named like a member of the items, the case that filters by it.
    fn add_filter_cases(&self, out: &mut Vec<Case>) {
        for (name, shape) in self.parameters() {
            let wanted = plain_name(name);
            let Some((member, it)) = self.list.item_members.iter().find(|(member, _)| {
                let member = plain_name(member);
                member == wanted || member == format!("{wanted}s")
            }) else {
                continue;
            };
            let values: Vec<Value> = match &shape.kind {
                ShapeKind::Enum { .. } => shape.undisputed_values().into_iter().map(Value::text).collect(),
                ShapeKind::Boolean => vec![Value::Boolean(true), Value::Boolean(false)],
                _ => continue,
            };
            let place = it.wire_name(member).to_owned();
            for value in &values {
                out.extend(self.filter_case(name, (member, &place), value, &values));
            }
        }
    }

    fn filter_case(&self, name: &str, (member, place): (&str, &str), value: &Value, values: &[Value]) -> Option<Case> {
        let text = match value {
            Value::Boolean(truth) => truth.to_string(),
            Value::Text(text) => text.clone(),
            _ => return None,
        };
        let json = crate::generate::stateful::stored_member::to_json(value)?;
        let mut case = ResourceCase::new(self.context, LawName::Filters, &format!("{name}-{text}"));
        let mut created = Vec::new();
        let others = values.iter().filter(|other| *other != value);
        for (number, written) in [value].into_iter().chain(others.take(1)).enumerate() {
            let number = number as u32 + 1;
            created.push(self.create_with_member(&mut case, number, member, written));
        }
        let read = self.list.add_read(&mut case, &[(name, value.clone())]);
        case.check(ResponseCheck::Accepted(read.clone()));
        case.check(ResponseCheck::EachItem {
            list: self.list.view(read.clone()),
            member: place.to_owned(),
            value: json,
        });
        if let [Some(first), Some(second)] = created.as_slice()
            && self.has_captures()
        {
            case.check(self.listed(&read, first, true));
            case.check(self.listed(&read, second, false));
        }
        case.build("a filter shows matching items and no others")
    }

    /// Creates a resource with this value of a member. Returns `None` if the value cannot be chosen, and creates a plain
    /// resource.
    fn create_with_member(
        &self,
        case: &mut ResourceCase<'_, 'p>,
        number: u32,
        member: &str,
        value: &Value,
    ) -> Option<FurtherResource> {
        let creator = self.resource.creator;
        let contract = self.context.plan.contract;
        let sampler = case.sampler(creator).for_resource(crate::case::Resource::Own(number));
        let members = creator.input.as_ref().and_then(|input| contract.shape(input).kind.members());
        let known = members.and_then(|members| members.get(member)).filter(|it| it.location == MemberLocation::Body);
        let path = MemberPath::root().join_member(member);
        let given = known.map(|it| match contract.shape(&it.shape).kind {
            ShapeKind::List { .. } => Value::List(vec![value.clone()]),
            _ => value.clone(),
        });
        let input = given.map(|value| sampler.input_with(&[(&path, InputChange::Set(value))]));
        match input.filter(|input| case.is_valid(creator, input)) {
            Some(input) => Some(case.create_with(&self.resource, StepPurpose::SetUp, number, input)),
            None => {
                case.create(&self.resource, StepPurpose::SetUp, number);
                None
            }
        }
    }

    /// Adds the cases that ask for an order whose direction is stated.
    fn add_order_cases(&self, out: &mut Vec<Case>) {
        for (name, shape) in self.parameters() {
            let is_order = ["sort", "sortby", "order", "orderby", "ordering"].contains(&plain_name(name).as_str());
            let ShapeKind::Enum { .. } = shape.kind else { continue };
            let values = shape.undisputed_values();
            for value in values.iter().filter(|_| is_order) {
                let Some((member, descending)) = parse_order(value, &values) else { continue };
                out.extend(self.order_case(name, value, member, descending));
            }
        }
    }

    fn order_case(&self, name: &str, value: &str, member: &str, descending: bool) -> Option<Case> {
        let (known, it) = self.list.item_members.iter().find(|(known, _)| plain_name(known) == plain_name(member))?;
        let mut case = ResourceCase::new(self.context, LawName::Sorts, &format!("{name}-{value}"));
        for number in 1..=3 {
            case.create(&self.resource, StepPurpose::SetUp, number);
        }
        let read = self.list.add_read(&mut case, &[(name, Value::text(value))]);
        case.check(ResponseCheck::Accepted(read.clone()));
        let member = it.wire_name(known).to_owned();
        case.check(ResponseCheck::InOrder { list: self.list.view(read), member, descending });
        case.build("a list has the requested order")
    }
}

/// Returns the member and the direction of an order: `-name`, `name_desc`, or `name` beside `-name`.
fn parse_order<'t>(value: &'t str, all: &[&str]) -> Option<(&'t str, bool)> {
    if let Some(member) = value.strip_prefix('-') {
        return Some((member, true));
    }
    for separator in ['_', ':', '.', '-', ' '] {
        for (word, descending) in [("desc", true), ("asc", false)] {
            let ending = format!("{separator}{word}");
            if value.len() > ending.len() && value.to_ascii_lowercase().ends_with(&ending) {
                return Some((&value[..value.len() - ending.len()], descending));
            }
        }
    }
    let opposite = format!("-{value}");
    all.contains(&opposite.as_str()).then_some((value, false))
}

/// Builds the cases of parameters that name members to include: the response has them.
fn included_cases(context: &OperationContext<'_>) -> Vec<Case> {
    let contract = context.plan.contract;
    let members = context.operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    let mut out = Vec::new();
    for (name, member) in members.into_iter().flatten().filter(|(_, it)| it.location == MemberLocation::Query) {
        if !["include", "expand", "with", "embed", "includes"].contains(&plain_name(name).as_str()) {
            continue;
        }
        let shape = contract.shape(&member.shape);
        let (values, is_list) = match &shape.kind {
            ShapeKind::Enum { .. } => (shape.undisputed_values(), false),
            ShapeKind::List { member } => (contract.shape(member).undisputed_values(), true),
            _ => continue,
        };
        for value in values {
            let shown = shown_members(contract, context.operation, "");
            let Some((place, ..)) = shown.into_iter().find(|(_, known, _)| plain_name(known) == plain_name(value))
            else {
                continue;
            };
            let mut case = ResourceCase::new(context, LawName::Lists, &format!("{name}-{value}"));
            let text = Value::text(value);
            let given = if is_list { Value::List(vec![text]) } else { text };
            let path = MemberPath::root().join_member(name);
            let input = case.sampler(context.operation).input_with(&[(&path, InputChange::Set(given))]);
            let read = case.add_step(StepPurpose::Act, context.operation, input);
            case.check(ResponseCheck::Accepted(read.clone()));
            case.check(ResponseCheck::Has { step: read, place });
            out.extend(case.build("a response shows the members that the request asks for"));
        }
    }
    out
}
