//! Finds which operations add, remove and list the tags of a resource, so that laws about tags need no line in a scenario.
//!
//! Tags are keys with values in every service, whether it writes them as a map or as a list.

use crate::case::LawName;
use crate::contract::{Contract, Member, Operation, ShapeId, ShapeKind, entry_members, holds_only_entries};
use crate::infer::creators::input_members;
use crate::infer::name_parts::{split_operation_name, split_words};
use crate::scenario::{OperationNotes, ReadBack, Scenario, UndoRule};
use indexmap::IndexMap;

/// Verbs of operations that add tags to those that a resource has.
const ADD_VERBS: [&str; 2] = ["tag", "add"];
/// Verbs of operations that remove tags.
const REMOVE_VERBS: [&str; 2] = ["untag", "remove"];
/// Verbs of operations that read tags.
const READ_VERBS: [&str; 3] = ["list", "get", "describe"];

/// Where a response shows tags, and the members of an item, if they are shown as a list.
struct ShownTags {
    place: String,
    item: Option<(String, String)>,
}

/// Adds to each operation that adds tags how they are read back, removed, and what holds of them.
pub(super) fn add_tag_laws(contract: &Contract, scenario: &mut Scenario) {
    let mut found: IndexMap<String, OperationNotes> = IndexMap::new();
    for writer in contract.operations.iter().filter(|one| is_about_tags(one, &ADD_VERBS)) {
        let Some(member) = tag_member(contract, writer) else { continue };
        let Some(template) = subject(contract, scenario, writer) else { continue };
        let name = writer.name.to_string();
        let shares_subject = |other: &Operation| subject(contract, scenario, other) == Some(template);
        // An operation of its own lists the tags, or else the one that reads the resource shows them.
        let find_reader = |fits: &dyn Fn(&Operation) -> bool| {
            let mut readers = contract.operations.iter().filter(|one| fits(one) && shares_subject(one));
            readers.find_map(|one| Some((one, shown_tags(contract, one)?)))
        };
        let reads_resource = |one: &Operation| READ_VERBS.contains(&split_operation_name(one.name.as_str()).0.as_str());
        let found_reader = find_reader(&|one| is_about_tags(one, &READ_VERBS)).or_else(|| find_reader(&reads_resource));
        let Some((reader, shown)) = found_reader else { continue };
        let (key_path, item_path) = shown.item.unzip();
        let notes = found.entry(name.clone()).or_default();
        notes.read_backs.push(ReadBack {
            request: reader.name.to_string(),
            value_path: shown.place,
            // A key path marks the written list as a map, too.
            key_path: key_path.or_else(|| Some("*".to_owned())),
            item_path,
            member: Some(member.clone()),
            optional: true,
            ..ReadBack::default()
        });
        notes.laws = vec![LawName::Merges, LawName::Overwrites];
        let removers =
            contract.operations.iter().filter(|one| is_about_tags(one, &REMOVE_VERBS) && shares_subject(one));
        for remover in removers {
            let Some(keys) = key_list(contract, remover) else { continue };
            found.entry(remover.name.to_string()).or_default().undo_rule =
                Some(UndoRule { operation: name.clone(), undone_member: Some(member.clone()), member: keys });
        }
    }
    for (name, notes) in found {
        let own = scenario.operations.entry(name).or_default();
        if own.read_backs.is_empty() && own.laws.is_empty() && own.undo_rule.is_none() {
            (own.read_backs, own.laws, own.undo_rule) = (notes.read_backs, notes.laws, notes.undo_rule);
        }
    }
}

/// Returns true if an operation with one of these verbs is about tags: `TagResource`, `AddTagsToStream`, `ListQueueTags`.
fn is_about_tags(operation: &Operation, verbs: &[&str]) -> bool {
    let (verb, noun) = split_operation_name(operation.name.as_str());
    let says_tags = verb.ends_with("tag") || noun.iter().any(|word| word == "tag" || word == "tags");
    verbs.contains(&verb.as_str()) && says_tags
}

/// Returns the template of the member that names what the tags of an operation belong to.
fn subject<'s>(contract: &Contract, scenario: &'s Scenario, operation: &Operation) -> Option<&'s str> {
    let name = operation.name.as_str();
    let mut templates =
        input_members(contract, operation).filter_map(|(member, _)| scenario.use_value(name, member)?.as_str());
    templates.find(|template| template.starts_with('{'))
}

fn says_tags(name: &str) -> bool {
    split_words(name).iter().any(|word| word == "tag" || word == "tags")
}

fn is_text_map(contract: &Contract, id: &ShapeId) -> bool {
    match &contract.shape(id).kind {
        ShapeKind::Map { value, .. } => matches!(contract.shape(value).kind, ShapeKind::String),
        _ => false,
    }
}

/// Returns the member with the tags to add: a map of texts, or a list of keys with values.
fn tag_member(contract: &Contract, operation: &Operation) -> Option<String> {
    let is_map = |id: &ShapeId| is_text_map(contract, id) || holds_only_entries(contract, id);
    let mut members = input_members(contract, operation);
    members.find(|(name, it)| says_tags(name) && is_map(&it.shape)).map(|(name, _)| name.clone())
}

/// Returns where a response shows tags: at the top, or inside one of its structures.
fn shown_tags(contract: &Contract, reader: &Operation) -> Option<ShownTags> {
    let members = contract.shape(reader.output.as_ref()?).kind.members()?;
    let find = |members: &IndexMap<String, Member>, prefix: &str| {
        members.iter().filter(|(name, _)| says_tags(name)).find_map(|(name, member)| {
            let item = shown_item(contract, &member.shape);
            let place = format!("{prefix}{}", member.wire_name(name));
            (item.is_some() || is_text_map(contract, &member.shape)).then_some(ShownTags { place, item })
        })
    };
    let inside = |(name, member): (&String, &Member)| {
        find(contract.shape(&member.shape).kind.members()?, &format!("{}.", member.wire_name(name)))
    };
    find(members, "").or_else(|| members.iter().find_map(inside))
}

/// Returns the names on the wire of the members that hold a shown key and its value, if tags are shown as a list.
fn shown_item(contract: &Contract, list: &ShapeId) -> Option<(String, String)> {
    let entry = entry_members(contract, list)?;
    let ShapeKind::List { member } = &contract.shape(list).kind else { return None };
    let members = contract.shape(member).kind.members()?;
    let on_wire = |name: &String| Some(members.get(name)?.wire_name(name).to_owned());
    Some((on_wire(&entry.key)?, on_wire(&entry.value)?))
}

/// Returns the list of keys of an operation that removes tags.
fn key_list(contract: &Contract, operation: &Operation) -> Option<String> {
    let mut members = input_members(contract, operation).filter(|(name, it)| {
        let is_list = matches!(&contract.shape(&it.shape).kind, ShapeKind::List { member }
            if matches!(contract.shape(member).kind, ShapeKind::String));
        is_list && says_tags(name)
    });
    members.next().map(|(name, _)| name.clone())
}
