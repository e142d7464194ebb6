//! Reads error tables of Markdown pages, with columns in any order.
//!
//! It never accepts a row shorter than its header: a malformed table becomes a warning with its line.

use super::IngestDiagnostic;
use super::source_text::SourceText;

/// A row of an error table.
pub(super) struct ErrorRow {
    pub line: u32,
    pub name: String,
    pub status: Option<u16>,
    pub description: String,
}

/// The contents of an error table.
#[derive(Default)]
pub(super) struct ErrorTable {
    pub errors: Vec<ErrorRow>,
    pub success: Option<(u32, u16)>,
    pub permission: Option<(u32, String)>,
}

/// Reads a table's lines. Returns an empty table if it does not list errors.
pub(super) fn read_error_table(
    text: &SourceText<'_>,
    line: u32,
    rows: &[String],
    under_errors: bool,
    diagnostics: &mut Vec<IngestDiagnostic>,
) -> ErrorTable {
    let mut table = ErrorTable::default();
    let Some(header) = rows.first().map(|row| split_cells(row)) else { return table };
    let column = |names: &[&str]| {
        header.iter().position(|cell| names.contains(&cell.to_ascii_lowercase().trim_matches(['*', '`', ' '])))
    };
    let mut status = column(&["status", "status code", "http status", "http status code", "http code", "http"]);
    let mut code = column(&["code", "error code", "error", "error type", "type", "name", "exception"]);
    let description = column(&["description", "message", "meaning", "reason", "details", "cause", "when"]);
    if status.is_none()
        && let Some(place) = code
        && rows.iter().skip(2).all(|row| split_cells(row).get(place).is_some_and(|cell| parse_status(cell).is_some()))
    {
        (status, code) = (Some(place), None);
    }
    let is_errors = under_errors || (status.is_some() && (code.is_some() || description.is_some()));
    if !is_errors {
        return table;
    }
    let (Some(status), true) = (status, code.is_some() || description.is_some()) else {
        let hint = "give the table the columns Status, Code and Description";
        let message = "error table without a status column, or without a code or description column";
        diagnostics.push(text.warning(line, message, hint));
        return table;
    };
    let delimiter_row = rows.get(1).map(|row| split_cells(row)).unwrap_or_default();
    let is_delimiter_row = !delimiter_row.is_empty()
        && delimiter_row.iter().all(|cell| cell.contains('-') && cell.chars().all(|c| matches!(c, '-' | ':' | ' ')));
    if !is_delimiter_row || delimiter_row.len() != header.len() {
        let message = "malformed table: the second line is not a delimiter row with as many columns as the header";
        let hint = "write one `---` per column";
        diagnostics.push(text.warning(line.saturating_add(1), message, hint));
    }
    let first = if is_delimiter_row { 2 } else { 1 };
    let columns = ErrorColumns { status, code, description, count: header.len() };
    for (line, row) in (line..).zip(rows).skip(first) {
        read_error_row(text, line, &split_cells(row), &columns, &mut table, diagnostics);
    }
    table
}

/// The columns of an error table.
struct ErrorColumns {
    status: usize,
    code: Option<usize>,
    description: Option<usize>,
    /// Number of cells of the header.
    count: usize,
}

fn read_error_row(
    text: &SourceText<'_>,
    line: u32,
    row: &[String],
    columns: &ErrorColumns,
    table: &mut ErrorTable,
    diagnostics: &mut Vec<IngestDiagnostic>,
) {
    if row.len() != columns.count {
        let message = format!("malformed table: row has {} cells, header has {}", row.len(), columns.count);
        let hint = "write as many cells as the header has; escape a literal bar as `\\|`";
        diagnostics.push(text.warning(line, message, hint));
        if row.len() < columns.count {
            return;
        }
    }
    let Some(number) = row.get(columns.status).and_then(|cell| parse_status(cell)) else {
        let cell = row.get(columns.status).cloned().unwrap_or_default();
        let message = format!("`{cell}` is not an HTTP status");
        diagnostics.push(text.warning(line, message, "write a number from 100 to 599"));
        return;
    };
    let words = columns.description.and_then(|place| row.get(place)).cloned().unwrap_or_default();
    if number < 300 {
        table.success = table.success.or(Some((line, number)));
        return;
    }
    if number == 403 && table.permission.is_none() {
        table.permission = find_permission(&words).map(|name| (line, name));
    }
    let name = columns
        .code
        .and_then(|place| row.get(place))
        .map(|cell| cell.trim_matches(['`', '"', '*', ' ']).to_owned())
        .filter(|name| !name.is_empty() && *name != "-" && *name != "—");
    let name = name.unwrap_or_else(|| {
        let message = format!("the error with status {number} has no code");
        diagnostics.push(text.note(line, message));
        number.to_string()
    });
    table.errors.push(ErrorRow { line, name, status: Some(number), description: words });
}

/// Splits a row into its cells, without the outer bars.
fn split_cells(row: &str) -> Vec<String> {
    let row = row.trim();
    let row = row.strip_prefix('|').unwrap_or(row);
    let row = row.strip_suffix('|').filter(|row| !row.ends_with('\\')).unwrap_or(row);
    let mut cells = vec![String::new()];
    let mut chars = row.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'|') => {
                chars.next();
                if let Some(cell) = cells.last_mut() {
                    cell.push('|');
                }
            }
            '|' if !quoted => cells.push(String::new()),
            c => {
                if c == '`' {
                    quoted = !quoted && chars.clone().any(|c| c == '`');
                }
                if let Some(cell) = cells.last_mut() {
                    cell.push(c);
                }
            }
        }
    }
    cells.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

fn parse_status(cell: &str) -> Option<u16> {
    let digits: String = cell.trim_matches(['`', '*', ' ']).chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|code| (100..600).contains(code))
}

/// Extracts a permission such as `contacts:write` from ``Missing `contacts:write` permission``.
fn find_permission(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if !["permission", "scope"].iter().any(|word| lower.contains(word)) {
        return None;
    }
    let mut parts = text.split('`');
    let (quoted, rest) = (parts.nth(1), parts.nth(1));
    let name = quoted.filter(|_| rest.is_none())?;
    (!name.is_empty() && !name.contains(' ')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_table(source: &str) -> (ErrorTable, Vec<IngestDiagnostic>) {
        let text = SourceText::new("a.mdx", source.as_bytes()).expect("it is text");
        let rows: Vec<String> = source.lines().map(str::to_owned).collect();
        let mut diagnostics = Vec::new();
        let table = read_error_table(&text, 1, &rows, true, &mut diagnostics);
        (table, diagnostics)
    }

    #[test]
    fn columns_may_come_in_any_order() {
        let source = "| Description | Error Code | HTTP Status |\n|---|:-:|---|\n| Missing `a:w` permission | `no` | 403 |\n| a \\| b | `x|y` | 400 Bad Request |";
        let (table, diagnostics) = read_table(source);
        assert_eq!(diagnostics, []);
        let rows: Vec<(&str, Option<u16>, u32)> =
            table.errors.iter().map(|row| (row.name.as_str(), row.status, row.line)).collect();
        assert_eq!(rows, [("no", Some(403), 3), ("x|y", Some(400), 4)]);
        assert_eq!(table.permission, Some((3, "a:w".to_owned())));
    }

    #[test]
    fn malformed_tables_are_reported_with_their_line() {
        for (source, line) in [
            ("| Status | Code |\n| --- |\n| 400 | `a` |", 2),
            ("| Status | Code |\n| --- | --- |\n| 400 |", 3),
            ("| Status | Code |\n| --- | --- |\n| four | `a` |", 3),
            ("| What | Why |\n| --- | --- |\n| a | b |", 1),
        ] {
            let (_, diagnostics) = read_table(source);
            assert_eq!(diagnostics.len(), 1, "{source}");
            assert_eq!(diagnostics[0].place.line, line, "{source}");
        }
    }
}
