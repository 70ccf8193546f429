//! The corpus that this crate and the reader in TypeScript share: one verdict for each image.

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/verdict.rs"]
mod verdict;

use std::cell::Cell;

use corpus::{Sparse, cases};
use solo5_elf::{ReadAt, ReadError};
use verdict::verdict;

/// As many segments are listed in the corpus.
const SEGMENTS_LISTED: usize = 8;

#[test]
fn gives_the_verdict_of_the_corpus_and_finds_what_it_says() {
    let cases = cases();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let wrong: Vec<_> = cases
        .iter()
        .map(|case| (case, verdict(&case.image, case.memory, SEGMENTS_LISTED)))
        .filter(|(case, found)| *found != case.verdict)
        .map(|(case, found)| format!("{}: {found}, not {}", case.why, case.verdict))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn gives_the_same_verdict_of_bytes_in_memory() {
    for case in cases().iter().filter(|case| case.image.size() < 64 << 20) {
        assert_eq!(
            verdict(&case.image.bytes()[..], case.memory, SEGMENTS_LISTED),
            case.verdict,
            "{}",
            case.why
        );
    }
}

/// Counts what is read of an image.
struct Counted<'a> {
    image: &'a Sparse,
    reads: Cell<usize>,
    bytes: Cell<usize>,
}

impl ReadAt for Counted<'_> {
    fn size(&self) -> u64 {
        self.image.size()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), ReadError> {
        self.reads.set(self.reads.get() + 1);
        self.bytes.set(self.bytes.get() + into.len());
        self.image.read_at(offset, into)
    }
}

#[test]
fn reads_no_more_than_headers_and_notes() {
    for case in &cases() {
        let counted = Counted { image: &case.image, reads: Cell::new(0), bytes: Cell::new(0) };
        assert_eq!(verdict(&counted, case.memory, SEGMENTS_LISTED), case.verdict);
        let mut count = [0; 2];
        let count = case.image.read_at(56, &mut count).map_or(0, |()| usize::from(u16::from_le_bytes(count)));
        // The ABI, the manifest, and the segments twice: a pass over the table each, and for notes a head in each.
        assert!(counted.reads.get() <= 4 * count.div_ceil(16) + 2 * count + 3, "{}", case.why);
        assert!(counted.bytes.get() <= 64 + (4 * 56 + 2 * 20) * count + 32 + 6664, "{}", case.why);
    }
}
