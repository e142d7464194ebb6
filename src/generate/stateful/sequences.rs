//! Random sequences of writes, rejected writes, removals and reads, compared with a model of the documented state.
//!
//! The same seed always gives the same sequences. A part of a sequence, named by the numbers of its actions
//! (`03~0.4.7`), is a case of its own, which is how a failing sequence is shrunk.

use crate::case::{
    Case, CaseId,
    Certainty::{Certain, Uncertain},
    LawName, Resource, SequenceVariant, StateKind,
};
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::member_laws::MemberLaws;
use crate::generate::stateful::partial_write::rejected_writes;
use crate::generate::stateful::stateful_case::StatefulCaseBuilder;
use crate::generate::stateful::stored_member::stored_members;
use crate::pattern::{Draw, SeededDraw};

/// Number of sequences drawn for each stored member.
const SEQUENCES_PER_MEMBER: u32 = 8;
/// Number of actions of a sequence.
pub(crate) const ACTIONS_PER_SEQUENCE: usize = 14;

/// One action of a sequence.
#[derive(Clone, Debug)]
enum SequenceAction {
    /// Writes entries, given by the numbers of their keys and texts, to a resource.
    Write(Resource, Vec<(u64, u64)>),
    /// Removes the entries of these keys.
    Remove(Resource, Vec<u64>),
    /// Sends one of the writes that must be rejected.
    RejectedWrite(u64),
    /// Reads the state of a resource.
    Read(Resource),
}

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    (1..=SEQUENCES_PER_MEMBER).flat_map(|number| sequence_cases(context, number, None)).collect()
}

/// Builds the case for the part of a sequence that an id names: `…/law/sequence/03~0.4.7`.
pub(crate) fn partial_sequence(context: &OperationContext<'_>, id: &CaseId) -> Option<Case> {
    let variant = id.sequence()?;
    sequence_cases(context, variant.number, Some(variant.kept.as_deref()?)).find(|case| case.id == *id)
}

fn sequence_cases<'w>(
    context: &'w OperationContext<'_>,
    number: u32,
    selected: Option<&'w [usize]>,
) -> impl Iterator<Item = Case> + use<'w> {
    let all = stored_members(context.plan, context.operation);
    let several = all.len() > 1;
    all.into_iter().filter_map(move |stored_member| {
        // Without a promise that writes merge, the final state cannot be predicted.
        if stored_member.is_inferred {
            return None;
        }
        if stored_member.kind != StateKind::Field && !stored_member.has_law(context.plan, LawName::Merges) {
            return None;
        }
        let purpose = format!("sequence/{}/{}/{number}", context.operation.name, stored_member.path);
        let mut draw = SeededDraw::new(context.plan.options.seed, &purpose);
        let actions: Vec<SequenceAction> = (0..ACTIONS_PER_SEQUENCE).map(|_| draw_action(&mut draw)).collect();
        let laws = MemberLaws { context, stored_member: &stored_member, variant_prefix: String::new() };
        let member = several.then(|| stored_member.path.to_string());
        let name = SequenceVariant { member, number, kept: selected.map(<[usize]>::to_vec) }.to_string();
        let rule = "after any sequence of requests, a read returns what was written";
        laws.build_case(context.operation, LawName::Sequence, &name, rule, true, |builder| {
            let is_selected = |index: usize| selected.is_none_or(|selected| selected.contains(&index));
            builder.read_state(Resource::FIRST)?;
            for (_, action) in actions.iter().enumerate().filter(|(index, _)| is_selected(*index)) {
                apply_action(&laws, builder, action);
            }
            add_final_reads(&laws, builder)
        })
    })
}

fn draw_action(draw: &mut SeededDraw) -> SequenceAction {
    let resource = if draw.one_in(4) { Resource::SECOND } else { Resource::FIRST };
    match draw.below(10) {
        0..=5 => {
            let count = draw.between(1, 2);
            SequenceAction::Write(resource, (0..count).map(|_| (draw.below(4), draw.below(6))).collect())
        }
        6 => SequenceAction::Remove(resource, (0..draw.between(1, 2)).map(|_| draw.below(4)).collect()),
        7 | 8 => SequenceAction::RejectedWrite(draw.below(64)),
        _ => SequenceAction::Read(resource),
    }
}

const TEXTS: [&str; 6] = ["one", "two", "three and more", "ONE", "vier \u{fc}", "5"];

/// Adds the steps of an action. An action that the documents do not allow is left out, which gives a shorter sequence.
fn apply_action(laws: &MemberLaws<'_, '_>, builder: &mut StatefulCaseBuilder<'_, '_>, action: &SequenceAction) {
    let resource = |wanted: Resource, builder: &StatefulCaseBuilder<'_, '_>| {
        if builder.has_distinct_resources() { wanted } else { Resource::FIRST }
    };
    match action {
        SequenceAction::Write(wanted, entries) => {
            let to = resource(*wanted, builder);
            let mut named: Vec<(String, &str)> = Vec::new();
            for (key, text) in entries {
                let key = laws.nth_key(builder, *key);
                if laws.stored_member.kind != StateKind::Map || named.iter().all(|(other, _)| *other != key) {
                    named.push((key, TEXTS[*text as usize % TEXTS.len()]));
                }
            }
            if !laws.stored_member.has_law(laws.context.plan, LawName::Deduplicates) {
                named.dedup_by(|one, other| one.1 == other.1);
            }
            let entries: Vec<(&str, &str)> = named.iter().map(|(key, text)| (key.as_str(), *text)).collect();
            if let Some(value) = laws.value_with_entries(builder, &entries) {
                let _ = builder.write_value(to, &value, Uncertain);
            }
        }
        SequenceAction::Remove(wanted, keys) => {
            let Some((operation, member)) = laws.stored_member.undo_operation(laws.context.plan) else { return };
            let mut keys: Vec<String> = keys.iter().map(|key| laws.nth_key(builder, *key)).collect();
            keys.sort();
            keys.dedup();
            let _ = builder.remove_entries(resource(*wanted, builder), operation, member, &keys);
        }
        SequenceAction::RejectedWrite(number) => {
            let all = rejected_writes(laws);
            if let Some(rejected_write) = all.get(*number as usize % all.len().max(1)) {
                let _ = rejected_write.add_steps(laws, builder);
            }
        }
        SequenceAction::Read(wanted) => {
            let _ = builder.read_state(resource(*wanted, builder));
        }
    }
}

/// Adds a read of every resource at the end, or one more write if only write responses show the stored list.
fn add_final_reads(laws: &MemberLaws<'_, '_>, builder: &mut StatefulCaseBuilder<'_, '_>) -> Option<()> {
    let all = [Resource::FIRST, Resource::SECOND];
    for resource in all.into_iter().take(if builder.has_distinct_resources() { 2 } else { 1 }) {
        if laws.stored_member.kind == StateKind::List {
            let value = laws.value_with_entries(builder, &[("", "last")])?;
            builder.write_value(resource, &value, Certain)?;
        }
        builder.read_state(resource)?;
    }
    Some(())
}
