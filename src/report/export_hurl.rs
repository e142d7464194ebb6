//! Exports cases as one Hurl file.
//!
//! It never writes a request that Hurl would change; assertions that Hurl cannot express become comments.

use super::export::{Check, ExportHead, Exported, ExportedStep, HoleForm, Named, NotExported, Pair, comment};
use crate::generate::{Effect, Event, Model, Purpose, Relation, StateKind, View, What};
use crate::wire::Redaction;
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Returns the file.
///
/// # Errors
/// Returns an error if Hurl cannot send a case, one step at a time.
pub fn hurl_file(head: &ExportHead, cases: &[Exported], redaction: &Redaction) -> Result<String, NotExported> {
    let mut needed = BTreeSet::new();
    let mut tests = String::new();
    for case in cases {
        test(head, case, redaction, &mut needed, &mut tests)?;
    }
    let mut out = String::from(
        "# Written by `overstep export`: documented behaviour as tests.\n# Run with (--continue-on-error, \
         because teardown comes last):\n#   hurl --test --continue-on-error --no-cookie-store",
    );
    let _ = write!(out, " --variable base={}", head.endpoint.trim_end_matches('/'));
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

fn test(
    head: &ExportHead,
    case: &Exported,
    redaction: &Redaction,
    needed: &mut BTreeSet<String>,
    out: &mut String,
) -> Result<(), NotExported> {
    let (acts, last) = case.one_by_one("Hurl cannot send concurrent requests")?;
    let _ = write!(out, "\n{}{}", comment(&case.id), comment(&case.words));
    for index in acts.into_iter().chain(last) {
        let step = &case.steps[index];
        request(head, case, step, redaction, needed, out)?;
        if step.purpose == Purpose::TearDown {
            out.push_str("HTTP *\n");
            continue;
        }
        response(case, index, out);
        if !step.captures.is_empty() {
            // Captures and asserts are sections of the same response; captures come first.
            let captures: String = step
                .captures
                .iter()
                .map(|capture| format!("{}: jsonpath {}\n", variable(&capture.name), quoted(&jsonpath(&capture.path))))
                .collect();
            let at = out.rfind("[Asserts]\n").filter(|at| !out[*at..].contains("\nHTTP"));
            out.insert_str(at.unwrap_or(out.len()), &format!("[Captures]\n{captures}"));
        }
    }
    Ok(())
}

fn request(
    head: &ExportHead,
    case: &Exported,
    step: &ExportedStep,
    redaction: &Redaction,
    needed: &mut BTreeSet<String>,
    out: &mut String,
) -> Result<(), NotExported> {
    let message = &step.message;
    let refuse = |why: &str| Err(NotExported::only_pytest(case, why));
    if step.needs_signer() {
        return refuse("Hurl cannot send a damaged signature");
    }
    let target = step.relative(head).unwrap_or(&message.target);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/?&=%:@!$'()*+,;".contains(c);
    let path = target.split('?').next().unwrap_or_default();
    if step.relative(head).is_none()
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
        template(case, target.as_bytes(), redaction, &mut note, &str::to_owned)
    );
    for (name, value) in &message.headers {
        let odd = |c: char| !(' '..='~').contains(&c);
        if value.trim().is_empty() || value.contains(odd) || value.trim() != value {
            return refuse("Hurl would change a header of one of its requests");
        }
        let value = template(case, value.as_bytes(), redaction, &mut note, &|text| {
            text.replace('\\', "\\\\").replace('#', "\\#").replace("{{", "\\u{7b}\\u{7b}")
        });
        let _ = writeln!(out, "{name}: {value}");
    }
    out.push_str("[Options]\npath-as-is: true\n");
    if let Some(signing) = &step.signing {
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
            let body = template(case, &message.body, redaction, &mut note, &in_backticks);
            let _ = writeln!(out, "`{body}`");
        }
        Err(_) => {
            let _ = writeln!(out, "base64,{};", data_encoding::BASE64.encode(&message.body));
        }
    }
    Ok(())
}

fn template(
    case: &Exported,
    bytes: &[u8],
    redaction: &Redaction,
    note: &mut dyn FnMut(&str),
    literal: &dyn Fn(&str) -> String,
) -> String {
    let mut out = String::new();
    for piece in case.pieces(bytes, redaction) {
        match piece {
            Named::Literal(bytes) => out.push_str(&literal(&String::from_utf8_lossy(&bytes))),
            Named::Secret(name, shortened) => {
                let name = if shortened { format!("{name}_SHORTENED") } else { name };
                note(&name);
                let _ = write!(out, "{{{{{name}}}}}");
            }
            // Hurl can only write captured values in quotes; captured ids are strings.
            Named::Captured(hole) if hole.form == HoleForm::Json => {
                let _ = write!(out, "\"{{{{{}}}}}\"", variable(&hole.name));
            }
            Named::Captured(hole) => {
                let _ = write!(out, "{{{{{}}}}}", variable(&hole.name));
            }
        }
    }
    out
}

/// Escapes a text for Hurl's backticks.
fn in_backticks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = '\0';
    for character in text.chars() {
        match character {
            '`' => out.push_str("\\`"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '{' if before == '{' => out.push_str("\\u{7b}"),
            ' '..='~' => out.push(character),
            other => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(other));
            }
        }
        before = character;
    }
    // The text that follows may begin with a brace, which would open a template.
    if out.ends_with('{') {
        out.pop();
        out.push_str("\\u{7b}");
    }
    out
}

fn variable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace("{{", "\\u{7b}\\u{7b}"))
}

/// Converts a path such as `data.tags[0]` to JSONPath.
fn jsonpath(path: &str) -> String {
    let mut out = "$".to_owned();
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let (name, index) = name.find('[').map_or((name, ""), |at| name.split_at(at));
        if !name.is_empty() {
            let _ = write!(out, "['{name}']");
        }
        out.push_str(index);
    }
    out
}

fn response(case: &Exported, index: usize, out: &mut String) {
    let step = &case.steps[index];
    match &case.check {
        Check::Accepted(judged, status, or) if *judged == index => {
            if or.is_empty() {
                accepted(*status, out);
            } else {
                let _ = writeln!(out, "# A documented error is accepted as well, because the resource may not exist.");
                survived(out);
            }
        }
        Check::Refused(judged, errors) if *judged == index => refused(case, errors, out),
        Check::Survived(steps) if steps.contains(&index) => survived(out),
        Check::Law(law, _) => match &**law {
            Relation::Echo { step, place, value } if *step == index => {
                accepted(None, out);
                match literal(value) {
                    Some(value) => {
                        let _ = writeln!(out, "jsonpath {} == {value}", quoted(&jsonpath(place)));
                    }
                    None => out.push_str("# Hurl cannot compare the returned value.\n"),
                }
            }
            Relation::State { model, events } => {
                let own: Vec<&Event> = events.iter().filter(|event| event.step == index).collect();
                let must_refuse = own.iter().any(|event| matches!(event.what, What::Refused(_)));
                let writes = own.iter().any(|event| matches!(event.what, What::Write { certain: true, .. }));
                let looks = own.iter().any(|event| matches!(event.what, What::Look(_)));
                if must_refuse {
                    out.push_str("HTTP *\n[Asserts]\nstatus >= 400\nstatus < 500\n");
                } else if writes || looks {
                    accepted(None, out);
                } else {
                    survived(out);
                }
                for event in own {
                    if let What::Look(view) = &event.what {
                        looked(*model, events, event, view, out);
                    }
                }
            }
            Relation::Echo { .. } => other(step, out),
        },
        _ => other(step, out),
    }
}

fn other(step: &ExportedStep, out: &mut String) {
    match step.fixture.as_ref().map(|part| part.accepts.as_slice()) {
        Some([one]) => {
            let _ = writeln!(out, "HTTP {one}");
        }
        _ if step.purpose == Purpose::SetUp => accepted(None, out),
        _ => out.push_str("HTTP *\n"),
    }
}

fn accepted(status: Option<u16>, out: &mut String) {
    let _ = match status {
        Some(status) => writeln!(out, "HTTP {status}\n[Asserts]"),
        None => writeln!(out, "HTTP *\n[Asserts]\nstatus >= 200\nstatus < 300"),
    };
}

fn survived(out: &mut String) {
    out.push_str("HTTP *\n[Asserts]\nstatus < 500\n");
}

fn refused(case: &Exported, errors: &[Pair], out: &mut String) {
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
    let Some(codes) = codes.filter(|codes| codes.iter().all(|code| code.chars().all(is_word))) else { return };
    let any = codes.join("|");
    let _ = match &case.place {
        Some(place) => writeln!(out, "jsonpath {} matches /^({any})$/", quoted(&jsonpath(place))),
        // One pattern covers all the places in a body where such an error code can be.
        None if case.aws => writeln!(
            out,
            "# The protocol's header; overstep itself also accepts `__type` and `code` in the body.\n\
             header \"x-amzn-errortype\" matches /^([^#:]*#)?({any})(:|$)/"
        ),
        None => writeln!(out, "body matches /\"(code|type|error)\"\\s*:\\s*\"({any})\"/"),
    };
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_-".contains(character)
}

/// Writes asserts for a read: the entries that the case itself wrote before, as far as Hurl can compare them.
fn looked(model: Model, events: &[Event], look: &Event, view: &View, out: &mut String) {
    let simple = view.key.is_none() && view.item.is_none() && !view.optional;
    if !simple {
        out.push_str("# Hurl cannot compare what is stored here; `--format pytest` does.\n");
        return;
    }
    let before = events.iter().take_while(|event| !std::ptr::eq(*event, look));
    let mut entries: IndexMap<String, Option<Json>> = IndexMap::new();
    let key_of = |item: &Json| item.to_string();
    for event in before.filter(|event| event.resource == look.resource) {
        match &event.what {
            What::Look(_) => {}
            What::Write { effect, .. } => match effect {
                Effect::Put(all) => {
                    if !model.merges {
                        entries.clear();
                    }
                    entries.extend(all.iter().map(|(key, value)| (key.clone(), Some(value.clone()))));
                }
                Effect::Append(items) => {
                    if !model.merges {
                        entries.clear();
                    }
                    entries.extend(items.iter().map(|item| (key_of(item), Some(item.clone()))));
                }
                Effect::Remove(keys) => entries.extend(keys.iter().map(|key| (key.clone(), None))),
                Effect::Set(value) => {
                    entries.insert(String::new(), Some(value.clone()));
                }
            },
            What::Refused(Effect::Put(all)) => {
                for (key, _) in all {
                    entries.entry(key.clone()).or_insert(None);
                }
            }
            What::Refused(_) => {}
        }
    }
    let place = jsonpath(&view.place);
    for (key, value) in entries {
        let line = match (model.kind, &value) {
            (StateKind::List, Some(item)) => literal(item).map(|item| format!("{} includes {item}", quoted(&place))),
            (StateKind::Field, Some(value)) => literal(value).map(|value| format!("{} == {value}", quoted(&place))),
            (StateKind::Map, Some(value)) if key.chars().all(is_word) => {
                literal(value).map(|value| format!("{} == {value}", quoted(&format!("{place}['{key}']"))))
            }
            (StateKind::Map, None) if key.chars().all(is_word) => {
                Some(format!("{} not exists", quoted(&format!("{place}['{key}']"))))
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
fn literal(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if text.chars().all(|c| (' '..='~').contains(&c)) => Some(quoted(text)),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        _ => None,
    }
}
