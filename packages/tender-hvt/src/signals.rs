//! SIGINT and SIGTERM end the tender with a line and status 1 (ABI section 4.11); SIGIO lets a debugger
//! interrupt the guest.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

use tender_core::diagnostics::Diagnostics;
use tender_core::status;
use tender_core::syscall::{self, Errno};

use crate::host;

static DIAGNOSTICS: OnceLock<Diagnostics<'static>> = OnceLock::new();

/// From now on these signals end the process with one line.
pub fn handle(diagnostics: Diagnostics<'static>) -> Result<(), Errno> {
    let _ = DIAGNOSTICS.set(diagnostics);
    for signal in [libc::SIGINT, libc::SIGTERM] {
        install(signal, end)?;
    }
    Ok(())
}

/// Handles `signal` by `handler`, during which no other signal is handled.
fn install(signal: i32, handler: extern "C" fn(i32)) -> Result<(), Errno> {
    // SAFETY: all zeroes are a valid `sigaction`.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as *const () as usize;
    // SAFETY: both records are ours; handlers do nothing but what is safe at any time.
    let installed = unsafe {
        libc::sigfillset(&raw mut action.sa_mask);
        libc::sigaction(signal, &raw const action, std::ptr::null_mut())
    };
    if installed == 0 { Ok(()) } else { Err(host::last_error()) }
}

/// Formats into a buffer on its own stack and makes system calls: nothing it could have interrupted.
extern "C" fn end(signal: i32) {
    if let Some(diagnostics) = DIAGNOSTICS.get() {
        diagnostics.line(format_args!("ended by signal {signal}"));
    }
    syscall::exit(status::FAILURE)
}

static IMMEDIATE_EXIT: OnceLock<&'static AtomicU8> = OnceLock::new();

/// From now on SIGIO sets this byte, and interrupts what the thread is doing.
pub fn interrupt_by(byte: &'static AtomicU8) -> Result<(), Errno> {
    let _ = IMMEDIATE_EXIT.set(byte);
    install(libc::SIGIO, interrupt)
}

extern "C" fn interrupt(_signal: i32) {
    if let Some(byte) = IMMEDIATE_EXIT.get() {
        byte.store(1, Ordering::Relaxed);
    }
}
