//! Whatever the bytes, nothing panics, and a plan keeps its promises.

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/examine.rs"]
mod examine;

use examine::examine;
use proptest::prelude::*;
use solo5_abi::limits::MFT_MAX_SIZE;
use solo5_abi::memory::LOAD_MIN;
use solo5_abi::notes::AbiTarget;
use solo5_elf::{Header, Plan, ReadAt as _, read_manifest};
use test_image::{Image, Program, R, Random, W, X, block, field, mutate, net};

const MEMORY: u64 = 16 << 20;

fn good() -> Vec<u8> {
    Image::with_devices(AbiTarget::Spt, &[0x0F, 0x0B], &[net("service"), block("storage")])
        .and(Program::load(0x10_1000, R, b"constants"))
        .and(Program { mem_size: 0x3_0000, ..Program::load(0x10_2000, R | W, &[1; 6000]) })
        .and(Program::bss(0x13_2000, 0x1234))
        .build()
}

/// Values that sit on edges, for any field.
fn edge() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        0..0x40_u64,
        (0..64_u32).prop_map(|bit| 1 << bit),
        (0..64_u32).prop_map(|bit| (1_u64 << bit).wrapping_sub(1)),
        (0..0x1200_u64).prop_map(|page| page * 0x1000),
        (0..0x40_u64).prop_map(|below| MEMORY.wrapping_sub(below)),
        (0..0x40_u64).prop_map(|below| u64::MAX - below),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn survives_random_bytes(file in prop::collection::vec(any::<u8>(), 0..512)) {
        examine(&file, MEMORY);
    }

    #[test]
    fn survives_random_bytes_behind_a_good_header(tail in prop::collection::vec(any::<u8>(), 0..1024), count in 1..18_u16) {
        let mut file = good()[..64].to_vec();
        file[56..58].copy_from_slice(&count.to_le_bytes());
        file.extend(tail);
        examine(&file, MEMORY);
    }

    #[test]
    fn survives_flipped_bits(flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u32), 1..8)) {
        let mut file = good();
        let len = 64 + 56 * 9;
        for (at, bit) in flips {
            file[at.index(len)] ^= 1 << bit;
        }
        examine(&file, MEMORY);
    }

    #[test]
    fn survives_flipped_bits_in_notes(at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut file = good();
        let notes = file.len() - 0x200;
        let at = notes + at.index(0x200);
        file[at] ^= 1 << bit;
        examine(&file, MEMORY);
    }

    #[test]
    fn survives_truncation(len in any::<prop::sample::Index>()) {
        let file = good();
        examine(&file[..len.index(file.len())], MEMORY);
    }

    #[test]
    fn survives_any_value_in_any_field(
        edits in prop::collection::vec((0..9_usize, prop::sample::select(vec![8, 16, 32, 40, 48]), edge()), 1..4),
        entry in prop_oneof![Just(LOAD_MIN), edge()],
        memory in prop_oneof![Just(MEMORY), (1..64_u64).prop_map(|mib| mib << 20)],
    ) {
        let mut file = good();
        file[24..32].copy_from_slice(&entry.to_le_bytes());
        for (index, at, value) in edits {
            let at = field(index, at);
            file[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        examine(&file, memory);
    }

    #[test]
    fn keeps_its_promises_for_segments_of_any_shape(
        shapes in prop::collection::vec((0..0x40_u64, 0..0x3000_usize, 0..0x8000_u64, 0..8_u32, 0..3_u32), 0..6),
    ) {
        let mut image = Image::new(AbiTarget::Spt, &[0x0F, 0x0B]);
        for (page, size, more, flags, shift) in shapes {
            let vaddr = 0x10_0000 + page * 0x800;
            let content = vec![1; size];
            image = image.and(Program {
                mem_size: size as u64 + more,
                align: 0x800 << shift,
                ..Program::load(vaddr, flags & if flags & X == 0 { R | W } else { R | X }, &content)
            });
        }
        examine(&image.build(), MEMORY);
    }
}

#[test]
fn the_image_that_is_mutated_is_good() {
    let file = good();
    let header = Header::read(&file[..]).unwrap();
    assert_eq!(Plan::new(&file[..], &header, MEMORY).unwrap().segments(&file[..]).count(), 3);
    assert_eq!(read_manifest(&file[..], &header, &mut [0; MFT_MAX_SIZE]).unwrap().devices().count(), 2);
}

#[test]
fn survives_whatever_becomes_of_an_image() {
    let small = corpus::cases().into_iter().filter(|case| case.image.size() < 8192);
    let sources: Vec<_> = small.map(|case| case.image.bytes()).chain([good()]).collect();
    assert!(sources.len() > 100, "{} images", sources.len());
    let mut accepted = 0;
    for seed in 0..50_000_u64 {
        let mut random = Random::new(seed);
        let mut file = sources[random.below(sources.len())].clone();
        mutate(&mut file, &mut random);
        accepted += u64::from(examine(&file, MEMORY));
    }
    // Otherwise the changes are no good.
    assert!((2_000..40_000).contains(&accepted), "{accepted} were accepted");
}
