//! What a guest can do with each byte of its memory, and so what it can ask the tender to do there.

use std::error::Error;
use std::fmt;

use solo5_abi::Gpa;
use solo5_abi::memory::{HVT_BOOT_INFO, LOAD_MIN};
use solo5_elf::Segment;

/// The memory of one guest, as the guest may use it: readable and writable, but for some ranges.
#[derive(Clone, Debug)]
pub struct AccessMap {
    size: u64,
    /// Ascending and not overlapping.
    limited: Vec<Limited>,
}

#[derive(Clone, Copy, Debug)]
struct Limited {
    start: Gpa,
    end: Gpa,
    readable: bool,
}

/// What is to be done with a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// A range that a guest named to the tender, and may not use itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestFault {
    pub gpa: Gpa,
    /// Its length in bytes.
    pub len: u64,
    pub access: Access,
    pub why: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Some of it is beyond the end of guest memory.
    Outside {
        /// Bytes of guest memory.
        size: u64,
    },
    /// Some of it is in pages that the guest cannot use in this way.
    Protected { start: Gpa, end: Gpa },
}

impl AccessMap {
    /// The memory of a guest with so many bytes and these segments: low memory can be read where boot
    /// info may be, and segments as they say.
    #[must_use]
    pub fn new(size: u64, segments: &[Segment]) -> Self {
        let low = [
            Limited { start: 0, end: HVT_BOOT_INFO, readable: false },
            Limited { start: HVT_BOOT_INFO, end: LOAD_MIN, readable: true },
        ];
        let segments = segments.iter().filter(|segment| !segment.protection.write()).map(|segment| {
            // What can be executed can be read as well (ABI section 3.3).
            let readable = segment.protection.read() || segment.protection.execute();
            Limited { start: segment.start, end: segment.end, readable }
        });
        Self { size, limited: low.into_iter().chain(segments).collect() }
    }

    /// Bytes of guest memory.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Checks that the guest may use `len` bytes at `gpa`. No bytes can be anywhere.
    ///
    /// # Errors
    /// Some of them lie outside memory, or in pages that the guest may not use in this way.
    pub fn check(&self, gpa: Gpa, len: u64, access: Access) -> Result<(), GuestFault> {
        if len == 0 {
            return Ok(());
        }
        let fault = |why| GuestFault { gpa, len, access, why };
        let end = gpa.checked_add(len).filter(|&end| end <= self.size);
        let end = end.ok_or(fault(Fault::Outside { size: self.size }))?;
        let first = self.limited.partition_point(|range| range.end <= gpa);
        let hit = self.limited[first..]
            .iter()
            .take_while(|range| range.start < end)
            .find(|range| access == Access::Write || !range.readable);
        hit.map_or(Ok(()), |range| Err(fault(Fault::Protected { start: range.start, end: range.end })))
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "written",
        })
    }
}

impl fmt::Display for GuestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gpa, len, access, why } = self;
        match why {
            Fault::Outside { size } => {
                write!(f, "guest access outside memory: gpa={gpa:#x} len={len:#x} mem_size={size:#x}")
            }
            Fault::Protected { start, end } => write!(
                f,
                "guest access to protected memory: gpa={gpa:#x} len={len:#x}, but {start:#x}..{end:#x} cannot be {access}"
            ),
        }
    }
}

impl Error for GuestFault {}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 4 << 20;

    fn check(gpa: Gpa, len: u64, access: Access) -> Option<Fault> {
        AccessMap::new(SIZE, &[]).check(gpa, len, access).err().map(|fault| fault.why)
    }

    #[test]
    fn lets_a_guest_use_its_memory_to_the_last_byte() {
        for (gpa, len) in [(LOAD_MIN, 1), (LOAD_MIN, SIZE - LOAD_MIN), (SIZE - 1, 1), (SIZE - 40, 40)] {
            assert_eq!(check(gpa, len, Access::Write), None, "{gpa:#x} {len:#x}");
        }
    }

    #[test]
    fn refuses_what_is_not_guest_memory() {
        for (gpa, len) in [
            (SIZE, 1),
            (SIZE - 1, 2),
            (SIZE - 39, 40),
            (u64::MAX, 1),
            (u64::MAX, u64::MAX),
            (LOAD_MIN, u64::MAX),
            (LOAD_MIN, u64::MAX - LOAD_MIN),
        ] {
            let outside = Some(Fault::Outside { size: SIZE });
            assert_eq!(check(gpa, len, Access::Read), outside, "{gpa:#x} {len:#x}");
        }
    }

    #[test]
    fn lets_boot_info_be_read_and_nothing_else_of_low_memory() {
        assert_eq!(check(HVT_BOOT_INFO, 56, Access::Read), None);
        assert_eq!(check(LOAD_MIN - 1, 2, Access::Read), None);
        let info = Some(Fault::Protected { start: HVT_BOOT_INFO, end: LOAD_MIN });
        assert_eq!(check(HVT_BOOT_INFO, 1, Access::Write), info);
        assert_eq!(check(LOAD_MIN - 1, 2, Access::Write), info);
        let tables = Some(Fault::Protected { start: 0, end: HVT_BOOT_INFO });
        for (gpa, access) in [(0, Access::Read), (0x2000, Access::Write), (HVT_BOOT_INFO - 1, Access::Read)] {
            assert_eq!(check(gpa, 8, access), tables);
        }
    }

    #[test]
    fn ignores_where_no_bytes_are() {
        for gpa in [0, 1, SIZE, SIZE + 1, u64::MAX] {
            assert_eq!(check(gpa, 0, Access::Write), None);
        }
    }
}
