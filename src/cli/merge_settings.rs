//! The settings of `merge`, resolved once from flags and from the blobs of all shards.
//!
//! Nothing after this looks at a flag. A shard that is missing, there twice, or of another run is an error.

use super::flag_values::ReportFormat;
use super::flags::MergeFlags;
use super::jobs::{RecordedScenario, build_recorded_job};
use super::run_flags::{DataFlags, LevelFlag, NoCasesPolicy, SelectionFlags};
use super::run_settings::{OutputSettings, RunSettings, ScenarioRun, snapshot_update};
use super::snapshot_folders::snapshot_options;
use super::{CommandError, current_directory};
use crate::session::{BlobReader, RunOptions, ShardNumber};
use overstep::exit::ExitStatus;
use overstep::report::Diagnostic;
use overstep::store::{self, RunRecord, ScenarioRecord};
use std::path::{Path, PathBuf};

/// Maximum number of missing shards that a message names.
const MAX_NAMED_SHARDS: usize = 8;

/// The blobs to merge, with the settings of the run that they are parts of.
pub struct MergeSettings {
    /// The settings; nothing is sent with them.
    pub run: RunSettings,
    /// The blobs in the order of their shards.
    pub shards: Vec<BlobReader>,
}

/// A blob with the settings of its run.
struct FoundBlob {
    path: PathBuf,
    reader: BlobReader,
    record: RunRecord,
}

impl MergeSettings {
    /// Opens the blobs, checks that they are all shards of one run, and resolves the settings.
    pub fn new(flags: &MergeFlags) -> Result<Self, CommandError> {
        let directory = current_directory()?;
        if flags.report.iter().any(|(format, _)| *format == ReportFormat::Blob) {
            return Err(Diagnostic::error("`merge` writes no blob").into());
        }
        let shards = open_shards(flags, &directory).map_err(|problem| incomplete(*problem))?;
        let Some(first) = shards.first() else {
            return Err(incomplete(Diagnostic::error("there are no shards")));
        };
        let record = first.record.clone();
        let mut scenarios = Vec::new();
        for scenario in &record.scenarios {
            let principals = first.reader.header.principals.get(&scenario.scenario).cloned().unwrap_or_default();
            let recorded = RecordedScenario { record: scenario, principals: &principals };
            let resolved = build_recorded_job(&selection(&record, scenario)?, &recorded)?;
            let folder = flags.snapshots.as_deref().or(record.snapshots.as_deref().map(Path::new));
            let update = snapshot_update(flags.update);
            let snapshots = (!record.no_snapshots || flags.snapshots.is_some())
                .then(|| snapshot_options(folder, &resolved.found, &directory, update));
            let options = RunOptions { snapshots, strict: record.strict, ..RunOptions::default() };
            scenarios.push(ScenarioRun { found: resolved.found, job: resolved.job, options });
        }
        let run = RunSettings {
            scenarios,
            against: None,
            directory,
            run_id: record.run.clone(),
            no_cases: NoCasesPolicy::Fail,
            output: OutputSettings { reports: flags.report.clone(), shows_progress: false },
            record,
            shard: None,
            resumed: None,
        };
        Ok(Self { run, shards: shards.into_iter().map(|shard| shard.reader).collect() })
    }
}

/// Returns the error for shards that cannot be merged.
fn incomplete(problem: Diagnostic) -> CommandError {
    CommandError { problems: vec![problem], exit: ExitStatus::Incomplete }
}

/// Returns the flags that select the cases of a recorded run.
fn selection(record: &RunRecord, scenario: &ScenarioRecord) -> Result<SelectionFlags, Box<Diagnostic>> {
    let level = match record.level.as_str() {
        "quick" => LevelFlag::Quick,
        "full" => LevelFlag::Full,
        "exhaustive" => LevelFlag::Exhaustive,
        other => return Err(Box::new(Diagnostic::error(format!("the shards have the unknown level `{other}`")))),
    };
    Ok(SelectionFlags {
        scenarios: vec![scenario.named.clone()],
        profile: None,
        endpoint: None,
        filter: record.filter.clone(),
        data: DataFlags {
            variable: scenario.variables.clone().into_iter().collect(),
            secret: Vec::new(),
            variables_file: None,
            header: Vec::new(),
            seed: record.seed,
            level,
        },
        run_id: Some(record.run.clone()),
        strict: record.strict,
        no_cases: NoCasesPolicy::Fail,
    })
}

/// Opens all blobs of the folders. Returns them in the order of their shards.
fn open_shards(flags: &MergeFlags, directory: &Path) -> Result<Vec<FoundBlob>, Box<Diagnostic>> {
    let mut found: Vec<FoundBlob> = Vec::new();
    for folder in &flags.folders {
        let paths = store::find_blobs(&directory.join(folder));
        let paths = paths.map_err(|error| Box::new(crate::config::store_diagnostic(&error)))?;
        if paths.is_empty() {
            let problem = Diagnostic::error(format!("`{}` has no blob of a shard", folder.display()));
            return Err(Box::new(problem.with_hint("`overstep check --shard I/N --report blob=DIR` writes one")));
        }
        for path in paths {
            let shown = path.strip_prefix(directory).unwrap_or(&path).to_owned();
            found.push(open_blob(&path, shown)?);
        }
    }
    found.sort_by_key(|blob| blob.reader.shard);
    let count = found.first().map_or(1, |blob| blob.reader.shard.count());
    check_settings(&found)?;
    for pair in found.windows(2) {
        if pair[0].reader.shard == pair[1].reader.shard {
            let paths = format!("`{}` and `{}`", pair[0].path.display(), pair[1].path.display());
            let reason = format!("{} is there twice: {paths}", pair[0].reader.shard.describe());
            return Err(Box::new(Diagnostic::error(reason).with_hint("remove the one that is not part of this run")));
        }
    }
    let has = |number: u32| found.iter().any(|blob| blob.reader.shard.number() == number);
    let missing: Vec<u32> = (1..=count).filter(|number| !has(*number)).collect();
    if !missing.is_empty() {
        return Err(Box::new(describe_missing(&missing, count)));
    }
    Ok(found)
}

fn describe_missing(missing: &[u32], count: u32) -> Diagnostic {
    let mut names: Vec<String> = missing.iter().take(MAX_NAMED_SHARDS).map(u32::to_string).collect();
    if missing.len() > MAX_NAMED_SHARDS {
        names.push(format!("{} more", missing.len() - MAX_NAMED_SHARDS));
    }
    let reason = match names.as_slice() {
        [only] => format!("shard {only} of {count} is missing"),
        [before @ .., last] => format!("shards {} and {last} of {count} are missing", before.join(", ")),
        [] => String::new(),
    };
    Diagnostic::error(reason).with_hint("pass the folders of all shards: `overstep merge DIR...`")
}

fn open_blob(path: &Path, shown: PathBuf) -> Result<FoundBlob, Box<Diagnostic>> {
    let wrong = |reason: &dyn std::fmt::Display, hint: &str| {
        let problem = Diagnostic::error(format!("`{}`: {reason}", shown.display()));
        Box::new(problem.with_hint(hint))
    };
    let damaged = "run the shard again";
    let open = || -> Result<BlobReader, Box<Diagnostic>> {
        let lines = store::open_results(path).map_err(|error| Box::new(crate::config::store_diagnostic(&error)))?;
        BlobReader::new(Box::new(lines)).map_err(|error| wrong(&error, damaged))
    };
    let reader = open()?;
    if reader.header.version != env!("CARGO_PKG_VERSION") {
        let reason = format!(
            "{} was sent by overstep {}, and this is {}",
            reader.shard.describe(),
            reader.header.version,
            env!("CARGO_PKG_VERSION")
        );
        return Err(wrong(&reason, "run all shards and the merge with the same version"));
    }
    let record: RunRecord = serde_json::from_value(reader.header.run.clone())
        .map_err(|error| wrong(&format!("its record of the run is damaged: {error}"), damaged))?;
    // The whole file is checked before anything is reported.
    if !open()?.is_finished().map_err(|error| wrong(&error, damaged))? {
        let reason = format!("{} was stopped before its end", reader.shard.describe());
        let folder = shown.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let resume = format!("--shard {} --resume {}", reader.shard, folder.display());
        return Err(wrong(&reason, &format!("continue it with `overstep check … {resume}`")));
    }
    Ok(FoundBlob { path: shown, reader, record })
}

/// Returns an error if the blobs are not shards of the same run.
fn check_settings(found: &[FoundBlob]) -> Result<(), Box<Diagnostic>> {
    let Some(first) = found.first() else { return Ok(()) };
    for other in &found[1..] {
        let (one, two) = (&first.record, &other.record);
        let difference = |what: &str, one: &str, two: &str| {
            let (first, other) = (describe_place(first), describe_place(other));
            let reason = format!("the shards are not of one run: {first} has {what} {one}, and {other} has {two}");
            Box::new(Diagnostic::error(reason).with_hint("merge the shards of one run only"))
        };
        let count = |shard: ShardNumber| format!("{} shards", shard.count());
        let filter = |record: &RunRecord| record.filter.clone().map_or("none".to_owned(), |text| format!("`{text}`"));
        let scenarios = |record: &RunRecord| {
            let names: Vec<String> =
                record.scenarios.iter().map(|one| format!("`{}` at `{}`", one.scenario, one.profile)).collect();
            names.join(", ")
        };
        for (what, one, two) in [
            ("a run of", count(first.reader.shard), count(other.reader.shard)),
            ("seed", one.seed.to_string(), two.seed.to_string()),
            ("level", one.level.clone(), two.level.clone()),
            ("filter", filter(one), filter(two)),
            ("the scenarios", scenarios(one), scenarios(two)),
            ("`--strict`", one.strict.to_string(), two.strict.to_string()),
            ("`--no-snapshots`", one.no_snapshots.to_string(), two.no_snapshots.to_string()),
        ] {
            if one != two {
                return Err(difference(what, &one, &two));
            }
        }
        for (mine, theirs) in one.scenarios.iter().zip(&two.scenarios) {
            let reason = |what: &str| {
                let (first, other) = (describe_place(first), describe_place(other));
                format!("the shards are not of one run: {first} and {other} have other {what} of `{}`", mine.scenario)
            };
            let hint = "run all shards with the same documents, files and variables";
            if mine.contract != theirs.contract {
                return Err(Box::new(Diagnostic::error(reason("documents")).with_hint(hint)));
            }
            if mine.variables != theirs.variables {
                return Err(Box::new(Diagnostic::error(reason("variables")).with_hint(hint)));
            }
        }
    }
    Ok(())
}

fn describe_place(blob: &FoundBlob) -> String {
    format!("{} (`{}`)", blob.reader.shard.describe(), blob.path.display())
}
