//! What `read` and `write` of a device are in a guest: functions with their device in them.
//!
//! Each does what its like in `packages/miou-solo5/src/{net,block}.ts` does, and calls `otherwise`, which is
//! JavaScript, wherever there is more to do than to call the bindings.

use core::cell::{Cell, OnceCell};
use core::ffi::CStr;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use solo5_abi::result::{AGAIN, EINVAL};

use crate::solo5::{self, Refused};
use guest_quickjs::OneThread;
use guest_quickjs::buffer::Buffer;
use guest_quickjs::class::{Atom, Method, NativeClass, NativeMethod};
use guest_quickjs::{Call, Context, Result, Value};

/// A function on one device.
pub struct Port {
    handle: u64,
    /// Bytes of a block.
    size: usize,
    otherwise: Value,
    purpose: Purpose,
    /// What it was last called with: most programs use one buffer.
    last: Cell<Option<Buffer>>,
}

/// What a [`Port`] does when it is called. A number, so that all of it is one function of the machine: the
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

impl NativeClass for Port {
    const NAME: &'static CStr = c"Port";
    const CALL: Option<Method<Self>> = Some(|call, port| match port.purpose {
        Purpose::TakeFrame => port.take_frame(call),
        Purpose::WriteFrame => port.write_frame(call),
        Purpose::ReadBlock => port.read_block(call),
        Purpose::WriteBlock => port.write_block(call),
        Purpose::MakeReader => Reader::make(call, port.handle),
        Purpose::MakeFrameTaker => port.make(call, Purpose::TakeFrame),
        Purpose::MakeFrameWriter => port.make(call, Purpose::WriteFrame),
        Purpose::MakeBlockReader => port.make(call, Purpose::ReadBlock),
        Purpose::MakeBlockWriter => port.make(call, Purpose::WriteBlock),
    });

    fn id() -> &'static AtomicU32 {
        static ID: AtomicU32 = AtomicU32::new(0);
        &ID
    }

    fn visit(&self, visit: &mut dyn FnMut(&Value)) {
        visit(&self.otherwise);
        visit_cell(&self.last, |last| visit(last.value()));
    }
}

impl Port {
    /// The object `direct` of a network device (`packages/miou-solo5/src/solo5.ts`).
    ///
    /// # Errors
    /// Out of memory.
    pub fn net(context: Context, handle: u64) -> Result<Value> {
        let makers = [
            (c"reader", Purpose::MakeReader),
            (c"taker", Purpose::MakeFrameTaker),
            (c"writer", Purpose::MakeFrameWriter),
        ];
        direct(context, handle, 0, &makers)
    }

    /// The object `direct` of a block device.
    ///
    /// # Errors
    /// Out of memory.
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
        let frames = FRAMES.load(Relaxed) + 1;
        if frames == BURST + 1 {
            // Once: who asks again has let others run, or does not want to.
            FRAMES.store(frames, Relaxed);
            return Ok(call.context.undefined());
        }
        let read =
            self.with_buffer(call, 0, |into| into.with_room(|into| solo5::net_read(self.handle, into)));
        if let Some(Ok(length)) = read
            && let Ok(length) = i32::try_from(length)
        {
            FRAMES.store(if frames > BURST { 1 } else { frames }, Relaxed);
            EMPTY.store(NO_DEVICE, Relaxed);
            return Ok(call.context.integer(length));
        }
        FRAMES.store(0, Relaxed);
        match read.unwrap_or(Err(Refused(EINVAL))) {
            Err(Refused(AGAIN)) => {
                EMPTY.store(self.handle, Relaxed);
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
        let port = Port { handle, size, otherwise: context.undefined(), purpose, last: Cell::new(None) };
        direct.define(name, context.instance(port)?)?;
    }
    Ok(direct)
}

/// `read` of a network device: a function that returns readings.
struct Reader {
    handle: u64,
    otherwise: Value,
    returned: Value,
    /// What it returned last, a [`Reading`]: most programs read into one buffer, and need no other.
    last: Cell<Option<Value>>,
}

impl NativeClass for Reader {
    const NAME: &'static CStr = c"Reader";
    const CALL: Option<Method<Self>> = Some(Self::read);

    fn id() -> &'static AtomicU32 {
        static ID: AtomicU32 = AtomicU32::new(0);
        &ID
    }

    fn visit(&self, visit: &mut dyn FnMut(&Value)) {
        visit(&self.otherwise);
        visit(&self.returned);
        visit_cell(&self.last, &mut *visit);
    }
}

impl Reader {
    /// `(otherwise)`: the function for that device.
    fn make(call: &Call<'_>, handle: u64) -> Result<Value> {
        let context = call.context;
        let returned = Names::prepare(context)?.end(context, context.integer(0))?;
        let last = Cell::new(None);
        context.instance(Self { handle, otherwise: call.arg(0), returned, last })
    }

    /// `(into)`: an operation that reads one frame.
    fn read(call: &Call<'_>, reader: &Self) -> Result<Value> {
        let reading = match reader.last.take() {
            Some(last) if last.state::<Reading>().is_some_and(|reading| call.is(0, reading.into.value())) => {
                last
            }
            _ => call.context.instance(Reading {
                handle: reader.handle,
                into: Buffer::new(call.arg(0)),
                otherwise: reader.otherwise.duplicate(),
                returned: reader.returned.duplicate(),
                wait: Cell::new(None),
            })?,
        };
        reader.last.set(Some(reading.duplicate()));
        Ok(reading)
    }
}

/// So many frames in a row are read without letting other tasks run.
const BURST: u32 = 64;
/// Frames read since a task last waited.
static FRAMES: AtomicU32 = AtomicU32::new(0);
/// The device where [`Port::take_frame`] found no frame just now: who reads next need not look again.
static EMPTY: AtomicU64 = AtomicU64::new(NO_DEVICE);
/// Nobody's handle.
const NO_DEVICE: u64 = u64::MAX;
/// What `otherwise` is told after a burst: it is no result of a call.
const TURN: i32 = 1;

/// Reading one frame: an operation that is its own iterator, so that a frame which is there costs no generator.
/// It has no state but while it waits, and then there is another for whoever else reads.
struct Reading {
    handle: u64,
    into: Buffer,
    otherwise: Value,
    /// `{ done: true, value }`, the same for every frame: `yield*` takes the value out before anything else
    /// happens.
    returned: Value,
    /// The iterator of what the task waits for, while it does.
    wait: Cell<Option<Value>>,
}

impl NativeClass for Reading {
    const NAME: &'static CStr = c"Reading";

    fn id() -> &'static AtomicU32 {
        static ID: AtomicU32 = AtomicU32::new(0);
        &ID
    }

    fn prototype(context: Context) -> Result<Value> {
        let names = Names::prepare(context)?;
        let prototype = context.object()?;
        prototype.create(names.iterator, context.method::<Iterator>(c"[Symbol.iterator]", 0)?)?;
        prototype.create(names.next, context.method::<Next>(c"next", 1)?)?;
        prototype.create(names.throw, context.method::<Throw>(c"throw", 1)?)?;
        prototype.create(names.return_, context.method::<Return>(c"return", 1)?)?;
        Ok(prototype)
    }

    fn visit(&self, visit: &mut dyn FnMut(&Value)) {
        visit(self.into.value());
        visit(&self.otherwise);
        visit(&self.returned);
        visit_cell(&self.wait, visit);
    }
}

impl Reading {
    /// The length of a frame, or the reason why there is none.
    #[inline]
    fn attempt(&self) -> core::result::Result<i32, i32> {
        let frames = FRAMES.load(Relaxed) + 1;
        FRAMES.store(frames, Relaxed);
        if frames > BURST {
            return Err(TURN);
        }
        if EMPTY.load(Relaxed) == self.handle {
            EMPTY.store(NO_DEVICE, Relaxed);
            return Err(-AGAIN);
        }
        let read = self.into.with_room(|into| solo5::net_read(self.handle, into));
        match read {
            Some(Ok(length)) => i32::try_from(length).map_err(|_| -EINVAL),
            Some(Err(Refused(code))) => Err(-code),
            None => Err(-EINVAL),
        }
    }

    /// What is left of the wait, if there was one, is told of its end by its method `name`.
    fn leave(&self, name: Atom, value: &Value) -> Result<()> {
        if let Some(wait) = self.wait.take()
            && wait.has(name)?
        {
            wait.invoke(name, &[value.duplicate()])?;
        }
        Ok(())
    }
}

struct Iterator;
impl NativeMethod for Iterator {
    type Class = Reading;
    const CALL: Method<Reading> = |call, reading| {
        let Some(wait) = reading.wait.take() else { return Ok(call.this()) };
        reading.wait.set(Some(wait));
        call.context.instance(Reading {
            handle: reading.handle,
            into: Buffer::new(reading.into.value().duplicate()),
            otherwise: reading.otherwise.duplicate(),
            returned: reading.returned.duplicate(),
            wait: Cell::new(None),
        })
    };
}

struct Next;
impl NativeMethod for Next {
    type Class = Reading;
    const CALL: Method<Reading> = |call, reading| {
        let context = call.context;
        let names = Names::prepare(context)?;
        let mut wait = reading.wait.take();
        let mut sent = None;
        loop {
            if let Some(waiting) = wait {
                let sent = sent.take().unwrap_or_else(|| call.arg(0));
                let step = waiting.invoke(names.next, &[sent])?;
                if !step.get(c"done")?.is_truthy() {
                    reading.wait.set(Some(waiting));
                    return Ok(step);
                }
            }
            match reading.attempt() {
                Ok(length) => {
                    // A program that calls `next` itself can have frozen what it got.
                    if reading.returned.set(names.value, context.integer(length)).is_err() {
                        drop(context.exception());
                        return names.end(context, context.integer(length));
                    }
                    return Ok(reading.returned.duplicate());
                }
                Err(why) => {
                    FRAMES.store(0, Relaxed);
                    let operation =
                        reading.otherwise.call(&[context.integer(why), reading.into.value().duplicate()])?;
                    wait = Some(operation.invoke(names.iterator, &[])?);
                    sent = Some(context.undefined());
                }
            }
        }
    };
}

struct Throw;
impl NativeMethod for Throw {
    type Class = Reading;
    const CALL: Method<Reading> = |call, reading| {
        let error = call.arg(0);
        reading.leave(Names::prepare(call.context)?.throw, &error)?;
        Err(call.context.throw(error))
    };
}

struct Return;
impl NativeMethod for Return {
    type Class = Reading;
    const CALL: Method<Reading> = |call, reading| {
        let names = Names::prepare(call.context)?;
        let value = call.arg(0);
        reading.leave(names.return_, &value)?;
        names.end(call.context, value)
    };
}

/// Names of properties that readings have and use.
struct Names {
    iterator: Atom,
    next: Atom,
    throw: Atom,
    return_: Atom,
    done: Atom,
    value: Atom,
}

impl Names {
    /// The names, which are looked up once.
    #[inline]
    fn prepare(context: Context) -> Result<&'static Self> {
        static NAMES: OneThread<OnceCell<Names>> = OneThread(OnceCell::new());
        match NAMES.0.get() {
            Some(names) => Ok(names),
            None => Self::look_up(context).map(|names| NAMES.0.get_or_init(|| names)),
        }
    }

    #[cold]
    fn look_up(context: Context) -> Result<Self> {
        Ok(Self {
            iterator: context.symbol(c"iterator")?,
            next: context.atom(c"next")?,
            throw: context.atom(c"throw")?,
            return_: context.atom(c"return")?,
            done: context.atom(c"done")?,
            value: context.atom(c"value")?,
        })
    }

    /// `{ done: true, value }`.
    fn end(&self, context: Context, value: Value) -> Result<Value> {
        let end = context.object()?;
        end.create(self.done, context.boolean(true))?;
        end.create(self.value, value)?;
        Ok(end)
    }
}

fn visit_cell<T>(cell: &Cell<Option<T>>, visit: impl FnOnce(&T)) {
    let value = cell.take();
    if let Some(value) = &value {
        visit(value);
    }
    cell.set(value);
}
