//! Codes of findings: which case gets which, from its id, its expectation and what was received.

use super::outcome::*;
use overstep::case::{Case, CaseClass, CaseId, Expectation, Intent};
use overstep::contract::ErrorRole;
use overstep::judge::{
    FailureKind, Judgement, ObservedOutcome, SnapshotChange, SnapshotComparison, Verdict, finding_code,
};
use overstep::snapshot::{ObservedBehavior, ResponseForm};

fn case_of(id: &str) -> Case {
    let reject = || Expectation::Reject { role: ErrorRole::InvalidInput, errors: vec![error(Some(400), Some("Bad"))] };
    let mut case = case("Do", silent());
    case.id = id.parse().expect(id);
    (case.intent, case.expectation) = match (case.id.class(), case.id.variant()) {
        (Some(CaseClass::Valid), _) | (None, "at-max") => (Intent::Valid, Expectation::Accept(accept(Some(200)))),
        (Some(CaseClass::Law), _) => {
            let law = case.id.law().expect("the id of a law");
            (Intent::Law, Expectation::LawHolds { law })
        }
        (Some(CaseClass::Malformed), _) => (Intent::Malformed, reject()),
        (Some(CaseClass::Auth), _) => (Intent::Auth, reject()),
        (Some(CaseClass::Missing), _) => (Intent::Missing, reject()),
        _ => (Intent::Violates, reject()),
    };
    case
}

fn code_of(id: &str, observed: ObservedOutcome, comparison: &SnapshotComparison) -> Option<&'static str> {
    let judgement = Judgement { verdict: Verdict::Diverges, observed, why: "why".to_owned() };
    finding_code(&case_of(id), &judgement, comparison).map(|code| code.as_str())
}

/// The observed outcome: a status, an error after a space, and a note after a comma.
fn observed(text: &str) -> ObservedOutcome {
    let (text, note) = text.split_once(", ").map_or((text, None), |(text, note)| (text, Some(note.to_owned())));
    let (status, error) = text.split_once(' ').map_or((text, None), |(status, error)| (status, Some(error.to_owned())));
    let mut observed = ObservedOutcome::new(status.parse().ok(), error);
    observed.note = note;
    observed
}

#[test]
fn requests_and_responses_have_codes() {
    for (id, response, code) in [
        ("s/Do/name/length/above-max", "500", "OV101"),
        ("s/Do/valid/control/plain", "503 Busy", "OV101"),
        ("s/Do/name/required/absent", "200", "OV201"),
        ("s/Do/name/type/number", "201", "OV202"),
        ("s/Do/name/length/above-max", "200", "OV203"),
        ("s/Do/name/range/above-max", "200", "OV204"),
        ("s/Do/name/multipleOf/x", "200", "OV205"),
        ("s/Do/name/pattern/x", "200", "OV206"),
        ("s/Do/name/enum/x", "200", "OV207"),
        ("s/Do/name/unique/x", "200", "OV208"),
        ("s/Do/name/atLeastOneOf/x", "200", "OV209"),
        ("s/Do/name/maxTotalBytes/x", "200", "OV210"),
        ("s/Do/malformed/bom/x", "200", "OV211"),
        ("s/Do/auth/unauthenticated/no-header", "200", "OV212"),
        ("s/Do/auth/forbidden/x", "200", "OV213"),
        ("s/Do/missing/id/unknown", "204", "OV214"),
        ("s/Do/name/segment/x", "200", "OV215"),
        ("s/Do/pair/auth+length/no-header+name", "200", "OV212"),
        ("s/Do/valid/control/plain", "400 Bad", "OV301"),
        ("s/Do/name/length/at-max", "400 Bad", "OV302"),
        ("s/Do/valid/member/name", "404", "OV303"),
        ("s/Do/name/length/above-max", "400 Other", "OV401"),
        ("s/Do/malformed/bom/x", "422", "OV402"),
        ("s/Do/auth/unauthenticated/no-header", "404", "OV403"),
        ("s/Do/missing/id/unknown", "400 Bad", "OV404"),
        ("s/Do/name/length/above-max", "429", "OV405"),
        ("s/Do/valid/control/plain", "429", "OV405"),
        ("s/Do/name/length/above-max", "302", "OV406"),
        ("s/Do/valid/control/plain", "200, no member `id`", "OV501"),
        ("s/Do/valid/control/plain", "200 Bad", "OV502"),
        ("s/Do/valid/control/plain", "204", "OV503"),
        ("s/Do/name/length/above-max", "400 Bad, error body: no member `code`", "OV504"),
        ("s/Do/law/read-your-write/x", "200", "OV601"),
        ("s/Do/law/merges/x", "", "OV602"),
        ("s/Do/law/idempotent/x", "", "OV603"),
        ("s/Do/law/rejected-leaves-no-trace/x", "", "OV604"),
        ("s/Do/law/isolated/x", "", "OV605"),
        ("s/Do/law/inverse/x", "", "OV606"),
        ("s/Do/law/survives-concurrent-writers/x", "", "OV607"),
        ("s/Do/law/rejects-duplicates/x", "", "OV608"),
        ("s/Do/law/pages/x", "", "OV609"),
        ("s/Do/law/echoes/x", "", "OV610"),
    ] {
        let found = code_of(id, observed(response), &SnapshotComparison::default());
        assert_eq!(found, Some(code), "{id} with {response}");
    }
}

#[test]
fn an_operation_that_others_broke_has_its_own_code() {
    let mut case = case_of("s/Do/valid/control/plain");
    case.id = CaseId::control_after_run("s", "Do");
    let judgement = Judgement { verdict: Verdict::Diverges, observed: observed("500"), why: String::new() };
    let code = finding_code(&case, &judgement, &SnapshotComparison::default());
    assert_eq!(code.map(|code| code.as_str()), Some("OV106"));
}

#[test]
fn failures_have_codes_whatever_was_tested() {
    for (failure, code) in [
        (FailureKind::Dropped, "OV102"),
        (FailureKind::Hang, "OV103"),
        (FailureKind::Crash, "OV104"),
        (FailureKind::BrokenHttp, "OV105"),
    ] {
        for id in ["s/Do/law/merges/x", "s/Do/valid/control/plain", "s/Do/name/length/above-max"] {
            let mut observed = ObservedOutcome::default();
            observed.failure = Some(failure);
            assert_eq!(code_of(id, observed, &SnapshotComparison::default()), Some(code), "{id}");
        }
    }
}

#[test]
fn changes_have_codes_unless_the_response_diverges() {
    let behavior = |status: u16, form: &str| ObservedBehavior {
        status: Some(status),
        error: None,
        note: None,
        form: Some(ResponseForm(vec![("body".to_owned(), form.to_owned())])),
    };
    let changed = |accepted, seen| SnapshotComparison {
        change: SnapshotChange::Changed,
        accepted: Some(accepted),
        observed: Some(seen),
        ..SnapshotComparison::default()
    };
    let case = case_of("s/Do/valid/control/plain");
    let pass = Judgement { verdict: Verdict::Pass, observed: observed("200"), why: String::new() };
    let code = |judgement: &Judgement, comparison: &SnapshotComparison| {
        finding_code(&case, judgement, comparison).map(|code| code.as_str())
    };
    assert_eq!(code(&pass, &SnapshotComparison::default()), None);
    let status_changed = changed(behavior(201, "a"), behavior(200, "a"));
    assert_eq!(code(&pass, &status_changed), Some("OV701"));
    assert_eq!(code(&pass, &changed(behavior(200, "a"), behavior(200, "b"))), Some("OV702"));
    // What is wrong says more than that it has changed.
    let diverges = Judgement { verdict: Verdict::Diverges, observed: observed("400 Bad"), ..pass };
    assert_eq!(code(&diverges, &status_changed), Some("OV301"));
    let known = SnapshotComparison { is_known_divergence: true, ..status_changed };
    assert_eq!(code(&diverges, &known), Some("OV701"));
}
