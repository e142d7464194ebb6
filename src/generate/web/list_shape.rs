//! The form of a list: where its items, their identifiers, its pages, filters and order are.
//!
//! It reads names and shapes, and sends nothing.

use crate::case::{ListView, StepPurpose, StepRef, Value};
use crate::contract::{Contract, Member, MemberLocation, Operation, ShapeId, ShapeKind, plain_name};
use crate::generate::plan_context::PlanContext;
use crate::generate::stateful::fixture_resource::FixtureResource;
use crate::generate::stateful::resource_case::{ResourceCase, with_member};
use crate::generate::web::list_names::{
    CURSOR_NAMES, FORWARD_CURSORS, MORE_NAMES, NEXT_NAMES, OFFSET_NAMES, PAGE_NAMES, SIZE_NAMES, STATUS_NAMES,
    TOTAL_NAMES,
};
use indexmap::IndexMap;

/// How the pages of a list are requested.
#[derive(Clone, Debug)]
pub(crate) enum Paging {
    /// By the number of the page, from 1.
    Number(String),
    /// By the number of items to skip.
    Offset(String),
    /// By a cursor from the response before: the parameter and the place of the cursor.
    Cursor(String, String),
}

/// The form of a list.
pub(crate) struct ListShape<'p> {
    pub operation: &'p Operation,
    /// The path of the items in a response; empty if the response is the list.
    pub items: String,
    /// The members of an item.
    pub item_members: &'p IndexMap<String, Member>,
    /// The path of the identifier in an item.
    pub id: String,
    /// The parameter for the size of a page, and its maximum.
    pub size: Option<(String, Option<u64>)>,
    pub paging: Option<Paging>,
    /// The place that says whether more follows.
    pub more: Option<String>,
    /// The place of the number of all items.
    pub total: Option<String>,
}

impl<'p> ListShape<'p> {
    /// Returns the form of the list of a resource.
    pub fn of_resource(plan: &PlanContext<'p>, resource: &FixtureResource<'p>) -> Option<Self> {
        let (contract, operation) = (plan.contract, resource.list?);
        let (outer, items, item) = find_items(contract, operation.output.as_ref()?)?;
        let item_members = contract.shape(item).kind.members()?;
        let capture = &resource.label.capture;
        let id = [capture.as_str(), "id", resource.label.label.as_str()];
        let id = id.into_iter().find_map(|name| item_members.get_key_value(name))?;
        let inputs = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
        let find_input = |names: &[&str]| {
            let mut query = inputs.into_iter().flatten().filter(|(_, member)| member.location == MemberLocation::Query);
            query.find(|(name, _)| names.contains(&plain_name(name).as_str()))
        };
        let find_output = |names: &[&str], fits: &dyn Fn(&ShapeKind) -> bool| {
            let found = outer.into_iter().flatten().find(|(name, member)| {
                names.contains(&plain_name(name).as_str()) && fits(&contract.shape(&member.shape).kind)
            });
            found.map(|(name, member)| member.wire_name(name).to_owned())
        };
        let is_text = |kind: &ShapeKind| matches!(kind, ShapeKind::String);
        let is_whole = |kind: &ShapeKind| matches!(kind, ShapeKind::Integer | ShapeKind::Long);
        let size = find_input(&SIZE_NAMES).map(|(name, member)| {
            let range = contract.shape(&member.shape).range.as_ref();
            (name.clone(), range.and_then(|range| range.max.as_ref()?.as_u64()))
        });
        let cursor = find_input(&CURSOR_NAMES[..FORWARD_CURSORS])
            .and_then(|(name, _)| Some((name.clone(), find_output(&NEXT_NAMES, &is_text)?)));
        let by_cursor = cursor.map(|(name, place)| Paging::Cursor(name, place));
        let by_number = || find_input(&PAGE_NAMES).map(|(name, _)| Paging::Number(name.clone()));
        let by_offset = || find_input(&OFFSET_NAMES).map(|(name, _)| Paging::Offset(name.clone()));
        Some(Self {
            operation,
            items,
            item_members,
            id: id.1.wire_name(id.0).to_owned(),
            size,
            paging: by_cursor.or_else(by_number).or_else(by_offset),
            more: find_output(&MORE_NAMES, &|kind| matches!(kind, ShapeKind::Boolean)),
            total: find_output(&TOTAL_NAMES, &is_whole),
        })
    }

    /// Returns true if a resource of this kind may be left out of its list, because of what it is in.
    pub fn may_hide(&self) -> bool {
        self.item_members.keys().any(|name| STATUS_NAMES.contains(&plain_name(name).as_str()))
    }

    /// Returns the largest size of a page that may be requested.
    pub fn largest_page(&self) -> Option<u64> {
        self.size.as_ref().map(|(_, max)| max.unwrap_or(100))
    }

    /// Returns the input that lists with these parameters, and with the largest page.
    pub fn input(&self, case: &ResourceCase<'_, 'p>, parameters: &[(&str, Value)]) -> Value {
        let mut input = case.plain_input(self.operation);
        if let (Some((name, _)), Some(size)) = (&self.size, self.largest_page()) {
            input = with_member(input, name, Value::integer(size.into()));
        }
        parameters.iter().fold(input, |input, (name, value)| with_member(input, name, value.clone()))
    }

    /// Adds a step that lists with these parameters.
    pub fn add_read(&self, case: &mut ResourceCase<'_, 'p>, parameters: &[(&str, Value)]) -> StepRef {
        let input = self.input(case, parameters);
        case.add_step(StepPurpose::ReadBack, self.operation, input)
    }

    /// Returns the items of the response to a step.
    pub fn view(&self, step: StepRef) -> ListView {
        ListView { step, items: self.items.clone() }
    }
}

/// The members around a list, its path, and the shape of its items.
pub(crate) type FoundItems<'c> = (Option<&'c IndexMap<String, Member>>, String, &'c ShapeId);

/// Returns the list of structures in an output: the output itself, one of its members, or a member of a wrapper.
pub(crate) fn find_items<'c>(contract: &'c Contract, output: &ShapeId) -> Option<FoundItems<'c>> {
    let (_, shape) = contract.shapes.get_key_value(output)?;
    let members = shape.kind.members()?;
    let item_of = |id: &ShapeId| match &contract.shapes.get(id)?.kind {
        ShapeKind::List { member } if contract.shape(member).kind.members().is_some() => Some(member),
        _ => None,
    };
    if let Some(payload) = members.values().find(|member| member.location == MemberLocation::Payload) {
        return Some((None, String::new(), item_of(&payload.shape)?));
    }
    let mut lists = members.iter().filter_map(|(name, member)| Some((member.wire_name(name), item_of(&member.shape)?)));
    if let Some((name, item)) = lists.next() {
        return lists.next().is_none().then(|| (Some(members), name.to_owned(), item));
    }
    members.iter().find_map(|(name, member)| {
        let inner = contract.shape(&member.shape).kind.members()?;
        let (below, item) = inner.iter().find_map(|(name, it)| Some((it.wire_name(name), item_of(&it.shape)?)))?;
        Some((Some(inner), format!("{}.{below}", member.wire_name(name)), item))
    })
}
