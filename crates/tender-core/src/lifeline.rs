//! A tender that ends with whoever started it, however that ends.
//!
//! Its starter keeps one end of a pipe or of a pair of sockets, and hands the other one over: the lifeline. The
//! kernel kills the tender when the starter's end is closed, which is the last thing that happens to a process
//! that is killed. Nobody has to watch, so it works for a guest that runs in the tender's own process, under a
//! filter, and neither guest nor tender can do anything about it. Without a lifeline a tender lives as long as
//! its guest, as behind `nohup`.
//!
//! Not the signal at the death of a parent (`PR_SET_PDEATHSIG`): that comes when a thread ends, is not for those who
//! start a tender through another program, and is lost if the parent was faster.

use core::ffi::CStr;

use rustix::fs::{FileType, fstat};
use thiserror::Error;

use crate::diagnostics::Escaped;
use crate::net::parse_descriptor;
use crate::syscall::{self, Errno, Fd};

/// Name of the variable of the environment that has the lifeline's number. Not an option: so tenders that do not
/// know of it, upstream's, can be started in the same way.
pub const VARIABLE: &str = "UK_LIFELINE";

/// Why a descriptor is no lifeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{VARIABLE}={}: {why}", Escaped(.value))]
pub struct LifelineError<'a> {
    /// The value of the variable.
    pub value: &'a [u8],
    pub why: LifelineRefusal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LifelineRefusal {
    #[error("not the decimal number of a descriptor other than 1 and 2")]
    Descriptor,
    /// It cannot tell when its other end is closed.
    #[error("neither a pipe nor a socket")]
    Kind,
    #[error("its other end is closed: whoever started this guest is gone")]
    Gone,
    #[error(transparent)]
    Host(#[from] Errno),
}

/// The value of [`VARIABLE`] in an environment, `NAME=VALUE` each.
pub fn value_in<'a>(mut environment: impl Iterator<Item = &'a CStr>) -> Option<&'a [u8]> {
    environment.find_map(|variable| variable.to_bytes().strip_prefix(VARIABLE.as_bytes())?.strip_prefix(b"="))
}

/// From now on this process is killed when the other end of its lifeline, the descriptor whose number `value` is, is
/// closed or written to.
///
/// # Errors
/// It is no lifeline, or its other end is closed already.
pub fn hold(value: &[u8]) -> Result<Fd, LifelineError<'_>> {
    try_hold(value).map_err(|why| LifelineError { value, why })
}

fn try_hold(value: &[u8]) -> Result<Fd, LifelineRefusal> {
    let fd = parse_descriptor(value).ok_or(LifelineRefusal::Descriptor)?;
    let status = fstat(fd).map_err(Errno::from)?;
    if !matches!(FileType::from_raw_mode(status.st_mode), FileType::Fifo | FileType::Socket) {
        return Err(LifelineRefusal::Kind);
    }
    syscall::die_by_input(fd)?;
    // It may have been closed before the kernel was told.
    if syscall::is_hung_up(fd)? { Err(LifelineRefusal::Gone) } else { Ok(fd) }
}
