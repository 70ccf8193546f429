//! Runs one program: evaluates its module, then its jobs, until nothing is left to do.

use crate::quickjs::{Context, PromiseState, Thrown, Value};
use crate::report::STATUS_OK;
use crate::{console, jobs, machine, report};

/// Boots the engine with `stack` bytes of native stack and runs `bytecode`; the exit status.
pub fn run(bytecode: &[u8], stack: usize) -> i32 {
    let Some(context) = Context::new(stack) else {
        report::out_of_memory(0);
    };
    match start(context, bytecode) {
        Ok(main) => finish(context, &main),
        Err(Thrown) => report::uncaught(&context.exception()),
    }
}

fn start(context: Context, bytecode: &[u8]) -> Result<Value, Thrown> {
    context.track_rejections::<jobs::Tracker>();
    context.native_module::<machine::Machine>()?;
    console::install(context)?;
    // SAFETY: the program segment carries this engine's build id (`Program::read` checked it), and
    // the linker refuses to join any other bytecode with this base image.
    unsafe { context.read_module(bytecode) }?.eval()
}

fn finish(context: Context, main: &Value) -> i32 {
    jobs::run(context);
    match main.promise_state() {
        Some(PromiseState::Pending) => report::unsettled(),
        _ => STATUS_OK,
    }
}
