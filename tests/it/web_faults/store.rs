//! What the planner stores, and what each operation does to it.

use super::lists;
use super::service::Call;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// A success: its status and its body.
pub type Reply = Result<(u16, Option<Json>), Trouble>;

/// A rejected request.
#[derive(Clone, Debug)]
pub struct Trouble {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl Trouble {
    pub fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned() }
    }
}

/// Everything that is stored.
pub struct Planner {
    fault: String,
    last_number: u64,
    clock: u64,
    pub projects: Vec<Json>,
    pub tasks: Vec<Json>,
    pub users: Vec<Json>,
    pub labels: Vec<Json>,
    pub payments: Vec<Json>,
    /// Bodies and responses by idempotency key.
    replies: BTreeMap<String, (Map<String, Json>, Json)>,
}

/// Returns the number of a user as a text.
fn id_text(user: &Json) -> String {
    user["id"].to_string()
}

pub fn missing(what: &str) -> Trouble {
    Trouble::new(404, "not_found", &format!("the {what} does not exist"))
}

fn conflict(why: &str) -> Trouble {
    Trouble::new(409, "conflict", why)
}

impl Planner {
    pub fn new(fault: &str) -> Self {
        let empty = Vec::new;
        Self {
            fault: fault.to_owned(),
            last_number: 0,
            clock: 0,
            projects: empty(),
            tasks: empty(),
            users: empty(),
            labels: empty(),
            payments: empty(),
            replies: BTreeMap::new(),
        }
    }

    pub fn has(&self, fault: &str) -> bool {
        self.fault == fault
    }

    pub fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    fn now(&mut self) -> Json {
        self.clock += 1;
        let (minutes, seconds) = (self.clock / 60 % 60, self.clock % 60);
        json!(format!("2026-11-30T12:{minutes:02}:{seconds:02}Z"))
    }

    /// Stores what a rejected request would have stored, if that is the fault.
    pub fn leave_traces(&mut self, operation: &str, labels: &[String], body: &Map<String, Json>) {
        let is = |fault: &str, of: &str| self.fault == fault && operation == of;
        if is("a rejected updateTask leaves its valid members", "updateTask")
            && let Some(task) = self.tasks.iter_mut().find(|task| task["id"] == labels[1].as_str())
        {
            let fits = |value: &Json| value.is_boolean() || value.as_str().is_some_and(|text| text.len() <= 80);
            let valid = body.iter().filter(|(_, value)| fits(value));
            valid.for_each(|(name, value)| task[name] = value.clone());
        } else if is("a rejected replaceUser removes the user", "replaceUser") {
            self.users.retain(|user| id_text(user) != labels[0]);
        } else if is("a rejected createTasks creates the valid entries", "createTasks") {
            for entry in body.get("tasks").and_then(Json::as_array).cloned().unwrap_or_default() {
                if let (Some(entry), true) = (entry.as_object(), entry["title"].is_string()) {
                    self.add_task(&labels[0], entry.clone());
                }
            }
        } else if is("a rejected createProject creates the project", "createProject") {
            self.add_project(body.clone());
        }
    }

    /// Does what a valid request asks for.
    pub fn apply(&mut self, call: &Call<'_>) -> Reply {
        match call.operation {
            "createProject" => self.create_project(call),
            "createUser" | "replaceUser" | "deleteUser" | "deleteUsers" => self.change_users(call),
            "updateProject" | "deleteProject" | "archiveProject" | "unarchiveProject" => self.change_project(call),
            "createTask" | "createTasks" => self.create_tasks(call),
            "replaceTask" | "updateTask" | "deleteTask" | "startTask" | "stopTask" => self.change_task(call),
            "putLabel" | "deleteLabel" => self.change_labels(call),
            "createPayment" | "getPayment" | "updatePayment" | "createCoupon" => self.change_payments(call),
            "getMe" => Ok((200, Some(json!({"name": "Owner"})))),
            "getProject" | "getTask" | "getUser" | "getLabel" => self.read(call),
            _ => lists::list(self, call),
        }
    }

    fn read(&self, call: &Call<'_>) -> Reply {
        let found = match call.operation {
            "getProject" => {
                let project = self.find_project(&call.labels[0]);
                project.map(|project| self.show_project(project, call.query.get("include").map(String::as_str)))
            }
            "getTask" => self.find_task(call).cloned(),
            "getUser" => self.users.iter().find(|user| self.is_user(user, &call.labels[0])).cloned(),
            _ => self.labels.iter().rev().find(|label| label["key"] == call.labels[0].as_str()).cloned(),
        };
        match found {
            Some(found) => Ok((200, Some(found))),
            None if self.has("getTask returns an empty object for a missing task") && call.operation == "getTask" => {
                Ok((200, Some(json!({}))))
            }
            None if self.has("getUser returns null for a missing user") && call.operation == "getUser" => {
                Ok((200, Some(Json::Null)))
            }
            None if self.has("getLabel fails for a missing label") && call.operation == "getLabel" => {
                Err(Trouble::new(500, "internal", "undefined"))
            }
            None if self.has("getProject returns another project for a missing one")
                && call.operation == "getProject" =>
            {
                self.projects.last().map(|it| (200, Some(it.clone()))).ok_or_else(|| missing("project"))
            }
            None => Err(missing(call.operation.trim_start_matches("get"))),
        }
    }

    fn is_user(&self, user: &Json, id: &str) -> bool {
        let own = user["id"].to_string();
        own == id || (self.has("user ids are compared by their beginning") && id.starts_with(&own))
    }

    pub fn find_project(&self, id: &str) -> Option<&Json> {
        self.projects.iter().find(|project| {
            let own = project["id"].as_str().unwrap_or_default();
            own == id || (self.has("project ids lose their last character") && own[..35] == id[..35.min(id.len())])
        })
    }

    fn project_index(&self, id: &str) -> Result<usize, Trouble> {
        self.projects.iter().position(|project| project["id"] == id).ok_or_else(|| missing("project"))
    }

    fn find_task(&self, call: &Call<'_>) -> Option<&Json> {
        self.tasks.iter().find(|task| self.is_task(task, call))
    }

    fn is_task(&self, task: &Json, call: &Call<'_>) -> bool {
        let ignores_parent = self.fault == format!("{} ignores the project", call.operation);
        let own = task["id"].as_str().unwrap_or_default();
        let id = call.labels[1].as_str();
        let same = own == id
            || (self.has("task ids are compared without case") && own.eq_ignore_ascii_case(id))
            || (self.has("task ids may have more behind them") && id.starts_with(own))
            || (self.has("task ids may be cut") && id.len() > 4 && own.starts_with(id));
        same && (ignores_parent || task["project_id"] == call.labels[0].as_str())
    }

    /// Returns a project as it is shown.
    pub fn show_project(&self, project: &Json, include: Option<&str>) -> Json {
        let mut shown = project.clone();
        let own: Vec<&Json> = self.tasks.iter().filter(|task| task["project_id"] == project["id"]).collect();
        shown["task_count"] = if self.has("the task count is never updated") { json!(0) } else { json!(own.len()) };
        if include == Some("tasks") && !self.has("include is ignored") {
            shown["tasks"] = json!(own);
        }
        shown
    }

    fn add_project(&mut self, mut body: Map<String, Json>) -> Json {
        let number = self.next_number();
        let now = self.now();
        match () {
            () if self.has("createProject rounds the budget") => {
                if let Some(budget) = body.get("budget").and_then(Json::as_f64) {
                    body.insert("budget".into(), json!(budget.floor()));
                }
            }
            () if self.has("createProject cuts the name at 40") => {
                let name = body["name"].as_str().unwrap_or_default().chars().take(40).collect::<String>();
                body.insert("name".into(), json!(name));
            }
            () if self.has("createProject drops a zero priority") => {
                body.retain(|name, value| name != "priority" || *value != json!(0));
            }
            () if self.has("createProject drops false") => body.retain(|_, value| *value != json!(false)),
            () if self.has("createProject loses the last tag") => {
                if let Some(tags) = body.get_mut("tags").and_then(Json::as_array_mut)
                    && tags.len() > 1
                {
                    tags.pop();
                }
            }
            () if self.has("createProject loses nested limits") => {
                if let Some(settings) = body.get_mut("settings").and_then(Json::as_object_mut) {
                    settings.remove("limits");
                }
            }
            () if self.has("createProject swaps the dates") => {
                let (one, other) = (body.remove("starts_on"), body.remove("ends_on"));
                body.extend(one.map(|one| ("ends_on".to_owned(), one)));
                body.extend(other.map(|other| ("starts_on".to_owned(), other)));
            }
            () if self.has("createProject ignores the visibility") => {
                body.insert("visibility".into(), json!("private"));
            }
            () if self.has("createProject forgets the description") => {
                body.remove("description");
            }
            () => {}
        }
        let id = format!("{number:08x}-5aa5-4bcd-9eef-0123456789ab");
        body.extend([("id".to_owned(), json!(id)), ("status".to_owned(), json!("active"))]);
        body.extend([("created_at".to_owned(), now.clone()), ("updated_at".to_owned(), now)]);
        let project = Json::Object(body);
        self.projects.push(project.clone());
        project
    }

    fn is_name_taken(&self, name: Option<&Json>, except: Option<usize>) -> bool {
        let others = self.projects.iter().enumerate().filter(|(at, _)| Some(*at) != except);
        name.is_some_and(|name| others.into_iter().any(|(_, project)| project["name"] == *name))
    }

    fn create_project(&mut self, call: &Call<'_>) -> Reply {
        let key = call.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
        if let Some((body, response)) = key.and_then(|(_, key)| self.replies.get(key)) {
            match () {
                () if self.has("an idempotency key is ignored") => {}
                () if self.has("an idempotency key with another body is accepted") => {
                    return Ok((201, Some(response.clone())));
                }
                () if *body != call.body => return Err(conflict("the idempotency key was used with another body")),
                () if self.has("a repeated idempotency key is rejected") => return Err(conflict("the key was used")),
                () => return Ok((201, Some(response.clone()))),
            }
        }
        if self.is_name_taken(call.body.get("name"), None) {
            if self.has("createProject replaces a project of the same name") {
                self.projects.retain(|project| Some(&project["name"]) != call.body.get("name"));
            } else if self.has("a taken project name is invalid") {
                return Err(Trouble::new(422, "invalid", "the name is taken"));
            } else if !self.has("createProject accepts a taken name") {
                return Err(conflict("the name is taken"));
            }
        }
        let project = self.add_project(call.body.clone());
        if self.has("createProject is not in reads") {
            self.projects.pop();
        }
        let shown = self.show_project(&project, None);
        if let Some((_, key)) = key {
            self.replies.insert(key.clone(), (call.body.clone(), shown.clone()));
        }
        Ok((201, Some(shown)))
    }

    fn change_project(&mut self, call: &Call<'_>) -> Reply {
        let at = match self.project_index(&call.labels[0]) {
            Err(_) if self.has("deleteProject accepts a missing project") && call.operation == "deleteProject" => {
                return Ok((204, None));
            }
            Err(_) if self.has("updateProject creates a missing project") && call.operation == "updateProject" => {
                let mut body = call.body.clone();
                body.entry("name").or_insert_with(|| json!("new"));
                body.entry("visibility").or_insert_with(|| json!("team"));
                let project = self.add_project(body);
                return Ok((200, Some(self.show_project(&project, None))));
            }
            Err(_) if self.has("archiveProject accepts a missing project") && call.operation == "archiveProject" => {
                return Ok((
                    200,
                    Some(json!({"id": call.labels[0], "status": "archived", "task_count": 0,
                    "created_at": "2026-11-30T12:00:00Z", "name": "x", "visibility": "team"})),
                ));
            }
            at => at?,
        };
        let is_archived = self.projects[at]["status"] == "archived";
        match call.operation {
            "deleteProject" => {
                let id = self.projects[at]["id"].clone();
                let has_tasks = self.tasks.iter().any(|task| task["project_id"] == id);
                if has_tasks && !self.has("deleteProject deletes a project with tasks") {
                    return Err(conflict("the project has tasks"));
                }
                if !self.has("deleteProject keeps the project") {
                    self.projects.remove(at);
                }
                return Ok((204, None));
            }
            "updateProject" => {
                if self.is_name_taken(call.body.get("name"), Some(at))
                    && !self.has("updateProject accepts a taken name")
                {
                    return Err(conflict("the name is taken"));
                }
                self.update_project(at, &call.body);
            }
            "archiveProject" if is_archived && !self.has("archiveProject accepts an archived project") => {
                return Err(conflict("the project is archived already"));
            }
            "archiveProject" if !self.has("archiveProject changes nothing") => {
                self.projects[at]["status"] = json!("archived")
            }
            "unarchiveProject" if !is_archived && !self.has("unarchiveProject accepts an active project") => {
                return Err(conflict("the project is not archived"));
            }
            "unarchiveProject" => self.projects[at]["status"] = json!("active"),
            _ => {}
        }
        let mut shown = self.show_project(&self.projects[at], None);
        if call.operation == "archiveProject" && self.has("archiveProject changes nothing") {
            shown["status"] = json!("archived");
        }
        Ok((200, Some(shown)))
    }

    fn update_project(&mut self, at: usize, body: &Map<String, Json>) {
        let now = self.now();
        let fault = self.fault.clone();
        let has = |name: &str| fault == name;
        let project = &mut self.projects[at];
        if has("updateProject stores nothing") {
            return;
        }
        if has("updateProject removes members that are not sent") {
            let kept = ["id", "name", "visibility", "status", "created_at", "updated_at"];
            let project = project.as_object_mut().expect("an object");
            project.retain(|name, _| kept.contains(&name.as_str()) || body.contains_key(name));
        }
        for (name, value) in body {
            let is_ignored = (has("updateProject ignores zero") && *value == json!(0))
                || (has("updateProject ignores false") && *value == json!(false))
                || (has("updateProject ignores an empty list") && *value == json!([]))
                || (has("updateProject ignores null") && value.is_null())
                || (has("updateProject adds tags instead of replacing them") && name == "tags");
            if has("updateProject adds tags instead of replacing them") && name == "tags" {
                let old = project["tags"].as_array().cloned().unwrap_or_default();
                let new = value.as_array().cloned().unwrap_or_default();
                project["tags"] = json!([old, new].concat());
            }
            if !is_ignored {
                project[name] = value.clone();
            }
        }
        if has("updateProject changes created_at") {
            project["created_at"] = now.clone();
        }
        project["updated_at"] = now;
        if has("updateProject changes the other projects") && body.contains_key("description") {
            self.projects.iter_mut().for_each(|project| project["description"] = body["description"].clone());
        }
    }

    fn add_task(&mut self, project: &str, mut body: Map<String, Json>) -> Json {
        let number = self.next_number();
        if self.has("createTask drops empty notes") {
            body.retain(|name, value| name != "notes" || *value != json!(""));
        }
        if self.has("createTask loses checked") {
            for entry in body.get_mut("checklist").and_then(Json::as_array_mut).into_iter().flatten() {
                entry.as_object_mut().into_iter().for_each(|entry| drop(entry.remove("checked")));
            }
        }
        let now = self.now();
        let parts =
            [("id", json!(format!("tsk_{number:06}ab"))), ("project_id", json!(project)), ("state", json!("open"))];
        body.extend(parts.map(|(name, value)| (name.to_owned(), value)));
        body.insert("created_at".into(), now);
        self.tasks.push(Json::Object(body.clone()));
        Json::Object(body)
    }

    fn check_assignee(&self, body: &Map<String, Json>) -> Result<(), Trouble> {
        let known = |id: &Json| self.users.iter().any(|user| user["id"] == *id);
        match body.get("assignee_id") {
            Some(id) if !known(id) && !self.has("an assignee need not exist") => {
                Err(Trouble::new(422, "invalid", "the assignee does not exist"))
            }
            _ => Ok(()),
        }
    }

    fn create_tasks(&mut self, call: &Call<'_>) -> Reply {
        let project = call.labels[0].as_str();
        let accepts_missing = self.fault == format!("{} accepts a missing project", call.operation);
        if self.find_project(project).is_none() && !accepts_missing {
            return Err(missing("project"));
        }
        if call.operation == "createTask" {
            self.check_assignee(&call.body)?;
            return Ok((201, Some(self.add_task(project, call.body.clone()))));
        }
        let mut entries: Vec<Map<String, Json>> = Vec::new();
        entries.extend(call.body["tasks"].as_array().into_iter().flatten().filter_map(Json::as_object).cloned());
        for entry in &entries {
            self.check_assignee(entry)?;
        }
        if self.has("createTasks loses the last entry") && entries.len() > 1 {
            entries.pop();
        }
        if self.has("createTasks creates nothing") {
            let number = self.last_number;
            let tasks: Vec<Json> = entries.into_iter().map(|entry| self.add_task(project, entry)).collect();
            self.tasks.truncate(self.tasks.len() - tasks.len());
            self.last_number = number + tasks.len() as u64;
            return Ok((201, Some(json!({ "tasks": tasks }))));
        }
        let tasks: Vec<Json> = entries.into_iter().map(|entry| self.add_task(project, entry)).collect();
        Ok((201, Some(json!({ "tasks": tasks }))))
    }

    fn change_task(&mut self, call: &Call<'_>) -> Reply {
        let Some(at) = self.tasks.iter().position(|task| self.is_task(task, call)) else {
            return match call.operation {
                "deleteTask" if self.has("deleteTask accepts a missing task") => Ok((204, None)),
                "stopTask" if self.has("stopTask fails for a missing task") => {
                    Err(Trouble::new(500, "internal", "no task"))
                }
                _ => Err(missing("task")),
            };
        };
        let state = self.tasks[at]["state"].clone();
        match call.operation {
            "deleteTask" => {
                let project = self.tasks[at]["project_id"].clone();
                match () {
                    () if self.has("deleteTask keeps the task") => {}
                    () if self.has("deleteTask deletes the other tasks") => {
                        self.tasks.retain(|task| task["project_id"] != project);
                    }
                    () => drop(self.tasks.remove(at)),
                }
                return Ok((204, None));
            }
            "startTask" if state == "running" && !self.has("startTask accepts a running task") => {
                return Err(conflict("the task is running already"));
            }
            "startTask" if !self.has("startTask changes nothing") => self.tasks[at]["state"] = json!("running"),
            "stopTask" if state != "running" && !self.has("stopTask accepts a task that is not running") => {
                return Err(conflict("the task is not running"));
            }
            "stopTask" => self.tasks[at]["state"] = json!("stopped"),
            "replaceTask" => {
                self.check_assignee(&call.body)?;
                let mut task = call.body.clone();
                if self.has("replaceTask keeps what is not sent") {
                    task = self.tasks[at].as_object().cloned().unwrap_or_default();
                    task.extend(call.body.clone());
                }
                for name in ["id", "project_id", "state", "created_at"] {
                    task.insert(name.to_owned(), self.tasks[at][name].clone());
                }
                if self.has("replaceTask resets the state") {
                    task.insert("state".into(), json!("stopped"));
                }
                if !self.has("replaceTask stores nothing") {
                    self.tasks[at] = Json::Object(task);
                }
            }
            "updateTask" => {
                self.check_assignee(&call.body)?;
                let kept = !self.has("updateTask removes notes that are not sent");
                let changed = self.tasks[at].as_object_mut().expect("an object");
                changed.retain(|name, _| kept || name != "notes");
                changed.extend(call.body.clone());
            }
            _ => {}
        }
        Ok((200, Some(self.tasks[at].clone())))
    }

    fn change_users(&mut self, call: &Call<'_>) -> Reply {
        let label = call.labels.first().cloned().unwrap_or_default();
        let at = self.users.iter().position(|user| id_text(user) == label);
        let email = call.body.get("email");
        let is_taken = || {
            let others = self.users.iter().enumerate().filter(|(index, _)| Some(*index) != at);
            email.is_some_and(|email| others.into_iter().any(|(_, user)| user["email"] == *email))
        };
        match call.operation {
            "createUser" => {
                if is_taken() && !self.has("createUser accepts a taken address") {
                    return Err(conflict("the address is taken"));
                }
                let mut body = call.body.clone();
                body.insert("id".into(), json!(self.next_number()));
                if self.has("createUser stores no null age") && body.get("age").is_some_and(Json::is_null) {
                    body.insert("age".into(), json!(0));
                }
                if self.has("createUser forgets the zip of the address")
                    && let Some(address) = body.get_mut("address").and_then(Json::as_object_mut)
                {
                    address.remove("zip");
                }
                if self.has("createUser sorts the roles away") && body.contains_key("roles") {
                    body.insert("roles".into(), json!(["viewer"]));
                }
                self.users.push(Json::Object(body.clone()));
                Ok((201, Some(Json::Object(body))))
            }
            "replaceUser" => {
                let at = at.ok_or_else(|| missing("user"))?;
                if is_taken() && !self.has("replaceUser accepts a taken address") {
                    return Err(conflict("the address is taken"));
                }
                let mut body = call.body.clone();
                if self.has("replaceUser keeps what is not sent") {
                    let mut old = self.users[at].as_object().cloned().unwrap_or_default();
                    old.extend(body);
                    body = old;
                }
                body.insert("id".into(), self.users[at]["id"].clone());
                self.users[at] = Json::Object(body.clone());
                Ok((200, Some(Json::Object(body))))
            }
            "deleteUser" => match at {
                Some(at) => {
                    if !self.has("deleteUser keeps the user") {
                        self.users.remove(at);
                    }
                    Ok((204, None))
                }
                None if self.has("deleteUser fails for a missing user") => {
                    Err(Trouble::new(500, "internal", "no user"))
                }
                None if self.has("deleteUser accepts a missing user") => Ok((204, None)),
                None => Err(missing("user")),
            },
            _ => {
                let ids = call.body["ids"].as_array().cloned().unwrap_or_default();
                let (known, unknown): (Vec<Json>, Vec<Json>) =
                    ids.into_iter().partition(|id| self.users.iter().any(|user| user["id"] == *id));
                if !self.has("deleteUsers deletes nothing") {
                    self.users.retain(|user| !known.contains(&user["id"]));
                }
                Ok((200, Some(json!({"deleted": known, "missing": unknown}))))
            }
        }
    }

    fn change_labels(&mut self, call: &Call<'_>) -> Reply {
        let key = call.labels[0].as_str();
        let at = self.labels.iter().position(|label| label["key"] == key);
        if call.operation == "deleteLabel" {
            return match at {
                Some(at) => {
                    self.labels.remove(at);
                    Ok((204, None))
                }
                None if self.has("deleteLabel accepts a missing label") => Ok((204, None)),
                None => Err(missing("label")),
            };
        }
        let mut body = call.body.clone();
        body.insert("key".into(), json!(key));
        match at {
            Some(_) if self.has("putLabel adds a second label") => self.labels.push(Json::Object(body.clone())),
            Some(_) if self.has("putLabel keeps the first value") => {}
            Some(_) if self.has("putLabel rejects an existing key") => return Err(conflict("the label exists")),
            Some(at) => self.labels[at] = Json::Object(body.clone()),
            None => self.labels.push(Json::Object(body.clone())),
        }
        Ok((200, Some(Json::Object(body))))
    }
}
