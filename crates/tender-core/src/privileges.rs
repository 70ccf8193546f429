//! What a tender gives up before its guest runs: capabilities, and every way to gain privileges.

use rustix::io;
use rustix::thread::{
    CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};
use thiserror::Error;

use crate::syscall::Errno;

/// Why privileges cannot be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PrivilegeError {
    /// The kernel did not take the capabilities.
    #[error("capabilities cannot be given up: {0}")]
    Capabilities(#[source] Errno),
    /// It did not promise to give none back.
    #[error("privileges cannot be given up: {0}")]
    NoNew(#[source] Errno),
}

/// Gives up all capabilities of this thread, and so of those that it starts: those that it has, those that it could
/// hand on (ambient and inheritable) and, where it may say so, those that anything it executes could get (the
/// bounding set). Nothing it executes gains privileges in another way. To be called while there is no other thread.
///
/// # Errors
/// The kernel refused.
pub fn give_up() -> Result<(), PrivilegeError> {
    let refused = |errno: io::Errno| PrivilegeError::Capabilities(errno.into());
    // Any number may be one: kernels know more of them than programs.
    for capability in (0..u64::BITS).map(|bit| CapabilitySet::from_bits_retain(1 << bit)) {
        match remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            // The kernel knows no more of them, or the process may not: then it cannot use the set either.
            Err(io::Errno::INVAL | io::Errno::PERM) => break,
            Err(errno) => return Err(refused(errno)),
        }
    }
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
        .map_err(refused)?;
    set_no_new_privs(true).map_err(|errno| PrivilegeError::NoNew(errno.into()))
}
