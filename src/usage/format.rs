//! The formats of recordings, with the words that people read.
//!
//! It never reads a recording.

use std::fmt;

/// The format of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UsageFormat {
    /// A HAR 1.2 file: HTTP requests as browsers and proxies save them.
    Har,
    /// A log of botocore at level DEBUG, as boto3 and `aws --debug` print it.
    BotocoreLog,
    /// Events of AWS CloudTrail, in one document or one per line.
    CloudTrail,
    /// An OpenAPI document or a machine model with the used part of the API.
    ApiDocument,
    /// A list of operations, one per line.
    OperationList,
}

impl fmt::Display for UsageFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Har => "a HAR file",
            Self::BotocoreLog => "a botocore debug log",
            Self::CloudTrail => "CloudTrail events",
            Self::ApiDocument => "an API document",
            Self::OperationList => "a list of operations",
        })
    }
}
