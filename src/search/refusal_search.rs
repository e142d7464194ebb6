//! Finds the values that a plain request needs, guided by the members that rejections name.
//!
//! It sends nothing: it proposes values, and the caller reports what the endpoint says of them.

use super::plausible_values::plausible_values;
use crate::contract::{Contract, MemberPath, Operation, PathSegment, ShapeId, ShapeKind};
use crate::judge::{MemberProblem, RejectedMember};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// A value to try for a member.
#[derive(Clone, Debug, PartialEq)]
pub struct ProposedValue {
    /// The member.
    pub path: MemberPath,
    /// The value; `None` for any plain value.
    pub value: Option<Json>,
    /// The sentence of the rejection that led to it.
    pub reason: String,
}

/// Values that name resources which exist while a case runs.
#[derive(Clone, Debug, Default)]
pub struct KnownReferences {
    /// By the path of a member that names the resource.
    pub by_member: IndexMap<String, String>,
    /// By the resource's name: `customer`.
    pub by_resource: IndexMap<String, String>,
}

/// A search for the values that one operation needs.
pub struct RefusalSearch<'c> {
    contract: &'c Contract,
    operation: &'c Operation,
    references: KnownReferences,
    choices: IndexMap<String, MemberChoice>,
}

/// The candidates for one member.
struct MemberChoice {
    path: MemberPath,
    candidates: Vec<Option<Json>>,
    /// The index of the candidate that is tried now.
    current: usize,
    reason: String,
}

impl<'c> RefusalSearch<'c> {
    /// Starts a search.
    pub fn new(contract: &'c Contract, operation: &'c Operation, references: KnownReferences) -> Self {
        Self { contract, operation, references, choices: IndexMap::new() }
    }

    /// Records the members that the endpoint rejected. Returns false if they lead to nothing that was not tried.
    pub fn record_rejection(&mut self, rejected: &[RejectedMember]) -> bool {
        let mut is_new = false;
        for one in rejected {
            let Some((path, shape)) = self.find_member(&one.path) else { continue };
            let place = path.to_string();
            let candidates = self.candidates(&path, shape, one);
            match self.choices.get_mut(&place) {
                None if !candidates.is_empty() => {
                    let choice = MemberChoice { path, candidates, current: 0, reason: one.message.clone() };
                    self.choices.insert(place, choice);
                    is_new = true;
                }
                None => {}
                Some(choice) => {
                    for candidate in candidates {
                        if !choice.candidates.contains(&candidate) {
                            choice.candidates.push(candidate);
                        }
                    }
                    if choice.current + 1 < choice.candidates.len() {
                        choice.current += 1;
                        choice.reason.clone_from(&one.message);
                        is_new = true;
                    }
                }
            }
        }
        is_new
    }

    /// Returns the values to send next.
    pub fn values(&self) -> Vec<ProposedValue> {
        let of = |choice: &MemberChoice| ProposedValue {
            path: choice.path.clone(),
            value: choice.candidates.get(choice.current).cloned().flatten(),
            reason: choice.reason.clone(),
        };
        self.choices.values().map(of).collect()
    }

    fn candidates(&self, path: &MemberPath, shape: &ShapeId, rejected: &RejectedMember) -> Vec<Option<Json>> {
        let member = path.last_member().unwrap_or_default();
        let mut found: Vec<Option<Json>> = Vec::new();
        if let Some(template) = self.references.by_member.get(&path.to_string()) {
            found.push(Some(Json::String(template.clone())));
        }
        let says_missing_resource = ["not found", "not exist", "no such", "unknown", "invalid id", "not a valid"]
            .iter()
            .any(|words| rejected.message.to_lowercase().contains(words));
        if says_missing_resource || member.to_lowercase().ends_with("id") {
            let text = format!("{member} {}", rejected.message).to_lowercase();
            let named = self.references.by_resource.iter().filter(|(name, _)| text.contains(&name.replace('_', " ")));
            found.extend(named.map(|(_, template)| Some(Json::String(template.clone()))));
        }
        let values = plausible_values(member, self.contract.shape(shape), &rejected.message);
        match rejected.problem {
            MemberProblem::Missing => {
                found.push(None);
                found.extend(values.into_iter().map(Some));
            }
            MemberProblem::Invalid => found.extend(values.into_iter().map(Some)),
            // What the endpoint does not know was sent because a document requires it.
            MemberProblem::Unknown => {}
        }
        found
    }

    /// Finds the member that a rejection names, whatever the case of its name and the separators in it.
    fn find_member(&self, names: &[String]) -> Option<(MemberPath, &'c ShapeId)> {
        let input = self.operation.input.as_ref()?;
        let mut at = (MemberPath::root(), input);
        let mut is_found = false;
        for name in names {
            match self.member_below(&at, name) {
                Some(next) => {
                    at = next;
                    is_found = true;
                }
                // A prefix that names the model or the request.
                None if !is_found => {}
                None => return None,
            }
        }
        is_found.then_some(at)
    }

    fn member_below(&self, (path, id): &(MemberPath, &'c ShapeId), name: &str) -> Option<(MemberPath, &'c ShapeId)> {
        let plain =
            |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
        match &self.contract.shape(id).kind {
            ShapeKind::Structure { members } | ShapeKind::Union { members } => members
                .iter()
                .find(|(member, it)| plain(member) == plain(name) || plain(it.wire_name(member)) == plain(name))
                .map(|(member, it)| (path.join_member(member), &it.shape)),
            ShapeKind::List { member } => self.member_below(&(path.join(PathSegment::Item), member), name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use serde_json::json;

    fn contract() -> Contract {
        let text = json!({
            "format": "overstep-contract/1", "service": "t", "errors": [],
            "operations": [{"name": "Op", "http": {"method": "POST", "uri": "/"}, "input": "In", "sources": [], "facts": []}],
            "shapes": {
                "In": {"type": "structure", "members": {
                    "customerId": {"shape": "Text"}, "lines": {"shape": "Lines"}, "currency": {"shape": "Text"}}},
                "Lines": {"type": "list", "member": "Line"},
                "Line": {"type": "structure", "members": {"unit": {"shape": "Text"}}},
                "Text": {"type": "string"}
            }
        });
        contract::from_json(&text.to_string()).expect("a contract")
    }

    fn rejected(path: &[&str], problem: MemberProblem, message: &str) -> RejectedMember {
        RejectedMember {
            path: path.iter().map(|one| (*one).to_owned()).collect(),
            problem,
            message: message.to_owned(),
        }
    }

    #[test]
    fn rejected_members_get_other_values_until_none_is_left() {
        let contract = contract();
        let references = KnownReferences {
            by_resource: IndexMap::from([("customer".to_owned(), "{customer.id}".to_owned())]),
            ..KnownReferences::default()
        };
        let mut search = RefusalSearch::new(&contract, &contract.operations[0], references);
        assert!(search.record_rejection(&[
            rejected(&["customer_id"], MemberProblem::Missing, "Field required"),
            rejected(&["lines", "unit"], MemberProblem::Invalid, "must be one of [kg, lb]"),
        ]));
        let shown = |search: &RefusalSearch<'_>| {
            let values = search.values();
            values.iter().map(|one| (one.path.to_string(), one.value.clone())).collect::<Vec<_>>()
        };
        assert_eq!(
            shown(&search),
            [("customerId".to_owned(), Some(json!("{customer.id}"))), ("lines[].unit".to_owned(), Some(json!("kg")))]
        );
        assert!(search.record_rejection(&[rejected(&["lines", "unit"], MemberProblem::Invalid, "is wrong")]));
        assert_eq!(shown(&search)[1].1, Some(json!("lb")));
        assert!(!search.record_rejection(&[rejected(&["lines", "unit"], MemberProblem::Invalid, "is wrong")]));
        assert!(!search.record_rejection(&[rejected(&["nothing"], MemberProblem::Missing, "required")]));
    }
}
