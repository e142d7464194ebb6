//! Where a member sits inside an operation's input or output.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One step down from a shape.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Segment {
    /// A member of a structure or union.
    Member(String),
    /// The members of a list, all of them: `[]`.
    Item,
    /// A map's keys: `{key}`.
    Key,
    /// A map's values: `{value}`.
    Value,
}

/// A member path such as `References{value}.Type`, `Tags{key}` or `tags[]`; empty for the input itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MemberPath(pub Vec<Segment>);

impl MemberPath {
    /// The input itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// This path, one step further.
    pub fn then(&self, segment: Segment) -> Self {
        let mut path = self.0.clone();
        path.push(segment);
        Self(path)
    }

    /// This path, one member further.
    pub fn member(&self, name: &str) -> Self {
        self.then(Segment::Member(name.to_owned()))
    }

    /// Reads what [`fmt::Display`] writes; `None` where the text is no path.
    pub fn parse(text: &str) -> Option<Self> {
        let mut path = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("{key}") {
                path.push(Segment::Key);
                rest = after;
            } else if let Some(after) = rest.strip_prefix("{value}") {
                path.push(Segment::Value);
                rest = after;
            } else if let Some(after) = rest.strip_prefix("[]") {
                path.push(Segment::Item);
                rest = after;
            } else {
                let after = match rest.strip_prefix('.') {
                    Some(after) if !path.is_empty() => after,
                    None if path.is_empty() => rest,
                    _ => return None,
                };
                let end = after.find(['.', '{', '[']).unwrap_or(after.len());
                if end == 0 {
                    return None;
                }
                path.push(Segment::Member(after[..end].to_owned()));
                rest = &after[end..];
            }
        }
        Some(Self(path))
    }

    /// The name of the innermost structure member on the path, for example `Tags` of `Tags{key}`.
    pub fn last_member(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|segment| match segment {
            Segment::Member(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The member of the input under which this path lies.
    pub fn top(&self) -> Option<&str> {
        match self.0.first() {
            Some(Segment::Member(name)) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Member(name) if index == 0 => f.write_str(name)?,
                Segment::Member(name) => write!(f, ".{name}")?,
                Segment::Item => f.write_str("[]")?,
                Segment::Key => f.write_str("{key}")?,
                Segment::Value => f.write_str("{value}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_the_same() {
        for text in ["", "Tags", "Tags{key}", "References{value}.Type", "tags[]", "A[][]{value}{value}.B.C"] {
            assert_eq!(MemberPath::parse(text).expect(text).to_string(), text);
        }
        for text in ["A..B", ".A", "A.{key}", "A.", "A["] {
            assert_eq!(MemberPath::parse(text), None, "{text}");
        }
    }
}
