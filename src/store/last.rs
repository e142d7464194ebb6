//! Keeps the last run in `.overstep/last/`, so that it can be inspected and replayed.
//!
//! It never stores a secret: results arrive redacted, and only the names of secrets are kept.

use super::{FinishOutput as _, OutputSink, StoreError, open_sink, write_file};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, Seek as _};
use std::path::{Path, PathBuf};

/// Format name of `run.json`.
pub const FORMAT: &str = "overstep-run/1";

/// The parameters of a run: everything that determined the bytes it sent, except secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunRecord {
    /// Always [`FORMAT`] for files that this version writes.
    pub format: String,
    /// The version of overstep that made the run.
    pub version: String,
    /// The run id, which fills `{run}`.
    pub run: String,
    /// The seed for generated data.
    pub seed: u64,
    /// `quick` or `full`.
    pub level: String,
    /// The filter as typed.
    pub filter: Option<String>,
    /// The request timeout in milliseconds, if a flag set it.
    #[serde(default)]
    pub request_timeout: Option<u64>,
    /// The file of additionally trusted certificates.
    #[serde(default)]
    pub cacert: Option<String>,
    /// Whether certificates were not verified.
    #[serde(default)]
    pub insecure: bool,
    /// The proxy, unless its URL contained a password.
    #[serde(default)]
    pub proxy: Option<String>,
    /// The snapshot directory, if a flag set it.
    #[serde(default)]
    pub snapshots: Option<String>,
    /// Whether the comparison with snapshots was switched off.
    #[serde(default)]
    pub no_snapshots: bool,
    /// Whether accepted divergences counted as findings.
    #[serde(default)]
    pub strict: bool,
    /// The directory for fuzzing artifacts, if a flag set it.
    #[serde(default)]
    pub artifacts: Option<String>,
    /// One record per scenario, in the order of sending.
    pub scenarios: Vec<ScenarioRecord>,
}

/// One scenario of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScenarioRecord {
    /// The scenario's name.
    pub scenario: String,
    /// The command-line argument that selects the scenario: its name, or its file's path.
    pub named: String,
    /// The endpoint as `--endpoint` accepts it: a URL, a name, or `embedded`.
    pub endpoint: String,
    /// The endpoint's name, `embedded`, or `default` for a bare URL.
    pub profile: String,
    /// The contract's digest.
    pub contract: String,
    /// The values of all variables that are not secret.
    #[serde(default)]
    pub variables: IndexMap<String, String>,
    /// The names of secrets that were passed as flags, since the scenario does not list them.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// The file that variables were read from.
    #[serde(default)]
    pub variables_file: Option<String>,
    /// Headers added to every request.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The names of added headers whose values are secret.
    #[serde(default)]
    pub secret_headers: Vec<String>,
    /// The command that runs these cases again.
    #[serde(default)]
    pub again: String,
}

/// The directory that holds the last run.
#[derive(Clone, Debug)]
pub struct LastRun {
    root: PathBuf,
}

/// A lock on the last run, released on drop.
struct RunLock(#[expect(dead_code, reason = "closing the file releases its lock")] Option<File>);

impl LastRun {
    /// Creates `.overstep` below a directory, usually the current one.
    ///
    /// # Errors
    /// Returns an error if the directory cannot be created.
    pub fn in_directory(directory: &Path) -> Result<Self, StoreError> {
        let root = directory.join(".overstep");
        let ignore = root.join(".gitignore");
        if !ignore.exists() {
            write_file(&ignore, b"*\n")?;
        }
        Ok(Self { root })
    }

    fn results_path(&self) -> PathBuf {
        self.root.join("last/results.ndjson")
    }

    fn record_path(&self) -> PathBuf {
        self.root.join("last/run.json")
    }

    /// Opens the file for results during a run. The previous run stays until [`LastRun::commit`].
    ///
    /// # Errors
    /// Returns an error if the file cannot be created.
    pub fn create_results(&self) -> Result<OutputSink, StoreError> {
        open_sink(&self.results_path(), true)
    }

    /// Replaces the previous run with this one, results and record together. If two runs end at the same
    /// time, the results and the record of one of them are kept.
    ///
    /// # Errors
    /// Returns an error if a file cannot be written.
    pub fn commit(&self, results: OutputSink, record: &RunRecord) -> Result<(), StoreError> {
        let text = serde_json::to_string_pretty(record).expect("texts and numbers always have a JSON form");
        let mut file = open_sink(&self.record_path(), true)?;
        std::io::Write::write_all(&mut file, format!("{text}\n").as_bytes())
            .map_err(|error| StoreError::new(format!("cannot write `.overstep/last/run.json`: {error}")))?;
        let _lock = self.lock(true);
        results.finish()?;
        file.finish()
    }

    /// Locks the last run, exclusively or shared. A file system without locks does not prevent keeping the run: a
    /// mixture of two runs is still detected by their run ids.
    #[expect(clippy::disallowed_methods, reason = "this module writes files")]
    fn lock(&self, exclusive: bool) -> RunLock {
        let Ok(file) = File::create(self.root.join("lock")) else { return RunLock(None) };
        let lock_result = if exclusive { file.lock() } else { file.lock_shared() };
        RunLock(lock_result.is_ok().then_some(file))
    }

    /// Loads the record of the last run below a directory and opens its results.
    ///
    /// # Errors
    /// Returns an error if there is no run, or if its files are damaged or belong to different runs.
    pub fn load(directory: &Path) -> Result<(RunRecord, BufReader<File>), StoreError> {
        let last = Self { root: directory.join(".overstep") };
        if !last.record_path().is_file() || !last.results_path().is_file() {
            return Err(StoreError::with_hint(
                "no previous run found",
                "`overstep check` keeps its run in `.overstep/last` of the directory it is started in",
            ));
        }
        let _lock = last.lock(false);
        let rerun_hint = "run `overstep check` to create a new one";
        let text = super::read_text(&last.record_path())?;
        let record: RunRecord = serde_json::from_str(&text).map_err(|error| {
            StoreError::with_hint(format!("`.overstep/last/run.json` is not a valid run record: {error}"), rerun_hint)
        })?;
        if record.format != FORMAT {
            return Err(StoreError::with_hint(
                format!("`.overstep/last/run.json` has the format `{}`, expected `{FORMAT}`", record.format),
                rerun_hint,
            ));
        }
        let mut results = open_results(&last.results_path())?;
        let mut first_line = String::new();
        std::io::BufRead::read_line(&mut results, &mut first_line)
            .and_then(|_| results.rewind())
            .map_err(|error| StoreError::from_io("read", &last.results_path(), &error))?;
        let first_event: serde_json::Value = serde_json::from_str(&first_line).unwrap_or_default();
        // A run without any case has no events.
        if !first_line.is_empty() && first_event["run"] != record.run.as_str() {
            return Err(StoreError::with_hint(
                "`.overstep/last` holds the record of one run and the results of another",
                rerun_hint,
            ));
        }
        Ok((record, results))
    }
}

/// Opens the log for the output of a server that overstep starts, below a directory. New output is appended.
///
/// # Errors
/// Returns an error if the file cannot be created.
pub fn open_server_log(directory: &Path) -> Result<File, StoreError> {
    let last = LastRun::in_directory(directory)?.root.join("last");
    let path = last.join("endpoint.log");
    let to_store_error = |error: std::io::Error| StoreError::from_io("write", &path, &error);
    create_directory(&last).map_err(to_store_error)?;
    std::fs::OpenOptions::new().create(true).append(true).open(&path).map_err(to_store_error)
}

/// Removes the server log of an earlier run.
#[expect(clippy::disallowed_methods, reason = "this module writes files")]
pub fn remove_server_log(directory: &Path) {
    // A missing log does not need to be removed.
    let _ = std::fs::remove_file(directory.join(".overstep/last/endpoint.log"));
}

#[expect(clippy::disallowed_methods, reason = "this module writes files")]
fn create_directory(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Opens results for reading.
///
/// # Errors
/// Returns an error if the file is missing, unreadable or not a regular file.
pub fn open_results(path: &Path) -> Result<BufReader<File>, StoreError> {
    super::read::open_regular_file(path).map(BufReader::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    fn keep(last: &LastRun, run: &str) {
        let mut results = last.create_results().expect("opened");
        for _ in 0..200 {
            writeln!(results, "{{\"event\":\"run\",\"run\":\"{run}\"}}").expect("writable");
        }
        let record = RunRecord { format: FORMAT.into(), run: run.into(), ..RunRecord::default() };
        last.commit(results, &record).expect("kept");
    }

    #[test]
    fn concurrent_commits_keep_record_and_results_of_one_run() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        assert!(LastRun::load(directory.path()).is_err_and(|error| error.reason == "no previous run found"));
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
    fn results_of_another_run_are_rejected() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let last = LastRun::in_directory(directory.path()).expect("made");
        keep(&last, "one");
        write_file(&last.results_path(), b"{\"event\":\"run\",\"run\":\"two\"}\n").expect("written");
        let error = LastRun::load(directory.path()).expect_err("two runs");
        assert!(error.reason.contains("results of another"), "{error}");
    }
}
