//! Blocks moved by a thread of Node's pool, through memory of Rust: what JavaScript does meanwhile with
//! its own is of no consequence.

use std::sync::Arc;

use napi::bindgen_prelude::{AsyncTask, BigInt, Either, Uint8Array};
use napi::{Env, Result, Task};
use napi_derive::napi;

use crate::calls::JsBytes;
use crate::code::{DEFECT, NOT_BYTES, NOT_OPEN, RANGE};
use crate::descriptor::{Bytes, zeroes};
use crate::devices::{self, Blocks, Device, Way};

/// One move of blocks.
pub struct Move {
    device: Arc<Device>,
    way: Way,
    offset: u64,
    bytes: Vec<u8>,
}

/// What came of it: what was read, or the code of the call.
type Moved = Either<Uint8Array, i32>;

impl Task for Move {
    type Output = i32;
    type JsValue = Moved;

    fn compute(&mut self) -> Result<i32> {
        let Self { device, way, offset, bytes } = self;
        let moving = || device.move_blocks(*way, *offset, Bytes::of(bytes), Blocks::Some);
        Ok(std::panic::catch_unwind(std::panic::AssertUnwindSafe(moving)).unwrap_or(DEFECT))
    }

    fn resolve(&mut self, _env: Env, code: i32) -> Result<Moved> {
        Ok(match (code, self.way) {
            (0, Way::Read) => Either::A(Uint8Array::new(std::mem::take(&mut self.bytes))),
            _ => Either::B(code),
        })
    }
}

/// Reads `length` bytes: a promise for them or for a code, or a code at once.
#[napi(catch_unwind)]
pub fn read_blocks_later(device: u32, offset: BigInt, length: i64) -> Either<AsyncTask<Move>, i32> {
    let Ok(length) = usize::try_from(length) else { return Either::B(RANGE) };
    start(device, Way::Read, &offset, length, || zeroes(length))
}

/// Writes what `from` is now: a promise for a code, or a code at once.
#[napi(catch_unwind)]
pub fn write_blocks_later(device: u32, offset: BigInt, from: JsBytes<'_>) -> Either<AsyncTask<Move>, i32> {
    let Some(from) = from.0 else { return Either::B(NOT_BYTES) };
    start(device, Way::Write, &offset, from.len(), || from.copied())
}

fn start(
    number: u32,
    way: Way,
    offset: &BigInt,
    length: usize,
    bytes: impl FnOnce() -> Option<Vec<u8>>,
) -> Either<AsyncTask<Move>, i32> {
    let Some(device) = devices::get(number) else { return Either::B(NOT_OPEN) };
    let (false, offset, true) = offset.get_u64() else { return Either::B(RANGE) };
    match device.check_blocks(offset, length, Blocks::Some) {
        0 => bytes().map_or(Either::B(-libc::ENOMEM), |bytes| {
            Either::A(AsyncTask::new(Move { device, way, offset, bytes }))
        }),
        refused => Either::B(refused),
    }
}
