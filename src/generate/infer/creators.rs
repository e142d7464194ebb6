//! Finds the operations that create resources, and where a resource's identifier is: in the request or the response.
//!
//! It never builds a fixture; it only finds the operations that could create what a member refers to.

use super::nouns::{By, Reference, reference, singular, verb_and_noun};
use crate::contract::{Contract, Kind, Location, Member, Operation, ShapeId};
use indexmap::IndexMap;
use std::collections::VecDeque;

/// Verbs that create, the most common first.
const MAKING: [&str; 11] =
    ["create", "run", "allocate", "register", "put", "import", "publish", "request", "start", "generate", "upload"];
/// Verbs that delete, the most common first.
const REMOVING: [&str; 7] = ["delete", "terminate", "deregister", "remove", "release", "destroy", "stop"];
/// Verbs that read one resource.
const LOOKING: [&str; 3] = ["describe", "get", "head"];
/// Maximum depth of the search for an identifier in a response.
const DEEPEST: usize = 4;

/// An operation that creates a resource.
#[derive(Clone, Debug)]
pub(super) struct Maker<'c> {
    pub operation: &'c Operation,
    pub noun: Vec<String>,
    rank: usize,
}

/// The place of a resource's identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// The creating request has it, in this member.
    Named(String),
    /// The creating response has it, at this path.
    Answered(String),
}

/// All operations of a contract that create resources.
pub(super) struct Makers<'c> {
    contract: &'c Contract,
    pub all: Vec<Maker<'c>>,
    /// The creator whose resource most members refer to, among those whose response has an ARN. `ResourceArn` is taken
    /// to mean it, because that name has no noun of its own.
    main: Option<usize>,
    /// Whether URL paths hold names, as in REST. If so, members outside the path are content.
    has_paths: bool,
}

impl<'c> Makers<'c> {
    pub fn of(contract: &'c Contract) -> Self {
        let mut all: Vec<Maker<'c>> = contract
            .operations
            .iter()
            .filter_map(|operation| {
                let (verb, noun) = verb_and_noun(operation.name.as_str());
                let rank = MAKING.iter().position(|one| *one == verb)?;
                (!noun.is_empty()).then_some(Maker { operation, noun, rank })
            })
            .collect();
        all.sort_by_key(|maker| maker.rank);
        let has_paths = contract.operations.iter().filter_map(|it| it.http.as_ref()).any(|http| http.uri.contains('{'));
        let mut makers = Self { contract, all, main: None, has_paths };
        let mut spoken: Vec<usize> = vec![0; makers.all.len()];
        for operation in &contract.operations {
            for (name, _) in inputs(contract, operation) {
                let noun = reference(name).noun;
                if let Some(at) = makers.all.iter().position(|maker| maker.noun == noun) {
                    spoken[at] += 1;
                }
            }
        }
        let with_arn =
            |at: &usize| makers.answered(&makers.all[*at], |name, _| is_arn_of(name, &makers.all[*at].noun)).is_some();
        makers.main = (0..makers.all.len()).filter(with_arn).max_by_key(|at| (spoken[*at], usize::MAX - *at));
        makers
    }

    /// Returns the creator of the resource that a member of an operation's input refers to, and the place of the
    /// identifier.
    pub fn origin(&self, operation: &Operation, member: &str) -> Option<(usize, Stands)> {
        self.candidate(operation, member).filter(|(maker, stands)| !self.is_content(&self.all[*maker], stands))
    }

    /// Returns true if the creating request stores this member as content and has another member as the name:
    /// `ResourcePolicy` of `PutResourcePolicy`, which requires a `SecretId`, or the optional `Description` of
    /// `CreateKey`.
    fn is_content(&self, maker: &Maker<'_>, stands: &Stands) -> bool {
        let Stands::Named(told) = stands else { return false };
        let names = |name: &str, member: &Member| member.required && name != told && reference(name).by != By::Itself;
        let known = reference(told);
        let mut all = inputs(self.contract, maker.operation);
        let is_needless = all.any(|(name, member)| name == told && !member.required) && known.noun != maker.noun;
        let is_named = || inputs(self.contract, maker.operation).any(|(name, member)| names(name, member));
        // A member in a path is an address.
        let is_address = inputs(self.contract, maker.operation)
            .any(|(name, member)| name == told && !matches!(member.location, Location::Body | Location::Payload));
        known.by == By::Itself && !is_address && (is_needless || is_named())
    }

    fn candidate(&self, operation: &Operation, member: &str) -> Option<(usize, Stands)> {
        let told = reference(member);
        // `ClientToken` makes a request idempotent and `NextToken` continues a list: neither refers to a resource.
        if told.by == By::Itself && told.noun.last().is_some_and(|last| last == "token") {
            return None;
        }
        let (_, noun) = verb_and_noun(operation.name.as_str());
        let own = |maker: &Maker<'_>| maker.operation.name == operation.name;
        let pick = |fits: &dyn Fn(&Maker<'_>) -> bool, find: &dyn Fn(&Maker<'_>) -> Option<Stands>| {
            let mut found = self.all.iter().enumerate().filter(|(_, maker)| !own(maker) && fits(maker));
            found.find_map(|(at, maker)| find(maker).map(|stands| (at, stands)))
        };
        let exact = |maker: &Maker<'_>| self.exact(maker, member);
        // If an operation creates a resource, a member with the same noun is the name of the new resource.
        let is_its_own = |maker: &Maker<'_>| own(maker) && maker.noun.ends_with(&told.noun);
        if !told.noun.is_empty() && told.by != By::Arn && self.all.iter().any(is_its_own) {
            return None;
        }
        // The policy of `GetRolePolicy` is created by `PutRolePolicy`, and not by any operation that creates policies.
        if told.noun.is_empty() || (noun.len() > told.noun.len() && noun.ends_with(&told.noun)) {
            let found = pick(&|maker| maker.noun == noun, &exact);
            if found.is_some() {
                return found;
            }
        }
        if told.noun == ["resource"] {
            let main = self.main?;
            let maker = &self.all[main];
            return self
                .stands(maker, member, &Reference { noun: maker.noun.clone(), by: told.by })
                .map(|it| (main, it));
        }
        if told.noun.is_empty() {
            return pick(&|maker| maker.noun == noun, &|maker| {
                self.stands(maker, member, &Reference { noun: noun.clone(), by: told.by })
            });
        }
        let stands = |maker: &Maker<'_>| self.stands(maker, member, &told);
        pick(&|maker| maker.noun == told.noun, &stands)
            .or_else(|| pick(&|maker| maker.noun.ends_with(&told.noun), &exact))
            .or_else(|| pick(&|maker| told.noun.ends_with(&maker.noun), &stands))
            // `Key` of `GetObject` is a required member of `PutObject`, as `LayerName` of `GetLayerVersion` is of
            // `PublishLayerVersion`. An optional description refers to nothing.
            .or_else(|| {
                let (at, stands) = pick(&|maker| noun.starts_with(&maker.noun), &exact)?;
                let Stands::Named(name) = &stands else { return None };
                let is_needed = inputs(self.contract, self.all[at].operation).any(|(one, member)| {
                    one == name && member.required && (!self.has_paths || member.location == Location::Label)
                });
                (matches!(told.by, By::Itself | By::Name) && is_needed).then_some((at, stands))
            })
    }

    /// Returns the creator of the resource that a shape's name refers to: `TableArn` for the keys of a map, which have
    /// no member name. This is stricter than for members, since many members may share a shape: the name must state the
    /// kind of identifier and the complete noun.
    pub fn of_shape(&self, operation: &Operation, id: &ShapeId) -> Option<(usize, Stands)> {
        let told = reference(id.as_str());
        let says_it = told.by != By::Itself && !told.noun.is_empty();
        self.origin(operation, id.as_str()).filter(|(at, _)| says_it && self.all[*at].noun == told.noun)
    }

    /// Returns the place of the ARN of the resource that most members refer to, for a `Resource` that accepts no name.
    pub fn arn_of_main(&self, operation: &Operation, member: &str) -> Option<(usize, Stands)> {
        let main = self.main.filter(|_| reference(member).noun == ["resource"])?;
        let maker = self.all.get(main).filter(|maker| maker.operation.name != operation.name)?;
        let by = Reference { noun: maker.noun.clone(), by: By::Arn };
        self.stands(maker, member, &by).map(|stands| (main, stands))
    }

    /// Returns the creator whose response has the number that a member of an operation's input needs: under the same
    /// name, or as `Version` for a `VersionNumber`. The operation's noun must begin with the creator's:
    /// `GetLayerVersion` and `GetLayerVersionPolicy` take the number from the response of `PublishLayerVersion`.
    /// Callers never choose such a number.
    pub fn numbered(&self, operation: &Operation, member: &str) -> Option<(usize, Stands)> {
        let (_, noun) = verb_and_noun(operation.name.as_str());
        let short = member.strip_suffix("Number").or_else(|| member.strip_suffix("_number")).unwrap_or(member);
        let same = |name: &str| name.eq_ignore_ascii_case(member) || name.eq_ignore_ascii_case(short);
        let is_other = |maker: &Maker<'_>| maker.operation.name != operation.name && noun.starts_with(&maker.noun);
        let others = self.all.iter().enumerate().filter(|(_, maker)| is_other(maker));
        let mut answers = others.filter_map(|(at, maker)| {
            let path = self.answered_with(maker, |name, depth| depth <= 2 && same(name), |id| self.is_number(id))?;
            Some((at, Stands::Answered(path)))
        });
        answers.next()
    }

    /// Returns the place of a member with the same name in the creating request or response.
    fn exact(&self, maker: &Maker<'_>, member: &str) -> Option<Stands> {
        let one = singular(member);
        let same = |name: &str| name.eq_ignore_ascii_case(member) || name.eq_ignore_ascii_case(&one);
        let told = inputs(self.contract, maker.operation);
        let named =
            told.filter(|(_, member)| self.is_text(&member.shape)).map(|(name, _)| name).find(|name| same(name));
        named.cloned().map(Stands::Named).or_else(|| self.answered(maker, |name, _| same(name)).map(Stands::Answered))
    }

    fn stands(&self, maker: &Maker<'_>, member: &str, told: &Reference) -> Option<Stands> {
        if let Some(exact) = self.exact(maker, member) {
            return Some(exact);
        }
        let of = |by: By| {
            self.answered(maker, |name, depth| {
                let other = reference(name);
                other.by == by && (other.noun.is_empty() && depth <= 2 || other.noun == maker.noun)
            })
            .map(Stands::Answered)
        };
        let name = || {
            let told = inputs(self.contract, maker.operation).filter(|(_, member)| self.is_text(&member.shape));
            told.map(|(name, _)| name)
                .find(|name| {
                    let other = reference(name);
                    other.by == By::Name && (other.noun.is_empty() || other.noun == maker.noun)
                })
                .cloned()
                .map(Stands::Named)
        };
        match told.by {
            By::Arn => of(By::Arn),
            By::Url => of(By::Url),
            By::Id => of(By::Id).or_else(|| of(By::Arn)).or_else(name),
            By::Name => name().or_else(|| of(By::Name)),
            By::Itself => name().or_else(|| of(By::Name)).or_else(|| of(By::Id)),
        }
    }

    /// Returns the path of the first text in a response, in breadth-first order, whose member's name fits.
    fn answered(&self, maker: &Maker<'_>, fits: impl Fn(&str, usize) -> bool) -> Option<String> {
        self.answered_with(maker, fits, |id| self.is_text(id))
    }

    fn answered_with(
        &self,
        maker: &Maker<'_>,
        fits: impl Fn(&str, usize) -> bool,
        is_kind: impl Fn(&ShapeId) -> bool,
    ) -> Option<String> {
        let output = maker.operation.output.as_ref()?;
        let mut open: VecDeque<(String, &ShapeId, usize)> = VecDeque::from([(String::new(), output, 0)]);
        while let Some((path, id, depth)) = open.pop_front() {
            if depth > DEEPEST {
                break;
            }
            match &self.contract.shape(id).kind {
                Kind::Structure { members } => {
                    for (name, member) in members {
                        let dot = if path.is_empty() { "" } else { "." };
                        let place = format!("{path}{dot}{}", member.wire_name(name));
                        if fits(name, depth + 1) && is_kind(&member.shape) {
                            return Some(place);
                        }
                        open.push_back((place, &member.shape, depth + 1));
                    }
                }
                Kind::List { member } => open.push_back((format!("{path}[0]"), member, depth)),
                _ => {}
            }
        }
        None
    }

    fn is_number(&self, id: &ShapeId) -> bool {
        matches!(self.contract.shape(id).kind, Kind::Integer | Kind::Long)
    }

    fn is_text(&self, id: &ShapeId) -> bool {
        matches!(self.contract.shape(id).kind, Kind::String)
    }

    /// Returns the operation that deletes the resource of a creator.
    pub fn remover(&self, maker: &Maker<'_>) -> Option<&'c Operation> {
        self.about(&maker.noun, &REMOVING)
    }

    /// Returns the operation that reads the resource of a creator.
    pub fn looker(&self, maker: &Maker<'_>) -> Option<&'c Operation> {
        self.about(&maker.noun, &LOOKING)
    }

    fn about(&self, noun: &[String], verbs: &[&str]) -> Option<&'c Operation> {
        let found = self.contract.operations.iter().filter_map(|operation| {
            let (verb, other) = verb_and_noun(operation.name.as_str());
            let rank = verbs.iter().position(|one| *one == verb)?;
            (other == noun).then_some((rank, operation))
        });
        found.min_by_key(|(rank, _)| *rank).map(|(_, operation)| operation)
    }
}

/// Returns true if an operation's verb says that it deletes or lists, so that a missing resource may not be an error.
pub(crate) fn takes_nothing_amiss(operation: &str) -> bool {
    let (verb, _) = verb_and_noun(operation);
    REMOVING.contains(&verb.as_str()) || ["abort", "cancel", "list", "search"].contains(&verb.as_str())
}

fn is_arn_of(name: &str, noun: &[String]) -> bool {
    let told = reference(name);
    told.by == By::Arn && (told.noun.is_empty() || told.noun == noun)
}

/// Returns the members of an operation's input.
pub(super) fn inputs<'c>(
    contract: &'c Contract,
    operation: &'c Operation,
) -> impl Iterator<Item = (&'c String, &'c Member)> {
    let members: Option<&IndexMap<String, Member>> =
        operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    members.into_iter().flatten()
}
