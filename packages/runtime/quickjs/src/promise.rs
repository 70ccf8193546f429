//! Promises, the jobs that they make, and rejections that nobody handles.

use core::ffi::c_void;
use core::ptr;

use guest_engine as qjs;

use crate::function::sole;
use crate::{Context, Result, Thrown, Value};

/// Settlement of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromiseState {
    /// Neither fulfilled nor rejected.
    Pending,
    /// Has a value.
    Fulfilled,
    /// Has a reason.
    Rejected,
}

impl Value {
    /// State of a promise; `None` for anything else.
    #[must_use]
    pub fn promise_state(&self) -> Option<PromiseState> {
        // SAFETY: value and context are live.
        match unsafe { qjs::JS_PromiseState(self.context.0, self.raw) } {
            qjs::JSPromiseStateEnum_JS_PROMISE_PENDING => Some(PromiseState::Pending),
            qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => Some(PromiseState::Fulfilled),
            qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => Some(PromiseState::Rejected),
            _ => None,
        }
    }

    /// Value or reason of a settled promise.
    #[must_use]
    pub fn promise_result(&self) -> Self {
        // SAFETY: value and context are live; the engine returns a new reference.
        Self { context: self.context, raw: unsafe { qjs::JS_PromiseResult(self.context.0, self.raw) } }
    }
}

impl Context {
    /// Runs one job of the queue (a promise reaction). `false` when the queue is empty.
    ///
    /// # Errors
    /// What the job threw; only host jobs can, a promise reaction captures its own.
    pub fn run_job(self) -> Result<bool> {
        let mut context = ptr::null_mut();
        // SAFETY: the runtime is live; the engine stores the job's context, which is ours.
        match unsafe { qjs::JS_ExecutePendingJob(self.runtime(), &raw mut context) } {
            0 => Ok(false),
            1.. => Ok(true),
            _ => Err(Thrown),
        }
    }

    /// Makes the oldest waiting callback of a `FinalizationRegistry` the last job of the queue; `false` if none waits.
    pub fn admit_cleanup(self) -> bool {
        // SAFETY: the runtime is live.
        unsafe { qjs::uk_admit_cleanup(self.runtime()) }
    }

    /// Calls `tracker(promise, reason, handled)` when a promise is rejected without a handler, and
    /// again with `handled` if it gets one later. It holds nothing.
    pub fn track_rejections<F: Fn(&Value, Value, bool) + Copy + 'static>(self, _tracker: F) {
        // SAFETY: the runtime is live; `rejected::<F>` has the type that it expects and needs no opaque.
        unsafe {
            qjs::JS_SetHostPromiseRejectionTracker(self.runtime(), Some(rejected::<F>), ptr::null_mut());
        }
    }
}

unsafe extern "C" fn rejected<F: Fn(&Value, Value, bool) + Copy + 'static>(
    context: *mut qjs::JSContext,
    promise: qjs::JSValue,
    reason: qjs::JSValue,
    handled: bool,
    _opaque: *mut c_void,
) {
    // SAFETY: both are live for the call; `track_rejections` was given an `F`.
    let (promise, reason, tracker) = unsafe {
        let context = Context(context);
        (Value::of(context, promise), Value::of(context, reason), sole::<F>())
    };
    tracker(&promise, reason, handled);
}
