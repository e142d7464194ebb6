//! Limits of GitHub: the number of annotations, and the size of a comment.

use overstep::judge::{Finding, FindingCode};
use overstep::report::{GithubReporter, MarkdownReporter, Reporter, RunStarted, RunSummary};
use std::time::SystemTime;

fn finding(code: FindingCode, number: usize, text: &str) -> Finding {
    Finding {
        code,
        scenario: "shop".into(),
        operation: format!("Operation{number}"),
        member: "name".into(),
        constraint: "length".into(),
        cause: "single",
        statement: None,
        frame: None,
        message: None,
        operations: vec![format!("Operation{number}")],
        parts: Vec::new(),
        case_ids: Vec::new(),
        observed: "200".into(),
        case_count: number as u64,
        examples: vec![format!("shop/Operation{number}/name/length/above-max")],
        rule: format!("at most 64 characters {text}"),
        source: Some("shop.md:7".into()),
        expected: "400 Bad".into(),
        accepted: None,
        why: "it was accepted".into(),
        discovery: None,
        curl: Some(format!("curl -d '{text}'")),
        server_output: vec![text.to_owned()],
    }
}

fn started(scenario: &str) -> RunStarted {
    RunStarted {
        scenario: scenario.into(),
        endpoint: "http://127.0.0.1:8080".into(),
        profile: "default".into(),
        seed: 1,
        run_id: "r".into(),
        contract: "sha256:0".into(),
        started: SystemTime::UNIX_EPOCH,
        operations: 1,
        cases: 1,
        rerun_command: "overstep check shop".into(),
        server_version: None,
        documents: [("shop.md".to_owned(), "docs/shop.md".to_owned())].into_iter().collect(),
        scenario_file: Some("scenarios/shop.toml".into()),
    }
}

/// Reports scenarios with these findings.
fn report(reporter: &mut dyn Reporter, scenarios: &[Vec<Finding>]) {
    for (number, findings) in scenarios.iter().enumerate() {
        let scenario = format!("shop{number}");
        reporter.begin_run(&started(&scenario)).expect("a vector takes all");
        let summary = RunSummary { scenario, findings: findings.clone(), ..RunSummary::default() };
        reporter.end_run(&summary).expect("a vector takes all");
    }
    reporter.finish().expect("a vector takes all");
}

#[test]
fn annotations_are_the_ten_most_severe_of_all_scenarios() {
    let of = |code, numbers: std::ops::Range<usize>| numbers.rev().map(|number| finding(code, number, "x")).collect();
    let scenarios: [Vec<Finding>; 3] = [
        of(FindingCode::OV401WrongErrorForInvalidInput, 0..30),
        of(FindingCode::OV203LengthAccepted, 0..6),
        of(FindingCode::OV601WrittenValueNotRead, 0..3),
    ];
    let mut out = Vec::new();
    report(&mut GithubReporter::new(&mut out), &scenarios);
    let text = String::from_utf8(out).expect("UTF-8 text");
    let codes: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once("title=").map(|(_, rest)| rest))
        .filter_map(|rest| rest.get(..5))
        .collect();
    let expected: Vec<&str> = [["OV601"; 3].as_slice(), &["OV203"; 6], &["OV401"; 1], &["overs"; 1]].concat();
    assert_eq!(codes, expected, "{text}");
    assert!(text.lines().next().is_some_and(|line| line.starts_with("::error file=docs/shop.md,line=7,")), "{text}");
    assert!(text.contains("::warning file=docs/shop.md,line=7,title=OV401"), "{text}");
    assert!(text.ends_with("and 29 findings more, in the other reports\n"), "{text}");
}

#[test]
fn markdown_fits_into_a_comment() {
    for (text, scenarios) in
        [("x".to_owned(), 1), ("x".to_owned(), 40), ("long ".repeat(3000), 3), ("\u{202e}".repeat(900), 9)]
    {
        let findings: Vec<Finding> =
            (0..100).map(|number| finding(FindingCode::OV203LengthAccepted, number, &text)).collect();
        let mut out = Vec::new();
        report(&mut MarkdownReporter::new(&mut out), &vec![findings; scenarios]);
        let report = String::from_utf8(out).expect("UTF-8 text");
        assert!(report.chars().count() <= 65_536, "{} characters", report.chars().count());
        assert!(report.contains("shop0"), "{report}");
        assert!(report.contains("more, in the other reports"), "what is left out is counted");
        // Every block is complete.
        assert_eq!(report.matches("\n```").count() % 2, 0);
    }
}
