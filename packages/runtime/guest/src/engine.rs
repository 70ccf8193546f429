//! Runs one program: evaluates its module, then its jobs, until nothing is left to do.

use guest_quickjs::{Context, Memory, PromiseState, Thrown, Value};

use crate::report::STATUS_OK;
use crate::{boot, builtin, console, heap, jobs, report, seed};

/// Boots the engine with `stack` bytes of native stack and runs `bytecode`; the exit status.
pub fn run(bytecode: &[u8], stack: usize) -> i32 {
    let Some(context) = Context::new(stack, seed::secret(), MEMORY) else {
        report::out_of_memory(0, None);
    };
    match start(context, bytecode) {
        Ok(main) => finish(context, &main),
        Err(Thrown) => report::uncaught(&context.exception()),
    }
}

/// `js/guest/console.ts`, compiled by the compiler of this build (scripts/build.mjs).
static FORMATTER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/console.bin"));

const MEMORY: Memory =
    Memory { is_back: heap::restock, is_gone: || report::out_of_memory(heap::refused().unwrap_or(0), None) };

/// Most bytes to allocate before the first search for cycles: a boot allocates a few hundred KiB and
/// leaves hardly any garbage.
const FIRST_COLLECTION: usize = 4 << 20;
/// And the least, when memory is small; the engine's own choice.
const MIN_FIRST_COLLECTION: usize = 256 << 10;

fn start(context: Context, bytecode: &[u8]) -> Result<Value, Thrown> {
    context.collect_after((boot::heap_size() / 16).clamp(MIN_FIRST_COLLECTION, FIRST_COLLECTION));
    context.prepare_last_stack();
    context.prepare_buffers()?;
    context.track_rejections(jobs::note_rejection);
    context.native_module::<builtin::Builtin>()?;
    // SAFETY: part of the image, which the build made with the compiler that it had just built.
    unsafe { console::install(context, FORMATTER) }?;
    #[cfg(feature = "test262")]
    crate::test262::run_device(context);
    // SAFETY: the program segment carries this engine's build id (`Program::read` checked it), and
    // the linker refuses to join any other bytecode with this base image.
    unsafe { context.read_module(bytecode) }?.eval()
}

fn finish(context: Context, main: &Value) -> i32 {
    loop {
        jobs::drain(context);
        match main.promise_state() {
            // Whoever waits may wait for garbage to be collected; the end of a program does not.
            Some(PromiseState::Pending) if jobs::admit_cleanup(context) => {}
            Some(PromiseState::Pending) => return report::unsettled(),
            _ => return STATUS_OK,
        }
    }
}
