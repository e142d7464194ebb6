//! What the planner stores of payments, and what an update would leave of a resource.

use super::service::Call;
use super::store::{Planner, Reply, missing};
use serde_json::{Map, Value as Json, json};

/// Returns the members of a stored resource with those of a request.
fn with_changes(stored: Option<&Json>, body: &Map<String, Json>) -> Map<String, Json> {
    let mut all = stored.and_then(Json::as_object).cloned().unwrap_or_default();
    all.extend(body.clone());
    all
}

impl Planner {
    /// Returns the members that the relations are about: for an update, those of the resource that it leaves.
    pub fn after_update(&self, operation: &str, labels: &[String], body: &Map<String, Json>) -> Map<String, Json> {
        let is_update = operation == "updatePayment";
        let stored = self.payments.iter().find(|payment| is_update && payment["id"] == labels[0].as_str());
        with_changes(stored, body)
    }

    /// Returns a problem if a project would end before it starts.
    pub fn order_problem(&self, operation: &str, labels: &[String], body: &Map<String, Json>) -> Option<String> {
        if !["createProject", "updateProject"].contains(&operation)
            || self.has(&format!("{operation} accepts an early end"))
        {
            return None;
        }
        let id = labels.first().filter(|_| operation == "updateProject");
        let stored = self.projects.iter().find(|project| id.is_some_and(|id| project["id"] == id.as_str()));
        let whole = with_changes(stored, body);
        let text = |name: &str| whole.get(name).and_then(Json::as_str);
        let (start, end) = (text("starts_on")?, text("ends_on")?);
        let is_equal_wrong = self.has("ends_on must be after starts_on") && start == end;
        (end < start || is_equal_wrong).then(|| "ends_on is before starts_on".to_owned())
    }

    /// Creates, updates or returns a payment; coupons are not stored.
    pub fn change_payments(&mut self, call: &Call<'_>) -> Reply {
        if call.operation.starts_with("create") {
            let mut body = call.body.clone();
            body.insert("id".into(), json!(format!("pay-{}", self.next_number())));
            if call.operation == "createCoupon" {
                body.retain(|name, _| ["id", "code"].contains(&name.as_str()));
            } else {
                self.payments.push(Json::Object(body.clone()));
            }
            return Ok((201, Some(Json::Object(body))));
        }
        let found = self.payments.iter_mut().find(|payment| payment["id"] == call.labels[0].as_str());
        let payment = found.ok_or_else(|| missing("payment"))?;
        for (name, value) in &call.body {
            payment[name] = value.clone();
        }
        Ok((200, Some(payment.clone())))
    }
}
