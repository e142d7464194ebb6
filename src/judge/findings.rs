//! Diverging cases, grouped by operation, member, constraint and what was observed.

use super::frame::frame;
use super::oracle::{in_words, size};
use super::{Change, Comparison, Difference, Finding, Judgement, Verdict};
use crate::contract::MemberPath;
use crate::generate::{Case, Intent};
use indexmap::IndexMap;
use std::cell::LazyCell;
use std::collections::HashMap;

/// So many ids are kept for each finding; the count goes on.
const EXAMPLES: usize = 5;
/// So many findings are told apart; the rest share one, so that no server can fill the memory.
const MOST: usize = 10_000;

/// So many violations are accepted before a member is called ignored.
const ENOUGH: u64 = 4;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    scenario: String,
    operation: String,
    member: String,
    constraint: String,
    observed: String,
    /// What was accepted, where that is what is wrong.
    accepted: Option<String>,
    /// Where the server broke; then operation, member and constraint tell nothing apart.
    frame: Option<String>,
}

#[derive(Debug)]
struct Group {
    finding: Finding,
    rank: Rank,
    /// Ids with the size of their request, smallest first.
    examples: Vec<(usize, String)>,
}

/// What to fix first: what breaks valid use, then failures, then what is wrongly accepted, then wrong words,
/// then what is only another answer than the accepted one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    ValidRefused,
    Failure,
    Accepted,
    WrongError,
    Changed,
}

/// What a finding shows of its smallest case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Its request as a curl line, where curl can send it.
    pub curl: Option<String>,
    /// What the server said last, where overstep started it and it failed.
    pub server_output: Vec<String>,
}

/// Collects findings in bounded memory: a group keeps its count and its first few examples.
#[derive(Debug, Default)]
pub struct Findings {
    groups: IndexMap<Key, Group>,
    strict: bool,
    /// Of operations that only models describe, by operation and member of the input: how many violations were
    /// accepted, and how many refused.
    heeded: HashMap<(String, String), (u64, u64)>,
}

impl Findings {
    /// None yet; with `strict`, an accepted divergence is one too.
    pub fn new(strict: bool) -> Self {
        Self { groups: IndexMap::new(), strict, heeded: HashMap::new() }
    }

    /// Adds a case if it diverges; `again` is asked for only when the case becomes its group's first example.
    pub fn add(&mut self, scenario: &str, case: &Case, judgement: &Judgement, again: impl FnOnce() -> Again) {
        self.add_compared(scenario, case, judgement, &Comparison::default(), &[], again);
    }

    /// Adds a case if it diverges and is not known, or if its answer is not the accepted one; failures of the server
    /// whose trace is known are one finding for each place where it broke.
    pub fn add_compared(
        &mut self,
        scenario: &str,
        case: &Case,
        judgement: &Judgement,
        comparison: &Comparison,
        server_output: &[String],
        again: impl FnOnce() -> Again,
    ) {
        let again = LazyCell::new(again);
        for difference in &comparison.differs {
            self.add_difference(scenario, case, judgement, difference, &again);
        }
        // Other values are told by now, and make no change of the whole.
        let rest = (!comparison.differs.is_empty()).then(|| Comparison {
            change: Change::Same,
            differs: Vec::new(),
            ..comparison.clone()
        });
        let comparison = rest.as_ref().unwrap_or(comparison);
        if !comparison.is_finding(judgement.verdict, self.strict) {
            return;
        }
        let (mut member, mut constraint) = place(case);
        if judgement.verdict != Verdict::Diverges && is_of_form(comparison) {
            // Answers of another form have one cause, wherever in an operation they come up.
            (member, constraint) = ("answers".to_owned(), "form".to_owned());
        }
        let failed = judgement.observed.status.is_none_or(|status| status >= 500);
        let frame = failed.then(|| frame(server_output)).flatten();
        let told = |text: String| if frame.is_some() { String::new() } else { text };
        let mut key = Key {
            scenario: scenario.to_owned(),
            operation: told(case.operation.to_string()),
            member: told(member.clone()),
            constraint: told(constraint.clone()),
            observed: judgement.observed.to_string(),
            accepted: comparison.accepted_in_words(),
            frame: frame.clone(),
        };
        if self.groups.len() >= MOST && !self.groups.contains_key(&key) {
            key.member = "others".to_owned();
            key.constraint = "others".to_owned();
            key.observed = "others".to_owned();
            (key.accepted, key.frame) = (None, None);
        }
        let rank = rank(case, judgement);
        let group = self.groups.entry(key).or_insert_with_key(|key| Group::new(key, rank));
        group.finding.cases += 1;
        if frame.is_some() && !group.finding.operations.iter().any(|one| *one == case.operation.as_str()) {
            group.finding.operations.push(case.operation.to_string());
        }
        group.rank = group.rank.min(rank);
        if group.add_example(case) {
            if group.finding.frame.is_some() {
                group.finding.operation = case.operation.to_string();
                (group.finding.member, group.finding.constraint) = (member, constraint);
            }
            group.finding.why = why(judgement, comparison);
            group.finding.curl.clone_from(&again.curl);
            // An example may have been quicker than what the server printed about it.
            if !again.server_output.is_empty() {
                group.finding.server_output.clone_from(&again.server_output);
            }
        }
    }

    /// Answers that say something else at one place have one cause, whatever was asked for.
    fn add_difference(
        &mut self,
        scenario: &str,
        case: &Case,
        judgement: &Judgement,
        difference: &Difference,
        again: &Again,
    ) {
        let mut key = Key {
            scenario: scenario.to_owned(),
            operation: case.operation.to_string(),
            member: "answers".to_owned(),
            constraint: "values".to_owned(),
            observed: judgement.observed.to_string(),
            accepted: Some(difference.at.clone()),
            frame: None,
        };
        if self.groups.len() >= MOST && !self.groups.contains_key(&key) {
            key.accepted = None;
        }
        let group = self.groups.entry(key).or_insert_with_key(|key| Group::new(key, Rank::Changed));
        group.finding.cases += 1;
        if group.add_example(case) {
            let (was, now) = difference.in_words(&judgement.observed.to_string());
            (group.finding.accepted, group.finding.observed) = (Some(was), now);
            group.finding.why = OTHER.to_owned();
            group.finding.curl.clone_from(&again.curl);
        }
    }

    /// Counts one more case of a finding that has its example already; nothing where there is no such finding.
    pub fn count_more(&mut self, scenario: &str, case: &Case, judgement: &Judgement) {
        let (member, constraint) = place(case);
        let observed = judgement.observed.to_string();
        let found = self.groups.iter_mut().find(|(key, _)| {
            key.frame.is_none()
                && (key.scenario.as_str(), key.operation.as_str()) == (scenario, case.operation.as_str())
                && (&key.member, &key.constraint, &key.observed) == (&member, &constraint, &observed)
        });
        if let Some((_, group)) = found {
            group.finding.cases += 1;
        }
    }

    /// Takes note of whether a member is looked at at all, where only models describe the operation: whatever is wrong
    /// with one that is not has one cause.
    pub fn see(&mut self, case: &Case, judgement: &Judgement) {
        let Some(top) = case.member.as_ref().and_then(MemberPath::top).filter(|_| case.intent == Intent::Violates)
        else {
            return;
        };
        let accepted = match judgement.observed.status {
            Some(200..300) => true,
            Some(_) => false,
            None => return,
        };
        let (takes, refuses) = self.heeded.entry((case.operation.to_string(), top.to_owned())).or_default();
        *takes += u64::from(accepted);
        *refuses += u64::from(!accepted);
    }

    /// The member that a finding is about, where the endpoint looks at nothing in it.
    fn ignored(&self, finding: &Finding) -> Option<String> {
        let path = MemberPath::parse(&finding.member)?;
        let top = path.top()?;
        let (accepted, refused) = self.heeded.get(&(finding.operation.clone(), top.to_owned()))?;
        let is_of_it = finding.observed.starts_with('2') && finding.frame.is_none() && finding.accepted.is_none();
        (*refused == 0 && *accepted >= ENOUGH && is_of_it).then(|| top.to_owned())
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether nothing diverged.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The findings, the one to fix first first.
    pub fn sorted(&self) -> Vec<Finding> {
        let mut groups: Vec<&Group> = self.groups.values().collect();
        // Stable: what is equal otherwise stays in plan order.
        groups.sort_by_key(|group| (group.rank, std::cmp::Reverse(group.finding.cases)));
        let mut sorted: Vec<Finding> = Vec::with_capacity(groups.len());
        let mut merged: HashMap<(String, String), usize> = HashMap::new();
        for group in groups {
            let examples = group.examples.iter().map(|(_, id)| id.clone()).collect();
            let mut finding = Finding { examples, ..group.finding.clone() };
            if let Some(member) = self.ignored(&finding) {
                let key = (finding.operation.clone(), member.clone());
                if let Some(at) = merged.get(&key) {
                    let whole: &mut Finding = &mut sorted[*at];
                    whole.cases += finding.cases;
                    whole.examples.extend(finding.examples);
                    whole.examples.truncate(EXAMPLES);
                    continue;
                }
                merged.insert(key, sorted.len());
                (finding.member, finding.constraint) = (member, "ignored".to_owned());
                let why = "nothing that is wrong in it is refused: the endpoint seems not to look at it";
                finding.learnt = Some(why.to_owned());
            }
            sorted.push(finding);
        }
        sorted
    }
}

impl Group {
    fn new(key: &Key, rank: Rank) -> Self {
        let finding = Finding {
            scenario: key.scenario.clone(),
            operation: key.operation.clone(),
            member: key.member.clone(),
            constraint: key.constraint.clone(),
            frame: key.frame.clone(),
            operations: Vec::new(),
            observed: key.observed.clone(),
            cases: 0,
            examples: Vec::new(),
            rule: String::new(),
            source: None,
            expected: String::new(),
            accepted: key.accepted.clone(),
            why: String::new(),
            learnt: None,
            curl: None,
            server_output: Vec::new(),
        };
        Self { finding, rank, examples: Vec::new() }
    }

    /// Takes a case among the examples if it is small enough; whether it is the first of them now.
    fn add_example(&mut self, case: &Case) -> bool {
        let size = size(case);
        let at = self.examples.partition_point(|(other, _)| *other <= size);
        if at == 0 {
            self.finding.rule = case.rule.clone();
            self.finding.source = case.source.as_ref().map(ToString::to_string);
            self.finding.expected = in_words(&case.expectation);
        }
        if at < EXAMPLES {
            self.examples.insert(at, (size, case.id.to_string()));
            self.examples.truncate(EXAMPLES);
        }
        at == 0
    }
}

/// Member and constraint of a case, or what stands for them in its id.
fn place(case: &Case) -> (String, String) {
    let mut parts = case.id.0.splitn(5, '/').skip(2);
    let member = parts.next().unwrap_or(case.class).to_owned();
    (member, parts.next().unwrap_or("case").to_owned())
}

/// Whether an answer says what was accepted, and looks different.
fn is_of_form(comparison: &Comparison) -> bool {
    match (comparison.change, &comparison.accepted, &comparison.seen) {
        (Change::Changed, Some(accepted), Some(seen)) => accepted.to_string() == seen.to_string(),
        _ => false,
    }
}

/// Why an answer that keeps the contract is a finding.
const OTHER: &str = "the answer is not the accepted one";

fn why(judgement: &Judgement, comparison: &Comparison) -> String {
    match judgement.verdict {
        Verdict::Diverges => judgement.why.clone(),
        _ if comparison.change == Change::Changed => OTHER.to_owned(),
        _ => judgement.why.clone(),
    }
}

fn rank(case: &Case, judgement: &Judgement) -> Rank {
    if judgement.verdict != Verdict::Diverges {
        return Rank::Changed;
    }
    match judgement.observed.status {
        // What a named law says explains what a sequence only shows.
        None if case.intent == Intent::Law && case.id.0.contains("/law/sequence/") => Rank::WrongError,
        // What is lost or changed is as bad as what is wrongly accepted.
        None if case.intent == Intent::Law => Rank::Accepted,
        None | Some(500..) => Rank::Failure,
        _ if case.intent == Intent::Valid => Rank::ValidRefused,
        Some(..300) => Rank::Accepted,
        _ => Rank::WrongError,
    }
}
