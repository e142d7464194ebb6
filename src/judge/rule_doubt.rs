//! Doubts rules over several members that only a sentence states, and that no rejected request shows to be enforced.
//!
//! It never changes a verdict: only the words of a finding.

use super::causes::{CaseFacts, Outcome};
use crate::case::{Case, Intent};
use crate::contract::{Contract, Fact, FactField, FactOrigin, MemberPath};
use std::collections::HashSet;

/// What a finding says of a rule that nothing but a sentence states.
pub(super) const DOUBT: &str =
    "no request that breaks it is rejected: the sentence may be wrong or describe something else";

/// What the cases of a run say about rules over several members. Rules are known by operation and words.
#[derive(Debug, Default)]
pub(super) struct RuleDoubts {
    /// Rules that at least one rejected request shows to be enforced.
    enforced: HashSet<(String, String)>,
    /// Rules that only sentences state, with an accepted request that breaks them.
    of_sentences: HashSet<(String, String)>,
}

impl RuleDoubts {
    /// Records a case that breaks a rule.
    pub fn record(&mut self, case: &Case, facts: &CaseFacts<'_>, contract: Option<&Contract>) {
        if !facts.constraint().is_some_and(|constraint| constraint.relates_members()) {
            return;
        }
        let key = || (case.operation.to_string(), case.rule.clone());
        if facts.is_rejected_violation() {
            self.enforced.insert(key());
        } else if facts.intent == Intent::Violates
            && facts.outcome == Outcome::Accepted
            && contract.is_some_and(|contract| is_of_sentence(contract, case))
        {
            self.of_sentences.insert(key());
        }
    }

    /// Returns true if nothing but a sentence states a rule, and no request shows that it is enforced.
    pub fn is_doubted(&self, operation: &str, rule: &str) -> bool {
        let key = (operation.to_owned(), rule.to_owned());
        self.of_sentences.contains(&key) && !self.enforced.contains(&key)
    }
}

/// Returns true if only sentences state the rule of a case.
fn is_of_sentence(contract: &Contract, case: &Case) -> bool {
    let root = MemberPath::root();
    let path = case.member.as_ref().unwrap_or(&root);
    let above = MemberPath(path.0[..path.0.len().saturating_sub(1)].to_vec());
    let shapes = [path, &above].into_iter().filter_map(|path| contract.input_shape_at(case.operation.as_str(), path));
    shapes.filter_map(|id| contract.shapes.get(id)).any(|shape| {
        shape.rules.iter().enumerate().any(|(index, rule)| {
            let field = FactField::Rule(index);
            let facts: Vec<&Fact> = shape.facts_at(&field).collect();
            let is_prose = !facts.is_empty() && facts.iter().all(|fact| fact.standing == FactOrigin::Prose);
            is_prose && Some(rule.constraint()) == case.constraint && rule.to_string() == case.rule
        })
    })
}
