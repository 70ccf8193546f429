//! The processor's debug registers: four addresses that stop it.

use gdbstub::target::ext::breakpoints::WatchKind;

/// Addresses a processor can watch.
const COUNT: usize = 4;

/// What stops the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Execute,
    Write,
    /// Reading it or writing to it.
    Access,
}

/// DR0 to DR3, and what of DR7 belongs to them.
#[derive(Clone, Copy, Debug, Default)]
pub struct DebugRegisters {
    slots: [Option<(u64, u64, Kind)>; COUNT],
}

impl Kind {
    /// What a debugger calls it. No x86 processor stops for reading alone.
    #[must_use]
    pub const fn of(kind: WatchKind) -> Self {
        match kind {
            WatchKind::Write => Self::Write,
            WatchKind::Read | WatchKind::ReadWrite => Self::Access,
        }
    }

    const fn bits(self) -> u64 {
        match self {
            Self::Execute => 0,
            Self::Write => 1,
            Self::Access => 3,
        }
    }
}

/// How DR7 says a length; aligned ranges of these lengths can be watched.
const fn length_bits(len: u64) -> Option<u64> {
    match len {
        1 => Some(0),
        2 => Some(1),
        8 => Some(2),
        4 => Some(3),
        _ => None,
    }
}

impl DebugRegisters {
    /// Watches a range; whether there is a register left for it, and the processor can.
    pub fn add(&mut self, addr: u64, len: u64, kind: Kind) -> bool {
        if self.slots.contains(&Some((addr, len, kind))) {
            return true;
        }
        let possible = length_bits(len).is_some() && addr.is_multiple_of(len);
        match self.slots.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) if possible => {
                *slot = Some((addr, len, kind));
                true
            }
            _ => false,
        }
    }

    /// Watches it no longer; whether it did.
    pub fn remove(&mut self, addr: u64, len: u64, kind: Kind) -> bool {
        let slot = self.slots.iter_mut().find(|slot| **slot == Some((addr, len, kind)));
        slot.and_then(Option::take).is_some()
    }

    /// There is something to watch.
    #[must_use]
    pub fn any(&self) -> bool {
        self.slots.iter().any(Option::is_some)
    }

    /// DR0 to DR7.
    #[must_use]
    pub fn values(&self) -> [u64; 8] {
        let mut values = [0; 8];
        for (index, slot) in self.slots.iter().enumerate() {
            if let &Some((addr, len, kind)) = slot {
                values[index] = addr;
                let length = length_bits(len).unwrap_or(0);
                values[7] |= 2 << (2 * index) | (kind.bits() | length << 2) << (16 + 4 * index);
            }
        }
        values
    }

    /// What stopped the processor, by DR6.
    #[must_use]
    pub fn hit(&self, dr6: u64) -> Option<(u64, Kind)> {
        let hit =
            self.slots.iter().enumerate().find(|(index, slot)| slot.is_some() && dr6 & (1 << index) != 0);
        hit.and_then(|(_, slot)| slot.map(|(addr, _, kind)| (addr, kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_to_watch_as_the_processor_wants_it() {
        let mut registers = DebugRegisters::default();
        assert!(registers.add(0x10_0000, 1, Kind::Execute));
        assert!(registers.add(0x20_0008, 8, Kind::Write));
        assert!(registers.add(0x20_0004, 4, Kind::Access));
        let dr7 = 2 | 2 << 2 | 2 << 4 | 0b1001 << 20 | 0b1111 << 24;
        assert_eq!(registers.values(), [0x10_0000, 0x20_0008, 0x20_0004, 0, 0, 0, 0, dr7]);
        assert_eq!(registers.hit(2), Some((0x20_0008, Kind::Write)));
        assert_eq!(registers.hit(1 << 14), None, "a step");
    }

    #[test]
    fn has_four_registers_and_refuses_what_does_not_fit_one() {
        let mut registers = DebugRegisters::default();
        for (addr, len) in [(0, 3), (0, 16), (1, 2), (4, 8), (0, 0)] {
            assert!(!registers.add(addr, len, Kind::Write), "{addr} {len}");
        }
        for addr in 0..4 {
            assert!(registers.add(addr, 1, Kind::Execute));
        }
        assert!(!registers.add(4, 1, Kind::Execute));
        assert!(registers.add(3, 1, Kind::Execute), "it is there already");
        assert!(registers.remove(2, 1, Kind::Execute) && !registers.remove(2, 1, Kind::Execute));
        assert!(registers.add(4, 1, Kind::Execute));
    }
}
