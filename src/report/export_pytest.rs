//! Exports cases as one pytest file that needs only pytest and the standard library.
//!
//! It never refuses a case that overstep can send: requests are written to a socket byte by byte.

use super::export::{Check, ExportHead, Exported, ExportedStep, HoleForm, Named, Pair};
use crate::generate::{AuthDamage, Effect, Purpose, Relation, StateKind, What};
use crate::wire::Redaction;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::fmt::Write as _;

const ANSWER: &str = include_str!("export/answer.py");
const RUNTIME: &str = include_str!("export/pytest.py");
const SIGNER: &str = include_str!("export/sigv4.py");
const STATE: &str = include_str!("export/state.py");

/// Returns the file.
pub fn pytest_file(head: &ExportHead, cases: &[Exported], redaction: &Redaction) -> String {
    let signs = cases.iter().any(|case| case.steps.iter().any(|step| step.signing.is_some()));
    let states = cases.iter().any(|case| matches!(&case.check, Check::Law(law, _) if is_state(law)));
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
        text(&head.endpoint)
    );
    let _ = write!(out, "{ANSWER}\n\n{RUNTIME}");
    if signs {
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            let value = if head.dummy_keys {
                format!("os.environ.get(\"{name}\", \"test\")")
            } else {
                format!("environment(\"{name}\")")
            };
            let _ = write!(out, "\n\ndef {name}():\n    return {value}\n");
        }
        let _ = write!(out, "\n\n{SIGNER}");
    }
    if states {
        let _ = write!(out, "\n\n{STATE}");
    }
    let mut names: HashMap<String, u32> = HashMap::new();
    for case in cases {
        let mut name: String =
            case.id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect::<String>();
        let count = names.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            let _ = write!(name, "__{count}");
        }
        let _ = write!(out, "\n\ndef test_{name}():\n");
        test(head, case, redaction, &mut out);
    }
    out
}

fn is_state(law: &Relation) -> bool {
    matches!(law, Relation::State { .. })
}

fn test(head: &ExportHead, case: &Exported, redaction: &Redaction, out: &mut String) {
    for line in std::iter::once(case.id.as_str()).chain(case.words.lines()) {
        let _ = writeln!(out, "    # {line}");
    }
    let place = case.place.as_deref().map_or_else(|| "None".to_owned(), text);
    let _ = writeln!(out, "    case = Case(aws={}, place={place})\n    came = {{}}", truth(case.aws));
    let (turns, last) = case.turns();
    let pad = if last.is_empty() { "    " } else { "        " };
    if !last.is_empty() {
        out.push_str("    try:\n");
    }
    for turn in turns {
        if let [one] = turn.as_slice() {
            let _ = writeln!(out, "{pad}came[{one}] = {}", send(head, case, &case.steps[*one], redaction, pad));
        } else {
            let all: Vec<String> = turn.iter().map(|index| format!("came[{index}]")).collect();
            let _ = writeln!(out, "{pad}{} = case.together(", all.join(", "));
            for index in &turn {
                let inner = format!("{pad}    ");
                let _ = writeln!(out, "{inner}lambda: {},", send(head, case, &case.steps[*index], redaction, &inner));
            }
            let _ = writeln!(out, "{pad})");
        }
        for index in turn {
            after(case, index, pad, out);
        }
    }
    check(case, pad, out);
    if last.is_empty() {
        return;
    }
    out.push_str("    finally:\n");
    for index in last {
        let step = &case.steps[index];
        let mut pad = pad.to_owned();
        if let Some(part) = &step.fixture {
            let _ = writeln!(out, "{pad}if case.made({}):", text(&part.name));
            pad.push_str("    ");
        }
        let _ = writeln!(out, "{pad}{}", send(head, case, step, redaction, &pad));
    }
}

/// Writes the checks and captures that follow a step's response.
fn after(case: &Exported, index: usize, pad: &str, out: &mut String) {
    let step = &case.steps[index];
    let accepts = step.fixture.as_ref().map(|part| format!("{:?}", part.accepts)).unwrap_or("()".to_owned());
    // A law has its own rules for the responses to its reads and writes.
    let of_law = matches!(&case.check, Check::Law(law, _)
        if matches!(&**law, Relation::State { events, .. } if events.iter().any(|event| event.step == index)));
    if step.purpose == Purpose::SetUp && !of_law {
        let fixture = step.fixture.as_ref().map_or_else(|| "None".to_owned(), |part| text(&part.name));
        let _ = writeln!(out, "{pad}case.set_up(came[{index}], {accepts}, {fixture})");
    }
    for capture in &step.captures {
        let (name, path) = (text(&capture.name), text(&capture.path));
        let _ = writeln!(out, "{pad}case.capture(came[{index}], {name}, {path}, {accepts})");
    }
}

fn send(head: &ExportHead, case: &Exported, step: &ExportedStep, redaction: &Redaction, pad: &str) -> String {
    let message = &step.message;
    let (target, exact) = step.relative(head).map_or((message.target.as_str(), true), |rest| (rest, false));
    let inner = format!("{pad}    ");
    let mut out = format!(
        "case.send(\n{inner}{},\n{inner}{},\n{inner}[",
        expression(case, message.method.as_bytes(), redaction),
        expression(case, target.as_bytes(), redaction)
    );
    let headers: Vec<String> = message
        .headers
        .iter()
        .map(|(name, value)| format!("({}, {})", text(name), expression(case, value.as_bytes(), redaction)))
        .collect();
    let _ = writeln!(out, "{}],", headers.join(", "));
    if !message.body.is_empty() {
        let body = if std::str::from_utf8(&message.body).is_ok() {
            format!("({}).encode()", expression(case, &message.body, redaction))
        } else {
            format!("base64.b64decode(\"{}\")", data_encoding::BASE64.encode(&message.body))
        };
        let _ = writeln!(out, "{inner}{body},");
    }
    if exact {
        let _ = writeln!(out, "{inner}exact=True,");
    }
    if let Some(signing) = &step.signing {
        let _ = write!(out, "{inner}sign_for=({}, {}),", text(&signing.region), text(&signing.service));
        out.push_str(&match &signing.damage {
            None | Some(AuthDamage::Empty | AuthDamage::SchemeOnly) => String::new(),
            Some(AuthDamage::KeyShortened) => " key_id=\"shortened\",".to_owned(),
            Some(AuthDamage::KeyLengthened) => " key_id=\"lengthened\",".to_owned(),
            Some(AuthDamage::UnknownKey) => {
                format!(" key_id={},", text(signing.unknown.as_deref().unwrap_or("unknown")))
            }
            Some(AuthDamage::OtherScheme(scheme)) => format!(" damage=\"other-scheme\", part={},", text(scheme)),
            Some(AuthDamage::NoScheme) => " damage=\"no-scheme\",".to_owned(),
            Some(AuthDamage::MissingPart(part)) => format!(" part={},", text(part)),
            Some(AuthDamage::WrongSignature) => " damage=\"wrong-signature\",".to_owned(),
        });
        out.push('\n');
    }
    let _ = write!(out, "{pad})");
    out
}

fn check(case: &Exported, pad: &str, out: &mut String) {
    let _ = match &case.check {
        Check::Accepted(step, status, or) => {
            let status = status.map_or_else(|| "None".to_owned(), |status| status.to_string());
            writeln!(out, "{pad}case.accepted(came[{step}], {status}, {})", pairs(or))
        }
        Check::Refused(step, errors) => writeln!(out, "{pad}case.refused(came[{step}], {})", pairs(errors)),
        Check::Survived(steps) => steps.iter().try_for_each(|step| writeln!(out, "{pad}case.survived(came[{step}])")),
        Check::Law(law, excuses) => match &**law {
            Relation::Echo { step, place, value } => writeln!(
                out,
                "{pad}case.accepted(came[{step}])\n{pad}assert value_at(came[{step}].document(), {}) == {}",
                text(place),
                json(value)
            ),
            Relation::State { model, events } => {
                let kind = match model.kind {
                    StateKind::Map => "map",
                    StateKind::List => "list",
                    StateKind::Field => "field",
                };
                let excuses: Vec<String> = excuses.iter().map(|code| text(code)).collect();
                let _ = writeln!(
                    out,
                    "{pad}model = (\"{kind}\", {}, {}, {})  # merges, deduplicates, ordered",
                    truth(model.merges),
                    truth(model.deduplicates),
                    truth(model.ordered)
                );
                let _ = writeln!(out, "{pad}keeps(case, came, model, [{}], [", excuses.join(", "));
                let turn = |step: usize| case.steps.get(step).map_or(0, |step| step.turn);
                for group in events.chunk_by(|one, other| turn(one.step) == turn(other.step)) {
                    let all: Vec<String> = group
                        .iter()
                        .map(|event| format!("({}, {}, {})", event.step, event.resource, happens(&event.what)))
                        .collect();
                    let _ = writeln!(out, "{pad}    [{}],", all.join(", "));
                }
                writeln!(out, "{pad}])")
            }
        },
    };
}

fn happens(what: &What) -> String {
    match what {
        What::Look(view) => {
            let mut given = format!("\"place\": {}", text(&view.place));
            for (name, value) in [("key", &view.key), ("item", &view.item)] {
                if let Some(value) = value {
                    let _ = write!(given, ", \"{name}\": {}", text(value));
                }
            }
            if view.optional {
                given.push_str(", \"optional\": True");
            }
            format!("\"look\", {{{given}}}")
        }
        What::Write { effect: done, certain: true } => format!("\"must-write\", {}", effect(done)),
        What::Write { effect: done, .. } => format!("\"write\", {}", effect(done)),
        What::Refused(done) => format!("\"refused\", {}", effect(done)),
    }
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Put(entries) => {
            let all: Vec<String> =
                entries.iter().map(|(key, value)| format!("({}, {})", text(key), json(value))).collect();
            format!("(\"put\", [{}])", all.join(", "))
        }
        Effect::Append(items) => {
            format!("(\"append\", [{}])", items.iter().map(json).collect::<Vec<_>>().join(", "))
        }
        Effect::Remove(keys) => {
            format!("(\"remove\", [{}])", keys.iter().map(|key| text(key)).collect::<Vec<_>>().join(", "))
        }
        Effect::Set(value) => format!("(\"set\", {})", json(value)),
    }
}

fn pairs(pairs: &[Pair]) -> String {
    let all: Vec<String> = pairs
        .iter()
        .map(|(status, code)| {
            let status = status.map_or_else(|| "None".to_owned(), |status| status.to_string());
            format!("({status}, {})", code.as_deref().map_or_else(|| "None".to_owned(), text))
        })
        .collect();
    format!("[{}]", all.join(", "))
}

fn truth(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

fn json(value: &Json) -> String {
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(value) => truth(*value).to_owned(),
        Json::Number(number) => number.to_string(),
        Json::String(value) => text(value),
        Json::Array(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(", ")),
        Json::Object(members) => {
            let all: Vec<String> =
                members.iter().map(|(name, value)| format!("{}: {}", text(name), json(value))).collect();
            format!("{{{}}}", all.join(", "))
        }
    }
}

/// Formats a text with secrets and captured values as a Python expression.
fn expression(case: &Exported, bytes: &[u8], redaction: &Redaction) -> String {
    let terms: Vec<String> = case
        .pieces(bytes, redaction)
        .into_iter()
        .map(|piece| match piece {
            Named::Literal(bytes) => text(&String::from_utf8_lossy(&bytes)),
            Named::Secret(name, shortened) => {
                format!("environment({}){}", text(&name), if shortened { "[:-1]" } else { "" })
            }
            Named::Captured(hole) => {
                let form = match hole.form {
                    HoleForm::Raw => "raw",
                    HoleForm::Url => "url",
                    HoleForm::Json => "json",
                    HoleForm::Text => "text",
                };
                format!("case.{form}({})", text(&hole.name))
            }
        })
        .collect();
    if terms.is_empty() { "\"\"".to_owned() } else { terms.join(" + ") }
}

/// Formats a text as a Python string; long runs of one character become a product.
fn text(value: &str) -> String {
    const LONG: usize = 64;
    let characters: Vec<char> = value.chars().collect();
    let (mut terms, mut open) = (Vec::new(), String::new());
    for run in characters.chunk_by(|one, other| one == other) {
        let written = escaped(run[0]);
        if run.len() < LONG {
            open.extend(std::iter::repeat_n(written.as_str(), run.len()));
        } else {
            if !open.is_empty() {
                terms.push(format!("\"{}\"", std::mem::take(&mut open)));
            }
            terms.push(format!("\"{written}\" * {}", run.len()));
        }
    }
    if !open.is_empty() || terms.is_empty() {
        terms.push(format!("\"{open}\""));
    }
    terms.join(" + ")
}

fn escaped(character: char) -> String {
    match character {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        ' '..='~' => character.to_string(),
        other if u32::from(other) <= 0xffff => format!("\\u{:04x}", u32::from(other)),
        other => format!("\\U{:08x}", u32::from(other)),
    }
}
