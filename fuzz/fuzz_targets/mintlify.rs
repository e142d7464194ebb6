#![no_main]

// The reader catches panics of the Markdown parser, so they are no crashes.
libfuzzer_sys::fuzz_target!(init: drop(std::panic::take_hook()), |bytes: &[u8]| overstep_fuzz::properties::mintlify(bytes));
