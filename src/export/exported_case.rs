//! A case as a standalone test: the types that all export formats share.
//!
//! A format never drops a part of a case: it returns [`UnsupportedCase`], which names a format that can express it.

use crate::case::{AuthDamage, Capture, FixtureStep, Law, StepPurpose};
use crate::escape::escape_line;
use crate::wire::{EncodedRequest, KeyChange, RedactedPiece, Redaction, RequestPart, SecretEncoding};

/// A case with everything that another program needs to send and judge it.
#[derive(Clone, Debug)]
pub struct ExportedCase {
    /// The case id.
    pub id: String,
    /// The rule, its source and the documented response, as text.
    pub description: String,
    /// Whether errors use an AWS protocol.
    pub is_aws: bool,
    /// The path of the error code in a response body, if the scenario sets one.
    pub error_code_path: Option<String>,
    /// All steps, including teardown.
    pub steps: Vec<ExportedStep>,
    /// The assertion.
    pub assertion: ExportedAssertion,
    /// Placeholders for values that are captured from earlier responses.
    pub placeholders: Vec<CapturedPlaceholder>,
}

/// One step of an exported case.
#[derive(Clone, Debug)]
pub struct ExportedStep {
    /// The purpose of the step.
    pub purpose: StepPurpose,
    /// The turn in which it is sent; steps of the same turn are sent concurrently.
    pub turn: u32,
    /// The fixture that it creates or deletes.
    pub fixture: Option<FixtureStep>,
    /// Values to capture from the response.
    pub captures: Vec<Capture>,
    /// The request without a signature, but with other credentials.
    pub unsigned: EncodedRequest,
    /// The request as overstep would send it.
    pub signed: EncodedRequest,
    /// How to sign the request, if it is signed.
    pub signing: Option<Signing>,
}

/// Parameters of an AWS Signature Version 4, which is computed when the test runs.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The region.
    pub region: String,
    /// The service.
    pub service: String,
    /// How the credentials are damaged on purpose.
    pub damage: Option<AuthDamage>,
    /// The access key id to send, if the credentials use an unknown key.
    pub unknown_key_id: Option<String>,
}

/// Status and code of an error; `None` matches any value.
pub type ErrorPair = (Option<u16>, Option<String>);

/// The assertion of a test.
#[derive(Clone, Debug)]
pub enum ExportedAssertion {
    /// The response to the step is a success with this status, or one of these errors.
    Accepted(usize, Option<u16>, Vec<ErrorPair>),
    /// The response to the step is one of these errors.
    Rejected(usize, Vec<ErrorPair>),
    /// The server does not fail at these steps; the documents promise nothing else.
    NoServerError(Vec<usize>),
    /// A law holds between the steps; a write may be rejected with one of these error codes.
    Law(Box<Law>, Vec<String>),
}

/// The encoding of a captured value in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceholderForm {
    /// Unchanged.
    Raw,
    /// Percent-encoded.
    Url,
    /// As a JSON value.
    Json,
    /// Inside a JSON string.
    Text,
}

/// A placeholder for a captured value in requests.
#[derive(Clone, Debug)]
pub struct CapturedPlaceholder {
    /// The name of the capture: `note.id`.
    pub name: String,
    /// The encoding of the value.
    pub form: PlaceholderForm,
    /// The name of the variable that redaction inserts for the value.
    pub variable: String,
}

/// The settings that all cases of a file share.
#[derive(Clone, Debug)]
pub struct ExportTarget {
    /// The base URL of the run.
    pub endpoint: String,
    /// Whether the AWS keys are dummies that are not read from the environment.
    pub dummy_keys: bool,
    /// The base path of the endpoint, with which every regular request target begins.
    pub base_path: String,
}

/// A case that a format cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedCase {
    /// The reason.
    pub reason: String,
    /// The format that can express it.
    pub hint: String,
}

impl UnsupportedCase {
    pub(super) fn requires_pytest(case: &ExportedCase, why: &str) -> Self {
        Self {
            reason: format!("`{}` cannot be exported in this format: {why}", case.id),
            hint: "use `--format pytest`".to_owned(),
        }
    }
}

/// A part of a text: literal bytes, or the name of a value that is known only when the test runs.
pub(super) enum NamedPiece<'h> {
    Literal(Vec<u8>),
    /// The value of an environment variable.
    Secret(String),
    /// A key that is derived from the environment variable: its name, the change, and what replaces a last character.
    Changed(String, KeyChange, (&'static str, &'static str)),
    /// The value of an environment variable in an encoding; `None` if the encoding is not known.
    Encoded(String, Option<SecretEncoding>),
    Captured(&'h CapturedPlaceholder),
}

impl ExportedCase {
    /// Splits a text into literals, secrets and captured values, which `redaction` knows.
    pub(super) fn named_pieces(
        &self,
        bytes: &[u8],
        part: RequestPart<'_>,
        redaction: &Redaction,
    ) -> Vec<NamedPiece<'_>> {
        let named = |piece| match piece {
            RedactedPiece::Bytes([]) => None,
            RedactedPiece::Bytes(bytes) => Some(NamedPiece::Literal(bytes.to_vec())),
            RedactedPiece::Variable(name) => Some(match self.placeholders.iter().find(|hole| hole.variable == name) {
                Some(hole) => NamedPiece::Captured(hole),
                None => NamedPiece::Secret(name),
            }),
            RedactedPiece::Changed { variable, change, last_character_map } => {
                Some(NamedPiece::Changed(variable, change, last_character_map))
            }
            RedactedPiece::Encoded { variable, encoding } => Some(NamedPiece::Encoded(variable, encoding)),
        };
        redaction.split_at_secrets(bytes, part).into_iter().filter_map(named).collect()
    }

    /// Returns the id and the description as lines for comments. No line contains what any language takes for the end of
    /// a line.
    pub(super) fn comment_lines(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.id.as_str()).chain(self.description.split('\n')).map(escape_line)
    }

    /// Returns the id and the description as comments that begin with `#`.
    pub(super) fn hash_comments(&self) -> String {
        self.comment_lines().map(|line| format!("# {line}\n")).collect()
    }

    /// Returns the indices of the steps in the order of their turns: first all other steps, then teardown.
    pub(super) fn steps_by_turn(&self) -> (Vec<Vec<usize>>, Vec<usize>) {
        let is_last = |index: &usize| self.steps[*index].purpose == StepPurpose::TearDown;
        let (mut last, mut steps): (Vec<usize>, Vec<usize>) = (0..self.steps.len()).partition(is_last);
        last.sort_by_key(|index| self.steps[*index].turn);
        steps.sort_by_key(|index| self.steps[*index].turn);
        let turns = steps.chunk_by(|one, other| self.steps[*one].turn == self.steps[*other].turn);
        (turns.map(<[usize]>::to_vec).collect(), last)
    }

    /// Returns the steps for a format that can only send one at a time. Returns an error with the reason `why` if some
    /// steps are sent concurrently.
    pub(super) fn sequential_steps(&self, why: &str) -> Result<(Vec<usize>, Vec<usize>), UnsupportedCase> {
        let (turns, last) = self.steps_by_turn();
        if turns.iter().any(|turn| turn.len() > 1) {
            return Err(UnsupportedCase::requires_pytest(self, why));
        }
        Ok((turns.into_iter().flatten().collect(), last))
    }
}

impl ExportedStep {
    /// Returns the target relative to the base path; `None` if it is outside of it.
    pub(super) fn relative_target<'m>(&'m self, head: &ExportTarget) -> Option<&'m str> {
        let rest = self.unsigned.target.strip_prefix(head.base_path.trim_end_matches('/'))?;
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
    }

    /// Returns true if the signature is damaged on purpose, which a standard signer cannot do.
    pub(super) fn needs_signer(&self) -> bool {
        self.signing.as_ref().is_some_and(|signing| signing.damage.is_some())
    }
}
