#![no_main]

use overstep::cli;
use overstep::exit::Exit;
use overstep::inprocess::redrawn;
use overstep::session::KINDS;
use std::sync::{OnceLock, atomic::AtomicU8};

/// What libFuzzer takes for coverage, beside or instead of that of code: kinds of answers.
#[cfg_attr(target_os = "linux", unsafe(link_section = "__libfuzzer_extra_counters"))]
static ANSWERS: [AtomicU8; KINDS] = [const { AtomicU8::new(0) }; KINDS];

/// As OVERSTEP_SCENARIO, OVERSTEP_ENDPOINT and OVERSTEP_FLAGS say.
static ENDPOINT: OnceLock<cli::Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: { let _ = ENDPOINT.set(cli::target().unwrap_or_else(|exit| leave(exit))); },
    |bytes: &[u8]| {
        let endpoint = ENDPOINT.get().expect("it was made before");
        endpoint.fuzz(bytes, &ANSWERS).unwrap_or_else(|exit| leave(exit));
    }
);

// The bytes are choices: half of the time those after a certain one are made anew.
libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], size: usize, most: usize, seed: u32| {
    redrawn(bytes, size, most, seed).unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(bytes, size, most))
});

/// Ends the process in a way that libFuzzer takes for no crash: no input is at fault for an endpoint that is not there.
fn leave(exit: Exit) -> ! {
    unsafe extern "C" {
        fn _exit(code: std::ffi::c_int) -> !;
    }
    // SAFETY: it takes any number, and never returns.
    unsafe { _exit(exit.code().into()) }
}
