//! What counts when a case was sent once more, alone.

use super::outcome::*;
use overstep::case::{Expectation, JudgedPart, Law};
use overstep::contract::ErrorRole;
use overstep::judge::{Confirmation, JudgedCase, Verdict, confirm, must_confirm};
use overstep::run::{BodyFraming, CaseOutcome, HttpResponse, TransportError};
use std::time::Duration;

fn judged(outcome: &CaseOutcome) -> JudgedCase {
    judge_alone(outcome, None)
}

fn accepting() -> Expectation {
    Expectation::Accept(accept(Some(200)))
}

fn rejecting() -> Expectation {
    Expectation::Reject { role: ErrorRole::InvalidInput, errors: vec![error(Some(400), Some("bad_input"))] }
}

#[test]
fn what_load_cannot_cause_is_not_sent_again() {
    let cut_short = HttpResponse { framing: BodyFraming::Short, ..json(200, "{}") };
    for (expectation, response, expected) in [
        (accepting(), json(200, "{}"), false),
        (accepting(), json(503, "{}"), true),
        (accepting(), json(400, "{}"), true),
        (accepting(), cut_short, true),
        (rejecting(), json(200, "{}"), false),
        (rejecting(), json(500, "{}"), true),
        (rejecting(), response_with_code(400, "bad_input"), false),
        (silent(), json(500, "{}"), true),
        (silent(), json(400, "{}"), false),
    ] {
        let outcome = outcome(case("Do", expectation.clone()), vec![Ok(response.clone())]);
        assert_eq!(must_confirm(&outcome, &judged(&outcome)), expected, "{expectation:?}: {response:?}");
    }
    let mut law = case("Do", accepting());
    law.judged = JudgedPart::Law(Box::new(Law::Echo { step: 0, place: "name".to_owned(), value: "a".into() }));
    let mut broken = judged(&outcome(law.clone(), vec![Ok(json(500, "{}"))]));
    broken.is_finding = true;
    broken.judgement.verdict = Verdict::Diverges;
    let is_repeated = |status| must_confirm(&outcome(law.clone(), vec![Ok(json(status, "{}"))]), &broken);
    assert!(!is_repeated(200), "the first run has changed what a second one would meet");
    assert!(is_repeated(500), "the law was not violated, the server failed");
}

#[test]
fn only_a_wrong_response_that_repeats_is_reported() {
    let dropped = || Err(TransportError::Dropped);
    let alive = |outcome: CaseOutcome| CaseOutcome { liveness: Some(overstep::run::Liveness::Alive), ..outcome };
    for (expectation, first, repeated, expected) in [
        (accepting(), Ok(json(500, "{}")), Ok(json(500, "{}")), "repeated"),
        (accepting(), Ok(json(500, "{}")), Ok(json(200, "{}")), "flaky: received 500, and 200"),
        (accepting(), Ok(json(400, "{}")), Ok(json(200, "{}")), "flaky: received 400, and 200"),
        // The server itself says that another response will come later.
        (accepting(), Ok(json(503, "{}")), Ok(json(200, "{}")), "repeated"),
        (accepting(), Ok(json(503, "{}")), Ok(json(500, "{}")), "first"),
        (accepting(), dropped(), Ok(json(200, "{}")), "flaky: received dropped, and 200"),
        (accepting(), dropped(), Ok(json(500, "{}")), "repeated"),
        (accepting(), Ok(json(500, "{}")), Ok(json(400, "{}")), "first"),
        (
            rejecting(),
            Ok(json(500, "{}")),
            Ok(response_with_code(400, "bad_input")),
            "flaky: received 500, and 400 bad_input",
        ),
        // The first request may have created what the second one is told exists.
        (silent(), Ok(json(500, "{}")), Ok(response_with_code(409, "taken")), "first"),
        (silent(), Ok(json(500, "{}")), Ok(response_with_code(400, "AlreadyExistsException")), "first"),
        (silent(), Ok(json(500, "{}")), Ok(response_with_code(400, "DoesNotExist")), "flaky: received 500, and 400"),
        (accepting(), Ok(json(500, "{}")), Err(TransportError::TimedOut(Duration::from_secs(1))), "first"),
    ] {
        let case = case("Do", expectation);
        let first_outcome = alive(outcome(case.clone(), vec![first.clone()]));
        let repeated_outcome = match &repeated {
            Ok(_) => outcome(case.clone(), vec![repeated.clone()]),
            // Nothing was learnt, because nothing responds any more.
            Err(_) => CaseOutcome {
                liveness: Some(overstep::run::Liveness::Down),
                ..outcome(case.clone(), vec![repeated.clone()])
            },
        };
        let found =
            match confirm((&first_outcome, &judged(&first_outcome)), (&repeated_outcome, &judged(&repeated_outcome))) {
                Confirmation::First => "first".to_owned(),
                Confirmation::Repeated => "repeated".to_owned(),
                Confirmation::Flaky(result) => {
                    assert_eq!((result.judgement.verdict, result.is_finding), (Verdict::Flaky, false));
                    assert_eq!(result.comparison.observed, None, "it must never be accepted");
                    format!("flaky: {}", result.judgement.why)
                }
            };
        assert!(found.starts_with(expected), "{first:?}, {repeated:?}: {found}");
    }
}
