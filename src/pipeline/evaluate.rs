//! Turns an outcome into a judged case with its line of the results, on the worker that sent it.
//!
//! Results of this module never contain a secret.

use super::Job;
use super::accepted::Accepted;
use super::beside::Beside;
use super::survey::Survey;
use crate::generate::{Judged, Purpose};
use crate::judge::{Change, Comparison, Judgement, Values, Verdict, compare, judge};
use crate::report::{CaseLine, Done, SentStep, StepAnswer, case_line};
use crate::run::{Exchange, Outcome};
use crate::wire::{Redaction, curl};

/// Maximum size of a response body that is recorded, in bytes.
const ANSWER_KEPT: usize = 4096;

/// Judges outcomes; holds what is the same for all cases of a run.
#[derive(Clone, Copy)]
pub(super) struct Finish<'a> {
    pub job: &'a Job,
    pub redaction: &'a Redaction,
    pub origin: &'a str,
    /// The results of controls and valid values, if any were sent.
    pub survey: Option<&'a Survey>,
    /// Accepted behaviour; nothing is compared if there is none.
    pub accepted: Option<&'a Accepted>,
    /// Records or compares response values if the run is differential.
    pub beside: Option<&'a Beside>,
    /// Whether an accepted divergence is a finding.
    pub strict: bool,
    /// Whether the endpoint's port is only used during the run, so that curl lines with it would not work later.
    pub fleeting: bool,
}

impl Finish<'_> {
    /// Judges an outcome and serializes its line of the results.
    pub fn finish(&self, outcome: Outcome) -> Done {
        let judgement = judge(&self.job.contract, &self.job.scenario, &outcome);
        let judgement = match self.survey {
            Some(survey) => survey.weigh(self.job, &outcome, judgement),
            None => judgement,
        };
        let judgement = self.cleaned(judgement);
        let comparison = self.compared(&outcome, &judgement);
        let comparison = self.job.known.seen(&outcome.case.id.0, &judgement, comparison);
        let finding = comparison.is_finding(judgement.verdict, self.strict);
        let judged = outcome.case.judged.shown();
        let exchange = outcome.exchanges.get(judged).and_then(Option::as_ref);
        let millis = exchange.map_or(0.0, |exchange| exchange.took.as_secs_f64() * 1000.0);
        let mut line = CaseLine { scenario: &self.job.scenario.name, millis, ..CaseLine::default() };
        if judgement.verdict != Verdict::Pass || comparison.change == Change::Changed {
            line.curl = self.curl(&outcome, judged);
            line.server_output.clone_from(&outcome.server_output);
            line.steps = outcome
                .case
                .steps
                .iter()
                .zip(&outcome.exchanges)
                .filter_map(|(step, exchange)| Some(self.step(step.purpose, exchange.as_ref()?)))
                .collect();
        }
        let bytes = case_line(&outcome.case, &judgement, &comparison, &line);
        Done {
            case: outcome.case,
            judgement,
            comparison,
            finding,
            new_form: None,
            millis,
            line: bytes,
            curl: line.curl,
            server_output: line.server_output,
        }
    }

    /// Returns the steps up to the judged one as curl lines; `None` if they would not reproduce it.
    fn curl(&self, outcome: &Outcome, judged: usize) -> Option<String> {
        let steps = outcome.case.steps.get(..=judged)?;
        // Resources that the setup created are deleted by now, so a line with their ids would meet something else.
        // Steps of the same turn are concurrent, but lines run one after another.
        if self.fleeting
            || outcome.case.steps.iter().any(|step| !step.captures.is_empty())
            || steps.windows(2).any(|pair| pair[0].turn == pair[1].turn)
        {
            return None;
        }
        // Reads before the judged step change nothing and are left out, except for a law, which consists of them.
        let is_law = matches!(outcome.case.judged, Judged::Law(_));
        let told = |index: usize| index == judged || is_law || steps[index].purpose != Purpose::ReadBack;
        let lines = (0..=judged).filter(|index| told(*index)).map(|index| {
            let exchange = outcome.exchanges.get(index)?.as_ref()?;
            curl(&exchange.sent, self.origin, self.redaction).map(|curl| curl.0)
        });
        Some(lines.collect::<Option<Vec<_>>>()?.join("\n"))
    }

    fn compared(&self, outcome: &Outcome, judgement: &Judgement) -> Comparison {
        let Some(accepted) = self.accepted else { return Comparison::default() };
        let snapshot = accepted.of(outcome.case.operation.as_str());
        let comparison = compare(&self.job.contract, outcome, judgement, snapshot, |text| self.clean(text));
        let values = || Values::of(&self.job.contract, outcome, |text| self.clean(text));
        match self.beside {
            Some(beside) if comparison.seen.is_some() => beside.see(&outcome.case.id.0, values, comparison),
            _ => comparison,
        }
    }

    /// Redacts secrets that the server echoes in its response.
    fn cleaned(&self, mut judgement: Judgement) -> Judgement {
        let observed = &mut judgement.observed;
        observed.error.iter_mut().chain(&mut observed.note).for_each(|text| self.clean(text));
        self.clean(&mut judgement.why);
        judgement
    }

    fn clean(&self, text: &mut String) {
        if !self.redaction.is_empty() {
            *text = self.redaction.clean(text);
        }
    }

    /// Returns a step and its response, with secrets redacted.
    pub fn step(&self, purpose: Purpose, exchange: &Exchange) -> SentStep {
        let sent = &exchange.sent;
        let clean = |text: &str| self.redaction.clean(text);
        let answer = match &exchange.answer {
            Ok(answer) => StepAnswer::Answered {
                status: answer.status,
                body: clean(&String::from_utf8_lossy(&answer.body[..answer.body.len().min(ANSWER_KEPT)])),
            },
            Err(why) => StepAnswer::Nothing { why: clean(&why.to_string()) },
        };
        SentStep {
            purpose,
            method: sent.method.clone(),
            target: clean(&sent.target),
            headers: sent.headers.iter().map(|(name, value)| (name.clone(), clean(value))).collect(),
            body: None,
            body_base64: None,
            body_digest: None,
            body_bytes: None,
            answer,
        }
        .with_body(&sent.body, clean)
    }
}
