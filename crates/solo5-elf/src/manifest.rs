//! The manifest: which devices an image needs (ABI sections 2.2, 2.3).

use core::fmt;
use core::mem::offset_of;

use solo5_abi::limits::{MFT_MAX_ENTRIES, MFT_NAME_SIZE};
use solo5_abi::mft::{
    Entry, TYPE_BLOCK_BASIC, TYPE_NET_BASIC, TYPE_RESERVED_FIRST, VERSION, size_of_entries,
};
use thiserror::Error;

const HEADER_SIZE: usize = 8;
const ENTRY_SIZE: usize = 104;

/// A manifest that passed every check of ABI section 2.3, and whose devices a tender can attach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manifest<'a> {
    entries: &'a [[u8; ENTRY_SIZE]],
    bytes: &'a [u8],
}

/// A device an image needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device<'a> {
    /// Its index in the manifest, 1..=63: the number the application knows it by.
    pub handle: usize,
    /// Its name: letters and digits of ASCII, at least one.
    pub name: &'a [u8],
    /// What it is.
    pub kind: DeviceKind,
}

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// `BLOCK_BASIC`.
    Block,
    /// `NET_BASIC`.
    Net,
}

/// Why a manifest was refused: the rows of ABI section 2.3, then what no tender could ever attach, so that
/// the image could not start (ABI section 9 #13, #28).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// Too few bytes for version and number of entries.
    #[error("manifest of {size} bytes, at least 8 are needed")]
    TooShort {
        /// Bytes there are.
        size: usize,
    },
    /// Not version 1.
    #[error("manifest version {0}, only 1 is known")]
    Version(u32),
    /// More than 64 entries.
    #[error("manifest of {0} entries, at most 64 are allowed")]
    TooManyEntries(u32),
    /// Number of entries and number of bytes do not fit.
    #[error("manifest of {entries} entries has {size} bytes instead of {expected}")]
    Size {
        /// Entries it claims.
        entries: u32,
        /// Bytes there are.
        size: usize,
        /// Bytes those entries take.
        expected: usize,
    },
    /// Not even the reserved entry 0.
    #[error("manifest without the reserved entry 0")]
    NoEntries,
    /// Entry 0 is not the reserved one.
    #[error("manifest entry 0 is not the reserved one: type={kind:#x}")]
    FirstNotReserved {
        /// Its type.
        kind: u32,
    },
    /// A name without end.
    #[error("manifest entry {entry}: name has no end")]
    NameNotTerminated {
        /// Index of the entry.
        entry: usize,
    },
    /// An entry that claims to be attached before a tender saw it.
    #[error("manifest entry {entry}: marked as attached in the file")]
    AlreadyAttached {
        /// Index of the entry.
        entry: usize,
    },
    /// A device of a type that this ABI does not know.
    #[error("manifest entry {entry}: unknown type {kind}, no tender of this ABI can attach it")]
    UnknownType {
        /// Index of the entry.
        entry: usize,
        /// Its type.
        kind: u32,
    },
    /// A device whose name is empty or has other characters than letters and digits of ASCII.
    #[error("manifest entry {entry}: a name that no device can have: 1 to 67 letters and digits")]
    Name {
        /// Index of the entry.
        entry: usize,
    },
    /// A device that has name and kind of another: it is found in the other's place.
    #[error("manifest entry {entry}: name and type of an earlier one")]
    Duplicate {
        /// Index of the entry.
        entry: usize,
    },
}

impl<'a> Manifest<'a> {
    /// Checks the bytes of a `struct mft` (ABI section 2.3), and that a tender can attach its devices.
    ///
    /// # Errors
    /// The first rule that is violated.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ManifestError> {
        let size = bytes.len();
        let (&head, body) =
            bytes.split_first_chunk::<HEADER_SIZE>().ok_or(ManifestError::TooShort { size })?;
        let version = crate::read::u32_at(&head, 0);
        if version != VERSION {
            return Err(ManifestError::Version(version));
        }
        let count = crate::read::u32_at(&head, 4);
        if count as usize > MFT_MAX_ENTRIES {
            return Err(ManifestError::TooManyEntries(count));
        }
        let expected = size_of_entries(count);
        if size != expected {
            return Err(ManifestError::Size { entries: count, size, expected });
        }
        let (entries, _none) = body.as_chunks::<ENTRY_SIZE>();
        let first = entries.first().ok_or(ManifestError::NoEntries)?;
        if type_of(first) != TYPE_RESERVED_FIRST || first[0] != 0 {
            return Err(ManifestError::FirstNotReserved { kind: type_of(first) });
        }
        for (index, entry) in entries.iter().enumerate() {
            if entry[MFT_NAME_SIZE - 1] != 0 {
                return Err(ManifestError::NameNotTerminated { entry: index });
            }
            if entry[offset_of!(Entry, attached)] != 0 {
                return Err(ManifestError::AlreadyAttached { entry: index });
            }
        }
        let manifest = Self { entries, bytes };
        for (index, entry) in entries.iter().enumerate().skip(1) {
            let kind = match device_kind(entry) {
                Ok(Some(kind)) => kind,
                Ok(None) => continue,
                Err(kind) => return Err(ManifestError::UnknownType { entry: index, kind }),
            };
            let name = name_of(entry);
            if name.is_empty() || !name.iter().all(u8::is_ascii_alphanumeric) {
                return Err(ManifestError::Name { entry: index });
            }
            if find_device(&manifest, name, kind).is_none_or(|found| found.handle != index) {
                return Err(ManifestError::Duplicate { entry: index });
            }
        }
        Ok(manifest)
    }

    /// The `struct mft`, as it lies in the image.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The devices it declares, in the order of their handles. Reserved entries, as the first one is, need not be
    /// attached and are left out.
    pub fn devices(&self) -> impl Iterator<Item = Device<'a>> + Clone + use<'a> {
        self.entries.iter().enumerate().filter_map(|(handle, entry)| device(handle, entry))
    }
}

/// The device of this name and kind (ABI section 1.2).
#[must_use]
pub fn find_device<'a>(manifest: &Manifest<'a>, name: &[u8], kind: DeviceKind) -> Option<Device<'a>> {
    manifest.devices().find(|device| device.name == name && device.kind == kind)
}

fn type_of(entry: &[u8; ENTRY_SIZE]) -> u32 {
    crate::read::u32_at(entry, offset_of!(Entry, kind))
}

/// What an entry declares: nothing if its type is reserved. The error is a type that this ABI does not know.
fn device_kind(entry: &[u8; ENTRY_SIZE]) -> Result<Option<DeviceKind>, u32> {
    match type_of(entry) {
        TYPE_BLOCK_BASIC => Ok(Some(DeviceKind::Block)),
        TYPE_NET_BASIC => Ok(Some(DeviceKind::Net)),
        TYPE_RESERVED_FIRST.. => Ok(None),
        other => Err(other),
    }
}

fn device(handle: usize, entry: &[u8; ENTRY_SIZE]) -> Option<Device<'_>> {
    let kind = device_kind(entry).ok()??;
    Some(Device { handle, name: name_of(entry), kind })
}

fn name_of(entry: &[u8; ENTRY_SIZE]) -> &[u8] {
    let name = &entry[..MFT_NAME_SIZE];
    name.split(|&byte| byte == 0).next().unwrap_or(name)
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block => f.write_str("BLOCK_BASIC"),
            Self::Net => f.write_str("NET_BASIC"),
        }
    }
}
