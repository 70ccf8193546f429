//! The native module `uk:solo5`: what a program's `Solo5` for the guest is made of.
//!
//! `packages/miou-solo5/src/builtin.guest.ts` is its one importer; its types are beside that.

use alloc::ffi::CString;
use core::ffi::CStr;

use solo5_abi::limits::MFT_NAME_MAX;
use solo5_abi::result::EINVAL;

use crate::ports::Port;
use crate::solo5::{self, Refused};
use crate::{boot, jobs};
use guest_quickjs::buffer::Buffer;
use guest_quickjs::{Call, Context, NativeFunction, NativeModule, Result, Value};

/// The module.
pub struct Machine;

macro_rules! functions {
    ($($name:ident($call:ident) $body:block)*) => {
        $(
            #[expect(non_camel_case_types, reason = "the type stands for the function of that name")]
            struct $name;
            impl NativeFunction for $name {
                const CALL: fn(&Call<'_>) -> Result<Value> = |$call| $body;
            }
        )*
    };
}

functions! {
    clock_monotonic(call) { call.context.bigint(solo5::clock_monotonic()) }
    clock_wall(call) { call.context.bigint(solo5::clock_wall()) }
    yield_until(call) {
        let deadline = call.arg(0).to_u64()?;
        call.context.bigint(solo5::yield_until(deadline))
    }
    run_jobs(call) { Ok(call.context.boolean(jobs::run(call.context))) }
    net_acquire(call) {
        let Some((handle, info)) = acquire(call, solo5::net_acquire)? else { return Ok(call.context.undefined()) };
        let net = device(call.context, handle)?;
        net.define(c"mac", call.context.uint8_array(&info.mac_address)?)?;
        net.define(c"mtu", number(call.context, info.mtu))?;
        net.define(c"direct", Port::net(call.context, handle)?)?;
        Ok(net)
    }
    net_read(call) {
        let read = buffer(call, 1).with_room(|into| solo5::net_read(handle(call), into));
        Ok(result(call.context, read))
    }
    net_write(call) {
        let written = buffer(call, 1).with_bytes(|frame| solo5::net_write(handle(call), frame));
        Ok(result(call.context, written.map(|written| written.map(|()| 0))))
    }
    block_acquire(call) {
        let Some((handle, info)) = acquire(call, solo5::block_acquire)? else { return Ok(call.context.undefined()) };
        let block = device(call.context, handle)?;
        block.define(c"capacity", call.context.bigint(info.capacity)?)?;
        block.define(c"blockSize", number(call.context, info.block_size))?;
        block.define(c"direct", Port::block(call.context, handle, usize::try_from(info.block_size).unwrap_or(0))?)?;
        Ok(block)
    }
    block_read(call) {
        let Some(offset) = call.unsigned_bigint(1) else { return Ok(result(call.context, None)) };
        let read = buffer(call, 2).with_room(|into| solo5::block_read(handle(call), offset, into));
        Ok(result(call.context, read.map(|read| read.map(|()| 0))))
    }
    block_write(call) {
        let Some(offset) = call.unsigned_bigint(1) else { return Ok(result(call.context, None)) };
        let written = buffer(call, 2).with_bytes(|from| solo5::block_write(handle(call), offset, from));
        Ok(result(call.context, written.map(|written| written.map(|()| 0))))
    }
    exit(call) {
        const MESSAGE: &CStr = c"exit: the status must be an integer of 0 to 255";
        match call.integer(0) {
            Some(status @ 0..=255) => solo5::exit(status),
            _ if call.is_number(0) => Err(call.context.throw_range_error(MESSAGE)),
            _ => Err(call.context.throw_type_error(MESSAGE)),
        }
    }
    heap_size(call) {
        let bytes = boot::heap_size();
        Ok(number(call.context, bytes as u64))
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

impl NativeModule for Machine {
    const NAME: &'static CStr = c"uk:solo5";
    const EXPORTS: &'static [&'static CStr] = &[
        c"target",
        c"cmdline",
        c"clockMonotonic",
        c"clockWall",
        c"yieldUntil",
        c"runJobs",
        c"netAcquire",
        c"netRead",
        c"netWrite",
        c"blockAcquire",
        c"blockRead",
        c"blockWrite",
        c"exit",
        c"heapSize",
    ];

    fn export(context: Context, name: &CStr) -> Result<Value> {
        match name.to_bytes() {
            b"target" => context.string(solo5::target()),
            b"cmdline" => context.string(boot::cmdline()),
            b"clockMonotonic" => context.function::<clock_monotonic>(name, 0),
            b"clockWall" => context.function::<clock_wall>(name, 0),
            b"yieldUntil" => context.function::<yield_until>(name, 1),
            b"runJobs" => context.function::<run_jobs>(name, 0),
            b"netAcquire" => context.function::<net_acquire>(name, 1),
            b"netRead" => context.function::<net_read>(name, 2),
            b"netWrite" => context.function::<net_write>(name, 2),
            b"blockAcquire" => context.function::<block_acquire>(name, 1),
            b"blockRead" => context.function::<block_read>(name, 3),
            b"blockWrite" => context.function::<block_write>(name, 3),
            b"exit" => context.function::<exit>(name, 1),
            b"heapSize" => context.function::<heap_size>(name, 0),
            _ => Ok(context.undefined()),
        }
    }
}
