//! The patterns of a contract, each compiled on first use: models have hundreds, and a run needs few.
//!
//! Two shapes with the same pattern share the compiled form; no pattern is ever compiled twice.

use crate::contract::{Contract, LengthRange, ShapeId};
use crate::pattern::{DocumentedPattern, PatternError, SeededDraw};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Maximum number of lengths that are tried before a pattern counts as one that no text can be drawn for.
const MAX_TRIED_LENGTHS: u64 = 64;
/// Maximum number of characters of these lengths together.
const MAX_TRIED_CHARACTERS: u64 = 1 << 20;

/// A pattern that is compiled on first use; an error inside if its dialect is not supported.
type LazyPattern = Arc<OnceLock<Result<DocumentedPattern, PatternError>>>;

/// All patterns of a contract.
#[derive(Debug, Default)]
pub(crate) struct ContractPatterns(HashMap<ShapeId, PatternEntry>);

#[derive(Debug)]
struct PatternEntry {
    text: String,
    length: LengthRange,
    compiled: LazyPattern,
    defect: OnceLock<Option<PatternDefect>>,
}

/// Why a pattern is not tested.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternDefect {
    /// It is malformed, too large, or uses syntax that overstep does not support.
    Unreadable {
        /// The reason.
        reason: String,
    },
    /// The documented length excludes every length that the pattern allows.
    Length {
        /// The lengths that the pattern allows; the second is `None` if there is no maximum.
        pattern: (u64, Option<u64>),
        /// The documented length.
        documented: LengthRange,
    },
    /// No text that matches was found. There may be one.
    NotDrawn,
}

impl fmt::Display for PatternDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { reason } => write!(f, "it cannot be read: {reason}"),
            Self::Length { pattern: (least, most), documented } => write!(
                f,
                "it allows {}, but the documented length is {}",
                describe_range(*least, *most),
                describe_range(documented.min.unwrap_or(0), documented.max)
            ),
            Self::NotDrawn => f.write_str("overstep found no text that matches it"),
        }
    }
}

fn describe_range(least: u64, most: Option<u64>) -> String {
    match most {
        Some(1) if least == 1 => "1 character".to_owned(),
        Some(most) if most == least => format!("{least} characters"),
        Some(most) => format!("{least} to {most} characters"),
        None => format!("{least} or more characters"),
    }
}

impl ContractPatterns {
    /// Collects the patterns of a contract.
    pub fn from_contract(contract: &Contract) -> Self {
        let mut made: HashMap<&str, LazyPattern> = HashMap::new();
        let mut all = HashMap::new();
        for (id, shape) in &contract.shapes {
            let Some(text) = &shape.pattern else { continue };
            let made = Arc::clone(made.entry(text).or_default());
            let slot =
                PatternEntry { text: text.clone(), length: shape.length(), compiled: made, defect: OnceLock::new() };
            all.insert(id.clone(), slot);
        }
        Self(all)
    }

    /// Returns the pattern of a shape, if texts that match it can be drawn.
    pub fn get(&self, id: &ShapeId) -> Option<&DocumentedPattern> {
        let slot = self.0.get(id)?;
        slot.compiled().as_ref().ok().filter(|_| slot.defect().is_none())
    }

    /// Returns why the pattern of a shape is not tested, or `None` if it is tested or the shape has none.
    pub fn defect(&self, id: &ShapeId) -> Option<&PatternDefect> {
        self.0.get(id)?.defect()
    }
}

impl PatternEntry {
    fn compiled(&self) -> &Result<DocumentedPattern, PatternError> {
        self.compiled.get_or_init(|| DocumentedPattern::new(&self.text))
    }

    fn defect(&self) -> Option<&PatternDefect> {
        let find = || match self.compiled() {
            Ok(pattern) => find_defect(pattern, self.length),
            Err(error) => Some(PatternDefect::Unreadable { reason: error_line(&error.reason) }),
        };
        self.defect.get_or_init(find).as_ref()
    }
}

/// Returns the line of a parser message that states the error; the other lines show where it is.
fn error_line(reason: &str) -> String {
    let lines = || reason.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().find(|line| line.starts_with("error:")).or_else(|| lines().next()).unwrap_or(reason);
    line.trim_start_matches("error:").trim().to_owned()
}

fn find_defect(pattern: &DocumentedPattern, length: LengthRange) -> Option<PatternDefect> {
    let (least, most) = pattern.length_range();
    let (min, max) = (length.min.unwrap_or(0), length.max.unwrap_or(u64::MAX));
    let low = (least as u64).max(min);
    let high = (most as u64).min(max);
    if low > high {
        let known = pattern.has_known_lengths() && min <= max;
        let most = (most != usize::MAX).then_some(most as u64);
        return Some(match known {
            true => PatternDefect::Length { pattern: (least as u64, most), documented: length },
            false => PatternDefect::NotDrawn,
        });
    }
    let mut draw = SeededDraw::new(0, "satisfiable");
    let tries = (MAX_TRIED_CHARACTERS / (low + 1)).clamp(1, MAX_TRIED_LENGTHS);
    let found = (low..=high.min(low.saturating_add(tries)))
        .any(|wanted| pattern.draw_member(&mut draw, Some(wanted as usize)).is_some());
    (!found).then_some(PatternDefect::NotDrawn)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defect(pattern: &str, min: Option<u64>, max: Option<u64>) -> Option<PatternDefect> {
        let entry = PatternEntry {
            text: pattern.to_owned(),
            length: LengthRange { min, max },
            compiled: LazyPattern::default(),
            defect: OnceLock::new(),
        };
        entry.defect().cloned()
    }

    #[test]
    fn pattern_that_cannot_be_drawn_is_not_said_to_have_no_text() {
        assert_eq!(defect(r"^(.+)\1\1\1$", None, None), Some(PatternDefect::NotDrawn));
        assert_eq!(defect("^(?!a)a$", None, None), Some(PatternDefect::NotDrawn));
        assert_eq!(PatternDefect::NotDrawn.to_string(), "overstep found no text that matches it");
    }

    #[test]
    fn contradicting_length_and_pattern_are_both_shown() {
        let contradiction = defect("^[a-z]{12,}$", Some(1), Some(10)).expect("a defect");
        assert_eq!(
            contradiction.to_string(),
            "it allows 12 or more characters, but the documented length is 1 to 10 characters"
        );
        let exact = defect("^[a-z]{3}$", Some(5), None).expect("a defect");
        assert_eq!(exact.to_string(), "it allows 3 characters, but the documented length is 5 or more characters");
        // The length of a back-reference is unknown.
        assert_eq!(defect(r"^(a)\1$", Some(5), Some(9)), Some(PatternDefect::NotDrawn));
    }

    #[test]
    fn malformed_pattern_states_the_error() {
        let malformed = defect("((((", None, None).expect("a defect").to_string();
        assert!(malformed.starts_with("it cannot be read: ") && !malformed.contains('\n'), "{malformed}");
        assert_eq!(defect("^[a-z]{3}$", Some(1), Some(5)), None);
    }
}
