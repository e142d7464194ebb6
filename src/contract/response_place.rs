//! Finds the shape at a place of a documented response, such as `data.tags[0]`.
//!
//! It never looks at a response.

use super::{Contract, ShapeId, ShapeKind};

/// A place that a documented structure does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndocumentedPlace<'c> {
    /// The name that the structure does not have.
    pub name: String,
    /// The names of its members on the wire.
    pub members: Vec<&'c str>,
}

/// Returns the shape at a place of an output, or `None` if the documentation does not describe that part in detail.
///
/// # Errors
/// Returns an error if the documentation describes the part, and it has no such member.
pub fn find_documented_place<'c>(
    contract: &'c Contract,
    output: &'c ShapeId,
    place: &str,
) -> Result<Option<&'c ShapeId>, UndocumentedPlace<'c>> {
    let names = place.split(['.', '[']).map(|name| name.trim_end_matches(']')).filter(|name| !name.is_empty());
    let mut id = output;
    for name in names {
        let Some(shape) = contract.shapes.get(id) else { return Ok(None) };
        id = match &shape.kind {
            ShapeKind::Structure { members } | ShapeKind::Union { members } if !members.is_empty() => {
                let found = members.iter().find(|(key, member)| *key == name || member.wire_name(key) == name);
                match found {
                    Some((_, member)) => &member.shape,
                    None => {
                        let members = members.iter().map(|(key, member)| member.wire_name(key)).collect();
                        return Err(UndocumentedPlace { name: name.to_owned(), members });
                    }
                }
            }
            ShapeKind::List { member } if name.parse::<usize>().is_ok() => member,
            ShapeKind::Map { value, .. } => value,
            _ => return Ok(None),
        };
    }
    Ok(Some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_followed_through_members_items_and_entries() {
        let text = r#"{
            "format": "overstep-contract/1", "service": "notes", "operations": [],
            "shapes": {
                "Output": {"type": "structure", "members": {"data": {"shape": "Data", "wire": "Data"}}},
                "Data": {"type": "structure", "members": {"tags": {"shape": "Tags"}, "any": {"shape": "Any"}}},
                "Tags": {"type": "list", "member": "Tag"},
                "Tag": {"type": "string"},
                "Any": {"type": "document"}
            }
        }"#;
        let contract = crate::contract::from_json(text).expect("a contract");
        let output = ShapeId::from("Output");
        let find = |place: &str| find_documented_place(&contract, &output, place);
        for place in ["data.tags", "Data.tags[0]", ""] {
            assert!(find(place).is_ok_and(|found| found.is_some()), "{place}");
        }
        assert_eq!(find("data.any.thing"), Ok(None));
        let error = find("data.tagz").expect_err("no such member");
        assert_eq!((error.name.as_str(), error.members), ("tagz", vec!["tags", "any"]));
    }
}
