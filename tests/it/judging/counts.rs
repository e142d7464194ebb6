//! What a run has reached, and kinds of answers.

use super::outcome::*;
use overstep::case::{Case, Expectation, Intent, StepPurpose};
use overstep::contract::{Constraint, ErrorRole, MemberPath};
use overstep::judge::{Coverage, Judgement, ObservedOutcome, OperationCoverage, Verdict, response_signatures};
use overstep::run::{BodyFraming, CaseOutcome, HttpResponse, TransportError};
use std::time::Duration;

fn about(member: Option<&str>, constraint: Option<Constraint>, variant: &str, intent: Intent) -> Case {
    let mut case = case("Do", silent());
    let kind = constraint.map_or("random", Constraint::name);
    case.id = format!("s/Do/{}/{kind}/{variant}", member.unwrap_or("valid")).parse().expect(variant);
    (case.member, case.constraint, case.intent) = (member.and_then(MemberPath::parse), constraint, intent);
    case
}

fn said(verdict: Verdict, status: Option<u16>, error: Option<&str>) -> Judgement {
    let observed = ObservedOutcome { status, error: error.map(str::to_owned), ..ObservedOutcome::default() };
    Judgement { verdict, observed, why: String::new() }
}

fn after(cases: &[(Case, Judgement)]) -> OperationCoverage {
    let mut coverage = Coverage::new(&contract(), |_| true);
    assert!(coverage.operations().is_empty(), "no row for what had no cases");
    cases.iter().for_each(|(case, judgement)| coverage.add_case(case, judgement));
    let mut rows = coverage.operations();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

#[test]
fn each_verdict_is_counted_by_itself() {
    let verdicts = VERDICTS;
    let case = about(None, None, "a", Intent::Valid);
    let mut cases = Vec::new();
    for (at, verdict) in verdicts.into_iter().enumerate() {
        cases.extend((0..=at).map(|_| (case.clone(), said(verdict, Some(200), None))));
    }
    let row = after(&cases);
    let counts = [row.pass, row.diverges, row.unspecified, row.not_implemented, row.indeterminate, row.unsendable];
    assert_eq!((counts, row.cases, row.operation.as_str()), ([1, 2, 3, 4, 5, 6], 21, "Do"));
    let mut coverage = Coverage::new(&contract(), |name| name == "Slow");
    coverage.add_case(&case, &said(Verdict::Pass, Some(200), None));
    assert!(coverage.operations().is_empty(), "nobody wanted it");
}

#[test]
fn only_what_was_answered_is_reached() {
    let length = |variant, intent| about(Some("name"), Some(Constraint::Length), variant, intent);
    let pass = || said(Verdict::Pass, Some(200), None);
    let open = || said(Verdict::Indeterminate, Some(200), None);
    let hang = || said(Verdict::Diverges, None, None);
    for (cases, limits, constraints, members) in [
        (vec![(length("at-max", Intent::Valid), pass())], (1, 1), 1, (1, 1)),
        (vec![(length("at-max", Intent::Valid), open())], (0, 1), 0, (0, 1)),
        (vec![(length("at-max", Intent::Valid), hang())], (0, 1), 0, (0, 1)),
        (vec![(length("at-max", Intent::Probe), pass())], (1, 1), 0, (1, 1)),
        (vec![(length("other", Intent::Valid), pass())], (0, 0), 1, (1, 1)),
        // Answered once is answered.
        (
            vec![(length("at-max", Intent::Valid), pass()), (length("at-max-astral", Intent::Valid), open())],
            (1, 1),
            1,
            (1, 1),
        ),
        (vec![(length("at-max", Intent::Valid), open()), (length("at-max", Intent::Valid), pass())], (1, 1), 1, (1, 1)),
        (
            vec![(length("at-max", Intent::Valid), open()), (length("above-max", Intent::Valid), pass())],
            (1, 2),
            1,
            (1, 1),
        ),
        (vec![(about(Some("name"), Some(Constraint::Pattern), "at-max", Intent::Valid), pass())], (0, 0), 0, (1, 1)),
    ] {
        let row = after(&cases);
        assert_eq!((row.limits, row.constraints.0, row.members), (limits, constraints, members), "{:?}", cases[0].0.id);
        assert!(row.constraints.1 >= 1 && row.laws == (0, 0) && row.enums == (0, 0));
    }
}

#[test]
fn members_of_enums_and_laws_are_counted() {
    let member = |variant| about(Some("kind"), Some(Constraint::Enum), variant, Intent::Valid);
    let pass = || said(Verdict::Pass, Some(200), None);
    let open = || said(Verdict::Unsendable, None, None);
    let row = after(&[(member("member-A"), pass()), (member("member-B"), open()), (member("unknown"), pass())]);
    assert_eq!((row.enums, row.members, row.limits), ((1, 2), (1, 1), (0, 0)));
    let law = |name: &str, verdict| {
        let mut case = about(None, None, "a", Intent::Law);
        case.id = format!("s/Do/law/{name}/a").parse().expect(name);
        (case, said(verdict, None, None))
    };
    let mut other = law("merges", Verdict::Pass);
    other.0.id = "s/Do/valid/random/a".parse().expect("an id");
    let row = after(&[law("merges", Verdict::Pass), law("overwrites", Verdict::Indeterminate), other]);
    assert_eq!((row.laws, row.members), ((1, 2), (0, 0)));
}

#[test]
fn errors_are_provoked_or_nobody_could() {
    let mut asks = about(None, None, "a", Intent::Violates);
    asks.expectation =
        Expectation::Reject { role: ErrorRole::InvalidInput, errors: vec![error(Some(400), Some("bad_input"))] };
    let plain = about(None, None, "a", Intent::Valid);
    let names = |row: &OperationCoverage| row.unprovokable.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let row = after(&[(asks.clone(), said(Verdict::Diverges, Some(200), None))]);
    assert_eq!((row.errors, names(&row)), ((0, 1), vec!["gone".to_owned(), "forbidden_here".to_owned()]));
    assert_ne!(row.unprovokable[0].1, row.unprovokable[1].1, "each has a reason of its own");
    let row = after(&[(asks, said(Verdict::Pass, Some(400), Some("bad_input")))]);
    assert_eq!(row.errors, (1, 1));
    let row = after(&[(plain.clone(), said(Verdict::Diverges, Some(404), Some("gone")))]);
    assert_eq!((row.errors, names(&row)), ((1, 1), vec!["bad_input".to_owned(), "forbidden_here".to_owned()]));
    let row = after(&[(plain.clone(), said(Verdict::Diverges, Some(404), Some("unheard_of")))]);
    assert_eq!(row.errors, (0, 0));
    let row = after(&[(plain, said(Verdict::Indeterminate, Some(404), Some("gone")))]);
    assert_eq!(row.errors, (0, 0));
}

fn kinds(outcome: &CaseOutcome) -> Vec<overstep::judge::ResponseSignature> {
    response_signatures(&contract(), &scenario(), outcome)
}

#[test]
fn answers_of_one_kind_have_one_signature() {
    let of = |answer: Result<HttpResponse, TransportError>, took: u64| {
        let mut outcome = outcome(case("Do", silent()), vec![answer]);
        outcome.exchanges[0].as_mut().expect("sent").elapsed = Duration::from_millis(took);
        let found = kinds(&outcome);
        assert_eq!(found.len(), 1);
        found[0]
    };
    let plain = of(Ok(told(200, "")), 0);
    assert_eq!(plain, of(Ok(told(200, "")), 999));
    assert_eq!(of(Ok(json(200, r#"{"a": 1}"#)), 0), of(Ok(json(200, r#"{"a": 2}"#)), 0));
    let mut short = told(200, "");
    short.framing = BodyFraming::Short;
    let all = [
        plain,
        of(Ok(told(200, "")), 1000),
        of(Ok(told(200, "")), 10_000),
        of(Ok(told(201, "")), 0),
        of(Ok(told(400, "a")), 0),
        of(Ok(told(400, "b")), 0),
        of(Ok(json(200, r#"{"a": 1}"#)), 0),
        of(Ok(short), 0),
        of(Err(TransportError::Dropped), 0),
        of(Err(TransportError::NotHttp("x".into())), 0),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(all[..at].iter().all(|other| one != other), "{at}");
    }
    assert_eq!(of(Ok(told(200, "")), 1000), of(Ok(told(200, "")), 9999));
}

#[test]
fn steps_that_only_set_up_have_no_signature() {
    let with = |purposes: &[StepPurpose]| {
        let mut case = case("Do", silent());
        case.steps = purposes.iter().map(|purpose| step("Do", *purpose)).collect();
        let answers = purposes.iter().map(|_| Ok(told(200, ""))).collect();
        kinds(&outcome(case, answers))
    };
    use StepPurpose::{Act, ReadBack, SetUp, TearDown};
    let one = with(&[Act]);
    assert_eq!(with(&[SetUp, Act, TearDown]), one);
    let two = with(&[Act, ReadBack]);
    assert_eq!((two.len(), two[0], two[1]), (3, one[0], one[0]));
    assert_ne!(two[2], one[0], "what follows what is a kind of its own");
    assert_eq!(with(&[Act, Act, Act]).len(), 5);
    let mut unsent = outcome(case("Do", silent()), vec![Ok(told(200, ""))]);
    unsent.exchanges[0] = None;
    assert!(kinds(&unsent).is_empty());
}
