//! Collects the cases of this folder, and builds damaged requests.
//!
//! It never decides what a damage means; each file does, by the documents of its protocol.

use super::MARK;
use crate::contract::Rule;
use crate::generate::Value;
use crate::generate::case::{Case, Damage};
use crate::generate::draft::{Aim, Request};
use crate::generate::sample::{Change, Sampler};
use crate::generate::site::Site;
use crate::generate::strategy::Work;

/// The cases of one operation, in the order of sending.
pub(super) struct Cases<'w, 'p> {
    pub work: &'w Work<'p>,
    pub made: Vec<Case>,
}

impl<'w, 'p> Cases<'w, 'p> {
    pub fn new(work: &'w Work<'p>) -> Self {
        Self { work, made: Vec::new() }
    }

    /// Adds a case that every parser must reject; `rule` says what it violates.
    pub fn refused(
        &mut self,
        kind: &str,
        variant: &str,
        rule: &str,
        request: impl FnOnce(&Sampler<'_>) -> Option<Request>,
    ) {
        self.made.extend(self.work.of_class("malformed", kind, variant, rule, Aim::Malformed, request));
    }

    /// Adds a case that names no operation; `rule` says what it lacks.
    pub fn no_operation(
        &mut self,
        kind: &str,
        variant: &str,
        rule: &str,
        request: impl FnOnce(&Sampler<'_>) -> Option<Request>,
    ) {
        self.made.extend(self.work.of_class("malformed", kind, variant, rule, Aim::NoOperation, request));
    }

    /// Adds a case that servers may read differently, if no document says which reading is right.
    pub fn open(
        &mut self,
        kind: &str,
        variant: &str,
        reason: &'static str,
        request: impl FnOnce(&Sampler<'_>) -> Option<Request>,
    ) {
        self.made.extend(self.work.of_class("malformed", kind, variant, reason, Aim::Silent(reason), request));
    }
}

/// Adds texts that are not valid UTF-8, in each way that decoders have overlooked.
pub(super) fn not_utf8(out: &mut Cases<'_, '_>, site: &Site) {
    for (variant, bytes) in [
        ("lone-byte", &b"\xff"[..]),
        ("cut-sequence", b"a\xc3"),
        ("overlong", b"\xc0\xaf"),
        ("encoded-surrogate", b"\xed\xa0\x80"),
    ] {
        out.refused("encoding", variant, "the body must be UTF-8", in_text(site, bytes));
    }
}

/// Builds the control's request with one damage.
pub(super) fn damaged(damage: Damage) -> impl Fn(&Sampler<'_>) -> Option<Request> {
    move |sampler| Some(Request::damaged(sampler.plain(), damage.clone()))
}

/// Builds the control's request with exactly this body.
pub(super) fn body(bytes: &[u8]) -> impl Fn(&Sampler<'_>) -> Option<Request> + use<> {
    damaged(Damage::Body(bytes.to_vec()))
}

/// Builds the control's request with these bytes in place of a text.
pub(super) fn in_text(site: &Site, bytes: &[u8]) -> impl Fn(&Sampler<'_>) -> Option<Request> {
    let damage = Damage::BodyReplaced(MARK.as_bytes().to_vec(), bytes.to_vec());
    move |sampler| Some(Request::damaged(sampler.set(site, Value::text(MARK)), damage.clone()))
}

/// Builds the control's request with an undocumented member.
pub(super) fn with_unknown(value: Value) -> impl Fn(&Sampler<'_>) -> Option<Request> {
    move |sampler| match sampler.plain() {
        Value::Map(mut members) => {
            members.insert("OverstepUnknown".to_owned(), value.clone());
            Some(Request::of(Value::Map(members)))
        }
        _ => None,
    }
}

/// Returns true if an empty input violates a constraint, so that a body without an object cannot pass as an empty one.
pub(super) fn needs_something(work: &Work<'_>) -> bool {
    let required = work.sites.iter().any(|site| site.in_body() && site.required && site.path.0.len() == 1);
    let rules = work.operation.input.as_ref().map(|id| &work.planner.contract.shape(id).rules);
    required || rules.is_some_and(|rules| rules.iter().any(|rule| matches!(rule, Rule::AtLeastOneOf { .. })))
}

/// Returns a member of the input that is sent in the body, preferably a required one.
pub(super) fn member_in_body<'p>(work: &Work<'p>) -> Option<&'p Site> {
    let members = || work.sites.iter().filter(|site| site.in_body() && site.path.0.len() == 1);
    members().find(|site| site.required).or_else(|| members().next())
}

/// Adds a body that contains a member twice.
pub(super) fn twice(out: &mut Cases<'_, '_>) {
    let Some(site) = member_in_body(out.work) else { return };
    let Some(name) = site.path.top() else { return };
    let damage = Damage::DuplicateMember(name.to_owned());
    out.open("duplicate-keys", "same-value", "a member twice", |sampler| {
        Some(Request::damaged(sampler.with(&[(&site.path, Change::Touch)]), damage))
    });
}
