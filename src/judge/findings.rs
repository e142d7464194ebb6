//! Collects diverging cases in groups of one operation, member, constraint and response, and turns their causes into
//! findings.
//!
//! It never decides whether a case diverges, nor which groups have one cause.

use super::causes::{
    CaseFacts, Contradictions, Divergence, Explanation, FailureText, OTHER_VALUE, Outcome, find_causes,
    mask_member_path, mask_sent_values, mask_variable_parts, sent_input,
};
use super::codes::classify_finding;
use super::fix_priority::{FixPriority, fix_priority};
use super::oracle::{describe_expectation, input_size};
use super::rule_doubt::{DOUBT, RuleDoubts};
use super::stack_trace::innermost_frame;
use super::{
    Finding, FindingCode, FindingPart, Judgement, SnapshotChange, SnapshotComparison, ValueDifference, Verdict,
};
use crate::case::{Case, CaseId, CaseKind, CaseSubject, Intent};
use crate::contract::{Constraint, Contract, MemberPath};
use indexmap::IndexMap;
use std::borrow::Cow;
use std::cell::LazyCell;

/// Maximum number of example IDs per finding; further cases are only counted.
const MAX_EXAMPLES: usize = 5;
/// Maximum number of groups. Further ones share one entry, so that no server can exhaust the memory.
const MAX_GROUPS: usize = 10_000;
/// Maximum number of case ids that are kept for all findings together; further cases are only counted.
const MAX_CASE_IDS: usize = 100_000;

/// A judged case, with everything that may tell its cause.
#[derive(Clone, Copy, Debug)]
pub struct CaseEvidence<'a> {
    /// The scenario.
    pub scenario: &'a str,
    /// The case.
    pub case: &'a Case,
    /// Its verdict and what was received.
    pub judgement: &'a Judgement,
    /// The comparison of the response with the accepted one.
    pub comparison: &'a SnapshotComparison,
    /// What the server printed during the case.
    pub server_output: &'a [String],
    /// The message of the response, if it is an error.
    pub message: Option<&'a str>,
    /// The contract, which tells the shape of the member under test.
    pub contract: Option<&'a Contract>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct GroupKey {
    scenario: String,
    operation: String,
    member: String,
    constraint: String,
    /// The kind of a wrong type, because parsers differ in which types they accept.
    variant: Option<String>,
    intent: Intent,
    observed: String,
    /// The accepted response, if the finding is that it changed.
    accepted: Option<String>,
    /// How the server described its failure, or why it rejected a valid request.
    text: Option<String>,
}

#[derive(Debug)]
struct DivergenceGroup {
    finding: Finding,
    divergence: Divergence,
    rank: FixPriority,
    /// Example IDs with the size of their input, smallest first.
    examples: Vec<(usize, String)>,
    ids: Vec<CaseId>,
}

/// How to reproduce a finding's smallest case, and what the server printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reproduction {
    /// The request as a curl command, if curl can send it.
    pub curl: Option<String>,
    /// Last lines of the server's output, if overstep started the server and it failed.
    pub server_output: Vec<String>,
}

/// Collects diverging cases in bounded memory: a group keeps its count and a few examples.
#[derive(Debug, Default)]
pub struct Findings {
    groups: IndexMap<GroupKey, DivergenceGroup>,
    contradictions: Contradictions,
    doubts: RuleDoubts,
    strict: bool,
    kept_ids: usize,
}

impl Findings {
    /// Creates an empty collection. If `strict` is set, accepted divergences count as findings.
    pub fn new(strict: bool) -> Self {
        Self { strict, ..Self::default() }
    }

    /// Adds a case that is compared with nothing. `again` is called only if the case becomes its group's first example.
    pub fn add(&mut self, scenario: &str, case: &Case, judgement: &Judgement, again: impl FnOnce() -> Reproduction) {
        let comparison = &SnapshotComparison::default();
        let evidence =
            CaseEvidence { scenario, case, judgement, comparison, server_output: &[], message: None, contract: None };
        self.add_case(&evidence, again);
    }

    /// Adds a case. It belongs to a finding if it diverges and is not a known divergence, or if its response differs
    /// from the accepted one; otherwise it may contradict causes.
    pub fn add_case(&mut self, evidence: &CaseEvidence<'_>, again: impl FnOnce() -> Reproduction) {
        let CaseEvidence { case, judgement, comparison, .. } = *evidence;
        let again = LazyCell::new(again);
        let facts = CaseFacts::new(case, judgement);
        if let Some(facts) = &facts {
            self.contradictions.record(facts);
            self.doubts.record(case, facts, evidence.contract);
        }
        for difference in &comparison.value_differences {
            self.add_difference(evidence, difference, &again);
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
        let form_only = judgement.verdict != Verdict::Diverges && differs_in_form_only(comparison);
        if form_only {
            // Responses of a different form have one cause, wherever in an operation they occur.
            (member, constraint) = ("answers".to_owned(), "form".to_owned());
        }
        let divergence = describe_divergence(evidence, comparison, facts.map(|facts| facts.outcome));
        let failure = divergence.failure.as_ref().map(|failure| failure.as_str().to_owned());
        let is_type = case.id.kind().constraint() == Some(Constraint::Type) && !form_only;
        let key = GroupKey {
            scenario: evidence.scenario.to_owned(),
            operation: case.operation.to_string(),
            member,
            constraint,
            variant: is_type.then(|| case.id.variant().to_owned()),
            intent: if form_only { Intent::Probe } else { case.intent },
            observed: judgement.observed.to_string(),
            accepted: comparison.describe_accepted(),
            text: failure.or_else(|| divergence.rejection.clone()),
        };
        let why = finding_reason(judgement, comparison);
        let code = classify_finding(case, judgement, comparison);
        let keeps_id = self.reserve_case_id();
        let group = self.group(key, divergence, fix_priority(case, judgement));
        group.count_case(case, keeps_id);
        if group.add_example(case) {
            (group.finding.why, group.finding.code) = (why, code);
            group.finding.curl.clone_from(&again.curl);
            // The server may print its output after the response; an empty output must not replace a known one.
            if !again.server_output.is_empty() {
                group.finding.server_output.clone_from(&again.server_output);
            }
        }
    }

    /// Returns the group of this key. Beyond the maximum number of groups, all further cases share one.
    fn group(&mut self, mut key: GroupKey, mut divergence: Divergence, rank: FixPriority) -> &mut DivergenceGroup {
        if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&key) {
            for text in [&mut key.member, &mut key.constraint, &mut key.observed] {
                "others".clone_into(text);
            }
            (key.accepted, key.text, key.variant) = (None, None, None);
            divergence.is_mixed = true;
        }
        let group = self.groups.entry(key).or_insert_with_key(|key| DivergenceGroup::new(key, divergence, rank));
        group.rank = group.rank.min(rank);
        group
    }

    /// Returns true if the id of one more case is kept.
    fn reserve_case_id(&mut self) -> bool {
        let keeps_id = self.kept_ids < MAX_CASE_IDS;
        self.kept_ids += usize::from(keeps_id);
        keeps_id
    }

    /// Adds a group for a differing value. Responses that differ at the same path have one cause, whatever was
    /// requested.
    fn add_difference(&mut self, evidence: &CaseEvidence<'_>, difference: &ValueDifference, again: &Reproduction) {
        let CaseEvidence { case, judgement, .. } = *evidence;
        let observed = judgement.observed.to_string();
        let key = GroupKey {
            scenario: evidence.scenario.to_owned(),
            operation: case.operation.to_string(),
            member: "answers".to_owned(),
            constraint: "values".to_owned(),
            variant: None,
            intent: Intent::Probe,
            observed: observed.clone(),
            accepted: Some(difference.at.clone()),
            text: None,
        };
        let mut divergence = describe_divergence(evidence, &SnapshotComparison::default(), None);
        let (was, now) = difference.describe(&observed);
        (divergence.accepted, divergence.observed) = (Some(difference.at.clone()), OTHER_VALUE.to_owned());
        let keeps_id = self.reserve_case_id();
        let group = self.group(key, divergence, FixPriority::ResponseChanged);
        group.count_case(case, keeps_id);
        if group.add_example(case) {
            (group.finding.accepted, group.finding.observed) = (Some(was), now);
            (group.finding.why, group.finding.code) = (RESPONSE_CHANGED.to_owned(), FindingCode::OV703ValueDiffers);
            group.finding.curl.clone_from(&again.curl);
        }
    }

    /// Counts one more case of an existing group; does nothing if there is no such group.
    pub fn count_repeat(&mut self, scenario: &str, case: &Case, judgement: &Judgement) {
        let (member, constraint) = member_and_constraint(case);
        let observed = judgement.observed.to_string();
        let found = self.groups.iter_mut().find(|(key, group)| {
            group.finding.frame.is_none()
                && (key.scenario.as_str(), key.operation.as_str()) == (scenario, case.operation.as_str())
                && (&key.member, &key.constraint, &key.observed) == (&member, &constraint, &observed)
        });
        if let Some((_, group)) = found {
            group.finding.case_count += 1;
        }
    }

    /// Returns the number of groups of diverging cases, which is at least that of the findings.
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// Returns true if there are no findings.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Returns the findings, one for each cause, the most urgent one first.
    pub fn sorted(&self) -> Vec<Finding> {
        let groups: Vec<&DivergenceGroup> = self.groups.values().collect();
        let divergence =
            |group: &&DivergenceGroup| Divergence { case_count: group.finding.case_count, ..group.divergence.clone() };
        let divergences: Vec<Divergence> = groups.iter().map(divergence).collect();
        let mut found: Vec<(FixPriority, Finding)> = find_causes(&divergences, &self.contradictions)
            .iter()
            .map(|explanation| merge_groups(&groups, explanation))
            .collect();
        // The sort is stable: findings that compare equal stay in plan order.
        found.sort_by_key(|(rank, finding)| {
            (*rank, std::cmp::Reverse(finding.operations.len()), std::cmp::Reverse(finding.case_count))
        });
        found.into_iter().map(|(_, finding)| self.with_doubt(finding)).collect()
    }

    /// Adds to a finding that its sentence may be wrong, if nothing shows that its rule is enforced.
    fn with_doubt(&self, mut finding: Finding) -> Finding {
        if self.doubts.is_doubted(&finding.operation, &finding.rule) {
            finding.rule = format!("{} ({DOUBT})", finding.rule);
        }
        finding
    }
}

/// Returns what the search for causes needs to know of a diverging case.
fn describe_divergence(
    evidence: &CaseEvidence<'_>,
    comparison: &SnapshotComparison,
    outcome: Option<Outcome>,
) -> Divergence {
    let CaseEvidence { case, judgement, .. } = *evidence;
    let observed = &judgement.observed;
    let operation = case.operation.as_str();
    let has_failed = observed.status.is_none_or(|status| status >= 500);
    let frame = || innermost_frame(evidence.server_output).map(FailureText::Frame);
    let sent = sent_input(case);
    let text =
        evidence.message.map(|message| sent.map_or(Cow::Borrowed(message), |sent| mask_sent_values(message, sent)));
    let message = || FailureText::from_message(text.as_deref()?, operation);
    let is_rejected = observed.status.is_some_and(|status| (400..500).contains(&status));
    let shape = || {
        let CaseSubject::Member(path) = case.id.subject() else { return None };
        Some(evidence.contract?.input_shape_at(operation, path)?.to_string())
    };
    Divergence {
        operation: operation.to_owned(),
        id: case.id.clone(),
        intent: case.intent,
        outcome: outcome.unwrap_or(Outcome::Failed),
        observed: observed.to_string(),
        wrong_form: observed.note.clone().filter(|_| observed.status.is_some_and(|status| status < 500)),
        accepted: comparison.describe_accepted(),
        form_change: comparison.describe_form_change(),
        failure: if has_failed { frame().or_else(message) } else { None },
        rejection: text
            .as_deref()
            .filter(|_| is_rejected && case.intent == Intent::Valid)
            .map(|message| mask_variable_parts(&mask_rejected_place(message, &case.id), operation)),
        shape: shape(),
        rule: case.rule.clone(),
        case_count: 0,
        is_mixed: false,
    }
}

/// Replaces the place of the member under test in the message of its rejection, unless the case is about a limit: limits of
/// different members are different rules, whatever the words.
fn mask_rejected_place<'m>(message: &'m str, id: &CaseId) -> Cow<'m, str> {
    let member = match (id.kind(), id.subject()) {
        (CaseKind::OptionalMember | CaseKind::OtherValue, _) => MemberPath::parse(id.variant()),
        (kind, CaseSubject::Member(path)) if matches!(kind.constraint(), None | Some(Constraint::Type)) => {
            Some(path.clone())
        }
        _ => None,
    };
    member.map_or(Cow::Borrowed(message), |path| mask_member_path(message, &path))
}

/// Returns the finding of a cause: its smallest example of the most urgent group, and what all of its groups add up to.
fn merge_groups(groups: &[&DivergenceGroup], explanation: &Explanation) -> (FixPriority, Finding) {
    let explained: Vec<&DivergenceGroup> = explanation.groups.iter().map(|index| groups[*index]).collect();
    let smallest = |group: &&&DivergenceGroup| group.examples.first().map_or(usize::MAX, |(size, _)| *size);
    let is_pair = |group: &DivergenceGroup| matches!(group.divergence.id.kind(), CaseKind::Pair(..));
    let first = explained
        .iter()
        .min_by_key(|group| (is_pair(group), group.rank, smallest(group)))
        .expect("a cause explains at least one group");
    let mut finding = first.finding.clone();
    finding.cause = explanation.kind;
    let describes_other_failure = |group: &&&DivergenceGroup| {
        !is_pair(group) && (&group.finding.frame, &group.finding.message) != (&finding.frame, &finding.message)
    };
    if explained.iter().any(|group| describes_other_failure(&group)) {
        // The statement is about all of them.
        (finding.frame, finding.message) = (None, None);
    }
    finding.statement.clone_from(&explanation.statement);
    let mut examples: Vec<&(usize, String)> = explained.iter().flat_map(|group| &group.examples).collect();
    examples.sort_by_key(|(size, _)| *size);
    let own_first = first.examples.first().map(|(_, id)| id.clone());
    let others = examples.into_iter().map(|(_, id)| id.clone()).filter(|id| Some(id) != own_first.as_ref());
    finding.examples = own_first.clone().into_iter().chain(others).take(MAX_EXAMPLES).collect();
    finding.case_count = explained.iter().map(|group| group.finding.case_count).sum();
    for group in &explained {
        if !finding.operations.contains(&group.finding.operation) {
            finding.operations.push(group.finding.operation.clone());
        }
        finding.case_ids.extend(group.ids.iter().map(ToString::to_string));
        finding.parts.push(FindingPart {
            operation: group.finding.operation.clone(),
            member: group.finding.member.clone(),
            constraint: group.finding.constraint.clone(),
            observed: group.finding.observed.clone(),
            case_count: group.finding.case_count,
        });
    }
    // A request with two faults may fail for the other one.
    let alone = explained.iter().filter(|group| !is_pair(group)).map(|group| group.rank).min();
    let rank = alone.or_else(|| explained.iter().map(|group| group.rank).min()).unwrap_or(first.rank);
    (rank, finding)
}

impl DivergenceGroup {
    fn new(key: &GroupKey, divergence: Divergence, rank: FixPriority) -> Self {
        let (frame, message) = match &divergence.failure {
            Some(FailureText::Frame(frame)) => (Some(frame.clone()), None),
            Some(FailureText::Message(message)) => (None, Some(message.clone())),
            None => (None, None),
        };
        let finding = Finding {
            // The first example sets it.
            code: FindingCode::OV701ResponseChanged,
            scenario: key.scenario.clone(),
            operation: key.operation.clone(),
            member: key.member.clone(),
            constraint: key.constraint.clone(),
            cause: "",
            statement: None,
            frame,
            message,
            operations: Vec::new(),
            parts: Vec::new(),
            case_ids: Vec::new(),
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
        Self { finding, divergence, rank, examples: Vec::new(), ids: Vec::new() }
    }

    fn count_case(&mut self, case: &Case, keeps_id: bool) {
        self.finding.case_count += 1;
        if keeps_id {
            self.ids.push(case.id.clone());
        }
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
