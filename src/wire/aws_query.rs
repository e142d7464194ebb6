//! awsQuery: how its forms call members, items and entries.
//!
//! It never writes a body itself; see `form`. Rules after
//! [AWS query](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).

use super::form::Naming;
use super::known::Known;
use crate::contract::Member;

/// The names of awsQuery.
pub(super) struct AwsQuery;

impl Naming for AwsQuery {
    fn member(&self, name: &str, member: &Member, known: Known<'_>) -> String {
        // The items' own name stands for a flattened list that has none: `AttributeName.1` of SQS.
        let item = known.item().filter(|_| known.flattened()).and_then(|item| item.traits.name.as_deref());
        member.wire.as_deref().or(item).unwrap_or(name).to_owned()
    }

    fn items(&self, prefix: &str, list: Option<Known<'_>>) -> String {
        if list.is_some_and(Known::flattened) {
            return prefix.to_owned();
        }
        let named = list.and_then(Known::item).and_then(|item| item.traits.name.as_deref());
        format!("{prefix}.{}", named.unwrap_or("member"))
    }

    fn says_empty(&self) -> bool {
        true
    }
}
