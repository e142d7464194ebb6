//! Placeholders for what a fixture creates.

/// Returns the fixture and the name of its value if a template is one placeholder and nothing else: `queue` and
/// `QueueUrl` for `{queue.QueueUrl}`. A document with braces of its own, such as a policy, is none.
pub fn fixture_placeholder(template: &str) -> Option<(&str, &str)> {
    let inner = template.strip_prefix('{')?.strip_suffix('}')?;
    inner.split_once('.').filter(|_| !inner.contains(['{', '}']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_placeholder_alone_is_read() {
        for (template, found) in [
            ("{queue.QueueUrl}", Some(("queue", "QueueUrl"))),
            ("{queue.QueueUrl}/x", None),
            ("{run}", None),
            ("{{\"Version\":\"1.0\"}}", None),
            ("{queue.a}-{queue.b}", None),
        ] {
            assert_eq!(fixture_placeholder(template), found, "{template}");
        }
    }
}
