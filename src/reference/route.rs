//! Matches request paths and queries against the routes of operations, and extracts the labels.
//!
//! Never normalises: it works on the raw characters and decodes each segment exactly once.

use super::misbehavior::{Misbehavior, MisbehaviorSet};
use std::borrow::Cow;

#[derive(Clone, Debug)]
pub(super) struct RouteTemplate {
    pub method: String,
    segments: Vec<RouteSegment>,
    /// Query parameters that must be present literally: `?delete`, `?type=x`.
    query: Vec<(String, Option<String>)>,
}

#[derive(Clone, Debug)]
enum RouteSegment {
    Literal(String),
    /// The text before, the member's name, and the text after.
    Label(String, String, String),
    Greedy(String),
}

/// The labels of a path: member name and decoded value, or `None` if the value is not UTF-8.
pub(super) type LabelValues<'a> = Vec<(&'a str, Option<String>)>;

impl RouteTemplate {
    pub(super) fn new(method: &str, uri: &str) -> Self {
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let segments = path.trim_start_matches('/').split('/').map(RouteSegment::new).collect();
        let query = query
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| match part.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (part.to_owned(), None),
            })
            .collect();
        Self { method: method.to_ascii_uppercase(), segments, query }
    }

    /// Returns the sort key by which the more specific of two matching routes wins.
    pub(super) fn specificity(&self) -> Vec<u8> {
        let mut exactness: Vec<u8> = self
            .segments
            .iter()
            .map(|segment| match segment {
                RouteSegment::Literal(_) => 3,
                RouteSegment::Label(before, _, after) if !before.is_empty() || !after.is_empty() => 2,
                RouteSegment::Label(..) => 1,
                RouteSegment::Greedy(_) => 0,
            })
            .collect();
        exactness.push(self.query.len().min(255) as u8);
        exactness
    }

    /// Returns the values of the labels if the path and query match this route.
    pub(super) fn match_path<'a>(
        &'a self,
        path: &[Cow<'_, str>],
        query: &str,
        misbehaviors: MisbehaviorSet,
        may_be_empty: impl Fn(&str) -> bool,
    ) -> Option<LabelValues<'a>> {
        let has_greedy_label = self.segments.iter().any(|segment| matches!(segment, RouteSegment::Greedy(_)));
        if path.len() != self.segments.len() && !(has_greedy_label && path.len() > self.segments.len()) {
            return None;
        }
        let mut labels = Vec::new();
        let mut at = 0;
        for segment in &self.segments {
            match segment {
                RouteSegment::Literal(text) => {
                    if path[at] != text.as_str() && decode_segment(&path[at], misbehaviors).as_deref() != Some(text) {
                        return None;
                    }
                    at += 1;
                }
                RouteSegment::Label(before, name, after) => {
                    let inner = path[at].strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
                    if inner.is_empty() && !may_be_empty(name) {
                        return None;
                    }
                    labels.push((name.as_str(), decode_segment(inner, misbehaviors)));
                    at += 1;
                }
                RouteSegment::Greedy(name) => {
                    let length = path.len() - (self.segments.len() - 1);
                    let joined = path[at..at + length].join("/");
                    if joined.is_empty() && !may_be_empty(name) {
                        return None;
                    }
                    labels.push((name.as_str(), decode_segment(&joined, misbehaviors)));
                    at += length;
                }
            }
        }
        let has_parameter = |(name, value): &(String, Option<String>)| {
            query.split('&').any(|part| match (part.split_once('='), value) {
                (Some((one, found)), Some(value)) => one == name && found == value,
                (Some((one, found)), None) => one == name && found.is_empty(),
                (None, value) => part == name && value.is_none(),
            })
        };
        self.query.iter().all(has_parameter).then_some(labels)
    }
}

impl RouteSegment {
    fn new(text: &str) -> Self {
        match (text.find('{'), text.rfind('}')) {
            (Some(open), Some(close)) if open < close => {
                let name = &text[open + 1..close];
                match name.strip_suffix('+') {
                    Some(name) => Self::Greedy(name.to_owned()),
                    None => Self::Label(text[..open].to_owned(), name.to_owned(), text[close + 1..].to_owned()),
                }
            }
            _ => Self::Literal(text.to_owned()),
        }
    }
}

/// Splits a path into segments, which stay percent-encoded.
pub(super) fn split_path(path: &str, misbehaviors: MisbehaviorSet) -> Vec<Cow<'_, str>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if misbehaviors.is_empty() {
        return path.split('/').map(Cow::Borrowed).collect();
    }
    let path = if misbehaviors.has(Misbehavior::DecodesBeforeSplit) {
        percent_encoding::percent_decode_str(path).decode_utf8_lossy()
    } else {
        Cow::Borrowed(path)
    };
    let mut segments: Vec<Cow<'_, str>> = Vec::new();
    for segment in path.split('/') {
        if misbehaviors.has(Misbehavior::SkipsEmptySegments) && segment.is_empty() {
            continue;
        }
        if misbehaviors.has(Misbehavior::ResolvesDots) {
            let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
            if decoded == "." {
                continue;
            }
            if decoded == ".." {
                segments.pop();
                continue;
            }
        }
        segments.push(Cow::Owned(segment.to_owned()));
    }
    segments
}

fn decode_segment(segment: &str, misbehaviors: MisbehaviorSet) -> Option<String> {
    if misbehaviors.is_empty() {
        return Some(percent_encoding::percent_decode_str(segment).decode_utf8().ok()?.into_owned());
    }
    let mut text = segment.to_owned();
    if misbehaviors.has(Misbehavior::PlusIsSpace) {
        text = text.replace('+', " ");
    }
    if !misbehaviors.has(Misbehavior::DecodesNever) {
        text = percent_encoding::percent_decode_str(&text).decode_utf8().ok()?.into_owned();
    }
    if misbehaviors.has(Misbehavior::DecodesTwice) {
        text = percent_encoding::percent_decode_str(&text).decode_utf8().ok()?.into_owned();
    }
    if misbehaviors.has(Misbehavior::TrimsLabels) {
        text = text.trim().to_owned();
    }
    if misbehaviors.has(Misbehavior::LowersLabels) {
        text = text.to_lowercase();
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(uri: &str, target: &str) -> Option<Vec<(String, Option<String>)>> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let route = RouteTemplate::new("GET", uri);
        let labels =
            route.match_path(&split_path(path, MisbehaviorSet::default()), query, MisbehaviorSet::default(), |_| {
                false
            })?;
        Some(labels.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    #[test]
    fn segments_are_decoded_exactly_once() {
        let one = |value: &str| Some(vec![("a".to_owned(), Some(value.to_owned()))]);
        assert_eq!(fit("/x/{a}", "/x/b%20c"), one("b c"));
        assert_eq!(fit("/x/{a}", "/x/b%2Fc"), one("b/c"));
        assert_eq!(fit("/x/{a}", "/x/b%252Fc"), one("b%2Fc"));
        assert_eq!(fit("/x/{a}", "/x/b+c"), one("b+c"));
        assert_eq!(fit("/x/{a}", "/x/.."), one(".."));
        assert_eq!(fit("/x/{a}", "/x/%zz"), one("%zz"));
        assert_eq!(fit("/x/{a}", "/x/%ff"), Some(vec![("a".to_owned(), None)]));
        assert_eq!(fit("/x/{a}", "/x/"), None);
        assert_eq!(fit("/x/{a}", "/x//b"), None);
        assert_eq!(fit("/x/{a}", "/x/b/"), None);
        assert_eq!(fit("/x/{a+}", "/x/b/c%2F"), one("b/c/"));
        assert_eq!(fit("/x/{a+}/y", "/x/b/c/y"), one("b/c"));
        assert_eq!(fit("/x/v{a}.json", "/x/v1.json"), one("1"));
        assert_eq!(fit("/x?delete", "/x?delete"), Some(vec![]));
        assert_eq!(fit("/x?delete", "/x"), None);
        assert_eq!(fit("/x?type=a", "/x?b=1&type=a"), Some(vec![]));
    }

    #[test]
    fn required_query_parameters_are_matched_literally() {
        for (uri, query, fits) in [
            ("/x?type=a", "type=a", true),
            ("/x?type=a", "type=b", false),
            ("/x?type=a", "kind=a", false),
            ("/x?type=a", "type", false),
            ("/x?type=a", "", false),
            ("/x?delete", "delete", true),
            ("/x?delete", "delete=", true),
            ("/x?delete", "delete=a", false),
            ("/x?delete", "remove=", false),
            ("/x?delete", "remove", false),
            ("/x?delete&type=a", "type=a", false),
            ("/x?delete&type=a", "type=a&delete", true),
        ] {
            assert_eq!(fit(uri, &format!("/x?{query}")).is_some(), fits, "{uri} {query}");
        }
    }

    #[test]
    fn segment_count_must_match_unless_a_label_is_greedy() {
        let one = |value: &str| Some(vec![("a".to_owned(), Some(value.to_owned()))]);
        assert_eq!(fit("/x/{a}", "/x/b/c"), None);
        assert_eq!(fit("/x/{a}", "/x"), None);
        assert_eq!(fit("/x/{a+}/y", "/x/y"), None);
        assert_eq!(fit("/x/{a+}/y", "/x/b/y"), one("b"));
        assert_eq!(fit("/x/{a+}", "/x/"), None);
        let route = RouteTemplate::new("GET", "/x/{a+}");
        let labels = |target| {
            route.match_path(&split_path(target, MisbehaviorSet::default()), "", MisbehaviorSet::default(), |_| true)
        };
        assert_eq!(labels("/x/"), Some(vec![("a", Some(String::new()))]));
        assert_eq!(labels("/x"), None);
        assert_eq!(fit("/%78/{a}", "/x/b"), None);
        assert_eq!(fit("/x/{a}", "/%78/b"), one("b"));
        assert_eq!(fit("/x/v{a}.json", "/x/v.json"), None);
        assert_eq!(fit("/x/v{a}.json", "/x/w1.json"), None);
    }

    #[test]
    fn more_specific_route_sorts_first() {
        let order = ["/x/y/z?a&b", "/x/y/z?a", "/x/y/z", "/x/y/v{a}", "/x/y/{a}.b", "/x/y/{a}", "/x/{a}/z", "/x/{a+}"];
        let exactness: Vec<Vec<u8>> = order.iter().map(|uri| RouteTemplate::new("GET", uri).specificity()).collect();
        assert_eq!(exactness[3], exactness[4]);
        for (at, pair) in exactness.windows(2).enumerate().filter(|(at, _)| *at != 3) {
            assert!(pair[0] > pair[1], "{} before {}", order[at], order[at + 1]);
        }
    }

    #[test]
    fn decoding_faults_change_the_decoded_label() {
        let with = |misbehavior: Misbehavior, target: &str| {
            let misbehaviors = MisbehaviorSet::from_iter([misbehavior]);
            let route = RouteTemplate::new("GET", "/x/{a}");
            let labels = route.match_path(&split_path(target, misbehaviors), "", misbehaviors, |_| false)?;
            labels.into_iter().next().and_then(|(_, value)| value)
        };
        for (misbehavior, target, expected) in [
            (Misbehavior::PlusIsSpace, "/x/b+c", Some("b c")),
            (Misbehavior::DecodesNever, "/x/b%20c", Some("b%20c")),
            (Misbehavior::DecodesTwice, "/x/b%2520c", Some("b c")),
            (Misbehavior::DecodesTwice, "/x/b%20c", Some("b c")),
            (Misbehavior::TrimsLabels, "/x/%20b%20", Some("b")),
            (Misbehavior::LowersLabels, "/x/B", Some("b")),
            (Misbehavior::LowersLabels, "/x/b%2FC", Some("b/c")),
            (Misbehavior::DecodesBeforeSplit, "/x/b%2Fc", None),
            (Misbehavior::DecodesBeforeSplit, "/x%2Fb", Some("b")),
            (Misbehavior::SkipsEmptySegments, "/x//b", Some("b")),
            (Misbehavior::ResolvesDots, "/y/../x/./b", Some("b")),
            (Misbehavior::ResolvesDots, "/y/%2e%2E/x/b", Some("b")),
        ] {
            assert_eq!(with(misbehavior, target).as_deref(), expected, "{misbehavior:?} {target}");
        }
    }
}
