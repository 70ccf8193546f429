//! The engine's job queue: reactions of promises, and the rejections that nobody handles.

use core::cell::RefCell;

use alloc::vec::Vec;

use crate::one_thread::OneThread;
use crate::quickjs::{Context, RejectionTracker, Thrown, Value};
use crate::{report, solo5};

/// Rejected promises without a handler, with their reasons, since the last look.
static REJECTIONS: OneThread<RefCell<Vec<(Value, Value)>>> = OneThread(RefCell::new(Vec::new()));

/// Hears of every rejection of the realm.
pub struct Tracker;

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

/// Runs the job queue until it is empty; whether there was anything to run. A rejection that nobody
/// handles by then ends the guest.
pub fn run(context: Context) -> bool {
    let mut ran = false;
    loop {
        match context.run_job() {
            Ok(true) => ran = true,
            Ok(false) => break,
            Err(Thrown) => solo5::exit(report::uncaught(&context.exception())),
        }
    }
    let unhandled = REJECTIONS.0.borrow_mut().drain(..).next();
    if let Some((_, reason)) = unhandled {
        solo5::exit(report::uncaught(&reason));
    }
    ran
}
