//! The naming rules of ec2Query forms.
//!
//! It never writes a body itself; see `form`. The rules follow
//! [EC2 query](https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html).

use super::form::FormNaming;
use super::placed_shape::PlacedShape;
use crate::contract::Member;

/// The naming rules of ec2Query.
pub(super) struct Ec2QueryFormNaming;

impl FormNaming for Ec2QueryFormNaming {
    fn member_name(&self, name: &str, member: &Member, _known: PlacedShape<'_>) -> String {
        if let Some(own) = &member.traits.query_name {
            return own.clone();
        }
        let name = member.wire_name(name);
        let mut characters = name.chars();
        characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
    }

    fn item_prefix(&self, prefix: &str, _list: Option<PlacedShape<'_>>) -> String {
        prefix.to_owned()
    }

    fn writes_empty_list(&self) -> bool {
        false
    }
}
