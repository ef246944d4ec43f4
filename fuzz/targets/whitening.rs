#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| mizumashi_fuzz::whitening::run(data));
