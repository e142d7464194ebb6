//! Names as newtypes, so that the name of an operation is never mistaken for the name of a shape.

use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Creates a name from any text. Names are case-sensitive.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            /// Returns the name as written in its source.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.to_owned())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

/// Returns the letters and digits of a name in lowercase, so that `user_id`, `userId` and `UserID` become the same text.
pub fn plain_name(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Returns the name that was probably meant by a misspelled one: the first of those that at most `max_distance` edits turn
/// into it, and that share a letter with it.
pub fn nearest_name<'n>(
    misspelled: &str,
    known: impl IntoIterator<Item = &'n str>,
    max_distance: usize,
) -> Option<&'n str> {
    let distances = known.into_iter().map(|name| (strsim::damerau_levenshtein(misspelled, name), name));
    let near = distances.filter(|(distance, name)| *distance <= max_distance && *distance < name.chars().count());
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

name!(
    /// The name of an operation, for example `TagContact`.
    OperationName
);
impl OperationName {
    /// What separates the service from the operation in the name of another service's operation: `ec2:CreateSubnet`.
    pub const SERVICE_SEPARATOR: char = ':';

    /// Returns the name of another service's operation.
    pub fn of_service(service: &str, name: &str) -> Self {
        Self(format!("{service}{}{name}", Self::SERVICE_SEPARATOR))
    }

    /// Returns the service of another service's operation.
    pub fn service(&self) -> Option<&str> {
        self.0.split_once(Self::SERVICE_SEPARATOR).map(|(service, _)| service)
    }

    /// Returns the name without the service: what requests have.
    pub fn local_name(&self) -> &str {
        self.0.rsplit(Self::SERVICE_SEPARATOR).next().unwrap_or(&self.0)
    }
}

name!(
    /// The name of a shape inside one contract, for example `ContactTagMap`.
    ShapeId
);
name!(
    /// The name or code of a documented error, for example `InvalidParameterException` or `not_found`.
    ErrorName
);
