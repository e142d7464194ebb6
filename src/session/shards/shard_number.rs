//! Which part of a run one machine sends: `3/8` is the third of eight shards.
//!
//! It never reads the environment.

use std::fmt;
use std::str::FromStr;

/// Maximum number of shards of a run.
pub const MAX_SHARDS: u32 = 1024;

/// The number of a shard, counted from 1, and the number of all shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardNumber {
    number: u32,
    count: u32,
}

/// Why a text or two numbers name no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShardNumberError {
    /// The text is not two numbers.
    #[error("expected a shard and the number of shards, such as `3/8`")]
    NotTwoNumbers,
    /// There cannot be that many shards.
    #[error("the number of shards must be 1 to {MAX_SHARDS}, and is {0}")]
    WrongCount(u64),
    /// There are fewer shards.
    #[error("the shard must be 1 to {count}, and is {number}")]
    WrongNumber {
        /// The number of the shard.
        number: u64,
        /// The number of shards.
        count: u64,
    },
}

impl ShardNumber {
    /// The only shard of a run that is not split.
    pub const WHOLE: Self = Self { number: 1, count: 1 };

    /// Creates the number of a shard, counted from 1.
    ///
    /// # Errors
    /// Returns an error if the number is not one of 1 to the number of shards, or if that is 0 or above [`MAX_SHARDS`].
    pub fn new(number: u64, count: u64) -> Result<Self, ShardNumberError> {
        if !(1..=u64::from(MAX_SHARDS)).contains(&count) {
            return Err(ShardNumberError::WrongCount(count));
        }
        if !(1..=count).contains(&number) {
            return Err(ShardNumberError::WrongNumber { number, count });
        }
        let narrow = |value: u64| u32::try_from(value).expect("at most `MAX_SHARDS`");
        Ok(Self { number: narrow(number), count: narrow(count) })
    }

    /// Returns the number, counted from 1.
    pub fn number(self) -> u32 {
        self.number
    }

    /// Returns the number of all shards.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Returns the index, counted from 0.
    pub fn index(self) -> u32 {
        self.number - 1
    }

    /// Returns true if the run has other shards.
    pub fn is_part(self) -> bool {
        self.count > 1
    }

    /// Returns the name for messages: `shard 3 of 8`.
    pub fn describe(self) -> String {
        format!("shard {} of {}", self.number, self.count)
    }
}

impl fmt::Display for ShardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

impl FromStr for ShardNumber {
    type Err = ShardNumberError;

    fn from_str(text: &str) -> Result<Self, ShardNumberError> {
        let numbers = text.split_once('/').and_then(|(number, count)| {
            let parse = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok())?;
            Some((parse(number.trim())?, parse(count.trim())?))
        });
        let (number, count) = numbers.ok_or(ShardNumberError::NotTwoNumbers)?;
        Self::new(number, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_from_one() {
        let shard: ShardNumber = "3/8".parse().expect("a shard");
        assert_eq!((shard.number(), shard.count(), shard.index()), (3, 8, 2));
        assert_eq!(shard.to_string(), "3/8");
        assert!("1/1".parse::<ShardNumber>().is_ok_and(|shard| !shard.is_part()));
        for text in ["", "3", "0/8", "9/8", "1/0", "-1/8", "+1/8", "1/8/2", "a/b", "1/1025", "1/99999999999999999999"] {
            assert!(text.parse::<ShardNumber>().is_err(), "{text}");
        }
    }
}
