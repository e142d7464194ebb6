//! The syntax tree of a pattern, prepared for generating texts: classes are ranges, and every node knows its lengths.
//!
//! It never matches a text.

use crate::generate::draw::Draw;
use fancy_regex::{AstNode, Expr, LookAround};

/// A part of a pattern with the least and greatest number of characters that its structure allows.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    node: Node,
    least: usize,
    most: usize,
}

#[derive(Clone, Debug)]
enum Node {
    /// Consumes no characters: an anchor, positive look-around or the empty pattern.
    Nothing,
    /// A negative look-ahead, which forbids the inner pattern.
    Forbidden(Box<Tree>),
    /// These characters.
    Literal(String),
    /// One character of these ranges. Letters and digits are preferred, then other printable characters.
    Class {
        plain: Vec<(char, char)>,
        printable: Vec<(char, char)>,
        all: Vec<(char, char)>,
    },
    Concat(Vec<Tree>),
    Alt(Vec<Tree>),
    Repeat {
        child: Box<Tree>,
        low: usize,
        high: usize,
    },
    /// Back-references, conditions and the like, for which no text can be generated.
    Unknown,
}

impl Tree {
    pub fn new(expr: &Expr) -> Self {
        let one = |node| Self { node, least: 1, most: 1 };
        match expr {
            Expr::Any { .. } => one(class(vec![(' ', '~'), ('\u{a1}', '\u{2ff}')])),
            Expr::GeneralNewline { .. } => one(class(vec![('\n', '\n')])),
            Expr::Delegate { inner, casei } => match ranges(inner, *casei) {
                none if none.is_empty() => Self::nothing(Node::Unknown),
                ranges => one(class(ranges)),
            },
            Expr::Literal { val, .. } => {
                let count = val.chars().count();
                Self { node: Node::Literal(val.clone()), least: count, most: count }
            }
            Expr::Concat(parts) => {
                let parts: Vec<Self> = parts.iter().map(Self::new).collect();
                let least = parts.iter().fold(0, |sum: usize, part| sum.saturating_add(part.least));
                let most = parts.iter().fold(0, |sum: usize, part| sum.saturating_add(part.most));
                Self { node: Node::Concat(parts), least, most }
            }
            Expr::Alt(parts) => {
                let parts: Vec<Self> = parts.iter().map(Self::new).collect();
                let least = parts.iter().map(|part| part.least).min().unwrap_or(0);
                let most = parts.iter().map(|part| part.most).max().unwrap_or(0);
                Self { node: Node::Alt(parts), least, most }
            }
            Expr::Group(inner) => Self::new(inner),
            Expr::AtomicGroup(inner) => Self::new(inner),
            Expr::AstNode(AstNode::AstGroup { inner, .. }, _) => Self::new(inner),
            Expr::Repeat { child, lo, hi, .. } => {
                let child = Self::new(child);
                let least = child.least.saturating_mul(*lo);
                let most = if child.most == 0 { 0 } else { child.most.saturating_mul(*hi) };
                Self { node: Node::Repeat { child: Box::new(child), low: *lo, high: *hi }, least, most }
            }
            Expr::LookAround(inner, LookAround::LookAheadNeg) => {
                Self::nothing(Node::Forbidden(Box::new(Self::new(inner))))
            }
            Expr::Empty | Expr::Assertion(_) | Expr::LookAround(..) => Self::nothing(Node::Nothing),
            _ => Self::nothing(Node::Unknown),
        }
    }

    fn nothing(node: Node) -> Self {
        Self { node, least: 0, most: 0 }
    }

    pub fn lengths(&self) -> (usize, usize) {
        (self.least, self.most)
    }

    /// Returns the ranges of all classes and literals, in order.
    pub fn edges(&self) -> Vec<(char, char)> {
        match &self.node {
            Node::Class { all, .. } => all.clone(),
            Node::Literal(text) => text.chars().map(|c| (c, c)).collect(),
            _ => self.children().flat_map(Self::edges).collect(),
        }
    }

    /// Returns the patterns that negative look-aheads forbid.
    pub fn forbidden(&self) -> Vec<&Self> {
        match &self.node {
            Node::Forbidden(inner) => vec![inner],
            _ => self.children().flat_map(Self::forbidden).collect(),
        }
    }

    fn children(&self) -> impl Iterator<Item = &Self> {
        let (many, one) = match &self.node {
            Node::Concat(parts) | Node::Alt(parts) => (parts.as_slice(), None),
            Node::Repeat { child, .. } => (&[][..], Some(&**child)),
            Node::Forbidden(inner) => (&[][..], Some(&**inner)),
            _ => (&[][..], None),
        };
        many.iter().chain(one)
    }

    /// Appends a text of `target` characters that the structure allows. Returns `None` if there is none.
    pub fn write(&self, target: usize, draw: &mut dyn Draw, out: &mut String) -> Option<()> {
        if target < self.least || target > self.most {
            return None;
        }
        match &self.node {
            Node::Nothing | Node::Forbidden(_) => Some(()),
            Node::Unknown => None,
            Node::Literal(text) => {
                out.push_str(text);
                Some(())
            }
            Node::Class { plain, printable, all } => {
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
            Node::Alt(parts) => {
                let fitting: Vec<&Self> =
                    parts.iter().filter(|part| (part.least..=part.most).contains(&target)).collect();
                fitting.get(draw.below(fitting.len() as u64) as usize)?.write(target, draw, out)
            }
            Node::Concat(parts) => {
                let mut left = target;
                for (index, part) in parts.iter().enumerate() {
                    let rest = &parts[index + 1..];
                    let rest_least = rest.iter().fold(0, |sum: usize, part| sum.saturating_add(part.least));
                    let rest_most = rest.iter().fold(0, |sum: usize, part| sum.saturating_add(part.most));
                    let low = part.least.max(left.saturating_sub(rest_most));
                    let high = part.most.min(left.checked_sub(rest_least)?);
                    left -= share(part, low, high, draw, out)?;
                }
                (left == 0).then_some(())
            }
            Node::Repeat { child, low, high } => {
                if child.most == 0 {
                    return (target == 0).then_some(());
                }
                // The number of repetitions is chosen so that they can add up to exactly `target` characters.
                let fewest = target.div_ceil(child.most).max(*low);
                let greatest = target.checked_div(child.least).unwrap_or(target.max(*low)).min(*high);
                if fewest > greatest {
                    return None;
                }
                let times = draw.between(fewest as u64, greatest as u64) as usize;
                let mut left = target;
                for rest in (0..times).rev() {
                    let smallest = child.least.max(left.saturating_sub(rest.saturating_mul(child.most)));
                    let largest = child.most.min(left.checked_sub(rest.saturating_mul(child.least))?);
                    left -= share(child, smallest, largest, draw, out)?;
                }
                (left == 0).then_some(())
            }
        }
    }
}

/// Writes a part with `low` to `high` characters and returns how many it wrote.
fn share(part: &Tree, low: usize, high: usize, draw: &mut dyn Draw, out: &mut String) -> Option<usize> {
    if low > high {
        return None;
    }
    let size = if low == high { low } else { draw.between(low as u64, high as u64) as usize };
    part.write(size, draw, out)?;
    Some(size)
}

fn class(all: Vec<(char, char)>) -> Node {
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
    Node::Class { plain, printable, all }
}

/// Returns the character ranges of a class such as `[a-z]`, as the `regex` crate parses it.
fn ranges(class: &str, casei: bool) -> Vec<(char, char)> {
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
