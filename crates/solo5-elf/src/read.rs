//! Where the bytes of an image come from.

use thiserror::Error;

/// An image's bytes, read as they are needed. The file may be larger than memory, and hostile.
pub trait ReadAt {
    /// Bytes of the image.
    fn size(&self) -> u64;

    /// Fills `into` with the bytes from `offset` on.
    ///
    /// # Errors
    /// The bytes do not all lie in the image, or the host failed to read them.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), ReadError>;
}

/// Bytes of an image that could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// The image ends before they do.
    #[error("truncated: {len} bytes wanted at offset {offset:#x}, the file has {size}")]
    BeyondEnd {
        /// First byte asked for.
        offset: u64,
        /// Bytes asked for.
        len: u64,
        /// Bytes of the image.
        size: u64,
    },
    /// The host failed; the number is its `errno`.
    #[error("read failed at offset {offset:#x}: errno {errno}")]
    Host {
        /// First byte asked for.
        offset: u64,
        /// `errno` of the host.
        errno: i32,
    },
}

impl ReadAt for [u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let beyond = ReadError::BeyondEnd { offset, len: into.len() as u64, size: self.size() };
        let start = usize::try_from(offset).map_err(|_too_far| beyond)?;
        let end = start.checked_add(into.len()).ok_or(beyond)?;
        into.copy_from_slice(self.get(start..end).ok_or(beyond)?);
        Ok(())
    }
}

/// The little-endian `u16` at `at`. Callers pass arrays whose size makes `at + 2` lie inside.
pub(crate) const fn u16_at<const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// The little-endian `u32` at `at`.
pub(crate) const fn u32_at<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// The little-endian `u64` at `at`.
pub(crate) const fn u64_at<const N: usize>(bytes: &[u8; N], at: usize) -> u64 {
    (u32_at(bytes, at + 4) as u64) << 32 | u32_at(bytes, at) as u64
}
