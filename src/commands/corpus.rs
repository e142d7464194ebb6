//! Implements `overstep cases --format corpus=DIR`, which writes cases as seeds for a fuzzer.
//!
//! It never sends anything and never replaces an existing file.

use crate::cli::{CommandError, ResolvedJobs, messages};
use overstep::report::{Diagnostic, extend_dictionary, pluralize};
use overstep::session;
use overstep::store;
use std::path::{Path, PathBuf};

/// Writes the seeds of all jobs into a folder and a dictionary next to it. Returns the number of cases.
pub fn write_corpus(resolved: &ResolvedJobs, folder: &Path) -> Result<u64, CommandError> {
    let directory = &resolved.directory;
    let words_shown = dictionary_path(folder)?;
    let words_file = directory.join(&words_shown);
    let (mut cases, mut words) = (0, Vec::new());
    for job in resolved.jobs.iter().map(|one| &one.job) {
        let mut new = 0_u64;
        let found = session::collect_seeds(job, |name, bytes| {
            new += u64::from(
                store::add_new_file(&directory.join(folder), name, bytes).map_err(|error| store_problems(&error))?,
            );
            Ok(())
        })?;
        let none = match found.unsupported {
            0 => String::new(),
            none => format!("; {none} cannot be seeds: other principal, no operation, or too large"),
        };
        let (name, folder) = (&job.scenario.name, folder.display());
        messages::print_line(&format!(
            "{name}: {} written as {} in {folder}, {new} of them new{none}",
            pluralize(found.cases, "case"),
            pluralize(found.seeds, "seed")
        ));
        cases += found.cases;
        words.extend(found.words);
    }
    // Without cases no dictionary is written: it is of use only next to seeds.
    if cases > 0 {
        let before = if words_file.exists() { store::read_text(&words_file)? } else { String::new() };
        let (text, new) = extend_dictionary(&before, &words);
        if text != before {
            store::write_file(&words_file, text.as_bytes())?;
        }
        messages::print_line(&format!("{}: {new} new dictionary entries", words_shown.display()));
    }
    Ok(cases)
}

/// Returns the path `DIR.dict`. Inside the folder, libFuzzer would take the file for a seed.
fn dictionary_path(folder: &Path) -> Result<PathBuf, CommandError> {
    let Some(name) = folder.file_name() else {
        let problem =
            Diagnostic::error(format!("cannot name the dictionary: `{}` has no folder name", folder.display()));
        return Err(problem.with_hint("name the folder, for example `--format corpus=corpus`").into());
    };
    let mut name = name.to_owned();
    name.push(".dict");
    Ok(folder.with_file_name(name))
}

fn store_problems(error: &store::StoreError) -> Vec<Diagnostic> {
    vec![crate::config::store_diagnostic(error)]
}
