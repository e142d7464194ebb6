//! Lists every place inside an operation's input that can have constraints.
//!
//! It never looks at values.

use super::contract_patterns::ContractPatterns;
use super::testable_shapes::TestableShapes;
use crate::contract::{
    Constraint, Contract, DecimalStep, FactField, Member, MemberLocation, MemberPath, Operation, PathSegment, Protocol,
    Shape, ShapeId, ShapeKind,
};

/// Maximum number of segments of a place's path.
const MAX_SITE_DEPTH: usize = 32;

/// A place inside an input.
#[derive(Clone, Debug)]
pub(crate) struct InputSite {
    /// The path from the input.
    pub path: MemberPath,
    /// The shape at this place.
    pub shape: ShapeId,
    /// The location, in the request, of the top-level member that contains this place.
    pub location: MemberLocation,
    /// Whether it is a required member.
    pub required: bool,
    /// Whether it is a member of a structure or union.
    pub is_member: bool,
    /// The enclosing shape.
    pub parent: ShapeId,
    /// Whether the same shape occurs further up on the path.
    pub recursive: bool,
}

/// Returns all places in breadth-first order whose shapes have values. A shape inside itself is followed once more and
/// then left out.
pub(crate) fn input_sites(contract: &Contract, operation: &Operation, testable: &TestableShapes) -> Vec<InputSite> {
    let Some(input) = &operation.input else { return Vec::new() };
    let limit = testable.place_limit(contract, input);
    let mut found: Vec<InputSite> = Vec::new();
    // The shapes above each site, to detect recursion.
    let mut above: Vec<Vec<ShapeId>> = Vec::new();
    let add = |found: &mut Vec<InputSite>, above: &mut Vec<Vec<ShapeId>>, site: InputSite, mut chain: Vec<ShapeId>| {
        if found.len() < limit && testable.has_value(&site.shape) {
            chain.push(site.parent.clone());
            found.push(site);
            above.push(chain);
        }
    };
    let all = contract.shape(input).kind.members().into_iter().flatten();
    for (name, member) in all.filter(|(name, member)| !is_framing_header(name, member)) {
        let site = member_site(&MemberPath::root(), name, member, input, member.location);
        add(&mut found, &mut above, site, Vec::new());
    }
    let mut next = 0;
    while next < found.len() && found.len() < limit {
        let site = found[next].clone();
        let chain = above[next].clone();
        next += 1;
        let times = chain.iter().filter(|id| **id == site.shape).count();
        found[next - 1].recursive = times > 0;
        if times > 1 || site.path.0.len() >= MAX_SITE_DEPTH {
            continue;
        }
        let shape = contract.shape(&site.shape);
        let inner = |segment: PathSegment, id: &ShapeId| InputSite {
            path: site.path.join(segment),
            shape: id.clone(),
            location: site.location,
            required: false,
            is_member: false,
            parent: site.shape.clone(),
            recursive: false,
        };
        match &shape.kind {
            ShapeKind::List { member } => add(&mut found, &mut above, inner(PathSegment::Item, member), chain),
            ShapeKind::Map { key, value } => {
                add(&mut found, &mut above, inner(PathSegment::Key, key), chain.clone());
                add(&mut found, &mut above, inner(PathSegment::Value, value), chain);
            }
            ShapeKind::Structure { members } | ShapeKind::Union { members } => {
                for (name, member) in members {
                    let site = member_site(&site.path, name, member, &site.shape, site.location);
                    add(&mut found, &mut above, site, chain.clone());
                }
            }
            _ => {}
        }
    }
    found
}

/// Returns true if a member is a header that frames the message: its value depends on the body, and any other value
/// makes the request invalid HTTP.
pub(crate) fn is_framing_header(name: &str, member: &Member) -> bool {
    const FRAMING: [&str; 4] = ["content-length", "transfer-encoding", "connection", "host"];
    member.location == MemberLocation::Header
        && FRAMING.iter().any(|one| member.wire_name(name).eq_ignore_ascii_case(one))
}

fn member_site(
    path: &MemberPath,
    name: &str,
    member: &Member,
    parent: &ShapeId,
    location: MemberLocation,
) -> InputSite {
    InputSite {
        path: path.join_member(name),
        shape: member.shape.clone(),
        location,
        required: member.required,
        is_member: true,
        parent: parent.clone(),
        recursive: false,
    }
}

impl InputSite {
    /// Returns true if it is written in the body's document, where values can have a wrong JSON type or be null.
    pub fn is_in_body(&self) -> bool {
        self.location.is_in_document()
    }

    /// Returns true if it is the whole body, so that any bytes are valid.
    pub fn is_whole_body(&self, kind: &ShapeKind) -> bool {
        self.location == MemberLocation::Payload
            && self.path.0.len() == 1
            && matches!(kind, ShapeKind::Blob | ShapeKind::String | ShapeKind::Enum { .. })
    }

    /// Returns true if it is a segment of the URL path.
    pub fn is_label(&self) -> bool {
        self.location == MemberLocation::Label
    }

    /// Returns true if it is a map's key.
    pub fn is_key(&self) -> bool {
        self.path.0.last() == Some(&PathSegment::Key)
    }

    /// Returns the fact of the enclosing shape that makes it required.
    pub fn required_fact<'a>(&self, parent: &'a Shape) -> Option<&'a crate::contract::Fact> {
        let Some(PathSegment::Member(name)) = self.path.0.last() else { return None };
        parent.preferred_fact(&FactField::MemberRequired(name.clone()))
    }
}

/// Returns a function that lists every constraint that this contract states on an operation's input, with its member
/// path. Shapes without a value that can be sent are left out.
pub fn documented_constraints(
    contract: &Contract,
) -> impl Fn(&Contract, &Operation) -> Vec<(MemberPath, Constraint)> + use<> {
    let testable = TestableShapes::new(contract, &ContractPatterns::from_contract(contract));
    move |contract, operation| list_constraints(contract, operation, &testable)
}

fn list_constraints(
    contract: &Contract,
    operation: &Operation,
    testable: &TestableShapes,
) -> Vec<(MemberPath, Constraint)> {
    let mut found = Vec::new();
    let of_rules = |path: &MemberPath, shape: &Shape, found: &mut Vec<_>| {
        found.extend(shape.rules.iter().map(|rule| {
            let place = rule.subject().map_or_else(|| path.clone(), |member| path.join_member(member));
            (place, rule.constraint())
        }));
    };
    if let Some(input) = &operation.input {
        of_rules(&MemberPath::root(), contract.shape(input), &mut found);
    }
    let is_text = matches!(contract.protocol, Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml));
    // In forms and in XML, a value of a wrong type is a valid text or may be ignored.
    let shows_type = |kind: &ShapeKind| match kind {
        ShapeKind::Document => false,
        ShapeKind::Boolean | ShapeKind::Blob | ShapeKind::Timestamp => true,
        ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double => true,
        _ => !is_text,
    };
    // A shape inside itself adds no new constraints.
    for site in input_sites(contract, operation, testable).iter().filter(|site| !site.recursive) {
        let shape = contract.shape(&site.shape);
        let mut add = |states: bool, constraint| {
            if states {
                found.push((site.path.clone(), constraint));
            }
        };
        add(site.required && !site.is_label(), Constraint::Required);
        let is_typed = site.is_in_body() && !site.is_key() && !site.is_whole_body(&shape.kind);
        add(is_typed && shows_type(&shape.kind), Constraint::Type);
        add(shape.length.is_some_and(|length| length.min.unwrap_or(0) > 0 || length.max.is_some()), Constraint::Length);
        add(shape.range.is_some(), Constraint::Range);
        add(DecimalStep::of_shape(shape).is_some(), Constraint::MultipleOf);
        add(shape.pattern.is_some(), Constraint::Pattern);
        add(matches!(shape.kind, ShapeKind::Enum { .. }), Constraint::Enum);
        of_rules(&site.path, shape, &mut found);
    }
    found
}
