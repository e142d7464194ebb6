//! Names the operations of pages by their routes: titles repeat, and two pages may describe one route.
//!
//! It never decides which of two descriptions of a route is right; merging does.

use super::mintlify::to_pascal_case;
use crate::contract::Contract;
use std::collections::{BTreeMap, BTreeSet};
use std::iter;

/// A route: method and path.
type OperationRoute = (String, String);

/// Returns new names for the operations of pages, by the index of their contract. A page has one operation.
///
/// - Pages with one route get one name: that of a document with many operations, or else the first by alphabet.
/// - Pages with one title and different routes are named after their routes.
pub(super) fn names_by_route(contracts: &[Contract], is_page: impl Fn(usize) -> bool) -> BTreeMap<usize, String> {
    let mut names = BTreeMap::<OperationRoute, BTreeSet<&str>>::new();
    let mut documented = BTreeMap::<OperationRoute, &str>::new();
    let mut pages = Vec::new();
    for (index, contract) in contracts.iter().enumerate() {
        for operation in &contract.operations {
            let Some(http) = &operation.http else { continue };
            let (route, name) = ((http.method.clone(), http.uri.clone()), operation.name.as_str());
            if is_page(index) {
                names.entry(route.clone()).or_default().insert(name);
                pages.push((index, route, name));
            } else {
                documented.insert(route, name);
            }
        }
    }
    let chosen = |route: &OperationRoute| documented.get(route).copied().or_else(|| names.get(route)?.first().copied());
    let mut routes_of = BTreeMap::<&str, BTreeSet<&OperationRoute>>::new();
    for route in names.keys().chain(documented.keys()) {
        routes_of.entry(chosen(route).unwrap_or_default()).or_default().insert(route);
    }
    let shared = |name: &str| routes_of.get(name).is_some_and(|routes| routes.len() > 1);
    let mut route_names = BTreeMap::<&OperationRoute, String>::new();
    let mut taken = BTreeSet::new();
    for route in names.keys().filter(|route| chosen(route).is_some_and(shared)) {
        // Paths may differ in punctuation alone.
        let name = route_name(route);
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let free = iter::once(name.clone()).chain(numbered).find(|name| taken.insert(name.clone()));
        route_names.insert(route, free.unwrap_or(name));
    }
    let mut renamed = BTreeMap::new();
    for (index, route, name) in &pages {
        let new_name = match chosen(route) {
            // A document's own names are kept.
            Some(name) if documented.contains_key(route) => name.to_owned(),
            Some(name) => route_names.get(route).cloned().unwrap_or_else(|| name.to_owned()),
            None => continue,
        };
        if new_name != *name {
            renamed.insert(*index, new_name);
        }
    }
    renamed
}

/// Returns a name made of a route: `GetV2UsersById` for `GET /v2/users/{id}`.
fn route_name((method, path): &OperationRoute) -> String {
    let mut name = to_pascal_case(&method.to_ascii_lowercase());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let is_label = segment.starts_with('{');
        if is_label {
            name.push_str("By");
        }
        name.push_str(&to_pascal_case(segment));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{HttpBinding, Operation};

    fn contract(operations: &[(&str, &str, &str)]) -> Contract {
        let mut contract = Contract::new("s");
        for (name, method, uri) in operations {
            let mut operation = Operation::new((*name).into());
            operation.http = Some(HttpBinding::new(*method, *uri));
            contract.operations.push(operation);
        }
        contract
    }

    #[test]
    fn pages_are_joined_by_route_and_told_apart_by_it() {
        let contracts = [
            contract(&[("ListUsers", "GET", "/v1/users")]),
            contract(&[("ListUsers", "GET", "/v2/users")]),
            contract(&[("ListUsers", "GET", "/v2/users/{user_id}/friends")]),
            contract(&[("AddUser", "POST", "/v1/users")]),
            contract(&[("CreateAUser", "POST", "/v1/users")]),
            contract(&[("DropUser", "DELETE", "/v1/users/{id}")]),
            contract(&[("deleteUser", "DELETE", "/v1/users/{id}"), ("ping", "GET", "/ping")]),
            contract(&[("Ping", "GET", "/ping")]),
            contract(&[("Alone", "GET", "/alone")]),
            contract(&[("Check", "POST", "/check-it")]),
            contract(&[("Check", "POST", "/check_it")]),
        ];
        let found = names_by_route(&contracts, |index| index != 6);
        let expected = [
            (0, "GetV1Users"),
            (1, "GetV2Users"),
            (2, "GetV2UsersByUserIdFriends"),
            (4, "AddUser"),
            (5, "deleteUser"),
            (7, "ping"),
            (9, "PostCheckIt"),
            (10, "PostCheckIt2"),
        ];
        assert_eq!(found, expected.map(|(index, name)| (index, name.to_owned())).into());
    }
}
