//! Exports cases as one bash script of curl lines, with a few lines of Python that check responses.
//!
//! It never writes a request that curl would change: such a case is an error, and so is one with concurrent requests.

use super::export::{Check, ExportHead, Exported, HoleForm, Named, NotExported, Pair, comment};
use crate::generate::{Purpose, Relation, What};
use crate::wire::{Redaction, curl};
use std::collections::BTreeSet;
use std::fmt::Write as _;

const ANSWER: &str = include_str!("export/answer.py");
const LOOK: &str = include_str!("export/look.py");
const FUNCTIONS: &str = include_str!("export/functions.sh");

/// Returns the script.
///
/// # Errors
/// Returns an error if curl cannot send a case, one step at a time.
pub fn curl_script(head: &ExportHead, cases: &[Exported], redaction: &Redaction) -> Result<String, NotExported> {
    let mut needed: BTreeSet<String> = BTreeSet::new();
    let mut tests = String::new();
    for case in cases {
        test(head, case, redaction, &mut needed, &mut tests)?;
    }
    let mut out = String::from(
        "#!/usr/bin/env bash\n# Written by `overstep export`: documented behaviour as curl commands.\n\
         # Requires bash, curl and python3; exits with 1 if a test fails.\nset -u\n",
    );
    let _ = writeln!(out, ": \"${{OVERSTEP_ENDPOINT:={}}}\"", head.endpoint);
    for name in needed {
        let _ = writeln!(out, ": \"${{{name}:?must be set in the environment}}\"");
    }
    let _ = write!(
        out,
        "work=$(mktemp -d)\ntrap 'rm -rf \"$work\"' EXIT\nfailed=0\n\n\
         cat > \"$work/look.py\" <<'PYTHON'\nimport json, sys, urllib.parse\n\n\n{ANSWER}\n\n{LOOK}PYTHON\n\n{FUNCTIONS}"
    );
    out.push_str(&tests);
    out.push_str("\nexit \"$failed\"\n");
    Ok(out)
}

fn test(
    head: &ExportHead,
    case: &Exported,
    redaction: &Redaction,
    needed: &mut BTreeSet<String>,
    out: &mut String,
) -> Result<(), NotExported> {
    let (acts, last) = case.one_by_one("a script cannot send concurrent requests")?;
    let _ = write!(out, "\n{}{}", comment(&case.id), comment(&case.words));
    if let Check::Law(law, _) = &case.check
        && matches!(&**law, Relation::State { .. })
    {
        out.push_str("# Checks statuses only; `--format pytest` also compares what is stored after each step.\n");
    }
    out.push_str("acts() {\n");
    for index in acts {
        let line = line(head, case, index, redaction, needed)?;
        let step = &case.steps[index];
        let _ = writeln!(out, "  send {line} || return 1");
        if step.purpose == Purpose::SetUp {
            let accepts: Vec<String> =
                step.fixture.iter().flat_map(|part| &part.accepts).map(ToString::to_string).collect();
            let _ = writeln!(out, "  set_up {} || return 1", accepts.join(" "));
            if let Some(part) = &step.fixture {
                let _ = writeln!(out, "  made+=({})", quoted(&part.name));
            }
        }
        for capture in &step.captures {
            for hole in case.holes.iter().filter(|hole| hole.name == capture.name) {
                let form = match hole.form {
                    HoleForm::Raw => "raw",
                    HoleForm::Url => "url",
                    HoleForm::Json => "json",
                    HoleForm::Text => "text",
                };
                let _ = writeln!(out, "  {}=$(value {} {form})", hole.variable, quoted(&capture.path));
            }
        }
        check(case, index, out);
    }
    out.push_str("}\nundo() {\n  :\n");
    for index in last {
        let line = line(head, case, index, redaction, needed)?;
        match &case.steps[index].fixture {
            Some(part) => {
                let _ = writeln!(out, "  is_made {} && send {line}", quoted(&part.name));
            }
            None => {
                let _ = writeln!(out, "  send {line}");
            }
        }
    }
    let _ = writeln!(
        out,
        "}}\nrun {} {} {}",
        quoted(&case.id),
        if case.aws { "aws" } else { "plain" },
        quoted(case.place.as_deref().unwrap_or_default())
    );
    Ok(())
}

fn line(
    head: &ExportHead,
    case: &Exported,
    index: usize,
    redaction: &Redaction,
    needed: &mut BTreeSet<String>,
) -> Result<String, NotExported> {
    let step = &case.steps[index];
    if step.needs_signer() {
        return Err(NotExported::only_pytest(case, "curl cannot send a damaged signature"));
    }
    let base = head.endpoint.trim_end_matches('/');
    let origin = base.strip_suffix(head.base_path.trim_end_matches('/')).unwrap_or(base);
    let line = curl(&step.signed, origin, redaction)
        .ok_or_else(|| NotExported::only_pytest(case, "curl or the shell cannot send one of its requests unchanged"))?
        .0;
    let texts = step.message.headers.iter().map(|(_, value)| value.as_bytes());
    for text in texts.chain([step.message.target.as_bytes(), &step.message.body[..]]) {
        for piece in case.pieces(text, redaction) {
            if let Named::Secret(name, _) = piece
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
fn check(case: &Exported, index: usize, out: &mut String) {
    let _ = match &case.check {
        Check::Accepted(step, status, or) if *step == index => {
            let status = status.map_or_else(|| "2xx".to_owned(), |status| status.to_string());
            writeln!(out, "  check accepted {status}{} || return 1", pairs(or))
        }
        Check::Refused(step, errors) if *step == index => {
            writeln!(out, "  check refused{} || return 1", pairs(errors))
        }
        Check::Survived(steps) if steps.contains(&index) => writeln!(out, "  check survived || return 1"),
        Check::Law(law, _) => match &**law {
            Relation::Echo { step, place, value } if *step == index => writeln!(
                out,
                "  check accepted 2xx || return 1\n  check equal {} {} || return 1",
                quoted(place),
                quoted(&value.to_string())
            ),
            Relation::Echo { .. } => Ok(()),
            Relation::State { events, .. } => {
                let event = events.iter().find(|event| event.step == index && !matches!(event.what, What::Look(_)));
                match event.map(|event| &event.what) {
                    Some(What::Write { certain: true, .. }) => writeln!(out, "  check accepted 2xx || return 1"),
                    Some(What::Refused(_)) => writeln!(out, "  check refused : || return 1"),
                    Some(_) | None => writeln!(out, "  check survived || return 1"),
                }
            }
        },
        _ => Ok(()),
    };
}

/// Formats each pair as an argument such as ` 400:Name`.
fn pairs(pairs: &[Pair]) -> String {
    pairs
        .iter()
        .map(|(status, code)| {
            let status = status.map(|status| status.to_string()).unwrap_or_default();
            format!(" {}", quoted(&format!("{status}:{}", code.as_deref().unwrap_or_default())))
        })
        .collect()
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
