//! The syntax tree of a pattern, prepared for generating texts: classes are ranges, and every node knows its lengths.
//!
//! It never matches a text.

use crate::pattern::draw::Draw;
use fancy_regex::{AstNode, Expr, LookAround};

/// A part of a pattern with the least and greatest number of characters that its structure allows.
#[derive(Clone, Debug)]
pub(super) struct PatternTree {
    node: PatternNode,
    min_length: usize,
    max_length: usize,
}

#[derive(Clone, Debug)]
enum PatternNode {
    /// Consumes no characters: an anchor, positive look-around or the empty pattern.
    ZeroWidth,
    /// A negative look-ahead, which forbids the inner pattern.
    Forbidden(Box<PatternTree>),
    /// These characters.
    Literal(String),
    /// One character of these ranges. Letters and digits are preferred, then other printable characters.
    Class {
        plain: Vec<(char, char)>,
        printable: Vec<(char, char)>,
        all: Vec<(char, char)>,
    },
    Concat(Vec<PatternTree>),
    Alternatives(Vec<PatternTree>),
    Repeat {
        child: Box<PatternTree>,
        low: usize,
        high: usize,
    },
    /// Back-references, conditions and the like, for which no text can be generated.
    Unsupported,
}

impl PatternTree {
    pub fn new(expr: &Expr) -> Self {
        let one = |node| Self { node, min_length: 1, max_length: 1 };
        match expr {
            Expr::Any { .. } => one(class_node(vec![(' ', '~'), ('\u{a1}', '\u{2ff}')])),
            Expr::GeneralNewline { .. } => one(class_node(vec![('\n', '\n')])),
            Expr::Delegate { inner, casei } => match parse_class_ranges(inner, *casei) {
                none if none.is_empty() => Self::unsupported(),
                ranges => one(class_node(ranges)),
            },
            Expr::Literal { val, .. } => {
                let count = val.chars().count();
                Self { node: PatternNode::Literal(val.clone()), min_length: count, max_length: count }
            }
            Expr::Concat(parts) => {
                let parts: Vec<Self> = parts.iter().map(Self::new).collect();
                let least = parts.iter().fold(0, |sum: usize, part| sum.saturating_add(part.min_length));
                let most = parts.iter().fold(0, |sum: usize, part| sum.saturating_add(part.max_length));
                Self { node: PatternNode::Concat(parts), min_length: least, max_length: most }
            }
            Expr::Alt(parts) => {
                let parts: Vec<Self> = parts.iter().map(Self::new).collect();
                let least = parts.iter().map(|part| part.min_length).min().unwrap_or(0);
                let most = parts.iter().map(|part| part.max_length).max().unwrap_or(0);
                Self { node: PatternNode::Alternatives(parts), min_length: least, max_length: most }
            }
            Expr::Group(inner) => Self::new(inner),
            Expr::AtomicGroup(inner) => Self::new(inner),
            Expr::AstNode(AstNode::AstGroup { inner, .. }, _) => Self::new(inner),
            Expr::Repeat { child, lo, hi, .. } => {
                let child = Self::new(child);
                let least = child.min_length.saturating_mul(*lo);
                let most = if child.max_length == 0 { 0 } else { child.max_length.saturating_mul(*hi) };
                Self {
                    node: PatternNode::Repeat { child: Box::new(child), low: *lo, high: *hi },
                    min_length: least,
                    max_length: most,
                }
            }
            Expr::LookAround(inner, LookAround::LookAheadNeg) => {
                Self::zero_width(PatternNode::Forbidden(Box::new(Self::new(inner))))
            }
            Expr::Empty | Expr::Assertion(_) | Expr::LookAround(..) => Self::zero_width(PatternNode::ZeroWidth),
            _ => Self::unsupported(),
        }
    }

    fn unsupported() -> Self {
        Self { node: PatternNode::Unsupported, min_length: 0, max_length: usize::MAX }
    }

    /// Returns true if no part of it can have any length.
    pub fn has_known_lengths(&self) -> bool {
        !matches!(self.node, PatternNode::Unsupported) && self.children().all(Self::has_known_lengths)
    }

    fn zero_width(node: PatternNode) -> Self {
        Self { node, min_length: 0, max_length: 0 }
    }

    pub fn length_range(&self) -> (usize, usize) {
        (self.min_length, self.max_length)
    }

    /// Returns the ranges of all classes and literals, in order.
    pub fn char_ranges(&self) -> Vec<(char, char)> {
        match &self.node {
            PatternNode::Class { all, .. } => all.clone(),
            PatternNode::Literal(text) => text.chars().map(|c| (c, c)).collect(),
            _ => self.children().flat_map(Self::char_ranges).collect(),
        }
    }

    /// Returns the patterns that negative look-aheads forbid.
    pub fn forbidden_parts(&self) -> Vec<&Self> {
        match &self.node {
            PatternNode::Forbidden(inner) => vec![inner],
            _ => self.children().flat_map(Self::forbidden_parts).collect(),
        }
    }

    fn children(&self) -> impl Iterator<Item = &Self> {
        let (many, one) = match &self.node {
            PatternNode::Concat(parts) | PatternNode::Alternatives(parts) => (parts.as_slice(), None),
            PatternNode::Repeat { child, .. } => (&[][..], Some(&**child)),
            PatternNode::Forbidden(inner) => (&[][..], Some(&**inner)),
            _ => (&[][..], None),
        };
        many.iter().chain(one)
    }

    /// Appends a text of `target` characters that the structure allows. Returns `None` if there is none.
    pub fn write_text(&self, target: usize, draw: &mut dyn Draw, out: &mut String) -> Option<()> {
        if target < self.min_length || target > self.max_length {
            return None;
        }
        match &self.node {
            PatternNode::ZeroWidth | PatternNode::Forbidden(_) => Some(()),
            PatternNode::Unsupported => None,
            PatternNode::Literal(text) => {
                out.push_str(text);
                Some(())
            }
            PatternNode::Class { plain, printable, all } => {
                let ranges = if !plain.is_empty() && draw.below(16) != 15 {
                    plain
                } else if printable.is_empty() {
                    all
                } else {
                    printable
                };
                out.push(draw_char(ranges, draw));
                Some(())
            }
            PatternNode::Alternatives(parts) => {
                let fitting: Vec<&Self> =
                    parts.iter().filter(|part| (part.min_length..=part.max_length).contains(&target)).collect();
                fitting.get(draw.below(fitting.len() as u64) as usize)?.write_text(target, draw, out)
            }
            PatternNode::Concat(parts) => {
                let mut left = target;
                for (index, part) in parts.iter().enumerate() {
                    let rest = &parts[index + 1..];
                    let rest_least = rest.iter().fold(0, |sum: usize, part| sum.saturating_add(part.min_length));
                    let rest_most = rest.iter().fold(0, |sum: usize, part| sum.saturating_add(part.max_length));
                    let low = part.min_length.max(left.saturating_sub(rest_most));
                    let high = part.max_length.min(left.checked_sub(rest_least)?);
                    left -= write_part(part, low, high, draw, out)?;
                }
                (left == 0).then_some(())
            }
            PatternNode::Repeat { child, low, high } => {
                if child.max_length == 0 {
                    return (target == 0).then_some(());
                }
                // The number of repetitions is chosen so that they can add up to exactly `target` characters.
                let fewest = target.div_ceil(child.max_length).max(*low);
                let greatest = target.checked_div(child.min_length).unwrap_or(target.max(*low)).min(*high);
                if fewest > greatest {
                    return None;
                }
                let times = draw.between(fewest as u64, greatest as u64) as usize;
                let mut left = target;
                for rest in (0..times).rev() {
                    let smallest = child.min_length.max(left.saturating_sub(rest.saturating_mul(child.max_length)));
                    let largest = child.max_length.min(left.checked_sub(rest.saturating_mul(child.min_length))?);
                    left -= write_part(child, smallest, largest, draw, out)?;
                }
                (left == 0).then_some(())
            }
        }
    }
}

/// Writes a part with `low` to `high` characters and returns how many it wrote.
fn write_part(part: &PatternTree, low: usize, high: usize, draw: &mut dyn Draw, out: &mut String) -> Option<usize> {
    if low > high {
        return None;
    }
    let size = if low == high { low } else { draw.between(low as u64, high as u64) as usize };
    part.write_text(size, draw, out)?;
    Some(size)
}

fn class_node(all: Vec<(char, char)>) -> PatternNode {
    let within = |bounds: &[(char, char)]| {
        let mut kept = Vec::new();
        for &(from, to) in bounds {
            for &(low, high) in &all {
                let (low, high) = (low.max(from), high.min(to));
                if low <= high {
                    kept.push((low, high));
                }
            }
        }
        kept
    };
    let plain = within(&[('a', 'z'), ('0', '9'), ('A', 'Z')]);
    let printable = within(&[(' ', '~')]);
    PatternNode::Class { plain, printable, all }
}

/// Returns the character ranges of a class such as `[a-z]`, as the `regex` crate parses it.
fn parse_class_ranges(class: &str, casei: bool) -> Vec<(char, char)> {
    use regex_syntax::hir::{Class, HirKind};
    let parsed = regex_syntax::ParserBuilder::new().case_insensitive(casei).build().parse(class);
    match parsed.map(regex_syntax::hir::Hir::into_kind) {
        Ok(HirKind::Class(Class::Unicode(class))) => {
            class.ranges().iter().map(|range| (range.start(), range.end())).collect()
        }
        Ok(HirKind::Literal(literal)) => String::from_utf8_lossy(&literal.0).chars().map(|c| (c, c)).collect(),
        _ => Vec::new(),
    }
}

fn draw_char(ranges: &[(char, char)], draw: &mut dyn Draw) -> char {
    let size = |&(low, high): &(char, char)| u64::from(high as u32 - low as u32) + 1;
    let mut at = draw.below(ranges.iter().map(size).sum());
    for range in ranges {
        if at < size(range) {
            // A range across the surrogates has gaps; its low end is always a character.
            return char::from_u32(range.0 as u32 + at as u32).unwrap_or(range.0);
        }
        at -= size(range);
    }
    ranges.first().map_or('a', |range| range.0)
}
