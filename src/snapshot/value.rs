//! The content of a snapshot as plain values.
//!
//! It never contains anything volatile: no counts, no dates, no identifiers of a run.

use crate::escape::is_deceptive;
use indexmap::IndexMap;

/// The form of a response: its structure without its values.
///
/// Pairs of name and value in a fixed order: `content-type`, `error-type`, then `body` and `body.…` with JSON types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ResponseForm(pub Vec<(String, String)>);

/// A response as it was observed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObservedBehavior {
    /// The status; absent if there was no response.
    pub status: Option<u16>,
    /// The error type.
    pub error: Option<String>,
    /// Anything else that is notable: `hang`, `body not JSON` …
    pub note: Option<String>,
    /// The form of the response; absent if there was no response.
    pub form: Option<ResponseForm>,
}

/// The documented behaviour that a response violates, as text that fits into a line: `400 InvalidParameterException`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DocumentedMark(String);

impl DocumentedMark {
    /// Creates a mark from any text. `·`, which is the separator, and runs of whitespace become one space.
    pub fn new(words: &str) -> Option<Self> {
        let clean: String = words.chars().map(|c| if c == '·' || is_deceptive(c) { ' ' } else { c }).collect();
        let text = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(Self(text))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An accepted response; its form is a number in the file's list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AcceptedResponse {
    /// The status.
    pub status: Option<u16>,
    /// The error type.
    pub error: Option<String>,
    /// The number of its form.
    pub form: Option<u32>,
    /// Anything else that is notable.
    pub note: Option<String>,
    /// The documented behaviour, if the response violates it.
    pub mark: Option<DocumentedMark>,
}

/// The response that all cases on one side of a constraint receive, apart from exceptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintSide {
    /// `below-min`, `at-max`, `violated`, `valid` …
    pub name: String,
    /// The accepted response.
    pub response: AcceptedResponse,
}

/// All accepted responses for one constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConstraintLine {
    /// `Tags{key}/length`, `malformed/not-json`.
    pub place: String,
    /// The sides whose cases share one response.
    pub sides: Vec<ConstraintSide>,
    /// Variants that received another response, or whose side is not known as a whole.
    pub exceptions: Vec<(String, AcceptedResponse)>,
}

/// The accepted behaviour of one operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The lines between the two `---`, unchanged.
    pub header: Vec<String>,
    /// The lines in plan order; each place occurs once.
    pub lines: Vec<ConstraintLine>,
    /// The forms that the lines refer to, by number.
    pub forms: IndexMap<u32, ResponseForm>,
}

impl Snapshot {
    /// Returns the accepted response of a case: its own exception, otherwise the response of its side.
    pub fn lookup(&self, place: &str, side: &str, variant: &str) -> Option<&AcceptedResponse> {
        self.line(place)?.lookup(side, variant)
    }

    /// Returns the line of a place.
    pub fn line(&self, place: &str) -> Option<&ConstraintLine> {
        self.lines.iter().find(|line| line.place == place)
    }

    /// Returns an accepted response with its form instead of the form's number.
    pub fn expand_response(&self, response: &AcceptedResponse) -> ObservedBehavior {
        ObservedBehavior {
            status: response.status,
            error: response.error.clone(),
            note: response.note.clone(),
            form: response.form.and_then(|number| self.forms.get(&number).cloned()),
        }
    }

    /// Returns true if an accepted response equals the observed one.
    pub fn is_accepted(&self, response: &AcceptedResponse, seen: &ObservedBehavior) -> bool {
        response.status == seen.status
            && response.error == seen.error
            && response.note == seen.note
            && response.form.and_then(|number| self.forms.get(&number)) == seen.form.as_ref()
    }

    /// Returns the number of a form; a form that is not in the list is added with the next free number.
    pub fn intern_form(&mut self, form: &ResponseForm) -> u32 {
        if let Some((number, _)) = self.forms.iter().find(|(_, known)| *known == form) {
            return *number;
        }
        let number = self.forms.keys().max().map_or(1, |most| most.saturating_add(1));
        self.forms.insert(number, form.clone());
        number
    }

    /// Converts an observed response into the form of this file.
    pub fn accept_response(&mut self, seen: &ObservedBehavior, mark: Option<DocumentedMark>) -> AcceptedResponse {
        let form = seen.form.as_ref().map(|form| self.intern_form(form));
        AcceptedResponse { status: seen.status, error: seen.error.clone(), note: seen.note.clone(), form, mark }
    }

    /// Removes forms that no line refers to, and sorts the others.
    pub fn remove_unused_forms(&mut self) {
        let answers = |line: &ConstraintLine| -> Vec<Option<u32>> {
            let sides = line.sides.iter().map(|side| side.response.form);
            sides.chain(line.exceptions.iter().map(|(_, response)| response.form)).collect()
        };
        let used: std::collections::HashSet<u32> = self.lines.iter().flat_map(answers).flatten().collect();
        self.forms.retain(|number, _| used.contains(number));
        self.forms.sort_unstable_keys();
    }
}

impl ConstraintLine {
    /// Returns the accepted response of a variant; see [`Snapshot::lookup`].
    pub fn lookup(&self, side: &str, variant: &str) -> Option<&AcceptedResponse> {
        let own = self.exceptions.iter().find(|(name, _)| name == variant).map(|(_, response)| response);
        own.or_else(|| self.sides.iter().find(|one| one.name == side).map(|one| &one.response))
    }
}

impl std::fmt::Display for ObservedBehavior {
    /// Formats as `400 InvalidParameterException`, `200 (body not JSON)` or `hang`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            self.status.map(|status| status.to_string()),
            self.error.clone(),
            self.note.as_ref().map(|note| if self.status.is_some() { format!("({note})") } else { note.clone() }),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}
