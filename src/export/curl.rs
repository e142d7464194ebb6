//! Exports cases as one bash script of curl lines, with a few lines of Python that check responses.
//!
//! It never writes a request that curl would change: such a case is an error, and so is one with concurrent requests.

use crate::case::{Certainty, Law, StateEvent, StepPurpose};
use crate::escape::{escape_line, shell_literal};
use crate::export::exported_case::{
    ErrorPair, ExportTarget, ExportedAssertion, ExportedCase, NamedPiece, PlaceholderForm, UnsupportedCase,
};
use crate::wire::{Redaction, RequestPart, curl_command};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const RESPONSE_PY: &str = include_str!("response.py");
const CHECKS_PY: &str = include_str!("checks.py");
const FUNCTIONS_SH: &str = include_str!("functions.sh");

/// Returns the script.
///
/// # Errors
/// Returns an error if curl cannot send a case, one step at a time.
pub fn curl_script(
    head: &ExportTarget,
    cases: &[ExportedCase],
    redaction: &Redaction,
) -> Result<String, UnsupportedCase> {
    let mut needed: BTreeSet<String> = BTreeSet::new();
    let mut tests = String::new();
    for case in cases {
        write_test(head, case, redaction, &mut needed, &mut tests)?;
    }
    let mut out = String::from(
        "#!/usr/bin/env bash\n# Written by `overstep export`: documented behaviour as curl commands.\n\
         # Requires bash, curl and python3; exits with 1 if a test fails.\nset -u\n",
    );
    let _ = writeln!(out, "OVERSTEP_ENDPOINT=${{OVERSTEP_ENDPOINT:-{}}}", shell_quote(&head.endpoint));
    for name in needed {
        let _ = writeln!(out, ": \"${{{name}:?must be set in the environment}}\"");
    }
    let _ = write!(
        out,
        "work=$(mktemp -d)\ntrap 'rm -rf \"$work\"' EXIT\nfailed=0\n\n\
         cat > \"$work/checks.py\" <<'PYTHON'\nimport json, sys, urllib.parse\n\n\n{RESPONSE_PY}\n\n{CHECKS_PY}PYTHON\n\n{FUNCTIONS_SH}"
    );
    out.push_str(&tests);
    out.push_str("\nexit \"$failed\"\n");
    Ok(out)
}

fn write_test(
    head: &ExportTarget,
    case: &ExportedCase,
    redaction: &Redaction,
    needed: &mut BTreeSet<String>,
    out: &mut String,
) -> Result<(), UnsupportedCase> {
    let (steps, last) = case.sequential_steps("a script cannot send concurrent requests")?;
    let _ = write!(out, "\n{}", case.hash_comments());
    if let ExportedAssertion::Law(law, _) = &case.assertion
        && matches!(&**law, Law::State { .. } | Law::Responses(_))
    {
        out.push_str("# Checks statuses only; `--format pytest` also compares what is stored after each step.\n");
    }
    out.push_str("steps() {\n");
    for index in steps {
        let line = curl_line(head, case, index, redaction, needed)?;
        let step = &case.steps[index];
        let _ = writeln!(out, "  send {line} || return 1");
        if step.purpose == StepPurpose::SetUp {
            let accepts: Vec<String> =
                step.fixture.iter().flat_map(|part| &part.accepts).map(ToString::to_string).collect();
            let _ = writeln!(out, "  set_up {} || return 1", accepts.join(" "));
            if let Some(part) = &step.fixture {
                let _ = writeln!(out, "  created+=({})", shell_quote(&part.name));
            }
        }
        for capture in &step.captures {
            for hole in case.placeholders.iter().filter(|hole| hole.name == capture.name) {
                let form = match hole.form {
                    PlaceholderForm::Raw => "raw",
                    PlaceholderForm::Url => "url",
                    PlaceholderForm::Json => "json",
                    PlaceholderForm::Text => "text",
                };
                let _ = writeln!(out, "  {}=$(value {} {form})", hole.variable, shell_quote(&capture.path));
            }
        }
        write_check(case, index, out);
    }
    out.push_str("}\nteardown() {\n  :\n");
    for index in last {
        let line = curl_line(head, case, index, redaction, needed)?;
        match &case.steps[index].fixture {
            Some(part) => {
                let _ = writeln!(out, "  is_created {} && send {line}", shell_quote(&part.name));
            }
            None => {
                let _ = writeln!(out, "  send {line}");
            }
        }
    }
    let _ = writeln!(
        out,
        "}}\nrun {} {} {}",
        // The script prints it.
        shell_quote(&escape_line(&case.id)),
        if case.is_aws { "aws" } else { "plain" },
        shell_quote(case.error_code_path.as_deref().unwrap_or_default())
    );
    Ok(())
}

fn curl_line(
    head: &ExportTarget,
    case: &ExportedCase,
    index: usize,
    redaction: &Redaction,
    needed: &mut BTreeSet<String>,
) -> Result<String, UnsupportedCase> {
    let step = &case.steps[index];
    if step.needs_signer() {
        return Err(UnsupportedCase::requires_pytest(case, "curl cannot send a damaged signature"));
    }
    let base = head.endpoint.trim_end_matches('/');
    let origin = base.strip_suffix(head.base_path.trim_end_matches('/')).unwrap_or(base);
    let line = curl_command(&step.signed, origin, redaction)
        .ok_or_else(|| {
            UnsupportedCase::requires_pytest(case, "curl or the shell cannot send one of its requests unchanged")
        })?
        .0;
    let headers = &step.unsigned.headers;
    let texts = headers.iter().map(|(name, value)| (value.as_bytes(), RequestPart::Header(name)));
    let others = [step.unsigned.target.as_bytes(), &step.unsigned.body[..]].map(|text| (text, RequestPart::Other));
    for (text, part) in texts.chain(others) {
        for piece in case.named_pieces(text, part, redaction) {
            if let NamedPiece::Secret(name) | NamedPiece::Changed(name, ..) = piece
                && name != "OVERSTEP_ENDPOINT"
            {
                needed.insert(name);
            }
        }
    }
    if step.signing.is_some() && !head.dummy_keys {
        needed.extend(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(str::to_owned));
    }
    Ok(line)
}

/// Writes the assertions for the response to a step.
fn write_check(case: &ExportedCase, index: usize, out: &mut String) {
    let _ = match &case.assertion {
        ExportedAssertion::Accepted(step, status, or) if *step == index => {
            let status = status.map_or_else(|| "2xx".to_owned(), |status| status.to_string());
            writeln!(out, "  check accepted {status}{} || return 1", error_pair_args(or))
        }
        ExportedAssertion::Rejected(step, errors) if *step == index => {
            writeln!(out, "  check rejected{} || return 1", error_pair_args(errors))
        }
        ExportedAssertion::NoServerError(steps) if steps.contains(&index) => {
            writeln!(out, "  check survived || return 1")
        }
        ExportedAssertion::Law(law, _) => match &**law {
            Law::Echo { step, place, value } if *step == index => writeln!(
                out,
                "  check accepted 2xx || return 1\n  check equal {} {} || return 1",
                shell_quote(place),
                shell_quote(&value.to_string())
            ),
            Law::Echo { .. } | Law::Responses(_) => Ok(()),
            Law::State { events, .. } => {
                let event =
                    events.iter().find(|event| event.step == index && !matches!(event.event, StateEvent::Read(_)));
                match event.map(|event| &event.event) {
                    Some(StateEvent::Write { certainty: Certainty::Certain, .. }) => {
                        writeln!(out, "  check accepted 2xx || return 1")
                    }
                    Some(StateEvent::RejectedWrite(_)) => writeln!(out, "  check rejected : || return 1"),
                    Some(_) | None => writeln!(out, "  check survived || return 1"),
                }
            }
        },
        _ => Ok(()),
    };
}

/// Formats each pair as an argument such as ` 400:Name`.
fn error_pair_args(pairs: &[ErrorPair]) -> String {
    pairs
        .iter()
        .map(|(status, code)| {
            let status = status.map(|status| status.to_string()).unwrap_or_default();
            format!(" {}", shell_quote(&format!("{status}:{}", code.as_deref().unwrap_or_default())))
        })
        .collect()
}

/// Quotes a text, always; NUL, which no shell can pass on, is shown.
fn shell_quote(text: &str) -> String {
    let text = text.replace('\0', "\\u{0}");
    let word = shell_literal(text.as_bytes());
    if word.is_empty() { "''".to_owned() } else { word }
}
