#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| overstep_fuzz::properties::response(bytes));
