//! Whatever becomes of an image: the reader that tenders read with refuses it in one line, or keeps its promises.
//!
//! An input is a file; the last byte of `e_ident`, which nobody reads, says how much memory the guest has.

#![no_main]

#[path = "../../../../crates/solo5-elf/tests/support/corpus.rs"]
mod corpus;
#[path = "../../../../crates/solo5-elf/tests/support/examine.rs"]
mod examine;

use std::sync::OnceLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use solo5_elf::ReadAt as _;
use test_image::{Random, mutate};

const MEMORIES: [u64; 5] = [16 << 20, 2 << 20, 0x10_8000, 1 << 30, u64::MAX];

fuzz_target!(|file: &[u8]| {
    let which = usize::from(file.get(15).copied().unwrap_or_default());
    examine::examine(file, MEMORIES[which % MEMORIES.len()]);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random::new(seed.into());
    let mut file = data[..size].to_vec();
    match random.below(32) {
        // What an image is made of is changed; now and then libFuzzer has its way with the bytes.
        0 => return fuzzer_mutate(data, size, max_size),
        1 => file.clone_from(&sources()[random.below(sources().len())]),
        _ => {}
    }
    if file.len() < 64 {
        file.clone_from(&sources()[random.below(sources().len())]);
    }
    mutate(&mut file, &mut random);
    file.truncate(max_size);
    data[..file.len()].copy_from_slice(&file);
    file.len()
});

/// The shared corpus, but for files that would only be slower.
fn sources() -> &'static [Vec<u8>] {
    static SOURCES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let cases = corpus::cases().into_iter().filter(|case| case.image.size() < 8192);
        cases.map(|case| case.image.bytes()).collect()
    })
}
