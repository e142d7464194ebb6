//! Reads the routes of a web API: which segments name resources, and which operations create, list and delete them.
//!
//! It never builds a fixture, and it looks at routes and names only.

use crate::contract::{Contract, Member, MemberLocation, Operation};
use crate::infer::creators::input_members;
use crate::infer::name_parts::{ReferenceKind, parse_reference, split_operation_name, split_words, to_singular};
use crate::infer::web_identifiers::{find_own_member, member_of_noun};

/// Verbs at the end of a route or at the beginning of an operation's name that create something.
const CREATE_WORDS: [&str; 11] =
    ["create", "add", "new", "register", "insert", "post", "make", "import", "upload", "open", "issue"];
/// The same for operations that delete something.
const DELETE_WORDS: [&str; 3] = ["delete", "remove", "destroy"];

/// A segment of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WebRouteSegment {
    /// A word of the API: the words of its name in singular, joined by `_`.
    Literal(String),
    /// The name of a member of the input.
    Label(String),
}

/// The words of the literal segments before a label; labels among them are `None`. Versions and prefixes that many
/// routes share are left out.
pub(super) type CollectionKey = Vec<Option<String>>;

/// The route of an operation.
#[derive(Clone, Debug)]
pub(super) struct Route<'c> {
    /// The operation.
    pub operation: &'c Operation,
    /// `GET`, `POST` …
    pub method: &'c str,
    /// The segments, without versions and prefixes.
    pub segments: Vec<WebRouteSegment>,
}

impl<'c> Route<'c> {
    fn of_operation(operation: &'c Operation) -> Option<Self> {
        let http = operation.http.as_ref()?;
        let path = http.uri.split(['?', '#']).next().unwrap_or_default();
        let segments = path.split('/').filter(|text| !text.is_empty()).filter_map(parse_segment).collect();
        Some(Self { operation, method: &http.method, segments })
    }

    /// Returns the collection in front of the segment at `index`.
    fn collection_before(&self, index: usize) -> CollectionKey {
        self.segments[..index]
            .iter()
            .map(|segment| match segment {
                WebRouteSegment::Literal(words) => Some(words.clone()),
                WebRouteSegment::Label(_) => None,
            })
            .collect()
    }

    fn whole_key(&self) -> CollectionKey {
        self.collection_before(self.segments.len())
    }

    /// Returns the labels with the collection in front of each, from left to right.
    pub fn labels(&self) -> impl Iterator<Item = (&str, CollectionKey)> {
        self.segments.iter().enumerate().filter_map(|(index, segment)| match segment {
            WebRouteSegment::Label(name) => Some((name.as_str(), self.collection_before(index))),
            WebRouteSegment::Literal(_) => None,
        })
    }

    /// Returns the last label, and the collection in front of it, if the route ends with it.
    pub fn final_resource(&self) -> Option<(&str, CollectionKey)> {
        let label = self.final_label()?;
        Some((label, self.collection_before(self.segments.len() - 1)))
    }

    /// Returns the last label if the route ends with it.
    fn final_label(&self) -> Option<&str> {
        match self.segments.last()? {
            WebRouteSegment::Label(name) => Some(name),
            WebRouteSegment::Literal(_) => None,
        }
    }
}

fn parse_segment(text: &str) -> Option<WebRouteSegment> {
    if let Some(start) = text.find('{') {
        let name = text[start + 1..].split('}').next().unwrap_or_default().trim_end_matches('+');
        return (!name.is_empty()).then(|| WebRouteSegment::Label(name.to_owned()));
    }
    let is_version = |word: &str| {
        let digits = word.strip_prefix(['v', 'V']).unwrap_or(word);
        !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-'))
    };
    if is_version(text) || matches!(text.to_ascii_lowercase().as_str(), "api" | "apis" | "rest") {
        return None;
    }
    Some(WebRouteSegment::Literal(singular_words(text).join("_")))
}

/// Returns the words of a name, the last one in singular.
fn singular_words(name: &str) -> Vec<String> {
    let mut words = split_words(name);
    if let Some(last) = words.last_mut() {
        *last = to_singular(last);
    }
    words
}

/// A kind of resource: what the labels behind one collection name.
#[derive(Clone, Debug)]
pub(super) struct WebResource<'c> {
    /// The collection.
    pub collection: CollectionKey,
    /// The words of its name, in singular: `order`, `item`.
    pub noun: Vec<String>,
    /// The operations that may create it, the most likely first.
    pub creators: Vec<WebCreator<'c>>,
    /// The operation that lists it.
    pub list: Option<&'c Operation>,
    /// The operations that may delete it, the most likely first.
    pub deleters: Vec<&'c Operation>,
    /// The operation that reads it.
    pub reader: Option<&'c Operation>,
    /// The resource that is looked up by one of its members, if the route is one of a lookup: `/users/by-email/{email}`.
    pub looked_up: Option<usize>,
}

/// An operation that creates a resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct WebCreator<'c> {
    pub operation: &'c Operation,
    /// Whether the caller chooses the identifier, in the last label of the route: `PUT /settings/{key}`.
    pub is_named_by_caller: bool,
}

/// The routes of a contract, and the resources that they name.
pub(super) struct WebRoutes<'c> {
    pub routes: Vec<Route<'c>>,
    pub resources: Vec<WebResource<'c>>,
}

impl<'c> WebRoutes<'c> {
    /// Reads all routes of a contract. Operations for which `creates_nothing` is true create no resource.
    pub fn from_contract(contract: &'c Contract, creates_nothing: &dyn Fn(&str) -> bool) -> Self {
        let routes: Vec<Route<'c>> = contract.operations.iter().filter_map(Route::of_operation).collect();
        let mut resources: Vec<WebResource<'c>> = Vec::new();
        for (label, collection) in routes.iter().flat_map(Route::labels) {
            if resources.iter().any(|known| known.collection == collection) {
                continue;
            }
            let noun = match collection.last() {
                Some(Some(words)) => words.split('_').map(str::to_owned).collect(),
                _ => parse_reference(label).noun,
            };
            let mut resource = WebResource {
                collection,
                noun,
                creators: Vec::new(),
                list: None,
                deleters: Vec::new(),
                reader: None,
                looked_up: None,
            };
            find_lifecycle(contract, &routes, &mut resource);
            resource.creators.retain(|creator| !creates_nothing(creator.operation.name.as_str()));
            resources.push(resource);
        }
        for (label, collection) in routes.iter().flat_map(Route::labels) {
            let looked_up = find_looked_up(contract, &resources, label, &collection);
            let own = resources.iter_mut().find(|resource| resource.collection == collection);
            if let Some(own) = own.filter(|own| own.looked_up.is_none()) {
                own.looked_up = looked_up;
            }
        }
        Self { routes, resources }
    }

    /// Returns the route of an operation.
    pub fn route_of(&self, operation: &Operation) -> Option<&Route<'c>> {
        self.routes.iter().find(|route| route.operation.name == operation.name)
    }

    /// Returns the resource that a label names: usually that of the collection in front of it, but `{user_id}` in
    /// `/teams/{id}/members/{user_id}` names a user, and so does `{email}` in `/users/by-email/{email}`.
    pub fn resource_of_label(&self, label: &str, collection: &CollectionKey) -> Option<usize> {
        let own = self.resources.iter().position(|resource| resource.collection == *collection)?;
        if !self.resources[own].creators.is_empty() {
            return Some(own);
        }
        if let Some(looked_up) = self.resources[own].looked_up {
            return Some(looked_up);
        }
        let reference = parse_reference(label);
        let has_own_noun = reference.noun.is_empty() || self.resources[own].noun.ends_with(&reference.noun);
        let other = self.resource_of_noun(&reference.noun);
        match reference.kind {
            ReferenceKind::Id if !has_own_noun => other.or(Some(own)),
            // `/deployments/name/{flow_name}/{deployment_name}`
            ReferenceKind::Id | ReferenceKind::Name => {
                other.filter(|other| !self.resources[*other].creators.is_empty()).or(Some(own))
            }
            _ => Some(own),
        }
    }

    /// Returns the other resource that a label of a request names which puts one resource into another:
    /// `PUT /teams/{id}/members/{user_id}`.
    pub fn associated_resource(&self, label: &str, own: usize) -> Option<usize> {
        let reference = parse_reference(label);
        let has_own_noun = reference.noun.is_empty() || self.resources[own].noun.ends_with(&reference.noun);
        let other = self.resource_of_noun(&reference.noun).filter(|_| reference.kind == ReferenceKind::Id)?;
        let is_created = self.resources[other].creators.iter().any(|creator| !creator.is_named_by_caller);
        (!has_own_noun && is_created && other != own).then_some(other)
    }

    /// Returns the resource of this name that can be created, the one closest to the root if there are several.
    pub fn resource_of_noun(&self, noun: &[String]) -> Option<usize> {
        if noun.is_empty() {
            return None;
        }
        let find = |fits: &dyn Fn(&WebResource<'_>) -> bool| {
            let found = self.resources.iter().enumerate().filter(|(_, resource)| {
                let exists = !resource.creators.is_empty() || resource.list.is_some();
                exists && !resource.noun.is_empty() && fits(resource)
            });
            found
                .min_by_key(|(_, resource)| (resource.creators.is_empty(), resource.collection.len()))
                .map(|(at, _)| at)
        };
        find(&|resource| resource.noun == noun).or_else(|| find(&|resource| noun.ends_with(&resource.noun)))
    }

    /// Returns the resources that an operation creates.
    pub fn created_by(&self, operation: &Operation) -> impl Iterator<Item = usize> {
        self.resources.iter().enumerate().filter_map(move |(at, resource)| {
            resource.creators.iter().any(|creator| creator.operation.name == operation.name).then_some(at)
        })
    }
}

/// Returns the resource that a label looks up by another member than its identifier, if the responses of the operation
/// that creates it show that member: `/users/by-email/{email}`, `/variables/name/{name}`.
fn find_looked_up(
    contract: &Contract,
    resources: &[WebResource<'_>],
    label: &str,
    collection: &CollectionKey,
) -> Option<usize> {
    let (Some(words), before) = collection.split_last()? else { return None };
    let at = resources.iter().position(|resource| resource.collection == before && !resource.creators.is_empty())?;
    let resource = &resources[at];
    let member = words.strip_prefix("by_").unwrap_or(words);
    let label = split_words(label).join("_");
    let is_member = label == member || member_of_noun(&label, &resource.noun).is_some_and(|own| own == member);
    let output = resource.creators.first()?.operation.output.as_ref()?;
    let is_shown = is_member && find_own_member(contract, output, member, &resource.noun).is_some();
    is_shown.then_some(at)
}

/// Finds the operations that create, list, read and delete a resource.
fn find_lifecycle<'c>(contract: &'c Contract, routes: &[Route<'c>], resource: &mut WebResource<'c>) {
    let collection = resource.collection.clone();
    let item: CollectionKey = collection.iter().cloned().chain([None]).collect();
    let mut creators: Vec<(usize, WebCreator<'c>)> = Vec::new();
    let mut deleters: Vec<(usize, &'c Operation)> = Vec::new();
    for route in routes {
        let key = route.whole_key();
        let operation = route.operation;
        match route.method {
            "GET" if key == collection => resource.list = resource.list.or(Some(operation)),
            "GET" if key == item => resource.reader = resource.reader.or(Some(operation)),
            "DELETE" if key == item => deleters.push((0, operation)),
            "POST" | "DELETE" if is_action_on(&key, &item, &DELETE_WORDS) => deleters.push((1, operation)),
            "PUT" if key == item && route.final_label().is_some() => {
                creators.push((2, WebCreator { operation, is_named_by_caller: true }));
            }
            "POST" | "PUT" => {
                if let Some(rank) = creation_rank(contract, route, &key, resource) {
                    creators.push((rank, WebCreator { operation, is_named_by_caller: false }));
                }
            }
            _ => {}
        }
    }
    // Where `POST` creates, also below another resource, `PUT` replaces.
    if creators.iter().any(|(_, creator)| !creator.is_named_by_caller) {
        creators.retain(|(_, creator)| !creator.is_named_by_caller);
    }
    creators.sort_by_key(|(rank, _)| *rank);
    deleters.sort_by_key(|(rank, _)| *rank);
    resource.creators = creators.into_iter().map(|(_, creator)| creator).collect();
    resource.deleters = deleters.into_iter().map(|(_, operation)| operation).collect();
}

/// Returns how likely an operation creates a resource; 0 is the most likely.
fn creation_rank(
    contract: &Contract,
    route: &Route<'_>,
    key: &CollectionKey,
    resource: &WebResource<'_>,
) -> Option<usize> {
    let collection = &resource.collection;
    if route.method == "POST" && key == collection {
        return Some(0);
    }
    if is_action_on(key, collection, &CREATE_WORDS) {
        return Some(1);
    }
    // `POST /customers/{id}/orders` creates what `/orders/{order_id}` names.
    if route.method == "POST" && key.last().is_some_and(|last| last.is_some() && Some(last) == collection.last()) {
        return Some(3);
    }
    let (verb, noun) = split_operation_name(route.operation.name.as_str());
    let creates = CREATE_WORDS.contains(&verb.as_str()) && !resource.noun.is_empty() && noun == resource.noun;
    // The route must not be that of another resource's action: `POST /orders/{id}/refund`.
    let has_output = route
        .operation
        .output
        .as_ref()
        .is_some_and(|output| contract.shape(output).kind.members().is_some_and(|members| !members.is_empty()));
    // `PUT /searches` stores what `/searches/{id}` names.
    let stores = route.method == "PUT" && key == collection;
    ((creates || stores) && has_output).then_some(4)
}

/// Returns true if a route is `base` with one of these words behind it.
fn is_action_on(key: &CollectionKey, base: &CollectionKey, words: &[&str]) -> bool {
    let Some((Some(last), before)) = key.split_last() else { return false };
    before == base.as_slice() && words.contains(&last.as_str())
}

/// Returns true if a member of an operation's input is in the path.
pub(super) fn is_label(contract: &Contract, operation: &Operation, name: &str) -> bool {
    input_members(contract, operation)
        .any(|(member, it): (&String, &Member)| member == name && it.location == MemberLocation::Label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{HttpBinding, Member, OperationName, Shape, ShapeId, ShapeKind};

    fn contract(routes: &[(&str, &str, &str)]) -> Contract {
        let mut contract = Contract::new("t");
        for (name, method, uri) in routes {
            let mut operation = Operation::new(OperationName::new(*name));
            operation.http = Some(HttpBinding::new(*method, *uri));
            contract.operations.push(operation);
        }
        contract
    }

    fn lifecycle(contract: &Contract, noun: &str) -> (Vec<String>, Vec<String>) {
        let routes = WebRoutes::from_contract(contract, &|_| false);
        let found = routes.resources.iter().find(|resource| resource.noun.join(" ") == noun).expect("a resource");
        let names = |all: &[&Operation]| all.iter().map(|operation| operation.name.to_string()).collect();
        let creators: Vec<&Operation> = found.creators.iter().map(|creator| creator.operation).collect();
        (names(&creators), names(&found.deleters))
    }

    #[test]
    fn collections_create_what_their_labels_name() {
        let contract = contract(&[
            ("MakeIt", "POST", "/v1/order-items"),
            ("ReadIt", "GET", "/v2/orderItems/{id}"),
            ("DropIt", "DELETE", "/v1/order_items/{item_id}"),
            ("PutSetting", "PUT", "/api/settings/{key}"),
            ("NewUser", "POST", "/user/create"),
            ("GetUser", "GET", "/user/{user_id}"),
            ("CancelUser", "POST", "/user/{user_id}/delete"),
            ("AddNote", "POST", "/user/{user_id}/notes"),
            ("GetNote", "GET", "/notes/{note_id}"),
        ]);
        let names = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert_eq!(lifecycle(&contract, "order item"), (names(&["MakeIt"]), names(&["DropIt"])));
        assert_eq!(lifecycle(&contract, "setting"), (names(&["PutSetting"]), names(&[])));
        assert_eq!(lifecycle(&contract, "user"), (names(&["NewUser"]), names(&["CancelUser"])));
        assert_eq!(lifecycle(&contract, "note"), (names(&["AddNote"]), names(&[])));
    }

    #[test]
    fn labels_may_look_up_resources_by_other_members() {
        let mut contract = contract(&[
            ("AddUser", "POST", "/users"),
            ("GetUser", "GET", "/users/{id}"),
            ("ByEmail", "GET", "/users/by-email/{email}"),
            ("ByColor", "GET", "/users/color/{color}"),
            ("AddDeployment", "POST", "/deployments"),
            ("ByNames", "GET", "/deployments/name/{user_name}/{deployment_name}"),
        ]);
        let text = ShapeId::new("Text");
        contract.shapes.insert(text.clone(), Shape::new(ShapeKind::String));
        let members = ["id", "email", "name"].map(|name| (name.to_owned(), Member::new(text.clone())));
        let output = ShapeId::new("Output");
        let kind = ShapeKind::Structure { members: members.into_iter().collect() };
        contract.shapes.insert(output.clone(), Shape::new(kind));
        for operation in &mut contract.operations {
            operation.output = Some(output.clone());
        }
        let routes = WebRoutes::from_contract(&contract, &|_| false);
        let named = |operation: usize| {
            let route = routes.route_of(&contract.operations[operation]).expect("a route");
            let found = route.labels().filter_map(|(label, key)| routes.resource_of_label(label, &key));
            found.map(|at| routes.resources[at].noun.join(" ")).collect::<Vec<_>>()
        };
        assert_eq!(named(2), ["user"]);
        assert_eq!(named(3), ["color"], "no response shows a user's color");
        assert_eq!(named(5), ["user", "deployment"]);
    }

    #[test]
    fn labels_may_name_resources_of_other_collections() {
        let contract = contract(&[
            ("AddUser", "POST", "/users"),
            ("GetUser", "GET", "/users/{id}"),
            ("AddTeam", "POST", "/teams"),
            ("AddMember", "PUT", "/teams/{id}/members/{user_id}/role"),
        ]);
        let routes = WebRoutes::from_contract(&contract, &|_| false);
        let route = routes.route_of(&contract.operations[3]).expect("a route");
        let nouns: Vec<String> = route
            .labels()
            .filter_map(|(label, key)| routes.resource_of_label(label, &key))
            .map(|at| routes.resources[at].noun.join(" "))
            .collect();
        assert_eq!(nouns, ["team", "user"]);
        assert_eq!(routes.resource_of_noun(&["billing".to_owned(), "user".to_owned()]), Some(0));
    }
}
