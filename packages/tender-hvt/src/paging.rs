//! The tables a guest boots on (ABI section 4.1): memory at its own address, and what may be executed.
//!
//! Beyond the ABI's tables, pages that hold no code cannot be executed (ABI section 9 #7). Where code
//! and other things share 2 MiB, these get a table of small pages in low memory; an image that needs more of
//! them than there is room for is refused. What may be written is the host mapping's affair, as with upstream, so that
//! a guest that writes its text ends as it does there.

use solo5_abi::Gpa;
use solo5_abi::hvt::boot::{
    ENTRY_LARGE, ENTRY_READ, ENTRY_TABLE, GDT, GDT_CODE, GDT_DATA, PD, PDPT, PML4, PT,
};
use solo5_abi::memory::{HVT_BOOT_INFO, LOAD_MIN, PAGE_SIZE};
use solo5_elf::Segment;
use thiserror::Error;

use crate::guest_memory::GuestMemory;

/// Bytes of a large page.
const LARGE: u64 = 2 << 20;
/// Entries of a table.
const ENTRIES: u64 = 512;
/// Where the network ring is: in low memory, so that it takes none of what the guest asked for.
pub const RING: Gpa = 0x2_0000;
/// Its end, on a page.
pub const RING_END: Gpa = RING + (size_of::<solo5_abi::ring::Ring>() as u64).next_multiple_of(PAGE_SIZE);
/// Where tables of small pages are, other than the first.
const MORE_TABLES: Gpa = 0x3_0000;
/// Entry bit: cannot be executed.
const NO_EXECUTE: u64 = 1 << 63;

/// How many there is room for.
const MOST_TABLES: u64 = (LOAD_MIN - MORE_TABLES) / PAGE_SIZE;

const _: () = assert!(RING_END <= MORE_TABLES);

/// Segments begin and end in more large pages than can be divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "its segments begin or end in {tables} stretches of 2 MiB, of which at most {MOST_TABLES} can be protected page by page"
)]
pub struct Scattered {
    /// In so many.
    pub tables: u64,
}

/// Checks that there is room for the tables that these segments need.
pub fn check_room(segments: &[Segment]) -> Result<(), Scattered> {
    let mut tables = 0;
    // The first large page has a table in any case.
    let mut last = 0;
    for edge in segments.iter().flat_map(|segment| [segment.start, segment.end]) {
        if !edge.is_multiple_of(LARGE) && edge / LARGE != last {
            tables += 1;
            last = edge / LARGE;
        }
    }
    if tables > MOST_TABLES { Err(Scattered { tables }) } else { Ok(()) }
}

/// What pages may be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    /// Segments that say so.
    Text,
    /// These, and whatever the guest can write: data, heap and stack.
    TextAndWritable,
    /// All: the processor does not know better.
    Everything,
}

/// Leaves GDT and page tables in low memory, which has room for them ([`check_room`]).
pub fn leave_tables(memory: &GuestMemory, segments: &[Segment], execution: Execution, ring: bool) {
    leave_words(memory, GDT, [0, GDT_CODE, GDT_DATA]);
    leave_words(memory, PML4, [PDPT | ENTRY_TABLE]);
    leave_words(memory, PDPT, (0..4).map(|gib| (PD + gib * PAGE_SIZE) | ENTRY_TABLE));
    let executable = |page: Gpa| match behind(page, segments).filter(|segment| segment.start <= page) {
        _ if execution == Execution::Everything => true,
        Some(Segment { protection, .. }) => {
            protection.execute() || (execution == Execution::TextAndWritable && protection.write())
        }
        None => execution == Execution::TextAndWritable && page >= LOAD_MIN,
    };
    let no_execute = |page| if executable(page) { 0 } else { NO_EXECUTE };
    let mut next_table = MORE_TABLES;
    for large in 0..memory.size() / LARGE {
        let start = large * LARGE;
        let entry = if large == 0 {
            leave_words(memory, PT, (0..ENTRIES).map(|page| low_entry(page * PAGE_SIZE, ring, no_execute)));
            PT | ENTRY_TABLE
        } else if is_uniform(start, segments) {
            start | ENTRY_LARGE | no_execute(start)
        } else {
            let pages = (0..ENTRIES).map(|page| start + page * PAGE_SIZE);
            leave_words(memory, next_table, pages.map(|page| page | ENTRY_TABLE | no_execute(page)));
            next_table += PAGE_SIZE;
            (next_table - PAGE_SIZE) | ENTRY_TABLE
        };
        leave_words(memory, PD + large * 8, [entry]);
    }
}

/// An entry of the first table: nothing below boot info, read-only up to the image, but for the ring.
fn low_entry(page: Gpa, ring: bool, no_execute: impl Fn(Gpa) -> u64) -> u64 {
    match page {
        ..HVT_BOOT_INFO => 0,
        RING..RING_END if ring => page | ENTRY_TABLE | no_execute(page),
        HVT_BOOT_INFO..LOAD_MIN => page | ENTRY_READ | no_execute(page),
        _ => page | ENTRY_TABLE | no_execute(page),
    }
}

/// Whether no segment begins or ends within the large page at `start`.
fn is_uniform(start: Gpa, segments: &[Segment]) -> bool {
    let within = |gpa| start < gpa && gpa < start + LARGE;
    !behind(start, segments).is_some_and(|segment| within(segment.start) || within(segment.end))
}

/// The first segment that ends behind `gpa`.
fn behind(gpa: Gpa, segments: &[Segment]) -> Option<&Segment> {
    segments.get(segments.partition_point(|segment| segment.end <= gpa))
}

fn leave_words(memory: &GuestMemory, at: Gpa, words: impl IntoIterator<Item = u64>) {
    for (index, word) in (0_u64..).zip(words) {
        memory.leave(at + index * 8, &word.to_le_bytes());
    }
}
