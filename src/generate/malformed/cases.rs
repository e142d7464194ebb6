//! Collects the cases of this folder, and builds damaged requests.
//!
//! It never decides what a damage means; each file does, by the documents of its protocol.

use crate::case::{Case, Damage, Value};
use crate::contract::ShapeRule;
use crate::generate::case_spec::{CaseRequest, IntendedOutcome};
use crate::generate::input_sampler::{InputChange, InputSampler};
use crate::generate::malformed::body_format::MARKER;
use crate::generate::operation_context::OperationContext;
use crate::generate::site::InputSite;

/// The cases of one operation, in the order of sending.
pub(super) struct MalformedCases<'w, 'p> {
    pub context: &'w OperationContext<'p>,
    pub cases: Vec<Case>,
}

impl<'w, 'p> MalformedCases<'w, 'p> {
    pub fn new(context: &'w OperationContext<'p>) -> Self {
        Self { context, cases: Vec::new() }
    }

    /// Adds a case that every parser must reject; `rule` says what it violates.
    pub fn add_rejected(
        &mut self,
        kind: &str,
        variant: &str,
        rule: &str,
        request: impl FnOnce(&InputSampler<'_>) -> Option<CaseRequest>,
    ) {
        self.cases.extend(self.context.build_class_case(
            "malformed",
            kind,
            variant,
            rule,
            IntendedOutcome::Malformed,
            request,
        ));
    }

    /// Adds a case that names no operation; `rule` says what it lacks.
    pub fn add_no_operation(
        &mut self,
        kind: &str,
        variant: &str,
        rule: &str,
        request: impl FnOnce(&InputSampler<'_>) -> Option<CaseRequest>,
    ) {
        self.cases.extend(self.context.build_class_case(
            "malformed",
            kind,
            variant,
            rule,
            IntendedOutcome::UnknownOperation,
            request,
        ));
    }

    /// Adds a case that servers may read differently, if no document says which reading is right.
    pub fn add_unspecified(
        &mut self,
        kind: &str,
        variant: &str,
        reason: &'static str,
        request: impl FnOnce(&InputSampler<'_>) -> Option<CaseRequest>,
    ) {
        self.cases.extend(self.context.build_class_case(
            "malformed",
            kind,
            variant,
            reason,
            IntendedOutcome::Undocumented(reason),
            request,
        ));
    }
}

/// Adds texts that are not valid UTF-8, in each way that decoders have overlooked.
pub(super) fn add_invalid_utf8(out: &mut MalformedCases<'_, '_>, site: &InputSite) {
    for (variant, bytes) in [
        ("lone-byte", &b"\xff"[..]),
        ("cut-sequence", b"a\xc3"),
        ("overlong", b"\xc0\xaf"),
        ("encoded-surrogate", b"\xed\xa0\x80"),
    ] {
        out.add_rejected("encoding", variant, "the body must be UTF-8", with_text_bytes(site, bytes));
    }
}

/// Builds the control's request with one damage.
pub(super) fn with_damage(damage: Damage) -> impl Fn(&InputSampler<'_>) -> Option<CaseRequest> {
    move |sampler| Some(CaseRequest::with_damage(sampler.plain_input(), damage.clone()))
}

/// Builds the control's request with exactly this body.
pub(super) fn with_body(bytes: &[u8]) -> impl Fn(&InputSampler<'_>) -> Option<CaseRequest> + use<> {
    with_damage(Damage::Body(bytes.to_vec()))
}

/// Builds the control's request with these bytes in place of a text.
pub(super) fn with_text_bytes(site: &InputSite, bytes: &[u8]) -> impl Fn(&InputSampler<'_>) -> Option<CaseRequest> {
    let damage = Damage::BodyReplaced(MARKER.as_bytes().to_vec(), bytes.to_vec());
    move |sampler| Some(CaseRequest::with_damage(sampler.input_with_value(site, Value::text(MARKER)), damage.clone()))
}

/// Builds the control's request with an undocumented member.
pub(super) fn with_unknown_member(value: Value) -> impl Fn(&InputSampler<'_>) -> Option<CaseRequest> {
    move |sampler| match sampler.plain_input() {
        Value::Map(mut members) => {
            members.insert("OverstepUnknown".to_owned(), value.clone());
            Some(CaseRequest::new(Value::Map(members)))
        }
        _ => None,
    }
}

/// Returns true if an empty input violates a constraint, so that a body without an object cannot pass as an empty one.
pub(super) fn has_required_input(context: &OperationContext<'_>) -> bool {
    let required = context.sites.iter().any(|site| site.is_in_body() && site.required && site.path.0.len() == 1);
    let rules = context.operation.input.as_ref().map(|id| &context.plan.contract.shape(id).rules);
    required || rules.is_some_and(|rules| rules.iter().any(|rule| matches!(rule, ShapeRule::AtLeastOneOf { .. })))
}

/// Returns a member of the input that is sent in the body, preferably a required one.
pub(super) fn find_body_member<'p>(context: &OperationContext<'p>) -> Option<&'p InputSite> {
    let members = || context.sites.iter().filter(|site| site.is_in_body() && site.path.0.len() == 1);
    members().find(|site| site.required).or_else(|| members().next())
}

/// Adds a body that contains a member twice.
pub(super) fn add_duplicate_member(out: &mut MalformedCases<'_, '_>) {
    let Some(site) = find_body_member(out.context) else { return };
    let Some(name) = site.path.top_member() else { return };
    let damage = Damage::DuplicateMember(name.to_owned());
    out.add_unspecified("duplicate-keys", "same-value", "a member twice", |sampler| {
        Some(CaseRequest::with_damage(sampler.input_with(&[(&site.path, InputChange::Touch)]), damage))
    });
}
