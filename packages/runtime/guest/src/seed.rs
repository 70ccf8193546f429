//! Numbers that nobody outside can foresee well, for hashes. No source of keys: there is no generator behind it.

use core::arch::x86_64::{__cpuid, _rdrand64_step, _rdtsc};

use crate::solo5;

/// How often a processor that has no number yet is asked again.
const TRIES: usize = 16;

/// Numbers of this run: the processor's generator where it has one, clocks in any case.
pub fn secret() -> [u64; 4] {
    // Leaf 1, ECX bit 30 (Intel SDM, volume 2, CPUID).
    let has_generator = __cpuid(1).ecx & 1 << 30 != 0;
    [(); 4].map(|()| {
        // SAFETY: every processor of this architecture counts its cycles.
        let cycles = unsafe { _rdtsc() };
        let clocks = mix(cycles ^ mix(solo5::clock_monotonic() ^ mix(solo5::clock_wall())));
        // SAFETY: the processor says that it has the instruction.
        let random = has_generator.then(|| unsafe { processor_random() }).flatten();
        clocks ^ random.unwrap_or(0)
    })
}

/// # Safety
/// The processor has RDRAND.
#[target_feature(enable = "rdrand")]
unsafe fn processor_random() -> Option<u64> {
    (0..TRIES).find_map(|_| {
        let mut number = 0;
        (_rdrand64_step(&mut number) == 1).then_some(number)
    })
}

/// Spreads each bit over all: the finisher of SplitMix64 (Steele, Lea and Flood, 2014).
fn mix(number: u64) -> u64 {
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}
