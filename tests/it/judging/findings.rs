//! Diverging cases become findings: what is one, what comes first, and what is kept of it.

use super::outcome::*;
use overstep::case::{Case, Intent, JudgedPart, Law, StepRequest, Value};
use overstep::contract::{Contract, Fact, FactOrigin, MemberPath, Provenance};
use overstep::judge::{
    Finding, Findings, Judgement, ObservedOutcome, RejectedPlainValues, Reproduction, ResponseFingerprint,
    SnapshotChange, SnapshotComparison, Verdict, innermost_frame, is_finding,
};
use overstep::snapshot::{ObservedBehavior, ResponseForm};

fn named(id: &str, intent: Intent) -> Case {
    let mut case = case("Do", silent());
    (case.id, case.intent) = (id.parse().expect(id), intent);
    case
}

fn sized(id: &str, letters: usize) -> Case {
    let mut case = named(id, Intent::Valid);
    let StepRequest::Operation { input, .. } = &mut case.steps[0].request else { unreachable!("it is an operation's") };
    *input = Value::Text("x".repeat(letters));
    case
}

fn said(verdict: Verdict, status: Option<u16>) -> Judgement {
    let note = status.is_none().then(|| "hang".to_owned());
    Judgement {
        verdict,
        observed: ObservedOutcome { status, note, ..ObservedOutcome::default() },
        why: "why".to_owned(),
    }
}

fn diverges(status: u16) -> Judgement {
    said(Verdict::Diverges, Some(status))
}

/// Adds a case, with what its example is shown with.
fn add(findings: &mut Findings, case: &Case, judgement: &Judgement) {
    findings.add("s", case, judgement, || Reproduction { curl: Some(case.id.to_string()), server_output: Vec::new() });
}

#[test]
fn a_finding_is_what_diverges_unaccepted_or_has_changed() {
    for verdict in [Verdict::Pass, Verdict::Diverges, Verdict::Unspecified, Verdict::Indeterminate] {
        for change in [SnapshotChange::Same, SnapshotChange::Changed, SnapshotChange::New, SnapshotChange::None] {
            for (known, strict) in [(false, false), (false, true), (true, false), (true, true)] {
                let diverges = verdict == Verdict::Diverges;
                let due = change == SnapshotChange::Changed || diverges && !known || diverges && strict;
                assert_eq!(is_finding(verdict, known, change, strict), due, "{verdict} {change:?} {known} {strict}");
            }
        }
    }
    let mut findings = Findings::new(false);
    add(&mut findings, &named("s/Do/name/enum/a", Intent::Valid), &said(Verdict::Pass, Some(200)));
    assert!(findings.is_empty() && findings.sorted().is_empty());
    add(&mut findings, &named("s/Do/name/enum/a", Intent::Valid), &diverges(400));
    assert!(!findings.is_empty() && findings.len() == 1);
}

#[test]
fn what_breaks_valid_use_is_fixed_first() {
    let mut findings = Findings::new(false);
    let mut changed = SnapshotComparison { change: SnapshotChange::Changed, ..SnapshotComparison::default() };
    changed.accepted = Some(ObservedBehavior { status: Some(200), error: None, note: None, form: None });
    changed.observed = Some(ObservedBehavior { status: Some(201), error: None, note: None, form: None });
    let pass = said(Verdict::Pass, Some(201));
    findings.add_compared(
        "s",
        &named("s/Do/changed/type/a", Intent::Valid),
        &pass,
        &changed,
        &[],
        Reproduction::default,
    );
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
        add(&mut findings, &named(id, intent), &said(Verdict::Diverges, status));
    }
    let name = |finding: Finding| if finding.member == "law" { finding.constraint } else { finding.member };
    let order: Vec<String> = findings.sorted().into_iter().map(name).collect();
    let due = [
        "refused",
        "failure",
        "hang",
        "failed-valid",
        "accepted",
        "merges",
        "sequence",
        "wrong",
        "redirected",
        "changed",
    ];
    assert_eq!(order, due);
    // Of one rank, what more cases show comes first.
    add(&mut findings, &named("s/Do/failed-valid/type/b", Intent::Valid), &diverges(503));
    let order: Vec<String> = findings.sorted().into_iter().map(|finding| finding.member).collect();
    assert_eq!(order[..3], ["refused", "failed-valid", "failure"]);
}

#[test]
fn the_smallest_request_is_the_example() {
    let mut findings = Findings::new(false);
    for (id, letters) in [("c", 30), ("e", 50), ("a", 10), ("f", 60), ("b", 20), ("d", 40), ("a2", 10), ("g", 70)] {
        add(&mut findings, &sized(&format!("s/Do/name/length/{id}"), letters), &diverges(400));
    }
    let [finding] = &findings.sorted()[..] else { panic!("one finding") };
    let ids: Vec<&str> = finding.examples.iter().filter_map(|id| id.rsplit('/').next()).collect();
    assert_eq!((finding.case_count, ids), (8, vec!["a", "a2", "b", "c", "d"]));
    assert_eq!(finding.curl.as_deref(), Some("s/Do/name/length/a"));
    assert_eq!((finding.member.as_str(), finding.constraint.as_str()), ("name", "length"));
}

#[test]
fn requests_are_as_large_as_all_that_stands_in_them() {
    let text = |letters: usize| Value::Text("x".repeat(letters));
    let of = |name: &str, value| Value::Map([(name.to_owned(), value)].into_iter().collect());
    // Each is larger than the one before.
    let rising = [
        Value::Number("1".into()),
        Value::List(Vec::new()),
        Value::Raw("abc".into()),
        Value::Null,
        Value::Blob(vec![0; 5]),
        Value::List(vec![Value::Boolean(true)]),
        of("ab", text(3)),
        of("abc", Value::List(vec![text(1), text(2)])),
        Value::List(vec![text(5), text(5)]),
    ];
    let mut findings = Findings::new(false);
    for (at, value) in rising.into_iter().enumerate().rev() {
        let mut case = named(&format!("s/Do/name/length/{at}"), Intent::Valid);
        let StepRequest::Operation { input, .. } = &mut case.steps[0].request else {
            unreachable!("it is an operation's")
        };
        *input = value;
        add(&mut findings, &case, &diverges(400));
        let first = findings.sorted()[0].examples[0].clone();
        assert_eq!(first, case.id.to_string(), "it is smaller than all after it");
    }
}

#[test]
fn a_law_is_as_large_as_all_its_steps() {
    let mut findings = Findings::new(false);
    for (id, steps, letters) in [("c", 1, 30), ("b", 2, 1), ("a", 1, 2)] {
        let mut case = sized(&format!("s/Do/law/merges/{id}"), letters);
        case.judged = JudgedPart::Law(Box::new(Law::Echo { step: 0, place: String::new(), value: "x".into() }));
        case.steps = vec![case.steps[0].clone(); steps];
        add(&mut findings, &case, &diverges(400));
        assert_eq!(findings.sorted()[0].examples[0], case.id.to_string());
    }
}

#[test]
fn an_example_keeps_what_the_server_said() {
    let mut findings = Findings::new(false);
    for (letters, said) in [(3, &["first"][..]), (2, &[]), (1, &["last"])] {
        let server_output = said.iter().map(|&line| line.to_owned()).collect();
        let again = || Reproduction { curl: None, server_output };
        findings.add("s", &sized("s/Do/name/length/a", letters), &diverges(500), again);
        let due = if letters == 1 { "last" } else { "first" };
        assert_eq!(findings.sorted()[0].server_output, [due]);
    }
}

#[test]
fn the_innermost_frame_is_the_servers_own() {
    let of = |text: &str| innermost_frame(&text.lines().map(str::to_owned).collect::<Vec<_>>());
    for (trace, due) in [
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
        assert_eq!(of(trace).as_deref(), due, "{trace}");
    }
}

#[test]
fn one_more_case_counts_for_its_own_finding_only() {
    let mut findings = Findings::new(false);
    add(&mut findings, &named("s/Do/name/length/a", Intent::Valid), &diverges(400));
    let case = named("s/Do/name/length/b", Intent::Valid);
    findings.count_repeat("s", &case, &diverges(400));
    assert_eq!(findings.sorted()[0].case_count, 2);
    findings.count_repeat("other", &case, &diverges(400));
    findings.count_repeat("s", &case, &diverges(404));
    findings.count_repeat("s", &named("s/Do/name/enum/b", Intent::Valid), &diverges(400));
    findings.count_repeat("s", &named("s/Do/count/length/b", Intent::Valid), &diverges(400));
    let mut elsewhere = case.clone();
    elsewhere.operation = "Slow".into();
    findings.count_repeat("s", &elsewhere, &diverges(400));
    assert_eq!((findings.len(), findings.sorted()[0].case_count), (1, 2));
}

#[test]
fn a_place_where_the_server_broke_is_one_finding() {
    let trace: Vec<String> = ["thread 'x' panicked at src/queue.rs:12:5:", "no"].map(str::to_owned).to_vec();
    let add = |findings: &mut Findings, operation: &str, member: &str, judgement: &Judgement| {
        let mut case = named(&format!("s/{operation}/{member}/length/a"), Intent::Valid);
        case.operation = operation.into();
        findings.add_compared("s", &case, judgement, &SnapshotComparison::default(), &trace, Reproduction::default);
    };
    let mut findings = Findings::new(false);
    add(&mut findings, "Do", "name", &diverges(500));
    add(&mut findings, "Slow", "count", &diverges(500));
    add(&mut findings, "Do", "count", &diverges(500));
    let [finding] = &findings.sorted()[..] else { panic!("one finding") };
    assert_eq!((finding.case_count, finding.frame.as_deref()), (3, Some("src/queue.rs:12")));
    assert_eq!(finding.operations, ["Do", "Slow"]);
    assert_eq!((finding.operation.as_str(), finding.member.as_str()), ("Do", "name"));
    add(&mut findings, "Do", "name", &said(Verdict::Diverges, None));
    assert_eq!(findings.len(), 2, "a hang is no answer of 500");
    // What was refused broke nowhere.
    add(&mut findings, "Do", "name", &diverges(499));
    let refused = findings.sorted().into_iter().find(|finding| finding.observed == "499").expect("a finding");
    assert_eq!((refused.frame, refused.operations), (None, Vec::<String>::new()));
}

#[test]
fn answers_of_another_form_are_one_finding_of_an_operation() {
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
        let case = named(&format!("s/Do/{member}/length/a"), Intent::Valid);
        findings.add_compared("s", &case, &said(Verdict::Pass, Some(200)), &comparison, &[], Reproduction::default);
    }
    let [finding] = &findings.sorted()[..] else { panic!("one finding") };
    assert_eq!((finding.member.as_str(), finding.constraint.as_str(), finding.case_count), ("answers", "form", 2));
    assert_eq!(finding.why, "the answer is not the accepted one");
    comparison.accepted.as_mut().expect("accepted").status = Some(201);
    assert_eq!(comparison.describe_accepted().as_deref(), Some("201"));
    let case = named("s/Do/name/length/a", Intent::Valid);
    findings.add_compared("s", &case, &said(Verdict::Pass, Some(200)), &comparison, &[], Reproduction::default);
    assert_eq!(findings.sorted().iter().filter(|finding| finding.member == "name").count(), 1);
    // One that diverges is about its member, whatever its form.
    comparison.accepted = seen("a");
    findings.add_compared("s", &case, &diverges(200), &comparison, &[], Reproduction::default);
    let kept = findings.sorted().into_iter().find(|finding| finding.why == "why").expect("a finding");
    assert_eq!(kept.member, "name");
    comparison.change = SnapshotChange::Same;
    assert_eq!(comparison.describe_accepted(), None);
}

/// Findings about a member of which so many violations were accepted and refused.
fn heeded(accepted: usize, refused: usize, unanswered: usize, intent: Intent) -> Vec<Finding> {
    let mut findings = Findings::new(false);
    for constraint in ["length", "enum"] {
        for letter in ["a", "b", "c"] {
            add(&mut findings, &named(&format!("s/Do/name/{constraint}/{letter}"), Intent::Violates), &diverges(200));
        }
    }
    let mut case = named("s/Do/name/length/x", intent);
    case.member = MemberPath::parse("name");
    let statuses = [(accepted, Some(200)), (refused, Some(400)), (unanswered, None)];
    for (_, status) in statuses.into_iter().flat_map(|(times, status)| (0..times).map(move |at| (at, status))) {
        findings.record_violation(&case, &said(Verdict::Diverges, status));
    }
    // A failure is a fault of its own, whoever looks at the member.
    add(&mut findings, &named("s/Do/name/type/a", Intent::Violates), &diverges(500));
    findings.sorted()
}

#[test]
fn a_member_at_which_nobody_looks_is_one_finding() {
    for (accepted, refused, unanswered, intent, merged) in [
        (4, 0, 0, Intent::Violates, true),
        (9, 0, 1, Intent::Violates, true),
        (3, 0, 0, Intent::Violates, false),
        (4, 1, 0, Intent::Violates, false),
        (4, 0, 0, Intent::Valid, false),
        (0, 0, 4, Intent::Violates, false),
    ] {
        let found = heeded(accepted, refused, unanswered, intent);
        let told: Vec<&str> = found.iter().map(|finding| finding.constraint.as_str()).collect();
        let due = if merged { vec!["type", "ignored"] } else { vec!["type", "length", "enum"] };
        assert_eq!(told, due, "{accepted} {refused} {unanswered} {intent:?}");
        if merged {
            assert_eq!((found[1].case_count, found[1].examples.len(), found[1].discovery.is_some()), (6, 5, true));
        }
    }
}

#[test]
fn no_server_can_fill_the_memory_with_findings() {
    let mut findings = Findings::new(false);
    (0..10_002).for_each(|at| add(&mut findings, &named(&format!("s/Do/m{at}/type/a"), Intent::Valid), &diverges(400)));
    add(&mut findings, &named("s/Do/m0/type/b", Intent::Valid), &diverges(400));
    let found = findings.sorted();
    let cases = |member: &str| found.iter().find(|finding| finding.member == member).map(|finding| finding.case_count);
    assert_eq!((found.len(), cases("others"), cases("m0"), cases("m10000")), (10_001, Some(2), Some(2), None));
}

#[test]
fn answers_are_alike_but_for_what_was_asked() {
    let of = |status, body: &str| {
        ResponseFingerprint::from_outcome(&contract(), &outcome(case("Do", silent()), vec![Ok(json(status, body))]))
    };
    assert_eq!(of(299, "{}"), None);
    assert_eq!(of(404, "no Do at /do, id 12"), of(404, "no at , id 77"));
    assert_ne!(of(404, "no route"), of(404, "no resource"));
    assert_ne!(of(404, "no route"), of(400, "no route"));
    assert_eq!(of(300, "").map(|alike| alike.to_string()).as_deref(), Some("300"));
    let coded = of(404, r#"{"error": {"code": "gone"}}"#).map(|alike| alike.to_string());
    assert_eq!(coded.as_deref(), Some("404 gone"));
    assert_eq!(of(404, "no id ab-12"), of(404, "no id cd-34"), "an id goes as a whole");
    let short_path = |body: &str| {
        let mut outcome = outcome(case("Do", silent()), vec![Ok(json(404, body))]);
        outcome.exchanges[0].as_mut().expect("sent").request.target = "/a".to_owned();
        ResponseFingerprint::from_outcome(&contract(), &outcome)
    };
    assert_ne!(short_path("banana"), short_path("bnn"), "one letter is no path");
    let late = |end: &str| of(404, &format!("{} {end}", "a".repeat(4096)));
    assert_eq!(late("one"), late("other"), "no more than the beginning is compared");
    let early = |end: &str| of(404, &format!("{} {end}", "a".repeat(4000)));
    assert_ne!(early("one"), early("other"));
}

#[test]
fn models_do_not_say_which_values_are_granted() {
    let weigh = |change: &dyn Fn(&mut Case, &mut Judgement, &mut Contract)| {
        let mut contract = contract();
        for operation in &mut contract.operations {
            let fact = Fact::new("input", "Asked", FactOrigin::Model, &Provenance::new("model", 1));
            operation.facts = vec![fact];
        }
        let mut refused = RejectedPlainValues::default();
        let plain = |id: &str, verdict| (named(id, Intent::Valid), said(verdict, Some(400)));
        for (case, judgement) in [
            plain("s/Do/valid/member/name.first", Verdict::Diverges),
            plain("s/Do/valid/other/kind", Verdict::Diverges),
            plain("s/Do/valid/member/taken", Verdict::Pass),
            plain("s/Do/valid/random/odd", Verdict::Diverges),
            plain("s/Do/pair/auth+type/else", Verdict::Diverges),
        ] {
            refused.record_case(&case, &judgement);
        }
        let (mut case, mut judgement) = (named("s/Do/name/length/at-max", Intent::Valid), diverges(400));
        case.member = MemberPath::parse("name");
        change(&mut case, &mut judgement, &mut contract);
        let weighed = refused.adjust_verdict(&contract, &case, judgement.clone());
        // What is left open says why, and not what was wrong.
        assert_eq!(weighed.why == judgement.why, weighed.verdict == judgement.verdict, "{}", weighed.why);
        weighed.verdict.name()
    };
    let at = |path: &'static str| weigh(&move |case, _, _| case.member = MemberPath::parse(path));
    let (open, held) = ("unspecified", "diverges");
    for (path, due) in [
        ("name", open),
        ("name.first", open),
        ("name.first.more", open),
        ("name.last", held),
        ("kind", open),
        ("taken", held),
        ("odd", held),
        ("else", held),
    ] {
        assert_eq!(at(path), due, "{path}");
    }
    assert_eq!(weigh(&|case, _, _| case.member = None), open);
    assert_eq!(weigh(&|case, _, _| case.intent = Intent::Violates), held);
    assert_eq!(weigh(&|case, _, _| case.operation = "Slow".into()), held);
    assert_eq!(weigh(&|_, _, contract| contract.operations[0].facts.clear()), held);
    assert_eq!(weigh(&|_, judgement, _| judgement.observed.status = Some(399)), held);
    assert_eq!(weigh(&|_, judgement, _| judgement.observed.status = Some(500)), held);
    assert_eq!(weigh(&|_, judgement, _| judgement.verdict = Verdict::Indeterminate), "indeterminate");
    let error = |name: &'static str| {
        weigh(&move |case, judgement, _| {
            case.member = MemberPath::parse("taken");
            judgement.observed.error = Some(name.to_owned());
        })
    };
    for (name, due) in [
        ("gone", open),
        ("forbidden_here", open),
        ("AlreadyExists", open),
        ("LimitExceeded", open),
        ("bad_input", held),
    ] {
        assert_eq!(error(name), due, "{name}");
    }
    let empty = weigh(&|case, _, _| {
        case.member = MemberPath::parse("taken");
        case.id = "s/Do/taken/length/empty".parse().expect("an id");
    });
    assert_eq!(empty, open);
}
