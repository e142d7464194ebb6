//! How many of an endpoint's operations a plain request reaches, and what would help the others.
//!
//! `check`, `doctor` and `init` print the same sentence, so that their counts can be compared.

use super::style::pluralize;

/// What a plain request of each operation got. Operations that the endpoint does not implement are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationReach {
    /// Operations that the endpoint implements.
    pub implemented: usize,
    /// Those of which a plain request never succeeded.
    pub unreached: usize,
    /// Those of which it got a response, rather than a request before it.
    pub answered: usize,
    /// Those of which it got 401 or 403.
    pub unauthorized: usize,
}

impl OperationReach {
    /// Adds an operation by the response to its plain request; `observed` begins with the status.
    pub fn add(&mut self, is_accepted: bool, observed: &str) {
        self.implemented += 1;
        self.unreached += usize::from(!is_accepted);
        self.answered += usize::from(!is_accepted && !observed.is_empty());
        let is_rejected_caller = observed.starts_with("401") || observed.starts_with("403");
        self.unauthorized += usize::from(!is_accepted && is_rejected_caller);
    }

    /// Returns the number of operations that succeed, as a sentence.
    pub fn describe(&self) -> String {
        let Self { implemented, unreached, .. } = self;
        let noun = if *implemented == 1 { "operation" } else { "operations" };
        format!("{} of {implemented} {noun} that the endpoint has succeed", implemented - unreached)
    }

    /// Returns how many operations never succeeded and what would help; `None` if all succeed. `doctor` is the command
    /// that shows what each of them lacks.
    pub fn describe_unreached(&self, doctor: Option<&str>) -> Option<String> {
        let Self { implemented, unreached, answered, unauthorized } = *self;
        if unreached == 0 {
            return None;
        }
        let verb = format!("{unreached} of {} never succeeded", pluralize(implemented as u64, "operation"));
        let help = if unauthorized * 2 > answered {
            format!("{unauthorized} got 401 or 403; set the credentials of the scenario's principal")
        } else {
            match doctor {
                Some(command) => format!("`{command}` shows what the endpoint says and what was tried"),
                None => "see below what the endpoint says".to_owned(),
            }
        };
        Some(format!("{verb}: {help}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(rows: &[(bool, &str)]) -> OperationReach {
        let mut reach = OperationReach::default();
        rows.iter().for_each(|(is_accepted, observed)| reach.add(*is_accepted, observed));
        reach
    }

    #[test]
    fn unreached_operations_are_counted_with_what_helps() {
        let some = reach(&[(true, "200"), (false, "422"), (false, "401"), (false, "")]);
        assert_eq!(some.describe(), "1 of 4 operations that the endpoint has succeed");
        assert_eq!(
            some.describe_unreached(Some("overstep doctor x")).as_deref(),
            Some(
                "3 of 4 operations never succeeded: `overstep doctor x` shows what the endpoint says and what was tried"
            )
        );
        let unauthorized = reach(&[(false, "401"), (false, "403 forbidden"), (false, "404")]);
        let text = unauthorized.describe_unreached(None).unwrap_or_default();
        assert!(text.starts_with("3 of 3 operations never succeeded: 2 got 401 or 403"), "{text}");
        assert_eq!(reach(&[(true, "201")]).describe_unreached(None), None);
    }
}
