//! Random sequences of writes, rejected writes, removals and reads, compared with a model of the documented state.
//!
//! The same seed always gives the same sequences. A part of a sequence, named by the numbers of its actions
//! (`03~0.4.7`), is a case of its own, which is how a failing sequence is shrunk.

use super::Work;
use super::laws::Laws;
use super::traces::refusals;
use crate::generate::case::Case;
use crate::generate::draw::{Draw, Seeded};
use crate::generate::keeper::keepers;
use crate::generate::relation::StateKind;
use crate::generate::story::Story;

/// Name of the law in case ids.
pub(crate) const LAW: &str = "sequence";
/// Number of sequences drawn for each stored member.
const SEQUENCES: u32 = 8;
/// Number of actions of a sequence.
pub(crate) const ACTIONS: usize = 14;

/// One action of a sequence.
#[derive(Clone, Debug)]
enum Action {
    /// Writes entries, given by the numbers of their keys and texts, to a resource.
    Write(u32, Vec<(u64, u64)>),
    /// Removes the entries of these keys.
    TakeBack(u32, Vec<u64>),
    /// Sends one of the writes that must be rejected.
    Refuse(u64),
    /// Reads the state of a resource.
    Look(u32),
}

pub(crate) fn cases(work: &Work<'_>) -> Vec<Case> {
    (1..=SEQUENCES).flat_map(|number| each(work, number, None)).collect()
}

/// Builds the case for the part of a sequence that a variant names: `03~0.4.7`, `References-03~1`.
pub(crate) fn part(work: &Work<'_>, variant: &str) -> Option<Case> {
    let (whole, kept) = variant.split_once('~')?;
    let kept: Vec<usize> = kept.split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let number = whole.rsplit('-').next()?.parse().ok()?;
    each(work, number, Some(&kept)).find(|case| case.id.0.ends_with(&format!("/{variant}")))
}

fn each<'w>(work: &'w Work<'_>, number: u32, kept: Option<&'w [usize]>) -> impl Iterator<Item = Case> + use<'w> {
    let all = keepers(work.planner, work.operation);
    let several = all.len() > 1;
    all.into_iter().filter_map(move |keeper| {
        // Without a promise that writes merge, the final state cannot be predicted.
        if keeper.kind != StateKind::Field && !keeper.promises(work.planner, "merges") {
            return None;
        }
        let at = if several { format!("{}-", keeper.path) } else { String::new() };
        let purpose = format!("sequence/{}/{}/{number}", work.operation.name, keeper.path);
        let mut draw = Seeded::new(work.planner.options.seed, &purpose);
        let actions: Vec<Action> = (0..ACTIONS).map(|_| action(&mut draw)).collect();
        let laws = Laws { work, keeper: &keeper, at };
        let name = match kept {
            None => format!("{number:02}"),
            Some(kept) => {
                let kept: Vec<String> = kept.iter().map(ToString::to_string).collect();
                format!("{number:02}~{}", kept.join("."))
            }
        };
        let rule = "after any sequence of requests, a read returns what was written";
        laws.tell(work.operation, LAW, &name, rule, true, |story| {
            let is_kept = |index: usize| kept.is_none_or(|kept| kept.contains(&index));
            story.look(1)?;
            for (_, action) in actions.iter().enumerate().filter(|(index, _)| is_kept(*index)) {
                act(&laws, story, action);
            }
            finish(&laws, story)
        })
    })
}

fn action(draw: &mut Seeded) -> Action {
    let resource = if draw.one_in(4) { 2 } else { 1 };
    match draw.below(10) {
        0..=5 => {
            let count = draw.between(1, 2);
            Action::Write(resource, (0..count).map(|_| (draw.below(4), draw.below(6))).collect())
        }
        6 => Action::TakeBack(resource, (0..draw.between(1, 2)).map(|_| draw.below(4)).collect()),
        7 | 8 => Action::Refuse(draw.below(64)),
        _ => Action::Look(resource),
    }
}

const TEXTS: [&str; 6] = ["one", "two", "three and more", "ONE", "vier \u{fc}", "5"];

/// Adds the steps of an action. An action that the documents do not allow is left out, which gives a shorter sequence.
fn act(laws: &Laws<'_, '_>, story: &mut Story<'_, '_>, action: &Action) {
    let resource = |wanted: u32, story: &Story<'_, '_>| if story.has_others() { wanted } else { 1 };
    match action {
        Action::Write(wanted, entries) => {
            let to = resource(*wanted, story);
            let mut named: Vec<(String, &str)> = Vec::new();
            for (key, text) in entries {
                let key = laws.key(story, *key);
                if laws.keeper.kind != StateKind::Map || named.iter().all(|(other, _)| *other != key) {
                    named.push((key, TEXTS[*text as usize % TEXTS.len()]));
                }
            }
            if !laws.keeper.promises(laws.work.planner, "deduplicates") {
                named.dedup_by(|one, other| one.1 == other.1);
            }
            let entries: Vec<(&str, &str)> = named.iter().map(|(key, text)| (key.as_str(), *text)).collect();
            if let Some(value) = laws.value(story, &entries) {
                let _ = story.write(to, &value, false);
            }
        }
        Action::TakeBack(wanted, keys) => {
            let Some((operation, member)) = laws.keeper.undoing(laws.work.planner) else { return };
            let mut keys: Vec<String> = keys.iter().map(|key| laws.key(story, *key)).collect();
            keys.sort();
            keys.dedup();
            let _ = story.take_back(resource(*wanted, story), operation, member, &keys);
        }
        Action::Refuse(number) => {
            let all = refusals(laws);
            if let Some(refusal) = all.get(*number as usize % all.len().max(1)) {
                let _ = (refusal.tell)(laws, story);
            }
        }
        Action::Look(wanted) => {
            let _ = story.look(resource(*wanted, story));
        }
    }
}

/// Adds a read of every resource at the end, or one more write if only write responses show the stored list.
fn finish(laws: &Laws<'_, '_>, story: &mut Story<'_, '_>) -> Option<()> {
    let resources = if story.has_others() { 1..=2 } else { 1..=1 };
    for resource in resources {
        if laws.keeper.kind == StateKind::List {
            let value = laws.value(story, &[("", "last")])?;
            story.write(resource, &value, true)?;
        }
        story.look(resource)?;
    }
    Some(())
}
