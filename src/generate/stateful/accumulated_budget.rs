//! Byte budgets over stored entries: reached and exceeded in several requests, and by overwriting with longer and
//! shorter values, in one-byte and four-byte characters.
//!
//! It never assumes an empty resource: every case first makes its own entries as small as possible, so that repeating
//! it on the same server starts from the same state.

use crate::case::{Case, Intent, JudgedPart, Step, StepPurpose, StepRequest};
use crate::contract::{ByteScope, Constraint, ErrorRole, FactField, ShapeId, ShapeKind, ShapeRule};
use crate::generate::fixture_steps;
use crate::generate::input_sampler::{InputChange, InputSampler};
use crate::generate::limits::MAX_BODY_SIZE;
use crate::generate::operation_context::OperationContext;
use crate::generate::plan_context::PlanContext;
use crate::generate::site::InputSite;
use crate::generate::stateful::stored_member::with_free_text;
use crate::generate::stored_budget::reserve_byte_budget;

pub(crate) fn cases(context: &OperationContext<'_>, site: &InputSite) -> Vec<Case> {
    let shape = context.shape(site);
    let ShapeKind::Map { key, value } = &shape.kind else { return Vec::new() };
    if site.path.0.len() != 1
        || context
            .plan
            .scenario
            .operation_notes(context.operation.name.as_str())
            .is_none_or(|n| n.read_backs.is_empty())
    {
        return Vec::new();
    }
    let mut out = Vec::new();
    for (index, rule) in shape.rules.iter().enumerate() {
        let ShapeRule::MaxTotalBytes { over, max, stored: true } = rule else { continue };
        if *max > MAX_BODY_SIZE {
            continue;
        }
        let disputed = shape.facts.iter().any(|fact| fact.disputed && fact.field.rule_index() == Some(index));
        let stored =
            AccumulatedBudget { context, site, key, value, max: *max, scope: *over, disputed, rule_index: index };
        for filler in ['a', '\u{1F600}'] {
            for exceeds in [false, true] {
                out.extend(WRITE_PLANS.iter().filter_map(|plan| stored.build_case(plan, filler, exceeds)));
            }
        }
    }
    out
}

/// The preceding writes, each of one entry with a share of the budget, and the entry that uses up the rest.
struct WritePlan {
    variant: &'static str,
    preceding_writes: &'static [(usize, BudgetShare)],
    last_entry: usize,
}

/// How much of a budget a value takes.
#[derive(Clone, Copy)]
enum BudgetShare {
    /// The budget divided by this number.
    Fraction(u64),
    /// All that the other entries leave.
    Remainder,
}

use BudgetShare::{Fraction, Remainder};

const WRITE_PLANS: &[WritePlan] = &[
    WritePlan { variant: "in-several", preceding_writes: &[(0, Fraction(3)), (1, Fraction(3))], last_entry: 2 },
    WritePlan { variant: "grown", preceding_writes: &[(0, Fraction(2)), (1, Fraction(4))], last_entry: 1 },
    WritePlan { variant: "shrunk", preceding_writes: &[(0, Remainder), (0, Fraction(2))], last_entry: 1 },
    WritePlan {
        variant: "freed",
        preceding_writes: &[(0, Fraction(2)), (1, Remainder), (1, Fraction(8))],
        last_entry: 2,
    },
];

/// Number of entries in a case.
const ENTRY_COUNT: usize = 3;

struct AccumulatedBudget<'w, 'p> {
    context: &'w OperationContext<'p>,
    site: &'w InputSite,
    key: &'p ShapeId,
    value: &'p ShapeId,
    max: u64,
    scope: ByteScope,
    disputed: bool,
    rule_index: usize,
}

impl AccumulatedBudget<'_, '_> {
    fn plan(&self) -> &PlanContext<'_> {
        self.context.plan
    }

    /// Builds a case from a plan: `past` exceeds the budget by one byte instead of reaching it exactly.
    fn build_case(&self, plan: &WritePlan, filler: char, exceeds: bool) -> Option<Case> {
        let (plan_context, operation) = (self.plan(), self.context.operation);
        let side = if exceeds { "above-max" } else { "at-max" };
        let ending = if filler == 'a' { "" } else { "-astral" };
        let variant = format!("{side}-{}{ending}", plan.variant);
        let id =
            plan_context.case_id(operation, &self.site.path.to_string(), Constraint::MaxTotalBytes.name(), &variant);
        let sampler = plan_context.input_sampler(operation, &id);
        let keys: Vec<String> =
            (0..ENTRY_COUNT).map(|index| sampler.sample_key(self.key, &self.site.path, index as u64)).collect();
        // The strictest reading decides what is valid, the most lenient one what is a violation.
        let strict = if self.disputed { ByteScope::KeysAndValues } else { self.scope };
        let loose = if self.disputed { ByteScope::Values } else { self.scope };
        let min_size = self.min_value_size();
        let mut sizes = [min_size; ENTRY_COUNT];
        let cost = |index: usize, over| if over == ByteScope::KeysAndValues { keys[index].len() as u64 } else { 0 };
        let rest = |sizes: &[u64; ENTRY_COUNT], index: usize, over, budget: u64| {
            let others: u64 = (0..ENTRY_COUNT).filter(|other| *other != index).map(|other| sizes[other]).sum();
            let names: u64 = (0..ENTRY_COUNT).map(|other| cost(other, over)).sum();
            budget.checked_sub(others + names)
        };
        let mut own_steps =
            vec![self.write_step(&sampler, StepPurpose::SetUp, 0, &keys, &[min_size; ENTRY_COUNT], 'a')?];
        for (index, share) in plan.preceding_writes {
            sizes[*index] = match share {
                Fraction(parts) => self.max / parts,
                Remainder => rest(&sizes, *index, strict, self.max)?,
            };
            let step = self.write_step(
                &sampler,
                StepPurpose::SetUp,
                own_steps.len() as u32,
                &keys[*index..=*index],
                &sizes[*index..=*index],
                filler,
            )?;
            own_steps.push(step);
        }
        let (over, budget) = if exceeds { (loose, self.max + 1) } else { (strict, self.max) };
        sizes[plan.last_entry] = rest(&sizes, plan.last_entry, over, budget)?;
        let last = plan.last_entry..=plan.last_entry;
        own_steps.push(self.write_step(
            &sampler,
            StepPurpose::Act,
            own_steps.len() as u32,
            &keys[last.clone()],
            &sizes[last],
            filler,
        )?);
        let judged = own_steps.len() - 1;
        let what = if self.scope == ByteScope::Values { "values" } else { "keys and values" };
        let field = FactField::Rule(self.rule_index);
        let shape = self.context.shape(self.site);
        let fact = shape.facts_at(&field).find(|fact| fact.standing != crate::contract::FactOrigin::Assumed);
        let is_isolated = plan_context.input_sampler(operation, &id).for_resource(2).plain_input()
            != plan_context.input_sampler(operation, &id).plain_input();
        let (steps, first) = fixture_steps::surround_with_fixtures(plan_context, &id, own_steps);
        let expectation = if exceeds {
            plan_context.expect_rejection(operation, ErrorRole::InvalidInput)
        } else {
            plan_context.expect_success(operation, Vec::new())
        };
        let case = Case {
            id,
            operation: operation.name.clone(),
            intent: if exceeds { Intent::Violates } else { Intent::Valid },
            member: Some(self.site.path.clone()),
            constraint: Some(Constraint::MaxTotalBytes),
            class: "member",
            steps,
            judged: JudgedPart::Step(first + judged),
            expectation,
            rule: format!("at most {} UTF-8 bytes over all stored {what}", self.max),
            source: plan_context.documented_at(fact, operation),
            unsendable_reason: None,
            is_exclusive: !is_isolated && plan_context.scenario.fixtures.is_empty(),
        };
        Some(reserve_byte_budget(plan_context, operation, case))
    }

    /// Returns the minimum size of a value's text.
    fn min_value_size(&self) -> u64 {
        let contract = self.plan().contract;
        let inner = match &contract.shape(self.value).kind {
            ShapeKind::Structure { members } => members.get("Value").map_or(self.value, |member| &member.shape),
            _ => self.value,
        };
        contract.shape(inner).length().min.unwrap_or(0).max(1)
    }

    /// Returns a write of these entries with values of these sizes in bytes, or `None` if it violates a constraint.
    fn write_step(
        &self,
        sampler: &InputSampler<'_>,
        purpose: StepPurpose,
        turn: u32,
        keys: &[String],
        sizes: &[u64],
        filler: char,
    ) -> Option<Step> {
        let plan_context = self.plan();
        let wide = filler.len_utf8() as u64;
        let place = self.site.path.join(crate::contract::PathSegment::Value);
        let entries = keys.iter().zip(sizes).map(|(key, size)| {
            let filled = std::iter::repeat_n(filler, (size / wide) as usize);
            let text: String = filled.chain(std::iter::repeat_n('a', (size % wide) as usize)).collect();
            let value =
                with_free_text(plan_context.contract, self.value, sampler.sample_value(self.value, &place), &text)?;
            Some((key.clone(), value))
        });
        let map = crate::generate::stateful::stored_member::map_value(entries.collect::<Option<Vec<_>>>()?);
        let input = sampler.input_with(&[(&self.site.path, InputChange::Set(map))]);
        if !plan_context
            .input_checker()
            .violations(self.context.operation.input.as_ref()?, &input)
            .iter()
            .all(|violation| !violation.is_certain)
        {
            return None;
        }
        let send = StepRequest::Operation { name: self.context.operation.name.clone(), input, damage: Vec::new() };
        Some(Step {
            purpose,
            request: send,
            authorization: plan_context.default_authorization(),
            captures: Vec::new(),
            turn,
            fixture: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_leave_room_for_their_last_write() {
        for plan in WRITE_PLANS {
            assert!(
                plan.last_entry < ENTRY_COUNT && plan.preceding_writes.iter().all(|(index, _)| *index < ENTRY_COUNT),
                "{}",
                plan.variant
            );
            let last_of_last = plan.preceding_writes.iter().rev().find(|(index, _)| *index == plan.last_entry);
            assert!(!matches!(last_of_last, Some((_, Remainder))), "{}: nothing would be left to write", plan.variant);
        }
    }
}
