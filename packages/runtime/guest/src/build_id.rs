//! Which engine this is.

/// Length of a build id in bytes.
pub const LEN: usize = 32;

/// SHA-256 over the engine's sources as they are compiled; equal in the compiler and in every base image with
/// the same engine. Bytecode runs only where the ids are equal.
pub const BUILD_ID: [u8; LEN] = guest_engine::SOURCE_ID;

/// The ELF note that carries the build id in a base image.
#[repr(C)]
pub struct BuildIdNote {
    namesz: u32,
    descsz: u32,
    kind: u32,
    name: [u8; 4],
    desc: [u8; LEN],
}

impl BuildIdNote {
    /// Note type, `UID1` in memory.
    pub const TYPE: u32 = u32::from_le_bytes(*b"UID1");

    /// The note of this build: name `uk`, descriptor [`BUILD_ID`].
    #[must_use]
    pub const fn new() -> Self {
        Self { namesz: 3, descsz: 32, kind: Self::TYPE, name: *b"uk\0\0", desc: BUILD_ID }
    }
}

impl Default for BuildIdNote {
    fn default() -> Self {
        Self::new()
    }
}

const _: () = assert!(size_of::<BuildIdNote>() == 16 + LEN && align_of::<BuildIdNote>() == 4);
