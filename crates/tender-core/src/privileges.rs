//! What a tender gives up before its guest runs: capabilities, and every way to gain privileges.

use core::error::Error;
use core::fmt;

use crate::syscall::{self, Errno};

/// Why privileges cannot be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivilegeError {
    /// The kernel did not take the capabilities.
    Capabilities(Errno),
    /// It did not promise to give none back.
    NoNew(Errno),
}

/// More capabilities than any kernel knows: the kernel counts them with 64 bits.
const CAPABILITIES: usize = 64;

/// Gives up all capabilities of this thread, and so of those that it starts: those that it has, those that it could
/// hand on (ambient and inheritable) and, where it may say so, those that anything it executes could get (the
/// bounding set). Nothing it executes gains privileges in another way. To be called while there is no other thread.
///
/// # Errors
/// The kernel refused.
pub fn give_up() -> Result<(), PrivilegeError> {
    for capability in 0..CAPABILITIES {
        match syscall::drop_from_bounding_set(capability) {
            Ok(()) => {}
            // The kernel knows no more of them, or the process may not: then it cannot use the set either.
            Err(Errno::EINVAL | Errno::EPERM) => break,
            Err(errno) => return Err(PrivilegeError::Capabilities(errno)),
        }
    }
    syscall::drop_capabilities().map_err(PrivilegeError::Capabilities)?;
    syscall::set_no_new_privileges().map_err(PrivilegeError::NoNew)
}

impl fmt::Display for PrivilegeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Capabilities(errno) => write!(f, "capabilities cannot be given up: {errno}"),
            Self::NoNew(errno) => write!(f, "privileges cannot be given up: {errno}"),
        }
    }
}

impl Error for PrivilegeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Capabilities(errno) | Self::NoNew(errno) => Some(errno),
        }
    }
}
