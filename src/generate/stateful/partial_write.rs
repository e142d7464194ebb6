//! Writes that must be rejected although a part of them is valid, which must not be stored.
//!
//! Each write has exactly one fault, and never more: without it, the rest would be a valid write.

use crate::case::{AuthDamage, Authorization, Damage, LawName, StateKind, Value};
use crate::contract::{Shape, ShapeId, ShapeKind, ShapeRule};
use crate::generate::stateful::member_laws::MemberLaws;
use crate::generate::stateful::stateful_case::StatefulCaseBuilder;
use crate::generate::stateful::stored_member::map_value;
use crate::scenario::Credentials;

/// Maximum size for which a write with one character or byte too many is generated.
const MAX_KEY_LENGTH: u64 = 4096;
const MAX_TOTAL_BYTES: u64 = 1 << 20;
/// Maximum number of entries for which a write with one entry too many is generated.
const MAX_ENTRIES: u64 = 64;

/// A write that must be rejected.
pub(super) struct RejectedWrite {
    /// Variant in the case id.
    pub variant: String,
    fault: WriteFault,
}

/// The fault for which a write must be rejected.
enum WriteFault {
    /// An entry has a value of a wrong type.
    BadEntry(Value, FaultPlace),
    /// An entry has a key that is not allowed.
    BadKey(String, FaultPlace),
    /// A list has an item of a wrong type.
    BadItem(Value, FaultPlace),
    /// A map has one entry more than this number.
    TooManyEntries(u64),
    /// The entries of a map take more than this number of bytes.
    TooManyBytes(u64),
    /// The bytes of the request are damaged.
    Damaged(Damage),
    /// The caller may not write.
    Caller(Authorization),
}

/// Where the faulty entry or item is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FaultPlace {
    First,
    Last,
}

impl FaultPlace {
    const BOTH: [Self; 2] = [Self::First, Self::Last];

    fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
        }
    }
}

pub(super) fn rejected_writes(laws: &MemberLaws<'_, '_>) -> Vec<RejectedWrite> {
    // Models promise nothing about what a rejected write leaves.
    if laws.context.plan.is_only_modelled
        && !laws.stored_member.has_law(laws.context.plan, LawName::RejectedLeavesNoTrace)
    {
        return Vec::new();
    }
    let shape = laws.context.plan.contract.shape(laws.stored_member.shape);
    let mut out = match &shape.kind {
        ShapeKind::List { .. } if let (Some(key), _) = laws.inner_shapes() => rejected_maps(laws, shape, key),
        ShapeKind::Map { key, .. } => rejected_maps(laws, shape, key),
        ShapeKind::List { .. } => rejected_lists(),
        _ => Vec::new(),
    };
    for (variant, damage) in [
        ("trailing-bytes", Damage::BodySuffixed(b" x".to_vec())),
        ("truncated", Damage::BodyTruncated(95)),
        ("invalid-utf8", Damage::BodyReplaced(b"trace".to_vec(), b"tra\xff".to_vec())),
    ] {
        out.push(RejectedWrite { variant: variant.to_owned(), fault: WriteFault::Damaged(damage) });
    }
    for (variant, caller) in rejected_callers(laws) {
        out.push(RejectedWrite { variant: variant.to_owned(), fault: WriteFault::Caller(caller) });
    }
    out
}

/// Returns the writes of a map with a faulty entry, or with too much in it.
fn rejected_maps(laws: &MemberLaws<'_, '_>, shape: &Shape, key: &ShapeId) -> Vec<RejectedWrite> {
    let mut out = Vec::new();
    let mut add = |variant: String, fault: WriteFault| out.push(RejectedWrite { variant, fault });
    for place in FaultPlace::BOTH {
        add(format!("null-value-{}", place.name()), WriteFault::BadEntry(Value::Null, place));
        add(format!("wrong-type-{}", place.name()), WriteFault::BadEntry(Value::List(Vec::new()), place));
    }
    if let Some(pattern) = laws.context.plan.patterns.get(key) {
        const UNUSUAL_KEYS: [&str; 6] = ["\u{e9}", " ", "\u{1F600}", "#", "<", "a\n"];
        for text in UNUSUAL_KEYS.iter().filter(|text| !pattern.matches(text)).take(2) {
            let number = text.chars().next().map_or(0, u32::from);
            for place in FaultPlace::BOTH {
                let fault = WriteFault::BadKey((*text).to_owned(), place);
                add(format!("bad-key-U+{number:04X}-{}", place.name()), fault);
            }
        }
    }
    if let Some(max) = laws.context.plan.contract.shape(key).length().max.filter(|max| *max <= MAX_KEY_LENGTH) {
        let long = "k".repeat(max as usize + 1);
        add("long-key-last".to_owned(), WriteFault::BadKey(long, FaultPlace::Last));
    }
    if let Some(max) = shape.length().max.filter(|max| *max <= MAX_ENTRIES) {
        add("too-many".to_owned(), WriteFault::TooManyEntries(max));
    }
    for rule in &shape.rules {
        if let ShapeRule::MaxTotalBytes { max, .. } = rule
            && *max <= MAX_TOTAL_BYTES
        {
            add("too-many-bytes".to_owned(), WriteFault::TooManyBytes(*max));
        }
    }
    out
}

/// Returns the writes of a list with a faulty item.
fn rejected_lists() -> Vec<RejectedWrite> {
    let mut out = Vec::new();
    for (name, bad) in [("null", Value::Null), ("number", Value::integer(5)), ("object", Value::empty_map())] {
        for place in FaultPlace::BOTH {
            let variant = format!("{name}-item-{}", place.name());
            out.push(RejectedWrite { variant, fault: WriteFault::BadItem(bad.clone(), place) });
        }
    }
    out
}

/// Returns the callers that may not write, each with its variant.
fn rejected_callers(laws: &MemberLaws<'_, '_>) -> Vec<(&'static str, Authorization)> {
    let scenario = laws.context.plan.scenario;
    let mut out = Vec::new();
    let caller = scenario.principal.as_ref().and_then(|name| Some((name, scenario.principals.get(name)?)));
    if let Some((name, principal)) = caller.filter(|(_, caller)| caller.credentials != Credentials::Anonymous) {
        out.push(("anonymous", Authorization::Anonymous));
        if !matches!(principal.credentials, Credentials::SigV4 { .. }) {
            out.push(("unknown-key", Authorization::Damaged(name.clone(), AuthDamage::UnknownKey)));
        }
    }
    if let Some(permission) = &laws.context.operation.permission
        && let Some((other, _)) = scenario.principals.iter().find(|(_, other)| other.lacks.contains(permission))
    {
        out.push(("forbidden", Authorization::Principal(other.clone())));
    }
    out
}

impl RejectedWrite {
    /// Adds the write to a stateful case. Returns `None` if it cannot be built, or if some endpoint could accept it.
    pub fn add_steps(&self, laws: &MemberLaws<'_, '_>, builder: &mut StatefulCaseBuilder<'_, '_>) -> Option<()> {
        match &self.fault {
            WriteFault::BadEntry(bad, place) => {
                if laws.stored_member.kind != StateKind::Map {
                    return None;
                }
                let (good, other) = (laws.nth_key(builder, 2), laws.nth_key(builder, 3));
                let Value::Map(mut entries) = laws.value_with_entries(builder, &[(&good, "trace")])? else {
                    return None;
                };
                entries.insert(other, bad.clone());
                write_partly_valid(builder, *place, &good, &Value::Map(entries))
            }
            WriteFault::BadKey(bad, place) => {
                let good = laws.nth_key(builder, 2);
                let value = laws.value_with_entries(builder, &[(&good, "trace"), (bad, "trace")])?;
                write_partly_valid(builder, *place, &good, &value)
            }
            WriteFault::BadItem(bad, place) => {
                let good = laws.value_with_entries(builder, &[("", "trace")])?;
                let Value::List(mut items) = good.clone() else { return None };
                items.insert(if *place == FaultPlace::First { 0 } else { items.len() }, bad.clone());
                builder.write_rejected(&Value::List(items), &good, Vec::new(), None)
            }
            WriteFault::TooManyEntries(max) => {
                let keys: Vec<String> = (0..=*max).map(|index| laws.nth_key(builder, index + 2)).collect();
                let entries: Vec<(&str, &str)> = keys.iter().map(|key| (key.as_str(), "trace")).collect();
                let value = laws.value_with_entries(builder, &entries)?;
                builder.write_rejected(&value, &value, Vec::new(), None)
            }
            WriteFault::TooManyBytes(max) => {
                let (good, large) = (laws.nth_key(builder, 2), laws.nth_key(builder, 3));
                let fill = "a".repeat(*max as usize + 1);
                let value = laws.value_with_entries(builder, &[(&good, "trace"), (&large, &fill)])?;
                write_partly_valid(builder, FaultPlace::Last, &good, &value)
            }
            WriteFault::Damaged(damage) => {
                let value = traceable_value(laws, builder)?;
                builder.write_rejected(&value, &value, vec![damage.clone()], None)
            }
            WriteFault::Caller(caller) => {
                let value = traceable_value(laws, builder)?;
                builder.write_rejected(&value, &value, Vec::new(), Some(caller.clone()))
            }
        }
    }
}

/// Returns a value that a read would show.
fn traceable_value(laws: &MemberLaws<'_, '_>, builder: &StatefulCaseBuilder<'_, '_>) -> Option<Value> {
    let key = laws.nth_key(builder, 2);
    laws.value_with_entries(builder, &[(&key, "trace")])
}

/// Adds a rejected write of entries of which only the one of this key is valid, with the faulty one first or last.
fn write_partly_valid(
    builder: &mut StatefulCaseBuilder<'_, '_>,
    place: FaultPlace,
    good: &str,
    value: &Value,
) -> Option<()> {
    let Value::Map(entries) = value else { return None };
    let trace =
        map_value(entries.iter().filter(|(key, _)| *key == good).map(|(key, value)| (key.clone(), value.clone())));
    let mut sent: Vec<(String, Value)> = entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    sent.sort_by_key(|(key, _)| (key == good) == (place == FaultPlace::First));
    builder.write_rejected(&map_value(sent), &trace, Vec::new(), None)
}
