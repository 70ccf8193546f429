//! `solo5_app_main`: from boot to a running program.

use core::arch::asm;
use core::ffi::CStr;
use core::panic::PanicInfo;
use core::{fmt, ptr, slice};

use solo5_abi::result::StartInfo;

use crate::boot::{self, Boot};
use crate::layout::{Layout, STACK_MARGIN};
use crate::program::{HEADER, Program, ProgramError};
use crate::{engine, heap, report, solo5};

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_app_main(info: *const StartInfo) -> i32 {
    // SAFETY: the bindings pass a live record.
    let info = unsafe { info.read() };
    // A guest is 64 bits wide: nothing is lost.
    let [start, size, line] = [info.heap_start, info.heap_size, info.cmdline]
        .map(|value| usize::try_from(value).unwrap_or(usize::MAX));
    // SAFETY: at least 512 KiB of memory are there (the bindings checked), and nobody writes to them yet.
    let segment = match unsafe { program_segment(start, size) } {
        Ok(segment) => segment,
        Err(error) => return report::boot_failure(format_args!("{error}")),
    };
    let program = match Program::read(segment) {
        Ok(program) => program,
        Err(error) => return report::boot_failure(format_args!("{error}")),
    };
    let layout = match Layout::divide(start + segment.len(), start + size, program.stack) {
        Ok(layout) => layout,
        Err(missing) => {
            return report::boot_failure(format_args!(
                "{} KiB of memory are missing for a stack of {} KiB and a heap: start the tender with a larger --mem, or link a smaller stack (uk build --stack)",
                missing.div_ceil(1024),
                program.stack / 1024,
            ));
        }
    };
    // SAFETY: first and only call; the region is the application's, zero, and used by nothing else.
    unsafe { heap::init(layout.heap.clone()) };
    // SAFETY: the bindings pass a NUL-terminated string that stays where it is.
    let cmdline = unsafe { CStr::from_ptr(ptr::with_exposed_provenance(line)) }.to_bytes();
    let top = layout.stack.end;
    boot::set(Boot { cmdline, program, layout });
    // SAFETY: `top` is the page-aligned end of a region that only the engine's stack uses;
    // `run_program` never returns, so the boot stack is not needed again.
    unsafe {
        asm!(
            "mov rsp, {top}",
            "xor ebp, ebp",
            "call {run}",
            "ud2",
            top = in(reg) top,
            run = sym run_program,
            options(noreturn),
        )
    }
}

/// The program segment at `start`, where `room` bytes of memory are.
///
/// # Safety
/// The memory is readable, and once a segment is found there it is never written.
unsafe fn program_segment(start: usize, room: usize) -> Result<&'static [u8], ProgramError> {
    let start: *const u8 = ptr::with_exposed_provenance(start);
    // SAFETY: readable by the caller's word, and of no particular alignment or value.
    let header = unsafe { start.cast::<[u8; HEADER]>().read() };
    let size = Program::segment_size(&header, room)?;
    // SAFETY: `size <= room`; the linker made the segment read-only (packages/image).
    Ok(unsafe { slice::from_raw_parts(start, size) })
}

/// Runs on the engine's own stack.
extern "C" fn run_program() -> ! {
    let status = match boot::get() {
        Some(Boot { program, layout, .. }) => {
            let stack = layout.stack.end - layout.stack.start - STACK_MARGIN;
            engine::run(program.bytecode, stack)
        }
        None => report::boot_failure(format_args!("internal error: no boot record")),
    };
    solo5::exit(status)
}

/// A bug of ours, or memory that ran out inside Rust.
pub fn panicked(info: &PanicInfo<'_>) -> ! {
    match heap::refused() {
        Some(bytes) if info.message().as_str().is_none_or(|text| text.contains("allocation")) => {
            report::out_of_memory(bytes, None)
        }
        // Wherever else, the heap is as it should be, and the engine can be asked.
        _ => report::abort(
            format_args!("internal error: {}", Shown(info)),
            info.location()
                .is_some_and(|place| !["heap.rs", "rlsf"].iter().any(|own| place.file().contains(own))),
        ),
    }
}

/// Message and place of a panic on one line.
struct Shown<'a>(&'a PanicInfo<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.0.message();
        match self.0.location() {
            Some(place) => write!(f, "{message} ({}:{})", place.file(), place.line()),
            None => write!(f, "{message}"),
        }
    }
}
