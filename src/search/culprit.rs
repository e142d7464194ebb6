//! Finds the first of many requests, sent one after another, that causes an effect, by bisection.
//!
//! It knows nothing of requests: it asks for the first `n` of them, and the caller reports whether the effect occurred.

/// The result of the search for the culprit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guilt {
    /// The culprit has this index.
    One(usize),
    /// The culprit is one of this many; the search could not continue.
    Among(usize),
    /// There is no culprit: the effect occurs without any of them, or does not occur with all of them.
    Nobody,
}

/// Finds the first element after which `holds` is true. `holds` is called with the number of elements from the front,
/// and returns `None` if the search cannot continue.
pub fn first_guilty(count: usize, mut holds: impl FnMut(usize) -> Option<bool>) -> Guilt {
    let (mut without, mut with) = (0, count);
    for (asked, due) in [(0, false), (count, true)] {
        match holds(asked) {
            Some(held) if held == due => {}
            Some(_) => return Guilt::Nobody,
            None => return Guilt::Among(count),
        }
    }
    while with - without > 1 {
        let middle = without + (with - without) / 2;
        match holds(middle) {
            Some(true) => with = middle,
            Some(false) => without = middle,
            None => return Guilt::Among(with - without),
        }
    }
    // The last call may have been one without the culprit, so the result is confirmed.
    match holds(with) {
        Some(false) => Guilt::Nobody,
        Some(true) | None => Guilt::One(with - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{Guilt, first_guilty};

    #[test]
    fn culprit_is_found_in_few_calls() {
        for guilty in [0, 1, 500, 999] {
            let mut asked = 0;
            let found = first_guilty(1000, |count| {
                asked += 1;
                Some(count > guilty)
            });
            assert_eq!(found, Guilt::One(guilty));
            assert!(asked <= 13, "{asked}");
        }
        assert_eq!(first_guilty(10, |_| Some(true)), Guilt::Nobody);
        assert_eq!(first_guilty(10, |_| Some(false)), Guilt::Nobody);
        assert_eq!(first_guilty(0, |count| Some(count > 0)), Guilt::Nobody);
    }

    #[test]
    fn stopped_search_returns_the_number_of_suspects() {
        for (questions, left) in [(0, 1000), (1, 1000), (2, 1000), (3, 500), (4, 250), (11, 2)] {
            let mut asked = 0;
            let found = first_guilty(1000, |count| {
                asked += 1;
                (asked <= questions).then_some(count > 300)
            });
            assert_eq!(found, Guilt::Among(left), "{questions}");
        }
    }
}
