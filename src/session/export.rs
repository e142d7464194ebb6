//! Exports cases as standalone tests, for the developers of the server.
//!
//! This module never sends a request and never writes a file.

use crate::case::{AuthDamage, Case, Expectation, ExpectedError, JudgedPart, Law, StepPurpose};
use crate::contract::{ErrorRole, Protocol};
use crate::escape::escape_text;
use crate::export::{
    CapturedPlaceholder, ErrorPair, ExportTarget, ExportedAssertion, ExportedCase, ExportedStep, PlaceholderForm,
    Signing, curl_script, hurl_file, pytest_file,
};
use crate::judge::describe_expectation;
use crate::report::Diagnostic;
use crate::run;
use crate::run::{CancelToken, PreparedRequest};
use crate::session::job::{RunOptions, ScenarioJob};
use crate::wire::{EncodedRequest, RedactedSecret, Redaction, SecretScope};
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
const PLACEHOLDER_FORMS: [(PlaceholderForm, char, &str); 4] = [
    (PlaceholderForm::Raw, 'r', ""),
    (PlaceholderForm::Url, 'u', "_url"),
    (PlaceholderForm::Json, 'j', "_json"),
    (PlaceholderForm::Text, 't', "_text"),
];
/// The prefix of every token that stands for a captured value; it does not occur in real requests.
const TOKEN_PREFIX: &str = "ovrstp9q7";

/// Returns the selected cases of all jobs as one file.
///
/// # Errors
/// Returns an error if cases cannot be generated, or the format cannot express one of them.
pub fn export_cases(jobs: &[ScenarioJob], run_id: &str, format: ExportFormat) -> Result<String, Vec<Diagnostic>> {
    let (mut head, mut cases) = (None::<ExportTarget>, Vec::new());
    let (mut redaction, mut hidden) = (None::<Redaction>, Vec::new());
    for job in jobs {
        let endpoint = job.build_endpoint(None, None, &RunOptions::default())?;
        let (control, stop) = (|_: &str| None, CancelToken::default());
        let plan = job.build_run_plan(&endpoint, run::TransportOptions::default(), run_id, &stop, &control);
        let own = ExportTarget {
            endpoint: format!("{}{}", endpoint.origin(), endpoint.base_path).trim_end_matches('/').to_owned(),
            dummy_keys: job.aws_keys.is_none(),
            base_path: endpoint.base_path.clone(),
        };
        if head.as_ref().is_some_and(|head| head.endpoint != own.endpoint) {
            let problem = Diagnostic::error("the cases belong to different endpoints");
            return Err(vec![problem.with_hint("export the cases of each scenario to a separate file")]);
        }
        for case in job.cases(&job.compile_contract())? {
            let names: BTreeSet<&str> =
                case.steps.iter().flat_map(|step| &step.captures).map(|capture| capture.name.as_str()).collect();
            let names: Vec<&str> = names.into_iter().collect();
            let holes: Vec<CapturedPlaceholder> =
                names.iter().flat_map(|name| PLACEHOLDER_FORMS.map(|form| captured_placeholder(name, form))).collect();
            let drafts = run::prepare_requests(&plan, &case, &|name| placeholder_token(name, 'r'))
                .map_err(|why| vec![Diagnostic::error(format!("`{}` cannot be sent: {why}", case.id))])?;
            let steps: Vec<ExportedStep> =
                drafts.into_iter().zip(&case.steps).map(|(draft, step)| exported_step(draft, step, &names)).collect();
            let stand_ins = names.iter().flat_map(|name| {
                PLACEHOLDER_FORMS.map(|form| {
                    let variable = captured_placeholder(name, form).variable;
                    RedactedSecret::new(placeholder_token(name, form.1), variable).with_scope(SecretScope::StandIn)
                })
            });
            hidden.extend(stand_ins);
            cases.push(ExportedCase {
                id: case.id.to_string(),
                description: case_description(&case),
                is_aws: job.contract.protocol.is_some_and(|protocol| protocol != Protocol::RestJson),
                error_code_path: job.scenario.error_code.clone(),
                assertion: case_assertion(job, &case),
                steps,
                placeholders: holes,
            });
        }
        let own_secrets = plan.redaction();
        redaction = Some(match redaction {
            Some(before) => before.merge(&own_secrets),
            None => own_secrets,
        });
        head = Some(own);
    }
    let Some(head) = head.filter(|_| !cases.is_empty()) else {
        return Err(vec![Diagnostic::error("no cases to export")]);
    };
    let redaction = redaction.unwrap_or_default().with_secrets(hidden);
    let text = match format {
        ExportFormat::Pytest => Ok(pytest_file(&head, &cases, &redaction)),
        ExportFormat::Hurl => hurl_file(&head, &cases, &redaction),
        ExportFormat::Curl => {
            let base = RedactedSecret::new(head.endpoint.clone(), "OVERSTEP_ENDPOINT");
            curl_script(&head, &cases, &redaction.with_secrets([base.with_scope(SecretScope::StandIn)]))
        }
    };
    text.map_err(|not| vec![Diagnostic::error(not.reason).with_hint(not.hint)])
}

fn captured_placeholder(name: &str, (form, _, suffix): (PlaceholderForm, char, &str)) -> CapturedPlaceholder {
    let variable: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    CapturedPlaceholder {
        name: name.to_owned(),
        form,
        variable: format!("captured_{}{suffix}", variable.to_lowercase()),
    }
}

/// Returns the token that stands for a captured value: the same for the same name in every case.
fn placeholder_token(name: &str, form: char) -> String {
    use sha2::{Digest as _, Sha256};
    let token = data_encoding::HEXLOWER.encode(&Sha256::digest(name.as_bytes())[..6]);
    format!("{TOKEN_PREFIX}{form}{token}")
}

fn exported_step(draft: PreparedRequest, step: &crate::case::Step, names: &[&str]) -> ExportedStep {
    let PreparedRequest { signed: sent, unsigned, signing_credentials: signing } = draft;
    let place = |message: EncodedRequest| names.iter().fold(message, |message, name| set_token_forms(message, name));
    let unknown = sent.header("authorization").and_then(|proof| {
        let id = proof.split("Credential=").nth(1)?.split('/').next()?;
        Some(id.to_owned())
    });
    ExportedStep {
        purpose: step.purpose,
        turn: step.turn,
        fixture: step.fixture.clone(),
        captures: step.captures.clone(),
        unsigned: place(unsigned),
        signed: place(sent),
        signing: signing.map(|(keys, damage)| Signing {
            region: keys.region,
            service: keys.service,
            unknown_key_id: unknown.filter(|_| damage == Some(AuthDamage::UnknownKey)),
            damage,
        }),
    }
}

/// Returns the request with the encoding set in each token for a captured value.
fn set_token_forms(mut message: EncodedRequest, name: &str) -> EncodedRequest {
    let of = |form| placeholder_token(name, form);
    message.target = message.target.replace(&of('r'), &of('u'));
    if let Ok(body) = std::str::from_utf8(&message.body)
        && body.contains(&of('r'))
    {
        let alone = body.replace(&format!("\"{}\"", of('r')), &of('j'));
        message.body = alone.replace(&of('r'), &of('t')).into();
    }
    message
}

fn case_description(case: &Case) -> String {
    let source = case.source.as_ref().map_or_else(String::new, |at| format!(" ({}:{})", at.document, at.line));
    let law = match &case.expectation {
        Expectation::LawHolds { law } => format!("law `{law}`"),
        other => describe_expectation(other),
    };
    // A line break inside of a text is not the end of a comment.
    [format!("{}{source}", case.rule), format!("documented: {law}")].map(|line| escape_text(&line)).join("\n")
}

/// Returns the assertion for the documented response of a case.
fn case_assertion(job: &ScenarioJob, case: &Case) -> ExportedAssertion {
    let all_acts = || {
        (0..case.steps.len())
            .filter(|index| matches!(case.steps[*index].purpose, StepPurpose::Act | StepPurpose::ReadBack))
            .collect()
    };
    match (&case.judged, &case.expectation) {
        // Undocumented behaviour is not asserted.
        (JudgedPart::Step(step), Expectation::Unspecified { .. }) => ExportedAssertion::NoServerError(vec![*step]),
        (_, Expectation::Unspecified { .. }) => ExportedAssertion::NoServerError(all_acts()),
        // Their comparisons between responses have no form in a script.
        (JudgedPart::Law(law), _) if matches!(**law, Law::Responses(_)) => ExportedAssertion::NoServerError(all_acts()),
        (JudgedPart::Law(law), _) => {
            let operation = job.contract.operation(case.operation.as_str());
            let excused = operation.into_iter().flat_map(|operation| job.contract.operation_errors(operation));
            let excused = excused.filter(|(_, error)| {
                matches!(error.role, ErrorRole::Conflict | ErrorRole::Throttled | ErrorRole::Limit)
            });
            let codes =
                excused.map(|(name, error)| error.code.clone().unwrap_or_else(|| name.as_str().to_owned())).collect();
            ExportedAssertion::Law(law.clone(), codes)
        }
        (JudgedPart::Step(step), Expectation::Accept(accept)) => {
            ExportedAssertion::Accepted(*step, accept.status, accept.allowed_errors.iter().map(error_pair).collect())
        }
        (JudgedPart::Step(step), Expectation::Reject { errors, .. }) => {
            ExportedAssertion::Rejected(*step, errors.iter().map(error_pair).collect())
        }
        (JudgedPart::Step(step), Expectation::LawHolds { .. }) => ExportedAssertion::NoServerError(vec![*step]),
    }
}

fn error_pair(error: &ExpectedError) -> ErrorPair {
    (error.status, error.error.as_ref().map(|name| name.as_str().to_owned()))
}
