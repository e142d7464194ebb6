//! Exports cases as one pytest file that needs only pytest and the standard library.
//!
//! It never refuses a case that overstep can send: requests are written to a socket byte by byte.

use crate::case::{AuthDamage, Certainty, Law, StateEvent, StateKind, StepPurpose, WriteEffect};
use crate::escape::python_string;
use crate::export::exported_case::{
    ErrorPair, ExportTarget, ExportedAssertion, ExportedCase, ExportedStep, NamedPiece, PlaceholderForm,
};
use crate::wire::{KeyChange, Redaction, RequestPart, SecretEncoding};
use serde_json::Value as Json;
use std::collections::HashSet;
use std::fmt::Write as _;

const RESPONSE_PY: &str = include_str!("response.py");
const RUNTIME_PY: &str = include_str!("pytest.py");
const SIGNER_PY: &str = include_str!("sigv4.py");
const STATE_PY: &str = include_str!("state.py");

/// Returns the file.
pub fn pytest_file(head: &ExportTarget, cases: &[ExportedCase], redaction: &Redaction) -> String {
    let signs = cases.iter().any(|case| case.steps.iter().any(|step| step.signing.is_some()));
    let states =
        cases.iter().any(|case| matches!(&case.assertion, ExportedAssertion::Law(law, _) if is_state_law(law)));
    let mut out = String::from(
        "\"\"\"Written by `overstep export`: documented behaviour as tests.\n\n\
         Run with: OVERSTEP_ENDPOINT=http://127.0.0.1:8080 python3 -m pytest FILE\n\"\"\"\n\n",
    );
    let mut modules = vec!["base64", "concurrent.futures", "http.client", "json", "os", "socket", "ssl", "time"];
    if signs {
        modules.extend(["hashlib", "hmac", "re"]);
    }
    modules.push("urllib.parse");
    modules.sort_unstable();
    for module in modules {
        let _ = writeln!(out, "import {module}");
    }
    let _ = write!(
        out,
        "\nimport pytest\n\nENDPOINT = os.environ.get(\"OVERSTEP_ENDPOINT\", {})\nTIMEOUT = 10\n\n\n",
        python_string(&head.endpoint)
    );
    let _ = write!(out, "{RESPONSE_PY}\n\n{RUNTIME_PY}");
    if signs {
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            let value = if head.dummy_keys {
                format!("os.environ.get(\"{name}\", \"test\")")
            } else {
                format!("environment(\"{name}\")")
            };
            let _ = write!(out, "\n\ndef {name}():\n    return {value}\n");
        }
        let _ = write!(out, "\n\n{SIGNER_PY}");
    }
    if states {
        let _ = write!(out, "\n\n{STATE_PY}");
    }
    let mut names: HashSet<String> = HashSet::new();
    for case in cases {
        let base: String = case.id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let others = (2_u64..).map(|number| format!("{base}__{number}"));
        let name =
            std::iter::once(base.clone()).chain(others).find(|name| !names.contains(name)).unwrap_or(base.clone());
        let _ = write!(out, "\n\ndef test_{name}():\n");
        names.insert(name);
        write_test(head, case, redaction, &mut out);
    }
    out
}

fn is_state_law(law: &Law) -> bool {
    matches!(law, Law::State { .. })
}

fn write_test(head: &ExportTarget, case: &ExportedCase, redaction: &Redaction, out: &mut String) {
    for line in case.comment_lines() {
        let _ = writeln!(out, "    # {line}");
    }
    let place = case.error_code_path.as_deref().map_or_else(|| "None".to_owned(), python_string);
    let _ = writeln!(out, "    case = Case(aws={}, place={place})\n    responses = {{}}", python_bool(case.is_aws));
    let (turns, last) = case.steps_by_turn();
    let pad = if last.is_empty() { "    " } else { "        " };
    if !last.is_empty() {
        out.push_str("    try:\n");
    }
    for turn in turns {
        if let [one] = turn.as_slice() {
            let _ =
                writeln!(out, "{pad}responses[{one}] = {}", send_call(head, case, &case.steps[*one], redaction, pad));
        } else {
            let all: Vec<String> = turn.iter().map(|index| format!("responses[{index}]")).collect();
            let _ = writeln!(out, "{pad}{} = case.send_concurrently(", all.join(", "));
            for index in &turn {
                let inner = format!("{pad}    ");
                let _ =
                    writeln!(out, "{inner}lambda: {},", send_call(head, case, &case.steps[*index], redaction, &inner));
            }
            let _ = writeln!(out, "{pad})");
        }
        for index in turn {
            write_follow_up(case, index, pad, out);
        }
    }
    write_assertion(case, pad, out);
    if last.is_empty() {
        return;
    }
    out.push_str("    finally:\n");
    for index in last {
        let step = &case.steps[index];
        let mut pad = pad.to_owned();
        if let Some(part) = &step.fixture {
            let _ = writeln!(out, "{pad}if case.created({}):", python_string(&part.name));
            pad.push_str("    ");
        }
        let _ = writeln!(out, "{pad}{}", send_call(head, case, step, redaction, &pad));
    }
}

/// Writes the checks and captures that follow a step's response.
fn write_follow_up(case: &ExportedCase, index: usize, pad: &str, out: &mut String) {
    let step = &case.steps[index];
    let accepts = step.fixture.as_ref().map(|part| format!("{:?}", part.accepts)).unwrap_or("()".to_owned());
    // A law has its own rules for the responses to its reads and writes.
    let of_law = matches!(&case.assertion, ExportedAssertion::Law(law, _)
        if matches!(&**law, Law::State { events, .. } if events.iter().any(|event| event.step == index)));
    if step.purpose == StepPurpose::SetUp && !of_law {
        let fixture = step.fixture.as_ref().map_or_else(|| "None".to_owned(), |part| python_string(&part.name));
        let _ = writeln!(out, "{pad}case.set_up(responses[{index}], {accepts}, {fixture})");
    }
    for capture in &step.captures {
        let (name, path) = (python_string(&capture.name), python_string(&capture.path));
        let _ = writeln!(out, "{pad}case.capture(responses[{index}], {name}, {path}, {accepts})");
    }
}

fn send_call(
    head: &ExportTarget,
    case: &ExportedCase,
    step: &ExportedStep,
    redaction: &Redaction,
    pad: &str,
) -> String {
    let message = &step.unsigned;
    let (target, exact) = step.relative_target(head).map_or((message.target.as_str(), true), |rest| (rest, false));
    let inner = format!("{pad}    ");
    let mut out = format!(
        "case.send(\n{inner}{},\n{inner}{},\n{inner}[",
        python_expression(case, message.method.as_bytes(), RequestPart::Other, redaction),
        python_expression(case, target.as_bytes(), RequestPart::Other, redaction)
    );
    let headers: Vec<String> = message
        .headers
        .iter()
        .map(|(name, value)| {
            let value = python_expression(case, value.as_bytes(), RequestPart::Header(name), redaction);
            format!("({}, {value})", python_string(name))
        })
        .collect();
    let _ = writeln!(out, "{}],", headers.join(", "));
    if !message.body.is_empty() {
        let body = if std::str::from_utf8(&message.body).is_ok() {
            format!("({}).encode()", python_expression(case, &message.body, RequestPart::Other, redaction))
        } else {
            format!(
                "base64.b64decode(\"{}\")",
                data_encoding::BASE64.encode(&redaction.redact_request_bytes(&message.body))
            )
        };
        let _ = writeln!(out, "{inner}{body},");
    }
    if exact {
        let _ = writeln!(out, "{inner}exact=True,");
    }
    if let Some(signing) = &step.signing {
        let _ =
            write!(out, "{inner}sign_for=({}, {}),", python_string(&signing.region), python_string(&signing.service));
        out.push_str(&match &signing.damage {
            None | Some(AuthDamage::Empty | AuthDamage::SchemeOnly) => String::new(),
            Some(AuthDamage::KeyShortened) => " key_id=\"shortened\",".to_owned(),
            Some(AuthDamage::KeyLengthened) => " key_id=\"lengthened\",".to_owned(),
            // Keys that sign a request are not damaged in these ways.
            Some(AuthDamage::KeyLastCharacter | AuthDamage::KeyLetterCase) => String::new(),
            Some(AuthDamage::UnknownKey) => {
                format!(" key_id={},", python_string(signing.unknown_key_id.as_deref().unwrap_or("unknown")))
            }
            Some(AuthDamage::OtherScheme(scheme)) => {
                format!(" damage=\"other-scheme\", part={},", python_string(scheme))
            }
            Some(AuthDamage::NoScheme) => " damage=\"no-scheme\",".to_owned(),
            Some(AuthDamage::MissingPart(part)) => format!(" part={},", python_string(part)),
            Some(AuthDamage::WrongSignature) => " damage=\"wrong-signature\",".to_owned(),
        });
        out.push('\n');
    }
    let _ = write!(out, "{pad})");
    out
}

fn write_assertion(case: &ExportedCase, pad: &str, out: &mut String) {
    let _ = match &case.assertion {
        ExportedAssertion::Accepted(step, status, or) => {
            let status = status.map_or_else(|| "None".to_owned(), |status| status.to_string());
            writeln!(out, "{pad}case.accepted(responses[{step}], {status}, {})", error_pairs(or))
        }
        ExportedAssertion::Rejected(step, errors) => {
            writeln!(out, "{pad}case.rejected(responses[{step}], {})", error_pairs(errors))
        }
        ExportedAssertion::NoServerError(steps) => {
            steps.iter().try_for_each(|step| writeln!(out, "{pad}case.survived(responses[{step}])"))
        }
        ExportedAssertion::Law(law, excuses) => match &**law {
            Law::Echo { step, place, value } => writeln!(
                out,
                "{pad}case.accepted(responses[{step}])\n{pad}assert value_at(responses[{step}].document(), {}) == {}",
                python_string(place),
                python_value(value)
            ),
            // Checks of several responses are exported as the absence of server errors.
            Law::Responses(_) => Ok(()),
            Law::State { model, events } => {
                let kind = match model.kind {
                    StateKind::Map => "map",
                    StateKind::List => "list",
                    StateKind::Field => "field",
                };
                let excuses: Vec<String> = excuses.iter().map(|code| python_string(code)).collect();
                let _ = writeln!(
                    out,
                    "{pad}model = (\"{kind}\", {}, {}, {})  # merges, deduplicates, ordered",
                    python_bool(model.merges),
                    python_bool(model.deduplicates),
                    python_bool(model.ordered)
                );
                let _ = writeln!(out, "{pad}check_law(case, responses, model, [{}], [", excuses.join(", "));
                let turn = |step: usize| case.steps.get(step).map_or(0, |step| step.turn);
                for group in events.chunk_by(|one, other| turn(one.step) == turn(other.step)) {
                    let all: Vec<String> = group
                        .iter()
                        .map(|event| {
                            format!("({}, {}, {})", event.step, event.resource.number(), state_event(&event.event))
                        })
                        .collect();
                    let _ = writeln!(out, "{pad}    [{}],", all.join(", "));
                }
                writeln!(out, "{pad}])")
            }
        },
    };
}

fn state_event(what: &StateEvent) -> String {
    match what {
        StateEvent::Read(view) => {
            let mut given = format!("\"place\": {}", python_string(&view.place));
            for (name, value) in [("key", &view.key), ("item", &view.item)] {
                if let Some(value) = value {
                    let _ = write!(given, ", \"{name}\": {}", python_string(value));
                }
            }
            if view.optional {
                given.push_str(", \"optional\": True");
            }
            format!("\"read\", {{{given}}}")
        }
        StateEvent::Write { effect: done, certainty: Certainty::Certain } => {
            format!("\"must-write\", {}", effect_tuple(done))
        }
        StateEvent::Write { effect: done, .. } => format!("\"write\", {}", effect_tuple(done)),
        StateEvent::RejectedWrite(done) => format!("\"rejected\", {}", effect_tuple(done)),
    }
}

fn effect_tuple(effect: &WriteEffect) -> String {
    match effect {
        WriteEffect::Put(entries) => {
            let all: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("({}, {})", python_string(key), python_value(value)))
                .collect();
            format!("(\"put\", [{}])", all.join(", "))
        }
        WriteEffect::Append(items) => {
            format!("(\"append\", [{}])", items.iter().map(python_value).collect::<Vec<_>>().join(", "))
        }
        WriteEffect::Remove(keys) => {
            format!("(\"remove\", [{}])", keys.iter().map(|key| python_string(key)).collect::<Vec<_>>().join(", "))
        }
        WriteEffect::Set(value) => format!("(\"set\", {})", python_value(value)),
    }
}

fn error_pairs(pairs: &[ErrorPair]) -> String {
    let all: Vec<String> = pairs
        .iter()
        .map(|(status, code)| {
            let status = status.map_or_else(|| "None".to_owned(), |status| status.to_string());
            format!("({status}, {})", code.as_deref().map_or_else(|| "None".to_owned(), python_string))
        })
        .collect();
    format!("[{}]", all.join(", "))
}

fn python_bool(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn python_value(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(value) => python_bool(*value).to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(value) => python_string(value),
        Json::Array(items) => format!("[{}]", items.iter().map(python_value).collect::<Vec<_>>().join(", ")),
        Json::Object(members) => {
            let all: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}: {}", python_string(name), python_value(value)))
                .collect();
            format!("{{{}}}", all.join(", "))
        }
    }
}

/// Formats a text with secrets and captured values as a Python expression.
fn python_expression(case: &ExportedCase, bytes: &[u8], part: RequestPart<'_>, redaction: &Redaction) -> String {
    let terms: Vec<String> = case
        .named_pieces(bytes, part, redaction)
        .into_iter()
        .map(|piece| match piece {
            NamedPiece::Literal(bytes) => python_string(&String::from_utf8_lossy(&bytes)),
            NamedPiece::Secret(name) => format!("environment({})", python_string(&name)),
            NamedPiece::Changed(name, change, map) => changed_key_expression(&name, change, map),
            NamedPiece::Encoded(name, encoding) => {
                let value = format!("environment({})", python_string(&name));
                match encoding {
                    Some(SecretEncoding::Percent) => format!("urllib.parse.quote({value}, safe=\"\")"),
                    Some(SecretEncoding::Json) => format!("json.dumps({value}, ensure_ascii=False)[1:-1]"),
                    // The encoded secret would be a secret in the file, so the test fails and says what it lacks.
                    None => format!("environment({})", python_string(&format!("{name}_ENCODED"))),
                }
            }
            NamedPiece::Captured(hole) => {
                let form = match hole.form {
                    PlaceholderForm::Raw => "raw",
                    PlaceholderForm::Url => "url",
                    PlaceholderForm::Json => "json",
                    PlaceholderForm::Text => "text",
                };
                format!("case.{form}({})", python_string(&hole.name))
            }
        })
        .collect();
    if terms.is_empty() { "\"\"".to_owned() } else { terms.join(" + ") }
}

/// Returns the expression of a key that is derived from an environment variable.
fn changed_key_expression(name: &str, change: KeyChange, (from, to): (&str, &str)) -> String {
    let key = format!("environment({})", python_string(name));
    match change {
        KeyChange::Shortened => format!("{key}[:-1]"),
        KeyChange::Lengthened => format!("{key} + \"x\""),
        KeyChange::LastCharacter => {
            format!("changed_key({key}, {}, {})", python_string(from), python_string(to))
        }
        KeyChange::LetterCase => format!("{key}.swapcase()"),
    }
}
