//! Exports cases as one Hurl file.
//!
//! It never writes a request that Hurl would change; assertions that Hurl cannot express become comments.

use crate::case::{Certainty, Law, StateEvent, StateKind, StateModel, StateView, StepEvent, StepPurpose, WriteEffect};
use crate::escape::{hurl_body, hurl_string, shell_word};
use crate::export::exported_case::{
    ErrorPair, ExportTarget, ExportedAssertion, ExportedCase, ExportedStep, NamedPiece, PlaceholderForm,
    UnsupportedCase,
};
use crate::wire::{KeyChange, Redaction, RequestPart};
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Returns the file.
///
/// # Errors
/// Returns an error if Hurl cannot send a case, one step at a time.
pub fn hurl_file(
    head: &ExportTarget,
    cases: &[ExportedCase],
    redaction: &Redaction,
) -> Result<String, UnsupportedCase> {
    let mut needed = BTreeSet::new();
    let mut tests = String::new();
    for case in cases {
        write_test(head, case, redaction, &mut needed, &mut tests)?;
    }
    let mut out = String::from(
        "# Written by `overstep export`: documented behaviour as tests.\n# Run with (--continue-on-error, \
         because teardown comes last):\n#   hurl --test --continue-on-error --no-cookie-store",
    );
    let base = format!("base={}", head.endpoint.trim_end_matches('/'));
    let _ = write!(out, " --variable {}", shell_word(base.as_bytes()).unwrap_or_default());
    for name in needed {
        let _ = match name.as_str() {
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" if head.dummy_keys => {
                write!(out, " --variable {name}=test")
            }
            _ => write!(out, " --secret {name}=\"${name}\""),
        };
    }
    out.push_str(" FILE\n");
    Ok(out + &tests)
}

fn write_test(
    head: &ExportTarget,
    case: &ExportedCase,
    redaction: &Redaction,
    needed: &mut BTreeSet<String>,
    out: &mut String,
) -> Result<(), UnsupportedCase> {
    let (steps, last) = case.sequential_steps("Hurl cannot send concurrent requests")?;
    let _ = write!(out, "\n{}", case.hash_comments());
    for index in steps.into_iter().chain(last) {
        let step = &case.steps[index];
        write_request(head, case, step, redaction, needed, out)?;
        if step.purpose == StepPurpose::TearDown {
            out.push_str("HTTP *\n");
            continue;
        }
        write_response(case, index, out);
        if !step.captures.is_empty() {
            // Captures and asserts are sections of the same response; captures come first.
            let captures: String = step
                .captures
                .iter()
                .map(|capture| {
                    format!("{}: jsonpath {}\n", variable_name(&capture.name), hurl_string(&to_jsonpath(&capture.path)))
                })
                .collect();
            let at = out.rfind("[Asserts]\n").filter(|at| !out[*at..].contains("\nHTTP"));
            out.insert_str(at.unwrap_or(out.len()), &format!("[Captures]\n{captures}"));
        }
    }
    Ok(())
}

fn write_request(
    head: &ExportTarget,
    case: &ExportedCase,
    step: &ExportedStep,
    redaction: &Redaction,
    needed: &mut BTreeSet<String>,
    out: &mut String,
) -> Result<(), UnsupportedCase> {
    let message = &step.unsigned;
    let refuse = |why: &str| Err(UnsupportedCase::requires_pytest(case, why));
    if step.needs_signer() {
        return refuse("Hurl cannot send a damaged signature");
    }
    let target = step.relative_target(head).unwrap_or(&message.target);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/?&=%:@!$'()*+,;".contains(c);
    let path = target.split('?').next().unwrap_or_default();
    if step.relative_target(head).is_none()
        || !target.starts_with('/')
        || !target.chars().all(plain)
        || path.contains("//")
        || path.to_ascii_lowercase().replace("%2e", ".").split('/').any(|segment| segment == "." || segment == "..")
    {
        return refuse("Hurl would change or reject the path of one of its requests");
    }
    if message.raw || !message.method.chars().all(|c| c.is_ascii_uppercase()) {
        return refuse("Hurl would change one of its requests");
    }
    let mut note = |name: &str| {
        needed.insert(name.to_owned());
    };
    let _ = writeln!(
        out,
        "{} {{{{base}}}}{}",
        message.method,
        hurl_template(case, (target.as_bytes(), RequestPart::Other), redaction, &mut note, &str::to_owned)?
    );
    for (name, value) in &message.headers {
        let odd = |c: char| !(' '..='~').contains(&c);
        let is_token = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !is_token || value.trim().is_empty() || value.contains(odd) || value.trim() != value {
            return refuse("Hurl would change a header of one of its requests");
        }
        let value =
            hurl_template(case, (value.as_bytes(), RequestPart::Header(name)), redaction, &mut note, &|text| {
                text.replace('\\', "\\\\").replace('#', "\\#").replace("{{", "\\u{7b}\\u{7b}")
            })?;
        let _ = writeln!(out, "{name}: {value}");
    }
    out.push_str("[Options]\npath-as-is: true\n");
    if let Some(signing) = &step.signing {
        let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        if !is_name(&signing.region) || !is_name(&signing.service) {
            return refuse("Hurl cannot sign for the region or the service");
        }
        let _ = writeln!(out, "aws-sigv4: aws:amz:{}:{}", signing.region, signing.service);
        out.push_str("user: {{AWS_ACCESS_KEY_ID}}:{{AWS_SECRET_ACCESS_KEY}}\n");
        note("AWS_ACCESS_KEY_ID");
        note("AWS_SECRET_ACCESS_KEY");
    }
    if message.body.is_empty() {
        return Ok(());
    }
    if message.header("content-type").is_none() {
        return refuse("Hurl would add a content type to one of its requests");
    }
    match std::str::from_utf8(&message.body) {
        Ok(_) => {
            let body = hurl_template(case, (&message.body, RequestPart::Other), redaction, &mut note, &hurl_body)?;
            let _ = writeln!(out, "`{body}`");
        }
        Err(_) if redaction.redact_request_bytes(&message.body)[..] != message.body[..] => {
            return refuse("Hurl cannot put a secret into a binary body");
        }
        Err(_) => {
            let _ = writeln!(out, "base64,{};", data_encoding::BASE64.encode(&message.body));
        }
    }
    Ok(())
}

fn hurl_template(
    case: &ExportedCase,
    (bytes, part): (&[u8], RequestPart<'_>),
    redaction: &Redaction,
    note: &mut dyn FnMut(&str),
    literal: &dyn Fn(&str) -> String,
) -> Result<String, UnsupportedCase> {
    let mut out = String::new();
    for piece in case.named_pieces(bytes, part, redaction) {
        match piece {
            NamedPiece::Literal(bytes) => out.push_str(&literal(&String::from_utf8_lossy(&bytes))),
            NamedPiece::Secret(name) => {
                note(&name);
                let _ = write!(out, "{{{{{name}}}}}");
            }
            NamedPiece::Changed(name, KeyChange::Lengthened, _) => {
                note(&name);
                let _ = write!(out, "{{{{{name}}}}}x");
            }
            // Hurl cannot compute these keys, so they are variables of their own.
            NamedPiece::Changed(name, change, _) => {
                let name = format!("{name}_{}", changed_key_suffix(change));
                note(&name);
                let _ = write!(out, "{{{{{name}}}}}");
            }
            NamedPiece::Encoded(..) => {
                return Err(UnsupportedCase::requires_pytest(case, "Hurl cannot encode a secret"));
            }
            // Hurl can only write captured values in quotes; captured ids are strings.
            NamedPiece::Captured(hole) if hole.form == PlaceholderForm::Json => {
                let _ = write!(out, "\"{{{{{}}}}}\"", variable_name(&hole.name));
            }
            NamedPiece::Captured(hole) => {
                let _ = write!(out, "{{{{{}}}}}", variable_name(&hole.name));
            }
        }
    }
    Ok(out)
}

/// Returns the end of the variable's name for a key that is derived from another variable.
fn changed_key_suffix(change: KeyChange) -> &'static str {
    match change {
        KeyChange::Shortened => "SHORTENED",
        KeyChange::Lengthened => "LENGTHENED",
        KeyChange::LastCharacter => "LAST_CHARACTER_CHANGED",
        KeyChange::LetterCase => "OTHER_CASE",
    }
}

fn variable_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// Converts a path such as `data.tags[0]` to JSONPath.
fn to_jsonpath(path: &str) -> String {
    let mut out = "$".to_owned();
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let (name, index) = name.find('[').map_or((name, ""), |at| name.split_at(at));
        if !name.is_empty() {
            let _ = write!(out, "['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"));
        }
        out.push_str(index);
    }
    out
}

fn write_response(case: &ExportedCase, index: usize, out: &mut String) {
    let step = &case.steps[index];
    match &case.assertion {
        ExportedAssertion::Accepted(judged, status, or) if *judged == index => {
            if or.is_empty() {
                write_accepted(*status, out);
            } else {
                let _ = writeln!(out, "# A documented error is accepted as well, because the resource may not exist.");
                write_no_server_error(out);
            }
        }
        ExportedAssertion::Rejected(judged, errors) if *judged == index => write_rejected(case, errors, out),
        ExportedAssertion::NoServerError(steps) if steps.contains(&index) => write_no_server_error(out),
        ExportedAssertion::Law(law, _) => match &**law {
            Law::Echo { step, place, value } if *step == index => {
                write_accepted(None, out);
                match hurl_literal(value) {
                    Some(value) => {
                        let _ = writeln!(out, "jsonpath {} == {value}", hurl_string(&to_jsonpath(place)));
                    }
                    None => out.push_str("# Hurl cannot compare the returned value.\n"),
                }
            }
            Law::State { model, events } => {
                let own: Vec<&StepEvent> = events.iter().filter(|event| event.step == index).collect();
                let must_refuse = own.iter().any(|event| matches!(event.event, StateEvent::RejectedWrite(_)));
                let writes = own
                    .iter()
                    .any(|event| matches!(event.event, StateEvent::Write { certainty: Certainty::Certain, .. }));
                let reads = own.iter().any(|event| matches!(event.event, StateEvent::Read(_)));
                if must_refuse {
                    out.push_str("HTTP *\n[Asserts]\nstatus >= 400\nstatus < 500\n");
                } else if writes || reads {
                    write_accepted(None, out);
                } else {
                    write_no_server_error(out);
                }
                for event in own {
                    if let StateEvent::Read(view) = &event.event {
                        write_state_asserts(*model, events, event, view, out);
                    }
                }
            }
            Law::Echo { .. } | Law::Responses(_) => write_unjudged_response(step, out),
        },
        _ => write_unjudged_response(step, out),
    }
}

fn write_unjudged_response(step: &ExportedStep, out: &mut String) {
    match step.fixture.as_ref().map(|part| part.accepts.as_slice()) {
        Some([one]) => {
            let _ = writeln!(out, "HTTP {one}");
        }
        _ if step.purpose == StepPurpose::SetUp => write_accepted(None, out),
        _ => out.push_str("HTTP *\n"),
    }
}

fn write_accepted(status: Option<u16>, out: &mut String) {
    let _ = match status {
        Some(status) => writeln!(out, "HTTP {status}\n[Asserts]"),
        None => writeln!(out, "HTTP *\n[Asserts]\nstatus >= 200\nstatus < 300"),
    };
}

fn write_no_server_error(out: &mut String) {
    out.push_str("HTTP *\n[Asserts]\nstatus < 500\n");
}

fn write_rejected(case: &ExportedCase, errors: &[ErrorPair], out: &mut String) {
    let mut statuses: Vec<Option<u16>> = errors.iter().map(|(status, _)| *status).collect();
    statuses.dedup();
    match statuses.as_slice() {
        [Some(status)] => {
            let _ = writeln!(out, "HTTP {status}\n[Asserts]");
        }
        several => {
            let known: Option<Vec<String>> = several.iter().map(|status| status.map(|one| one.to_string())).collect();
            match known {
                Some(known) => {
                    out.push_str("# Pairs of status and code are not checked: Hurl has no \"or\".\n");
                    let _ = writeln!(out, "HTTP *\n[Asserts]\nstatus toString matches /^({})$/", known.join("|"));
                }
                None => out.push_str("HTTP *\n[Asserts]\nstatus >= 400\nstatus < 500\n"),
            }
        }
    }
    let codes: Option<Vec<&str>> = errors.iter().map(|(_, code)| code.as_deref()).collect();
    let Some(codes) = codes.filter(|codes| codes.iter().all(|code| code.chars().all(is_word_char))) else { return };
    let any = codes.join("|");
    let _ = match &case.error_code_path {
        Some(place) => writeln!(out, "jsonpath {} matches /^({any})$/", hurl_string(&to_jsonpath(place))),
        // One pattern covers all the places in a body where such an error code can be.
        None if case.is_aws => writeln!(
            out,
            "# The protocol's header; overstep itself also accepts `__type` and `code` in the body.\n\
             header \"x-amzn-errortype\" matches /^([^#:]*#)?({any})(:|$)/"
        ),
        None => writeln!(out, "body matches /\"(code|type|error)\"\\s*:\\s*\"({any})\"/"),
    };
}

fn is_word_char(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-".contains(character)
}

/// Writes asserts for a read: the entries that the case itself wrote before, as far as Hurl can compare them.
fn write_state_asserts(model: StateModel, events: &[StepEvent], read: &StepEvent, view: &StateView, out: &mut String) {
    let simple = view.key.is_none() && view.item.is_none() && !view.optional;
    if !simple {
        out.push_str("# Hurl cannot compare what is stored here; `--format pytest` does.\n");
        return;
    }
    let before = events.iter().take_while(|event| !std::ptr::eq(*event, read));
    let mut entries: IndexMap<String, Option<Json>> = IndexMap::new();
    let key_of = |item: &Json| item.to_string();
    for event in before.filter(|event| event.resource == read.resource) {
        match &event.event {
            StateEvent::Read(_) => {}
            StateEvent::Write { effect, .. } => match effect {
                WriteEffect::Put(all) => {
                    if !model.merges {
                        entries.clear();
                    }
                    entries.extend(all.iter().map(|(key, value)| (key.clone(), Some(value.clone()))));
                }
                WriteEffect::Append(items) => {
                    if !model.merges {
                        entries.clear();
                    }
                    entries.extend(items.iter().map(|item| (key_of(item), Some(item.clone()))));
                }
                WriteEffect::Remove(keys) => entries.extend(keys.iter().map(|key| (key.clone(), None))),
                WriteEffect::Set(value) => {
                    entries.insert(String::new(), Some(value.clone()));
                }
            },
            StateEvent::RejectedWrite(WriteEffect::Put(all)) => {
                for (key, _) in all {
                    entries.entry(key.clone()).or_insert(None);
                }
            }
            StateEvent::RejectedWrite(_) => {}
        }
    }
    let place = to_jsonpath(&view.place);
    for (key, value) in entries {
        let line = match (model.kind, &value) {
            (StateKind::List, Some(item)) => {
                hurl_literal(item).map(|item| format!("{} includes {item}", hurl_string(&place)))
            }
            (StateKind::Field, Some(value)) => {
                hurl_literal(value).map(|value| format!("{} == {value}", hurl_string(&place)))
            }
            (StateKind::Map, Some(value)) if key.chars().all(is_word_char) => {
                hurl_literal(value).map(|value| format!("{} == {value}", hurl_string(&format!("{place}['{key}']"))))
            }
            (StateKind::Map, None) if key.chars().all(is_word_char) => {
                Some(format!("{} not exists", hurl_string(&format!("{place}['{key}']"))))
            }
            _ => None,
        };
        match line {
            Some(line) => {
                let _ = writeln!(out, "jsonpath {line}");
            }
            None => out.push_str("# Hurl cannot compare another entry; `--format pytest` does.\n"),
        }
    }
}

/// Formats a value for an assert; `None` if Hurl cannot compare it.
fn hurl_literal(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if text.chars().all(|c| (' '..='~').contains(&c)) => Some(hurl_string(text)),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        _ => None,
    }
}
