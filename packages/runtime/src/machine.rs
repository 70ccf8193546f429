//! The native module `uk:solo5`: what a program's `Solo5` for the guest is made of.
//!
//! `packages/miou-solo5/src/builtin.guest.ts` is its one importer; its types are beside that.

use core::ffi::CStr;

use crate::quickjs::{Call, Context, NativeFunction, NativeModule, Result, Value};
use crate::{boot, jobs, solo5};

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
    exit(call) { solo5::exit(call.arg(0).to_i32()?) }
    heap_size(call) {
        let bytes = boot::heap_size();
        #[expect(clippy::cast_precision_loss, reason = "a heap is far below 2^53 bytes")]
        Ok(call.context.number(bytes as f64))
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
        c"exit",
        c"heapSize",
    ];

    fn export(context: Context, name: &CStr) -> Result<Value> {
        match name.to_bytes() {
            b"target" => context.string(b"spt"),
            b"cmdline" => context.string(boot::cmdline()),
            b"clockMonotonic" => context.function::<clock_monotonic>(name, 0),
            b"clockWall" => context.function::<clock_wall>(name, 0),
            b"yieldUntil" => context.function::<yield_until>(name, 1),
            b"runJobs" => context.function::<run_jobs>(name, 0),
            b"exit" => context.function::<exit>(name, 1),
            b"heapSize" => context.function::<heap_size>(name, 0),
            _ => Ok(context.undefined()),
        }
    }
}
