//! A case as a test of its own: what all formats of an export share.
//!
//! Plain values. A format that cannot carry a case says so, and names one that can.

use crate::generate::{AuthDamage, Capture, FixtureStep, Purpose, Relation};
use crate::wire::{Message, Piece, Redaction};

/// A case with all that it takes to send it and to judge it elsewhere.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Its id.
    pub id: String,
    /// The rule, what is documented, and where, for people.
    pub words: String,
    /// Whether errors are told as AWS does.
    pub aws: bool,
    /// Where the scenario says that an error's code stands.
    pub place: Option<String>,
    /// All steps, teardown included.
    pub steps: Vec<ExportedStep>,
    /// What is asserted.
    pub check: Check,
    /// Values of earlier answers that stand in requests.
    pub holes: Vec<CapturedHole>,
}

/// One request of an exported case.
#[derive(Clone, Debug)]
pub struct ExportedStep {
    /// What it is there for.
    pub purpose: Purpose,
    /// When it is sent; steps of one turn go side by side.
    pub turn: u32,
    /// The fixture that it makes or takes away.
    pub fixture: Option<FixtureStep>,
    /// What is kept of its answer.
    pub captures: Vec<Capture>,
    /// The message without a signature, other proofs included.
    pub message: Message,
    /// The message as overstep would send it.
    pub signed: Message,
    /// How the message is to be signed, if it is.
    pub signing: Option<Signing>,
}

/// AWS Signature Version 4, made when the test runs.
#[derive(Clone, Debug)]
pub struct Signing {
    /// The region.
    pub region: String,
    /// The service.
    pub service: String,
    /// How the proof is damaged.
    pub damage: Option<AuthDamage>,
    /// The access key id in a proof with an unknown key.
    pub unknown: Option<String>,
}

/// Status and code of an error; `None` is any.
pub type Pair = (Option<u16>, Option<String>);

/// What a test asserts.
#[derive(Clone, Debug)]
pub enum Check {
    /// The step's answer is a success, or one of these errors.
    Accepted(usize, Option<u16>, Vec<Pair>),
    /// The step's answer is one of these errors.
    Refused(usize, Vec<Pair>),
    /// Documents promise nothing but that the server does not fail at these steps.
    Survived(Vec<usize>),
    /// A relation holds between the steps; errors of these codes excuse a refused write.
    Law(Box<Relation>, Vec<String>),
}

/// How a captured value stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoleForm {
    /// As it is.
    Raw,
    /// Percent-encoded.
    Url,
    /// As a JSON value.
    Json,
    /// Inside a JSON text.
    Text,
}

/// A captured value in requests.
#[derive(Clone, Debug)]
pub struct CapturedHole {
    /// The name of the capture: `note.id`.
    pub name: String,
    /// How it stands there.
    pub form: HoleForm,
    /// The name of the variable that the redaction puts in its place.
    pub variable: String,
}

/// What all cases of a file share.
#[derive(Clone, Debug)]
pub struct ExportHead {
    /// The base URL of the run.
    pub endpoint: String,
    /// Whether its AWS keys are dummies that need no environment.
    pub dummy_keys: bool,
    /// The scenario's base path, which begins every ordinary target.
    pub base_path: String,
}

/// A case that a format cannot carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotExported {
    /// Why.
    pub reason: String,
    /// What can carry it.
    pub hint: String,
}

impl NotExported {
    pub(super) fn only_pytest(case: &Exported, why: &str) -> Self {
        Self {
            reason: format!("`{}` cannot be exported this way: {why}", case.id),
            hint: "`--format pytest` can carry it".to_owned(),
        }
    }
}

/// A piece of a text with everything unknown named.
pub(super) enum Named<'h> {
    Literal(Vec<u8>),
    /// An environment variable; without its last character where that is true.
    Secret(String, bool),
    Captured(&'h CapturedHole),
}

impl Exported {
    /// A text in pieces; `redaction` knows secrets and captured values.
    pub(super) fn pieces(&self, bytes: &[u8], redaction: &Redaction) -> Vec<Named<'_>> {
        redaction
            .pieces(bytes)
            .into_iter()
            .filter_map(|piece| match piece {
                Piece::Bytes([]) => None,
                Piece::Bytes(bytes) => Some(Named::Literal(bytes.to_vec())),
                Piece::Variable(name) => Some(match self.holes.iter().find(|hole| hole.variable == name) {
                    Some(hole) => Named::Captured(hole),
                    None => match name.strip_prefix('{').and_then(|rest| rest.strip_suffix("%?}")) {
                        Some(whole) => Named::Secret(whole.to_owned(), true),
                        None => Named::Secret(name, false),
                    },
                }),
            })
            .collect()
    }

    /// Indices of the steps in the order of their turns: first all that acts, then what takes away.
    pub(super) fn turns(&self) -> (Vec<Vec<usize>>, Vec<usize>) {
        let is_last = |index: &usize| self.steps[*index].purpose == Purpose::TearDown;
        let (mut last, mut acts): (Vec<usize>, Vec<usize>) = (0..self.steps.len()).partition(is_last);
        last.sort_by_key(|index| self.steps[*index].turn);
        acts.sort_by_key(|index| self.steps[*index].turn);
        let turns = acts.chunk_by(|one, other| self.steps[*one].turn == self.steps[*other].turn);
        (turns.map(<[usize]>::to_vec).collect(), last)
    }

    /// The same where steps can only be sent one after another; `why` is said where some are sent side by side.
    pub(super) fn one_by_one(&self, why: &str) -> Result<(Vec<usize>, Vec<usize>), NotExported> {
        let (turns, last) = self.turns();
        if turns.iter().any(|turn| turn.len() > 1) {
            return Err(NotExported::only_pytest(self, why));
        }
        Ok((turns.into_iter().flatten().collect(), last))
    }
}

impl ExportedStep {
    /// The target below the base path; `None` where it does not stand below it.
    pub(super) fn relative<'m>(&'m self, head: &ExportHead) -> Option<&'m str> {
        let rest = self.message.target.strip_prefix(head.base_path.trim_end_matches('/'))?;
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
    }

    /// Whether only a signer that knows the damage can make the proof.
    pub(super) fn needs_signer(&self) -> bool {
        self.signing.as_ref().is_some_and(|signing| signing.damage.is_some())
    }
}

/// Text for a comment: one line each, with a prefix.
pub(super) fn comment(words: &str) -> String {
    words.lines().map(|line| format!("# {line}\n")).collect()
}
