//! Turns an outcome into a result with its line of the results, on the worker that sent it.
//!
//! It decides nothing: `judge` does. Results of this module never contain a secret.

use crate::case::{JudgedPart, StepPurpose};
use crate::judge::{
    AcceptedBehavior, Confirmation, EndpointKnowledge, JudgeContext, JudgedCase, SnapshotChange, Verdict, confirm,
    count_traces, must_confirm,
};
use crate::report::{CaseLineContext, CaseResult, RecordedStep, StepResponse, serialize_case};
use crate::run::{CaseOutcome, Exchange, HttpResponse, MAX_CASE_OUTPUT_LINES, OutcomeHandler};
use crate::session::differential::DifferentialMode;
use crate::session::job::ScenarioJob;
use crate::session::snapshot_recorder::AcceptedSnapshots;
use crate::wire::{Redaction, RequestPart, curl_command};

impl OutcomeHandler for CaseEvaluator<'_> {
    type Judged = (JudgedCase, bool);
    type Output = Box<CaseResult>;

    fn judge(&self, outcome: &CaseOutcome) -> (JudgedCase, bool) {
        let judged = CaseEvaluator::judge(self, outcome);
        let must_repeat = must_confirm(outcome, &judged);
        (judged, must_repeat)
    }

    fn must_repeat(&self, (_, must_repeat): &(JudgedCase, bool)) -> bool {
        *must_repeat
    }

    fn finish(
        &self,
        outcome: CaseOutcome,
        (judged, _): (JudgedCase, bool),
        repeated: Option<CaseOutcome>,
    ) -> Box<CaseResult> {
        Box::new(match repeated {
            Some(repeated) => self.confirmed_result(outcome, judged, repeated),
            None => self.result(outcome, judged),
        })
    }
}

/// Returns the outcome of a failed case without output that other cases may have caused. If the whole output holds one
/// stack trace, it is that of this case.
fn with_own_output(outcome: CaseOutcome) -> CaseOutcome {
    let is_own = outcome.server_output.len() < MAX_CASE_OUTPUT_LINES && count_traces(&outcome.server_output) == 1;
    if is_own { outcome } else { CaseOutcome { server_output: Vec::new(), ..outcome } }
}

/// Maximum size of a response body that is recorded, in bytes.
const MAX_RESPONSE_BYTES: usize = 4096;
/// Maximum number of headers of a response that are recorded.
const MAX_RESPONSE_HEADERS: usize = 40;
/// Maximum size of the value of a response header that is recorded, in bytes.
const MAX_HEADER_BYTES: usize = 512;

/// Judges outcomes; holds what is the same for all cases of a run.
#[derive(Clone, Copy)]
pub(super) struct CaseEvaluator<'a> {
    pub job: &'a ScenarioJob,
    pub redaction: &'a Redaction,
    pub origin: &'a str,
    /// What controls and valid values showed, if any were sent.
    pub knowledge: Option<&'a EndpointKnowledge>,
    /// Accepted behaviour; nothing is compared if there is none.
    pub accepted: Option<&'a AcceptedSnapshots>,
    /// Records or compares response values if the run is differential.
    pub differential: Option<&'a DifferentialMode>,
    /// Whether an accepted divergence is a finding.
    pub strict: bool,
    /// Whether the endpoint's port is only used during the run, so that curl lines with it would not work later.
    pub has_temporary_port: bool,
}

impl CaseEvaluator<'_> {
    /// Judges an outcome by everything that is known.
    fn judge(&self, outcome: &CaseOutcome) -> JudgedCase {
        let context = JudgeContext {
            contract: &self.job.contract,
            scenario: &self.job.scenario,
            knowledge: self.knowledge,
            known_divergences: &self.job.known_divergences,
            redaction: self.redaction,
            strict: self.strict,
        };
        let id = outcome.case.id.as_str();
        let values = self.differential.and_then(|differential| differential.recorded(id));
        let accepted = self.accepted.map(|accepted| AcceptedBehavior {
            snapshot: accepted.for_operation(outcome.case.operation.as_str()),
            is_second_endpoint: matches!(self.differential, Some(DifferentialMode::Compare(_))),
            values: values.as_deref(),
        });
        let judged = context.judge_case(outcome, accepted);
        if let Some(differential) = self.differential.filter(|_| judged.comparison.observed.is_some()) {
            differential.record(id, || context.response_values(outcome));
        }
        judged
    }

    /// Judges an outcome and serializes its line of the results.
    pub fn evaluate(&self, outcome: CaseOutcome) -> CaseResult {
        let judged = self.judge(&outcome);
        self.result(outcome, judged)
    }

    /// Serializes the line of a judged outcome.
    fn result(&self, outcome: CaseOutcome, judged: JudgedCase) -> CaseResult {
        let JudgedCase { judgement, comparison, is_finding, message } = judged;
        let judged = outcome.case.judged.shown_step();
        let exchange = outcome.exchanges.get(judged).and_then(Option::as_ref);
        let millis = exchange.map_or(0.0, |exchange| exchange.elapsed.as_secs_f64() * 1000.0);
        let mut line = CaseLineContext { scenario: &self.job.scenario.name, millis, ..CaseLineContext::default() };
        if judgement.verdict != Verdict::Pass || comparison.change == SnapshotChange::Changed {
            line.curl = self.curl_lines(&outcome, judged);
            line.server_output.clone_from(&outcome.server_output);
            line.steps = outcome
                .case
                .steps
                .iter()
                .zip(&outcome.exchanges)
                .filter_map(|(step, exchange)| Some(self.record_step(step.purpose, exchange.as_ref()?)))
                .collect();
        }
        let bytes = serialize_case(&outcome.case, &judgement, &comparison, &line);
        CaseResult {
            case: outcome.case,
            judgement,
            comparison,
            is_finding,
            message,
            new_form: None,
            millis,
            results_line: bytes,
            curl: line.curl,
            server_output: line.server_output,
        }
    }

    /// Returns the result of a case that was sent once more, alone.
    fn confirmed_result(&self, first: CaseOutcome, judged: JudgedCase, repeated: CaseOutcome) -> CaseResult {
        let judged_again = self.judge(&repeated);
        match confirm((&first, &judged), (&repeated, &judged_again)) {
            Confirmation::Repeated => self.result(repeated, judged_again),
            Confirmation::First => self.result(with_own_output(first), judged),
            Confirmation::Flaky(flaky) => self.result(with_own_output(first), *flaky),
        }
    }

    /// Returns the steps up to the judged one as curl lines; `None` if they would not reproduce it.
    fn curl_lines(&self, outcome: &CaseOutcome, judged: usize) -> Option<String> {
        let steps = outcome.case.steps.get(..=judged)?;
        // Resources that the setup created are deleted by now, so a line with their ids would meet something else.
        // Steps of the same turn are concurrent, but lines run one after another.
        if self.has_temporary_port
            || outcome.case.steps.iter().any(|step| !step.captures.is_empty())
            || steps.windows(2).any(|pair| pair[0].turn == pair[1].turn)
        {
            return None;
        }
        // Reads before the judged step change nothing and are left out, except for a law, which consists of them.
        let is_law = matches!(outcome.case.judged, JudgedPart::Law(_));
        let is_shown = |index: usize| index == judged || is_law || steps[index].purpose != StepPurpose::ReadBack;
        let lines = (0..=judged).filter(|index| is_shown(*index)).map(|index| {
            let exchange = outcome.exchanges.get(index)?.as_ref()?;
            curl_command(&exchange.request, self.origin, self.redaction).map(|curl| curl.0)
        });
        Some(lines.collect::<Option<Vec<_>>>()?.join("\n"))
    }

    /// Returns a step and its response, with secrets redacted.
    pub fn record_step(&self, purpose: StepPurpose, exchange: &Exchange) -> RecordedStep {
        let sent = &exchange.request;
        let answer = match &exchange.response {
            Ok(answer) => StepResponse::Answered { status: answer.status, body: self.record_body(&answer.body) },
            Err(why) => StepResponse::Nothing { why: self.redaction.redact_message(&why.to_string()).into_owned() },
        };
        let record_header = |(name, value): &(String, String)| {
            (name.clone(), self.redaction.redact_request(value, RequestPart::Header(name)).into_owned())
        };
        RecordedStep {
            purpose,
            method: sent.method.clone(),
            target: self.redaction.redact_request(&sent.target, RequestPart::Other).into_owned(),
            headers: sent.headers.iter().map(record_header).collect(),
            body: None,
            body_base64: None,
            body_digest: None,
            body_bytes: None,
            answer,
            response_headers: exchange
                .response
                .as_ref()
                .map_or_else(|_| Vec::new(), |answer| self.record_headers(answer)),
        }
        .with_body(&sent.body, self.redaction)
    }

    /// Returns the headers of a response without its date, which differs in every run. A cookie may be a credential that no scenario names.
    fn record_headers(&self, answer: &HttpResponse) -> Vec<(String, String)> {
        let record = |(name, value): &(String, String)| {
            let value = self.redaction.redact(value);
            let shown = &value[..value.floor_char_boundary(MAX_HEADER_BYTES)];
            (self.redaction.redact(name).into_owned(), if name == "set-cookie" { "…" } else { shown }.to_owned())
        };
        let headers = answer.headers.iter().filter(|(name, _)| name != "date");
        headers.take(MAX_RESPONSE_HEADERS).map(record).collect()
    }

    /// Returns the beginning of a response body. Secrets are redacted first, so that none is cut in two.
    fn record_body(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(&body[..body.len().min(MAX_RESPONSE_BYTES * 2)]);
        let mut text = self.redaction.redact(&text).into_owned();
        text.truncate(text.floor_char_boundary(MAX_RESPONSE_BYTES));
        text
    }
}
