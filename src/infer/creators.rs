//! Finds the operations that create resources, and where a resource's identifier is: in the request or the response.
//!
//! It never builds a fixture; it only finds the operations that could create what a member refers to.

use crate::contract::{Contract, Member, MemberLocation, Operation, ShapeId, ShapeKind};
use crate::infer::known_resources::is_known_noun;
use crate::infer::name_parts::{ReferenceKind, ResourceReference, parse_reference, split_operation_name, to_singular};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet, VecDeque};

/// Verbs that create, the most common first.
const CREATE_VERBS: [&str; 13] = [
    "create", "run", "allocate", "register", "put", "set", "request", "import", "publish", "start", "generate",
    "upload", "initiate",
];
/// Verbs that may also assign what exists.
const ASSIGN_VERBS: [&str; 2] = ["put", "set"];
/// Verbs that list what exists.
const LIST_VERBS: [&str; 2] = ["list", "describe"];
/// Verbs that delete, the most common first.
const DELETE_VERBS: [&str; 7] = ["delete", "terminate", "deregister", "remove", "release", "destroy", "stop"];
/// Verbs that read one resource.
const READ_VERBS: [&str; 3] = ["describe", "get", "head"];
/// Maximum depth of the search for an identifier in a response.
const MAX_RESPONSE_DEPTH: usize = 4;

/// Maximum depth of an identifier in a response whose name has no noun, such as `Name`. The shallowest one counts.
const MAX_PLAIN_DEPTH: usize = 2;
/// The same for `Id`.
const MAX_PLAIN_ID_DEPTH: usize = 3;

/// An operation that creates a resource.
#[derive(Clone, Debug)]
pub(super) struct ResourceCreator<'c> {
    pub contract: &'c Contract,
    pub operation: &'c Operation,
    pub noun: Vec<String>,
    rank: usize,
}

/// The place of a resource's identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum IdentifierLocation {
    /// The creating request has it, in this member.
    InRequest(String),
    /// The creating response has it, at this path.
    InResponse(String),
}

impl ResourceCreator<'_> {
    /// Returns the name of the fixture that the operation creates: `queue`, or `sqs_queue` if another service has it.
    pub fn fixture_name(&self) -> String {
        let noun = self.noun.join("_");
        match self.operation.name.service() {
            Some(service) => format!("{}_{noun}", service.replace('-', "_")),
            None => noun,
        }
    }
}

/// All operations that create resources, of a contract and of those that support it.
pub(super) struct ResourceCreators<'c> {
    pub all: Vec<ResourceCreator<'c>>,
    /// What is known of each service, by its name; that of the contract itself has none.
    services: HashMap<Option<String>, ServiceNaming>,
}

/// What the names of one service's operations and paths show.
#[derive(Clone, Copy, Default)]
struct ServiceNaming {
    /// The creator whose resource most members refer to, among those whose response has an ARN. `ResourceArn` is taken
    /// to mean it, because that name has no noun of its own.
    main_creator: Option<usize>,
    /// Whether URL paths hold names, as in REST. If so, members outside the path are content.
    has_paths: bool,
}

impl<'c> ResourceCreators<'c> {
    /// Reads the creators of a contract and of those that support it, without operations for which `creates_nothing` is
    /// true.
    pub fn from_contract(contract: &'c Contract, creates_nothing: &dyn Fn(&str) -> bool) -> Self {
        let mut creators = Self { all: Vec::new(), services: HashMap::new() };
        for contract in std::iter::once(contract).chain(&contract.supporting) {
            creators.add_contract(contract, creates_nothing);
        }
        creators
    }

    fn add_contract(&mut self, contract: &'c Contract, creates_nothing: &dyn Fn(&str) -> bool) {
        let mut all: Vec<ResourceCreator<'c>> = contract
            .operations
            .iter()
            .filter_map(|operation| {
                let (verb, noun) = split_operation_name(operation.name.as_str());
                let rank = CREATE_VERBS.iter().position(|one| *one == verb)?;
                let creates = !noun.is_empty() && !creates_nothing(operation.name.as_str());
                creates.then_some(ResourceCreator { contract, operation, noun, rank })
            })
            .collect();
        // `StartCrawler` starts what `CreateCrawler` creates.
        let created: HashSet<Vec<String>> =
            all.iter().filter(|one| !is_start(one.operation)).map(|one| one.noun.clone()).collect();
        all.retain(|one| !is_start(one.operation) || !created.contains(&one.noun));
        // `SetSubnets` assigns subnets, which another service creates.
        let assigns = |one: &ResourceCreator<'_>| {
            ASSIGN_VERBS.contains(&split_operation_name(one.operation.name.as_str()).0.as_str())
        };
        all.retain(|one| !assigns(one) || !is_known_noun(&one.noun));
        all.extend(self.list_creators(contract, &all, creates_nothing));
        all.sort_by_key(|creator| creator.rank);
        let has_paths = contract.operations.iter().filter_map(|it| it.http.as_ref()).any(|http| http.uri.contains('{'));
        let mut references: Vec<usize> = vec![0; all.len()];
        for operation in &contract.operations {
            for (name, _) in input_members(contract, operation) {
                let noun = parse_reference(name).noun;
                if let Some(at) = all.iter().position(|creator| creator.noun == noun) {
                    references[at] += 1;
                }
            }
        }
        let with_arn = |at: &usize| find_response_text(&all[*at], |name, _| is_arn_of(name, &all[*at].noun)).is_some();
        let main = (0..all.len()).filter(with_arn).max_by_key(|at| (references[*at], usize::MAX - *at));
        let service = contract.operations.first().and_then(|operation| operation.name.service()).map(str::to_owned);
        let main_creator = main.map(|main| main + self.all.len());
        self.services.insert(service, ServiceNaming { main_creator, has_paths });
        self.all.extend(all);
    }

    /// Returns the operations that list what no operation creates and that need nothing: the roots of an organization.
    fn list_creators(
        &self,
        contract: &'c Contract,
        creators: &[ResourceCreator<'c>],
        creates_nothing: &dyn Fn(&str) -> bool,
    ) -> Vec<ResourceCreator<'c>> {
        let lists = contract.operations.iter().filter_map(|operation| {
            let (verb, noun) = split_operation_name(operation.name.as_str());
            let needs_nothing = input_members(contract, operation).all(|(_, member)| !member.required);
            let is_open = !noun.is_empty() && creators.iter().all(|creator| creator.noun != noun);
            let lists = LIST_VERBS.contains(&verb.as_str()) && !creates_nothing(operation.name.as_str());
            let creator = ResourceCreator { contract, operation, noun, rank: CREATE_VERBS.len() };
            let has_identifier = || {
                find_response_text(&creator, |name, _| {
                    let parsed = parse_reference(name);
                    parsed.kind != ReferenceKind::BareNoun && (parsed.noun.is_empty() || parsed.noun == creator.noun)
                })
                .is_some_and(|path| path.contains("[0]"))
            };
            (lists && needs_nothing && is_open && has_identifier()).then_some(creator)
        });
        lists.collect()
    }

    /// Returns the creator whose fixture has this name, and the place of the identifier with this name.
    pub fn find_by_fixture(&self, fixture: &str, capture: &str) -> Option<(usize, IdentifierLocation)> {
        let mut creators = self.all.iter().enumerate().filter(|(_, creator)| creator.fixture_name() == fixture);
        creators.find_map(|(at, creator)| Some((at, self.locate_same_name(creator, capture)?)))
    }

    /// Returns what is known of the service that an operation belongs to.
    fn service_of(&self, operation: &Operation) -> ServiceNaming {
        self.services.get(&operation.name.service().map(str::to_owned)).copied().unwrap_or_default()
    }

    /// Returns the creators of the service that an operation belongs to, each with its index.
    fn of_service<'s>(&'s self, operation: &'s Operation) -> impl Iterator<Item = (usize, &'s ResourceCreator<'c>)> {
        let service = operation.name.service();
        self.all.iter().enumerate().filter(move |(_, creator)| creator.operation.name.service() == service)
    }

    /// Returns the creator of the resource that a member of an operation's input refers to, and the place of the
    /// identifier.
    pub fn find_creator(&self, operation: &Operation, member: &str) -> Option<(usize, IdentifierLocation)> {
        self.find_candidate(operation, member)
            .filter(|(creator, location)| !self.is_stored_content(&self.all[*creator], location))
    }

    /// Returns the creator of what an operation reads or deletes if it has no name of its own but that of what it belongs
    /// to: `PutLifecyclePolicy` creates the policy that `GetLifecyclePolicy` reads, by the same `repositoryName`.
    pub fn find_attachment_creator(&self, operation: &Operation, member: &str) -> Option<(usize, IdentifierLocation)> {
        let (verb, noun) = split_operation_name(operation.name.as_str());
        let needs_existing = READ_VERBS.contains(&verb.as_str()) || DELETE_VERBS.contains(&verb.as_str());
        let parsed = parse_reference(member);
        if !needs_existing || parsed.noun == noun {
            return None;
        }
        let requires_it = |creator: &ResourceCreator<'_>| {
            input_members(creator.contract, creator.operation).any(|(name, it)| name == member && it.required)
        };
        let mut found = self.of_service(operation).filter(|(_, creator)| creator.noun == noun && requires_it(creator));
        found.next().map(|(at, _)| (at, IdentifierLocation::InRequest(member.to_owned())))
    }

    /// Returns true if the creating request stores this member as content and has another member as the name:
    /// `ResourcePolicy` of `PutResourcePolicy`, which requires a `SecretId`, or the optional `Description` of
    /// `CreateKey`.
    fn is_stored_content(&self, creator: &ResourceCreator<'_>, location: &IdentifierLocation) -> bool {
        let IdentifierLocation::InRequest(request_member) = location else { return false };
        let names = |name: &str, member: &Member| {
            member.required && name != request_member && parse_reference(name).kind != ReferenceKind::BareNoun
        };
        let known = parse_reference(request_member);
        let mut all = input_members(creator.contract, creator.operation);
        let is_needless =
            all.any(|(name, member)| name == request_member && !member.required) && known.noun != creator.noun;
        let is_named = || input_members(creator.contract, creator.operation).any(|(name, member)| names(name, member));
        // A member in a path is an address.
        let is_address = input_members(creator.contract, creator.operation).any(|(name, member)| {
            name == request_member && !matches!(member.location, MemberLocation::Body | MemberLocation::Payload)
        });
        known.kind == ReferenceKind::BareNoun && !is_address && (is_needless || is_named())
    }

    fn find_candidate(&self, operation: &Operation, member: &str) -> Option<(usize, IdentifierLocation)> {
        let parsed = parse_reference(member);
        // `ClientToken` makes a request idempotent and `NextToken` continues a list: neither refers to a resource.
        if parsed.kind == ReferenceKind::BareNoun && parsed.noun.last().is_some_and(|last| last == "token") {
            return None;
        }
        let (_, noun) = split_operation_name(operation.name.as_str());
        let own = |creator: &ResourceCreator<'_>| creator.operation.name == operation.name;
        let pick = |fits: &dyn Fn(&ResourceCreator<'_>) -> bool,
                    find: &dyn Fn(&ResourceCreator<'_>) -> Option<IdentifierLocation>| {
            // What a list shows has been identified by the service: nothing is named after it.
            let is_open = |creator: &ResourceCreator<'_>| {
                creator.rank < CREATE_VERBS.len() || matches!(parsed.kind, ReferenceKind::Id | ReferenceKind::Arn)
            };
            let mut found =
                self.of_service(operation).filter(|(_, creator)| !own(creator) && is_open(creator) && fits(creator));
            found.find_map(|(at, creator)| find(creator).map(|location| (at, location)))
        };
        let exact = |creator: &ResourceCreator<'_>| self.locate_same_name(creator, member);
        // If an operation creates a resource, a member with the same noun is the name of the new resource.
        let is_its_own = |creator: &ResourceCreator<'_>| own(creator) && creator.noun.ends_with(&parsed.noun);
        if !parsed.noun.is_empty() && parsed.kind != ReferenceKind::Arn && self.all.iter().any(is_its_own) {
            return None;
        }
        if parsed.noun.is_empty() && parsed.kind == ReferenceKind::Name && self.all.iter().any(own) {
            return None;
        }
        // The policy of `GetRolePolicy` is created by `PutRolePolicy`, and not by any operation that creates policies.
        if parsed.noun.is_empty() || (noun.len() > parsed.noun.len() && noun.ends_with(&parsed.noun)) {
            let found = pick(&|creator| creator.noun == noun, &exact);
            if found.is_some() {
                return found;
            }
        }
        let is_any_resource =
            parsed.noun == ["resource"] && self.of_service(operation).all(|(_, creator)| creator.noun != parsed.noun);
        if is_any_resource {
            let main = self.service_of(operation).main_creator?;
            let creator = &self.all[main];
            return self
                .locate_identifier(
                    creator,
                    member,
                    &ResourceReference { noun: creator.noun.clone(), kind: parsed.kind },
                )
                .map(|it| (main, it));
        }
        if parsed.noun.is_empty() {
            // `Id` of `UpdateHostedZoneComment` names a hosted zone, the longest noun that something creates.
            return (1..=noun.len()).rev().find_map(|length| {
                pick(&|creator| creator.noun == noun[..length], &|creator| {
                    let named = ResourceReference { noun: noun[..length].to_vec(), kind: parsed.kind };
                    self.locate_identifier(creator, member, &named)
                })
            });
        }
        if parsed.kind == ReferenceKind::Id
            && parsed.noun.last().is_some_and(|last| last == "parent" || last == "target")
        {
            // `parentId` of `CreateResource` is the `rootResourceId` that `CreateRestApi` returns.
            let root: Vec<String> = ["root"].into_iter().map(str::to_owned).chain(noun.clone()).collect();
            let is_root =
                |name: &str, _| parse_reference(name) == ResourceReference { noun: root.clone(), ..parsed.clone() };
            let named =
                pick(&|_| true, &|creator| find_response_text(creator, is_root).map(IdentifierLocation::InResponse));
            // `ParentId` of an organizational unit is one of the `Roots` that `ListRoots` returns.
            return named.or_else(|| {
                pick(&|creator| creator.noun == ["root"], &|creator| {
                    let noun = creator.noun.clone();
                    self.locate_identifier(creator, "", &ResourceReference { noun, kind: parsed.kind })
                })
            });
        }
        let location = |creator: &ResourceCreator<'_>| self.locate_identifier(creator, member, &parsed);
        pick(&|creator| creator.noun == parsed.noun, &location)
            .or_else(|| pick(&|creator| creator.noun.ends_with(&parsed.noun), &exact))
            .or_else(|| pick(&|creator| parsed.noun.ends_with(&creator.noun), &location))
            // `Key` of `GetObject` is a required member of `PutObject`, as `LayerName` of `GetLayerVersion` is of
            // `PublishLayerVersion`. An optional description refers to nothing.
            .or_else(|| {
                let (at, location) = pick(&|creator| noun.starts_with(&creator.noun), &exact)?;
                let IdentifierLocation::InRequest(name) = &location else { return None };
                let has_paths = self.service_of(operation).has_paths;
                let is_needed = input_members(self.all[at].contract, self.all[at].operation).any(|(one, member)| {
                    one == name && member.required && (!has_paths || member.location == MemberLocation::Label)
                });
                (matches!(parsed.kind, ReferenceKind::BareNoun | ReferenceKind::Name) && is_needed)
                    .then_some((at, location))
            })
    }

    /// Returns the creator of the resource that a shape's name refers to: `TableArn` for the keys of a map, which have
    /// no member name. This is stricter than for members, since many members may share a shape: the name must state the
    /// kind of identifier and the complete noun.
    pub fn find_creator_for_shape(&self, operation: &Operation, id: &ShapeId) -> Option<(usize, IdentifierLocation)> {
        let parsed = parse_reference(id.as_str());
        let says_it = parsed.kind != ReferenceKind::BareNoun && !parsed.noun.is_empty();
        self.find_creator(operation, id.as_str()).filter(|(at, _)| says_it && self.all[*at].noun == parsed.noun)
    }

    /// Returns the place of the ARN of the resource that most members refer to, for a `Resource` that accepts no name.
    pub fn main_arn(&self, operation: &Operation, member: &str) -> Option<(usize, IdentifierLocation)> {
        let main = self.service_of(operation).main_creator.filter(|_| parse_reference(member).noun == ["resource"])?;
        let creator = self.all.get(main).filter(|creator| creator.operation.name != operation.name)?;
        let by = ResourceReference { noun: creator.noun.clone(), kind: ReferenceKind::Arn };
        self.locate_identifier(creator, member, &by).map(|location| (main, location))
    }

    /// Returns the creator whose response has the number that a member of an operation's input needs: under the same
    /// name, or as `Version` for a `VersionNumber`. The operation's noun must begin with the creator's:
    /// `GetLayerVersion` and `GetLayerVersionPolicy` take the number from the response of `PublishLayerVersion`.
    /// Callers never choose such a number.
    pub fn find_number_creator(&self, operation: &Operation, member: &str) -> Option<(usize, IdentifierLocation)> {
        let (_, noun) = split_operation_name(operation.name.as_str());
        let short = member.strip_suffix("Number").or_else(|| member.strip_suffix("_number")).unwrap_or(member);
        let same = |name: &str| name.eq_ignore_ascii_case(member) || name.eq_ignore_ascii_case(short);
        let is_other =
            |creator: &ResourceCreator<'_>| creator.operation.name != operation.name && noun.starts_with(&creator.noun);
        let others = self.of_service(operation).filter(|(_, creator)| is_other(creator));
        let mut answers = others.filter_map(|(at, creator)| {
            let path = find_in_response(
                creator,
                |name, depth| depth <= 2 && same(name),
                |kind| matches!(kind, ShapeKind::Integer | ShapeKind::Long),
            )?;
            Some((at, IdentifierLocation::InResponse(path)))
        });
        answers.next()
    }

    /// Returns the place of a member with the same name in the creating request or response.
    pub(super) fn locate_same_name(&self, creator: &ResourceCreator<'_>, member: &str) -> Option<IdentifierLocation> {
        let one = to_singular(member);
        let same = |name: &str| name.eq_ignore_ascii_case(member) || name.eq_ignore_ascii_case(&one);
        let texts = input_members(creator.contract, creator.operation)
            .filter(|(_, member)| is_text_shape(creator, &member.shape));
        let named = texts.into_iter().find(|(name, _)| same(name));
        // `CreateTable` has an optional `Name` beside the required `TableInput.Name`.
        let nested = || self.find_nested_name(creator, &|name| same(name));
        let optional = named.filter(|(_, it)| !it.required).and_then(|_| nested());
        optional
            .or_else(|| named.map(|(name, _)| name.clone()))
            .map(IdentifierLocation::InRequest)
            .or_else(|| find_response_text(creator, |name, _| same(name)).map(IdentifierLocation::InResponse))
    }

    pub(super) fn locate_identifier(
        &self,
        creator: &ResourceCreator<'_>,
        member: &str,
        told: &ResourceReference,
    ) -> Option<IdentifierLocation> {
        if let Some(exact) = self.locate_same_name(creator, member) {
            return Some(exact);
        }
        let of = |by: ReferenceKind| {
            find_response_text(creator, |name, depth| {
                let other = parse_reference(name);
                // `Policy.PolicySummary.Id` of `CreatePolicy`. A name that deep is that of a part.
                let max_depth = if by == ReferenceKind::Id { MAX_PLAIN_ID_DEPTH } else { MAX_PLAIN_DEPTH };
                other.kind == by && (other.noun.is_empty() && depth <= max_depth || other.noun == creator.noun)
            })
            // `GroupId` of `CreateSecurityGroup`.
            .or_else(|| {
                find_response_text(creator, |name, depth| {
                    let other = parse_reference(name);
                    other.kind == by && depth <= 2 && !other.noun.is_empty() && creator.noun.ends_with(&other.noun)
                })
            })
            .filter(|path| !path.contains("[0]") || is_list_of(path, &creator.noun))
            .map(IdentifierLocation::InResponse)
        };
        let is_name = |name: &str| {
            let other = parse_reference(name);
            other.kind == ReferenceKind::Name && (other.noun.is_empty() || other.noun == creator.noun)
        };
        let name = || {
            let told = input_members(creator.contract, creator.operation)
                .filter(|(_, member)| is_text_shape(creator, &member.shape));
            let own = told.map(|(name, _)| name).find(|name| is_name(name)).cloned();
            own.or_else(|| self.find_nested_name(creator, &is_name)).map(IdentifierLocation::InRequest)
        };
        match told.kind {
            ReferenceKind::Arn => of(ReferenceKind::Arn),
            ReferenceKind::Url => of(ReferenceKind::Url),
            ReferenceKind::Id => of(ReferenceKind::Id).or_else(|| of(ReferenceKind::Arn)).or_else(name),
            ReferenceKind::Name => name().or_else(|| of(ReferenceKind::Name)),
            // An ARN is accepted where a resource has no name: `taskDefinition`.
            // In a path, `api_Key` of `GET /apikeys/{api_Key}` is the identifier that the service assigned.
            ReferenceKind::BareNoun
                if self.service_of(creator.operation).has_paths && of(ReferenceKind::Id).is_some() =>
            {
                of(ReferenceKind::Id)
            }
            ReferenceKind::BareNoun => name()
                // `Version` of the response of `PublishVersion`.
                .or_else(|| self.locate_same_name(creator, &creator.noun.concat()))
                .or_else(|| of(ReferenceKind::Name))
                .or_else(|| of(ReferenceKind::Id))
                .or_else(|| of(ReferenceKind::Arn)),
        }
    }

    /// Returns the path of a required name inside a required structure of the creating request: `DatabaseInput.Name`.
    fn find_nested_name(&self, creator: &ResourceCreator<'_>, is_name: &dyn Fn(&str) -> bool) -> Option<String> {
        let mut structures = input_members(creator.contract, creator.operation).filter(|(_, member)| member.required);
        structures.find_map(|(outer, member)| {
            let members = creator.contract.shape(&member.shape).kind.members()?;
            let found =
                members.iter().find(|(name, it)| it.required && is_name(name) && is_text_shape(creator, &it.shape));
            found.map(|(name, _)| format!("{outer}.{name}"))
        })
    }

    /// Returns the operation that deletes the resource of a creator.
    pub fn delete_operation(&self, creator: &ResourceCreator<'c>) -> Option<&'c Operation> {
        find_operation(creator, &DELETE_VERBS)
    }

    /// Returns the operation that reads the resource of a creator.
    pub fn read_operation(&self, creator: &ResourceCreator<'c>) -> Option<&'c Operation> {
        find_operation(creator, &READ_VERBS)
    }
}

/// Returns true if the verb of an operation starts something rather than creates it.
fn is_start(operation: &Operation) -> bool {
    split_operation_name(operation.name.as_str()).0 == "start"
}

/// Returns the operation of a creator's service with one of these verbs and the creator's noun.
fn find_operation<'c>(creator: &ResourceCreator<'c>, verbs: &[&str]) -> Option<&'c Operation> {
    let found = creator.contract.operations.iter().filter_map(|operation| {
        let (verb, other) = split_operation_name(operation.name.as_str());
        let rank = verbs.iter().position(|one| *one == verb)?;
        (other == creator.noun).then_some((rank, operation))
    });
    found.min_by_key(|(rank, _)| *rank).map(|(_, operation)| operation)
}

/// Returns the path of the first text in a response, in breadth-first order, whose member's name fits.
fn find_response_text(creator: &ResourceCreator<'_>, fits: impl Fn(&str, usize) -> bool) -> Option<String> {
    find_in_response(creator, fits, |kind| matches!(kind, ShapeKind::String))
}

fn find_in_response(
    creator: &ResourceCreator<'_>,
    fits: impl Fn(&str, usize) -> bool,
    is_kind: impl Fn(&ShapeKind) -> bool,
) -> Option<String> {
    let is_item = |kind: &ShapeKind| match kind {
        ShapeKind::List { member } => is_kind(&creator.contract.shape(member).kind),
        _ => false,
    };
    // Or else the first item of a list, as in the `namespace` that `CreateNamespace` returns.
    let item = || find_member_in_response(creator, &fits, &is_item).map(|place| format!("{place}[0]"));
    find_member_in_response(creator, &fits, &is_kind).or_else(item)
}

fn find_member_in_response(
    creator: &ResourceCreator<'_>,
    fits: &dyn Fn(&str, usize) -> bool,
    is_kind: &dyn Fn(&ShapeKind) -> bool,
) -> Option<String> {
    let output = creator.operation.output.as_ref()?;
    let mut open: VecDeque<(String, &ShapeId, usize)> = VecDeque::from([(String::new(), output, 0)]);
    while let Some((path, id, depth)) = open.pop_front() {
        if depth > MAX_RESPONSE_DEPTH {
            break;
        }
        match &creator.contract.shape(id).kind {
            ShapeKind::Structure { members } => {
                for (name, member) in members {
                    let dot = if path.is_empty() { "" } else { "." };
                    let place = format!("{path}{dot}{}", member.wire_name(name));
                    if fits(name, depth + 1) && is_kind(&creator.contract.shape(&member.shape).kind) {
                        return Some(place);
                    }
                    open.push_back((place, &member.shape, depth + 1));
                }
            }
            ShapeKind::List { member } => open.push_back((format!("{path}[0]"), member, depth)),
            _ => {}
        }
    }
    None
}

fn is_text_shape(creator: &ResourceCreator<'_>, id: &ShapeId) -> bool {
    matches!(creator.contract.shape(id).kind, ShapeKind::String)
}

/// Returns true if a path leads through a list of what has this noun: `Roots[0].Id`.
fn is_list_of(path: &str, noun: &[String]) -> bool {
    let list = path.split("[0]").next().unwrap_or(path);
    let list = list.rsplit('.').next().unwrap_or(list);
    let listed = parse_reference(list).noun;
    path.matches('.').count() < MAX_PLAIN_DEPTH && (noun.ends_with(&listed) || listed.ends_with(noun))
}

/// Returns true if an operation lists what exists.
pub fn is_list_operation(operation: &str) -> bool {
    LIST_VERBS.contains(&split_operation_name(operation).0.as_str())
}

/// Returns true if an operation may create, read or delete what operations of another service need.
pub fn is_supporting_operation(operation: &str) -> bool {
    let (verb, _) = split_operation_name(operation);
    [&CREATE_VERBS[..], &DELETE_VERBS, &READ_VERBS].iter().any(|verbs| verbs.contains(&verb.as_str()))
}

/// Returns true if an operation's verb says that it deletes or lists, so that a missing resource may not be an error.
pub(crate) fn tolerates_missing_resource(operation: &str) -> bool {
    let (verb, _) = split_operation_name(operation);
    DELETE_VERBS.contains(&verb.as_str()) || ["abort", "cancel", "list", "search"].contains(&verb.as_str())
}

fn is_arn_of(name: &str, noun: &[String]) -> bool {
    let parsed = parse_reference(name);
    parsed.kind == ReferenceKind::Arn && (parsed.noun.is_empty() || parsed.noun == noun)
}

/// Returns the members of an operation's input.
pub(super) fn input_members<'c>(
    contract: &'c Contract,
    operation: &'c Operation,
) -> impl Iterator<Item = (&'c String, &'c Member)> {
    let members: Option<&IndexMap<String, Member>> =
        operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    members.into_iter().flatten()
}
