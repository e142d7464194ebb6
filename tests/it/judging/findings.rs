//! Findings: which cases become findings, their order, and what they keep.

use super::outcome::*;
use overstep::case::{Case, Intent, JudgedPart, Law, StepRequest, Value};
use overstep::contract::{Constraint, Contract, Fact, FactOrigin, MemberPath, Provenance};
use overstep::generate::{GenerationLevel, GenerationOptions, generate_cases};
use overstep::ingest::{IngestOptions, NoDocuments, read_document};
use overstep::judge::{
    CaseEvidence, Finding, Findings, Judgement, ObservedOutcome, RejectedPlainValues, Reproduction,
    ResponseFingerprint, SnapshotChange, SnapshotComparison, Verdict, innermost_frame, is_finding,
};
use overstep::scenario::Scenario;
use overstep::snapshot::{ObservedBehavior, ResponseForm};

fn case_with_id(id: &str, intent: Intent) -> Case {
    let mut case = case("Do", silent());
    (case.id, case.intent) = (id.parse().expect(id), intent);
    case
}

fn case_with_size(id: &str, length: usize) -> Case {
    let mut case = case_with_id(id, Intent::Valid);
    let StepRequest::Operation { input, .. } = &mut case.steps[0].request else {
        unreachable!("the step is an operation")
    };
    *input = Value::Text("x".repeat(length));
    case
}

fn judgement_with(verdict: Verdict, status: Option<u16>) -> Judgement {
    let mut observed = ObservedOutcome::new(status, None);
    observed.note = status.is_none().then(|| "hang".to_owned());
    Judgement { verdict, observed, why: "why".to_owned() }
}

fn diverges(status: u16) -> Judgement {
    judgement_with(Verdict::Diverges, Some(status))
}

/// Adds a case, with its id as curl command.
fn add(findings: &mut Findings, case: &Case, judgement: &Judgement) {
    findings.add("s", case, judgement, || Reproduction { curl: Some(case.id.to_string()), server_output: Vec::new() });
}

/// Adds a case with the comparison of its response and what the server printed.
fn add_compared(
    findings: &mut Findings,
    case: &Case,
    judgement: &Judgement,
    comparison: &SnapshotComparison,
    server_output: &[String],
) {
    let evidence =
        CaseEvidence { scenario: "s", case, judgement, comparison, server_output, message: None, contract: None };
    findings.add_case(&evidence, Reproduction::default);
}

#[test]
fn changed_and_unknown_diverging_cases_are_findings() {
    for verdict in [Verdict::Pass, Verdict::Diverges, Verdict::Unspecified, Verdict::Indeterminate] {
        for change in [SnapshotChange::Same, SnapshotChange::Changed, SnapshotChange::New, SnapshotChange::None] {
            for (known, strict) in [(false, false), (false, true), (true, false), (true, true)] {
                let diverges = verdict == Verdict::Diverges;
                let expected = change == SnapshotChange::Changed || diverges && !known || diverges && strict;
                assert_eq!(
                    is_finding(verdict, known, change, strict),
                    expected,
                    "{verdict} {change:?} {known} {strict}"
                );
            }
        }
    }
    let mut findings = Findings::new(false);
    add(&mut findings, &case_with_id("s/Do/name/enum/a", Intent::Valid), &judgement_with(Verdict::Pass, Some(200)));
    assert!(findings.is_empty() && findings.sorted().is_empty());
    add(&mut findings, &case_with_id("s/Do/name/enum/a", Intent::Valid), &diverges(400));
    assert!(!findings.is_empty() && findings.group_count() == 1);
}

#[test]
fn findings_are_ordered_by_severity() {
    let mut findings = Findings::new(false);
    let mut changed = SnapshotComparison { change: SnapshotChange::Changed, ..SnapshotComparison::default() };
    changed.accepted = Some(ObservedBehavior { status: Some(200), error: None, note: None, form: None });
    changed.observed = Some(ObservedBehavior { status: Some(201), error: None, note: None, form: None });
    let pass = judgement_with(Verdict::Pass, Some(201));
    add_compared(&mut findings, &case_with_id("s/Do/changed/type/a", Intent::Valid), &pass, &changed, &[]);
    for (id, intent, status) in [
        ("s/Do/law/sequence/a", Intent::Law, None),
        ("s/Do/wrong/type/a", Intent::Violates, Some(404)),
        ("s/Do/accepted/type/a", Intent::Violates, Some(200)),
        ("s/Do/law/merges/a", Intent::Law, None),
        ("s/Do/redirected/type/a", Intent::Violates, Some(300)),
        ("s/Do/failure/type/a", Intent::Violates, Some(500)),
        ("s/Do/hang/type/a", Intent::Valid, None),
        ("s/Do/failed-valid/type/a", Intent::Valid, Some(503)),
        ("s/Do/refused/type/a", Intent::Valid, Some(400)),
    ] {
        let mut judgement = judgement_with(Verdict::Diverges, status);
        // What breaks two laws in the same way is one finding.
        judgement.observed.note = (intent == Intent::Law).then(|| id.to_owned());
        add(&mut findings, &case_with_id(id, intent), &judgement);
    }
    let name = |finding: Finding| if finding.member == "law" { finding.constraint } else { finding.member };
    let order: Vec<String> = findings.sorted().into_iter().map(name).collect();
    let expected = [
        "merges",
        "sequence",
        "failure",
        "hang",
        "failed-valid",
        "accepted",
        "refused",
        "wrong",
        "redirected",
        "changed",
    ];
    assert_eq!(order, expected);
    // Findings of one rank are ordered by their number of cases.
    add(&mut findings, &case_with_id("s/Do/failed-valid/type/b", Intent::Valid), &diverges(503));
    let order: Vec<String> = findings.sorted().into_iter().map(|finding| finding.member).collect();
    assert_eq!(order[2..4], ["failed-valid", "failure"]);
}

#[test]
fn the_smallest_request_is_the_first_example() {
    let mut findings = Findings::new(false);
    for (id, length) in [("c", 30), ("e", 50), ("a", 10), ("f", 60), ("b", 20), ("d", 40), ("a2", 10), ("g", 70)] {
        add(&mut findings, &case_with_size(&format!("s/Do/name/length/{id}"), length), &diverges(400));
    }
    let [finding] = &findings.sorted()[..] else { panic!("one finding") };
    let ids: Vec<&str> = finding.examples.iter().filter_map(|id| id.rsplit('/').next()).collect();
    assert_eq!((finding.case_count, ids), (8, vec!["a", "a2", "b", "c", "d"]));
    assert_eq!(finding.curl.as_deref(), Some("s/Do/name/length/a"));
    assert_eq!((finding.member.as_str(), finding.constraint.as_str()), ("name", "length"));
}

#[test]
fn the_size_of_a_request_includes_all_nested_values() {
    let text = |length: usize| Value::Text("x".repeat(length));
    let map_with = |name: &str, value| Value::Map([(name.to_owned(), value)].into_iter().collect());
    // In ascending order of size.
    let ascending = [
        Value::Number("1".into()),
        Value::List(Vec::new()),
        Value::Raw("abc".into()),
        Value::Null,
        Value::Blob(vec![0; 5]),
        Value::List(vec![Value::Boolean(true)]),
        map_with("ab", text(3)),
        map_with("abc", Value::List(vec![text(1), text(2)])),
        Value::List(vec![text(5), text(5)]),
    ];
    let mut findings = Findings::new(false);
    for (index, value) in ascending.into_iter().enumerate().rev() {
        let mut case = case_with_id(&format!("s/Do/name/length/{index}"), Intent::Valid);
        let StepRequest::Operation { input, .. } = &mut case.steps[0].request else {
            unreachable!("the step is an operation")
        };
        *input = value;
        add(&mut findings, &case, &diverges(400));
        let first = findings.sorted()[0].examples[0].clone();
        assert_eq!(first, case.id.to_string(), "it is smaller than all later ones");
    }
}

#[test]
fn the_size_of_a_law_includes_all_steps() {
    let mut findings = Findings::new(false);
    for (id, steps, length) in [("c", 1, 30), ("b", 2, 1), ("a", 1, 2)] {
        let mut case = case_with_size(&format!("s/Do/law/merges/{id}"), length);
        case.judged = JudgedPart::Law(Box::new(Law::Echo { step: 0, place: String::new(), value: "x".into() }));
        case.steps = vec![case.steps[0].clone(); steps];
        add(&mut findings, &case, &diverges(400));
        assert_eq!(findings.sorted()[0].examples[0], case.id.to_string());
    }
}

#[test]
fn an_example_keeps_the_server_output() {
    let mut findings = Findings::new(false);
    for (length, lines) in [(3, &["first"][..]), (2, &[]), (1, &["last"])] {
        let server_output = lines.iter().map(|&line| line.to_owned()).collect();
        let reproduction = || Reproduction { curl: None, server_output };
        findings.add("s", &case_with_size("s/Do/name/length/a", length), &diverges(500), reproduction);
        let expected = if length == 1 { "last" } else { "first" };
        assert_eq!(findings.sorted()[0].server_output, [expected]);
    }
}

#[test]
fn the_innermost_frame_belongs_to_the_server() {
    let frame_of = |text: &str| innermost_frame(&text.lines().map(str::to_owned).collect::<Vec<_>>());
    for (trace, expected) in [
        ("    at node:internal/x:1:2\n    at f (/x/node_modules/d/a.js:3:4)", Some("d/a.js:3 in f")),
        ("    at f (/x/node_modules/d/a.js:b:4)", None),
        ("\tat a.B.c(B.kt:1)", Some("B.kt:1 in a.B.c")),
        ("\tat a.B.c(B.scala:1)", Some("B.scala:1 in a.B.c")),
        ("\tat a.B.c(B.txt)", None),
        ("thread panicked at a.rs:1:2:\na_b.Odd_Error: x", Some("a.rs:1: Odd_Error")),
        ("thread panicked at a.rs:1:2:\nsmallError: x", Some("a.rs:1")),
        ("thread panicked at a.rs:1:2:\nErrors: x", Some("a.rs:1")),
        ("thread panicked at a.rs:1:2:\n<Error> x", Some("a.rs:1")),
        ("thread panicked at a.rs:1:2:\nOdd-Error: x", Some("a.rs:1")),
        ("thread panicked at OneError.rs:1:2:\nOneError: x", Some("OneError.rs:1")),
    ] {
        assert_eq!(frame_of(trace).as_deref(), expected, "{trace}");
    }
}

#[test]
fn a_repeat_counts_only_for_its_own_finding() {
    let mut findings = Findings::new(false);
    add(&mut findings, &case_with_id("s/Do/name/length/a", Intent::Valid), &diverges(400));
    let case = case_with_id("s/Do/name/length/b", Intent::Valid);
    findings.count_repeat("s", &case, &diverges(400));
    assert_eq!(findings.sorted()[0].case_count, 2);
    findings.count_repeat("other", &case, &diverges(400));
    findings.count_repeat("s", &case, &diverges(404));
    findings.count_repeat("s", &case_with_id("s/Do/name/enum/b", Intent::Valid), &diverges(400));
    findings.count_repeat("s", &case_with_id("s/Do/count/length/b", Intent::Valid), &diverges(400));
    let mut other_operation = case.clone();
    other_operation.operation = "Slow".into();
    findings.count_repeat("s", &other_operation, &diverges(400));
    assert_eq!((findings.sorted().len(), findings.sorted()[0].case_count), (1, 2));
}

#[test]
fn failures_at_one_stack_frame_are_one_finding() {
    let trace: Vec<String> = ["thread 'x' panicked at src/queue.rs:12:5:", "no"].map(str::to_owned).to_vec();
    let add = |findings: &mut Findings, operation: &str, member: &str, judgement: &Judgement| {
        let mut case = case_with_id(&format!("s/{operation}/{member}/length/a"), Intent::Valid);
        case.operation = operation.into();
        add_compared(findings, &case, judgement, &SnapshotComparison::default(), &trace);
    };
    let mut findings = Findings::new(false);
    add(&mut findings, "Do", "name", &diverges(500));
    add(&mut findings, "Slow", "count", &diverges(500));
    add(&mut findings, "Do", "count", &diverges(500));
    let [finding] = &findings.sorted()[..] else { panic!("one finding") };
    assert_eq!((finding.case_count, finding.frame.as_deref()), (3, Some("src/queue.rs:12")));
    assert_eq!(finding.operations, ["Do", "Slow"]);
    assert_eq!((finding.operation.as_str(), finding.member.as_str()), ("Do", "name"));
    add(&mut findings, "Do", "name", &judgement_with(Verdict::Diverges, None));
    assert_eq!(findings.sorted().len(), 2, "a hang is not a response with 500");
    // A rejection has no stack frame.
    add(&mut findings, "Do", "name", &diverges(499));
    let rejected = findings.sorted().into_iter().find(|finding| finding.observed == "499").expect("a finding");
    assert_eq!((rejected.frame, rejected.operations), (None, vec!["Do".to_owned()]));
}

#[test]
fn form_changes_of_an_operation_are_one_finding() {
    let seen = |kind: &str| {
        let form =
            ResponseForm(vec![("content-type".to_owned(), kind.to_owned()), ("body".to_owned(), "object".to_owned())]);
        Some(ObservedBehavior { status: Some(200), error: None, note: None, form: Some(form) })
    };
    let mut comparison = SnapshotComparison {
        change: SnapshotChange::Changed,
        accepted: seen("a"),
        observed: seen("b"),
        ..Default::default()
    };
    assert_eq!(comparison.describe_accepted().as_deref(), Some("200 with content-type a, without content-type b"));
    let mut findings = Findings::new(false);
    for member in ["name", "count"] {
        let case = case_with_id(&format!("s/Do/{member}/length/a"), Intent::Valid);
        add_compared(&mut findings, &case, &judgement_with(Verdict::Pass, Some(200)), &comparison, &[]);
    }
    let [finding] = &findings.sorted()[..] else { panic!("one finding") };
    assert_eq!((finding.member.as_str(), finding.constraint.as_str(), finding.case_count), ("answers", "form", 2));
    assert_eq!(finding.why, "the response differs from the accepted one");
    comparison.accepted.as_mut().expect("accepted").status = Some(201);
    assert_eq!(comparison.describe_accepted().as_deref(), Some("201"));
    let case = case_with_id("s/Do/name/length/a", Intent::Valid);
    add_compared(&mut findings, &case, &judgement_with(Verdict::Pass, Some(200)), &comparison, &[]);
    assert_eq!(findings.sorted().iter().filter(|finding| finding.member == "name").count(), 1);
    // A diverging case is reported at its member, whatever its form.
    comparison.accepted = seen("a");
    add_compared(&mut findings, &case, &diverges(200), &comparison, &[]);
    let finding = findings.sorted().into_iter().find(|finding| finding.why == "why").expect("a finding");
    assert_eq!(finding.member, "name");
    comparison.change = SnapshotChange::Same;
    assert_eq!(comparison.describe_accepted(), None);
}

#[test]
fn the_number_of_findings_is_bounded() {
    let mut findings = Findings::new(false);
    (0..10_002).for_each(|index| {
        add(&mut findings, &case_with_id(&format!("s/Do/m{index}/length/a"), Intent::Valid), &diverges(400))
    });
    add(&mut findings, &case_with_id("s/Do/m0/length/b", Intent::Valid), &diverges(400));
    let found = findings.sorted();
    let cases = |member: &str| found.iter().find(|finding| finding.member == member).map(|finding| finding.case_count);
    assert_eq!((found.len(), cases("others"), cases("m0"), cases("m10000")), (10_001, Some(2), Some(2), None));
}

#[test]
fn fingerprints_ignore_parts_of_the_request() {
    let fingerprint = |status, body: &str| {
        ResponseFingerprint::from_outcome(&contract(), &outcome(case("Do", silent()), vec![Ok(json(status, body))]))
    };
    assert_eq!(fingerprint(299, "{}"), None);
    assert_eq!(fingerprint(404, "no Do at /do, id 12"), fingerprint(404, "no at , id 77"));
    assert_ne!(fingerprint(404, "no route"), fingerprint(404, "no resource"));
    assert_ne!(fingerprint(404, "no route"), fingerprint(400, "no route"));
    assert_eq!(fingerprint(300, "").map(|fingerprint| fingerprint.to_string()).as_deref(), Some("300"));
    let coded = fingerprint(404, r#"{"error": {"code": "gone"}}"#).map(|fingerprint| fingerprint.to_string());
    assert_eq!(coded.as_deref(), Some("404 gone"));
    assert_eq!(fingerprint(404, "no id ab-12"), fingerprint(404, "no id cd-34"), "whole ids are ignored");
    let short_path = |body: &str| {
        let mut outcome = outcome(case("Do", silent()), vec![Ok(json(404, body))]);
        outcome.exchanges[0].as_mut().expect("sent").request.target = "/a".to_owned();
        ResponseFingerprint::from_outcome(&contract(), &outcome)
    };
    assert_ne!(short_path("banana"), short_path("bnn"), "a path of one letter is not removed");
    let late = |end: &str| fingerprint(404, &format!("{} {end}", "a".repeat(4096)));
    assert_eq!(late("one"), late("other"), "only the beginning is compared");
    let early = |end: &str| fingerprint(404, &format!("{} {end}", "a".repeat(4000)));
    assert_ne!(early("one"), early("other"));
}

#[test]
fn a_rejection_proves_nothing_if_a_valid_value_is_rejected_in_the_same_words() {
    let mut rejected = RejectedPlainValues::default();
    let said = "`size` is not supported here (request 17)";
    let plain = case_with_id("s/Do/valid/member/size", Intent::Valid);
    rejected.record_case(&plain, &diverges(400), Some(said));
    let accepted = case_with_id("s/Do/valid/member/kind", Intent::Valid);
    rejected.record_case(&accepted, &judgement_with(Verdict::Pass, Some(200)), None);
    let adjusted = |id: &str, message: &str| {
        let mut case = case_with_id(id, Intent::Violates);
        case.member = MemberPath::parse(id.split('/').nth(2).expect("a member"));
        let body = serde_json::json!({"error": {"message": message}}).to_string();
        let outcome = outcome(case, vec![Ok(json(400, &body))]);
        rejected.adjust_unproven_rejection(&outcome, judgement_with(Verdict::Pass, Some(400))).verdict
    };
    let same = "`size` is not supported here (request 18)";
    assert_eq!(adjusted("s/Do/size/length/above-max", same), Verdict::Indeterminate);
    assert_eq!(adjusted("s/Do/size.width/length/above-max", same), Verdict::Indeterminate, "a part of it");
    assert_eq!(adjusted("s/Do/size/length/above-max", "`size` is too long"), Verdict::Pass, "another reason");
    assert_eq!(adjusted("s/Do/sizes/length/above-max", same), Verdict::Pass, "another member");
    assert_eq!(adjusted("s/Do/kind/enum/unknown", same), Verdict::Pass, "its plain value is accepted");
}

#[test]
fn a_rejection_of_plain_values_is_unspecified_if_only_a_model_documents_them() {
    let adjusted_verdict = |change: &dyn Fn(&mut Case, &mut Judgement, &mut Contract)| {
        let mut contract = contract();
        for operation in &mut contract.operations {
            let fact = Fact::new("input", "Asked", FactOrigin::Model, &Provenance::new("model", 1));
            operation.facts = vec![fact];
        }
        let mut rejected = RejectedPlainValues::default();
        let plain_case = |id: &str, verdict| (case_with_id(id, Intent::Valid), judgement_with(verdict, Some(400)));
        for (case, judgement) in [
            plain_case("s/Do/valid/member/name.first", Verdict::Diverges),
            plain_case("s/Do/valid/other/kind", Verdict::Diverges),
            plain_case("s/Do/valid/member/taken", Verdict::Pass),
            plain_case("s/Do/valid/random/odd", Verdict::Diverges),
            plain_case("s/Do/pair/auth+type/else", Verdict::Diverges),
        ] {
            rejected.record_case(&case, &judgement, None);
        }
        let (mut case, mut judgement) = (case_with_id("s/Do/name/length/at-max", Intent::Valid), diverges(400));
        case.member = MemberPath::parse("name");
        change(&mut case, &mut judgement, &mut contract);
        let adjusted = rejected.adjust_verdict(&contract, &case, judgement.clone());
        // An adjusted verdict has its own explanation.
        assert_eq!(adjusted.why == judgement.why, adjusted.verdict == judgement.verdict, "{}", adjusted.why);
        adjusted.verdict.name()
    };
    let verdict_at = |path: &'static str| adjusted_verdict(&move |case, _, _| case.member = MemberPath::parse(path));
    let (unspecified, diverges) = ("unspecified", "diverges");
    for (path, expected) in [
        ("name", unspecified),
        ("name.first", unspecified),
        ("name.first.more", unspecified),
        ("name.last", diverges),
        ("kind", unspecified),
        ("taken", diverges),
        ("odd", diverges),
        ("else", diverges),
    ] {
        assert_eq!(verdict_at(path), expected, "{path}");
    }
    assert_eq!(adjusted_verdict(&|case, _, _| case.member = None), unspecified);
    assert_eq!(adjusted_verdict(&|case, _, _| case.intent = Intent::Violates), diverges);
    assert_eq!(adjusted_verdict(&|case, _, _| case.operation = "Slow".into()), diverges);
    assert_eq!(adjusted_verdict(&|_, _, contract| contract.operations[0].facts.clear()), diverges);
    assert_eq!(adjusted_verdict(&|_, judgement, _| judgement.observed.status = Some(399)), diverges);
    assert_eq!(adjusted_verdict(&|_, judgement, _| judgement.observed.status = Some(500)), diverges);
    assert_eq!(adjusted_verdict(&|_, judgement, _| judgement.verdict = Verdict::Indeterminate), "indeterminate");
    let error = |name: &'static str| {
        adjusted_verdict(&move |case, judgement, _| {
            case.member = MemberPath::parse("taken");
            judgement.observed.error = Some(name.to_owned());
        })
    };
    for (name, expected) in [
        ("gone", unspecified),
        ("forbidden_here", unspecified),
        ("AlreadyExists", unspecified),
        ("LimitExceeded", unspecified),
        ("bad_input", diverges),
    ] {
        assert_eq!(error(name), expected, "{name}");
    }
    let empty = adjusted_verdict(&|case, _, _| {
        case.member = MemberPath::parse("taken");
        case.id = "s/Do/taken/length/empty".parse().expect("an id");
    });
    assert_eq!(empty, unspecified);
}

#[test]
fn a_rule_of_a_sentence_that_nothing_enforces_is_doubted() {
    let page = "# Create Job\n\n<ParamField body=\"start\" type=\"string\">\n  The start. If you specify `start`, you \
        must also specify `end`.\n</ParamField>\n<ParamField body=\"end\" type=\"string\">\n  The end.\n</ParamField>\n\n\
        ```bash\ncurl -X POST https://api.example.com/jobs -d '{\"start\": \"a\", \"end\": \"b\"}'\n```\n";
    let read = read_document("job.mdx", page.as_bytes(), &IngestOptions::default(), &mut NoDocuments).expect("a page");
    let options = GenerationOptions { seed: 1, level: GenerationLevel::Full };
    let scenario = Scenario::with_name("s");
    let cases = generate_cases(&read.contract, &scenario, options).expect("cases");
    let broken: Vec<Case> =
        cases.filter(|case| case.constraint == Some(Constraint::Requires) && case.intent == Intent::Violates).collect();
    let first = broken.first().expect("a request with `start` alone");
    let rules = |outcomes: &[(Verdict, u16)]| {
        let mut findings = Findings::new(false);
        for (verdict, status) in outcomes {
            let evidence = CaseEvidence {
                scenario: "s",
                case: first,
                judgement: &judgement_with(*verdict, Some(*status)),
                comparison: &SnapshotComparison::default(),
                server_output: &[],
                message: None,
                contract: Some(&read.contract),
            };
            findings.add_case(&evidence, Reproduction::default);
        }
        findings.sorted().into_iter().map(|finding| finding.rule).collect::<Vec<_>>()
    };
    let doubted = rules(&[(Verdict::Diverges, 200)]);
    assert!(doubted[0].contains("the sentence may be wrong or describe something else"), "{doubted:?}");
    // A server that enforces the rule for another request shows that the sentence is right.
    let enforced = rules(&[(Verdict::Diverges, 200), (Verdict::Pass, 400)]);
    assert_eq!(enforced, std::slice::from_ref(&first.rule));
}
