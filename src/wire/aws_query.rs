//! The naming rules of awsQuery forms.
//!
//! It never writes a body itself; see `form`. The rules follow
//! [AWS query](https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).

use super::form::FormNaming;
use super::placed_shape::PlacedShape;
use crate::contract::Member;

/// The naming rules of awsQuery.
pub(super) struct AwsQueryFormNaming;

impl FormNaming for AwsQueryFormNaming {
    fn member_name(&self, name: &str, member: &Member, known: PlacedShape<'_>) -> String {
        // A flattened list without a name of its own is written with the name of its items: SQS's `AttributeName.1`.
        let item = known.list_item().filter(|_| known.is_flattened()).and_then(|item| item.traits.name.as_deref());
        member.wire.as_deref().or(item).unwrap_or(name).to_owned()
    }

    fn item_prefix(&self, prefix: &str, list: Option<PlacedShape<'_>>) -> String {
        if list.is_some_and(PlacedShape::is_flattened) {
            return prefix.to_owned();
        }
        let named = list.and_then(PlacedShape::list_item).and_then(|item| item.traits.name.as_deref());
        format!("{prefix}.{}", named.unwrap_or("member"))
    }

    fn writes_empty_list(&self) -> bool {
        true
    }
}
