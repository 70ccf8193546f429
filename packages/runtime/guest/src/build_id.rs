//! Which code this is.

/// Length of a build id in bytes.
pub const LEN: usize = 32;

/// Name `uk`, type `UID1`.
#[repr(C)]
struct Note {
    namesz: u32,
    descsz: u32,
    kind: u32,
    name: [u8; 4],
    desc: [u8; LEN],
}

const _: () = assert!(size_of::<Note>() == 16 + LEN && align_of::<Note>() == 4);

/// Lets the linker refuse a program for other code (`packages/image`). It is linked with the id of the engine's sources, and
/// then stamped with a digest of all that is behind the bindings (`scripts/build-id.mjs`).
#[used]
#[unsafe(link_section = ".note.uk.build-id")]
static NOTE: Note = Note {
    namesz: 3,
    descsz: 32,
    kind: u32::from_le_bytes(*b"UID1"),
    name: *b"uk\0\0",
    desc: guest_engine::SOURCE_ID,
};

/// The build id of this base image. Bytecode runs only where it is the one that it was compiled for.
pub fn build_id() -> [u8; LEN] {
    // SAFETY: a live static that nobody writes. Volatile, since it is not what the compiler has seen.
    unsafe { (&raw const NOTE.desc).read_volatile() }
}
