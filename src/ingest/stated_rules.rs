//! Turns the relations that sentences state into rules of the structures that have the members.
//!
//! It never adds a rule about a name that is not a member, about a value that the member cannot have, or about members
//! that cannot be compared.

use super::contract_builder::{ContractBuilder, MemberRelation};
use super::sentences::{Sentence, StatedRelation, read_relations};
use crate::contract::{Contract, FactOrigin, Member, Protocol, ShapeId, ShapeKind, ShapeRule};
use indexmap::IndexMap;

impl ContractBuilder {
    /// Notes the relations between members of the input that a sentence about an operation states.
    pub fn note_operation_relations(&mut self, index: usize, sentence: &Sentence) {
        let relations = read_relations(&sentence.marked);
        let input = self.contract.operations.get(index).and_then(|operation| operation.input.clone());
        let (Some(owner), false) = (input, relations.is_empty()) else { return };
        let place = self.provenance_at(sentence.line);
        for relation in relations.into_iter().filter(|relation| *relation != StatedRelation::AtMostOneMember) {
            let (owner, place, origin) = (owner.clone(), place.clone(), FactOrigin::Prose);
            self.stated_relations.push(MemberRelation { owner, member: String::new(), relation, place, origin });
        }
    }

    /// Applies the noted relations to the structures of requests.
    pub fn apply_relations(&mut self) {
        let noted = std::mem::take(&mut self.stated_relations);
        if noted.is_empty() {
            return;
        }
        let inputs = self.contract.operations.iter().filter_map(|operation| operation.input.clone()).collect();
        let of_requests = self.contract.shapes_within(inputs);
        for noted in noted.iter().filter(|noted| of_requests.contains(&noted.owner)) {
            for (shape, rule) in rules_of_relation(&self.contract, noted) {
                self.add_rule_at(&shape, rule, noted.origin, &noted.place);
            }
        }
    }
}

/// The structure that a relation is about.
struct RelatedMembers<'a> {
    contract: &'a Contract,
    members: &'a IndexMap<String, Member>,
    /// The name of the member that the sentence describes; empty if it describes the operation.
    own: &'a str,
}

/// Returns the rules that a relation states, each with its shape; none if a name is not a member, or if the members that must
/// be given say otherwise.
fn rules_of_relation(contract: &Contract, noted: &MemberRelation) -> Vec<(ShapeId, ShapeRule)> {
    let Some(ShapeKind::Structure { members }) = contract.shapes.get(&noted.owner).map(|shape| &shape.kind) else {
        return Vec::new();
    };
    let related = RelatedMembers { contract, members, own: &noted.member };
    if let StatedRelation::DistinctBy(key) = &noted.relation {
        return related.distinct_rules(&noted.owner, key.as_deref());
    }
    related.rules(&noted.relation).into_iter().map(|rule| (noted.owner.clone(), rule)).collect()
}

impl RelatedMembers<'_> {
    fn rules(&self, relation: &StatedRelation) -> Vec<ShapeRule> {
        let one = |rule: Option<ShapeRule>| rule.into_iter().collect();
        match relation {
            StatedRelation::AtMostOneOf(names) => {
                one(self.optional_members(names).map(|members| ShapeRule::AtMostOneOf { members }))
            }
            StatedRelation::AtLeastOneOf(names) => {
                one(self.optional_members(names).map(|members| ShapeRule::AtLeastOneOf { members }))
            }
            StatedRelation::ExactlyOneOf(names) => self.optional_members(names).map_or_else(Vec::new, |members| {
                vec![ShapeRule::AtLeastOneOf { members: members.clone() }, ShapeRule::AtMostOneOf { members }]
            }),
            StatedRelation::AtMostOneMember => {
                let optional: Vec<String> =
                    self.members.iter().filter(|(_, member)| !member.required).map(|(name, _)| name.clone()).collect();
                let is_all = optional.len() > 1 && optional.len() == self.members.len();
                one(is_all.then_some(ShapeRule::AtMostOneOf { members: optional }))
            }
            StatedRelation::NoOtherMembers => vec![ShapeRule::KnownMembers],
            StatedRelation::AllOrNone(names) => {
                one(self.optional_members(names).map(|members| ShapeRule::AllOrNone { members }))
            }
            StatedRelation::Requires { member, needs } => one(self.requires(member.as_deref(), needs)),
            StatedRelation::RequiredIf { member, values, needs } => one(self
                .conditional(member.as_deref(), values, needs)
                .map(|(member, values, needs)| ShapeRule::RequiredIf { member, values, needs })),
            StatedRelation::ForbiddenIf { member, values, excludes } => one(self
                .conditional(member.as_deref(), values, excludes)
                .map(|(member, values, excludes)| ShapeRule::ForbiddenIf { member, values, excludes })),
            StatedRelation::OnlyIf { member, other, values } => {
                let found = self.conditional(other.as_deref(), values, std::slice::from_ref(member));
                one(found.and_then(|(other, values, mut members)| {
                    Some(ShapeRule::OnlyIf { member: members.pop()?, other, values })
                }))
            }
            StatedRelation::LessThan(low, high) => one(self
                .comparable(low.as_deref(), high.as_deref())
                .map(|[member, other]| ShapeRule::LessThan { member, other })),
            StatedRelation::AtMost(low, high) => one(self
                .comparable(low.as_deref(), high.as_deref())
                .map(|[member, other]| ShapeRule::AtMost { member, other })),
            StatedRelation::EqualLengths(names) => {
                one(self.lists(names).map(|members| ShapeRule::EqualLengths { members }))
            }
            StatedRelation::DistinctBy(_) => Vec::new(),
        }
    }

    /// Returns the member of a name: as it is written, in other letters, or with other separators. `None` stands for the
    /// described member.
    fn find(&self, name: Option<&str>) -> Option<(&String, &Member)> {
        let name = name.unwrap_or(self.own);
        let plain = |name: &str| name.replace(['_', '-', '.'], "").to_ascii_lowercase();
        let exact = self.members.get_key_value(name);
        let folded = || self.members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        exact.or_else(folded).or_else(|| {
            let wanted = plain(name);
            let mut similar = self.members.iter().filter(|(known, _)| plain(known) == wanted);
            similar.next().filter(|_| similar.next().is_none())
        })
    }

    fn kind(&self, member: &Member) -> Option<&ShapeKind> {
        self.contract.shapes.get(&member.shape).map(|shape| &shape.kind)
    }

    /// Returns the members of these names, in documented order: at least two, all different and optional.
    fn optional_members(&self, names: &[Option<String>]) -> Option<Vec<String>> {
        let mut found: Vec<String> = Vec::new();
        for name in names {
            let (known, member) = self.find(name.as_deref())?;
            if member.required || found.contains(known) {
                return None;
            }
            found.push(known.clone());
        }
        found.sort_by_key(|name| self.members.get_index_of(name));
        (found.len() > 1).then_some(found)
    }

    /// Returns the members of these names that are optional; `None` if a name is not a member.
    fn optional_among(&self, names: &[Option<String>]) -> Option<Vec<String>> {
        let known: Option<Vec<(&String, &Member)>> = names.iter().map(|name| self.find(name.as_deref())).collect();
        Some(known?.into_iter().filter(|(_, member)| !member.required).map(|(name, _)| name.clone()).collect())
    }

    fn requires(&self, member: Option<&str>, needs: &[Option<String>]) -> Option<ShapeRule> {
        let (member, known) = self.find(member)?;
        let needs = self.optional_among(needs)?;
        let is_rule = !known.required && !needs.is_empty() && !needs.contains(member);
        is_rule.then(|| ShapeRule::Requires { member: member.clone(), needs })
    }

    /// Returns the deciding member with its values, and the optional members among those that depend on it.
    fn conditional(
        &self,
        member: Option<&str>,
        values: &[String],
        names: &[Option<String>],
    ) -> Option<(String, Vec<String>, Vec<String>)> {
        let (member, known) = self.find(member)?;
        let values = self.values_of(known, values)?;
        let names = self.optional_among(names)?;
        (!names.is_empty() && !names.contains(member)).then(|| (member.clone(), values, names))
    }

    /// Returns values as the member has them; `None` if it cannot have one of them, or if they are all that it can have.
    fn values_of(&self, member: &Member, values: &[String]) -> Option<Vec<String>> {
        let kind = self.kind(member)?;
        let found: Option<Vec<String>> = match kind {
            ShapeKind::Enum { values: known } => {
                let find = |value: &String| {
                    let exact = known.iter().find(|one| *one == value);
                    let mut folded = known.iter().filter(|one| one.eq_ignore_ascii_case(value));
                    exact.or_else(|| folded.next().filter(|_| folded.next().is_none())).cloned()
                };
                values.iter().map(find).collect()
            }
            ShapeKind::Boolean => {
                let lower = values.iter().map(|value| value.to_ascii_lowercase());
                lower.map(|value| matches!(&*value, "true" | "false").then_some(value)).collect()
            }
            ShapeKind::Integer | ShapeKind::Long => {
                values.iter().map(|value| value.parse::<i64>().ok().map(|number| number.to_string())).collect()
            }
            // The values of a text are open; models of AWS leave out what they mean.
            ShapeKind::String if self.contract.protocol.is_none_or(|protocol| protocol == Protocol::RestJson) => {
                Some(values.to_vec())
            }
            _ => None,
        };
        let is_all = match kind {
            ShapeKind::Enum { values: known } => found.as_ref().is_some_and(|found| found.len() >= known.len()),
            ShapeKind::Boolean => found.as_ref().is_some_and(|found| found.len() > 1),
            _ => false,
        };
        found.filter(|found| !found.is_empty() && !is_all)
    }

    /// Returns two members whose values can be compared.
    fn comparable(&self, low: Option<&str>, high: Option<&str>) -> Option<[String; 2]> {
        let (low, high) = (self.find(low)?, self.find(high)?);
        let is_whole = |kind: &ShapeKind| matches!(kind, ShapeKind::Integer | ShapeKind::Long);
        let is_number = |kind: &ShapeKind| is_whole(kind) || matches!(kind, ShapeKind::Float | ShapeKind::Double);
        let is_list = |kind: &ShapeKind| matches!(kind, ShapeKind::List { .. } | ShapeKind::Map { .. });
        let fits = match (self.kind(low.1)?, self.kind(high.1)?) {
            (ShapeKind::Timestamp, ShapeKind::Timestamp) | (ShapeKind::String, ShapeKind::String) => true,
            (one, two) if is_number(one) && is_number(two) => true,
            (one, two) => is_list(one) && is_whole(two) || is_whole(one) && is_list(two),
        };
        let is_same = low.0 == high.0 || unit_of_name(low.0) != unit_of_name(high.0);
        (fits && !is_same).then(|| [low.0.clone(), high.0.clone()])
    }

    fn lists(&self, names: &[Option<String>]) -> Option<Vec<String>> {
        let known: Option<Vec<(&String, &Member)>> = names.iter().map(|name| self.find(name.as_deref())).collect();
        let known = known?;
        let are_lists = known.iter().all(|(_, member)| matches!(self.kind(member), Some(ShapeKind::List { .. })));
        let found: Vec<String> = known.into_iter().map(|(name, _)| name.clone()).collect();
        (are_lists && found.len() == 2 && found[0] != found[1]).then_some(found)
    }

    /// Returns the rules of lists whose items differ in a member: of the described list, or of the lists of the structure.
    fn distinct_rules(&self, owner: &ShapeId, key: Option<&str>) -> Vec<(ShapeId, ShapeRule)> {
        let items_of = |id: &ShapeId| match self.contract.shapes.get(id).map(|shape| &shape.kind) {
            Some(ShapeKind::List { member }) => Some(member.clone()),
            _ => None,
        };
        let own_list = self.find(None).map(|(_, member)| &member.shape).filter(|id| items_of(id).is_some());
        if let (Some(list), Some(key)) = (own_list, key) {
            let items = items_of(list).and_then(|id| self.contract.shapes.get(&id));
            let is_member =
                items.and_then(|shape| shape.kind.members()).is_some_and(|members| members.contains_key(key));
            let rule = ShapeRule::DistinctBy { key: key.to_owned() };
            return if is_member { vec![(list.clone(), rule)] } else { Vec::new() };
        }
        let Some((key, _)) =
            self.find(key).filter(|(_, member)| !matches!(self.kind(member), Some(ShapeKind::List { .. })))
        else {
            return Vec::new();
        };
        let lists = self.contract.shapes.keys().filter(|id| items_of(id).as_ref() == Some(owner));
        lists.map(|list| (list.clone(), ShapeRule::DistinctBy { key: key.clone() })).collect()
    }
}

/// Returns the unit that a name ends with: `MaxWaitTimeInSeconds` and `TimeoutMinutes` cannot be compared.
fn unit_of_name(name: &str) -> Option<&'static str> {
    const UNITS: [&str; 12] = [
        "milliseconds",
        "millis",
        "seconds",
        "minutes",
        "hours",
        "days",
        "bytes",
        "kb",
        "mb",
        "gb",
        "percent",
        "percentage",
    ];
    let name = name.to_ascii_lowercase();
    UNITS.into_iter().find(|unit| name.ends_with(unit))
}
