//! A mutation for bytes that are choices: what follows one of them is chosen anew.
//!
//! It never reads the bytes: whatever they mean, the same seed changes them in the same way.

use crate::generate::draw::{Draw as _, Seeded};

/// Changes the first `size` of the `bytes`, of which at most `most` may be used: some are kept, and what follows is
/// drawn anew, now and then all of it. Returns the new size, or `None` in half of all cases, where the fuzzer's own
/// mutations, which change single choices, are as good.
///
/// A fuzzer's own mutations seldom change many choices at once, and a value of a certain length with a certain
/// character in it takes several.
pub fn redrawn(bytes: &mut [u8], size: usize, most: usize, seed: u32) -> Option<usize> {
    let mut draw = Seeded::new(seed.into(), "redrawn");
    // Requests as JSON are no choices.
    if draw.one_in(2) || bytes.first() == Some(&b'[') && size > 0 {
        return None;
    }
    let most = most.min(bytes.len());
    let kept = if draw.one_in(2) { 0 } else { draw.below(size.min(most) as u64 + 1) as usize };
    let new = (kept + draw.between(1, 400) as usize).min(most);
    bytes[kept..new].fill_with(|| draw.below(256) as u8);
    Some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_within_its_bounds_and_does_the_same_again() {
        let mut changed = 0;
        for seed in 0..2000 {
            for (size, most) in [(0, 0), (0, 8), (5, 8), (8, 8), (40, 512)] {
                let before: Vec<u8> = (0..most.max(size)).map(|at| at as u8).collect();
                let (mut one, mut other) = (before.clone(), before.clone());
                let new = redrawn(&mut one, size, most, seed);
                assert_eq!((new, &one), (redrawn(&mut other, size, most, seed), &other));
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
