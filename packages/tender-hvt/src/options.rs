//! Options that only `solo5-hvt` has (ABI section 6.1).

use std::ffi::CStr;

use tender_core::diagnostics::{Diagnostics, Quoted};
use tender_core::status::Exit;

/// What a user asked for; the last of repeated options wins.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Offer the network ring.
    pub net_ring: bool,
    /// Where cores go.
    pub cores: Option<&'static CStr>,
    debug: bool,
    port: u16,
}

/// What the usage says of them.
pub const USAGE: &str = "\
\x20 --no-net-ring   all frames go through hypercalls, none through shared memory
  --dumpcore=DIR  a guest that aborts or is killed leaves DIR/core.solo5-hvt.PID
  --gdb           wait for a debugger on this host before the guest runs
  --gdb-port=N    its port (default: 1234)
";

impl Options {
    /// Those of a command line without any.
    pub const DEFAULT: Self = Self { net_ring: true, cores: None, debug: false, port: 1234 };

    /// The port where a debugger is to connect, if one is.
    pub fn debugger(&self) -> Option<u16> {
        self.debug.then_some(self.port)
    }

    /// Takes a word; whether it is one of these options.
    ///
    /// # Errors
    /// What it says is not usable, and a line said so.
    pub fn take(&mut self, word: &'static CStr, diagnostics: &Diagnostics<'_>) -> Result<bool, Exit> {
        if word == c"--no-net-ring" {
            self.net_ring = false;
        } else if word == c"--gdb" {
            self.debug = true;
        } else if let Some(value) = value_of(word, "--dumpcore=") {
            self.cores = Some(value);
        } else if let Some(value) = value_of(word, "--gdb-port=") {
            let word = Quoted(word.to_bytes());
            self.port = port_of(value).ok_or_else(|| {
                diagnostics.fail(format_args!("option {word}: malformed port, give a number from 0 to 65535"))
            })?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

/// What follows `prefix` in a word that begins with it; not nothing.
fn value_of(word: &'static CStr, prefix: &str) -> Option<&'static CStr> {
    let value = word.to_bytes_with_nul().strip_prefix(prefix.as_bytes())?;
    CStr::from_bytes_with_nul(value).ok().filter(|value| !value.is_empty())
}

/// Decimal digits and nothing else.
fn port_of(value: &CStr) -> Option<u16> {
    let text = value.to_str().ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
