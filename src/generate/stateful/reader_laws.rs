//! Laws of operations that read or remove what others write, and of responses that echo a part of the request.

use crate::case::{Case, Certainty::Certain, Law, LawName, Resource, StateKind, Step, StepPurpose, StepRequest, Value};
use crate::contract::{MemberPath, ShapeKind};
use crate::generate::operation_context::OperationContext;
use crate::generate::resource_status::{ResourceStatus, classify_resources};
use crate::generate::stateful::member_laws::MemberLaws;
use crate::generate::stateful::stateful_case::{CaseMetadata, build_law_case};
use crate::generate::stateful::stored_member::{StateReader, StoredMember, law_source, stored_members, to_json};

pub(crate) fn add_cases(context: &OperationContext<'_>, out: &mut Vec<Case>) {
    add_echo_laws(context, out);
    let others: Vec<StoredMember<'_>> = context
        .plan
        .contract
        .operations
        .iter()
        .filter(|other| other.name != context.operation.name && other.http.is_some())
        .flat_map(|other| stored_members(context.plan, other))
        .collect();
    for stored_member in &others {
        if matches!(&stored_member.reader, StateReader::Operation(reader) if reader.name == context.operation.name) {
            let at = format!("{}-{}-", stored_member.operation.name, stored_member.path);
            let laws = MemberLaws { context, stored_member, variant_prefix: at };
            if !stored_member.is_inferred {
                add_read_laws(&laws, out);
                add_filter_laws(&laws, out);
            }
        }
    }
    let notes = context.plan.scenario.operation_notes(context.operation.name.as_str());
    let Some(removal) = notes.and_then(|notes| notes.undo_rule.as_ref()) else { return };
    let removed_member = others.iter().find(|stored_member| {
        stored_member.operation.name.as_str() == removal.operation
            && stored_member.kind == StateKind::Map
            && removal.undone_member.as_ref().is_none_or(|of| *of == stored_member.path.to_string())
    });
    if let Some(stored_member) = removed_member {
        add_inverse_laws(&MemberLaws { context, stored_member, variant_prefix: String::new() }, &removal.member, out);
    }
}

/// Adds cases in which this operation must read what another one wrote, for each resource on its own.
fn add_read_laws(laws: &MemberLaws<'_, '_>, out: &mut Vec<Case>) {
    let operation = laws.context.operation;
    let rule = "a read returns what was written";
    out.extend(laws.build_case(operation, LawName::ReadYourWrite, "written", rule, true, |builder| {
        builder.read_state(Resource::FIRST)?;
        let key = laws.nth_key(builder, 0);
        builder.write_value(Resource::FIRST, &laws.value_with_entries(builder, &[(&key, "one")])?, Certain)?;
        builder.read_state(Resource::FIRST)
    }));
    out.extend(laws.build_case(
        operation,
        LawName::Isolated,
        "others-unseen",
        "resources do not share state",
        true,
        |builder| {
            if !builder.has_distinct_resources() {
                return None;
            }
            let (one, two) = (laws.nth_key(builder, 0), laws.nth_key(builder, 1));
            builder.read_state(Resource::FIRST)?;
            builder.read_state(Resource::SECOND)?;
            builder.write_value(Resource::FIRST, &laws.value_with_entries(builder, &[(&one, "ours")])?, Certain)?;
            builder.write_value(Resource::SECOND, &laws.value_with_entries(builder, &[(&two, "theirs")])?, Certain)?;
            builder.read_state(Resource::FIRST)?;
            builder.read_state(Resource::SECOND)
        },
    ));
}

/// Maximum number of filter values tested that were not written.
const MAX_FILTERS: usize = 2;

/// Adds cases for filters: members of the reader's input that have the values of an enum inside the written value. With
/// another filter value, a response must not show what was written.
fn add_filter_laws(laws: &MemberLaws<'_, '_>, out: &mut Vec<Case>) {
    let (contract, operation) = (laws.context.plan.contract, laws.context.operation);
    let inputs = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    for (name, member) in inputs.into_iter().flatten() {
        let (kinds, is_list) = match &contract.shape(&member.shape).kind {
            ShapeKind::List { member } => (member, true),
            _ => (&member.shape, false),
        };
        let ShapeKind::Enum { .. } = contract.shape(kinds).kind else { continue };
        let Some(enum_member) = laws.find_enum_member(kinds) else { continue };
        let path = MemberPath::root().join_member(name);
        let filter_value = |kind: &str| match is_list {
            true => Value::List(vec![Value::text(kind)]),
            false => Value::text(kind),
        };
        let rule = "a filter returns matching entries and nothing else";
        let settled = contract.shape(kinds).undisputed_values();
        // A value that stands for all or none does not filter.
        let is_single_value =
            |kind: &&str| !["all", "any", "every", "none"].iter().any(|word| kind.eq_ignore_ascii_case(word));
        let mut added = 0;
        for other in settled.into_iter().filter(is_single_value) {
            if added == MAX_FILTERS {
                break;
            }
            let variant = format!("{name}-{other}");
            let case = laws.build_case(operation, LawName::Filters, &variant, rule, true, |builder| {
                let key = laws.nth_key(builder, 0);
                let value = laws.value_with_entries(builder, &[(&key, "one")])?;
                let written = laws.enum_value_in(&value, enum_member)?;
                if written == other {
                    return None;
                }
                builder.read_state_with(&path, filter_value(&written), Resource::FIRST)?;
                builder.read_state_with(&path, filter_value(other), Resource::FilteredOut)?;
                builder.write_value(Resource::FIRST, &value, Certain)?;
                builder.read_state_with(&path, filter_value(&written), Resource::FIRST)?;
                builder.read_state_with(&path, filter_value(other), Resource::FilteredOut)
            });
            added += usize::from(case.is_some());
            out.extend(case);
        }
    }
}

/// Adds cases in which a removal must remove what was written, and nothing else.
fn add_inverse_laws(laws: &MemberLaws<'_, '_>, member: &str, out: &mut Vec<Case>) {
    let operation = laws.context.operation;
    for (variant, rule, removed_indices) in [
        ("one-of-two", "only the named entries are removed", &[0_u64][..]),
        ("all", "written entries are removed", &[0, 1]),
        ("absent", "removing an absent entry changes nothing", &[2]),
    ] {
        out.extend(laws.build_case(operation, LawName::Inverse, variant, rule, true, |builder| {
            builder.read_state(Resource::FIRST)?;
            let (one, two) = (laws.nth_key(builder, 0), laws.nth_key(builder, 1));
            builder.write_value(
                Resource::FIRST,
                &laws.value_with_entries(builder, &[(&one, "one"), (&two, "two")])?,
                Certain,
            )?;
            builder.read_state(Resource::FIRST)?;
            let keys: Vec<String> = removed_indices.iter().map(|index| laws.nth_key(builder, *index)).collect();
            builder.remove_entries(Resource::FIRST, operation, member, &keys)?;
            builder.read_state(Resource::FIRST)
        }));
    }
    out.extend(laws.build_case(
        operation,
        LawName::Inverse,
        "others-untouched",
        "other resources are not changed",
        true,
        |builder| {
            if !builder.has_distinct_resources() {
                return None;
            }
            let key = laws.nth_key(builder, 0);
            let value = laws.value_with_entries(builder, &[(&key, "one")])?;
            builder.write_value(Resource::SECOND, &value, Certain)?;
            builder.write_value(Resource::FIRST, &value, Certain)?;
            builder.read_state(Resource::SECOND)?;
            builder.read_state(Resource::FIRST)?;
            builder.remove_entries(Resource::FIRST, operation, member, &[key])?;
            builder.read_state(Resource::SECOND)?;
            builder.read_state(Resource::FIRST)
        },
    ));
}

/// Adds cases in which a response must repeat an identifier of its request.
fn add_echo_laws(context: &OperationContext<'_>, out: &mut Vec<Case>) {
    let (plan_context, operation) = (context.plan, context.operation);
    let Some(notes) = plan_context.scenario.operation_notes(operation.name.as_str()) else { return };
    for (place, member) in &notes.echoed_members {
        let id = plan_context.law_case_id(operation, LawName::Echoes, place);
        let input = plan_context.input_sampler(operation, &id).plain_input();
        let Some(value) = input.member(member).and_then(to_json) else { continue };
        if classify_resources(plan_context, operation, &id, &input) != ResourceStatus::Owned {
            continue;
        }
        let step = Step {
            purpose: StepPurpose::Act,
            request: StepRequest::Operation { name: operation.name.clone(), input, damage: Vec::new() },
            authorization: plan_context.default_authorization(),
            captures: Vec::new(),
            turn: 0,
            fixture: None,
        };
        let metadata = CaseMetadata {
            operation,
            rule: format!("`{place}` repeats the requested `{member}`"),
            source: law_source(plan_context, operation, LawName::Echoes),
            is_documented: true,
        };
        out.extend(build_law_case(
            plan_context,
            id,
            vec![step],
            Law::Echo { step: 0, place: place.clone(), value },
            metadata,
        ));
    }
}
