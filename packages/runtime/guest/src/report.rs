//! How a guest ends: with which status, and what is printed when it ends badly.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use guest_quickjs::{Text, Value};

use crate::state::STATE;
use crate::{boot, build_id, console, heap, solo5};

/// Ends the guest well: the program ran to its end.
pub const STATUS_OK: i32 = 0;
/// An error that nobody caught (ABI section 7.1: `SOLO5_EXIT_FAILURE`).
const STATUS_UNCAUGHT: i32 = 1;
/// A top-level `await` that nothing can ever settle; Node's number for the same.
const STATUS_UNSETTLED: i32 = 13;

/// How many `cause`s of an error are followed.
const MAX_CAUSES: usize = 8;

/// Writes without allocating: memory may be gone.
struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        solo5::console_write(text.as_bytes());
        Ok(())
    }
}

fn line(message: fmt::Arguments<'_>) {
    // `Console` never fails.
    let _ = writeln!(Console, "{message}");
}

/// The program cannot start; status 1.
pub fn boot_failure(why: fmt::Arguments<'_>) -> i32 {
    line(format_args!("uk: {why}"));
    STATUS_UNCAUGHT
}

/// A bug of ours: one line, the JavaScript that ran if `stack` says that the engine can tell, then
/// `solo5_abort`, status 255.
pub fn abort(why: fmt::Arguments<'_>, stack: bool) -> ! {
    line(format_args!("Solo5: ABORT: {why}"));
    last_words(stack);
    solo5::abort()
}

/// Memory is gone: one line, the stack of `error` if the engine has thrown one, then `solo5_abort`, status 255.
pub fn out_of_memory(request: usize, error: Option<&Value>) -> ! {
    line(format_args!(
        "Solo5: ABORT: out of memory: {request} more bytes do not fit into the heap of {} KiB: start the tender with a larger --mem",
        boot::heap_size() / 1024
    ));
    if let Some(stack) = error.and_then(stack_of) {
        print_frames(&stack);
    }
    last_words(false);
    solo5::abort()
}

/// The guest's part of the report of a trap that happened at `rip`; the bindings have told theirs.
#[unsafe(no_mangle)]
extern "C" fn uk_trapped(rip: u64) {
    unsafe extern "C" {
        /// End of the engine's own code, before which there is only that of the bindings; from the linker
        /// script, and only its address means anything.
        static _engine_etext: u8;
    }
    // In there, nothing of ours that the engine stands on is in the middle of anything.
    last_words(rip < (&raw const _engine_etext).addr() as u64);
}

/// The end of a report: the JavaScript that ran, if the engine can be asked, and the build id.
fn last_words(stack: bool) {
    if STATE.0.reported.replace(true) {
        // What asks the engine has failed itself.
        return;
    }
    if let Some(stack) = stack.then(guest_quickjs::last_stack).flatten() {
        line(format_args!("Solo5: JavaScript was at"));
        print_frames(&stack);
    }
    let mut hex = [0; 2 * build_id::LEN];
    for (digits, byte) in hex.chunks_exact_mut(2).zip(build_id::build_id()) {
        for (digit, value) in digits.iter_mut().zip([byte >> 4, byte & 15]) {
            *digit = b"0123456789abcdef"[usize::from(value)];
        }
    }
    line(format_args!("Solo5: build id {}", core::str::from_utf8(&hex).unwrap_or_default()));
}

/// Frames of a stack, without the name and message before them.
fn print_frames(stack: &Text) {
    solo5::console_write(frames(stack.bytes()));
    solo5::console_write(b"\n");
}

/// What follows name and message in a stack.
fn frames(stack: &[u8]) -> &[u8] {
    const FRAME: &[u8] = b"    at ";
    let at = stack.windows(FRAME.len()).position(|text| text == FRAME);
    at.and_then(|at| stack.get(at..)).unwrap_or_default()
}

/// A top-level `await` is pending although nothing is left that could settle it; status 13.
pub fn unsettled() -> i32 {
    line(format_args!(
        "uk: the program waits for ever: a top-level await is pending and nothing is left that could settle it"
    ));
    STATUS_UNSETTLED
}

/// Prints an error that nobody caught, with its stack and its causes; status 1. If memory had run
/// out, says that instead and aborts.
pub fn uncaught(error: &Value) -> i32 {
    if let Some(bytes) = heap::refused().filter(|_| is_out_of_memory(error)) {
        out_of_memory(bytes, Some(error));
    }
    let mut text = Vec::from(*b"Uncaught ");
    describe(error, &mut text, MAX_CAUSES);
    text.push(b'\n');
    solo5::console_write(&text);
    STATUS_UNCAUGHT
}

/// What the engine throws where memory is gone.
fn is_out_of_memory(error: &Value) -> bool {
    let says = |name, wanted: &[u8]| {
        error.get(name).ok().and_then(|value| value.text().ok()).is_some_and(|text| text.bytes() == wanted)
    };
    error.is_error() && says(c"name", b"InternalError") && says(c"message", b"out of memory")
}

/// The stack that an error carries, if it does.
fn stack_of(error: &Value) -> Option<Text> {
    let text = error.get(c"stack").ok().filter(Value::is_string)?.text().ok()?;
    (!text.bytes().is_empty()).then_some(text)
}

/// `Name: message`, the frames, and the same for the cause.
fn describe(error: &Value, text: &mut Vec<u8>, causes: usize) {
    let Ok(head) = error.text() else {
        // An object without a usable toString, or a throwing one.
        let _ = error.context().exception();
        text.extend_from_slice(b"(a value that cannot be shown)");
        return;
    };
    console::append_utf8(text, head.bytes());
    if !error.is_error() {
        return;
    }
    if let Some(stack) = stack_of(error) {
        // What a program has made of it itself is shown whole, unless it repeats the head.
        let stack = stack.bytes();
        let rest =
            if frames(stack).is_empty() && !stack.starts_with(head.bytes()) { stack } else { frames(stack) };
        if !rest.is_empty() {
            text.push(b'\n');
            console::append_utf8(text, rest);
        }
    }
    if let Some(errors) = error.get(c"errors").ok().filter(|errors| errors.is_array() && causes > 0) {
        describe_each(&errors, text);
    }
    if let Some(cause) = error.get(c"cause").ok().filter(|cause| !cause.is_undefined() && causes > 0) {
        text.extend_from_slice(b"\nCaused by: ");
        describe(&cause, text, causes - 1);
    }
}

/// The first errors of an `AggregateError`, without causes of their own.
fn describe_each(errors: &Value, text: &mut Vec<u8>) {
    for index in [c"0", c"1", c"2", c"3", c"4", c"5", c"6", c"7"] {
        let Some(error) = errors.get(index).ok().filter(|error| !error.is_undefined()) else {
            return;
        };
        text.extend_from_slice(b"\nOne of its errors: ");
        describe(&error, text, 0);
    }
}
