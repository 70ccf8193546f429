//! Calls that are made for each frame or block: a number, a `Uint8Array` and a number back, without what
//! `napi` adds for the general case, which is several times the cost of the call itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, Object, TypeName, ValidateNapiValue};
use napi::{Env, JsValue as _, Result, ValueType, check_status, sys};
use napi_derive::napi;

use crate::code::{DEFECT, NOT_BYTES, NOT_OPEN, RANGE};
use crate::descriptor::Bytes;
use crate::devices::{self, Blocks, Way};
use crate::poller::{self, Ready};

/// A `Uint8Array`, or something else, for the length of a call.
#[derive(Debug)]
pub struct JsBytes<'call>(pub Option<Bytes<'call>>);

/// Adds the calls to what the addon exports, and sees to the end of this JavaScript world.
#[napi(module_exports)]
pub fn export(exports: Object<'_>, env: Env) -> Result<()> {
    // The pollers first: their threads use descriptors of the devices.
    env.add_env_cleanup_hook((), |()| {
        poller::stop_all();
        devices::close_all();
    })?;
    let calls: [(&std::ffi::CStr, sys::napi_callback); 7] = [
        (c"readFrame", Some(read_frame)),
        (c"writeFrame", Some(write_frame)),
        (c"readBlock", Some(read_block)),
        (c"writeBlock", Some(write_block)),
        (c"readBlocks", Some(read_blocks)),
        (c"writeBlocks", Some(write_blocks)),
        (c"arm", Some(arm)),
    ];
    for (name, call) in calls {
        let mut function = ptr::null_mut();
        // SAFETY: `env` and `exports` are those of the running initialisation; the name is NUL-terminated
        // and copied; the callbacks are `extern "C"`, never unwind and need no data.
        unsafe {
            check_status!(sys::napi_create_function(
                env.raw(),
                name.as_ptr(),
                -1,
                call,
                ptr::null_mut(),
                &raw mut function
            ))?;
            check_status!(sys::napi_set_named_property(env.raw(), exports.raw(), name.as_ptr(), function))?;
        }
    }
    Ok(())
}

/// Whether the loop of `env` stays alive for `ready`.
pub fn keep_alive(env: Env, ready: &Ready, alive: bool) {
    let set = if alive { sys::napi_ref_threadsafe_function } else { sys::napi_unref_threadsafe_function };
    // SAFETY: this is the thread of `env`, whose function `ready` is: pollers are kept by thread. `ready`
    // holds it, so that it is not gone. Both calls only set a flag of the loop.
    unsafe { set(env.raw(), ready.raw()) };
}

/// `readFrame(device, into)`: the length of one frame.
extern "C" fn read_frame(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    answer(env, || {
        let [device, into] = arguments(env, info);
        on_bytes(env, into, |into| devices::with(number(env, device), |device| device.read_frame(into)))
    })
}

/// `writeFrame(device, frame)`: 0.
extern "C" fn write_frame(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    answer(env, || {
        let [device, frame] = arguments(env, info);
        on_bytes(env, frame, |frame| devices::with(number(env, device), |device| device.write_frame(frame)))
    })
}

/// `readBlock(device, offset, into)`: 0; exactly one block.
extern "C" fn read_block(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    move_blocks(env, info, Way::Read, Blocks::One)
}

/// `writeBlock(device, offset, from)`: 0; exactly one block.
extern "C" fn write_block(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    move_blocks(env, info, Way::Write, Blocks::One)
}

/// `readBlocks(device, offset, into)`: 0; one or more blocks.
extern "C" fn read_blocks(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    move_blocks(env, info, Way::Read, Blocks::Some)
}

/// `writeBlocks(device, offset, from)`: 0; one or more blocks.
extern "C" fn write_blocks(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    move_blocks(env, info, Way::Write, Blocks::Some)
}

/// `arm(poller, device, token)`: 0.
extern "C" fn arm(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    answer(env, || {
        let [poller, device, token] = arguments(env, info).map(|argument| number(env, argument));
        poller::arm(poller, device, token)
    })
}

fn move_blocks(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    way: Way,
    blocks: Blocks,
) -> sys::napi_value {
    answer(env, || {
        let [device, offset, bytes] = arguments(env, info);
        let Some(offset) = big_number(env, offset) else { return RANGE };
        on_bytes(env, bytes, |bytes| {
            devices::with(number(env, device), |device| device.move_blocks(way, offset, bytes, blocks))
        })
    })
}

/// What `call` returns, as JavaScript's number. No panic gets out.
fn answer(env: sys::napi_env, call: impl FnOnce() -> i32) -> sys::napi_value {
    let code = catch_unwind(AssertUnwindSafe(call)).unwrap_or(DEFECT);
    let mut value = ptr::null_mut();
    // SAFETY: `env` is that of the running call. Should this fail, null stands for `undefined`.
    unsafe { sys::napi_create_int32(env, code, &raw mut value) };
    value
}

/// The first arguments of a call; `undefined` where there are fewer.
fn arguments<const N: usize>(env: sys::napi_env, info: sys::napi_callback_info) -> [sys::napi_value; N] {
    let (mut values, mut count) = ([ptr::null_mut(); N], N);
    // SAFETY: `env` and `info` are those of the running call, and `values` has room for `count`.
    unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &raw mut count,
            values.as_mut_ptr(),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    values
}

/// A number as 32 bits; 0, which no device has, if it is none.
fn number(env: sys::napi_env, value: sys::napi_value) -> u32 {
    let mut number = 0;
    // SAFETY: `env` is that of the running call, `value` one of its arguments.
    unsafe { sys::napi_get_value_uint32(env, value, &raw mut number) };
    number
}

/// A bigint of 64 bits without a sign, if it is one.
fn big_number(env: sys::napi_env, value: sys::napi_value) -> Option<u64> {
    let (mut number, mut lossless) = (0, false);
    // SAFETY: `env` is that of the running call, `value` one of its arguments.
    let status = unsafe { sys::napi_get_value_bigint_uint64(env, value, &raw mut number, &raw mut lossless) };
    (status == sys::Status::napi_ok && lossless).then_some(number)
}

fn on_bytes(env: sys::napi_env, value: sys::napi_value, call: impl FnOnce(Bytes<'_>) -> i32) -> i32 {
    bytes_of(env, value).map_or(NOT_BYTES, call)
}

/// The memory of a `Uint8Array`; none of it if it is detached, or lies outside of its buffer by now. The
/// caller is in a call from JavaScript and uses it no longer: nothing else runs in this thread meanwhile,
/// and no other can resize or detach the memory of this one.
fn bytes_of<'call>(env: sys::napi_env, value: sys::napi_value) -> Option<Bytes<'call>> {
    let (mut kind, mut len, mut start) = (0, 0, ptr::null_mut());
    // SAFETY: `env` is that of the running call, `value` one of its arguments; results that are not wanted
    // may be null.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &raw mut kind,
            &raw mut len,
            &raw mut start,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    if status != sys::Status::napi_ok || kind != sys::TypedarrayType::uint8_array {
        return None;
    }
    // SAFETY: Node says that these `len` bytes are the array's. They stay until the call ends, as said
    // above; Rust has no reference to memory of JavaScript.
    Some(unsafe { Bytes::new(start.cast(), len) })
}

impl TypeName for JsBytes<'_> {
    fn type_name() -> &'static str {
        "Uint8Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for JsBytes<'_> {}

impl FromNapiValue for JsBytes<'_> {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        Ok(Self(bytes_of(env, value)))
    }
}

const _: () = assert!(NOT_OPEN < -4095 && NOT_BYTES < -4095 && RANGE < -4095);
