//! Which code this is.

/// Length of a build id in bytes.
pub const LEN: usize = 32;

/// Bytes of the text that says what the code is: NULs behind it, so that nothing moves with a version.
const PARTS_LEN: usize = 64;

/// Name `uk`.
#[repr(C)]
struct Note<const N: usize> {
    namesz: u32,
    descsz: u32,
    kind: u32,
    name: [u8; 4],
    desc: [u8; N],
}

const _: () = assert!(size_of::<Note<LEN>>() == 16 + LEN && align_of::<Note<LEN>>() == 4);

/// Type `UID1`. Lets the linker refuse a program for other code (`packages/image`). It is linked with the id of the
/// engine's sources, and then stamped with a digest of all that is behind the bindings (`scripts/build-id.mjs`).
#[used]
#[unsafe(link_section = ".note.uk.build-id")]
static NOTE: Note<LEN> = Note {
    namesz: 3,
    descsz: 32,
    kind: u32::from_le_bytes(*b"UID1"),
    name: *b"uk\0\0",
    desc: guest_engine::SOURCE_ID,
};

/// Type `UEN1`. For people: a line each for engine and guest, with the version.
#[used]
#[unsafe(link_section = ".note.uk.engine")]
static PARTS: Note<PARTS_LEN> = Note {
    namesz: 3,
    descsz: 64,
    kind: u32::from_le_bytes(*b"UEN1"),
    name: *b"uk\0\0",
    desc: joined(&["quickjs-ng ", guest_engine::VERSION, "\n@uk/runtime ", env!("UK_RUNTIME_VERSION"), "\n"]),
};

/// The texts in one piece; the build fails if they do not fit.
const fn joined<const N: usize>(texts: &[&str]) -> [u8; N] {
    let mut bytes = [0; N];
    let (mut text, mut at) = (0, 0);
    while text < texts.len() {
        let from = texts[text].as_bytes();
        let mut i = 0;
        while i < from.len() {
            bytes[at] = from[i];
            at += 1;
            i += 1;
        }
        text += 1;
    }
    bytes
}

/// The build id of this base image. Bytecode runs only where it is the one that it was compiled for.
pub fn build_id() -> [u8; LEN] {
    // SAFETY: a live static that nobody writes. Volatile, since it is not what the compiler has seen.
    unsafe { (&raw const NOTE.desc).read_volatile() }
}
