//! Causes: which diverging cases become one finding, and what contradicts a cause.

use super::outcome::*;
use overstep::case::{Case, CaseClass, Intent};
use overstep::contract::MemberPath;
use overstep::judge::{CaseEvidence, Finding, Findings, Judgement, ObservedOutcome, Reproduction, Verdict};
use overstep::judge::{SnapshotChange, SnapshotComparison};
use overstep::snapshot::ObservedBehavior;

fn case_with_id(id: &str) -> Case {
    let mut case = case("Do", silent());
    case.id = id.parse().expect(id);
    case.operation = case.id.operation().into();
    case.member = MemberPath::parse(case.id.subject_text());
    case.intent = match case.id.class() {
        // The documents allow null.
        None if id.ends_with("/type/null") => Intent::Valid,
        None | Some(CaseClass::Pair) => Intent::Violates,
        Some(CaseClass::Malformed) => Intent::Malformed,
        Some(CaseClass::Auth) => Intent::Auth,
        Some(CaseClass::Missing) => Intent::Missing,
        Some(CaseClass::Law) => Intent::Law,
        Some(_) => Intent::Valid,
    };
    case
}

fn observed(text: &str) -> ObservedOutcome {
    let (status, error) = text.split_once(' ').map_or((text, None), |(status, error)| (status, Some(error.to_owned())));
    ObservedOutcome::new(status.parse().ok(), error)
}

/// The cases of a run: `+` passed, `-` diverged; then the id, the response, and a message if there is one.
fn findings_of(lines: &[&str]) -> Vec<Finding> {
    let mut findings = Findings::new(false);
    for line in lines {
        let parts: Vec<&str> = line.splitn(4, " | ").collect();
        let (sign, case, observed) = (parts[0], case_with_id(parts[1]), observed(parts[2]));
        let verdict = if sign == "-" { Verdict::Diverges } else { Verdict::Pass };
        let judgement = Judgement { verdict, observed, why: "why".to_owned() };
        let comparison = SnapshotComparison::default();
        let evidence = CaseEvidence {
            scenario: "s",
            case: &case,
            judgement: &judgement,
            comparison: &comparison,
            server_output: &[],
            message: parts.get(3).copied(),
            contract: None,
        };
        findings.add_case(&evidence, Reproduction::default);
    }
    findings.sorted()
}

/// Returns each finding as its kind, its number of cases and its statement.
fn summarize(lines: &[&str]) -> Vec<String> {
    let describe = |finding: Finding| {
        let place = format!("{}/{}/{}", finding.operation, finding.member, finding.constraint);
        let cases: u64 = finding.parts.iter().map(|part| part.case_count).sum();
        assert_eq!(cases, finding.case_count, "the parts add up");
        assert_eq!(finding.case_ids.len() as u64, finding.case_count, "all ids are listed");
        format!("{} {}: {}", finding.cause, finding.case_count, finding.statement.unwrap_or(place))
    };
    findings_of(lines).into_iter().map(describe).collect()
}

#[test]
fn unchecked_credentials_are_one_finding_and_explain_pairs() {
    let lines = [
        "- | s/One/auth/unauthenticated/no-header | 200",
        "- | s/One/auth/unauthenticated/empty | 200",
        "- | s/Two/auth/unauthenticated/no-header | 200",
        "- | s/Three/pair/auth+length/no-header+name | 200",
        "- | s/Two/pair/required+length/id+name | 200",
    ];
    assert_eq!(
        summarize(&lines),
        [
            "unchecked-credentials 4: requests without valid credentials are accepted",
            "single 1: Two/pair/required+length",
        ]
    );
}

#[test]
fn a_pair_is_explained_by_a_fault_that_is_told_alone() {
    let alone = "- | s/One/name/length/above-max | 200";
    let pair = "- | s/One/pair/required+length/id+name | 200";
    assert_eq!(summarize(&[alone, pair]), ["single 2: One/name/length"]);
    let below = "- | s/One/pair/required+length/id+name-below-min | 200";
    assert_eq!(summarize(&[alone, below]), ["single 2: One/name/length"]);
    let other_member = "- | s/One/pair/required+length/id+title | 200";
    assert_eq!(summarize(&[alone, other_member]).len(), 2);
    let other_operation = "- | s/Two/pair/required+length/id+name | 200";
    assert_eq!(summarize(&[alone, other_operation]).len(), 2);
}

#[test]
fn one_kind_of_damage_is_one_finding() {
    let lines = [
        "- | s/One/malformed/trailing/brace | 200",
        "- | s/Two/malformed/trailing/brace | 200",
        "- | s/Two/malformed/truncated/half | 200",
        "- | s/One/malformed/utf-8/name | 500",
        "- | s/Two/malformed/not-json/text | 500",
        "+ | s/Three/malformed/trailing/brace | 400",
    ];
    assert_eq!(
        summarize(&lines),
        [
            "damaged-body 2: malformed bodies get 500",
            "damaged-body 2: malformed bodies are accepted (trailing)",
            "single 1: Two/malformed/truncated",
        ]
    );
}

#[test]
fn one_kind_of_damage_that_fails_in_many_operations_is_one_finding() {
    let failing = [
        "- | s/One/malformed/not-an-object/list | 500 | `list` has no `get` in put_one",
        "- | s/Two/malformed/not-an-object/list | 500 | `list` has no `pop` in get_two",
        "- | s/Three/malformed/not-an-object/list | 500 | `str` is no index of three",
    ];
    let merged = summarize(&failing);
    assert_eq!(merged, ["failure-on-damage 3: malformed bodies make the server fail (not-an-object)"]);
    assert_eq!(summarize(&failing[..2]).len(), 2);
    // Failures with one text have one cause, which tells more.
    let same: Vec<String> = ["One", "Two", "Three", "Four"]
        .iter()
        .map(|operation| format!("- | s/{operation}/malformed/not-an-object/list | 500 | bad decoder state"))
        .collect();
    let same: Vec<&str> = same.iter().map(String::as_str).collect();
    assert_eq!(summarize(&same), ["same-failure 4: the server fails with \"bad decoder state\""]);
}

#[test]
fn a_constraint_that_is_never_enforced_is_one_finding() {
    let accepted = [
        "- | s/One/name/pattern/a | 200",
        "- | s/One/title/pattern/a | 200",
        "- | s/Two/label/pattern/a | 204",
        "- | s/Two/label/enum/a | 204",
    ];
    let merged = ["unchecked-constraint 3: no `pattern` constraint is enforced", "single 1: Two/label/enum"];
    assert_eq!(summarize(&accepted), merged);
    let rejected = "+ | s/Three/key/pattern/a | 400";
    let apart = summarize(&[&accepted[..], &[rejected]].concat());
    assert_eq!(
        apart,
        [
            "unchecked-constraint-of-operation 2: One enforces no `pattern` constraint",
            "single 1: Two/label/pattern",
            "single 1: Two/label/enum",
        ]
    );
}

#[test]
fn a_constraint_that_is_hardly_enforced_is_one_finding() {
    let accepted: Vec<String> =
        (0..8).map(|index| format!("- | s/Op{}/member{index}/length/above-max | 200", index % 2)).collect();
    let enforced: Vec<String> =
        (0..3).map(|index| format!("+ | s/Op{index}/key{index}/length/above-max | 400")).collect();
    let summary = |enforced: &[String]| {
        let lines: Vec<&str> = accepted.iter().chain(enforced).map(String::as_str).collect();
        summarize(&lines)
    };
    assert_eq!(summary(&[]), ["unchecked-constraint 8: no `length` constraint is enforced"]);
    assert_eq!(summary(&enforced[..2]), ["lax-constraint 8: most `length` constraints are not enforced"]);
    // With one member in three, the others are faults of their own.
    assert!(summary(&enforced).len() > 1, "{:?}", summary(&enforced));
}

#[test]
fn names_of_nothing_violate_no_constraint() {
    let lines = ["- | s/One/missing/id/unknown | 200", "- | s/Two/missing/id/unknown | 200"];
    assert_eq!(summarize(&lines), ["single 1: One/missing/id", "single 1: Two/missing/id"]);
    let all = [&lines[..], &["- | s/Three/missing/id/unknown | 200"]].concat();
    assert_eq!(summarize(&all), ["unchecked-existence 3: requests for resources that do not exist are accepted"]);
}

#[test]
fn a_failure_of_two_faults_does_not_raise_a_finding_of_one() {
    let lines = [
        "- | s/One/name/length/above-max | 200",
        "- | s/One/pair/required+length/id+name | 500",
        "- | s/Two/title/enum/lower-case | 500",
    ];
    assert_eq!(summarize(&lines), ["single 1: Two/title/enum", "single 2: One/name/length"]);
}

#[test]
fn members_of_one_name_with_one_rule_are_one_finding() {
    let lines = [
        "- | s/One/tags{key}/length/above-max | 200",
        "- | s/Two/filter.tags{key}/length/above-max | 200",
        "+ | s/Two/name/length/above-max | 400",
        "+ | s/One/name/length/above-max | 400",
    ];
    assert_eq!(summarize(&lines), ["shared-member 2: members `tags{key}`: `length` is not enforced"]);
}

#[test]
fn failures_with_one_message_are_one_finding() {
    let lines = [
        "- | s/One/name/type/number | 500 | 'int' object has no attribute 'lower'",
        "- | s/Two/malformed/null/root | 500 | 'NoneType' object has no attribute 'get'",
        "- | s/Two/count/type/text | 500 | list index out of range",
        "- | s/Two/size/length/above-max | 500 | Internal Server Error",
    ];
    let found = findings_of(&lines);
    let statements: Vec<_> = found.iter().map(|finding| (finding.cause, finding.case_count)).collect();
    assert_eq!(statements, [("same-failure", 2), ("single", 1), ("single", 1)]);
    assert_eq!(found[0].message.as_deref(), Some("… object has no attribute …"));
    assert_eq!(found[0].operations, ["One", "Two"]);
}

#[test]
fn different_failures_of_one_operation_are_different_findings() {
    let lines = [
        "- | s/One/a/type/x | 500 | 'int' object has no attribute 'a'",
        "- | s/One/b/type/x | 500 | list index out of range",
        "- | s/One/c/type/x | 500 | division by zero",
    ];
    assert_eq!(summarize(&lines).len(), 3);
    let generic = lines.map(|line| line.rsplit_once(" | ").expect("a message").0);
    assert_eq!(summarize(&generic), ["unchecked-operation 3: One answers invalid input with 500"]);
}

#[test]
fn cases_beyond_the_maximum_number_of_groups_have_no_common_cause() {
    let accepted: Vec<String> =
        (0..10_000).map(|number| format!("- | s/One/m{number}/length/x | 400 E{number}")).collect();
    let mut lines: Vec<&str> = accepted.iter().map(String::as_str).collect();
    lines.extend(["- | s/One/name/pattern/x | 200", "- | s/One/title/pattern/x | 200", "- | s/One/title/enum/x | 200"]);
    let found = findings_of(&lines);
    let others = found.iter().find(|finding| finding.member == "others").expect("a finding for all others");
    assert_eq!((others.cause, others.case_count, &others.statement), ("single", 3, &None));
}

#[test]
fn an_operation_that_validates_nothing_is_one_finding() {
    let accepted = ["- | s/One/a/type/x | 200", "- | s/One/b/length/x | 200", "- | s/One/c/enum/x | 200"];
    assert_eq!(summarize(&accepted), ["unchecked-operation 3: One accepts any invalid input"]);
    let rejected = "+ | s/One/d/enum/x | 400";
    assert_eq!(summarize(&[&accepted[..], &[rejected]].concat()).len(), 3);
}

#[test]
fn an_ignored_member_is_one_finding() {
    let accepted = [
        "- | s/One/name/length/above-max | 200",
        "- | s/One/name/length/below-min | 200",
        "- | s/One/name.first/enum/x | 200",
        "- | s/One/name.first/enum/y | 200",
    ];
    assert_eq!(summarize(&accepted), ["ignored-member 4: One ignores `name`: every invalid value is accepted"]);
    assert_eq!(summarize(&accepted[1..]).len(), 2, "three accepted violations are too few");
    let rejected = "+ | s/One/name/type/number | 400";
    assert_eq!(summarize(&[&accepted[..], &[rejected]].concat()).len(), 2);
    let valid = "+ | s/One/valid/member/name | 400";
    assert_eq!(summarize(&[&accepted[..], &[valid]].concat()).len(), 1, "a valid request proves no validation");
}

#[test]
fn an_undocumented_error_of_all_operations_is_one_finding() {
    let lines = [
        "- | s/One/name/length/above-max | 400 ValidationException",
        "- | s/Two/count/range/above-max | 400 ValidationException",
        "- | s/Two/id/pattern/x | 404 NotFound",
    ];
    assert_eq!(
        summarize(&lines),
        ["undocumented-error 2: invalid input gets 400 ValidationException", "single 1: Two/id/pattern"]
    );
}

#[test]
fn a_missing_check_of_existence_needs_three_operations() {
    let lines = [
        "- | s/One/missing/id/unknown | 200",
        "- | s/Two/missing/id/unknown | 200",
        "- | s/Three/missing/id/unknown | 200",
    ];
    let statement = "unchecked-existence 3: requests for resources that do not exist are accepted";
    assert_eq!(summarize(&lines), [statement]);
    assert_eq!(summarize(&lines[..2]).len(), 2);
    assert_eq!(summarize(&[&lines[..], &["+ | s/Four/missing/id/unknown | 404"]].concat()).len(), 3);
}

#[test]
fn a_reference_that_most_operations_do_not_look_up_is_one_finding() {
    let lines = [
        "- | s/One/missing/tenant/unknown | 200",
        "- | s/Two/missing/tenant/unknown | 200",
        "- | s/Three/missing/tenant/unknown | 201",
        "+ | s/Four/missing/tenant/unknown | 404",
    ];
    let statement = "unchecked-reference 3: requests whose `tenant` names nothing that exists are accepted";
    assert_eq!(summarize(&lines), [statement]);
    assert_eq!(summarize(&lines[1..]).len(), 2, "two operations are two findings");
}

#[test]
fn rejections_that_differ_in_the_path_of_a_nested_member_are_one_finding() {
    let lines = [
        "- | s/One/schema.bool.config/type/null | 422 | body.schema.bool.config: unknown field `value`",
        "- | s/One/schema.text.config/type/null | 422 | body.schema.text.config: unknown field `value`",
        "- | s/One/valid/member/schema.map | 422 | body.schema.map.inner: unknown field `value`",
        "- | s/One/limit/type/null | 422 | limit: expected an integer",
        "- | s/One/offset/type/null | 422 | offset: expected an integer",
    ];
    let nested = "undocumented-error 3: valid requests get 422: \"…: unknown field …\"";
    assert_eq!(summarize(&lines), [nested, "single 1: One/limit/type", "single 1: One/offset/type"]);
}

#[test]
fn one_change_of_all_responses_is_one_finding() {
    let behaviour = |status| Some(ObservedBehavior { status: Some(status), error: None, note: None, form: None });
    let comparison = SnapshotComparison {
        change: SnapshotChange::Changed,
        accepted: behaviour(200),
        observed: behaviour(202),
        ..SnapshotComparison::default()
    };
    let mut findings = Findings::new(false);
    for id in ["s/One/name/length/at-max", "s/Two/valid/control/plain"] {
        let case = case_with_id(id);
        let judgement = Judgement { verdict: Verdict::Pass, observed: observed("202"), why: String::new() };
        let (message, contract) = (None, None);
        let evidence = CaseEvidence {
            scenario: "s",
            case: &case,
            judgement: &judgement,
            comparison: &comparison,
            server_output: &[],
            message,
            contract,
        };
        findings.add_case(&evidence, Reproduction::default);
    }
    let [finding] = &findings.sorted()[..] else { panic!("one finding") };
    assert_eq!(finding.statement.as_deref(), Some("responses changed from 200 to 202"));
    assert_eq!((finding.cause, finding.case_count), ("response-change", 2));
}

#[test]
fn kinds_of_damage_that_the_same_operations_accept_are_one_finding() {
    let lines = [
        "- | s/One/malformed/trailing/brace | 200",
        "- | s/Two/malformed/trailing/brace | 200",
        "- | s/One/malformed/truncated/half | 200",
        "- | s/Two/malformed/truncated/half | 200",
        "- | s/One/malformed/number/leading-zero | 200",
        "- | s/Two/malformed/number/leading-zero | 200",
        "- | s/Three/malformed/number/leading-zero | 200",
    ];
    assert_eq!(
        summarize(&lines),
        [
            "damaged-body 3: malformed bodies are accepted (number)",
            "damaged-body 4: malformed bodies are accepted (trailing, truncated)",
        ]
    );
}

#[test]
fn a_structure_in_which_nothing_is_checked_is_one_finding() {
    let lines = [
        "- | s/One/rule.name/length/above-max | 200",
        "- | s/One/rule.size/range/above-max | 200",
        "- | s/One/rule.kinds[]/enum/unknown | 200",
        "+ | s/One/rule/required/missing | 400",
    ];
    assert_eq!(summarize(&lines), ["unchecked-structure 3: One checks nothing inside of `rule`"]);
    let rejected = "+ | s/One/rule.other/enum/unknown | 400";
    assert_eq!(summarize(&[&lines[..], &[rejected]].concat()).len(), 3);
}
