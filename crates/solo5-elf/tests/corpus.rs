//! The corpus that this crate and the reader in TypeScript share: one verdict for each image.

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/verdict.rs"]
mod verdict;

use corpus::cases;
use solo5_elf::ReadAt as _;
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
