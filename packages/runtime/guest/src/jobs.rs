//! The engine's job queue: reactions of promises, callbacks of `FinalizationRegistry`, and the rejections that
//! nobody handles.

use alloc::vec::Vec;
use core::cell::{RefCell, RefMut};

use guest_quickjs::{Context, Thrown, Value};

use crate::state::STATE;
use crate::{report, solo5};

/// How long jobs run before tasks, timers and devices get their turn, in ns. The standard says in which order jobs
/// run, and that none is interrupted; what a host does between two of them is the host's affair.
const TURN_NS: u64 = 2_000_000;
/// The clock is read once in so many jobs: each reading is a system call on spt.
const JOBS_A_READING: u32 = 64;
/// Most callbacks of `FinalizationRegistry` that a turn takes up.
const CLEANUPS_A_TURN: usize = 16;

/// Rejected promises without a handler, with their reasons, since the last look.
fn rejections() -> RefMut<'static, Vec<(Value, Value)>> {
    STATE.0.rejections.get_or_init(RefCell::default).borrow_mut()
}

/// Hears of every rejection of the realm.
pub fn note_rejection(promise: &Value, reason: Value, handled: bool) {
    let mut pending = rejections();
    if handled {
        pending.retain(|(other, _)| !other.is_same_object(promise));
    } else {
        pending.push((promise.duplicate(), reason));
    }
}

/// Runs jobs for a turn; whether there was anything to run. A rejection that nobody handles by the time that the
/// queue is empty ends the guest.
pub fn run(context: Context) -> bool {
    let mut end = None;
    let mut jobs = 0_u32;
    while run_one(context) {
        jobs = jobs.wrapping_add(1);
        if jobs.is_multiple_of(JOBS_A_READING) {
            let now = solo5::clock_monotonic();
            if now >= *end.get_or_insert(now + TURN_NS) {
                return true;
            }
        }
    }
    end_if_unhandled();
    admit_cleanup(context) || jobs > 0
}

/// Runs jobs until there is none.
pub fn drain(context: Context) {
    while run_one(context) {}
    end_if_unhandled();
}

/// Makes jobs of some callbacks of `FinalizationRegistry` that wait; whether there were any. One that registers
/// again waits for the next time, so that a chain of them keeps nobody from running.
pub fn admit_cleanup(context: Context) -> bool {
    (0..CLEANUPS_A_TURN).take_while(|_| context.admit_cleanup()).count() > 0
}

fn run_one(context: Context) -> bool {
    context.run_job().unwrap_or_else(|Thrown| solo5::exit(report::uncaught(&context.exception())))
}

fn end_if_unhandled() {
    let unhandled = rejections().drain(..).next();
    if let Some((_, reason)) = unhandled {
        solo5::exit(report::uncaught(&reason));
    }
}
