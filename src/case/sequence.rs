//! The variant of a random sequence: which sequence it is, and which of its actions it consists of.

use std::fmt;
use std::str::FromStr;

/// The variant of a random sequence: `03`, `References-03`, `03~0.4.7`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SequenceVariant {
    /// The stored member, if the operation stores several.
    pub member: Option<String>,
    /// The number of the sequence, from 1.
    pub number: u32,
    /// The indices of the actions that are left of the sequence, if it is only a part.
    pub kept: Option<Vec<usize>>,
}

/// The text is not the variant of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotASequence;

impl FromStr for SequenceVariant {
    type Err = NotASequence;

    fn from_str(text: &str) -> Result<Self, NotASequence> {
        let (name, kept) = match text.rsplit_once('~') {
            Some((name, kept)) => (name, Some(kept)),
            None => (text, None),
        };
        let (member, number) = match name.rsplit_once('-') {
            Some((member, number)) => (Some(member.to_owned()), number),
            None => (None, name),
        };
        let kept = kept.map(|kept| kept.split('.').map(str::parse).collect::<Result<_, _>>());
        let variant = Self {
            member,
            number: number.parse().map_err(|_| NotASequence)?,
            kept: kept.transpose().map_err(|_| NotASequence)?,
        };
        // `3` is not how sequence 03 is written.
        if variant.to_string() == text { Ok(variant) } else { Err(NotASequence) }
    }
}

impl fmt::Display for SequenceVariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(member) = &self.member {
            write!(f, "{member}-")?;
        }
        write!(f, "{:02}", self.number)?;
        for (place, index) in self.kept.iter().flatten().enumerate() {
            write!(f, "{}{index}", if place == 0 { '~' } else { '.' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reverses_display() {
        for text in ["03", "References-03", "03~0.4.7", "a-b-12~1", "123"] {
            assert_eq!(text.parse::<SequenceVariant>().expect(text).to_string(), text);
        }
        for text in ["", "3", "plain", "03~", "03~x", "03~0..1", "a-"] {
            assert_eq!(text.parse::<SequenceVariant>(), Err(NotASequence), "{text}");
        }
    }
}
