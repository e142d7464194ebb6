//! `.overstep/last/`: the last run, kept so that it can be looked at and sent again.
//!
//! Nothing secret is in it: results come redacted, and of secrets only the names are kept.

use super::{Finished as _, Sink, StoreError, sink, write_whole};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::{Path, PathBuf};

/// The format of `run.json`.
pub const FORMAT: &str = "overstep-run/1";

/// What a run was: everything that decided its bytes, and nothing secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunRecord {
    /// [`FORMAT`].
    pub format: String,
    /// The version of overstep that sent it.
    pub version: String,
    /// `{run}`.
    pub run: String,
    /// What fed every free choice.
    pub seed: u64,
    /// `quick` or `full`.
    pub level: String,
    /// The filter, as typed.
    pub filter: Option<String>,
    /// How long an answer was waited for, in milliseconds, where a flag said so.
    #[serde(default)]
    pub request_timeout: Option<u64>,
    /// The file of certificates that were trusted as well.
    #[serde(default)]
    pub cacert: Option<String>,
    /// Whether certificates went unchecked.
    #[serde(default)]
    pub insecure: bool,
    /// The proxy, unless a password stood in it.
    #[serde(default)]
    pub proxy: Option<String>,
    /// Where accepted behaviour was looked for, where a flag said so.
    #[serde(default)]
    pub snapshots: Option<String>,
    /// Whether nothing was compared with accepted behaviour.
    #[serde(default)]
    pub no_snapshots: bool,
    /// Whether an accepted divergence was a finding too.
    #[serde(default)]
    pub strict: bool,
    /// Where the findings of fuzzing were written, where a flag said so.
    #[serde(default)]
    pub artifacts: Option<String>,
    /// One for each scenario, in the order of sending.
    pub scenarios: Vec<ScenarioRecord>,
}

/// One scenario of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScenarioRecord {
    /// Its name.
    pub scenario: String,
    /// What to call it on a command line: its name, or its file's path.
    pub named: String,
    /// Where it was sent, as `--endpoint` takes it: a URL, a name, or `embedded`.
    pub endpoint: String,
    /// The endpoint's name; `embedded`, or `default` for a bare URL.
    pub profile: String,
    /// The contract's digest.
    pub contract: String,
    /// All variables that are no secrets, as they were.
    #[serde(default)]
    pub variables: IndexMap<String, String>,
    /// Secrets that were given by hand: the scenario alone does not know them.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// The file of variables that was read.
    #[serde(default)]
    pub variables_file: Option<String>,
    /// Headers that were added to every request.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// Names of added headers whose values are secret.
    #[serde(default)]
    pub secret_headers: Vec<String>,
    /// The command that runs these cases again.
    #[serde(default)]
    pub again: String,
}

/// The place of the last run.
#[derive(Clone, Debug)]
pub struct LastRun {
    root: PathBuf,
}

/// A lock on the place, held as long as this lives.
struct Held(#[expect(dead_code, reason = "its lock ends when it is closed")] Option<File>);

impl LastRun {
    /// Below this directory, usually the current one.
    ///
    /// # Errors
    /// Where the directory cannot be made.
    pub fn in_directory(directory: &Path) -> Result<Self, StoreError> {
        let root = directory.join(".overstep");
        let ignore = root.join(".gitignore");
        if !ignore.exists() {
            write_whole(&ignore, b"*\n")?;
        }
        Ok(Self { root })
    }

    fn results_path(&self) -> PathBuf {
        self.root.join("last/results.ndjson")
    }

    fn record_path(&self) -> PathBuf {
        self.root.join("last/run.json")
    }

    /// Where results go while the run is going; the run before stays until [`LastRun::keep`].
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn results(&self) -> Result<Sink, StoreError> {
        sink(&self.results_path(), true)
    }

    /// Replaces the run before with this one, results and record together: of two runs that end at the
    /// same time, one is kept whole.
    ///
    /// # Errors
    /// Where a file cannot be written.
    pub fn keep(&self, results: Sink, record: &RunRecord) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(record).expect("texts and numbers always have a JSON form");
        let mut file = sink(&self.record_path(), true)?;
        std::io::Write::write_all(&mut file, format!("{text}\n").as_bytes())
            .map_err(|error| StoreError::new(format!("cannot write `.overstep/last/run.json`: {error}")))?;
        let _held = self.lock(true);
        results.finished()?;
        file.finished()
    }

    /// A file system without locks is no reason to keep nothing: a mixture is still noticed, by the run ids.
    #[expect(clippy::disallowed_methods, reason = "this room writes files")]
    fn lock(&self, alone: bool) -> Held {
        let Ok(file) = File::create(self.root.join("lock")) else { return Held(None) };
        let locked = if alone { file.lock() } else { file.lock_shared() };
        Held(locked.is_ok().then_some(file))
    }

    /// The record of the last run below a directory, and its results from their beginning.
    ///
    /// # Errors
    /// Where there is no run, or what is kept of it is not whole.
    pub fn load(directory: &Path) -> Result<(RunRecord, BufReader<File>), StoreError> {
        let last = Self { root: directory.join(".overstep") };
        if !last.record_path().is_file() || !last.results_path().is_file() {
            return Err(StoreError::hint(
                "no run is kept here",
                "`overstep check` keeps its run in `.overstep/last` of the directory that it is started in",
            ));
        }
        let _held = last.lock(false);
        let again = "`overstep check` makes a new one";
        let text = super::read_text(&last.record_path())?;
        let record: RunRecord = serde_json::from_str(&text).map_err(|error| {
            StoreError::hint(format!("`.overstep/last/run.json` is no record of a run: {error}"), again)
        })?;
        if record.format != FORMAT {
            return Err(StoreError::hint(
                format!("`.overstep/last/run.json` has the format `{}`, and this is `{FORMAT}`", record.format),
                again,
            ));
        }
        let mut results = open_results(&last.results_path())?;
        let mut first = String::new();
        std::io::BufRead::read_line(&mut results, &mut first)
            .and_then(|_| results.rewind())
            .map_err(|error| StoreError::io("read", &last.results_path(), &error))?;
        let of: serde_json::Value = serde_json::from_str(&first).unwrap_or_default();
        // A run in which no case was left has no events at all.
        if !first.is_empty() && of["run"] != record.run.as_str() {
            return Err(StoreError::hint(
                "`.overstep/last` holds the record of one run and the results of another",
                again,
            ));
        }
        Ok((record, results))
    }
}

/// The file for what a started server prints, below this directory; what is in it stays.
///
/// # Errors
/// Where the file cannot be made.
pub fn server_log(directory: &Path) -> Result<File, StoreError> {
    let last = LastRun::in_directory(directory)?.root.join("last");
    let path = last.join("endpoint.log");
    let wrong = |error: std::io::Error| StoreError::io("write", &path, &error);
    make_directory(&last).map_err(wrong)?;
    std::fs::OpenOptions::new().create(true).append(true).open(&path).map_err(wrong)
}

/// Forgets what a server of an earlier run printed.
#[expect(clippy::disallowed_methods, reason = "this room writes files")]
pub fn forget_server_log(directory: &Path) {
    // One that is not there need not be forgotten.
    let _ = std::fs::remove_file(directory.join(".overstep/last/endpoint.log"));
}

#[expect(clippy::disallowed_methods, reason = "this room writes files")]
fn make_directory(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Opens results for reading.
///
/// # Errors
/// Where the file is missing or unreadable.
#[expect(clippy::disallowed_methods, reason = "this room reads files")]
pub fn open_results(path: &Path) -> Result<BufReader<File>, StoreError> {
    let wrong = |error: std::io::Error| StoreError::io("read", path, &error);
    if path.is_dir() {
        return Err(wrong(std::io::ErrorKind::IsADirectory.into()));
    }
    File::open(path).map(BufReader::new).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    fn keep(last: &LastRun, run: &str) {
        let mut results = last.results().expect("opened");
        for _ in 0..200 {
            writeln!(results, "{{\"event\":\"run\",\"run\":\"{run}\"}}").expect("taken");
        }
        let record = RunRecord { format: FORMAT.into(), run: run.into(), ..RunRecord::default() };
        last.keep(results, &record).expect("kept");
    }

    #[test]
    fn runs_that_end_together_are_never_mixed() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        assert!(LastRun::load(directory.path()).is_err_and(|error| error.reason == "no run is kept here"));
        let last = LastRun::in_directory(directory.path()).expect("made");
        keep(&last, "first");
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let last = &last;
                scope.spawn(move || (0..20).for_each(|number| keep(last, &format!("run-{thread}-{number}"))));
            }
            for _ in 0..40 {
                let (record, mut results) = LastRun::load(directory.path()).expect("whole at any moment");
                let mut text = String::new();
                results.read_to_string(&mut text).expect("text");
                assert_eq!(text.lines().count(), 200);
                assert!(text.lines().all(|line| line.contains(&format!("\"{}\"", record.run))));
            }
        });
    }

    #[test]
    fn a_mixture_is_refused() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let last = LastRun::in_directory(directory.path()).expect("made");
        keep(&last, "one");
        write_whole(&last.results_path(), b"{\"event\":\"run\",\"run\":\"two\"}\n").expect("written");
        let error = LastRun::load(directory.path()).expect_err("two runs");
        assert!(error.reason.contains("results of another"), "{error}");
    }
}
