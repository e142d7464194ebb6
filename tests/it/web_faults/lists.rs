//! The lists of the planner: filters, order and pages.

use super::service::Call;
use super::store::{Planner, Reply, Trouble};
use serde_json::{Value as Json, json};

/// Returns the list that an operation reads.
pub fn list(state: &Planner, call: &Call<'_>) -> Reply {
    match call.operation {
        "listProjects" => list_projects(state, call),
        "listTasks" => list_tasks(state, call),
        "listUsers" => list_users(state, call),
        _ => {
            let mut labels = state.labels.clone();
            if state.has("listLabels lacks the newest label") {
                labels.pop();
            }
            Ok((200, Some(json!({ "labels": labels }))))
        }
    }
}

fn number(call: &Call<'_>, name: &str, default: usize) -> usize {
    call.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn is_in(call: &Call<'_>, name: &str, item: &Json) -> bool {
    call.query.get(name).is_none_or(|wanted| item[name] == wanted.as_str())
}

fn list_projects(state: &Planner, call: &Call<'_>) -> Reply {
    let mut found: Vec<Json> = state
        .projects
        .iter()
        .filter(|project| state.has("listProjects ignores the status") || is_in(call, "status", project))
        .filter(|project| state.has("listProjects ignores the visibility") || is_in(call, "visibility", project))
        .map(|project| state.show_project(project, None))
        .collect();
    if state.has("listProjects lacks new projects") {
        found.pop();
    }
    if state.has("listProjects hides archived projects") && !call.query.contains_key("status") {
        found.retain(|project| project["status"] == "active");
    }
    let sort = call.query.get("sort").map_or("created_at", String::as_str);
    let (member, descending) = sort.strip_prefix('-').map_or((sort, false), |member| (member, true));
    if member == "name" && !state.has("listProjects ignores the order") {
        found.sort_by_key(|project| project["name"].as_str().map(str::to_owned));
    }
    if descending && !state.has("listProjects ignores the descending order") {
        found.reverse();
    }
    let start = match call.query.get("cursor") {
        None => 0,
        Some(cursor) => {
            let at = found.iter().position(|project| cursor.strip_prefix("after-") == project["id"].as_str());
            match at {
                Some(_) if state.has("listProjects returns the first page again") => 0,
                Some(at) if state.has("listProjects repeats the last project") => at,
                Some(at) if state.has("listProjects skips a project") => at + 2,
                Some(at) => at + 1,
                None if state.has("listProjects accepts any cursor") => 0,
                None => return Err(Trouble::new(422, "invalid", "the cursor is not known")),
            }
        }
    };
    let limit = match number(call, "limit", 20) {
        _ if state.has("listProjects ignores the limit") => 100,
        limit if state.has("listProjects returns one more than the limit") => limit + 1,
        limit => limit,
    };
    let rest = found.get(start..).unwrap_or_default();
    let page = &rest[..limit.min(rest.len())];
    let has_more = rest.len() > page.len();
    let cursor = page.last().map(|last| format!("after-{}", last["id"].as_str().unwrap_or_default()));
    let mut next = json!(cursor.filter(|_| has_more));
    if state.has("listProjects never has a next cursor") {
        next = Json::Null;
    }
    let data = if page.is_empty() && state.has("an empty list of projects is null") { Json::Null } else { json!(page) };
    let has_more = if state.has("listProjects says that there is more at the end") { true } else { has_more };
    Ok((200, Some(json!({"data": data, "next_cursor": next, "has_more": has_more}))))
}

fn list_tasks(state: &Planner, call: &Call<'_>) -> Reply {
    let project = call.labels[0].as_str();
    if state.find_project(project).is_none() && !state.has("listTasks returns an empty list for a missing project") {
        return Err(Trouble::new(404, "not_found", "the project does not exist"));
    }
    let done = call.query.get("done").map(|text| text == "true");
    let found: Vec<&Json> = state
        .tasks
        .iter()
        .filter(|task| state.has("listTasks shows tasks of other projects") || task["project_id"] == project)
        .filter(|task| state.has("listTasks ignores the state") || is_in(call, "state", task))
        .filter(|task| {
            let is_done = task["done"] == true;
            let wanted = if state.has("listTasks inverts done") { done.map(|done| !done) } else { done };
            wanted.is_none_or(|wanted| is_done == wanted)
        })
        .collect();
    let (page, per_page) = (number(call, "page", 1), number(call, "per_page", 20));
    let size = if state.has("listTasks ignores per_page") { 50 } else { per_page };
    let start = match page {
        _ if state.has("listTasks ignores the page") => 0,
        page if state.has("listTasks counts pages from 0") => page * size,
        page => page.saturating_sub(1).saturating_mul(size),
    };
    let mut items: Vec<&Json> = found.iter().skip(start).take(size).copied().collect();
    if state.has("listTasks lacks the last task of a page") && items.len() > 1 {
        items.pop();
    }
    let total = if state.has("listTasks counts only the page") { items.len() } else { found.len() };
    let mut body = json!({"items": items, "page": page, "per_page": per_page, "total": total});
    if items.is_empty() && state.has("an empty list of tasks is missing") {
        body.as_object_mut().expect("an object").remove("items");
    }
    Ok((200, Some(body)))
}

fn list_users(state: &Planner, call: &Call<'_>) -> Reply {
    let mut found: Vec<Json> = state.users.clone();
    if let Some(role) = call.query.get("role").filter(|_| !state.has("listUsers ignores the role")) {
        found.retain(|user| user["roles"].as_array().is_some_and(|roles| roles.contains(&json!(role))));
    }
    if state.has("listUsers lacks the age") {
        found.iter_mut().for_each(|user| drop(user.as_object_mut().map(|user| user.remove("age"))));
    }
    let offset = if state.has("listUsers ignores the offset") { 0 } else { number(call, "offset", 0) };
    let limit = if state.has("listUsers ignores the limit") { 1000 } else { number(call, "limit", 20) };
    let page: Vec<Json> = found.into_iter().skip(offset).take(limit).collect();
    Ok((200, Some(json!(page))))
}
