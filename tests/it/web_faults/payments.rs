//! Payments and coupons: what their members demand of each other, in sentences and in keywords, and how the server checks
//! it.

use super::document::{Entry, Errors, choice, described, moment, object, parameter, text, whole};
use serde_json::{Map, Value as Json, json};

const INVALID: (u16, &str) = (422, "The request is invalid");
const NO_KEY: (u16, &str) = (401, "The key is missing or wrong");

fn payment_members() -> Json {
    let line = object(
        &["sku"],
        json!({
        "sku": described(text(1, 12), "The article. Must be unique within the list."), "count": whole(1, 99)}),
    );
    json!({
        "method": described(choice(&["card", "transfer", "cash"]), "How the payment is made"),
        "amount": whole(1, 100_000),
        "card_number": described(text(4, 20), "The number. Required when `method` is `card`, and not allowed otherwise."),
        "iban": described(text(5, 34), "The account. Only allowed when `method` is `transfer`."),
        "paid": described(whole(0, 100_000), "What is paid already. Must not exceed `amount`."),
        "currency": described(choice(&["EUR", "USD"]), "Must be given together with `rate`."),
        "rate": described(json!({"type": "number", "minimum": 1, "maximum": 1000}), "Must be given together with `currency`."),
        "coupon": described(text(3, 12), "A code. Cannot be combined with `discount`."),
        "discount": described(whole(1, 90), "In percent"),
        "valid_from": described(moment(), "The beginning."),
        "valid_until": described(moment(), "The end. Must be after `valid_from`."),
        "due_on": described(moment(), "When the payment is due."),
        "reminder_days": described(whole(1, 30), "Days before. Requires `due_on`."),
        "splits": {"type": "array", "maxItems": 5, "items": {"type": "integer"}},
        "split_names": {"type": "array", "maxItems": 5, "items": {"type": "string"},
            "description": "Must have the same number of items as `splits`."},
        "lines": {"type": "array", "maxItems": 4, "items": line},
        "capacity": whole(1, 5),
        "seats": {"type": "array", "maxItems": 5, "items": {"type": "string"},
            "description": "The number of items in `seats` must not exceed `capacity`."},
    })
}

fn payment() -> Json {
    let mut members = payment_members();
    members["id"] = json!({"type": "string"});
    object(&["id", "method", "amount"], members)
}

/// The body of a coupon, whose relations are in keywords.
fn coupon_input() -> Json {
    let mut body = object(
        &["code", "kind"],
        json!({
        "code": text(3, 12), "kind": choice(&["percent", "fixed"]), "percent": whole(1, 100), "value": whole(1, 1000),
        "email": text(3, 60), "phone": text(3, 20), "gift_to": text(1, 40), "gift_message": text(1, 80),
        "note": text(0, 40), "memo": text(0, 40)}),
    );
    let when = |kind: &str| json!({"properties": {"kind": {"const": kind}}, "required": ["kind"]});
    body["allOf"] = json!([
        {"if": when("percent"), "then": {"required": ["percent"]}},
        {"if": when("fixed"), "then": {"required": ["value"], "not": {"required": ["percent"]}}},
    ]);
    body["oneOf"] = json!([{"required": ["email"]}, {"required": ["phone"]}]);
    body["dependentRequired"] = json!({"gift_message": ["gift_to"]});
    body["not"] = json!({"required": ["note", "memo"]});
    body["additionalProperties"] = json!(false);
    body
}

#[rustfmt::skip]
pub fn entries() -> Vec<Entry> {
    const ERRORS: Errors = &[NO_KEY, (404, "The payment does not exist"), INVALID];
    let label = || parameter("path", "payment_id", text(1, 40), "The payment");
    let coupon = object(&["id", "code"], json!({"id": {"type": "string"}, "code": text(3, 12)}));
    let entry = |method, path, id, summary, parameters, body, success, output, errors| Entry { method, path, id, summary, parameters, body, success, output, errors };
    vec![
        entry("post", "/v1/payments", "createPayment", "Create a payment", vec![], Some(object(&["method", "amount"], payment_members())), 201, Some(payment()), &[NO_KEY, INVALID]),
        entry("get", "/v1/payments/{payment_id}", "getPayment", "Get a payment", vec![label()], None, 200, Some(payment()), ERRORS),
        entry("patch", "/v1/payments/{payment_id}", "updatePayment", "Update a payment; members that are not sent stay as they are", vec![label()], Some(object(&[], payment_members())), 200, Some(payment()), ERRORS),
        entry("post", "/v1/coupons", "createCoupon", "Create a coupon", vec![], Some(coupon_input()), 201, Some(coupon), &[NO_KEY, INVALID]),
    ]
}

/// A request or a resource whose relations are checked.
struct Members<'m>(&'m Map<String, Json>);

impl Members<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.0.get(name).is_some_and(|known| known == value)
    }

    fn count(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Json::as_array).map(|items| items.len() as f64)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Json::as_f64)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Json::as_str)
    }

    fn payment_problems(&self, has_fault: &dyn Fn(&str) -> bool) -> Vec<&'static str> {
        let by_card = self.is("method", "card");
        let needs_card = by_card || has_fault("a card number is always required");
        let exceeds = |one: Option<f64>, two: Option<f64>| one.zip(two).is_some_and(|(one, two)| one > two);
        let is_late = match (self.text("valid_from"), self.text("valid_until")) {
            (Some(from), Some(until)) if has_fault("valid_until may equal valid_from") => from > until,
            (Some(from), Some(until)) => from >= until,
            _ => false,
        };
        let lines = self.0.get("lines").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
        let repeats =
            lines.iter().enumerate().any(|(at, one)| lines[..at].iter().any(|other| other["sku"] == one["sku"]));
        let is_mutual = has_fault("due_on requires reminder_days") && self.has("due_on") && !self.has("reminder_days");
        let is_equal_paid = has_fault("paid must be less than the amount")
            && self.number("paid").is_some_and(|paid| Some(paid) == self.number("amount"));
        [
            (needs_card && !self.has("card_number"), "card_number required"),
            (!by_card && self.has("card_number") && self.has("method"), "card_number not allowed"),
            (self.has("iban") && !self.is("method", "transfer"), "iban not allowed"),
            (exceeds(self.number("paid"), self.number("amount")) || is_equal_paid, "paid too large"),
            (self.has("currency") && !self.has("rate"), "currency alone"),
            (self.has("rate") && !self.has("currency"), "rate alone"),
            (self.has("coupon") && self.has("discount"), "coupon and discount"),
            (is_late, "valid_until too early"),
            (self.has("reminder_days") && !self.has("due_on") || is_mutual, "reminder_days alone"),
            (self.count("splits").zip(self.count("split_names")).is_some_and(|(a, b)| a != b), "split lengths"),
            (repeats, "sku twice"),
            (exceeds(self.count("seats"), self.number("capacity")), "too many seats"),
        ]
        .into_iter()
        .filter_map(|(is_wrong, problem)| is_wrong.then_some(problem))
        .collect()
    }

    fn coupon_problems(&self) -> Vec<&'static str> {
        [
            (self.is("kind", "percent") && !self.has("percent"), "percent required"),
            (self.is("kind", "fixed") && !self.has("value"), "value required"),
            (self.is("kind", "fixed") && self.has("percent"), "percent not allowed"),
            (!self.has("email") && !self.has("phone"), "no contact"),
            (self.has("email") && self.has("phone"), "two contacts"),
            (self.has("gift_message") && !self.has("gift_to"), "gift_message alone"),
            (self.has("note") && self.has("memo"), "note and memo"),
        ]
        .into_iter()
        .filter_map(|(is_wrong, problem)| is_wrong.then_some(problem))
        .collect()
    }
}

/// Returns what is wrong with the members of a request or, for an update, of the resource that it would leave.
pub fn relation_problems(operation: &str, members: &Map<String, Json>, fault: &str) -> Vec<&'static str> {
    let has_fault = |name: &str| fault == name;
    let found = match operation {
        "createPayment" | "updatePayment" => Members(members).payment_problems(&has_fault),
        "createCoupon" => Members(members).coupon_problems(),
        _ => Vec::new(),
    };
    found.into_iter().filter(|problem| fault != format!("relation {operation} {problem}")).collect()
}
