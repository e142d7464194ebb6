//! The mutation score is complete: every fault that a request can show is detected.
//!
//! By default, each fault runs with seed 1 until it is detected. `OVERSTEP_TESTS=full` covers all seeds, and runs every
//! plan of the first seed to its end, which also checks that no finding lies outside of the scopes of its fault.

use crate::score;
use crate::support;
use score::MutationTarget;
use support::{shipped, visible};

/// The seeds that `OVERSTEP_TESTS=full` covers; otherwise only the first.
const SEEDS: [u64; 3] = [1, 2, 3];

fn assert_complete_score(name: &str) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let full = support::is_full();
    for seed in SEEDS.into_iter().take(if full { SEEDS.len() } else { 1 }) {
        let (target, cases) = MutationTarget::new(shipped(name), &runtime, seed, full && seed == SEEDS[0]);
        let score = target.score(cases);
        score.summary_lines(name, seed).iter().for_each(|line| visible::say(line));
        assert!(score.faults >= 100, "{} faults", score.faults);
        assert_eq!(score.missed, Vec::<String>::new(), "with the contract alone");
        assert_eq!(score.visible_although_hidden, Vec::<String>::new(), "visible although called hidden");
        assert_eq!(score.missed_with_snapshots, Vec::<String>::new(), "with snapshots");
    }
}

#[test]
fn connect() {
    assert_complete_score("connect");
}

#[test]
fn leadlex() {
    assert_complete_score("leadlex");
}
