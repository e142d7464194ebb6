//! Finds the simplest form of a value that still has a property.
//!
//! It knows nothing of requests: the caller supplies simpler candidates and tests the property.

/// Replaces a value with the first candidate from `simpler` for which `shows` returns true, until there is none or
/// `shows` has been called `tries` times.
pub fn minimize<T>(start: T, tries: usize, simpler: impl Fn(&T) -> Vec<T>, mut shows: impl FnMut(&T) -> bool) -> T {
    let (mut best, mut left) = (start, tries);
    'again: loop {
        for candidate in simpler(&best) {
            if left == 0 {
                return best;
            }
            left -= 1;
            if shows(&candidate) {
                best = candidate;
                continue 'again;
            }
        }
        return best;
    }
}

#[cfg(test)]
mod tests {
    use super::minimize;

    #[test]
    fn value_is_minimized_within_the_allowed_calls() {
        let simpler =
            |number: &u32| vec![number / 2, number.saturating_sub(1)].into_iter().filter(|n| n < number).collect();
        assert_eq!(minimize(1000, 100, simpler, |number| *number >= 77), 77);
        let mut asked = 0;
        let found = minimize(1000, 5, simpler, |number| {
            asked += 1;
            *number >= 77
        });
        assert!(asked <= 5 && found >= 77, "{asked} {found}");
    }
}
