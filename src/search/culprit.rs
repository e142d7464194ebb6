//! Finds the first of many requests, sent one after another, that causes an effect, by bisection.
//!
//! It knows nothing of requests: it asks for the first `n` of them, and the caller reports whether the effect occurred.

/// The result of the search for the culprit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Culprit {
    /// The culprit has this index.
    Found(usize),
    /// The culprit is one of this many; the search could not continue.
    Among(usize),
    /// There is no culprit: the effect occurs without any of them, or does not occur with all of them.
    NotFound,
}

/// Finds the first element after which `holds` is true. `holds` is called with the number of elements from the front,
/// and returns `None` if the search cannot continue.
pub fn find_culprit(count: usize, mut holds: impl FnMut(usize) -> Option<bool>) -> Culprit {
    let (mut without, mut with) = (0, count);
    for (count_from_front, expected) in [(0, false), (count, true)] {
        match holds(count_from_front) {
            Some(result) if result == expected => {}
            Some(_) => return Culprit::NotFound,
            None => return Culprit::Among(count),
        }
    }
    while with - without > 1 {
        let middle = without + (with - without) / 2;
        match holds(middle) {
            Some(true) => with = middle,
            Some(false) => without = middle,
            None => return Culprit::Among(with - without),
        }
    }
    // The last call may have been one without the culprit, so the result is confirmed.
    match holds(with) {
        Some(false) => Culprit::NotFound,
        Some(true) | None => Culprit::Found(with - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{Culprit, find_culprit};

    #[test]
    fn culprit_is_found_in_few_calls() {
        for guilty in [0, 1, 500, 999] {
            let mut asked = 0;
            let found = find_culprit(1000, |count| {
                asked += 1;
                Some(count > guilty)
            });
            assert_eq!(found, Culprit::Found(guilty));
            assert!(asked <= 13, "{asked}");
        }
        assert_eq!(find_culprit(10, |_| Some(true)), Culprit::NotFound);
        assert_eq!(find_culprit(10, |_| Some(false)), Culprit::NotFound);
        assert_eq!(find_culprit(0, |count| Some(count > 0)), Culprit::NotFound);
    }

    #[test]
    fn stopped_search_returns_the_number_of_suspects() {
        for (questions, left) in [(0, 1000), (1, 1000), (2, 1000), (3, 500), (4, 250), (11, 2)] {
            let mut asked = 0;
            let found = find_culprit(1000, |count| {
                asked += 1;
                (asked <= questions).then_some(count > 300)
            });
            assert_eq!(found, Culprit::Among(left), "{questions}");
        }
    }
}
