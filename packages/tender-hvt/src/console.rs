//! The guest's console: standard output, as it is, best effort (ABI sections 4.12, 9 #3).

use std::time::Duration;

use tender_core::syscall::Fd;

use crate::guest_memory::Source;
use crate::host;

/// Most bytes of one write: a pipe that says it takes bytes takes as many without waiting (`PIPE_BUF`).
const PIECE: usize = 4096;
/// How long a reader may take for each piece before the guest goes on without it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Standard output.
#[derive(Debug)]
pub struct Console {
    fd: Fd,
    /// Nobody read what was written last: no more waiting until somebody does.
    stuck: bool,
}

impl Console {
    /// The console on `fd`.
    #[must_use]
    pub const fn new(fd: Fd) -> Self {
        Self { fd, stuck: false }
    }

    /// Writes bytes. A reader that is slow slows the guest down and loses nothing; one that reads
    /// nothing for a second loses bytes, and so does a disk that is full. A guest is never told: its
    /// console is best effort.
    pub fn write(&mut self, mut bytes: Source<'_>) {
        while bytes.parts().1 > 0 {
            let patience = if self.stuck { Duration::ZERO } else { PATIENCE };
            self.stuck = !host::wait_writable(self.fd, patience);
            if self.stuck {
                return;
            }
            match host::write(self.fd, bytes.first(PIECE)) {
                Ok(0) | Err(_) => return,
                Ok(written) => bytes = bytes.skip(written),
            }
        }
    }
}
