//! Whether the next attempt to read a frame can be spared, because it would find none.
//!
//! A peer that waits for each answer sends one frame a round: the guest wakes, reads it, and a second
//! read would only say that there is no more. After some such rounds it is not made. Nothing depends on
//! the guess: a frame that is there after all makes the next sleep end at once, and is read then.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// So many rounds of one frame each make the next one likely to be the same.
const TREND: u32 = 2;

/// What is known of the frames of one device. Atomic because it is a `static`, not for threads.
#[derive(Debug, Default)]
pub struct Rounds {
    /// Frames read since the guest last slept.
    frames: AtomicU32,
    /// Rounds of one frame each, up to the last one.
    singles: AtomicU32,
    /// The guess was made in this round.
    guessed: AtomicBool,
}

impl Rounds {
    /// Nothing known.
    #[must_use]
    pub const fn new() -> Self {
        Self { frames: AtomicU32::new(0), singles: AtomicU32::new(0), guessed: AtomicBool::new(false) }
    }

    /// The guest slept until there was a frame: a new round.
    pub fn slept(&self) {
        let single = self.frames.swap(0, Relaxed) == 1;
        let singles = if single { self.singles.load(Relaxed).saturating_add(1) } else { 0 };
        self.singles.store(singles, Relaxed);
        self.guessed.store(false, Relaxed);
    }

    /// A frame was read.
    pub fn read(&self) {
        self.frames.store(self.frames.load(Relaxed).saturating_add(1), Relaxed);
    }

    /// Whether to say that there is no frame without a look; at most once a round.
    #[must_use]
    pub fn presume_empty(&self) -> bool {
        let likely = self.frames.load(Relaxed) == 1 && self.singles.load(Relaxed) >= TREND;
        likely && !self.guessed.swap(true, Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::Rounds;

    /// What happens to a device: the guest sleeps, reads a frame, or asks.
    #[derive(Clone, Copy)]
    enum Step {
        Sleep,
        Frame,
        Ask(bool),
    }
    use Step::{Ask, Frame, Sleep};

    #[test]
    fn spares_a_read_only_after_rounds_of_one_frame() {
        const SINGLE: [Step; 3] = [Sleep, Frame, Ask(false)];
        const TREND: [Step; 8] = [Sleep, Frame, Sleep, Frame, Sleep, Frame, Ask(true), Ask(false)];
        let cases: [(&str, &[&[Step]]); 6] = [
            ("at the start", &[&[Ask(false)], &SINGLE, &SINGLE]),
            ("with a trend, once a round", &[&TREND, &[Sleep, Frame, Ask(true), Ask(false)]]),
            ("never before the first frame", &[&TREND, &[Sleep, Ask(false)]]),
            ("not when there was more", &[&TREND, &[Frame, Ask(false), Frame, Ask(false)]]),
            (
                "not in the round after a burst",
                &[&TREND, &[Frame], &SINGLE, &SINGLE, &[Sleep, Frame, Ask(true)]],
            ),
            ("not after a round without a frame", &[&TREND, &[Sleep], &SINGLE, &SINGLE]),
        ];
        for (why, steps) in cases {
            let rounds = Rounds::new();
            for (number, step) in steps.iter().copied().flatten().enumerate() {
                match step {
                    Sleep => rounds.slept(),
                    Frame => rounds.read(),
                    Ask(expected) => assert_eq!(rounds.presume_empty(), *expected, "{why}: step {number}"),
                }
            }
        }
    }
}
