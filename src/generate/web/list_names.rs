//! The names of what lists have in web APIs: sizes, numbers and cursors of pages, counts.
//!
//! It knows names only.

use crate::contract::{ShapeKind, plain_name};

/// Names of parameters for the size of a page, in lowercase letters only.
pub(super) const SIZE_NAMES: [&str; 13] = [
    "limit",
    "perpage",
    "pagesize",
    "size",
    "maxresults",
    "maxitems",
    "first",
    "top",
    "take",
    "count",
    "pagelimit",
    "itemsperpage",
    "resultsperpage",
];
/// Names of parameters for the number of a page.
pub(super) const PAGE_NAMES: [&str; 4] = ["page", "pagenumber", "pageno", "pageindex"];
/// Names of parameters for the number of items to skip.
pub(super) const OFFSET_NAMES: [&str; 3] = ["offset", "skip", "start"];
/// Names of parameters for the place to continue from.
pub(super) const CURSOR_NAMES: [&str; 12] = [
    "cursor",
    "after",
    "pagetoken",
    "nexttoken",
    "continuationtoken",
    "startingafter",
    "next",
    "aftercursor",
    "nextcursor",
    "before",
    "endingbefore",
    "beforecursor",
];
/// The number of these names that continue forwards.
pub(super) const FORWARD_CURSORS: usize = 9;
/// Names of response members that hold the next cursor.
pub(super) const NEXT_NAMES: [&str; 8] =
    ["nextcursor", "next", "nexttoken", "nextpagetoken", "cursor", "continuationtoken", "endcursor", "aftercursor"];
/// Names of response members that say whether more follows.
pub(super) const MORE_NAMES: [&str; 4] = ["hasmore", "hasnext", "hasnextpage", "more"];
/// Names of response members that hold the number of all items.
pub(super) const TOTAL_NAMES: [&str; 6] =
    ["total", "totalcount", "totalitems", "totalresults", "count", "totalelements"];
/// Names of members whose value may hide a resource from a list.
pub(super) const STATUS_NAMES: [&str; 8] =
    ["status", "state", "published", "draft", "active", "enabled", "archived", "deleted"];

/// Returns true if a parameter of a query is a place in a list that only an earlier response can name: a cursor, or the
/// number of a page, which may not exist.
pub(crate) fn is_place_in_list(parameter: &str, kind: &ShapeKind) -> bool {
    let name = plain_name(parameter);
    match kind {
        ShapeKind::Integer | ShapeKind::Long => PAGE_NAMES.contains(&name.as_str()),
        _ => CURSOR_NAMES.contains(&name.as_str()),
    }
}
