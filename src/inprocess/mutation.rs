//! A custom mutator for bytes that are read as choices: it redraws everything after a random position.
//!
//! It never interprets the choices: the same seed always makes the same change.

use crate::pattern::{Draw as _, SeededDraw};

/// Mutates the first `size` of the `bytes`, of which at most `max_size` may be used: keeps a prefix and redraws
/// everything after it, sometimes all bytes. Returns the new size, or `None` in half of all calls, which leaves the
/// mutation to the fuzzer, whose own mutations change single choices well.
///
/// A fuzzer's own mutations seldom change many choices at once, but a value of a certain length that contains a certain
/// character takes several.
///
/// # Examples
/// In a fuzz target, libFuzzer's own mutation makes the other half:
///
/// ```ignore
/// libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], size: usize, max_size: usize, seed: u32| {
///     mutate(bytes, size, max_size, seed).unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(bytes, size, max_size))
/// });
/// ```
///
/// The same seed always makes the same change:
///
/// ```
/// use overstep::inprocess::mutate;
///
/// let (mut first, mut second) = ([0; 64], [0; 64]);
/// assert_eq!(mutate(&mut first, 16, 64, 7), mutate(&mut second, 16, 64, 7));
/// assert_eq!(first, second);
/// ```
pub fn mutate(bytes: &mut [u8], size: usize, max_size: usize, seed: u32) -> Option<usize> {
    let mut draw = SeededDraw::new(seed.into(), "redrawn");
    // Requests in JSON are not choices.
    if draw.one_in(2) || bytes.first() == Some(&b'[') && size > 0 {
        return None;
    }
    let most = max_size.min(bytes.len());
    let kept_size = if draw.one_in(2) { 0 } else { draw.below(size.min(most) as u64 + 1) as usize };
    let new_size = (kept_size + draw.between(1, 400) as usize).min(most);
    bytes[kept_size..new_size].fill_with(|| draw.below(256) as u8);
    Some(new_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutation_stays_within_bounds_and_is_deterministic() {
        let mut changed = 0;
        for seed in 0..2000 {
            for (size, most) in [(0, 0), (0, 8), (5, 8), (8, 8), (40, 512)] {
                let before: Vec<u8> = (0..most.max(size)).map(|at| at as u8).collect();
                let (mut one, mut other) = (before.clone(), before.clone());
                let new = mutate(&mut one, size, most, seed);
                assert_eq!((new, &one), (mutate(&mut other, size, most, seed), &other));
                match new {
                    Some(new) => assert!(new <= most),
                    None => assert_eq!(one, before),
                }
                changed += u32::from(one != before);
            }
        }
        assert!(changed > 2000, "{changed}");
    }
}
