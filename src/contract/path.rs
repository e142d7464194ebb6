//! Member paths: the place of a member inside an operation's input or output.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One step from a shape to one of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PathSegment {
    /// A member of a structure or union.
    Member(String),
    /// All items of a list: `[]`.
    Item,
    /// The keys of a map: `{key}`.
    Key,
    /// The values of a map: `{value}`.
    Value,
}

/// A member path such as `References{value}.Type`, `Tags{key}` or `tags[]`; empty for the input itself.
///
/// # Examples
/// ```
/// use overstep::contract::{MemberPath, PathSegment};
///
/// let path = MemberPath::parse("Tags{key}").expect("a member path");
/// assert_eq!(path, MemberPath::root().join_member("Tags").join(PathSegment::Key));
/// assert_eq!(path.to_string(), "Tags{key}");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MemberPath(pub Vec<PathSegment>);

impl MemberPath {
    /// Returns the empty path, which means the input itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// Returns this path extended by a segment.
    pub fn join(&self, segment: PathSegment) -> Self {
        let mut path = Vec::with_capacity(self.0.len() + 1);
        path.extend_from_slice(&self.0);
        path.push(segment);
        Self(path)
    }

    /// Returns this path extended by a member.
    pub fn join_member(&self, name: &str) -> Self {
        self.join(PathSegment::Member(name.to_owned()))
    }

    /// Parses the form that [`fmt::Display`] writes; returns `None` if the text is not a member path.
    pub fn parse(text: &str) -> Option<Self> {
        let mut path = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix("{key}") {
                path.push(PathSegment::Key);
                rest = after;
            } else if let Some(after) = rest.strip_prefix("{value}") {
                path.push(PathSegment::Value);
                rest = after;
            } else if let Some(after) = rest.strip_prefix("[]") {
                path.push(PathSegment::Item);
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
                path.push(PathSegment::Member(after[..end].to_owned()));
                rest = &after[end..];
            }
        }
        Some(Self(path))
    }

    /// Returns the name of the innermost structure member on the path, for example `Tags` for `Tags{key}`.
    pub fn last_member(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|segment| match segment {
            PathSegment::Member(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Returns the member of the input that this path begins with.
    pub fn top_member(&self) -> Option<&str> {
        match self.0.first() {
            Some(PathSegment::Member(name)) => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for MemberPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                PathSegment::Member(name) if index == 0 => f.write_str(name)?,
                PathSegment::Member(name) => write!(f, ".{name}")?,
                PathSegment::Item => f.write_str("[]")?,
                PathSegment::Key => f.write_str("{key}")?,
                PathSegment::Value => f.write_str("{value}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reverses_display() {
        for text in ["", "Tags", "Tags{key}", "References{value}.Type", "tags[]", "A[][]{value}{value}.B.C"] {
            assert_eq!(MemberPath::parse(text).expect(text).to_string(), text);
        }
        for text in ["A..B", ".A", "A.{key}", "A.", "A["] {
            assert_eq!(MemberPath::parse(text), None, "{text}");
        }
    }
}
