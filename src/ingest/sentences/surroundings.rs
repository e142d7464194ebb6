//! What the other sentences of a description say about its numbers: special values, units, positions of characters.
//!
//! It never reads a limit.

use super::character_sets::limits_positions;
use super::statement::{ProseStatement, StatedFact, TextFormat};
use super::vocabulary::{compile_regex, find, is_match};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// What a description says beside its limits.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// A value outside of the range has a meaning of its own, such as -1 for no limit.
    has_special_value: bool,
    /// The units in which the value is given: `seconds`, `mb`.
    units: Vec<String>,
    limits_positions: bool,
    /// The value is one of several kinds.
    has_alternatives: bool,
}

impl Surroundings {
    /// Looks at all normalized sentences of a description.
    pub fn new<'a>(sentences: impl Iterator<Item = &'a str>, name: Option<&str>) -> Self {
        static SPECIAL: LazyLock<Regex> = LazyLock::new(|| {
            compile_regex(
                r"\b(?:enter|specify|specifying|set|setting|use|using|pass|value of|value|a|to|is|of|or|if) (?:the value |it |this |a value of |the value of |to |set to |is )*#(?:-1|0)#(?: (?:to|for|means|disables|indicates|if|turns|removes|or|and|in|uses?|will|specif|is|no|results|then)|,|\.$| ?$)|#(?:-1|0)# (?:means|disables|indicates|to disable|removes)|\b(?:or|and) #-?[0-9.]+# (?:to|for|means|disables|indicates)|\bzero\b",
            )
        });
        static UNIT: LazyLock<Regex> = LazyLock::new(|| {
            compile_regex(
                r"\b(?:in|number of|time,? in|expressed in|measured in|specified in|period of) (?:whole )?(milliseconds|seconds|minutes|hours|days|weeks|months|years|bytes|kb|kib|kilobytes|mb|mib|mbs|megabytes|gb|gib|gibs|gigabytes|tb|tib|mbps|percent)\b|\((milliseconds|seconds|minutes|hours|days|bytes|kb|kib|mb|mib|gb|gib)\)",
            )
        });
        static KINDS: LazyLock<Regex> = LazyLock::new(|| compile_regex(r"\b(?:or|either)\b"));
        let mut found = Self::default();
        // `TimeoutInSeconds` names its unit.
        let lower = name.unwrap_or_default().to_ascii_lowercase();
        let of_name = ["milliseconds", "seconds", "minutes", "hours", "days", "bytes", "mib", "gib", "mb", "gb"];
        found.units.extend(of_name.iter().find(|unit| lower.ends_with(**unit)).map(|unit| (*unit).to_owned()));
        for (index, text) in sentences.enumerate() {
            if text.contains('#') || text.contains("zero") {
                // `values of 0 to 10` names the end of a range.
                found.has_special_value |=
                    is_match(&SPECIAL, text) && !text.contains("#0# to #") && !text.contains("#0# and #");
            }
            if let Some(unit) =
                find(&UNIT, text).and_then(|unit| unit.get(1).or(unit.get(2)).map(|unit| unit.as_str().to_owned()))
            {
                found.units.push(unit);
            }
            found.limits_positions |= limits_positions(text);
            found.has_alternatives |= index == 0 && is_match(&KINDS, text);
        }
        found
    }

    /// Returns true if a statement of this description can be meant for every value. `after` is what follows the last
    /// number of its clause.
    pub fn permits(&self, statement: &ProseStatement, clause: &str) -> bool {
        match &statement.fact {
            StatedFact::Range(min, _) | StatedFact::Between(min, _) => {
                let is_above_special = min
                    .as_ref()
                    .and_then(serde_json::Number::as_f64)
                    .is_some_and(|min| min > 0.0 || min >= 0.0 && matches!(statement.fact, StatedFact::Between(..)));
                !(self.has_special_value && is_above_special) && self.is_in_unit(clause)
            }
            StatedFact::Size(min, _) => !(self.has_special_value && *min > Some(0)) && self.is_in_unit(clause),
            StatedFact::CharacterSet(_) => !self.limits_positions,
            StatedFact::Format(format) => *format == TextFormat::Uuid || !self.has_alternatives,
            _ => true,
        }
    }

    /// Returns false if a clause gives its numbers in another unit than the description gives the value in. Sizes in
    /// KB and more have several readings, so they need the same unit in the description.
    fn is_in_unit(&self, clause: &str) -> bool {
        static UNIT: LazyLock<Regex> = LazyLock::new(|| {
            compile_regex(
                r"# (milliseconds|seconds|minutes|hours|days|weeks|months|years|bytes|kb|kib|kilobytes|mb|mib|megabytes|gb|gib|gigabytes|tb|tib|mbps|percent|second|minute|hour|day|week|month|year|byte|petabytes?|terabytes?)\b",
            )
        });
        let base = |unit: &str| unit.trim_end_matches('s').to_owned();
        let stated: Vec<String> = UNIT
            .captures_iter(clause)
            .flatten()
            .filter_map(|found| found.get(1).map(|unit| unit.as_str().to_owned()))
            .collect();
        let Some(unit) = stated.first().cloned() else { return true };
        if stated.iter().any(|other| base(other) != base(&unit)) {
            return false;
        }
        let needs_same =
            !["second", "minute", "hour", "day", "week", "month", "year", "byte", "percent", "millisecond"]
                .contains(&base(&unit).as_str());
        let mut others = self.units.iter().filter(|other| base(other) != base(&unit));
        others.next().is_none() && (!needs_same || self.units.iter().any(|other| base(other) == base(&unit)))
    }
}
