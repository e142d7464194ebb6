#![no_main]

use overstep::inprocess::mutate;
use overstep::libfuzzer::{ExitStatus, LibFuzzerEndpoint, MAX_RESPONSE_KINDS, target_from_environment};
use std::sync::{OnceLock, atomic::AtomicU8};

/// Counters per kind of response, which libFuzzer treats as coverage in addition to that of code.
#[cfg_attr(target_os = "linux", unsafe(link_section = "__libfuzzer_extra_counters"))]
static RESPONSE_KINDS: [AtomicU8; MAX_RESPONSE_KINDS] = [const { AtomicU8::new(0) }; MAX_RESPONSE_KINDS];

/// The endpoint that OVERSTEP_SCENARIO, OVERSTEP_ENDPOINT and OVERSTEP_FLAGS describe.
static ENDPOINT: OnceLock<LibFuzzerEndpoint> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: { let _ = ENDPOINT.set(target_from_environment().unwrap_or_else(|status| exit(status))); },
    |bytes: &[u8]| {
        let endpoint = ENDPOINT.get().expect("initialized at start");
        endpoint.fuzz(bytes, &RESPONSE_KINDS).unwrap_or_else(|status| exit(status));
    }
);

// Half of the mutations keep a prefix of the random choices and draw the rest anew.
libfuzzer_sys::fuzz_mutator!(|bytes: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(bytes, size, max_size, seed).unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(bytes, size, max_size))
});

/// Ends the process without a crash report, since an unreachable endpoint is not the fault of an input.
fn exit(status: ExitStatus) -> ! {
    unsafe extern "C" {
        fn _exit(code: std::ffi::c_int) -> !;
    }
    // SAFETY: `_exit` accepts any number and never returns.
    unsafe { _exit(status.code().into()) }
}
