//! Exports of cases whose every text is hostile: they compile or parse, they send only their requests, and nothing else
//! comes out of running them.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests start programs and read files")]

use crate::loopback::serve_json;
use crate::support::visible;
use overstep::case::{
    Capture, Certainty, FixtureStep, Law, Resource, StateEvent, StateKind, StateModel, StateView, StepEvent,
    StepPurpose, WriteEffect,
};
use overstep::escape::is_deceptive;
use overstep::export::{
    CapturedPlaceholder, ExportTarget, ExportedAssertion, ExportedCase, ExportedStep, PlaceholderForm, Signing,
    curl_script, hurl_file, pytest_file,
};
use overstep::wire::{EncodedBody, EncodedRequest, RedactedSecret, Redaction, SecretScope};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};
use std::process::{Command, Output, Stdio};

/// Texts that leave a literal, a comment, a word or a template of some language and write a file there.
const ATTACKS: [&str; 22] = [
    "x\n    import os; os.system(\"touch PWN\")\n    #",
    "x\r    open(\"PWN\", \"w\")\r    #",
    "x\r\n    open(\"PWN\", \"w\")",
    "x\u{2028}    open('PWN', 'w')\u{85}touch PWN\u{c}touch PWN\u{b}",
    "\"); open(\"PWN\", \"w\"); (\"",
    "'); open('PWN', 'w'); ('",
    "\"\"\"\nopen('PWN', 'w')\n\"\"\"",
    "\\\"); open(\"PWN\", \"w\") #",
    "\\",
    "'; touch PWN; '",
    "$(touch PWN)",
    "`touch PWN`",
    "\"; touch PWN; \"",
    "\ntouch PWN\n",
    "\\'; touch PWN #",
    "x\n}\ntouch PWN\nsteps() {",
    "PYTHON\ntouch PWN",
    "{{base}}\nGET http://127.0.0.1:1/PWN",
    "```\nfile,PWN;\n```",
    "::error::PWN ##[add-mask]PWN\u{1b}[2J\u{202e}",
    "-o PWN",
    "\0",
];

/// Stands for a captured value in requests.
const TOKEN: &str = "ovrstp9q7cap";

/// A text of a stranger.
fn hostile_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(&ATTACKS[..]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => (proptest::sample::select(&ATTACKS[..]), proptest::sample::select(&ATTACKS[..])).prop_map(|(a, b)| format!("{a}{b}")),
        1 => (any::<char>(), 60..80_usize).prop_map(|(character, count)| character.to_string().repeat(count)),
    ]
}

/// A header's value as an encoder would send it.
fn header_value() -> impl Strategy<Value = String> {
    hostile_text().prop_map(|text| text.replace(|c: char| c.is_control(), "").trim().to_owned())
}

/// A request; `token` stands for a captured value.
fn request(token: &'static str) -> impl Strategy<Value = EncodedRequest> {
    let plain_target = prop_oneof![Just("/x".to_owned()), Just("/x/%24%28touch%20PWN%29?a='$(touch)'".to_owned())];
    let target = prop_oneof![
        2 => plain_target,
        1 => hostile_text().prop_map(|text| format!("/{}", text.replace(|c: char| c.is_control() || c == ' ', ""))),
    ];
    let bytes = prop_oneof![
        hostile_text().prop_map(String::into_bytes),
        hostile_text().prop_map(move |text| json!({ text.clone(): [text, token] }).to_string().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..40),
    ];
    (target, header_value(), bytes).prop_map(|(target, value, body)| {
        let mut request = EncodedRequest {
            method: "POST".to_owned(),
            target,
            headers: vec![("content-type".to_owned(), "application/json".to_owned()), ("x-text".to_owned(), value)],
            body: EncodedBody::from(body),
            raw: false,
        };
        request.update_raw();
        request
    })
}

fn law(texts: [String; 4]) -> Law {
    let [one, two, three, four] = texts;
    let event = |step, event| StepEvent { step, resource: Resource::FIRST, event };
    let view = StateView { place: one.clone(), key: Some(two.clone()), item: None, optional: true };
    let put = WriteEffect::Put(vec![(three.clone(), json!({ four.clone(): [one] }))]);
    Law::State {
        model: StateModel { kind: StateKind::Map, merges: true, deduplicates: false, ordered: false },
        events: vec![
            event(0, StateEvent::Read(view.clone())),
            event(1, StateEvent::Write { effect: put, certainty: Certainty::Uncertain }),
            event(1, StateEvent::RejectedWrite(WriteEffect::Remove(vec![two]))),
            event(0, StateEvent::Read(StateView { key: None, optional: false, ..view })),
        ],
    }
}

fn assertion() -> impl Strategy<Value = ExportedAssertion> {
    let texts = || (hostile_text(), hostile_text(), hostile_text(), hostile_text());
    prop_oneof![
        hostile_text().prop_map(|code| ExportedAssertion::Accepted(1, Some(200), vec![(None, Some(code))])),
        hostile_text().prop_map(|code| ExportedAssertion::Rejected(1, vec![(Some(400), Some(code))])),
        Just(ExportedAssertion::NoServerError(vec![0, 1])),
        texts().prop_map(|(place, text, name, code)| {
            let value = json!({ name: [text, 1] });
            ExportedAssertion::Law(Box::new(Law::Echo { step: 1, place, value }), vec![code])
        }),
        texts().prop_map(|(place, text, ..)| {
            ExportedAssertion::Law(Box::new(Law::Echo { step: 1, place, value: Json::from(text) }), Vec::new())
        }),
        texts().prop_map(|(a, b, c, d)| ExportedAssertion::Law(Box::new(law([a, b, c, d.clone()])), vec![d])),
    ]
}

prop_compose! {
    fn exported_case(signs: bool)(
        id in hostile_text(), description in hostile_text(), place in proptest::option::of(hostile_text()),
        requests in (request("first"), request(TOKEN)), fixture in hostile_text(), path in hostile_text(), service in hostile_text(),
        assertion in assertion(), is_aws: bool,
    ) -> ExportedCase {
        let signing = |request: &EncodedRequest| signs.then(|| Signing {
            region: request.headers[1].1.clone(), service: service.clone(), damage: None, unknown_key_id: None,
        });
        let step = |purpose, turn, request: EncodedRequest, captures| ExportedStep {
            purpose, turn, fixture: Some(FixtureStep { name: fixture.clone(), accepts: vec![200], until: None }), captures,
            signing: signing(&request), signed: request.clone(), unsigned: request,
        };
        let capture = Capture { name: "cap".to_owned(), path };
        let steps = vec![
            step(StepPurpose::SetUp, 0, requests.0.clone(), vec![capture]),
            step(StepPurpose::Act, 1, requests.1, Vec::new()),
            step(StepPurpose::TearDown, 2, requests.0, Vec::new()),
        ];
        let placeholders = vec![CapturedPlaceholder {
            name: "cap".to_owned(), form: PlaceholderForm::Text, variable: "captured_cap_text".to_owned(),
        }];
        ExportedCase { id, description, is_aws, error_code_path: place, steps, assertion, placeholders }
    }
}

fn draw<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::new(Config { cases: 1, max_global_rejects: 1, ..Config::default() });
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("a strategy without filters").current()).collect()
}

fn redaction() -> Redaction {
    let secret = |value: &str, variable: &str| RedactedSecret::new(value, variable);
    Redaction::new([secret(TOKEN, "captured_cap_text")])
}

/// A server that accepts every request and echoes hostile text.
fn harmless_server() -> String {
    let address = serve_json(|_, _, body| {
        let number = body.iter().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
        let text = ATTACKS[number % ATTACKS.len()];
        let status = [200, 400, 500][number % 3];
        (status, json!({"code": text, "error": {"code": text}, text: text}))
    });
    format!("http://{address}")
}

fn target(endpoint: &str) -> ExportTarget {
    ExportTarget { endpoint: endpoint.to_owned(), dummy_keys: true, base_path: String::new() }
}

/// Writes the text, and runs a program in its folder. Fails if a file appears there, or if the output acts on a log.
fn run_in_folder(file: &str, text: &str, program: &str, arguments: &[&str]) -> Option<Output> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join(file), text).expect("written");
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory.path()).stdin(Stdio::null()).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("TMPDIR", std::env::temp_dir()).env_remove("OVERSTEP_ENDPOINT").env("NO_COLOR", "1");
    let Ok(output) = command.output() else {
        visible::say(&format!("skipped: {program} is not installed"));
        return None;
    };
    let left: Vec<_> =
        std::fs::read_dir(directory.path()).expect("listed").map(|entry| entry.expect("entry").file_name()).collect();
    assert_eq!(left, [file], "{program} left a file");
    Some(output)
}

fn check_log(output: &Output) {
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8(bytes.clone()).expect("the output is UTF-8");
        for line in text.lines() {
            assert!(!line.chars().any(is_deceptive), "{line:?}");
            assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{line:?}");
        }
    }
}

/// Fails if a file could act where it is shown.
fn check_text(text: &str) {
    for line in text.split('\n') {
        assert!(!line.chars().any(is_deceptive), "{line:?}");
        assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{line:?}");
    }
}

/// Compiles a pytest file and calls every test in it, without pytest.
const PYTHON_DRIVER: &str = r#"
import sys, types
class Failed(Exception): pass
def fail(reason): raise Failed(reason)
sys.modules["pytest"] = types.SimpleNamespace(fail=fail, skip=fail)
source = open(sys.argv[1], encoding="utf-8", newline="").read()
names = {"__name__": "exported"}
exec(compile(source, sys.argv[1], "exec"), names)
tests = [test for name, test in names.items() if name.startswith("test_")]
for test in tests:
    try: test()
    except (Failed, AssertionError) as reason: print(reason)
    except KeyError as name: assert name.args == ("cap",), name  # A step before it was rejected.
print(len(tests), "tests")
"#;

#[test]
fn pytest_files_of_hostile_cases_run_no_code_of_theirs() {
    let endpoint = harmless_server();
    for signs in [false, true] {
        let cases = draw(exported_case(signs), 60);
        let text = pytest_file(&target(&endpoint), &cases, &redaction());
        check_text(&text);
        let arguments = ["-c", PYTHON_DRIVER, "test_exported.py"];
        let Some(output) = run_in_folder("test_exported.py", &text, "python3", &arguments) else { return };
        assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
        check_log(&output);
        let all = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(all.ends_with("60 tests\n"), "{all}");
    }
}

#[test]
fn curl_scripts_of_hostile_cases_run_no_command_of_theirs() {
    let endpoint = harmless_server();
    // A case that curl cannot send is rejected; the others become one script.
    let can_send =
        |case: &ExportedCase| curl_script(&target(&endpoint), std::slice::from_ref(case), &redaction()).is_ok();
    let cases: Vec<ExportedCase> = draw(exported_case(false), 60).into_iter().filter(can_send).take(25).collect();
    assert!(cases.len() > 10, "{} cases", cases.len());
    let base = RedactedSecret::new(endpoint.clone(), "OVERSTEP_ENDPOINT").with_scope(SecretScope::StandIn);
    let text = curl_script(&target(&endpoint), &cases, &redaction().with_secrets([base])).expect("curl can send them");
    check_text(&text);
    let Some(output) = run_in_folder("exported.sh", &text, "bash", &["-n", "exported.sh"]) else { return };
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    let Some(output) = run_in_folder("exported.sh", &text, "bash", &["exported.sh"]) else { return };
    check_log(&output);
    let all = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.code() == Some(1) && output.stderr.is_empty(),
        "{all}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let headings = all.lines().filter(|line| !line.starts_with("  ") || line.trim().is_empty()).count();
    assert!(headings >= cases.len() / 2, "{all}");
}

#[test]
fn hurl_files_of_hostile_cases_are_parsed_and_write_nothing() {
    let endpoint = harmless_server();
    let can_send =
        |case: &ExportedCase| hurl_file(&target(&endpoint), std::slice::from_ref(case), &redaction()).is_ok();
    let cases: Vec<ExportedCase> = draw(exported_case(false), 300).into_iter().filter(can_send).take(40).collect();
    assert!(cases.len() > 5, "{} cases", cases.len());
    let text = hurl_file(&target(&endpoint), &cases, &redaction()).expect("Hurl can send them");
    check_text(&text);
    let base = format!("base={endpoint}");
    let arguments = ["--test", "--continue-on-error", "--no-cookie-store", "--variable", &base, "exported.hurl"];
    let Some(output) = run_in_folder("exported.hurl", &text, "hurl", &arguments) else { return };
    // 2 is an error of the file, 3 one of a request, 4 an assertion that failed.
    let problems = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 3 | 4)), "{:?}\n{problems}\n{text}", output.status);
    assert!(!problems.contains("Parsing"), "{problems}\n{text}");
}
