//! What a snapshot says, as plain values.
//!
//! Nothing here is volatile: no counts, no dates, no identifiers of a run.

use indexmap::IndexMap;

/// The form of an answer: what it looks like, without what it says.
///
/// Names with values in a fixed order: `content-type`, `error-type`, then `body` and `body.…` with JSON types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Form(pub Vec<(String, String)>);

/// An answer as it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen {
    /// The status; absent where there was no answer.
    pub status: Option<u16>,
    /// The error type.
    pub error: Option<String>,
    /// What else is notable: `hang`, `body not JSON` …
    pub note: Option<String>,
    /// What the answer looked like; absent where there was none.
    pub form: Option<Form>,
}

/// What was documented instead, in words that fit into a line: `400 InvalidParameterException`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mark(String);

impl Mark {
    /// Takes any words; `·`, which separates, and all runs of blanks become one space.
    pub fn new(words: &str) -> Option<Self> {
        let clean: String = words.chars().map(|c| if c == '·' || c.is_control() { ' ' } else { c }).collect();
        let text = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(Self(text))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An accepted answer; its form is a number in the file's list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Held {
    /// The status.
    pub status: Option<u16>,
    /// The error type.
    pub error: Option<String>,
    /// The number of its form.
    pub form: Option<u32>,
    /// What else is notable.
    pub note: Option<String>,
    /// What is documented, where the answer breaks it.
    pub mark: Option<Mark>,
}

/// What all cases of a constraint on one side of it meet, but for exceptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// `below-min`, `at-max`, `violated`, `valid` …
    pub name: String,
    /// The answer.
    pub held: Held,
}

/// All that is accepted of one constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// `Tags{key}/length`, `malformed/not-json`.
    pub place: String,
    /// What folds.
    pub sides: Vec<Side>,
    /// Variants that met something else, or whose side is not known as a whole.
    pub exceptions: Vec<(String, Held)>,
}

/// The accepted behaviour of one operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The lines between the two `---`, kept as they are.
    pub header: Vec<String>,
    /// In plan order; each place once.
    pub lines: Vec<Line>,
    /// The forms that the lines name.
    pub forms: IndexMap<u32, Form>,
}

impl Snapshot {
    /// The accepted answer of a case: its own line, else its side's.
    pub fn lookup(&self, place: &str, side: &str, variant: &str) -> Option<&Held> {
        self.line(place)?.lookup(side, variant)
    }

    /// The line of a place.
    pub fn line(&self, place: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.place == place)
    }

    /// An accepted answer with its form spelled out.
    pub fn seen(&self, held: &Held) -> Seen {
        Seen {
            status: held.status,
            error: held.error.clone(),
            note: held.note.clone(),
            form: held.form.and_then(|number| self.forms.get(&number).cloned()),
        }
    }

    /// Whether an accepted answer is the one that was seen.
    pub fn agrees(&self, held: &Held, seen: &Seen) -> bool {
        held.status == seen.status
            && held.error == seen.error
            && held.note == seen.note
            && held.form.and_then(|number| self.forms.get(&number)) == seen.form.as_ref()
    }

    /// The number of a form; one that is not in the list is added under the next free number.
    pub fn intern(&mut self, form: &Form) -> u32 {
        if let Some((number, _)) = self.forms.iter().find(|(_, known)| *known == form) {
            return *number;
        }
        let number = self.forms.keys().max().map_or(1, |most| most.saturating_add(1));
        self.forms.insert(number, form.clone());
        number
    }

    /// An answer as it stands in this file.
    pub fn hold(&mut self, seen: &Seen, mark: Option<Mark>) -> Held {
        let form = seen.form.as_ref().map(|form| self.intern(form));
        Held { status: seen.status, error: seen.error.clone(), note: seen.note.clone(), form, mark }
    }

    /// Forgets forms that no line names, and sorts the others.
    pub fn tidy(&mut self) {
        let answers = |line: &Line| -> Vec<Option<u32>> {
            let sides = line.sides.iter().map(|side| side.held.form);
            sides.chain(line.exceptions.iter().map(|(_, held)| held.form)).collect()
        };
        let used: std::collections::HashSet<u32> = self.lines.iter().flat_map(answers).flatten().collect();
        self.forms.retain(|number, _| used.contains(number));
        self.forms.sort_unstable_keys();
    }
}

impl Line {
    /// As [`Snapshot::lookup`].
    pub fn lookup(&self, side: &str, variant: &str) -> Option<&Held> {
        let own = self.exceptions.iter().find(|(name, _)| name == variant).map(|(_, held)| held);
        own.or_else(|| self.sides.iter().find(|one| one.name == side).map(|one| &one.held))
    }
}

impl std::fmt::Display for Seen {
    /// `400 InvalidParameterException`, `200 (body not JSON)`, `hang`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            self.status.map(|status| status.to_string()),
            self.error.clone(),
            self.note.as_ref().map(|note| if self.status.is_some() { format!("({note})") } else { note.clone() }),
        ];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}
