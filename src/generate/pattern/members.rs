//! Texts that a pattern matches as a whole, of a wanted length.

use super::dialect::to_rust;
use crate::generate::draw::Draw;
use fancy_regex::{AstNode, Expr, Regex, RegexBuilder};

/// How many texts are drawn before a pattern with a wanted length counts as unsatisfiable.
const TRIES: u32 = 64;
/// How often a part of unlimited repetition is repeated at most where no length is wanted.
const FREE_REPEATS: usize = 8;
/// Longer texts than this are never drawn.
const LONGEST: usize = 1 << 20;

/// A pattern that was not understood.
#[derive(Clone, Debug, thiserror::Error)]
#[error("pattern `{pattern}` is not understood: {reason}")]
pub struct PatternError {
    /// As documented.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A documented pattern, ready to match and to generate.
#[derive(Clone, Debug)]
pub struct Pattern {
    whole: Regex,
    search: Regex,
    tree: Expr,
}

impl Pattern {
    /// Reads a pattern in its documented dialect (Java's, where nothing else is said).
    ///
    /// # Errors
    /// Where the pattern is broken or uses what is not understood.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let error = |reason: String| PatternError { pattern: pattern.to_owned(), reason };
        let rust = to_rust(pattern);
        let build =
            |text: &str| RegexBuilder::new(text).backtrack_limit(2_000_000).build().map_err(|e| error(e.to_string()));
        let search = build(&rust)?;
        let whole = build(&format!("\\A(?:{rust})\\z"))?;
        let tree = Expr::parse_tree(&rust).map_err(|e| error(e.to_string()))?.expr;
        Ok(Self { whole, search, tree })
    }

    /// Whether the whole text matches. A search that gives up counts as no match.
    pub fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text).unwrap_or(false)
    }

    /// Whether some part of the text matches; what gives up counts as a match, so that it is no violation.
    pub fn finds(&self, text: &str) -> bool {
        self.search.is_match(text).unwrap_or(true)
    }

    /// Whether the text is wrong under either reading: as a whole and as a search.
    pub fn is_violated_by(&self, text: &str) -> bool {
        !self.matches(text) && !self.finds(text)
    }

    /// The least and the greatest number of characters that the pattern's form allows; look-around
    /// and back-references may allow fewer.
    pub fn lengths(&self) -> (usize, usize) {
        lengths(&self.tree)
    }

    /// A matching text of exactly `length` characters, or of any short length; none where none was found.
    pub fn member(&self, draw: &mut dyn Draw, length: Option<usize>) -> Option<String> {
        let (least, most) = self.lengths();
        let wanted = match length {
            Some(length) if length < least || length > most || length > LONGEST => return None,
            Some(length) => length,
            None => 0,
        };
        for attempt in 0..TRIES {
            let target = match length {
                Some(_) => wanted,
                None => draw.between(least as u64, most.min(least.saturating_add(FREE_REPEATS)) as u64) as usize,
            };
            let mut text = String::new();
            if write(&self.tree, target, draw, &mut text).is_some()
                && text.chars().count() == target
                && self.matches(&text)
            {
                return Some(text);
            }
            // A text of any length may have to be longer than the first tries.
            if length.is_none() && attempt > TRIES / 2 && least.saturating_add(FREE_REPEATS) >= most {
                break;
            }
        }
        None
    }

    /// Each character at the edge of a class or in a literal of the pattern, without repetition, in order.
    pub fn edge_characters(&self) -> Vec<char> {
        let mut edges = Vec::new();
        collect_edges(&self.tree, &mut |low, high| {
            edges.push(low);
            edges.push(high);
        });
        dedup(edges)
    }

    /// Each character next to the edge of a class of the pattern, without repetition.
    pub(super) fn neighbours(&self) -> Vec<char> {
        let mut near = Vec::new();
        collect_edges(&self.tree, &mut |low, high| {
            near.extend((low as u32).checked_sub(1).and_then(char::from_u32));
            near.extend(char::from_u32(high as u32 + 1));
        });
        dedup(near)
    }

    /// The texts that negative look-aheads forbid, as far as they are plain.
    pub(super) fn forbidden_prefixes(&self, draw: &mut dyn Draw) -> Vec<String> {
        let mut found = Vec::new();
        visit(&self.tree, &mut |expr| {
            if let Expr::LookAround(inner, fancy_regex::LookAround::LookAheadNeg) = expr {
                let (least, most) = lengths(inner);
                let mut text = String::new();
                if write(inner, least.max(1).min(most), draw, &mut text).is_some() && !text.is_empty() {
                    found.push(text);
                }
            }
        });
        found
    }
}

fn dedup(mut chars: Vec<char>) -> Vec<char> {
    let mut seen = std::collections::HashSet::new();
    chars.retain(|c| seen.insert(*c));
    chars
}

fn visit(expr: &Expr, found: &mut impl FnMut(&Expr)) {
    found(expr);
    match expr {
        Expr::AstNode(AstNode::AstGroup { inner, .. }, _) => visit(inner, found),
        other => other.children_iter().for_each(|child| visit(child, found)),
    }
}

fn collect_edges(expr: &Expr, edge: &mut impl FnMut(char, char)) {
    visit(expr, &mut |part| match part {
        Expr::Delegate { inner, casei } => {
            for (low, high) in ranges(inner, *casei) {
                edge(low, high);
            }
        }
        Expr::Literal { val, .. } => val.chars().for_each(|c| edge(c, c)),
        _ => {}
    });
}

/// The ranges of characters of a class such as `[a-z]`, as the `regex` crate reads it.
fn ranges(class: &str, casei: bool) -> Vec<(char, char)> {
    let parsed = regex_syntax::ParserBuilder::new().case_insensitive(casei).build().parse(class);
    let Ok(hir) = parsed else { return Vec::new() };
    match hir.kind() {
        regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => {
            class.ranges().iter().map(|range| (range.start(), range.end())).collect()
        }
        regex_syntax::hir::HirKind::Literal(literal) => {
            String::from_utf8_lossy(&literal.0).chars().map(|c| (c, c)).collect()
        }
        _ => Vec::new(),
    }
}

fn lengths(expr: &Expr) -> (usize, usize) {
    match expr {
        Expr::Any { .. } | Expr::Delegate { .. } | Expr::GeneralNewline { .. } => (1, 1),
        Expr::Literal { val, .. } => (val.chars().count(), val.chars().count()),
        Expr::Concat(parts) => parts.iter().map(lengths).fold((0, 0), |(least, most), (low, high)| {
            (usize::saturating_add(least, low), usize::saturating_add(most, high))
        }),
        Expr::Alt(parts) => {
            let all: Vec<_> = parts.iter().map(lengths).collect();
            (all.iter().map(|(low, _)| *low).min().unwrap_or(0), all.iter().map(|(_, high)| *high).max().unwrap_or(0))
        }
        Expr::Group(inner) => lengths(inner),
        Expr::AtomicGroup(inner) => lengths(inner),
        Expr::AstNode(AstNode::AstGroup { inner, .. }, _) => lengths(inner),
        Expr::Repeat { child, lo, hi, .. } => {
            let (low, high) = lengths(child);
            (low.saturating_mul(*lo), if high == 0 { 0 } else { high.saturating_mul(*hi) })
        }
        _ => (0, 0),
    }
}

/// Appends a text of `target` characters that the form of `expr` allows; `None` where it allows none.
fn write(expr: &Expr, target: usize, draw: &mut dyn Draw, out: &mut String) -> Option<()> {
    let (least, most) = lengths(expr);
    if target < least || target > most {
        return None;
    }
    match expr {
        Expr::Empty | Expr::Assertion(_) | Expr::LookAround(..) => Some(()),
        Expr::Any { .. } => {
            out.push(draw_char(&[('a', 'z'), ('0', '9'), ('A', 'Z')], draw));
            Some(())
        }
        Expr::Literal { val, .. } => {
            out.push_str(val);
            Some(())
        }
        Expr::Delegate { inner, casei } => {
            let ranges = ranges(inner, *casei);
            if ranges.is_empty() {
                return None;
            }
            out.push(draw_char(&plain_first(&ranges, draw), draw));
            Some(())
        }
        Expr::Group(inner) => write(inner, target, draw, out),
        Expr::AtomicGroup(inner) => write(inner, target, draw, out),
        Expr::AstNode(AstNode::AstGroup { inner, .. }, _) => write(inner, target, draw, out),
        Expr::Alt(parts) => {
            let fitting: Vec<&Expr> = parts
                .iter()
                .filter(|part| {
                    let (low, high) = lengths(part);
                    (low..=high).contains(&target)
                })
                .collect();
            write(fitting.get(draw.below(fitting.len() as u64) as usize)?, target, draw, out)
        }
        Expr::Concat(parts) => {
            let spans: Vec<(usize, usize)> = parts.iter().map(lengths).collect();
            let mut left = target;
            for (index, part) in parts.iter().enumerate() {
                let (rest_least, rest_most) = spans[index + 1..]
                    .iter()
                    .fold((0_usize, 0_usize), |sum, span| (sum.0.saturating_add(span.0), sum.1.saturating_add(span.1)));
                let low = spans[index].0.max(left.saturating_sub(rest_most));
                let high = spans[index].1.min(left.checked_sub(rest_least)?);
                if low > high {
                    return None;
                }
                let share = draw.between(low as u64, high as u64) as usize;
                write(part, share, draw, out)?;
                left -= share;
            }
            (left == 0).then_some(())
        }
        Expr::Repeat { child, lo, hi, .. } => {
            let (low, high) = lengths(child);
            if high == 0 {
                return (target == 0).then_some(());
            }
            // n repetitions of low..=high characters make exactly `target`.
            let fewest = target.div_ceil(high).max(*lo);
            let greatest = if low == 0 { target.max(*lo) } else { (target / low).min(*hi) }.min(*hi);
            if fewest > greatest {
                return None;
            }
            let times = draw.between(fewest as u64, greatest as u64) as usize;
            let mut left = target;
            for index in 0..times {
                let rest = times - index - 1;
                let smallest = low.max(left.saturating_sub(rest.saturating_mul(high)));
                let largest = high.min(left.checked_sub(rest.saturating_mul(low))?);
                if smallest > largest {
                    return None;
                }
                let share = draw.between(smallest as u64, largest as u64) as usize;
                write(child, share, draw, out)?;
                left -= share;
            }
            (left == 0).then_some(())
        }
        _ => None,
    }
}

/// Letters and digits of a class where it has some, mostly; any of its characters now and then.
fn plain_first(ranges: &[(char, char)], draw: &mut dyn Draw) -> Vec<(char, char)> {
    let mut plain = Vec::new();
    for (from, to) in [('a', 'z'), ('0', '9'), ('A', 'Z')] {
        for &(low, high) in ranges {
            let (low, high) = (low.max(from), high.min(to));
            if low <= high {
                plain.push((low, high));
            }
        }
    }
    if plain.is_empty() || draw.below(16) == 15 { printable(ranges) } else { plain }
}

fn printable(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let printable: Vec<_> = ranges
        .iter()
        .filter_map(|&(low, high)| {
            let (low, high) = (low.max(' '), high.min('~'));
            (low <= high).then_some((low, high))
        })
        .collect();
    if printable.is_empty() { ranges.to_vec() } else { printable }
}

fn draw_char(ranges: &[(char, char)], draw: &mut dyn Draw) -> char {
    let size = |&(low, high): &(char, char)| u64::from(high as u32 - low as u32) + 1;
    let mut at = draw.below(ranges.iter().map(size).sum());
    for range in ranges {
        if at < size(range) {
            // A range across the surrogates has holes; its low end is always a character.
            return char::from_u32(range.0 as u32 + at as u32).unwrap_or(range.0);
        }
        at -= size(range);
    }
    ranges.first().map_or('a', |range| range.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::draw::{Seeded, choices};

    #[test]
    fn members_have_the_wanted_length() {
        for (pattern, wanted) in [
            (r"^(?!aws:)[a-zA-Z+-=._:/]+$", vec![1, 2, 4, 128]),
            (r"^[-:/A-Za-z0-9]+", vec![20, 256]),
            (r"[^\s@]+@[^\s@]+\.[^\s@]+", vec![5, 255]),
            (r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", vec![36]),
            (r"^(a|bb|ccc){2,3}$", vec![2, 9]),
            (r"^(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9]{8,}$", vec![8, 20]),
            (r"arn:aws[a-z0-9-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+", vec![40]),
        ] {
            let parsed = Pattern::new(pattern).expect(pattern);
            for length in wanted {
                let member = parsed.member(&mut Seeded::new(1, pattern), Some(length));
                assert_eq!(member.map(|text| text.chars().count()), Some(length), "{pattern} at {length}");
            }
            assert!(parsed.member(&mut Seeded::new(1, pattern), None).is_some(), "{pattern}");
        }
    }

    #[test]
    fn what_nothing_matches_gives_nothing() {
        let pattern = Pattern::new("^(?!a)a$").expect("well formed");
        assert_eq!(pattern.member(&mut Seeded::new(1, ""), None), None);
        assert_eq!(Pattern::new("^[a-z]{3}$").expect("fine").member(&mut Seeded::new(1, ""), Some(4)), None);
        assert!(Pattern::new("[a-").is_err());
    }

    proptest::proptest! {
        #[test]
        fn members_match(mut draw in choices(), which in 0_usize..4) {
            let pattern = [r"^(?!aws:)[a-zA-Z+-=._:/]+$", r"^\w{3,9}(-\d+)?$", r"[^\s@]+@[^\s@]+\.[^\s@]+", r"^[^\x00-\x1f]*$"][which];
            let parsed = Pattern::new(pattern).expect("well formed");
            if let Some(member) = parsed.member(&mut draw, None) {
                proptest::prop_assert!(parsed.matches(&member), "{member:?}");
            }
        }
    }
}
