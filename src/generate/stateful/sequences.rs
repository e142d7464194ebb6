//! Random sequences of writes, rejected writes, removals and reads, compared with a model of the documented state.
//!
//! The same seed always gives the same sequences. A part of a sequence, named by the numbers of its actions
//! (`03~0.4.7`), is a case of its own, which is how a failing sequence is shrunk.

use crate::case::{Case, StateKind};
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::member_laws::MemberLaws;
use crate::generate::stateful::partial_write::rejected_writes;
use crate::generate::stateful::stateful_case::StatefulCaseBuilder;
use crate::generate::stateful::stored_member::stored_members;
use crate::pattern::{Draw, SeededDraw};

/// Name of the law in case ids.
pub(crate) const SEQUENCE_LAW: &str = "sequence";
/// Number of sequences drawn for each stored member.
const SEQUENCES_PER_MEMBER: u32 = 8;
/// Number of actions of a sequence.
pub(crate) const ACTIONS_PER_SEQUENCE: usize = 14;

/// One action of a sequence.
#[derive(Clone, Debug)]
enum SequenceAction {
    /// Writes entries, given by the numbers of their keys and texts, to a resource.
    Write(u32, Vec<(u64, u64)>),
    /// Removes the entries of these keys.
    Remove(u32, Vec<u64>),
    /// Sends one of the writes that must be rejected.
    RejectedWrite(u64),
    /// Reads the state of a resource.
    Read(u32),
}

pub(crate) fn cases(context: &OperationContext<'_>) -> Vec<Case> {
    (1..=SEQUENCES_PER_MEMBER).flat_map(|number| sequence_cases(context, number, None)).collect()
}

/// Builds the case for the part of a sequence that a variant names: `03~0.4.7`, `References-03~1`.
pub(crate) fn partial_sequence(context: &OperationContext<'_>, variant: &str) -> Option<Case> {
    let (sequence_name, selected) = variant.split_once('~')?;
    let selected_actions: Vec<usize> = selected.split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let number = sequence_name.rsplit('-').next()?.parse().ok()?;
    sequence_cases(context, number, Some(&selected_actions)).find(|case| case.id.0.ends_with(&format!("/{variant}")))
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
        if stored_member.kind != StateKind::Field && !stored_member.has_law(context.plan, "merges") {
            return None;
        }
        let variant_prefix = if several { format!("{}-", stored_member.path) } else { String::new() };
        let purpose = format!("sequence/{}/{}/{number}", context.operation.name, stored_member.path);
        let mut draw = SeededDraw::new(context.plan.options.seed, &purpose);
        let actions: Vec<SequenceAction> = (0..ACTIONS_PER_SEQUENCE).map(|_| draw_action(&mut draw)).collect();
        let laws = MemberLaws { context, stored_member: &stored_member, variant_prefix };
        let name = match selected {
            None => format!("{number:02}"),
            Some(selected) => {
                let selected: Vec<String> = selected.iter().map(ToString::to_string).collect();
                format!("{number:02}~{}", selected.join("."))
            }
        };
        let rule = "after any sequence of requests, a read returns what was written";
        laws.build_case(context.operation, SEQUENCE_LAW, &name, rule, true, |builder| {
            let is_selected = |index: usize| selected.is_none_or(|selected| selected.contains(&index));
            builder.read_state(1)?;
            for (_, action) in actions.iter().enumerate().filter(|(index, _)| is_selected(*index)) {
                apply_action(&laws, builder, action);
            }
            add_final_reads(&laws, builder)
        })
    })
}

fn draw_action(draw: &mut SeededDraw) -> SequenceAction {
    let resource = if draw.one_in(4) { 2 } else { 1 };
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
    let resource =
        |wanted: u32, builder: &StatefulCaseBuilder<'_, '_>| if builder.has_distinct_resources() { wanted } else { 1 };
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
            if !laws.stored_member.has_law(laws.context.plan, "deduplicates") {
                named.dedup_by(|one, other| one.1 == other.1);
            }
            let entries: Vec<(&str, &str)> = named.iter().map(|(key, text)| (key.as_str(), *text)).collect();
            if let Some(value) = laws.value_with_entries(builder, &entries) {
                let _ = builder.write_value(to, &value, false);
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
    let resources = if builder.has_distinct_resources() { 1..=2 } else { 1..=1 };
    for resource in resources {
        if laws.stored_member.kind == StateKind::List {
            let value = laws.value_with_entries(builder, &[("", "last")])?;
            builder.write_value(resource, &value, true)?;
        }
        builder.read_state(resource)?;
    }
    Some(())
}
