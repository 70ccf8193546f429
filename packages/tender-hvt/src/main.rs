//! `solo5-hvt [options] [--] KERNEL [ARGS...]`: parse, call, exit status.

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStringExt as _;

use tender_core::syscall;

fn main() {
    let words: Vec<CString> = std::env::args_os()
        // The kernel passed them with a NUL behind each, so there is none inside.
        .map(|word| CString::new(word.into_vec()).unwrap_or_default())
        .collect();
    // For as long as the process lives, so that a handler of signals can use its name.
    let words: &'static [CString] = words.leak();
    syscall::exit(tender_hvt::run(
        words.iter().map(CString::as_c_str as fn(&'static CString) -> &'static CStr),
    ))
}
