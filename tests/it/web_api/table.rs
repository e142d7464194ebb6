//! The operations of an invented shop: one table from which its documents are written and its requests are checked.

use serde_json::{Value as Json, json};

/// A member of a body.
#[derive(Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
}

/// The type of a member.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text(usize, usize),
    Email,
    Whole(i64, i64),
    Choice(&'static [&'static str]),
    /// The id of something in a collection.
    Reference(&'static str),
    /// Lines of an order, each with a product and a quantity.
    Lines,
}

/// The ids that a collection gives out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    Uuid,
    Prefixed(&'static str),
    Number,
    /// The caller chooses it, in the path of `PUT`.
    Chosen,
}

/// Where a response shows what it is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Plain,
    /// Below this member.
    Inside(&'static str),
    /// Nowhere: `POST` returns nothing but its `Location`.
    LocationOnly,
}

/// A collection of the shop.
pub struct Collection {
    pub name: &'static str,
    pub path: &'static str,
    /// The name of the last label of the path of one entry.
    pub label: &'static str,
    pub ids: Ids,
    pub shown: Shown,
    pub fields: &'static [Field],
    /// Methods, and whether each is for the collection or for an entry of it: `POST`, `GET item`.
    pub methods: &'static [&'static str],
}

const fn field(name: &'static str, kind: Kind, required: bool) -> Field {
    Field { name, kind, required }
}

pub const COLLECTIONS: [Collection; 7] = [
    Collection {
        name: "customer",
        path: "/v1/customers",
        label: "customer_id",
        ids: Ids::Uuid,
        shown: Shown::Plain,
        fields: &[
            field("email", Kind::Email, true),
            field("name", Kind::Text(1, 80), true),
            field("city", Kind::Text(0, 80), false),
            field("street", Kind::Text(0, 80), false),
            field("tier", Kind::Choice(&["basic", "gold"]), false),
            field("age", Kind::Whole(18, 120), false),
        ],
        methods: &["POST", "GET", "GET item", "PUT item", "PATCH item", "DELETE item"],
    },
    Collection {
        name: "product",
        path: "/v1/products",
        label: "productId",
        ids: Ids::Prefixed("prod_"),
        shown: Shown::Inside("product"),
        fields: &[field("title", Kind::Text(1, 60), true), field("price", Kind::Whole(1, 100_000), true)],
        methods: &["POST", "GET item", "DELETE item"],
    },
    Collection {
        name: "order",
        path: "/v1/orders",
        label: "id",
        ids: Ids::Prefixed("ord_"),
        shown: Shown::Inside("data"),
        fields: &[
            field("customerId", Kind::Reference("customer"), true),
            field("lines", Kind::Lines, true),
            field("comment", Kind::Text(0, 200), false),
        ],
        methods: &["POST", "GET", "GET item", "DELETE item"],
    },
    Collection {
        name: "invoice",
        path: "/v1/invoices",
        label: "invoice_id",
        ids: Ids::Prefixed("in_"),
        shown: Shown::LocationOnly,
        fields: &[
            field("customer", Kind::Reference("customer"), true),
            field("currency", Kind::Text(3, 3), true),
            field("memo", Kind::Text(0, 40), false),
        ],
        methods: &["POST", "GET item"],
    },
    Collection {
        name: "note",
        path: "/v1/customers/{customer_id}/notes",
        label: "note_id",
        ids: Ids::Number,
        shown: Shown::Plain,
        fields: &[field("text", Kind::Text(1, 100), true)],
        methods: &["POST", "GET", "GET item", "DELETE item"],
    },
    Collection {
        name: "setting",
        path: "/v1/settings",
        label: "key",
        ids: Ids::Chosen,
        shown: Shown::Plain,
        fields: &[field("value", Kind::Text(1, 50), true)],
        methods: &["PUT item", "GET item", "DELETE item"],
    },
    Collection {
        name: "plan",
        path: "/v1/plans",
        label: "plan_id",
        ids: Ids::Prefixed("plan_"),
        shown: Shown::Plain,
        fields: &[field("title", Kind::Text(1, 60), true)],
        methods: &["GET", "GET item"],
    },
];

/// One operation of the documents.
pub struct Endpoint {
    pub method: &'static str,
    pub path: String,
    pub title: String,
    pub collection: &'static Collection,
    pub is_item: bool,
}

/// Returns all operations.
pub fn endpoints() -> Vec<Endpoint> {
    let mut all = Vec::new();
    for collection in &COLLECTIONS {
        for method in collection.methods {
            let (method, is_item) = method.split_once(' ').map_or((*method, false), |(method, _)| (method, true));
            let verb = match (method, is_item) {
                ("POST", _) => "create",
                ("GET", false) => "list",
                ("GET", true) => "get",
                ("PUT", _) => "put",
                ("PATCH", _) => "update",
                _ => "delete",
            };
            let label = if is_item { format!("/{{{}}}", collection.label) } else { String::new() };
            all.push(Endpoint {
                method,
                path: format!("{}{label}", collection.path),
                title: format!("{verb} {}", collection.name),
                collection,
                is_item,
            });
        }
    }
    all
}

impl Endpoint {
    pub fn has_body(&self) -> bool {
        matches!(self.method, "POST" | "PUT" | "PATCH")
    }

    /// Returns the success status.
    pub fn success(&self) -> u16 {
        match self.method {
            "POST" => 201,
            "DELETE" => 204,
            _ => 200,
        }
    }

    /// Returns true if a body may leave a member out.
    pub fn is_optional(&self, field: &Field) -> bool {
        !field.required || self.method == "PATCH"
    }

    /// Returns the names of the labels of the path, with the schema of each.
    pub fn labels(&self) -> Vec<(&'static str, Json)> {
        let mut labels = Vec::new();
        if self.collection.path.contains("{customer_id}") {
            labels.push(("customer_id", json!({"type": "string", "format": "uuid"})));
        }
        if self.is_item {
            labels.push((self.collection.label, id_schema(self.collection.ids)));
        }
        labels
    }
}

fn id_schema(ids: Ids) -> Json {
    match ids {
        Ids::Uuid => json!({"type": "string", "format": "uuid"}),
        Ids::Prefixed(_) => json!({"type": "string", "minLength": 1, "maxLength": 64}),
        Ids::Number => json!({"type": "integer", "minimum": 1}),
        Ids::Chosen => json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9_-]+$"}),
    }
}

fn field_schema(kind: Kind) -> Json {
    match kind {
        Kind::Text(min, max) => json!({"type": "string", "minLength": min, "maxLength": max}),
        Kind::Email => json!({"type": "string", "format": "email", "maxLength": 254}),
        Kind::Whole(min, max) => json!({"type": "integer", "minimum": min, "maximum": max}),
        Kind::Choice(values) => json!({"type": "string", "enum": values}),
        Kind::Reference("customer") => id_schema(Ids::Uuid),
        Kind::Reference(_) => id_schema(Ids::Prefixed("")),
        Kind::Lines => json!({"type": "array", "minItems": 1, "maxItems": 10, "items": {
            "type": "object", "required": ["product_id", "quantity"], "properties": {
                "product_id": id_schema(Ids::Prefixed("")),
                "quantity": {"type": "integer", "minimum": 1, "maximum": 99}}}}),
    }
}

fn object_schema(endpoint: &Endpoint, with_id: bool) -> Json {
    let collection = endpoint.collection;
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    if with_id {
        let name = if collection.ids == Ids::Chosen { collection.label } else { "id" };
        properties.insert(name.to_owned(), id_schema(collection.ids));
        required.push(name);
    }
    for field in collection.fields {
        properties.insert(field.name.to_owned(), field_schema(field.kind));
        if if with_id { field.required } else { !endpoint.is_optional(field) } {
            required.push(field.name);
        }
    }
    json!({"type": "object", "required": required, "properties": properties})
}

/// Returns the schema of a success; `None` if it has no body.
pub fn response_schema(endpoint: &Endpoint) -> Option<Json> {
    let collection = endpoint.collection;
    let one = object_schema(endpoint, true);
    match (endpoint.method, collection.shown) {
        ("DELETE", _) | ("POST", Shown::LocationOnly) => None,
        ("GET", _) if !endpoint.is_item => {
            Some(json!({"type": "object", "required": ["data", "total"], "properties": {
            "data": {"type": "array", "items": one}, "total": {"type": "integer"}}}))
        }
        (_, Shown::Inside(name)) => Some(json!({"type": "object", "required": [name], "properties": {name: one}})),
        _ => Some(one),
    }
}

/// Returns the OpenAPI document.
pub fn openapi_document() -> Json {
    let mut paths = serde_json::Map::new();
    for endpoint in endpoints() {
        let mut parameters: Vec<Json> = endpoint
            .labels()
            .into_iter()
            .map(|(name, schema)| json!({"name": name, "in": "path", "required": true, "schema": schema}))
            .collect();
        if endpoint.method == "GET" && !endpoint.is_item {
            let limit = json!({"type": "integer", "minimum": 1, "maximum": 100, "format": "int32"});
            parameters.push(json!({"name": "limit", "in": "query", "schema": limit}));
        }
        let mut success = json!({"description": "ok"});
        if let Some(schema) = response_schema(&endpoint) {
            success["content"] = json!({"application/json": {"schema": schema}});
        }
        let problem = json!({"description": "problem", "content": {"application/json": {"schema": {
            "type": "object", "required": ["errors"], "properties": {"errors": {"type": "array", "items": {"type": "object"}}}}}}});
        let mut responses =
            json!({endpoint.success().to_string(): success, "401": problem.clone(), "422": problem.clone()});
        if !endpoint.labels().is_empty() {
            responses["404"] = problem.clone();
        }
        if endpoint.has_body() && endpoint.collection.fields.iter().any(|field| field.kind == Kind::Email) {
            responses["409"] = problem;
        }
        let mut operation = json!({"summary": endpoint.title, "parameters": parameters, "responses": responses});
        if endpoint.has_body() {
            let schema = object_schema(&endpoint, false);
            operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
        }
        let path = paths.entry(endpoint.path.clone()).or_insert_with(|| json!({}));
        path[endpoint.method.to_lowercase()] = operation;
    }
    json!({"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "paths": paths, "security": [{"key": []}],
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}})
}
