//! `solo5-hvt [options] [--] IMAGE [ARGS...]`: parse, call, exit status.

#![forbid(unsafe_code)]

use std::ffi::{CStr, CString, OsString};
use std::os::unix::ffi::OsStringExt as _;

use tender_core::diagnostics::Diagnostics;
use tender_core::status::{self, Exit};
use tender_core::{lifeline, syscall};

fn main() {
    // A broken invariant is told in one line, without the system calls that Rust's own hook makes.
    std::panic::set_hook(Box::new(|info| {
        Diagnostics::new(b"", tender_hvt::TARGET.program)
            .line(format_args!("internal error, please report it: {info}"));
        syscall::exit(status::ABORT);
    }));
    let words: Vec<CString> = std::env::args_os()
        // The kernel passed them with a NUL behind each, so there is none inside.
        .map(|word| CString::new(word.into_vec()).unwrap_or_default())
        .collect();
    // For as long as the process lives, so that a handler of signals can use its name.
    let words: &'static [CString] = words.leak();
    let words = words.iter().map(CString::as_c_str as fn(&'static CString) -> &'static CStr);
    let lifeline = std::env::var_os(lifeline::VARIABLE).map(OsString::into_vec);
    let Err(Exit(status)) = tender_hvt::run(words, lifeline.as_deref());
    syscall::exit(status)
}
