//! Exports cases as standalone tests, for the developers of the server.
//!
//! This module never sends a request and never writes a file.

use super::{Job, Sending};
use crate::contract::{Protocol, Role};
use crate::generate::{AuthDamage, Case, Expectation, ExpectedError, Judged, Purpose};
use crate::judge::in_words;
use crate::report::{
    CapturedHole, Check, Diagnostic, ExportHead, Exported, ExportedStep, HoleForm, Pair, Signing, curl_script,
    hurl_file, pytest_file,
};
use crate::run::{self, Draft, Stop};
use crate::wire::{Message, Redaction, Secret};
use std::collections::BTreeSet;

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A Hurl file.
    Hurl,
    /// A pytest file.
    Pytest,
    /// A bash script of curl lines.
    Curl,
}

/// The encodings of captured values in requests, each with the letter in its token and the suffix of its variable.
const FORMS: [(HoleForm, char, &str); 4] = [
    (HoleForm::Raw, 'r', ""),
    (HoleForm::Url, 'u', "_url"),
    (HoleForm::Json, 'j', "_json"),
    (HoleForm::Text, 't', "_text"),
];
/// The prefix of every token that stands for a captured value; it does not occur in real requests.
const MARK: &str = "ovrstp9q7";

/// Returns the selected cases of all jobs as one file.
///
/// # Errors
/// Returns an error if cases cannot be generated, or the format cannot express one of them.
pub fn export(jobs: &[Job], run_id: &str, format: ExportFormat) -> Result<String, Vec<Diagnostic>> {
    let (mut head, mut cases) = (None::<ExportHead>, Vec::new());
    let (mut redaction, mut hidden) = (None::<Redaction>, Vec::new());
    for job in jobs {
        let endpoint = job.endpoint(None, None, &Sending::default())?;
        let (control, stop) = (|_: &str| None, Stop::default());
        let plan = job.plan(&endpoint, run::Settings::default(), run_id, &stop, &control);
        let own = ExportHead {
            endpoint: format!("{}{}", endpoint.origin(), endpoint.base_path).trim_end_matches('/').to_owned(),
            dummy_keys: job.aws.is_none(),
            base_path: endpoint.base_path.clone(),
        };
        if head.as_ref().is_some_and(|head| head.endpoint != own.endpoint) {
            let problem = Diagnostic::error("the cases belong to different endpoints");
            return Err(vec![problem.with_hint("export the cases of each scenario to a separate file")]);
        }
        for case in job.cases(&job.bench()?)? {
            let names: BTreeSet<&str> =
                case.steps.iter().flat_map(|step| &step.captures).map(|capture| capture.name.as_str()).collect();
            let names: Vec<&str> = names.into_iter().collect();
            let holes: Vec<CapturedHole> = names.iter().flat_map(|name| FORMS.map(|form| hole(name, form))).collect();
            let drafts = run::drafts(&plan, &case, &|name| stand_in(name, 'r'))
                .map_err(|why| vec![Diagnostic::error(format!("`{}` cannot be sent: {why}", case.id))])?;
            let steps: Vec<ExportedStep> =
                drafts.into_iter().zip(&case.steps).map(|(draft, step)| exported(draft, step, &names)).collect();
            let stand_ins = names.iter().flat_map(|name| {
                FORMS.map(|form| Secret { value: stand_in(name, form.1), variable: hole(name, form).variable })
            });
            hidden.extend(stand_ins);
            cases.push(Exported {
                id: case.id.0.clone(),
                words: words(&case),
                aws: job.contract.protocol.is_some_and(|protocol| protocol != Protocol::RestJson),
                place: job.scenario.error_code.clone(),
                check: check(job, &case),
                steps,
                holes,
            });
        }
        let own_secrets = plan.redaction();
        redaction = Some(match redaction {
            Some(before) => before.joined(own_secrets),
            None => own_secrets,
        });
        head = Some(own);
    }
    let Some(head) = head.filter(|_| !cases.is_empty()) else {
        return Err(vec![Diagnostic::error("no cases to export")]);
    };
    let redaction = redaction.unwrap_or_default().and(hidden);
    let text = match format {
        ExportFormat::Pytest => Ok(pytest_file(&head, &cases, &redaction)),
        ExportFormat::Hurl => hurl_file(&head, &cases, &redaction),
        ExportFormat::Curl => {
            let base = Secret { value: head.endpoint.clone(), variable: "OVERSTEP_ENDPOINT".to_owned() };
            curl_script(&head, &cases, &redaction.and([base]))
        }
    };
    text.map_err(|not| vec![Diagnostic::error(not.reason).with_hint(not.hint)])
}

fn hole(name: &str, (form, _, suffix): (HoleForm, char, &str)) -> CapturedHole {
    let variable: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    CapturedHole { name: name.to_owned(), form, variable: format!("captured_{}{suffix}", variable.to_lowercase()) }
}

/// Returns the token that stands for a captured value: the same for the same name in every case.
fn stand_in(name: &str, form: char) -> String {
    use sha2::{Digest as _, Sha256};
    let token = data_encoding::HEXLOWER.encode(&Sha256::digest(name.as_bytes())[..6]);
    format!("{MARK}{form}{token}")
}

fn exported(draft: Draft, step: &crate::generate::Step, names: &[&str]) -> ExportedStep {
    let Draft { sent, unsigned, signing } = draft;
    let place = |message: Message| names.iter().fold(message, |message, name| placed(message, name));
    let unknown = sent.header("authorization").and_then(|proof| {
        let id = proof.split("Credential=").nth(1)?.split('/').next()?;
        Some(id.to_owned())
    });
    ExportedStep {
        purpose: step.purpose,
        turn: step.turn,
        fixture: step.fixture.clone(),
        captures: step.captures.clone(),
        message: place(unsigned),
        signed: place(sent),
        signing: signing.map(|(keys, damage)| Signing {
            region: keys.region,
            service: keys.service,
            unknown: unknown.filter(|_| damage == Some(AuthDamage::UnknownKey)),
            damage,
        }),
    }
}

/// Returns the request with the encoding set in each token for a captured value.
fn placed(mut message: Message, name: &str) -> Message {
    let of = |form| stand_in(name, form);
    message.target = message.target.replace(&of('r'), &of('u'));
    if let Ok(body) = std::str::from_utf8(&message.body)
        && body.contains(&of('r'))
    {
        let alone = body.replace(&format!("\"{}\"", of('r')), &of('j'));
        message.body = alone.replace(&of('r'), &of('t')).into();
    }
    message
}

fn words(case: &Case) -> String {
    let source = case.source.as_ref().map_or_else(String::new, |at| format!(" ({}:{})", at.document, at.line));
    let law = match &case.expectation {
        Expectation::Keep { law } => format!("law `{law}`"),
        other => in_words(other),
    };
    format!("{}{source}\ndocumented: {law}", case.rule).replace(['\r', '\n'], "\n")
}

/// Returns the assertion for the documented response of a case.
fn check(job: &Job, case: &Case) -> Check {
    let all_acts = || {
        (0..case.steps.len())
            .filter(|index| matches!(case.steps[*index].purpose, Purpose::Act | Purpose::ReadBack))
            .collect()
    };
    match (&case.judged, &case.expectation) {
        // Undocumented behaviour is not asserted.
        (Judged::Step(step), Expectation::Unspecified { .. }) => Check::Survived(vec![*step]),
        (_, Expectation::Unspecified { .. }) => Check::Survived(all_acts()),
        (Judged::Law(law), _) => {
            let operation = job.contract.operation(case.operation.as_str());
            let excused = operation.into_iter().flat_map(|operation| job.contract.errors_of(operation));
            let excused =
                excused.filter(|(_, error)| matches!(error.role, Role::Conflict | Role::Throttled | Role::Limit));
            let codes =
                excused.map(|(name, error)| error.code.clone().unwrap_or_else(|| name.as_str().to_owned())).collect();
            Check::Law(law.clone(), codes)
        }
        (Judged::Step(step), Expectation::Accept(accept)) => {
            Check::Accepted(*step, accept.status, accept.or.iter().map(pair).collect())
        }
        (Judged::Step(step), Expectation::Reject { errors, .. }) => {
            Check::Refused(*step, errors.iter().map(pair).collect())
        }
        (Judged::Step(step), Expectation::Keep { .. }) => Check::Survived(vec![*step]),
    }
}

fn pair(error: &ExpectedError) -> Pair {
    (error.status, error.error.as_ref().map(|name| name.as_str().to_owned()))
}
