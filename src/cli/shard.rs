//! Which shard of a run this machine sends: from `--shard`, or from the variables of an engine.
//!
//! Only `OVERSTEP_SHARD` splits a run that no flag splits: variables that an engine sets for other reasons do not.

use crate::config::EnvironmentLookup;
use overstep::report::Diagnostic;
use overstep::session::ShardNumber;

/// The variable that has a shard if no flag does.
const SHARD_VARIABLE: &str = "OVERSTEP_SHARD";
/// The variable with the number of all shards, for engines that do not tell it.
const COUNT_VARIABLE: &str = "OVERSTEP_SHARD_COUNT";
/// The value with which a shard is taken from the engine.
const AUTO: &str = "auto";

/// An engine that runs a job several times, and the variables with which it tells each copy which one it is.
struct Engine {
    name: &'static str,
    index: &'static str,
    /// The variable with the lowest index, or the index of the first copy.
    first: Result<&'static str, u64>,
    /// The variable with the difference between two indexes.
    step: Option<&'static str>,
    counts: &'static [&'static str],
}

const ENGINES: [Engine; 4] = [
    Engine {
        name: "Kubernetes",
        index: "JOB_COMPLETION_INDEX",
        first: Err(0),
        step: None,
        counts: &[COUNT_VARIABLE, "JOB_COMPLETIONS"],
    },
    Engine {
        name: "Slurm",
        index: "SLURM_ARRAY_TASK_ID",
        first: Ok("SLURM_ARRAY_TASK_MIN"),
        step: Some("SLURM_ARRAY_TASK_STEP"),
        counts: &["SLURM_ARRAY_TASK_COUNT"],
    },
    Engine { name: "GitLab", index: "CI_NODE_INDEX", first: Err(1), step: None, counts: &["CI_NODE_TOTAL"] },
    Engine { name: "CircleCI", index: "CIRCLE_NODE_INDEX", first: Err(0), step: None, counts: &["CIRCLE_NODE_TOTAL"] },
];

/// Returns the shard of a flag or, without one, of the environment; `None` if the run is not split.
pub fn resolve_shard(
    flag: Option<&str>,
    environment: EnvironmentLookup<'_>,
) -> Result<Option<ShardNumber>, Box<Diagnostic>> {
    let variable = environment(SHARD_VARIABLE).filter(|value| !value.is_empty());
    let (source, text) = match (flag, &variable) {
        (Some(text), _) => ("--shard", text),
        (None, Some(text)) => (SHARD_VARIABLE, text.as_str()),
        (None, None) => return Ok(None),
    };
    if text == AUTO {
        return engine_shard(environment).map(Some);
    }
    text.parse().map(Some).map_err(|reason| {
        Box::new(
            Diagnostic::error(format!("invalid value `{text}` of `{source}`: {reason}"))
                .with_hint("for example `3/8`, or `auto` on Kubernetes, Slurm, GitLab and CircleCI"),
        )
    })
}

/// Returns the shard that the engine tells.
fn engine_shard(environment: EnvironmentLookup<'_>) -> Result<ShardNumber, Box<Diagnostic>> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty());
    let mut present = ENGINES.iter().filter(|engine| set(engine.index).is_some());
    let Some(engine) = present.next() else {
        let names: Vec<String> = ENGINES.iter().map(|engine| format!("`{}`", engine.index)).collect();
        let problem = Diagnostic::error(format!("no engine tells the shard: none of {} is set", names.join(", ")));
        return Err(Box::new(problem.with_hint("name it: `--shard 3/8` or `OVERSTEP_SHARD=3/8`")));
    };
    if let Some(other) = present.next() {
        let reason =
            format!("both {} (`{}`) and {} (`{}`) tell a shard", engine.name, engine.index, other.name, other.index);
        return Err(Box::new(Diagnostic::error(reason).with_hint("name it: `--shard 3/8` or `OVERSTEP_SHARD=3/8`")));
    }
    let number = |name: &str| -> Result<u64, Box<Diagnostic>> {
        let text = set(name).ok_or_else(|| Box::new(Diagnostic::error(format!("`{name}` is not set"))))?;
        text.trim().parse().map_err(|_| Box::new(Diagnostic::error(format!("`{name}` is no number: `{text}`"))))
    };
    let count = engine.counts.iter().find(|name| set(name).is_some()).ok_or_else(|| {
        let problem = Diagnostic::error(format!(
            "{} tells the shard (`{}`), but not how many there are",
            engine.name, engine.index
        ));
        Box::new(problem.with_hint(format!("set `{}`", engine.counts[0])))
    })?;
    let first = match engine.first {
        Ok(variable) => number(variable)?,
        Err(first) => first,
    };
    let step = engine.step.filter(|name| set(name).is_some()).map_or(Ok(1), number)?.max(1);
    let (index, count) = (number(engine.index)?, number(count)?);
    let place = index.checked_sub(first).filter(|distance| distance % step == 0).map(|distance| distance / step);
    let invalid =
        |reason: &str| Box::new(Diagnostic::error(format!("{} (`{}={index}`): {reason}", engine.name, engine.index)));
    let place = place.ok_or_else(|| invalid(&format!("indexes begin with {first} and are {step} apart")))?;
    ShardNumber::new(place.saturating_add(1), count).map_err(|error| invalid(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(flag: Option<&str>, variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        resolve_shard(flag, &lookup).map(|shard| shard.map(|shard| shard.to_string())).map_err(|error| error.reason)
    }

    #[test]
    fn flags_come_before_the_variable_and_engines_count_only_if_asked() {
        let gitlab = [("CI_NODE_INDEX", "2"), ("CI_NODE_TOTAL", "4")];
        assert_eq!(resolve(None, &gitlab), Ok(None));
        assert_eq!(resolve(None, &[("OVERSTEP_SHARD", "")]), Ok(None));
        for (flag, variables, expected) in [
            (Some("1/2"), &[("OVERSTEP_SHARD", "2/2")][..], "1/2"),
            (None, &[("OVERSTEP_SHARD", "2/2")], "2/2"),
            (Some("auto"), &gitlab, "2/4"),
            (None, &[("OVERSTEP_SHARD", "auto"), ("CIRCLE_NODE_INDEX", "0"), ("CIRCLE_NODE_TOTAL", "3")], "1/3"),
            (Some("auto"), &[("JOB_COMPLETION_INDEX", "7"), ("OVERSTEP_SHARD_COUNT", "8")], "8/8"),
            (Some("auto"), &[("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETIONS", "2")], "1/2"),
            (
                Some("auto"),
                &[
                    ("SLURM_ARRAY_TASK_ID", "14"),
                    ("SLURM_ARRAY_TASK_MIN", "10"),
                    ("SLURM_ARRAY_TASK_STEP", "2"),
                    ("SLURM_ARRAY_TASK_COUNT", "4"),
                ],
                "3/4",
            ),
        ] {
            assert_eq!(resolve(flag, variables), Ok(Some(expected.to_owned())), "{flag:?} {variables:?}");
        }
    }

    #[test]
    fn values_that_name_no_shard_are_rejected_with_their_source() {
        for (flag, variables, expected) in [
            (Some("9/8"), &[][..], "invalid value `9/8` of `--shard`: the shard must be 1 to 8, and is 9"),
            (None, &[("OVERSTEP_SHARD", "x")], "invalid value `x` of `OVERSTEP_SHARD`"),
            (Some("auto"), &[], "no engine tells the shard"),
            (Some("auto"), &[("JOB_COMPLETION_INDEX", "0")], "but not how many there are"),
            (Some("auto"), &[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "4")], "indexes begin with 1"),
            (Some("auto"), &[("CI_NODE_INDEX", "a"), ("CI_NODE_TOTAL", "4")], "`CI_NODE_INDEX` is no number: `a`"),
            (Some("auto"), &[("CI_NODE_INDEX", "1"), ("CIRCLE_NODE_INDEX", "1")], "both GitLab"),
            (
                Some("auto"),
                &[("SLURM_ARRAY_TASK_ID", "1"), ("SLURM_ARRAY_TASK_COUNT", "4")],
                "`SLURM_ARRAY_TASK_MIN` is not set",
            ),
        ] {
            let reason = resolve(flag, variables).expect_err("it names no shard");
            assert!(reason.contains(expected), "{reason}");
        }
    }
}
