//! The mutation score, asserted: every known-bad server that some request can show is caught.
//!
//! By default each fault of seed 1 runs until it is caught. `OVERSTEP_TESTS=full` takes all seeds, and runs every plan
//! of the first to its end, which also proves that no finding lies outside of what the fault says it touches.

use crate::score;
use crate::support;
use score::Ground;
use support::{shipped, visible};

/// The seeds of `OVERSTEP_TESTS=full`; otherwise it is the first.
const SEEDS: [u64; 3] = [1, 2, 3];

fn score(name: &str) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let full = support::is_full();
    for seed in SEEDS.into_iter().take(if full { SEEDS.len() } else { 1 }) {
        let (ground, cases) = Ground::new(shipped(name), &runtime, seed, full && seed == SEEDS[0]);
        let score = ground.score(cases);
        score.told(name, seed).iter().for_each(|line| visible::say(line));
        assert!(score.faults >= 100, "{} faults", score.faults);
        assert_eq!(score.missed, Vec::<String>::new(), "with the contract alone");
        assert_eq!(score.shown, Vec::<String>::new(), "what is said to be hidden");
        assert_eq!(score.unseen, Vec::<String>::new(), "with snapshots");
    }
}

#[test]
fn connect() {
    score("connect");
}

#[test]
fn leadlex() {
    score("leadlex");
}
