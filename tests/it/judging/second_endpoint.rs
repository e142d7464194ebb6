//! `--against`: only differences that a client of a right server would notice are news.

use super::outcome::*;
use overstep::case::Expectation;
use overstep::contract::ErrorRole;
use overstep::judge::{AcceptedBehavior, JudgedCase, SnapshotChange, compare_with_snapshot, judge};
use overstep::run::{CaseOutcome, HttpResponse};
use overstep::snapshot::{ConstraintLine, ConstraintSide, Snapshot};

fn snapshot_of(outcome: &CaseOutcome) -> Snapshot {
    let (contract, scenario) = (contract(), scenario());
    let judgement = judge(&contract, &scenario, outcome);
    let found = compare_with_snapshot(&contract, outcome, &judgement, None, |_| ());
    let mut snapshot = Snapshot::default();
    let response = snapshot.accept_response(&found.observed.expect("the outcome has a response"), found.mark);
    let sides = vec![ConstraintSide { name: found.key.side, response }];
    snapshot.lines.push(ConstraintLine { place: found.key.place, sides, exceptions: Vec::new() });
    snapshot
}

/// Compares a response with that of another endpoint, or with an accepted one.
fn compared(expectation: Expectation, own: HttpResponse, other: HttpResponse, is_second_endpoint: bool) -> JudgedCase {
    let of = |response| outcome(case("Do", expectation.clone()), vec![Ok(response)]);
    let snapshot = snapshot_of(&of(other));
    let accepted = AcceptedBehavior { snapshot: Some(&snapshot), is_second_endpoint, values: None };
    judge_alone(&of(own), Some(accepted))
}

#[test]
fn only_differences_from_a_working_server_are_news() {
    let accepting = || Expectation::Accept(accept(Some(200)));
    let rejecting =
        || Expectation::Reject { role: ErrorRole::InvalidInput, errors: vec![error(Some(400), Some("bad_input"))] };
    let code = response_with_code;
    for (expectation, own, other, is_news, what) in [
        (accepting(), code(500, "a"), code(502, "b"), false, "both fail"),
        (rejecting(), code(500, "a"), code(500, "b"), false, "both fail"),
        (rejecting(), code(400, "odd"), code(400, "strange"), false, "both reject with an undocumented error"),
        (rejecting(), code(400, "bad_input"), code(500, ""), false, "the other one fails, this one is right"),
        (accepting(), code(200, ""), code(500, ""), false, "the other one fails, this one is right"),
        (rejecting(), code(200, ""), code(500, ""), true, "the other one fails, this one is wrong in its own way"),
        (accepting(), code(500, ""), code(200, ""), true, "this one fails"),
        (rejecting(), code(400, "odd"), code(400, "bad_input"), true, "the other one rejects as documented"),
        (rejecting(), code(400, "bad_input"), code(400, "odd"), true, "the responses differ"),
        (rejecting(), code(200, ""), code(400, "bad_input"), true, "this one accepts a violation"),
    ] {
        let judged = compared(expectation.clone(), own.clone(), other.clone(), true);
        assert_eq!(judged.is_finding, is_news, "{what}: {:?}", judged.comparison);
        let against_snapshot = compared(expectation, own, other, false);
        assert_eq!(against_snapshot.comparison.change, SnapshotChange::Changed, "{what}: accepted behaviour is kept");
    }
}
