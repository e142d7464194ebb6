//! Applies a fault's change to the constraints of one site.
//!
//! Never decides which changes are possible; a change without a site or without a matching constraint has no effect.

use super::edit::ConstraintEdit;
use super::pattern_cache::PatternCache;
use super::tree::{ConstraintNode, ConstraintTree, NodeKind, PatternMode, RuleCheck};
use crate::contract::{MemberPath, PathSegment, ShapeRule};
use crate::reference::regex::remove_look_around;

impl ConstraintTree {
    /// Changes the constraints at one path; returns false if there is no such site.
    pub(in crate::reference) fn apply_edit(
        &mut self,
        path: &MemberPath,
        edit: &ConstraintEdit,
        patterns: &mut PatternCache,
    ) -> bool {
        if let ConstraintEdit::RequiredDropped | ConstraintEdit::RequiredNull | ConstraintEdit::RequiredAdded = edit {
            return self.apply_required_edit(path, edit);
        }
        let Some(node) = self.nodes.iter_mut().find(|node| node.path == *path) else { return false };
        node.apply_edit(edit, patterns)
    }

    fn apply_required_edit(&mut self, path: &MemberPath, edit: &ConstraintEdit) -> bool {
        let Some(PathSegment::Member(name)) = path.0.last() else { return false };
        let parent = MemberPath(path.0[..path.0.len() - 1].to_vec());
        let Some(node) = self.nodes.iter_mut().find(|node| node.path == parent) else { return false };
        let NodeKind::Structure { slots, .. } = &mut node.kind else { return false };
        let Some(slot) = slots.iter_mut().find(|slot| slot.name == *name) else { return false };
        match edit {
            ConstraintEdit::RequiredNull => slot.allows_null = true,
            ConstraintEdit::RequiredAdded => slot.required = true,
            _ => slot.required = false,
        }
        true
    }
}

impl ConstraintNode {
    fn apply_edit(&mut self, edit: &ConstraintEdit, patterns: &mut PatternCache) -> bool {
        match edit {
            ConstraintEdit::LengthMin(min) => self.length_min = *min,
            ConstraintEdit::LengthMax(max) => self.length_max = *max,
            ConstraintEdit::LengthUnit(unit) => self.unit = *unit,
            ConstraintEdit::RangeMin(min) => self.range_min = *min,
            ConstraintEdit::RangeMax(max) => self.range_max = *max,
            ConstraintEdit::MultipleDropped => self.multiple_of = None,
            ConstraintEdit::NullElements => self.allows_null_elements = true,
            ConstraintEdit::TypeAccepted(json) => self.extra_types[*json as usize] = true,
            ConstraintEdit::TypeCrashes => self.crashes_on_wrong_type = true,
            ConstraintEdit::UniqueDropped => self.requires_unique = false,
            ConstraintEdit::ContentsUnchecked => self.skips_contents = true,
            ConstraintEdit::RuleDropped(at)
            | ConstraintEdit::RuleUnconditional(at)
            | ConstraintEdit::RuleEqualSwapped(at)
            | ConstraintEdit::RuleMax(at, _)
            | ConstraintEdit::RulePerRequest(at)
            | ConstraintEdit::RuleByteScope(at, _)
            | ConstraintEdit::RuleInChars(at) => {
                return self.rules.get_mut(*at).is_some_and(|check| check.apply_edit(edit));
            }
            other => return self.kind.apply_edit(other) || self.apply_pattern_edit(other, patterns),
        }
        true
    }

    /// Applies a change of the pattern; returns false if it is none.
    fn apply_pattern_edit(&mut self, edit: &ConstraintEdit, patterns: &mut PatternCache) -> bool {
        let documented = self.pattern_text.as_deref().unwrap_or_default();
        let (text, ignore_case) = match edit {
            ConstraintEdit::PatternDropped => {
                self.pattern = None;
                return true;
            }
            ConstraintEdit::PatternBeforeNewline => {
                self.pattern_mode = PatternMode::IgnoreTrailingNewline;
                return true;
            }
            ConstraintEdit::PatternUnanchored => {
                let inner = documented.strip_prefix('^').unwrap_or(documented);
                let inner = if inner.ends_with("\\$") { inner } else { inner.strip_suffix('$').unwrap_or(inner) };
                (inner.to_owned(), false)
            }
            ConstraintEdit::PatternPrefix => {
                (format!("^(?:{})", documented.strip_suffix('$').unwrap_or(documented)), false)
            }
            ConstraintEdit::PatternIgnoreCase => (documented.to_owned(), true),
            ConstraintEdit::PatternWithoutLookAround => match remove_look_around(documented) {
                Some(without) => (without, false),
                None => return false,
            },
            ConstraintEdit::PatternReplaced(other) => (other.clone(), false),
            _ => return false,
        };
        self.pattern = patterns.get_or_compile(&text, ignore_case);
        true
    }
}

impl NodeKind {
    /// Applies a change of an enum or an integer; returns false if the edit is for another kind.
    fn apply_edit(&mut self, edit: &ConstraintEdit) -> bool {
        match (edit, self) {
            (ConstraintEdit::EnumValueRemoved(removed), Self::Enum { values, .. }) => {
                values.retain(|value| value != removed);
            }
            (ConstraintEdit::EnumAnyValue, Self::Enum { open, .. }) => *open = true,
            (ConstraintEdit::EnumIgnoreCase, Self::Enum { folded, .. }) => *folded = true,
            (ConstraintEdit::EnumTrimmed, Self::Enum { trimmed, .. }) => *trimmed = true,
            (ConstraintEdit::IntegerTruncates, Self::Integer { truncates, .. }) => *truncates = true,
            (ConstraintEdit::IntegerUnbounded, Self::Integer { least, most, .. }) => {
                (*least, *most) = (i128::MIN, i128::MAX);
            }
            _ => return false,
        }
        true
    }
}

impl RuleCheck {
    /// Applies a change of this rule; returns false if the rule has nothing of the kind.
    fn apply_edit(&mut self, edit: &ConstraintEdit) -> bool {
        match (edit, &mut self.rule) {
            (ConstraintEdit::RuleDropped(_), _) => self.is_disabled = true,
            (ConstraintEdit::RuleUnconditional(_), _) => self.is_unconditional = true,
            (ConstraintEdit::RuleEqualSwapped(_), _) => self.swaps_equal = true,
            (ConstraintEdit::RuleMax(_, limit), ShapeRule::MaxTotalBytes { max, .. }) => *max = *limit,
            (ConstraintEdit::RulePerRequest(_), ShapeRule::MaxTotalBytes { stored, .. }) => *stored = false,
            (ConstraintEdit::RuleByteScope(_, scope), ShapeRule::MaxTotalBytes { over, .. }) => *over = *scope,
            (ConstraintEdit::RuleInChars(_), ShapeRule::MaxTotalBytes { .. }) => self.counts_chars = true,
            _ => return false,
        }
        true
    }
}
