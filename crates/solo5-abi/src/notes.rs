//! The ELF notes of an image, and the `.interp` that keeps hosts from executing it (ABI sections 2.1-2.6).

use core::mem::{align_of, offset_of, size_of};

use crate::mft;

/// Owner of Solo5's notes, its NUL included: `MFT1_NOTE_NAME` (ABI section 2.1).
pub const NAME: [u8; 6] = *b"Solo5\0";
/// [`NAME`] as it lies in the file, padded to a multiple of 4 (ABI section 2.1).
pub const NAME_FIELD: [u8; 8] = *b"Solo5\0\0\0";
/// `MFT1_NOTE_TYPE`: the manifest note, `MFT1` in ASCII (ABI section 2.1).
pub const TYPE_MFT1: u32 = 0x3154_464D;
/// The ABI note, `ABI1` in ASCII (ABI section 2.1).
pub const TYPE_ABI1: u32 = 0x3149_4241;
/// Bytes between the head of a manifest note and `struct mft`, counted in its `n_descsz` (ABI section 2.2).
pub const MFT1_PADDING: u32 = 4;
/// Alignment of the section that holds a note of ours; each has a PT_NOTE of its own (ABI section 2.1).
pub const ALIGN: u64 = 4;

/// Section of the manifest note (ABI section 1.5).
pub const SECTION_MFT1: &str = ".note.solo5.manifest";
/// Section of the ABI note (ABI section 2.4).
pub const SECTION_ABI1: &str = ".note.solo5.abi";
/// Section of the note for OpenBSD's kernel (ABI section 2.6).
pub const SECTION_NOT_OPENBSD: &str = ".note.solo5.not_openbsd";

/// Content of `.interp`: an interpreter that cannot exist, so a host refuses to execute an image (ABI section 2.6).
pub const INTERP: [u8; 24] = *b"/nonexistent/solo5/\0\0\0\0\0";

/// What an image was built for (ABI section 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum AbiTarget {
    /// `HVT_ABI_TARGET`: a virtual machine of its own.
    Hvt = 1,
    /// `SPT_ABI_TARGET`: a process under a seccomp filter.
    Spt = 2,
    /// `VIRTIO_ABI_TARGET`.
    Virtio = 3,
    /// `MUEN_ABI_TARGET`.
    Muen = 4,
    /// `GENODE_ABI_TARGET`.
    Genode = 5,
    /// `XEN_ABI_TARGET`.
    Xen = 6,
}

impl AbiTarget {
    /// The target with this number, if there is one.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Hvt,
            2 => Self::Spt,
            3 => Self::Virtio,
            4 => Self::Muen,
            5 => Self::Genode,
            6 => Self::Xen,
            _ => return None,
        })
    }

    /// The name tools print (ABI section 1.7).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hvt => "hvt",
            Self::Spt => "spt",
            Self::Virtio => "virtio",
            Self::Muen => "muen",
            Self::Genode => "genode",
            Self::Xen => "xen",
        }
    }
}

/// The 20-byte head of every note of ours (ABI section 2.1).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteHead {
    /// `n_namesz`: 6, the length of [`NAME`].
    pub namesz: u32,
    /// `n_descsz`: bytes of the descriptor, padding before it included.
    pub descsz: u32,
    /// `n_type`: [`TYPE_MFT1`] or [`TYPE_ABI1`].
    pub kind: u32,
    /// [`NAME_FIELD`].
    pub name: [u8; 8],
}

impl NoteHead {
    /// The head of a Solo5 note.
    #[must_use]
    pub const fn new(kind: u32, descsz: u32) -> Self {
        Self { namesz: 6, descsz, kind, name: NAME_FIELD }
    }
}

/// `struct abi1_info`: the descriptor of an ABI note (ABI section 2.4).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abi1Info {
    /// An [`AbiTarget`].
    pub target: u32,
    /// Version of that target's ABI.
    pub version: u32,
    /// Written as zero, not checked.
    pub reserved: [u32; 2],
}

/// A whole ABI note, for bindings to put into [`SECTION_ABI1`] (ABI section 2.4).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abi1Note {
    /// The note's head.
    pub head: NoteHead,
    /// The note's descriptor.
    pub info: Abi1Info,
}

impl Abi1Note {
    /// The note of bindings for `target` that speak `version` of its ABI.
    #[must_use]
    pub const fn new(target: AbiTarget, version: u32) -> Self {
        Self {
            head: NoteHead::new(TYPE_ABI1, 16),
            info: Abi1Info { target: target as u32, version, reserved: [0; 2] },
        }
    }
}

/// A whole manifest note with `N` entries, the reserved first one included (ABI section 2.2).
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mft1Note<const N: usize> {
    /// The note's head; see [`mft1_descsz`].
    pub head: NoteHead,
    /// The padding that `n_descsz` counts; always 0.
    pub padding: u32,
    /// Version and number of entries.
    pub header: mft::Header,
    /// The entries.
    pub entries: [mft::Entry; N],
}

/// The note that marks an image as OpenBSD's, so that this host, too, fails to find the interpreter.
/// It must be the first PT_NOTE (ABI section 2.6).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOpenBsdNote {
    /// `n_namesz`: 8.
    pub namesz: u32,
    /// `n_descsz`: 4.
    pub descsz: u32,
    /// `n_type`: 1.
    pub kind: u32,
    /// `OpenBSD` and a NUL.
    pub name: [u8; 8],
    /// Always 0.
    pub desc: u32,
}

impl NotOpenBsdNote {
    /// The only value it has.
    pub const NOTE: Self = Self { namesz: 8, descsz: 4, kind: 1, name: *b"OpenBSD\0", desc: 0 };
}

/// `n_descsz` of a manifest note with so many entries (ABI section 2.2).
#[must_use]
pub const fn mft1_descsz(entries: u32) -> u32 {
    12 + 104 * entries
}

const _: () = {
    assert!(size_of::<NoteHead>() == 20 && align_of::<NoteHead>() == 4);
    assert!(offset_of!(NoteHead, descsz) == 4 && offset_of!(NoteHead, kind) == 8);
    assert!(offset_of!(NoteHead, name) == 12);
    assert!(size_of::<Abi1Info>() == 16 && size_of::<Abi1Note>() == 36 && align_of::<Abi1Note>() == 4);
    assert!(offset_of!(Abi1Note, info) == 20 && offset_of!(Abi1Info, version) == 4);
    assert!(size_of::<NotOpenBsdNote>() == 24 && offset_of!(NotOpenBsdNote, desc) == 20);
    assert!(offset_of!(Mft1Note<1>, header) == 24 && offset_of!(Mft1Note<1>, entries) == 32);
    // The example sizes of ABI section 2.2: descriptor and whole note for 0, 1, 2 and 63 devices.
    assert!(mft1_descsz(1) == 0x74 && size_of::<Mft1Note<1>>() == 0x88);
    assert!(mft1_descsz(2) == 0xDC && size_of::<Mft1Note<2>>() == 0xF0);
    assert!(mft1_descsz(3) == 0x144 && size_of::<Mft1Note<3>>() == 0x158);
    assert!(mft1_descsz(64) == 6668 && size_of::<Mft1Note<64>>() == 6688);
    assert!(TYPE_MFT1.to_le_bytes()[0] == b'M' && TYPE_MFT1.to_le_bytes()[3] == b'1');
    assert!(TYPE_ABI1.to_le_bytes()[0] == b'A' && TYPE_ABI1.to_le_bytes()[3] == b'1');
};
