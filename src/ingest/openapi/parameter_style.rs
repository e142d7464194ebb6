//! How a parameter's list is written: as several values, or as one text with separators.
//!
//! It never reads what the items are.

use super::{Located, OpenApiVersion};
use crate::contract::{MemberLocation, WireTraits};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// How the items of a list are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ListStyle {
    /// As several values, or as a header's list.
    Repeated,
    /// As one text with this separator.
    Joined(&'static str),
    /// In a way that a contract does not describe.
    Other,
}

/// Returns how a list is sent. `owner` has the keywords: a parameter, or the encoding of a form's field.
pub(super) fn list_style(owner: Option<Located<'_>>, location: MemberLocation, version: OpenApiVersion) -> ListStyle {
    if version == OpenApiVersion::Swagger2 {
        return match owner.and_then(|owner| owner.text("collectionFormat")).unwrap_or("csv") {
            _ if location == MemberLocation::Header => ListStyle::Repeated,
            "multi" => ListStyle::Repeated,
            "csv" => ListStyle::Joined(","),
            "ssv" => ListStyle::Joined(" "),
            "tsv" => ListStyle::Joined("\t"),
            "pipes" => ListStyle::Joined("|"),
            _ => ListStyle::Other,
        };
    }
    let style = owner.and_then(|owner| owner.text("style"));
    let explode = owner.and_then(|owner| owner.get("explode"));
    let is_exploded = explode.map_or(matches!(style, None | Some("form")), |explode| explode.node.value.is_true());
    match (location, style) {
        (MemberLocation::Header, _) => ListStyle::Repeated,
        (MemberLocation::Label, None | Some("simple")) => ListStyle::Joined(","),
        (MemberLocation::Query | MemberLocation::Form, Some("deepObject")) => ListStyle::Other,
        (MemberLocation::Query | MemberLocation::Form, _) if is_exploded => ListStyle::Repeated,
        (MemberLocation::Query | MemberLocation::Form, None | Some("form")) => ListStyle::Joined(","),
        (MemberLocation::Query | MemberLocation::Form, Some("spaceDelimited")) => ListStyle::Joined(" "),
        (MemberLocation::Query | MemberLocation::Form, Some("pipeDelimited")) => ListStyle::Joined("|"),
        _ => ListStyle::Other,
    }
}

/// Returns how a segment of the path is written in the styles that put something before the value.
pub(super) fn prefixed_traits(parameter: Located<'_>, name: &str, is_list: bool) -> Option<WireTraits> {
    let explode = parameter.get("explode").is_some_and(|explode| explode.node.value.is_true());
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    let (prefix, separator) = match (parameter.text("style")?, explode) {
        ("label", true) => (".".to_owned(), ".".to_owned()),
        ("label", false) => (".".to_owned(), ",".to_owned()),
        ("matrix", true) => (format!(";{name}="), format!(";{name}=")),
        ("matrix", false) => (format!(";{name}="), ",".to_owned()),
        _ => return None,
    };
    Some(WireTraits { prefix: Some(prefix), separator: is_list.then_some(separator), ..WireTraits::default() })
}
