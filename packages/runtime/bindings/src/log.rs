//! What the bindings say of their own: one console write a line, each beginning with `Solo5:`.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

use crate::options::Level;

/// Longest line, its newline included (ABI section 7.4).
const LINE: usize = 319;
const TRUNCATED: &[u8] = b" [truncated]\n";

static LEVEL: AtomicU8 = AtomicU8::new(Level::Warn as u8);

/// Lines above this level are dropped from now on.
pub fn set_level(level: Level) {
    LEVEL.store(level as u8, Relaxed);
}

/// Writes `Solo5: ` and `message` as one line if `level` is not filtered.
pub fn log(level: Level, message: fmt::Arguments<'_>) {
    if level as u8 <= LEVEL.load(Relaxed) {
        always(message);
    }
}

/// As [`log`], but never filtered: what ends the guest must be seen.
pub fn always(message: fmt::Arguments<'_>) {
    let mut line = Line { bytes: [0; LINE], len: 0, full: false };
    // Line's write_str cannot fail: a line that is too long is cut and marked.
    let _ = writeln!(line, "Solo5: {message}");
    let len = line.finish();
    // SAFETY: the first `len <= LINE` bytes of the array are readable.
    unsafe { crate::target::console_write(line.bytes.as_ptr().cast(), len) };
}

struct Line {
    bytes: [u8; LINE],
    len: usize,
    full: bool,
}

impl Line {
    fn finish(&mut self) -> usize {
        if self.full {
            let at = LINE - TRUNCATED.len();
            if let Some(tail) = self.bytes.get_mut(at..) {
                tail.copy_from_slice(TRUNCATED);
            }
            self.len = LINE;
        }
        self.len
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LINE - self.len;
        let take = text.len().min(room);
        self.full |= take < text.len();
        for (to, from) in self.bytes.iter_mut().skip(self.len).zip(text.as_bytes()) {
            *to = *from;
        }
        self.len += take;
        Ok(())
    }
}
