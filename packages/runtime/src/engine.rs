//! Runs one program: evaluates its module, then its jobs, until nothing is left to do.

use core::cell::RefCell;

use alloc::vec::Vec;

use crate::quickjs::{Context, PromiseState, RejectionTracker, Thrown, Value};
use crate::{console, machine, report};

/// Ends the guest well: the program ran to its end.
pub const STATUS_OK: i32 = 0;
/// An error that nobody caught (ABI section 7.1: `SOLO5_EXIT_FAILURE`).
pub const STATUS_UNCAUGHT: i32 = 1;
/// A top-level `await` that nothing can ever settle; Node's number for the same.
pub const STATUS_UNSETTLED: i32 = 13;

/// Rejected promises without a handler, with their reasons, since the last look.
struct Rejections(RefCell<Vec<(Value, Value)>>);

// SAFETY: the guest has one thread.
unsafe impl Sync for Rejections {}

static REJECTIONS: Rejections = Rejections(RefCell::new(Vec::new()));

struct Tracker;

impl RejectionTracker for Tracker {
    fn rejected(promise: &Value, reason: Value, handled: bool) {
        let mut pending = REJECTIONS.0.borrow_mut();
        if handled {
            pending.retain(|(other, _)| !other.is_same_object(promise));
        } else {
            pending.push((promise.duplicate(), reason));
        }
    }
}

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
    context.track_rejections::<Tracker>();
    context.native_module::<machine::Machine>()?;
    console::install(context)?;
    // SAFETY: the program segment carries this engine's build id (`Program::read` checked it), and
    // the linker refuses to join any other bytecode with this base image.
    unsafe { context.read_module(bytecode) }?.eval()
}

fn finish(context: Context, main: &Value) -> i32 {
    run_jobs(context);
    match main.promise_state() {
        Some(PromiseState::Pending) => report::unsettled(),
        _ => STATUS_OK,
    }
}

/// Runs the job queue until it is empty; whether there was anything to run. A rejection that nobody
/// handles by then ends the guest.
pub fn run_jobs(context: Context) -> bool {
    let mut ran = false;
    loop {
        match context.run_job() {
            Ok(true) => ran = true,
            Ok(false) => break,
            Err(Thrown) => crate::solo5::exit(report::uncaught(&context.exception())),
        }
    }
    let unhandled = REJECTIONS.0.borrow_mut().drain(..).next();
    if let Some((_, reason)) = unhandled {
        crate::solo5::exit(report::uncaught(&reason));
    }
    ran
}
