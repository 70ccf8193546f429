//! The native module `uk:solo5`: what a program's `Solo5` for the guest is made of.
//!
//! `packages/miou-solo5/src/builtin.guest.ts` is its one importer; its types are beside that.

use alloc::ffi::CString;
use core::ffi::CStr;

use solo5_abi::limits::MFT_NAME_MAX;
use solo5_abi::result::EINVAL;

use crate::ports::Port;
use crate::quickjs::buffer::Buffer;
use crate::quickjs::{Call, Context, NativeFunction, NativeModule, Result, Value};
use crate::solo5::{self, Refused};
use crate::{boot, jobs};

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
        let read = with_bytes(call, 1, |into| solo5::net_read(handle(call), into));
        Ok(result(call.context, read))
    }
    net_write(call) {
        let written = with_bytes(call, 1, |frame| solo5::net_write(handle(call), frame));
        Ok(result(call.context, written.map(|()| 0)))
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
        let read = block_at(call, solo5::block_read);
        Ok(result(call.context, read.map(|()| 0)))
    }
    block_write(call) {
        let written = block_at(call, |handle, offset, from| solo5::block_write(handle, offset, from));
        Ok(result(call.context, written.map(|()| 0)))
    }
    exit(call) { solo5::exit(call.arg(0).to_i32()?) }
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

/// Runs `work` on the bytes of argument `index`.
fn with_bytes<R>(
    call: &Call<'_>,
    index: usize,
    work: impl FnOnce(&mut [u8]) -> core::result::Result<R, Refused>,
) -> core::result::Result<R, Refused> {
    Buffer::new(call.arg(index)).with_bytes(work).unwrap_or(Err(Refused(EINVAL)))
}

/// Moves a block: handle, offset, buffer.
fn block_at(
    call: &Call<'_>,
    transfer: impl FnOnce(u64, u64, &mut [u8]) -> core::result::Result<(), Refused>,
) -> core::result::Result<(), Refused> {
    let offset = call.unsigned_bigint(1).ok_or(Refused(EINVAL))?;
    with_bytes(call, 2, |buffer| transfer(handle(call), offset, buffer))
}

fn number(context: Context, value: u64) -> Value {
    match i32::try_from(value) {
        Ok(value) => context.integer(value),
        #[expect(clippy::cast_precision_loss, reason = "sizes are far below 2^53")]
        Err(_) => context.number(value as f64),
    }
}

/// What a call on a device returns: a count, or the negative of a `SOLO5_R_*` code.
fn result(context: Context, result: core::result::Result<usize, Refused>) -> Value {
    match result {
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
