//! Finds where a server failed: the innermost frame of the stack trace that it printed.
//!
//! It knows the stack trace formats of language runtimes, and nothing about any particular server.

/// Returns the innermost frame and the exception type: `moto/sqs/models.py:120 in create_queue: KeyError`.
pub fn innermost_frame(lines: &[String]) -> Option<String> {
    let place = python_frame(lines)
        .or_else(|| node_frame(lines))
        .or_else(|| jvm_frame(lines))
        .or_else(|| rust_panic_location(lines))?;
    Some(match exception_type(lines) {
        Some(kind) if !place.contains(&kind) => format!("{place}: {kind}"),
        _ => place,
    })
}

/// Returns the number of failures whose stack traces the lines contain. The traces of exceptions that caused one another
/// belong to one failure.
pub fn count_traces(lines: &[String]) -> usize {
    let count = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    let python = count("Traceback (most recent call last)")
        .saturating_sub(count("During handling of the above exception"))
        .saturating_sub(count("The above exception was the direct cause"));
    // A Node.js or JVM trace is a block of frames; `Caused by:` and `[cause]:` introduce further blocks of it.
    let is_frame = |line: &String| line.trim_start().starts_with("at ");
    let starts = lines
        .iter()
        .enumerate()
        .filter(|(index, line)| is_frame(line) && index.checked_sub(1).is_none_or(|before| !is_frame(&lines[before])));
    let blocks = starts.count().saturating_sub(count("Caused by:")).saturating_sub(count("[cause]:"));
    python + blocks + count("panicked at ")
}

/// Parses a Python frame, `  File "/x/site-packages/moto/sqs/models.py", line 120, in create_queue`; the last one is
/// the innermost.
fn python_frame(lines: &[String]) -> Option<String> {
    // A frame of the standard library shows where it failed, but not why.
    let of_package = |line: &&String| line.contains("-packages/");
    let frames = lines.iter().rev().filter(|line| line.trim_start().starts_with("File \""));
    frames.clone().find(of_package).or_else(|| frames.clone().next()).and_then(|line| {
        let rest = line.trim_start().strip_prefix("File \"")?;
        let (path, rest) = rest.split_once("\", line ")?;
        let (number, rest) = rest.split_once(", in ").unwrap_or((rest, ""));
        let within = if rest.is_empty() { String::new() } else { format!(" in {}", rest.trim()) };
        Some(format!("{}:{}{within}", strip_package_root(path), number.trim()))
    })
}

/// Parses a Node.js frame, `    at createTable (/x/node_modules/dynalite/actions/createTable.js:12:5)`; the first one
/// is the innermost.
fn node_frame(lines: &[String]) -> Option<String> {
    lines.iter().find_map(|line| {
        let rest = line.trim_start().strip_prefix("at ")?;
        let (name, place) = match rest.split_once(" (") {
            Some((name, place)) => (name, place.trim_end_matches(')')),
            None => ("", rest),
        };
        let mut parts = place.rsplitn(3, ':');
        let (_, number, path) = (parts.next()?, parts.next()?, parts.next()?);
        let is_own = number.parse::<u32>().is_ok() && !path.starts_with("node:");
        // Node.js names the module's object only where a function is called through it.
        let name = ["Object.", "Module.", "exports."].iter().find_map(|owner| name.strip_prefix(owner)).unwrap_or(name);
        let within = if name.is_empty() { String::new() } else { format!(" in {name}") };
        is_own.then(|| format!("{}:{number}{within}", strip_package_root(path)))
    })
}

/// Parses a JVM frame, `at com.example.Queue.create(Queue.java:12)`; the first one is the innermost.
fn jvm_frame(lines: &[String]) -> Option<String> {
    lines.iter().find_map(|line| {
        let rest = line.trim_start().strip_prefix("at ")?;
        let (name, place) = rest.split_once('(')?;
        let place = place.strip_suffix(')')?;
        (place.contains(".java:") || place.contains(".kt:") || place.contains(".scala:"))
            .then(|| format!("{place} in {name}"))
    })
}

/// Parses the location of a Rust panic, `thread 'main' panicked at src/queue.rs:12:5:`.
fn rust_panic_location(lines: &[String]) -> Option<String> {
    lines.iter().find_map(|line| {
        let place = line.split_once("panicked at ")?.1.trim_end_matches(':');
        let (place, _) = place.rsplit_once(':')?;
        Some(strip_package_root(place))
    })
}

/// Returns the exception type without its module: `KeyError` for `KeyError: 'x'`.
fn exception_type(lines: &[String]) -> Option<String> {
    lines.iter().rev().find_map(|line| {
        let head = line.split([':', ' ']).next().unwrap_or_default();
        let name = head.rsplit('.').next().unwrap_or(head);
        let is_name = !head.is_empty() && head.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '_');
        let ends = ["Error", "Exception"].iter().any(|end| name.ends_with(end));
        (is_name && ends && name.starts_with(|c: char| c.is_uppercase())).then(|| name.to_owned())
    })
}

/// Returns a path relative to the package directory.
fn strip_package_root(path: &str) -> String {
    let markers = ["site-packages/", "dist-packages/", "node_modules/"];
    let cut = markers.iter().filter_map(|marker| path.rfind(marker).map(|at| at + marker.len())).max();
    path[cut.unwrap_or(0)..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::{count_traces, innermost_frame};

    fn frame_of(text: &str) -> Option<String> {
        innermost_frame(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn innermost_frame_is_found_for_each_runtime() {
        let python = "Traceback (most recent call last):\n  File \"/v/lib/python3.11/site-packages/flask/app.py\", line 9, \
                      in run\n    f()\n  File \"/v/lib/python3.11/site-packages/moto/sqs/models.py\", line 120, in create\n    \
                      x[1]\nKeyError: 'x'\n127.0.0.1 - - \"POST / HTTP/1.1\" 500 -";
        assert_eq!(frame_of(python).as_deref(), Some("moto/sqs/models.py:120 in create: KeyError"));
        let node = "/x/node_modules/d/index.js:3\nTypeError: no\n    at check (/x/node_modules/d/lib/check.js:12:5)\n    \
                    at node:internal/x:1:2";
        assert_eq!(frame_of(node).as_deref(), Some("d/lib/check.js:12 in check: TypeError"));
        assert_eq!(frame_of(&node.replace("at check", "at Object.check")), frame_of(node));
        let java =
            "java.lang.IllegalStateException: no\n\tat com.example.Queue.create(Queue.java:12)\n\tat a.B.c(B.java:1)";
        assert_eq!(frame_of(java).as_deref(), Some("Queue.java:12 in com.example.Queue.create: IllegalStateException"));
        assert_eq!(frame_of("thread 'x' panicked at src/queue.rs:12:5:\nno").as_deref(), Some("src/queue.rs:12"));
        assert_eq!(frame_of("127.0.0.1 - - \"POST / HTTP/1.1\" 500 -"), None);
    }

    #[test]
    fn traces_of_different_failures_are_counted() {
        let python = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'x'\n";
        let chained = format!(
            "{python}\nDuring handling of the above exception, another exception occurred:\n\n{python}127.0.0.1 - - 500"
        );
        let node = "TypeError: no\n    at check (/x/check.js:12:5)\n    at run (/x/run.js:1:2)\n";
        let java = "IllegalStateException: no\n\tat a.B.c(B.java:1)\nCaused by: Other\n\tat a.D.e(D.java:2)\n";
        for (text, traces) in [
            ("127.0.0.1 - - 200".to_owned(), 0),
            (python.to_owned(), 1),
            (chained, 1),
            (format!("{python}{python}"), 2),
            (node.to_owned(), 1),
            (format!("{node}{node}"), 2),
            (java.to_owned(), 1),
            ("thread 'x' panicked at src/queue.rs:12:5:\nno".to_owned(), 1),
        ] {
            let lines: Vec<String> = text.lines().map(str::to_owned).collect();
            assert_eq!(count_traces(&lines), traces, "{text}");
        }
    }
}
