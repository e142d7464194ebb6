//! Builds a case that creates, changes, reads and lists resources, with checks of the responses.
//!
//! It chooses no values.

use crate::case::{
    Capture, Case, CaseId, Damage, FixtureStep, Law, LawName, Resource, ResponseCheck, Step, StepPurpose, StepRef,
    StepRequest, Value,
};
use crate::contract::{ErrorRole, Operation};
use crate::generate::fixture_steps::{build_fixture_step, replace_fixture};
use crate::generate::input_sampler::InputSampler;
use crate::generate::operation_context::OperationContext;
use crate::generate::stateful::fixture_resource::FixtureResource;
use crate::generate::stateful::stateful_case::{CaseMetadata, build_law_case};
use crate::generate::stateful::stored_member::law_source;
use indexmap::IndexMap;

/// Builds a case about what becomes of resources, step by step.
pub(crate) struct ResourceCase<'c, 'p> {
    context: &'c OperationContext<'p>,
    law: LawName,
    pub id: CaseId,
    steps: Vec<Step>,
    checks: Vec<ResponseCheck>,
    cleanup: Vec<Step>,
    /// The names of the identifiers of resources that must be different ones, by fixture.
    distinct: IndexMap<String, Vec<String>>,
    is_exclusive: bool,
}

/// A resource that a step of the case creates.
#[derive(Clone)]
pub(crate) struct FurtherResource {
    /// The step that creates it.
    pub step: StepRef,
    /// The value that names it in a path.
    pub identifier: Value,
    /// The name of its captured identifier; of no use if the caller chose it.
    pub name: String,
    /// The fixture that it is another instance of, and the name that stands for it in this case.
    names: (String, String),
}

impl FurtherResource {
    /// Returns an input in which this resource takes the place of the fixture's own.
    pub fn replace_in(&self, input: Value) -> Value {
        replace_fixture(input, &self.names.0, &self.names.1)
    }
}

/// Returns an input with one top-level member set.
pub(crate) fn with_member(input: Value, name: &str, value: Value) -> Value {
    let Value::Map(mut members) = input else { return input };
    members.insert(name.to_owned(), value);
    Value::Map(members)
}

impl<'c, 'p> ResourceCase<'c, 'p> {
    pub fn new(context: &'c OperationContext<'p>, law: LawName, variant: &str) -> Self {
        let id = context.plan.law_case_id(context.operation, law, variant);
        Self {
            context,
            law,
            id,
            steps: Vec::new(),
            checks: Vec::new(),
            cleanup: Vec::new(),
            distinct: IndexMap::new(),
            is_exclusive: false,
        }
    }

    /// Lets the case run alone, because others must not change what it lists.
    pub fn run_alone(&mut self) {
        self.is_exclusive = true;
    }

    /// Returns the sampler for inputs of an operation.
    pub fn sampler<'s>(&'s self, operation: &'s Operation) -> InputSampler<'s> {
        self.context.plan.input_sampler(operation, &self.id)
    }

    /// Returns the plain input of an operation.
    pub fn plain_input(&self, operation: &Operation) -> Value {
        self.sampler(operation).plain_input()
    }

    /// Returns true if no reading of the documents forbids an input.
    pub fn is_valid(&self, operation: &Operation, input: &Value) -> bool {
        let checker = self.context.plan.input_checker();
        operation.input.as_ref().is_none_or(|shape| checker.violations(shape, input).is_empty())
    }

    /// Adds a step.
    pub fn add_step(&mut self, purpose: StepPurpose, operation: &Operation, input: Value) -> StepRef {
        self.add_damaged_step(purpose, operation, input, Vec::new())
    }

    /// Adds a step whose request is damaged.
    pub fn add_damaged_step(
        &mut self,
        purpose: StepPurpose,
        operation: &Operation,
        input: Value,
        damage: Vec<Damage>,
    ) -> StepRef {
        let index = self.steps.len();
        self.steps.push(Step {
            purpose,
            request: StepRequest::Operation { name: operation.name.clone(), input, damage },
            authorization: self.context.plan.default_authorization(),
            captures: Vec::new(),
            turn: index as u32,
            fixture: None,
        });
        StepRef::Index(index)
    }

    /// Captures a value of the response to the last step.
    pub fn capture(&mut self, name: &str, path: &str) {
        if let Some(step) = self.steps.last_mut() {
            step.captures.push(Capture { name: name.to_owned(), path: path.to_owned() });
        }
    }

    /// Adds a step that creates a further resource with the plain input for resource `number`, and its deletion.
    pub fn create(&mut self, resource: &FixtureResource<'p>, purpose: StepPurpose, number: u32) -> FurtherResource {
        let input = self.sampler(resource.creator).for_resource(Resource::Own(number)).plain_input();
        let created = self.create_with(resource, purpose, number, input);
        if !resource.is_named_by_caller {
            let label = &resource.label;
            let names = self.distinct.entry(label.fixture.clone()).or_insert_with(|| vec![label.placeholder()]);
            names.push(created.name.clone());
        }
        created
    }

    /// Adds a step that creates a further resource with this input, and its deletion.
    pub fn create_with(
        &mut self,
        resource: &FixtureResource<'p>,
        purpose: StepPurpose,
        number: u32,
        input: Value,
    ) -> FurtherResource {
        let (fixture, label) = (&resource.label.fixture, &resource.label);
        let other = format!("{fixture}_{number}");
        let identifier = match resource.is_named_by_caller {
            true => input.member(&label.capture).or_else(|| input.member(&label.label)).cloned().unwrap_or(Value::Null),
            false => Value::Template(format!("{{{other}.{}}}", label.capture)),
        };
        let step = self.add_step(purpose, resource.creator, input);
        let captures = resource.fixture.create.first().into_iter().flat_map(|create| &create.captures);
        let captures: Vec<Capture> =
            captures.map(|(name, path)| Capture { name: format!("{other}.{name}"), path: path.clone() }).collect();
        let accepts = resource.fixture.create.first().map(|create| create.success_statuses.clone()).unwrap_or_default();
        if let Some(last) = self.steps.last_mut() {
            last.captures = captures;
            last.fixture = Some(FixtureStep { name: other.clone(), accepts, until: None });
        }
        let created = FurtherResource {
            step,
            identifier,
            name: format!("{other}.{}", label.capture),
            names: (fixture.clone(), other.clone()),
        };
        self.add_cleanup(resource, &created);
        created
    }

    fn add_cleanup(&mut self, resource: &FixtureResource<'p>, created: &FurtherResource) {
        let name = created.names.1.clone();
        let count = self.cleanup.len();
        self.delete_later(resource, &name, created.identifier.clone());
        let added = self.cleanup.len() - count;
        for step in self.cleanup.iter_mut().take(added) {
            if let StepRequest::Operation { input, .. } = &mut step.request {
                let given = std::mem::replace(input, Value::Null);
                *input = created.replace_in(given);
            }
        }
    }

    /// Adds the deletion of a resource that a step of the fixture `name` created, after all other steps.
    pub fn delete_later(&mut self, resource: &FixtureResource<'p>, name: &str, identifier: Value) {
        let (plan, who) = (self.context.plan, self.context.plan.default_authorization());
        let templates = plan.input_sampler(resource.creator, &self.id).templates;
        let mut steps = Vec::new();
        for request in &resource.fixture.delete {
            let mut step = build_fixture_step(plan, request, name, &templates, StepPurpose::TearDown, &who);
            if let StepRequest::Operation { input, .. } = &mut step.request
                && input.member(&resource.label.label).is_some()
            {
                let given = std::mem::replace(input, Value::Null);
                *input = with_member(given, &resource.label.label, identifier.clone());
            }
            steps.push(step);
        }
        if let Some(last) = self.steps.last_mut().filter(|last| last.fixture.is_none()) {
            last.fixture = Some(FixtureStep { name: name.to_owned(), accepts: Vec::new(), until: None });
        }
        // What was created last is deleted first.
        self.cleanup.splice(0..0, steps);
    }

    /// Lets the deletion of the last created resource name another parent.
    pub fn redirect_cleanup(&mut self, parent: &FurtherResource) {
        if let Some(StepRequest::Operation { input, .. }) = self.cleanup.first_mut().map(|step| &mut step.request) {
            let given = std::mem::replace(input, Value::Null);
            *input = parent.replace_in(given);
        }
    }

    /// Adds a check.
    pub fn check(&mut self, check: ResponseCheck) {
        self.checks.push(check);
    }

    /// Adds the check that a step is rejected with a documented error of this role. Returns `None` if there is none.
    pub fn expect_rejection(&mut self, step: StepRef, operation: &Operation, role: ErrorRole) -> Option<()> {
        let errors = self.context.plan.errors_with_role(operation, role);
        if errors.is_empty() {
            return None;
        }
        self.check(ResponseCheck::Rejected { step, role, errors });
        Some(())
    }

    /// Builds the case.
    pub fn build(self, rule: &str) -> Option<Case> {
        let mut steps = self.steps;
        let last = steps.len() as u32;
        steps.extend(self.cleanup.into_iter().zip(last..).map(|(step, turn)| Step { turn, ..step }));
        let metadata = CaseMetadata {
            operation: self.context.operation,
            rule: rule.to_owned(),
            source: law_source(self.context.plan, self.context.operation, self.law),
            is_documented: true,
        };
        // An operation that creates nothing new for a value that it has seen makes no statement about two resources.
        let distinct = self.distinct.into_values().map(|names| ResponseCheck::NeedsDistinct { names });
        let law = Law::Responses(distinct.chain(self.checks).collect());
        let case = build_law_case(self.context.plan, self.id, steps, law, metadata)?;
        Some(Case { is_exclusive: self.is_exclusive, ..case })
    }
}
