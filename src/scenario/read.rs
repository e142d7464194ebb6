//! Reads a scenario from TOML; errors carry spans.
//!
//! It never opens a file: the text is an argument, and `sources` stay names.

use super::fixtures::{parse_fixtures, parse_request, sort_fixtures};
use super::read_login::parse_login;
use super::tables::{TomlEntry, TomlTable, did_you_mean, error_at, line_number, parse_document};
use super::{
    AmendmentEntry, Credentials, OperationNotes, Principal, ReadBack, Scenario, ScenarioError, ScenarioWarning,
    UndoRule, Variable,
};
use crate::case::LawName;
use crate::contract::Protocol;
use indexmap::IndexMap;
use serde_json::Value as Json;

const SCENARIO_KEYS: &[&str] = &[
    "sources",
    "supporting-sources",
    "only",
    "endpoint",
    "error-code",
    "principal",
    "verifies-signatures",
    "variables",
    "principals",
    "use",
    "missing",
    "elsewhere",
    "fixtures",
    "operations",
    "amend",
    "infer",
    "protocol",
];
const PRINCIPAL_KEYS: &[&str] =
    &["login", "bearer", "basic", "sigv4", "header", "query", "cookie", "anonymous", "lacks"];

/// Reads a scenario with this name.
///
/// # Errors
/// Returns an error if the text is not valid TOML or a value has the wrong form.
pub fn read_scenario(name: &str, text: &str) -> Result<(Scenario, Vec<ScenarioWarning>), ScenarioError> {
    let document = parse_document(text)?;
    let root = TomlTable::root(&document);
    let mut warnings = Vec::new();
    let warn = &mut warnings;
    root.warn_of_unknown_keys(SCENARIO_KEYS, warn);
    let mut scenario = Scenario::with_name(name);
    read_general_keys(&mut scenario, &root)?;
    read_named_tables(&mut scenario, &root, text, warn)?;
    check_principal_name(&scenario, &root)?;
    if scenario.sources.is_empty() {
        return Err(no_sources_error(&root, text, warnings));
    }
    Ok((scenario, warnings))
}

/// Reads the keys that are values, without `fixtures`, `operations` and the like.
fn read_general_keys(scenario: &mut Scenario, root: &TomlTable<'_, '_>) -> Result<(), ScenarioError> {
    scenario.sources = root.text_list("sources")?;
    scenario.supporting_sources = root.text_list("supporting-sources")?;
    scenario.included_operations = root.text_list("only")?;
    scenario.endpoint = root.text("endpoint")?;
    scenario.error_code = root.text("error-code")?;
    scenario.principal = root.text("principal")?;
    scenario.verifies_signatures = root.flag("verifies-signatures")?;
    scenario.disable_inference = root.entry("infer").is_some() && !root.flag("infer")?;
    scenario.protocol = parse_protocol(root)?;
    scenario.use_values = parse_values(root, "use")?;
    scenario.missing_values = parse_values(root, "missing")?;
    scenario.elsewhere_values = parse_values(root, "elsewhere")?;
    Ok(())
}

/// Reads variables, principals, fixtures, operations and amendments.
fn read_named_tables(
    scenario: &mut Scenario,
    root: &TomlTable<'_, '_>,
    text: &str,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<(), ScenarioError> {
    for entry in root.table_entries("variables")? {
        let variable = parse_variable(&entry, warnings)?;
        scenario.variables.insert(entry.key, variable);
    }
    for entry in root.table_entries("principals")? {
        let principal = parse_principal(&entry.table()?, warnings)?;
        scenario.principals.insert(entry.key, principal);
    }
    scenario.fixtures = parse_fixtures(root, text, warnings)?;
    sort_fixtures(scenario, root)?;
    for entry in root.table_entries("operations")? {
        let notes = parse_operation_notes(&entry.table()?, text, warnings)?;
        scenario.operations.insert(entry.key, notes);
    }
    if let Some(entry) = root.entry("amend") {
        for table in entry.list_of_tables()? {
            scenario.amendments.push(parse_amendment(&table, text, warnings)?);
        }
    }
    Ok(())
}

fn no_sources_error(root: &TomlTable<'_, '_>, text: &str, warnings: Vec<ScenarioWarning>) -> ScenarioError {
    // An unknown key may be a misspelling of the missing one.
    let misspelling = "did you mean `sources`?";
    if let Some(warning) = warnings.into_iter().find(|one| one.hint.as_deref() == Some(misspelling)) {
        return ScenarioError { reason: warning.reason, span: warning.span, hint: warning.hint };
    }
    let span = root.entry("sources").map(|entry| entry.span());
    ScenarioError {
        reason: "`sources` is missing or empty".to_owned(),
        span: Some(span.unwrap_or(0..text.find('\n').unwrap_or(text.len()))),
        hint: Some("list the documents: `sources = [\"docs/**/*.mdx\", \"botocore:connect\"]`".to_owned()),
    }
}

fn parse_protocol(root: &TomlTable<'_, '_>) -> Result<Option<Protocol>, ScenarioError> {
    let Some(name) = root.text("protocol")? else { return Ok(None) };
    let known: Vec<&str> = Protocol::ALL.iter().map(|one| one.name()).collect();
    let found = Protocol::ALL.iter().find(|one| one.name() == name).copied();
    found.map(Some).ok_or_else(|| ScenarioError {
        reason: format!("unknown protocol `{name}`"),
        span: root.entry("protocol").map(|entry| entry.span()),
        hint: did_you_mean(&name, &known).or_else(|| Some(format!("expected one of {}", known.join(", ")))),
    })
}

fn check_principal_name(scenario: &Scenario, root: &TomlTable<'_, '_>) -> Result<(), ScenarioError> {
    // The principal may also be defined in `overstep.toml`. It is only checked if the scenario defines
    // principals of its own, and even then only a near miss is certainly a mistake.
    let Some(name) = &scenario.principal else { return Ok(()) };
    if scenario.principals.contains_key(name.as_str()) || scenario.principals.is_empty() {
        return Ok(());
    }
    let known: Vec<&str> = scenario.principals.keys().map(String::as_str).collect();
    match (did_you_mean(name, &known), root.entry("principal")) {
        (Some(hint), Some(entry)) => Err(ScenarioError {
            reason: format!("unknown principal `{name}`"),
            span: Some(entry.span()),
            hint: Some(hint),
        }),
        _ => Ok(()),
    }
}

fn parse_values(table: &TomlTable<'_, '_>, key: &str) -> Result<IndexMap<String, Json>, ScenarioError> {
    let mut values = IndexMap::new();
    for entry in table.table_entries(key)? {
        if crate::contract::MemberPath::parse(&entry.key).is_none() {
            return Err(ScenarioError {
                reason: format!("invalid member path `{}`", entry.key),
                span: Some(entry.key_span),
                hint: Some(
                    "member paths look like `ContactId`, `Tags{key}`, `References{value}.Type`, `tags[]`".into(),
                ),
            });
        }
        let value = entry.to_json()?;
        values.insert(entry.key, value);
    }
    Ok(values)
}

fn parse_variable(entry: &TomlEntry<'_, '_>, warnings: &mut Vec<ScenarioWarning>) -> Result<Variable, ScenarioError> {
    if entry.is_text() {
        return Ok(Variable { value: entry.text()?, secret: false });
    }
    let table = entry.table().map_err(|_| entry.type_error("a string, or `{ value = \"…\", secret = true }`"))?;
    table.warn_of_unknown_keys(&["value", "secret"], warnings);
    let value =
        table.text("value")?.ok_or_else(|| error_at(format!("`{}` has no `value`", table.name), table.span.clone()))?;
    Ok(Variable { value, secret: table.flag("secret")? })
}

/// Reads one `[principals.NAME]` table of a scenario or of the settings.
pub(super) fn parse_principal(
    table: &TomlTable<'_, '_>,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<Principal, ScenarioError> {
    table.warn_of_unknown_keys(PRINCIPAL_KEYS, warnings);
    let lacks = table.text_list("lacks")?;
    let mut found: Vec<Credentials> = Vec::new();
    if let Some(key) = table.text("bearer")? {
        found.push(Credentials::Bearer(key));
    }
    if let Some(basic) = table.table("basic")? {
        basic.warn_of_unknown_keys(&["user", "password"], warnings);
        let (user, password) = (required_text(&basic, "user")?, required_text(&basic, "password")?);
        found.push(Credentials::Basic { user, password });
    }
    if let Some(sigv4) = table.table("sigv4")? {
        let keys = ["region", "service", "access-key-id", "secret-access-key"];
        sigv4.warn_of_unknown_keys(&keys, warnings);
        found.push(Credentials::SigV4 {
            region: sigv4.text("region")?.unwrap_or_else(|| "us-east-1".to_owned()),
            service: sigv4.text("service")?,
            access_key_id: sigv4.text("access-key-id")?,
            secret_access_key: sigv4.text("secret-access-key")?,
        });
    }
    for kind in ["header", "query", "cookie"] {
        let Some(key) = table.table(kind)? else { continue };
        key.warn_of_unknown_keys(&["name", "value"], warnings);
        let (name, value) = (required_text(&key, "name")?, required_text(&key, "value")?);
        found.push(match kind {
            "header" => Credentials::Header { name, value },
            "query" => Credentials::Query { name, value },
            _ => Credentials::Cookie { name, value },
        });
    }
    if table.flag("anonymous")? {
        found.push(Credentials::Anonymous);
    }
    let login = table.table("login")?.map(|login| parse_login(&login, warnings)).transpose()?;
    if let (Some(login), true) = (&login, found.is_empty())
        && let Some(name) = login.captures.keys().next()
    {
        found.push(Credentials::Bearer(format!("{{{name}}}")));
    }
    let is_anonymous = found.contains(&Credentials::Anonymous);
    let count = found.len();
    let mut found = found.into_iter();
    match found.next() {
        Some(credentials) if !is_anonymous || count == 1 => {
            Ok(Principal { credentials, others: found.collect(), login, lacks })
        }
        None => Err(ScenarioError {
            reason: format!("`{}` has no credentials", table.name),
            span: Some(table.span.clone()),
            hint: Some(
                "set one of `bearer`, `basic`, `sigv4`, `header`, `query`, `cookie`, or `anonymous = true`".to_owned(),
            ),
        }),
        Some(_) => Err(ScenarioError {
            reason: format!("`{}` is anonymous and has credentials", table.name),
            span: Some(table.span.clone()),
            hint: Some("remove one of them; add a second principal for the other".into()),
        }),
    }
}

fn parse_law(name: &str, span: Option<std::ops::Range<usize>>) -> Result<LawName, ScenarioError> {
    let stated = LawName::STATED.into_iter().find(|law| law.as_str() == name);
    stated.ok_or_else(|| {
        let known = LawName::STATED.map(LawName::as_str);
        ScenarioError {
            reason: format!("unknown law `{name}`"),
            span,
            hint: did_you_mean(name, &known).or_else(|| Some(format!("expected one of {}", known.join(", ")))),
        }
    })
}

fn parse_operation_notes(
    table: &TomlTable<'_, '_>,
    text: &str,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<OperationNotes, ScenarioError> {
    table.warn_of_unknown_keys(
        &[
            "use", "missing", "read", "laws", "skip", "undoes", "echoes", "fresh", "cleanup", "creates", "needs",
            "after",
        ],
        warnings,
    );
    let laws_span = table.entry("laws").map(|entry| entry.span());
    let names = table.text_list("laws")?;
    let laws = names.iter().map(|name| parse_law(name, laws_span.clone())).collect::<Result<_, _>>()?;
    let reads = match table.entry("read") {
        None => Vec::new(),
        Some(entry) if entry.is_list() => {
            entry.list_of_tables()?.iter().map(|read| parse_read_back(read, warnings)).collect::<Result<_, _>>()?
        }
        Some(entry) => vec![parse_read_back(&entry.table()?, warnings)?],
    };
    let undoes = table.table("undoes")?.map(|table| parse_undo_rule(&table, warnings)).transpose()?;
    let mut echoes = IndexMap::new();
    for entry in table.table_entries("echoes")? {
        let member = entry.text()?;
        echoes.insert(entry.key, member);
    }
    let mut uses = parse_values(table, "use")?;
    let chosen = parse_values(table, "fresh")?;
    let fresh: Vec<String> = chosen.keys().cloned().collect();
    uses.extend(chosen);
    let cleanup = table.table("cleanup")?;
    let cleanup = cleanup.map(|table| parse_request(&table, text, warnings)).transpose()?;
    Ok(OperationNotes {
        optional_values: IndexMap::new(),
        line: line_number(text, table.span.start),
        use_values: uses,
        fresh_members: fresh,
        cleanup,
        missing_values: parse_values(table, "missing")?,
        read_backs: reads,
        laws,
        laws_line: laws_span.map_or(0, |span| line_number(text, span.start)),
        undo_rule: undoes,
        echoed_members: echoes,
        skip_reason: table.text("skip")?,
        creates_nothing: table.entry("creates").is_some() && !table.flag("creates")?,
        needs: table.text_list("needs")?,
        after: table.text_list("after")?,
    })
}

fn required_text(table: &TomlTable<'_, '_>, key: &str) -> Result<String, ScenarioError> {
    table.text(key)?.ok_or_else(|| error_at(format!("`{}` has no `{key}`", table.name), table.span.clone()))
}

fn parse_read_back(table: &TomlTable<'_, '_>, warnings: &mut Vec<ScenarioWarning>) -> Result<ReadBack, ScenarioError> {
    table.warn_of_unknown_keys(&["request", "value", "member", "key", "item", "of", "optional"], warnings);
    Ok(ReadBack {
        request: required_text(table, "request")?,
        value_path: table.text("value")?.unwrap_or_default(),
        member: table.text("member")?,
        key_path: table.text("key")?,
        item_path: table.text("item")?,
        entry_path: table.text("of")?,
        optional: table.flag("optional")?,
        is_inferred: false,
    })
}

fn parse_undo_rule(table: &TomlTable<'_, '_>, warnings: &mut Vec<ScenarioWarning>) -> Result<UndoRule, ScenarioError> {
    table.warn_of_unknown_keys(&["operation", "of", "member"], warnings);
    Ok(UndoRule {
        operation: required_text(table, "operation")?,
        undone_member: table.text("of")?,
        member: required_text(table, "member")?,
    })
}

fn parse_amendment(
    table: &TomlTable<'_, '_>,
    text: &str,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<AmendmentEntry, ScenarioError> {
    table.warn_of_unknown_keys(&["at", "add", "set", "reason"], warnings);
    let missing = |key: &str, hint: &str| ScenarioError {
        reason: format!("an amendment has no `{key}`"),
        span: Some(table.span.clone()),
        hint: Some(hint.to_owned()),
    };
    let at =
        table.text("at")?.ok_or_else(|| missing("at", "name the amended field: `at = \"AddTagsToContact.errors\"`"))?;
    let reason = table.text("reason")?.ok_or_else(|| {
        missing("reason", "state where it is documented or who decided it, so that it can be checked later")
    })?;
    let add = table.entry("add").map(|entry| entry.to_json()).transpose()?;
    let set = table.entry("set").map(|entry| entry.to_json()).transpose()?;
    if add.is_some() == set.is_some() {
        return Err(missing("add` or `set", "set exactly one of them"));
    }
    Ok(AmendmentEntry { at, add, set, reason, line: line_number(text, table.span.start) })
}
