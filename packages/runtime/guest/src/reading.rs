//! `read` of a network device: readings, each an operation of the scheduler that reads one frame.

use core::cell::Cell;
use core::ffi::CStr;
use core::sync::atomic::Ordering::Relaxed;

use guest_quickjs::{Atom, Buffer, Call, ClassId, Context, Method, NativeClass, Result, Value};
use solo5_abi::result::{AGAIN, EINVAL};

use crate::direct::{BURST, NO_DEVICE, visit_cell};
use crate::solo5::{self, Refused};
use crate::state::STATE;

/// `read` of a network device: a function that returns readings.
pub struct Reader {
    handle: u64,
    otherwise: Value,
    returned: Value,
    /// What it returned last, a [`Reading`]: most programs read into one buffer, and need no other.
    last: Cell<Option<Value>>,
}

impl NativeClass for Reader {
    const NAME: &'static CStr = c"Reader";
    const CALL: Option<Method<Self>> = Some(Self::read);

    fn id() -> &'static ClassId<Self> {
        &STATE.0.devices.reader
    }

    fn visit(&self, visit: &mut dyn FnMut(&Value)) {
        visit(&self.otherwise);
        visit(&self.returned);
        visit_cell(&self.last, &mut *visit);
    }
}

impl Reader {
    /// `(otherwise)`: the function for that device.
    pub fn make(call: &Call<'_>, handle: u64) -> Result<Value> {
        let context = call.context;
        let returned = Names::prepare(context)?.end(context, context.integer(0))?;
        let last = Cell::new(None);
        context.instance(Self { handle, otherwise: call.arg(0), returned, last })
    }

    /// `(into)`: an operation that reads one frame.
    fn read(&self, call: &Call<'_>) -> Result<Value> {
        let reading = match self.last.take() {
            Some(last) if last.state::<Reading>().is_some_and(|reading| call.is(0, reading.into.value())) => {
                last
            }
            _ => call.context.instance(Reading {
                handle: self.handle,
                into: Buffer::new(call.arg(0)),
                otherwise: self.otherwise.duplicate(),
                returned: self.returned.duplicate(),
                wait: Cell::new(None),
            })?,
        };
        self.last.set(Some(reading.duplicate()));
        Ok(reading)
    }
}

/// What `otherwise` is told after a burst: it is no result of a call.
const TURN: i32 = 1;

/// Reading one frame: an operation that is its own iterator, so that a frame which is there costs no generator.
/// It has no state but while it waits, and then there is another for whoever else reads.
pub struct Reading {
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

    fn id() -> &'static ClassId<Self> {
        &STATE.0.devices.reading
    }

    fn prototype(context: Context) -> Result<Value> {
        let names = Names::prepare(context)?;
        let prototype = context.object()?;
        prototype.create(names.iterator, context.method(c"[Symbol.iterator]", 0, Self::iterator)?)?;
        prototype.create(names.next, context.method(c"next", 1, Self::next)?)?;
        prototype.create(names.throw, context.method(c"throw", 1, Self::throw)?)?;
        prototype.create(names.return_, context.method(c"return", 1, Self::return_)?)?;
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
        let frames = STATE.0.devices.frames.load(Relaxed) + 1;
        STATE.0.devices.frames.store(frames, Relaxed);
        if frames > BURST {
            return Err(TURN);
        }
        if STATE.0.devices.empty.load(Relaxed) == self.handle {
            STATE.0.devices.empty.store(NO_DEVICE, Relaxed);
            return Err(-AGAIN);
        }
        let read = self.into.with_room(|into| solo5::net_read(self.handle, into));
        match read {
            Some(Ok(length)) => i32::try_from(length).map_err(|_| -EINVAL),
            Some(Err(Refused(code))) => Err(-code),
            None => Err(-EINVAL),
        }
    }

    /// `[Symbol.iterator]()`: itself, or another for whoever comes while it waits.
    fn iterator(&self, call: &Call<'_>) -> Result<Value> {
        let Some(wait) = self.wait.take() else { return Ok(call.this()) };
        self.wait.set(Some(wait));
        call.context.instance(Reading {
            handle: self.handle,
            into: Buffer::new(self.into.value().duplicate()),
            otherwise: self.otherwise.duplicate(),
            returned: self.returned.duplicate(),
            wait: Cell::new(None),
        })
    }

    /// `next(value)`.
    fn next(&self, call: &Call<'_>) -> Result<Value> {
        let context = call.context;
        let names = Names::prepare(context)?;
        let mut wait = self.wait.take();
        let mut sent = None;
        loop {
            if let Some(waiting) = wait {
                let sent = sent.take().unwrap_or_else(|| call.arg(0));
                let step = waiting.invoke(names.next, &[sent])?;
                if !step.get(c"done")?.is_truthy() {
                    self.wait.set(Some(waiting));
                    return Ok(step);
                }
            }
            match self.attempt() {
                Ok(length) => {
                    // A program that calls `next` itself can have frozen what it got.
                    if self.returned.set(names.value, context.integer(length)).is_err() {
                        drop(context.exception());
                        return names.end(context, context.integer(length));
                    }
                    return Ok(self.returned.duplicate());
                }
                Err(why) => {
                    STATE.0.devices.frames.store(0, Relaxed);
                    let operation =
                        self.otherwise.call(&[context.integer(why), self.into.value().duplicate()])?;
                    wait = Some(operation.invoke(names.iterator, &[])?);
                    sent = Some(context.undefined());
                }
            }
        }
    }

    /// `throw(error)`.
    fn throw(&self, call: &Call<'_>) -> Result<Value> {
        let error = call.arg(0);
        self.leave(Names::prepare(call.context)?.throw, &error)?;
        Err(call.context.throw(error))
    }

    /// `return(value)`.
    fn return_(&self, call: &Call<'_>) -> Result<Value> {
        let names = Names::prepare(call.context)?;
        let value = call.arg(0);
        self.leave(names.return_, &value)?;
        names.end(call.context, value)
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

/// Names of properties that readings have and use.
pub struct Names {
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
        let kept = &STATE.0.devices.names;
        match kept.get() {
            Some(names) => Ok(names),
            None => Self::look_up(context).map(|names| kept.get_or_init(|| names)),
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
