//! The fixed-point factor that turns ticks of a processor's clock into nanoseconds (ABI section 4.9).

const NS_PER_S: u64 = 1_000_000_000;
/// Most bits behind the point.
const MAX_SHIFT: u32 = 32;

/// Nanoseconds are ticks times `mult`, shifted right by `shift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The factor; at least 1.
    pub mult: u32,
    /// Bits of `mult` behind the point, at most 32.
    pub shift: u32,
}

impl Scale {
    /// For a clock of so many ticks a second: the most exact factor that fits into 32 bits. `None` for a
    /// frequency that no processor has: 0, or so high that a tick is nothing.
    #[must_use]
    pub fn new(hz: u64) -> Option<Self> {
        (0..=MAX_SHIFT).rev().find_map(|shift| {
            let mult = (u128::from(NS_PER_S) << shift).checked_div(u128::from(hz))?;
            let mult = u32::try_from(mult).ok().filter(|&mult| mult > 0)?;
            Some(Self { mult, shift })
        })
    }

    /// So many ticks in nanoseconds, rounded down; wraps after 584 years.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "wraps, as the documentation says")]
    pub fn nanoseconds(self, ticks: u64) -> u64 {
        ((u128::from(ticks) * u128::from(self.mult)) >> self.shift) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn has_the_factors_of_the_document() {
        assert_eq!(Scale::new(2_596_146_000), Some(Scale { mult: 1_654_362_773, shift: 32 }));
    }

    #[test]
    fn keeps_time_to_two_billionths_for_every_frequency() {
        for hz in [1, 999, 1_000_000, 1_000_000_000, 2_596_146_000, 3_000_000_000, 5_999_999_999] {
            let scale = Scale::new(hz).expect("a processor's frequency");
            for seconds in [1, 60, 86_400, 31_536_000] {
                let (shown, true_ns) = (scale.nanoseconds(hz * seconds), seconds * 1_000_000_000);
                assert!(shown <= true_ns && true_ns - shown <= 1 + true_ns / 500_000_000, "{hz} Hz: {shown}");
            }
        }
    }

    #[test]
    fn refuses_frequencies_that_no_processor_has() {
        assert_eq!(Scale::new(0), None);
        assert_eq!(Scale::new(u64::MAX), None);
    }
}
