//! The native module `uk:solo5`: what a program's `Solo5` for the guest is made of.
//!
//! `packages/miou-solo5/src/builtin.guest.ts` imports it, and so may a program; its types are beside that.

use alloc::ffi::CString;
use core::ffi::CStr;

use guest_quickjs::{Buffer, Call, Context, Export, NativeModule, Result, Value};
use solo5_abi::limits::MFT_NAME_MAX;
use solo5_abi::result::EINVAL;

use crate::direct::Direct;
use crate::solo5::{self, Refused};
use crate::{boot, jobs};

/// The module.
pub struct Builtin;

impl NativeModule for Builtin {
    const NAME: &'static CStr = c"uk:solo5";
    const EXPORTS: &'static [Export] = &[
        (c"target", |context, name| context.function(name, 0, |call| call.context.string(solo5::target()))),
        (c"cmdline", |context, name| context.function(name, 0, |call| call.context.string(boot::cmdline()))),
        (c"clockMonotonic", |context, name| {
            context.function(name, 0, |call| call.context.bigint(solo5::clock_monotonic()))
        }),
        (c"clockWall", |context, name| {
            context.function(name, 0, |call| call.context.bigint(solo5::clock_wall()))
        }),
        (c"yieldUntil", |context, name| {
            context.function(name, 1, |call| call.context.bigint(solo5::yield_until(call.arg(0).to_u64()?)))
        }),
        (c"runJobs", |context, name| {
            context.function(name, 0, |call| Ok(call.context.boolean(jobs::run(call.context))))
        }),
        (c"netAcquire", |context, name| context.function(name, 1, net_acquire)),
        (c"netRead", |context, name| context.function(name, 2, net_read)),
        (c"netWrite", |context, name| context.function(name, 2, net_write)),
        (c"blockAcquire", |context, name| context.function(name, 1, block_acquire)),
        (c"blockRead", |context, name| context.function(name, 3, block_read)),
        (c"blockWrite", |context, name| context.function(name, 3, block_write)),
        (c"exit", |context, name| context.function(name, 1, exit)),
        (c"heapSize", |context, name| {
            context.function(name, 0, |call| Ok(number(call.context, boot::heap_size() as u64)))
        }),
    ];
}

fn net_acquire(call: &Call<'_>) -> Result<Value> {
    let Some((handle, info)) = acquire(call, solo5::net_acquire)? else {
        return Ok(call.context.undefined());
    };
    let net = device(call.context, handle)?;
    net.define(c"mac", call.context.uint8_array(&info.mac_address)?)?;
    net.define(c"mtu", number(call.context, info.mtu))?;
    net.define(c"direct", Direct::net(call.context, handle)?)?;
    Ok(net)
}

fn net_read(call: &Call<'_>) -> Result<Value> {
    let read = buffer(call, 1).with_room(|into| solo5::net_read(handle(call), into));
    Ok(result(call.context, read))
}

fn net_write(call: &Call<'_>) -> Result<Value> {
    let written = buffer(call, 1).with_bytes(|frame| solo5::net_write(handle(call), frame));
    Ok(result(call.context, written.map(|written| written.map(|()| 0))))
}

fn block_acquire(call: &Call<'_>) -> Result<Value> {
    let Some((handle, info)) = acquire(call, solo5::block_acquire)? else {
        return Ok(call.context.undefined());
    };
    let block = device(call.context, handle)?;
    block.define(c"capacity", call.context.bigint(info.capacity)?)?;
    block.define(c"blockSize", number(call.context, info.block_size))?;
    let size = usize::try_from(info.block_size).unwrap_or(0);
    block.define(c"direct", Direct::block(call.context, handle, size)?)?;
    Ok(block)
}

fn block_read(call: &Call<'_>) -> Result<Value> {
    let Some(offset) = call.unsigned_bigint(1) else { return Ok(result(call.context, None)) };
    let read = buffer(call, 2).with_room(|into| solo5::block_read(handle(call), offset, into));
    Ok(result(call.context, read.map(|read| read.map(|()| 0))))
}

fn block_write(call: &Call<'_>) -> Result<Value> {
    let Some(offset) = call.unsigned_bigint(1) else { return Ok(result(call.context, None)) };
    let written = buffer(call, 2).with_bytes(|from| solo5::block_write(handle(call), offset, from));
    Ok(result(call.context, written.map(|written| written.map(|()| 0))))
}

fn exit(call: &Call<'_>) -> Result<Value> {
    const MESSAGE: &CStr = c"exit: the status must be an integer of 0 to 255";
    match call.integer(0) {
        Some(status @ 0..=255) => solo5::exit(status),
        _ if call.is_number(0) => Err(call.context.throw_range_error(MESSAGE)),
        _ => Err(call.context.throw_type_error(MESSAGE)),
    }
}

/// What `acquire` finds for the name in the first argument.
fn acquire<I>(call: &Call<'_>, acquire: fn(&CStr) -> core::result::Result<I, Refused>) -> Result<Option<I>> {
    let text = call.arg(0).text()?;
    // A name too long, or with a NUL in it, is nobody's.
    if text.bytes().len() > MFT_NAME_MAX {
        return Ok(None);
    }
    Ok(CString::new(text.bytes()).ok().and_then(|name| acquire(&name).ok()))
}

/// The beginning of what an acquire returns.
fn device(context: Context, handle: u64) -> Result<Value> {
    let device = context.object()?;
    device.define(c"handle", number(context, handle))?;
    Ok(device)
}

/// The handle in the first argument; nobody's if it is no number of a handle.
fn handle(call: &Call<'_>) -> u64 {
    call.integer(0).and_then(|number| u64::try_from(number).ok()).unwrap_or(u64::MAX)
}

fn buffer(call: &Call<'_>, index: usize) -> Buffer {
    Buffer::new(call.arg(index))
}

fn number(context: Context, value: u64) -> Value {
    match i32::try_from(value) {
        Ok(value) => context.integer(value),
        #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
        Err(_) => context.number(value as f64),
    }
}

/// What a call on a device returns: a count, or the negative of a `SOLO5_R_*` code. `None` is a call with what
/// is no buffer or no offset.
fn result(context: Context, result: Option<core::result::Result<usize, Refused>>) -> Value {
    match result.unwrap_or(Err(Refused(EINVAL))) {
        Ok(count) => number(context, count as u64),
        Err(Refused(code)) => context.integer(-code),
    }
}
