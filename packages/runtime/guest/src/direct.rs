//! What `read` and `write` of a device are in a guest: functions with their device in them.
//!
//! Each does what its like in `packages/miou-solo5/src/{net,block}.ts` does, and calls `otherwise`, which is
//! JavaScript, wherever there is more to do than to call the bindings.

use core::cell::{Cell, OnceCell};
use core::ffi::CStr;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use guest_quickjs::{Buffer, Call, ClassId, Context, Method, NativeClass, Result, Value};
use solo5_abi::result::{AGAIN, EINVAL};

use crate::reading::{Names, Reader, Reading};
use crate::solo5::{self, Refused};
use crate::state::STATE;

/// A function on one device.
pub struct Direct {
    handle: u64,
    /// Bytes of a block.
    size: usize,
    otherwise: Value,
    purpose: Purpose,
    /// What it was last called with: most programs use one buffer.
    last: Cell<Option<Buffer>>,
}

/// What a [`Direct`] does when it is called. A number, so that all of it is one function of the machine: the
/// processor cannot foresee returns that come after a system call, so there are few.
#[derive(Clone, Copy)]
enum Purpose {
    /// `(into)`: reads a frame if one is there; its length, or nothing.
    TakeFrame,
    /// `(buffer, length = buffer.length)`: sends the frame at the start of the buffer.
    WriteFrame,
    /// `(offset, buffer)`: a block of the device into the start of the buffer.
    ReadBlock,
    /// `(offset, buffer)`: the start of the buffer into a block of the device.
    WriteBlock,
    /// `(otherwise)`: makes a [`Reader`] of the device.
    MakeReader,
    /// `(otherwise)`: makes a `TakeFrame`.
    MakeFrameTaker,
    /// `(otherwise)`: makes a `WriteFrame`.
    MakeFrameWriter,
    /// `(otherwise)`: makes a `ReadBlock`.
    MakeBlockReader,
    /// `(otherwise)`: makes a `WriteBlock`.
    MakeBlockWriter,
}

impl NativeClass for Direct {
    const NAME: &'static CStr = c"Direct";
    const CALL: Option<Method<Self>> = Some(|direct, call| match direct.purpose {
        Purpose::TakeFrame => direct.take_frame(call),
        Purpose::WriteFrame => direct.write_frame(call),
        Purpose::ReadBlock => direct.read_block(call),
        Purpose::WriteBlock => direct.write_block(call),
        Purpose::MakeReader => Reader::make(call, direct.handle),
        Purpose::MakeFrameTaker => direct.make(call, Purpose::TakeFrame),
        Purpose::MakeFrameWriter => direct.make(call, Purpose::WriteFrame),
        Purpose::MakeBlockReader => direct.make(call, Purpose::ReadBlock),
        Purpose::MakeBlockWriter => direct.make(call, Purpose::WriteBlock),
    });

    fn id() -> &'static ClassId<Self> {
        &STATE.0.devices.direct
    }

    fn visit(&self, visit: &mut dyn FnMut(&Value)) {
        visit(&self.otherwise);
        visit_cell(&self.last, |last| visit(last.value()));
    }
}

impl Direct {
    /// The object `direct` of a network device (`packages/miou-solo5/src/solo5.ts`).
    pub fn net(context: Context, handle: u64) -> Result<Value> {
        let makers = [
            (c"reader", Purpose::MakeReader),
            (c"taker", Purpose::MakeFrameTaker),
            (c"writer", Purpose::MakeFrameWriter),
        ];
        direct(context, handle, 0, &makers)
    }

    /// The object `direct` of a block device.
    pub fn block(context: Context, handle: u64, size: usize) -> Result<Value> {
        let makers = [(c"reader", Purpose::MakeBlockReader), (c"writer", Purpose::MakeBlockWriter)];
        direct(context, handle, size, &makers)
    }

    /// A function on the same device, whose `otherwise` is the first argument.
    fn make(&self, call: &Call<'_>, purpose: Purpose) -> Result<Value> {
        let Self { handle, size, .. } = *self;
        call.context.instance(Self { handle, size, otherwise: call.arg(0), purpose, last: Cell::new(None) })
    }

    #[inline]
    fn take_frame(&self, call: &Call<'_>) -> Result<Value> {
        let frames = STATE.0.devices.frames.load(Relaxed) + 1;
        if frames == BURST + 1 {
            // Once: who asks again has let others run, or does not want to.
            STATE.0.devices.frames.store(frames, Relaxed);
            return Ok(call.context.undefined());
        }
        let read =
            self.with_buffer(call, 0, |into| into.with_room(|into| solo5::net_read(self.handle, into)));
        if let Some(Ok(length)) = read
            && let Ok(length) = i32::try_from(length)
        {
            STATE.0.devices.frames.store(if frames > BURST { 1 } else { frames }, Relaxed);
            STATE.0.devices.empty.store(NO_DEVICE, Relaxed);
            return Ok(call.context.integer(length));
        }
        STATE.0.devices.frames.store(0, Relaxed);
        match read.unwrap_or(Err(Refused(EINVAL))) {
            Err(Refused(AGAIN)) => {
                STATE.0.devices.empty.store(self.handle, Relaxed);
                Ok(call.context.undefined())
            }
            Err(Refused(code)) => self.refuse(call, -code),
            Ok(_) => self.refuse(call, -EINVAL),
        }
    }

    #[inline]
    fn write_frame(&self, call: &Call<'_>) -> Result<Value> {
        let sent = self.with_buffer(call, 0, |buffer| {
            buffer.with_bytes(|bytes| {
                let frame = match call.is_given(1) {
                    false => Some(bytes),
                    true => call.integer(1).and_then(|length| bytes.get(..usize::try_from(length).ok()?)),
                };
                solo5::net_write(self.handle, frame.ok_or(Refused(EINVAL))?)
            })
        });
        self.end(call, sent)
    }

    #[inline]
    fn read_block(&self, call: &Call<'_>) -> Result<Value> {
        let read = call.unsigned_bigint(0).and_then(|offset| {
            self.with_buffer(call, 1, |into| {
                into.with_room(|into| {
                    let block = into.get_mut(..self.size).ok_or(Refused(EINVAL))?;
                    solo5::block_read(self.handle, offset, block)
                })
            })
        });
        self.end(call, read)
    }

    #[inline]
    fn write_block(&self, call: &Call<'_>) -> Result<Value> {
        let written = call.unsigned_bigint(0).and_then(|offset| {
            self.with_buffer(call, 1, |from| {
                from.with_bytes(|from| {
                    let block = from.get(..self.size).ok_or(Refused(EINVAL))?;
                    solo5::block_write(self.handle, offset, block)
                })
            })
        });
        self.end(call, written)
    }

    /// Runs `work` on argument `index` as a buffer.
    #[inline]
    fn with_buffer<R>(
        &self,
        call: &Call<'_>,
        index: usize,
        work: impl FnOnce(&Buffer) -> Option<R>,
    ) -> Option<R> {
        let buffer = match self.last.take() {
            Some(last) if call.is(index, last.value()) => last,
            _ => Buffer::new(call.arg(index)),
        };
        let result = work(&buffer);
        self.last.set(Some(buffer));
        result
    }

    /// Nothing, once it is done; what `otherwise` makes of a refusal, and of arguments that do not fit.
    #[inline]
    fn end(&self, call: &Call<'_>, done: Option<core::result::Result<(), Refused>>) -> Result<Value> {
        match done.unwrap_or(Err(Refused(EINVAL))) {
            Ok(()) => Ok(call.context.undefined()),
            Err(Refused(code)) => self.refuse(call, -code),
        }
    }

    /// What `otherwise` makes of a result.
    #[cold]
    fn refuse(&self, call: &Call<'_>, result: i32) -> Result<Value> {
        self.otherwise.call(&[call.context.integer(result), call.arg(0), call.arg(1)])
    }
}

/// An object of functions that make functions.
fn direct(context: Context, handle: u64, size: usize, makers: &[(&CStr, Purpose)]) -> Result<Value> {
    let direct = context.object()?;
    for &(name, purpose) in makers {
        let maker = Direct { handle, size, otherwise: context.undefined(), purpose, last: Cell::new(None) };
        direct.define(name, context.instance(maker)?)?;
    }
    Ok(direct)
}

/// So many frames in a row are read without letting other tasks run.
pub const BURST: u32 = 64;
/// Nobody's handle: entry 0 of a manifest is no device (ABI section 2.3).
pub const NO_DEVICE: u64 = 0;

/// What functions of devices keep.
pub struct State {
    /// Frames read since a task last waited.
    pub frames: AtomicU32,
    /// The device where [`Direct::take_frame`] found no frame just now: who reads next need not look again.
    pub empty: AtomicU64,
    /// Names of properties, once they were looked up.
    pub names: OnceCell<Names>,
    direct: ClassId<Direct>,
    /// The class of [`Reader`].
    pub reader: ClassId<Reader>,
    /// The class of [`Reading`].
    pub reading: ClassId<Reading>,
}

impl State {
    /// Nothing.
    pub const fn new() -> Self {
        Self {
            frames: AtomicU32::new(0),
            empty: AtomicU64::new(NO_DEVICE),
            names: OnceCell::new(),
            direct: ClassId::new(),
            reader: ClassId::new(),
            reading: ClassId::new(),
        }
    }
}

/// Visits what is in a cell, if anything is.
pub fn visit_cell<T>(cell: &Cell<Option<T>>, visit: impl FnOnce(&T)) {
    let value = cell.take();
    if let Some(value) = &value {
        visit(value);
    }
    cell.set(value);
}
