//! Groups diverging cases by operation, member, constraint and what was observed.
//!
//! It never decides whether a case diverges.

use super::oracle::{describe_expectation, input_size};
use super::stack_trace::innermost_frame;
use super::{Finding, Judgement, SnapshotChange, SnapshotComparison, ValueDifference, Verdict};
use crate::case::{Case, Intent, LawName};
use crate::contract::MemberPath;
use indexmap::IndexMap;
use std::cell::LazyCell;
use std::collections::HashMap;

/// Maximum number of example IDs per finding; further cases are only counted.
const MAX_EXAMPLES: usize = 5;
/// Maximum number of distinct findings. Further ones share one entry, so that no server can exhaust the memory.
const MAX_FINDINGS: usize = 10_000;

/// Minimum number of accepted violations before a member is reported as ignored.
const MIN_ACCEPTED_VIOLATIONS: u64 = 4;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FindingKey {
    scenario: String,
    operation: String,
    member: String,
    constraint: String,
    observed: String,
    /// The accepted response, if the finding is that it changed.
    accepted: Option<String>,
    /// Innermost stack frame of a server failure. Operation, member and constraint are then empty, so that all cases
    /// with this frame form one group.
    frame: Option<String>,
}

#[derive(Debug)]
struct FindingGroup {
    finding: Finding,
    rank: FixPriority,
    /// Example IDs with the size of their input, smallest first.
    examples: Vec<(usize, String)>,
}

/// Order in which to fix findings: rejected valid requests, server failures, accepted invalid requests, wrong errors,
/// and last, responses that only differ from the accepted ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum FixPriority {
    ValidRequestRejected,
    ServerFailure,
    InvalidRequestAccepted,
    WrongError,
    ResponseChanged,
}

/// How to reproduce a finding's smallest case, and what the server printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reproduction {
    /// The request as a curl command, if curl can send it.
    pub curl: Option<String>,
    /// Last lines of the server's output, if overstep started the server and it failed.
    pub server_output: Vec<String>,
}

/// Collects findings in bounded memory: a group keeps its count and a few examples.
#[derive(Debug, Default)]
pub struct Findings {
    groups: IndexMap<FindingKey, FindingGroup>,
    strict: bool,
    /// Numbers of accepted and of rejected violations, by operation and top-level input member, for operations that are
    /// described by models only.
    violation_counts: HashMap<(String, String), (u64, u64)>,
}

impl Findings {
    /// Creates an empty collection. If `strict` is set, accepted divergences count as findings.
    pub fn new(strict: bool) -> Self {
        Self { groups: IndexMap::new(), strict, violation_counts: HashMap::new() }
    }

    /// Adds a case if it diverges. `again` is called only if the case becomes its group's first example.
    pub fn add(&mut self, scenario: &str, case: &Case, judgement: &Judgement, again: impl FnOnce() -> Reproduction) {
        self.add_compared(scenario, case, judgement, &SnapshotComparison::default(), &[], again);
    }

    /// Adds a case if it diverges and is not a known divergence, or if its response differs from the accepted one.
    /// Server failures with a known stack frame form one finding per frame.
    pub fn add_compared(
        &mut self,
        scenario: &str,
        case: &Case,
        judgement: &Judgement,
        comparison: &SnapshotComparison,
        server_output: &[String],
        again: impl FnOnce() -> Reproduction,
    ) {
        let again = LazyCell::new(again);
        for difference in &comparison.value_differences {
            self.add_difference(scenario, case, judgement, difference, &again);
        }
        // The differing values are recorded above and do not count as a change of the whole response.
        let rest = (!comparison.value_differences.is_empty()).then(|| SnapshotComparison {
            change: SnapshotChange::Same,
            value_differences: Vec::new(),
            ..comparison.clone()
        });
        let comparison = rest.as_ref().unwrap_or(comparison);
        if !comparison.is_finding(judgement.verdict, self.strict) {
            return;
        }
        let (mut member, mut constraint) = member_and_constraint(case);
        if judgement.verdict != Verdict::Diverges && differs_in_form_only(comparison) {
            // Responses of a different form have one cause, wherever in an operation they occur.
            (member, constraint) = ("answers".to_owned(), "form".to_owned());
        }
        let failed = judgement.observed.status.is_none_or(|status| status >= 500);
        let frame = failed.then(|| innermost_frame(server_output)).flatten();
        let unless_framed = |text: String| if frame.is_some() { String::new() } else { text };
        let mut key = FindingKey {
            scenario: scenario.to_owned(),
            operation: unless_framed(case.operation.to_string()),
            member: unless_framed(member.clone()),
            constraint: unless_framed(constraint.clone()),
            observed: judgement.observed.to_string(),
            accepted: comparison.describe_accepted(),
            frame: frame.clone(),
        };
        if self.groups.len() >= MAX_FINDINGS && !self.groups.contains_key(&key) {
            key.member = "others".to_owned();
            key.constraint = "others".to_owned();
            key.observed = "others".to_owned();
            (key.accepted, key.frame) = (None, None);
        }
        let rank = fix_priority(case, judgement);
        let group = self.groups.entry(key).or_insert_with_key(|key| FindingGroup::new(key, rank));
        group.finding.case_count += 1;
        if frame.is_some() && !group.finding.operations.iter().any(|one| *one == case.operation.as_str()) {
            group.finding.operations.push(case.operation.to_string());
        }
        group.rank = group.rank.min(rank);
        if group.add_example(case) {
            if group.finding.frame.is_some() {
                group.finding.operation = case.operation.to_string();
                (group.finding.member, group.finding.constraint) = (member, constraint);
            }
            group.finding.why = finding_reason(judgement, comparison);
            group.finding.curl.clone_from(&again.curl);
            // The server may print its output after the response; an empty output must not replace a known one.
            if !again.server_output.is_empty() {
                group.finding.server_output.clone_from(&again.server_output);
            }
        }
    }

    /// Adds a finding for a differing value. Responses that differ at the same path have one cause, whatever was
    /// requested.
    fn add_difference(
        &mut self,
        scenario: &str,
        case: &Case,
        judgement: &Judgement,
        difference: &ValueDifference,
        again: &Reproduction,
    ) {
        let mut key = FindingKey {
            scenario: scenario.to_owned(),
            operation: case.operation.to_string(),
            member: "answers".to_owned(),
            constraint: "values".to_owned(),
            observed: judgement.observed.to_string(),
            accepted: Some(difference.at.clone()),
            frame: None,
        };
        if self.groups.len() >= MAX_FINDINGS && !self.groups.contains_key(&key) {
            key.accepted = None;
        }
        let group =
            self.groups.entry(key).or_insert_with_key(|key| FindingGroup::new(key, FixPriority::ResponseChanged));
        group.finding.case_count += 1;
        if group.add_example(case) {
            let (was, now) = difference.describe(&judgement.observed.to_string());
            (group.finding.accepted, group.finding.observed) = (Some(was), now);
            group.finding.why = RESPONSE_CHANGED.to_owned();
            group.finding.curl.clone_from(&again.curl);
        }
    }

    /// Counts one more case of an existing finding; does nothing if there is no such finding.
    pub fn count_repeat(&mut self, scenario: &str, case: &Case, judgement: &Judgement) {
        let (member, constraint) = member_and_constraint(case);
        let observed = judgement.observed.to_string();
        let found = self.groups.iter_mut().find(|(key, _)| {
            key.frame.is_none()
                && (key.scenario.as_str(), key.operation.as_str()) == (scenario, case.operation.as_str())
                && (&key.member, &key.constraint, &key.observed) == (&member, &constraint, &observed)
        });
        if let Some((_, group)) = found {
            group.finding.case_count += 1;
        }
    }

    /// Records whether a violation was accepted, for operations that are described by models only. If an endpoint
    /// ignores a member, all its accepted violations have one cause.
    pub fn record_violation(&mut self, case: &Case, judgement: &Judgement) {
        let Some(top) =
            case.member.as_ref().and_then(MemberPath::top_member).filter(|_| case.intent == Intent::Violates)
        else {
            return;
        };
        let accepted = match judgement.observed.status {
            Some(200..300) => true,
            Some(_) => false,
            None => return,
        };
        let (accepted_count, rejected_count) =
            self.violation_counts.entry((case.operation.to_string(), top.to_owned())).or_default();
        *accepted_count += u64::from(accepted);
        *rejected_count += u64::from(!accepted);
    }

    /// Returns the finding's top-level member if the endpoint seems to ignore it.
    fn ignored_member(&self, finding: &Finding) -> Option<String> {
        let path = MemberPath::parse(&finding.member)?;
        let top = path.top_member()?;
        let (accepted, refused) = self.violation_counts.get(&(finding.operation.clone(), top.to_owned()))?;
        let is_plain_acceptance =
            finding.observed.starts_with('2') && finding.frame.is_none() && finding.accepted.is_none();
        (*refused == 0 && *accepted >= MIN_ACCEPTED_VIOLATIONS && is_plain_acceptance).then(|| top.to_owned())
    }

    /// Returns the number of findings.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Returns true if there are no findings.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Returns the findings, the most urgent one first.
    pub fn sorted(&self) -> Vec<Finding> {
        let mut groups: Vec<&FindingGroup> = self.groups.values().collect();
        // The sort is stable: groups that compare equal stay in plan order.
        groups.sort_by_key(|group| (group.rank, std::cmp::Reverse(group.finding.case_count)));
        let mut sorted: Vec<Finding> = Vec::with_capacity(groups.len());
        let mut merged: HashMap<(String, String), usize> = HashMap::new();
        for group in groups {
            let examples = group.examples.iter().map(|(_, id)| id.clone()).collect();
            let mut finding = Finding { examples, ..group.finding.clone() };
            if let Some(member) = self.ignored_member(&finding) {
                let key = (finding.operation.clone(), member.clone());
                if let Some(at) = merged.get(&key) {
                    let whole: &mut Finding = &mut sorted[*at];
                    whole.case_count += finding.case_count;
                    whole.examples.extend(finding.examples);
                    whole.examples.truncate(MAX_EXAMPLES);
                    continue;
                }
                merged.insert(key, sorted.len());
                (finding.member, finding.constraint) = (member, "ignored".to_owned());
                let why = "every invalid value was accepted: the endpoint seems to ignore this member";
                finding.discovery = Some(why.to_owned());
            }
            sorted.push(finding);
        }
        sorted
    }
}

impl FindingGroup {
    fn new(key: &FindingKey, rank: FixPriority) -> Self {
        let finding = Finding {
            scenario: key.scenario.clone(),
            operation: key.operation.clone(),
            member: key.member.clone(),
            constraint: key.constraint.clone(),
            frame: key.frame.clone(),
            operations: Vec::new(),
            observed: key.observed.clone(),
            case_count: 0,
            examples: Vec::new(),
            rule: String::new(),
            source: None,
            expected: String::new(),
            accepted: key.accepted.clone(),
            why: String::new(),
            discovery: None,
            curl: None,
            server_output: Vec::new(),
        };
        Self { finding, rank, examples: Vec::new() }
    }

    /// Adds a case to the examples if it is small enough; returns true if it is now the first one.
    fn add_example(&mut self, case: &Case) -> bool {
        let size = input_size(case);
        let at = self.examples.partition_point(|(other, _)| *other <= size);
        if at == 0 {
            self.finding.rule = case.rule.clone();
            self.finding.source = case.source.as_ref().map(ToString::to_string);
            self.finding.expected = describe_expectation(&case.expectation);
        }
        if at < MAX_EXAMPLES {
            self.examples.insert(at, (size, case.id.to_string()));
            self.examples.truncate(MAX_EXAMPLES);
        }
        at == 0
    }
}

/// Returns the member and constraint of a case, or the parts of its ID in their place.
fn member_and_constraint(case: &Case) -> (String, String) {
    (case.id.subject_text().to_owned(), case.id.kind_text().to_owned())
}

/// Returns true if status and error match the accepted response and only the form differs.
fn differs_in_form_only(comparison: &SnapshotComparison) -> bool {
    match (comparison.change, &comparison.accepted, &comparison.observed) {
        (SnapshotChange::Changed, Some(accepted), Some(seen)) => accepted.to_string() == seen.to_string(),
        _ => false,
    }
}

/// Reason for a finding whose response keeps the contract.
const RESPONSE_CHANGED: &str = "the response differs from the accepted one";

fn finding_reason(judgement: &Judgement, comparison: &SnapshotComparison) -> String {
    match judgement.verdict {
        Verdict::Diverges => judgement.why.clone(),
        _ if comparison.change == SnapshotChange::Changed => RESPONSE_CHANGED.to_owned(),
        _ => judgement.why.clone(),
    }
}

fn fix_priority(case: &Case, judgement: &Judgement) -> FixPriority {
    if judgement.verdict != Verdict::Diverges {
        return FixPriority::ResponseChanged;
    }
    match judgement.observed.status {
        // A violated named law explains what a sequence of requests only shows.
        None if case.intent == Intent::Law && case.id.law() == Some(LawName::Sequence) => FixPriority::WrongError,
        // Lost or changed data is as bad as an accepted invalid request.
        None if case.intent == Intent::Law => FixPriority::InvalidRequestAccepted,
        None | Some(500..) => FixPriority::ServerFailure,
        _ if case.intent == Intent::Valid => FixPriority::ValidRequestRejected,
        Some(..300) => FixPriority::InvalidRequestAccepted,
        _ => FixPriority::WrongError,
    }
}
