//! Coverage of a run, and signatures of responses.

use super::outcome::*;
use overstep::case::{Case, Expectation, Intent, StepPurpose};
use overstep::contract::{Constraint, ErrorRole, MemberPath};
use overstep::generate::documented_constraints;
use overstep::judge::{Coverage, Judgement, ObservedOutcome, OperationCoverage, Verdict, response_signatures};
use overstep::run::{BodyFraming, CaseOutcome, HttpResponse, TransportError};
use std::time::Duration;

fn case_about(member: Option<&str>, constraint: Option<Constraint>, variant: &str, intent: Intent) -> Case {
    let mut case = case("Do", silent());
    let kind = constraint.map_or("random", Constraint::name);
    case.id = format!("s/Do/{}/{kind}/{variant}", member.unwrap_or("valid")).parse().expect(variant);
    (case.member, case.constraint, case.intent) = (member.and_then(MemberPath::parse), constraint, intent);
    case
}

fn judgement(verdict: Verdict, status: Option<u16>, error: Option<&str>) -> Judgement {
    let observed = ObservedOutcome::new(status, error.map(str::to_owned));
    Judgement { verdict, observed, why: String::new() }
}

fn coverage_of(cases: &[(Case, Judgement)]) -> OperationCoverage {
    let mut coverage = Coverage::new(&contract(), |_| true, documented_constraints(&contract()));
    assert!(coverage.operations().is_empty(), "operations without cases have no row");
    cases.iter().for_each(|(case, judgement)| coverage.add_case(case, judgement));
    let mut rows = coverage.operations();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[test]
fn each_verdict_is_counted_separately() {
    let verdicts = VERDICTS;
    let case = case_about(None, None, "a", Intent::Valid);
    let mut cases = Vec::new();
    for (index, verdict) in verdicts.into_iter().enumerate() {
        cases.extend((0..=index).map(|_| (case.clone(), judgement(verdict, Some(200), None))));
    }
    let row = coverage_of(&cases);
    let counts = [row.pass, row.diverges, row.unspecified, row.not_implemented, row.indeterminate, row.unsendable];
    assert_eq!(
        (counts, row.cases, row.operation.as_str()),
        ([1, 2, 3, 4, 5 + 6, 7], 28, "Do"),
        "what is flaky proves nothing either"
    );
    let mut coverage = Coverage::new(&contract(), |name| name == "Slow", documented_constraints(&contract()));
    coverage.add_case(&case, &judgement(Verdict::Pass, Some(200), None));
    assert!(coverage.operations().is_empty(), "the operation is not selected");
}

#[test]
fn only_cases_with_a_response_count_as_covered() {
    let length = |variant, intent| case_about(Some("name"), Some(Constraint::Length), variant, intent);
    let pass = || judgement(Verdict::Pass, Some(200), None);
    let indeterminate = || judgement(Verdict::Indeterminate, Some(200), None);
    let hang = || judgement(Verdict::Diverges, None, None);
    for (cases, limits, constraints, members) in [
        (vec![(length("at-max", Intent::Valid), pass())], (1, 1), 1, (1, 1)),
        (vec![(length("at-max", Intent::Valid), indeterminate())], (0, 1), 0, (0, 1)),
        (vec![(length("at-max", Intent::Valid), hang())], (0, 1), 0, (0, 1)),
        (vec![(length("at-max", Intent::Probe), pass())], (1, 1), 0, (1, 1)),
        (vec![(length("other", Intent::Valid), pass())], (0, 0), 1, (1, 1)),
        // One judged response is enough.
        (
            vec![(length("at-max", Intent::Valid), pass()), (length("at-max-astral", Intent::Valid), indeterminate())],
            (1, 1),
            1,
            (1, 1),
        ),
        (
            vec![(length("at-max", Intent::Valid), indeterminate()), (length("at-max", Intent::Valid), pass())],
            (1, 1),
            1,
            (1, 1),
        ),
        (
            vec![(length("at-max", Intent::Valid), indeterminate()), (length("above-max", Intent::Valid), pass())],
            (1, 2),
            1,
            (1, 1),
        ),
        (
            vec![(case_about(Some("name"), Some(Constraint::Pattern), "at-max", Intent::Valid), pass())],
            (0, 0),
            0,
            (1, 1),
        ),
    ] {
        let row = coverage_of(&cases);
        assert_eq!((row.limits, row.constraints.0, row.members), (limits, constraints, members), "{:?}", cases[0].0.id);
        assert!(row.constraints.1 >= 1 && row.laws == (0, 0) && row.enums == (0, 0));
    }
}

#[test]
fn enum_values_and_laws_are_counted() {
    let member = |variant| case_about(Some("kind"), Some(Constraint::Enum), variant, Intent::Valid);
    let pass = || judgement(Verdict::Pass, Some(200), None);
    let indeterminate = || judgement(Verdict::Unsendable, None, None);
    let row = coverage_of(&[
        (member("member-A"), pass()),
        (member("member-B"), indeterminate()),
        (member("unknown"), pass()),
    ]);
    assert_eq!((row.enums, row.members, row.limits), ((1, 2), (1, 1), (0, 0)));
    let law = |name: &str, verdict| {
        let mut case = case_about(None, None, "a", Intent::Law);
        case.id = format!("s/Do/law/{name}/a").parse().expect(name);
        (case, judgement(verdict, None, None))
    };
    let mut other = law("merges", Verdict::Pass);
    other.0.id = "s/Do/valid/random/a".parse().expect("an id");
    let row = coverage_of(&[law("merges", Verdict::Pass), law("overwrites", Verdict::Indeterminate), other]);
    assert_eq!((row.laws, row.members), ((1, 2), (0, 0)));
}

#[test]
fn errors_are_covered_uncovered_or_untestable() {
    let mut violation = case_about(None, None, "a", Intent::Violates);
    violation.expectation =
        Expectation::Reject { role: ErrorRole::InvalidInput, errors: vec![error(Some(400), Some("bad_input"))] };
    let plain = case_about(None, None, "a", Intent::Valid);
    let untestable_errors =
        |row: &OperationCoverage| row.unprovokable.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let row = coverage_of(&[(violation.clone(), judgement(Verdict::Diverges, Some(200), None))]);
    assert_eq!((row.errors, untestable_errors(&row)), ((0, 1), vec!["gone".to_owned(), "forbidden_here".to_owned()]));
    assert_ne!(row.unprovokable[0].1, row.unprovokable[1].1, "each error has its own reason");
    let row = coverage_of(&[(violation, judgement(Verdict::Pass, Some(400), Some("bad_input")))]);
    assert_eq!(row.errors, (1, 1));
    let row = coverage_of(&[(plain.clone(), judgement(Verdict::Diverges, Some(404), Some("gone")))]);
    assert_eq!(
        (row.errors, untestable_errors(&row)),
        ((1, 1), vec!["bad_input".to_owned(), "forbidden_here".to_owned()])
    );
    let row = coverage_of(&[(plain.clone(), judgement(Verdict::Diverges, Some(404), Some("unheard_of")))]);
    assert_eq!(row.errors, (0, 0));
    let row = coverage_of(&[(plain, judgement(Verdict::Indeterminate, Some(404), Some("gone")))]);
    assert_eq!(row.errors, (0, 0));
}

fn signatures(outcome: &CaseOutcome) -> Vec<overstep::judge::ResponseSignature> {
    response_signatures(&contract(), &scenario(), outcome)
}

#[test]
fn similar_responses_have_the_same_signature() {
    let signature_of = |response: Result<HttpResponse, TransportError>, millis: u64| {
        let mut outcome = outcome(case("Do", silent()), vec![response]);
        outcome.exchanges[0].as_mut().expect("sent").elapsed = Duration::from_millis(millis);
        let found = signatures(&outcome);
        assert_eq!(found.len(), 1);
        found[0]
    };
    let plain = signature_of(Ok(response_with_code(200, "")), 0);
    assert_eq!(plain, signature_of(Ok(response_with_code(200, "")), 999));
    assert_eq!(signature_of(Ok(json(200, r#"{"a": 1}"#)), 0), signature_of(Ok(json(200, r#"{"a": 2}"#)), 0));
    let mut short = response_with_code(200, "");
    short.framing = BodyFraming::Short;
    let all = [
        plain,
        signature_of(Ok(response_with_code(200, "")), 1000),
        signature_of(Ok(response_with_code(200, "")), 10_000),
        signature_of(Ok(response_with_code(201, "")), 0),
        signature_of(Ok(response_with_code(400, "a")), 0),
        signature_of(Ok(response_with_code(400, "b")), 0),
        signature_of(Ok(json(200, r#"{"a": 1}"#)), 0),
        signature_of(Ok(short), 0),
        signature_of(Err(TransportError::Dropped), 0),
        signature_of(Err(TransportError::NotHttp("x".into())), 0),
    ];
    for (index, one) in all.iter().enumerate() {
        assert!(all[..index].iter().all(|other| one != other), "{index}");
    }
    assert_eq!(
        signature_of(Ok(response_with_code(200, "")), 1000),
        signature_of(Ok(response_with_code(200, "")), 9999)
    );
}

#[test]
fn setup_and_teardown_steps_have_no_signature() {
    let signatures_with = |purposes: &[StepPurpose]| {
        let mut case = case("Do", silent());
        case.steps = purposes.iter().map(|purpose| step("Do", *purpose)).collect();
        let responses = purposes.iter().map(|_| Ok(response_with_code(200, ""))).collect();
        signatures(&outcome(case, responses))
    };
    use StepPurpose::{Act, ReadBack, SetUp, TearDown};
    let one = signatures_with(&[Act]);
    assert_eq!(signatures_with(&[SetUp, Act, TearDown]), one);
    let two = signatures_with(&[Act, ReadBack]);
    assert_eq!((two.len(), two[0], two[1]), (3, one[0], one[0]));
    assert_ne!(two[2], one[0], "a pair of steps has its own signature");
    assert_eq!(signatures_with(&[Act, Act, Act]).len(), 5);
    let mut not_sent_case = outcome(case("Do", silent()), vec![Ok(response_with_code(200, ""))]);
    not_sent_case.exchanges[0] = None;
    assert!(signatures(&not_sent_case).is_empty());
}
