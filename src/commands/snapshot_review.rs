//! Asks for a decision on each pending line, with one key per decision.
//!
//! It never accepts a line that the user did not choose, and never reads a key itself: the terminal does.

use super::snapshot_lines::{SnapshotLinePrinter, pluralized_lines};
use crate::cli::CommandError;
use crate::session::{DocumentedState, LineDetails, PendingSnapshot, ReviewChoice, ReviewDetails};
use overstep::escape::escape_text;
use overstep::report::{JudgedCaseEvent, StepResponse};
use overstep::session::LineChange;
use overstep::store;
use std::io::{self, Write};
use std::path::PathBuf;

/// Returns the keys that the user presses, one by one.
pub trait ReviewKeys {
    /// Returns the next key, or `None` at the end of the input.
    fn next_key(&mut self) -> io::Result<Option<char>>;
}

/// Keys of a terminal, which need no Enter.
pub struct TerminalKeys(pub console::Term);

impl ReviewKeys for TerminalKeys {
    fn next_key(&mut self) -> io::Result<Option<char>> {
        Ok(match self.0.read_key()? {
            console::Key::Char(key) => Some(key),
            console::Key::Enter => Some('n'),
            console::Key::Escape => Some('q'),
            // Nothing is at the other end of the terminal any more.
            console::Key::Unknown if !self.0.is_term() => None,
            _ => Some('?'),
        })
    }
}

/// What a reviewer sees, apart from the lines themselves.
pub struct ReviewContext {
    /// What the last run says about the lines.
    pub details: ReviewDetails,
    /// The root of the repository, to which the paths of documents are relative.
    pub root: PathBuf,
}

const LEGEND: &str = "\
Each line shows how the endpoint responds to one kind of request: its place and constraint, and for each side of the \
constraint the status, the error code and the form of the response (f1, f2 …, spelled out once below a line).";

const WORDS: &[(&str, &str)] = &[
    ("valid", "requests that should succeed"),
    ("violated", "requests that violate the constraint"),
    ("at-max, above-max …", "at a documented limit, and one step past it"),
    ("silent", "the documents do not say what should happen"),
    ("≠ documented …", "the response differs from what is documented"),
];

const KEYS: &[(&str, &str)] = &[
    ("a", "accept: later runs report only changes"),
    ("r", "reject: discard the line; the next run shows it again"),
    ("n", "next: leave the line pending (also space and Enter)"),
    ("s", "show the request, the accepted and the received response"),
    ("d", "show what the documents say"),
    ("A R N", "the same for all lines that are left in this file"),
    ("q", "quit; decisions that were made are kept"),
];

/// What a key means.
enum KeyAction {
    Line(ReviewChoice),
    RestOfFile(ReviewChoice),
    ShowExample,
    ShowDocuments,
    Help,
    Quit,
}

fn action_of(key: Option<char>) -> KeyAction {
    match key {
        Some('a') => KeyAction::Line(ReviewChoice::Accept),
        Some('r') => KeyAction::Line(ReviewChoice::Reject),
        Some('n' | ' ' | '\n') => KeyAction::Line(ReviewChoice::Skip),
        Some('A') => KeyAction::RestOfFile(ReviewChoice::Accept),
        Some('R') => KeyAction::RestOfFile(ReviewChoice::Reject),
        Some('N') => KeyAction::RestOfFile(ReviewChoice::Skip),
        Some('s') => KeyAction::ShowExample,
        Some('d') => KeyAction::ShowDocuments,
        // Ctrl-C and Ctrl-D, if the terminal passes them on.
        None | Some('q' | '\u{3}' | '\u{4}') => KeyAction::Quit,
        Some(_) => KeyAction::Help,
    }
}

/// Numbers of lines by decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReviewCounts {
    /// Accepted lines.
    pub accepted: usize,
    /// Rejected lines.
    pub rejected: usize,
    /// Lines that stay pending.
    pub left: usize,
}

/// A review of pending lines.
pub struct SnapshotReview<'a, W> {
    context: &'a ReviewContext,
    printer: &'a SnapshotLinePrinter,
    keys: &'a mut dyn ReviewKeys,
    out: &'a mut W,
    counts: ReviewCounts,
}

impl<'a, W: Write> SnapshotReview<'a, W> {
    /// Creates a review that asks `keys` and prints to `out`.
    pub fn new(
        context: &'a ReviewContext,
        printer: &'a SnapshotLinePrinter,
        keys: &'a mut dyn ReviewKeys,
        out: &'a mut W,
    ) -> Self {
        Self { context, printer, keys, out, counts: ReviewCounts::default() }
    }

    /// Asks for all decisions. Each takes effect at once, so that those made before the user quits are kept.
    pub fn run(mut self, pending: &[PendingSnapshot]) -> Result<ReviewCounts, CommandError> {
        self.counts.left = pending.iter().map(|snapshot| snapshot.units.len()).sum();
        self.write_help()?;
        let mut choices: Vec<Vec<(String, ReviewChoice)>> = vec![Vec::new(); pending.len()];
        if !self.offer_documented(pending, &mut choices)? {
            return Ok(self.counts);
        }
        for (snapshot, choices) in pending.iter().zip(&mut choices) {
            if !self.review_file(snapshot, choices)? {
                break;
            }
        }
        writeln!(
            self.out,
            "{} accepted, {} rejected, {} left",
            self.counts.accepted, self.counts.rejected, self.counts.left
        )?;
        Ok(self.counts)
    }

    fn write_help(&mut self) -> io::Result<()> {
        self.write_text("", LEGEND)?;
        for (term, text) in WORDS {
            self.write_text(&format!("  {term:<21}"), text)?;
        }
        writeln!(self.out)?;
        for (key, text) in KEYS {
            self.write_text(&format!("  {key:<7}"), text)?;
        }
        writeln!(self.out)
    }

    /// Offers to accept all lines that are as documented. Returns false if the user quits.
    fn offer_documented(
        &mut self,
        pending: &[PendingSnapshot],
        choices: &mut [Vec<(String, ReviewChoice)>],
    ) -> Result<bool, CommandError> {
        let is_documented = |snapshot: &PendingSnapshot, unit: &LineChange| {
            self.context.details.of(snapshot, &unit.place).state == DocumentedState::AsDocumented
        };
        let mut found: Vec<Vec<String>> = Vec::new();
        for snapshot in pending {
            let units = snapshot.units.iter().filter(|unit| is_documented(snapshot, unit));
            found.push(units.map(|unit| unit.place.clone()).collect());
        }
        let count: usize = found.iter().map(Vec::len).sum();
        if count == 0 {
            return Ok(true);
        }
        let all = pluralized_lines(self.counts.left);
        let verb = if count == 1 { "is" } else { "are" };
        self.write_text("", &format!("{count} of {all} {verb} as documented. Accept at once: (y)es, (n)o, (q)uit?"))?;
        loop {
            self.out.flush()?;
            match self.keys.next_key()? {
                Some('y' | 'a') => break,
                Some('n') => return Ok(true),
                None | Some('q' | '\u{3}' | '\u{4}') => return Ok(false),
                Some(_) => {}
            }
        }
        for ((snapshot, places), choices) in pending.iter().zip(found).zip(choices) {
            if !places.is_empty() {
                self.counts.accepted += places.len();
                self.counts.left -= places.len();
                choices.extend(places.into_iter().map(|place| (place, ReviewChoice::Accept)));
                snapshot.apply_choices(choices)?;
            }
        }
        self.write_text("", &format!("accepted {}", pluralized_lines(count)))?;
        Ok(true)
    }

    /// Asks for a decision on each undecided line of a file. Returns false if the user quits.
    fn review_file(
        &mut self,
        snapshot: &PendingSnapshot,
        choices: &mut Vec<(String, ReviewChoice)>,
    ) -> Result<bool, CommandError> {
        let open: Vec<&LineChange> =
            snapshot.units.iter().filter(|unit| choices.iter().all(|(place, _)| *place != unit.place)).collect();
        let mut rest = None;
        for (index, unit) in open.iter().enumerate() {
            let choice = match rest {
                Some(choice) => choice,
                None => {
                    let title = self.printer.title(snapshot, index + 1, open.len());
                    match self.ask(snapshot, unit, &title)? {
                        KeyAction::Line(choice) => choice,
                        KeyAction::RestOfFile(choice) => {
                            rest = Some(choice);
                            choice
                        }
                        _ => return Ok(false),
                    }
                }
            };
            match choice {
                ReviewChoice::Accept => self.counts.accepted += 1,
                ReviewChoice::Reject => self.counts.rejected += 1,
                ReviewChoice::Skip => continue,
            }
            self.counts.left -= 1;
            choices.push((unit.place.clone(), choice));
            // The rest of a file is written once.
            if rest.is_none() {
                snapshot.apply_choices(choices)?;
            }
        }
        if rest.is_some() {
            snapshot.apply_choices(choices)?;
        }
        Ok(true)
    }

    /// Shows a line and returns the decision, or [`KeyAction::Quit`].
    fn ask(&mut self, snapshot: &PendingSnapshot, unit: &LineChange, title: &str) -> io::Result<KeyAction> {
        let details = self.context.details.of(snapshot, &unit.place);
        writeln!(self.out, "\n{title}")?;
        self.write_text("  ", describe_state(&details))?;
        self.printer.write_unit(self.out, unit)?;
        loop {
            writeln!(self.out, "{} left · a r n · s d · A R N · q · ? for help", self.counts.left)?;
            self.out.flush()?;
            match action_of(self.keys.next_key()?) {
                KeyAction::Help => self.write_help()?,
                KeyAction::ShowExample => self.write_example(unit, details.example.as_deref())?,
                KeyAction::ShowDocuments => self.write_documents(details.example.as_deref())?,
                decision => return Ok(decision),
            }
        }
    }

    /// Prints the request of an example, the accepted and the received response.
    fn write_example(&mut self, unit: &LineChange, example: Option<&JudgedCaseEvent>) -> io::Result<()> {
        let Some(case) = example else {
            return self.write_text("  ", "the last run has no case of this line; `overstep check` sends it");
        };
        self.write_text("  case      ", &case.id)?;
        let step = case.steps.iter().find(|step| step.purpose == overstep::case::StepPurpose::Act);
        match step {
            Some(step) => {
                self.write_text("  request   ", &format!("{} {}", step.method, step.target))?;
                for (name, value) in &step.headers {
                    self.write_text("            ", &format!("{name}: {value}"))?;
                }
                let digest = || step.body_digest.clone();
                if let Some(body) = step.body.clone().or_else(|| step.body_base64.clone()).or_else(digest) {
                    self.write_text("            ", &body)?;
                }
            }
            None => {
                self.write_text("  request   ", &format!("not recorded; `overstep replay {}` shows it", case.id))?
            }
        }
        let accepted = unit.old.lines().next().unwrap_or("nothing is accepted yet");
        self.write_text("  accepted  ", accepted.trim())?;
        match step.map(|step| &step.answer) {
            Some(StepResponse::Answered { status, body }) => {
                self.write_text("  received  ", &format!("{status} {body}"))
            }
            Some(StepResponse::Nothing { why }) => self.write_text("  received  ", why.as_str()),
            _ => self.write_text("  received  ", unit.new.lines().next().unwrap_or("nothing").trim()),
        }
    }

    /// Prints what is documented, where, and the line of the document if it is a file of the repository.
    fn write_documents(&mut self, example: Option<&JudgedCaseEvent>) -> io::Result<()> {
        let Some(case) = example else {
            return self.write_text("  ", "the last run has no case of this line; `overstep check` sends it");
        };
        self.write_text("  expected  ", &case.describe_documented())?;
        if !case.why.is_empty() {
            self.write_text("  reason    ", &case.why)?;
        }
        let Some(source) = &case.source else {
            return self.write_text("  source    ", "no document says it");
        };
        self.write_text("  source    ", &format!("{}:{}", source.document, source.line))?;
        let path = self.context.details.document_path(&source.document).map(|path| self.context.root.join(path));
        let text = path.and_then(|path| store::read_text(&path).ok());
        let line = usize::try_from(source.line).unwrap_or_default().saturating_sub(1);
        match text.as_ref().and_then(|text| text.lines().nth(line)) {
            Some(line) => self.write_text("  text      ", line.trim()),
            None => Ok(()),
        }
    }

    /// Prints a text behind a label, wrapped at words.
    fn write_text(&mut self, label: &str, text: &str) -> io::Result<()> {
        self.printer.write_wrapped(self.out, label, &escape_text(text))
    }
}

fn describe_state(details: &LineDetails) -> &'static str {
    match details.state {
        DocumentedState::Unknown => "not in the last run",
        DocumentedState::AsDocumented => "as documented",
        DocumentedState::Undocumented => "undocumented: the documents are silent",
        DocumentedState::Diverges => "differs from the documentation: accepting it makes it a known divergence",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use overstep::report::ResultsConverter as _;
    use overstep::session;
    use overstep::store::SnapshotStore;
    use serde_json::{Value as Json, json};

    const HEAD: &str = "---\nsource: scenarios/s.toml\nexpression: s/Op\n---\n";

    struct TypedKeys(std::vec::IntoIter<char>);

    impl ReviewKeys for TypedKeys {
        fn next_key(&mut self) -> io::Result<Option<char>> {
            Ok(self.0.next())
        }
    }

    /// Reviews all pending lines with these keys and returns the counts and what was printed.
    fn review(snapshots: &SnapshotStore, results: &[Json], keys: &str, columns: usize) -> (ReviewCounts, String) {
        let pending = session::pending_snapshots(snapshots, None).expect("read");
        let mut details = ReviewDetails::new(&pending);
        for event in results {
            details.convert_event(serde_json::from_value(event.clone()).expect("an event")).expect("collected");
        }
        let context = ReviewContext { details, root: PathBuf::from("/nowhere") };
        let printer = SnapshotLinePrinter { directory: PathBuf::from("/"), columns: Some(columns) };
        let mut keys = TypedKeys(keys.chars().collect::<Vec<_>>().into_iter());
        let mut out = Vec::new();
        let counts = SnapshotReview::new(&context, &printer, &mut keys, &mut out).run(&pending).expect("reviewed");
        (counts, anstream::adapter::strip_bytes(&out).into_vec().try_into().expect("text"))
    }

    fn accepted_lines(file: &overstep::store::SnapshotFile) -> Vec<String> {
        let text = file.read_accepted().expect("read").expect("there");
        text[HEAD.len()..].lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn each_key_decides_on_one_line() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let snapshots = SnapshotStore::new(directory.path().to_owned());
        let file = snapshots.file_for("default", "s", "Op");
        file.write_accepted(&format!("{HEAD}a/x  valid 200\nb/x  valid 200\nc/x  valid 200\n")).expect("written");
        file.write_pending(&format!("{HEAD}a/x  valid 201\nb/x  valid 202\nc/x  valid 203\nd/x  valid 204\n"))
            .expect("written");
        let (counts, _) = review(&snapshots, &[], "ar?xnA", 80);
        assert_eq!(counts, ReviewCounts { accepted: 2, rejected: 1, left: 1 });
        assert_eq!(accepted_lines(&file), ["a/x valid 201", "b/x valid 200", "c/x valid 200", "d/x valid 204"]);
        let left = session::pending_snapshots(&snapshots, None).expect("read");
        assert_eq!(left[0].units.iter().map(|unit| unit.place.as_str()).collect::<Vec<_>>(), ["c/x"]);
        // The end of input leaves the remaining lines undecided.
        assert_eq!(review(&snapshots, &[], "", 80).0.left, 1);
        assert_eq!(review(&snapshots, &[], "R", 80).0, ReviewCounts { accepted: 0, rejected: 1, left: 0 });
        assert!(session::pending_snapshots(&snapshots, None).expect("read").is_empty());
        assert_eq!(accepted_lines(&file).len(), 4);
    }

    /// Returns results in which one line is as documented, one undocumented and one diverges.
    fn results() -> Vec<Json> {
        let case = |place: &str, verdict: &str, documented: Json, why: &str| {
            json!({"event": "case", "id": format!("s/Op/{place}/violated"), "scenario": "s", "operation": "Op",
                "intent": "violates", "verdict": verdict, "observed": {"status": 400}, "documented": documented,
                "why": why, "source": {"document": "page.md", "line": 12}, "steps": if verdict == "pass" { json!([]) }
                else { json!([{"purpose": "act", "method": "POST", "target": "/things",
                    "headers": [["content-type", "application/json"]],
                    "body": "{\"name\":\"a long name, which does not fit into eighty columns of text, so that it wraps\"}",
                    "answer": {"answered": {"status": 200, "body": "{\"id\":1}"}}}]) }})
        };
        vec![
            json!({"event": "run", "scenario": "s", "profile": "local"}),
            case("name/length", "pass", json!({"reject": [{"status": 400, "error": "invalid"}]}), "as documented"),
            case("malformed/bom", "unspecified", json!({"unspecified": "a byte order mark"}), "the docs are silent"),
            case("name/pattern", "diverges", json!({"reject": [{"status": 400, "error": "invalid"}]}), "accepted"),
        ]
    }

    #[test]
    fn review_fits_into_80_columns_and_shows_requests_and_documents() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let snapshots = SnapshotStore::new(directory.path().to_owned());
        let file = snapshots.file_for("local", "s", "Op");
        let lines = "name/length  at-max 200 f1 · above-max 400 invalid f2 · below-min 400 invalid f2 · at-min 200 f1\n\
                     malformed/bom  violated 400 invalid f2\nname/pattern  violated 200 f1 ≠ documented 400 invalid\n\n\
                     f1\n  content-type  application/json\n\nf2\n  error-type  error.code\n";
        file.write_pending(&format!("{HEAD}{lines}")).expect("written");
        let (counts, shown) = review(&snapshots, &results(), "ysdasdq", 80);
        assert_eq!(counts, ReviewCounts { accepted: 2, rejected: 0, left: 1 });
        let longest = shown.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(80), "{longest:?}\n{shown}");
        insta::with_settings!({snapshot_path => "../../tests/it/snapshots"}, { insta::assert_snapshot!(shown) });
    }
}
