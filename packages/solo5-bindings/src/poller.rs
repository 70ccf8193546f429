//! A thread that waits for frames, so that Node's loop need not.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use napi::bindgen_prelude::{Env, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};
use napi_derive::napi;
use rustix::fd::{AsFd as _, BorrowedFd};

use crate::calls;
use crate::code::NOT_OPEN;
use crate::devices;
use crate::wait_set::WaitSet;

/// Tells JavaScript which waits are over. By itself it does not keep Node alive.
pub type Ready = ThreadsafeFunction<Vec<u32>, (), Vec<u32>, Status, false, true>;

struct Poller {
    set: Arc<WaitSet>,
    ready: Arc<Ready>,
    thread: Option<JoinHandle<()>>,
}

thread_local! {
    /// Those of this JavaScript world: one for each copy of the package in it.
    static POLLERS: RefCell<Vec<Poller>> = RefCell::default();
}

/// Starts a thread that calls `ready`, from Node's loop, with the tokens of waits that are over. Its
/// number; it ends with this JavaScript world.
#[napi(catch_unwind)]
pub fn start_poller(ready: Function<'_, Vec<u32>, ()>) -> Result<u32> {
    let failed = |error: std::io::Error| {
        napi::Error::from_reason(format!("no thread can be had to wait for devices: {error}"))
    };
    let ready: Arc<Ready> = Arc::new(ready.build_threadsafe_function().weak::<true>().build()?);
    let set =
        WaitSet::new().map_err(|errno| failed(std::io::Error::from_raw_os_error(errno.raw_os_error())))?;
    let set = Arc::new(set);
    let (waiting, telling) = (Arc::clone(&set), Arc::clone(&ready));
    let thread = thread::Builder::new()
        .name("solo5-poller".to_owned())
        .stack_size(128 << 10)
        .spawn(move || {
            while let Some(tokens) = waiting.wait() {
                if telling.call(tokens, ThreadsafeFunctionCallMode::NonBlocking) != Status::Ok {
                    // The world this is for is ending.
                    break;
                }
            }
        })
        .map_err(failed)?;
    POLLERS.with_borrow_mut(|pollers| {
        pollers.push(Poller { set, ready, thread: Some(thread) });
        Ok(u32::try_from(pollers.len() - 1).unwrap_or(u32::MAX))
    })
}

/// Whether Node stays alive for the waits of a poller.
#[napi(catch_unwind)]
pub fn keep_alive(env: Env, poller: u32, alive: bool) {
    POLLERS.with_borrow(|pollers| {
        if let Some(Poller { ready, .. }) = pollers.get(poller as usize) {
            calls::keep_alive(env, ready, alive);
        }
    });
}

/// Lets a poller wait for a device: 0, or why not.
pub fn arm(poller: u32, device: u32, token: u32) -> i32 {
    POLLERS.with_borrow(|pollers| {
        let Some(Poller { set, .. }) = pollers.get(poller as usize) else { return NOT_OPEN };
        devices::with(device, |device| match set.arm(device.descriptor.as_fd(), token) {
            Ok(()) => 0,
            Err(errno) => -errno.raw_os_error(),
        })
    })
}

/// No poller waits for `descriptor` any more.
pub fn forget(descriptor: BorrowedFd<'_>) {
    POLLERS.with_borrow(|pollers| {
        for poller in pollers {
            poller.set.forget(descriptor);
        }
    });
}

/// Ends the threads: this JavaScript world ends.
pub fn stop_all() {
    POLLERS.take();
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.set.stop();
        if let Some(thread) = self.thread.take() {
            // It only ever sleeps in the wait that has just ended.
            let _ = thread.join();
        }
    }
}
