//! Whether the next attempt to read a frame can be spared, because it would find none.
//!
//! A peer that waits for each answer sends one frame a round: the guest wakes, reads it, and a second
//! read would only say that there is no more. After some such rounds it is not made. Nothing depends on
//! the guess: a frame that is there after all makes the next sleep end at once, and is read then. Now and
//! then the read is made all the same, so that a guess that has become wrong does not stay.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// So many rounds of one frame each make the next one likely to be the same.
const TREND: u32 = 2;

/// So many guesses are made before the first look, and twice as many before each look that proves them
/// right, up to the most.
const GUESSES: [u32; 2] = [16, 1024];

/// What is known of the frames of one device. Atomic because it is a `static`, not for threads.
#[derive(Debug)]
pub struct Rounds {
    /// Frames read since the guest last slept.
    frames: AtomicU32,
    /// Rounds of one frame each, up to the last one.
    singles: AtomicU32,
    /// The guess was made in this round.
    guessed: AtomicBool,
    /// Guesses until the next look, and how many there were to be.
    left: AtomicU32,
    planned: AtomicU32,
}

impl Rounds {
    /// Nothing known.
    #[must_use]
    pub const fn new() -> Self {
        let [first, _] = GUESSES;
        Self {
            frames: AtomicU32::new(0),
            singles: AtomicU32::new(0),
            guessed: AtomicBool::new(false),
            left: AtomicU32::new(first),
            planned: AtomicU32::new(first),
        }
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
        let frames = self.frames.load(Relaxed).saturating_add(1);
        self.frames.store(frames, Relaxed);
        if frames > 1 {
            self.singles.store(0, Relaxed);
            self.plan(GUESSES[0]);
        }
    }

    fn plan(&self, guesses: u32) {
        self.planned.store(guesses, Relaxed);
        self.left.store(guesses, Relaxed);
    }

    /// Whether to say that there is no frame without a look; at most once a round.
    #[must_use]
    pub fn presume_empty(&self) -> bool {
        let likely = self.frames.load(Relaxed) == 1 && self.singles.load(Relaxed) >= TREND;
        if !likely || self.guessed.swap(true, Relaxed) {
            return false;
        }
        let left = self.left.load(Relaxed);
        if left == 0 {
            self.plan(self.planned.load(Relaxed).saturating_mul(2).min(GUESSES[1]));
            return false;
        }
        self.left.store(left - 1, Relaxed);
        true
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
    fn looks_after_16_guesses_then_after_twice_as_many_up_to_1024() {
        let rounds = Rounds::new();
        let mut looks = Vec::new();
        for round in 0..5000 {
            rounds.slept();
            rounds.read();
            if !rounds.presume_empty() {
                looks.push(round);
            }
        }
        // Two rounds without a guess, then 16, 32, 64, ... guesses and a look.
        let mut expected = vec![0, 1];
        for guesses in [16, 32, 64, 128, 256, 512, 1024, 1024, 1024] {
            expected.push(expected.last().map_or(0, |last| last + guesses + 1));
        }
        assert_eq!(looks, expected);
    }

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
