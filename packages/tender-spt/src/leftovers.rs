//! What of the tender has to go before a guest runs: everything above guest memory.
//!
//! Removing what is not mapped is no error, so the ranges need not be known: all of the address space
//! is removed, but for the one page the tender leaves from. Only if this kernel has sealed the
//! mappings it lends to processes (vdso, vvar: read-only, and the same for all) must these be left
//! out, and for that `/proc/self/maps` tells where they are.

use thiserror::Error;

/// End of the address space of a process, unless it asks for more: 47 bits, less a guard page.
pub const ADDRESS_SPACE_END: u64 = (1 << 47) - 4096;
/// Most ranges there can be: between the kept ones, of which a kernel has a handful.
pub const MAX_RANGES: usize = 16;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Range {
    /// First address.
    pub start: u64,
    /// Bytes.
    pub len: u64,
}

/// Ranges to remove, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranges {
    ranges: [Range; MAX_RANGES],
    len: usize,
    /// Everything below was decided on.
    done: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the kernel lends more than {MAX_RANGES} ranges of memory")]
pub struct TooManyRanges;

impl Ranges {
    /// Nothing yet; what lies below `guest_end` is the guest's.
    pub const fn above(guest_end: u64) -> Self {
        Self { ranges: [Range { start: 0, len: 0 }; MAX_RANGES], len: 0, done: guest_end }
    }

    /// Keeps `start..end`, removes what is between the range kept before and this one. To be called in
    /// ascending order.
    pub fn keep(&mut self, start: u64, end: u64) -> Result<(), TooManyRanges> {
        if start > self.done {
            let range = self.ranges.get_mut(self.len).ok_or(TooManyRanges)?;
            *range = Range { start: self.done, len: start - self.done };
            self.len += 1;
        }
        self.done = self.done.max(end);
        Ok(())
    }

    /// Removes all that is left.
    pub fn finish(mut self) -> Result<Self, TooManyRanges> {
        self.keep(ADDRESS_SPACE_END, ADDRESS_SPACE_END)?;
        Ok(self)
    }

    pub fn as_slice(&self) -> &[Range] {
        &self.ranges[..self.len]
    }
}

/// One line of `/proc/self/maps`: the range, if it is one that the kernel may have sealed.
pub fn lent_by_kernel(line: &[u8]) -> Option<(u64, u64)> {
    let mut fields = line.split(|&byte| byte == b' ').filter(|field| !field.is_empty());
    let range = core::str::from_utf8(fields.next()?).ok()?;
    let name = fields.nth(4)?;
    let lent =
        [&b"[vdso"[..], b"[vvar", b"[uprobes", b"[sigpage"].iter().any(|prefix| name.starts_with(prefix));
    if !lent {
        return None;
    }
    let (start, end) = range.split_once('-')?;
    Some((u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
00010000-00011000 rw-p 00000000 00:00 0 
600000000000-600000001000 r--p 00000000 fe:00 1234                       /usr/bin/solo5-spt
7ffc8a5f1000-7ffc8a612000 rw-p 00000000 00:00 0                          [stack]
7ffc8a7d2000-7ffc8a7d6000 r--p 00000000 00:00 0                          [vvar]
7ffc8a7d6000-7ffc8a7d8000 r--p 00000000 00:00 0                          [vvar_vclock]
7ffc8a7d8000-7ffc8a7da000 r-xp 00000000 00:00 0                          [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
";

    #[test]
    fn removes_everything_above_the_guest_but_the_kept_page() {
        let mut ranges = Ranges::above(0x20_0000);
        ranges.keep(0x6000_0000_1000, 0x6000_0000_2000).unwrap();
        let ranges = ranges.finish().unwrap();
        assert_eq!(
            ranges.as_slice(),
            [
                Range { start: 0x20_0000, len: 0x6000_0000_1000 - 0x20_0000 },
                Range { start: 0x6000_0000_2000, len: ADDRESS_SPACE_END - 0x6000_0000_2000 },
            ]
        );
    }

    #[test]
    fn leaves_out_what_the_kernel_lends_when_it_is_sealed() {
        let lent: Vec<_> = MAPS.lines().filter_map(|line| lent_by_kernel(line.as_bytes())).collect();
        assert_eq!(
            lent,
            [
                (0x7ffc_8a7d_2000, 0x7ffc_8a7d_6000),
                (0x7ffc_8a7d_6000, 0x7ffc_8a7d_8000),
                (0x7ffc_8a7d_8000, 0x7ffc_8a7d_a000),
            ]
        );
        let mut ranges = Ranges::above(0x20_0000);
        for (start, end) in lent {
            ranges.keep(start, end).unwrap();
        }
        let ranges = ranges.finish().unwrap();
        assert_eq!(ranges.as_slice().len(), 2, "neighbours leave no range between them");
        assert_eq!(ranges.as_slice()[1].start, 0x7ffc_8a7d_a000);
    }

    #[test]
    fn refuses_more_ranges_than_it_has_room_for() {
        let mut ranges = Ranges::above(0);
        for at in 1..=MAX_RANGES as u64 {
            ranges.keep(at * 0x2000, at * 0x2000 + 0x1000).unwrap();
        }
        assert_eq!(ranges.finish(), Err(TooManyRanges));
    }

    #[test]
    fn ignores_lines_that_are_not_as_expected() {
        for line in [
            "",
            "x",
            "7f-8f r--p",
            "zz-8f r--p 0 0 0 [vdso]",
            "7f r--p 0 0 0 [vdso]",
            "1-2 r--p 0 0 0 [heap]",
        ] {
            assert_eq!(lent_by_kernel(line.as_bytes()), None, "{line}");
        }
    }
}
