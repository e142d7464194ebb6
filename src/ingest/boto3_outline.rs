//! Builds the shapes of a boto3 page's side that is described by nothing but its syntax block.
//!
//! It never says which members are required: a syntax block does not.

use super::boto3_syntax::{Boto3Syntax, SyntaxMember, ValueSyntax};
use super::contract_builder::ContractBuilder;
use crate::contract::{FactField, ShapeId, ShapeKind};
use indexmap::IndexMap;

/// What the documentation writer puts into a syntax block for the key of a map, and for any text.
const EXAMPLE_TEXT: &str = "string";

/// A syntax block in its document.
pub(super) struct SyntaxOutline<'c> {
    /// The line of the document on which the block's code begins.
    pub first_line: u32,
    /// The code, which maps offsets to lines.
    pub code: &'c str,
    /// The offset and the number of the line that was looked up last.
    last_line: (usize, u32),
    /// The structures and lists around the value at hand.
    enclosing: Vec<EnclosingShape>,
}

/// A structure or list around a value.
struct EnclosingShape {
    /// The name of the member that has it, or nothing for the item of a list.
    name: String,
    is_list: bool,
    id: ShapeId,
}

impl<'c> SyntaxOutline<'c> {
    pub fn new(first_line: u32, code: &'c str) -> Self {
        Self { first_line, code, last_line: (0, first_line), enclosing: Vec::new() }
    }

    /// Adds the members of a structure. `prefix` is what the names of their shapes begin with.
    pub fn add_members(
        &mut self,
        builder: &mut ContractBuilder,
        owner: &ShapeId,
        members: &[SyntaxMember],
        prefix: &str,
    ) {
        for member in members {
            let line = self.line_at(member.offset);
            let path = format!("{prefix}{}", capitalize(&member.name));
            let shape = self.add_value(builder, &member.value, &member.name, &path, line);
            builder.add_member(owner, &member.name, &shape, line);
        }
    }

    fn add_value(
        &mut self,
        builder: &mut ContractBuilder,
        value: &Boto3Syntax,
        name: &str,
        path: &str,
        line: u32,
    ) -> ShapeId {
        let kind = match value {
            Boto3Syntax::Members(members) => match members.as_slice() {
                [entry] if entry.name == EXAMPLE_TEXT => {
                    let key = builder.add_shape(&format!("{path}Key"), ShapeKind::String, line);
                    let value = self.add_value(builder, &entry.value, name, &format!("{path}Value"), line);
                    ShapeKind::Map { key, value }
                }
                members => {
                    let id = builder.add_shape(path, ShapeKind::Structure { members: IndexMap::new() }, line);
                    self.enclosing.push(EnclosingShape { name: name.to_owned(), is_list: false, id: id.clone() });
                    self.add_members(builder, &id, members, path);
                    self.enclosing.pop();
                    return id;
                }
            },
            Boto3Syntax::Item(item) => {
                let id = builder.add_shape(path, ShapeKind::Document, line);
                self.enclosing.push(EnclosingShape { name: name.to_owned(), is_list: true, id: id.clone() });
                let member = self.add_value(builder, item, "", &format!("{path}Item"), line);
                self.enclosing.pop();
                builder.insert_shape(id.clone(), ShapeKind::List { member }, line);
                return id;
            }
            Boto3Syntax::Texts(values, offset) if values.len() > 1 || values[0] != EXAMPLE_TEXT => {
                let id = builder.add_shape(path, ShapeKind::Enum { values: values.clone() }, line);
                let line = self.line_at(*offset);
                builder.record_shape_fact(&id, FactField::Enum, values.clone(), line);
                return id;
            }
            Boto3Syntax::Texts(..) => ShapeKind::String,
            Boto3Syntax::Recursive => match self.recursion_target(name) {
                Some(id) => return id,
                None => ShapeKind::Document,
            },
            Boto3Syntax::Other(ValueSyntax::Integer) => ShapeKind::Integer,
            Boto3Syntax::Other(ValueSyntax::Float) => ShapeKind::Float,
            Boto3Syntax::Other(ValueSyntax::Boolean) => ShapeKind::Boolean,
            Boto3Syntax::Other(ValueSyntax::Timestamp) => ShapeKind::Timestamp,
            Boto3Syntax::Other(ValueSyntax::Blob) => ShapeKind::Blob,
            Boto3Syntax::Other(ValueSyntax::Unknown) => ShapeKind::Document,
        };
        builder.add_shape(path, kind, line)
    }

    /// Returns the shape that a recursive value stands for: that of a member with the same name, else the nearest list for
    /// a plural, else the nearest structure.
    fn recursion_target(&self, name: &str) -> Option<ShapeId> {
        let nearest = || self.enclosing.iter().rev();
        let is_plural = name.ends_with('s') || name.ends_with("ren");
        nearest()
            .find(|shape| !name.is_empty() && shape.name == name)
            .or_else(|| nearest().find(|shape| is_plural && shape.is_list))
            .or_else(|| nearest().find(|shape| !shape.is_list))
            .map(|shape| shape.id.clone())
    }

    /// Returns the line of an offset. Offsets mostly grow, so that the lines between two are counted once.
    fn line_at(&mut self, offset: usize) -> u32 {
        let (from, line) = if offset < self.last_line.0 { (0, self.first_line) } else { self.last_line };
        let between = self.code.get(from..offset).unwrap_or_default().matches('\n').count();
        self.last_line = (offset, line.saturating_add(u32::try_from(between).unwrap_or(0)));
        self.last_line.1
    }
}

fn capitalize(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
