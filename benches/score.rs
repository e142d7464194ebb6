//! The mutation score over several seeds, and how long it takes: `cargo bench --bench score [-- SEED…]`.
//!
//! It asserts what `tests/it/score` asserts about every fault, and nothing about time.

#[path = "../tests/it/score/mod.rs"]
mod score;
#[path = "../tests/it/support/mod.rs"]
mod support;

use overstep::run::Stopwatch;
use score::MutationTarget;
use support::shipped;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Seeds to run if the command line names none.
const SEEDS: [u64; 3] = [1, 2, 3];

fn main() {
    // `cargo test --benches` runs this file too; `tests/it/mutation.rs` already covers it.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let requested: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let seeds = if requested.is_empty() { SEEDS.to_vec() } else { requested };
    println!("overstep {} · mutation score · command: cargo bench --bench score\n", env!("CARGO_PKG_VERSION"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    for seed in seeds {
        let watch = Stopwatch::start();
        for name in ["connect", "leadlex"] {
            let (target, cases) = MutationTarget::new(shipped(name), &runtime, seed, false);
            target.score(cases).summary_lines(name, seed).iter().for_each(|line| println!("{line}"));
        }
        println!("  both in {:.0} s\n", watch.elapsed().as_secs_f64());
    }
}
