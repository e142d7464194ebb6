//! The naming rules of awsQuery forms.
//!
//! It never writes a body itself; see `form`. The rules follow
//! [AWS query](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).

use super::form::Naming;
use super::known::Known;
use crate::contract::Member;

/// The naming rules of awsQuery.
pub(super) struct AwsQuery;

impl Naming for AwsQuery {
    fn member(&self, name: &str, member: &Member, known: Known<'_>) -> String {
        // A flattened list without a name of its own is written with the name of its items: SQS's `AttributeName.1`.
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
