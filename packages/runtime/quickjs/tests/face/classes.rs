//! Objects that hold Rust values.

use std::cell::{Cell, RefCell};
use std::ffi::CStr;

use guest_quickjs::{Call, ClassId, Context, Method, NativeClass, Result, Value};

use crate::engine::{in_engine, run, text, thrown};

thread_local! {
    static DROPPED: Cell<u32> = const { Cell::new(0) };
}

/// Counts its calls, and may hold another object, itself for instance.
#[derive(Default)]
struct Counter {
    calls: Cell<i32>,
    other: RefCell<Option<Value>>,
}

impl Drop for Counter {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
    }
}

impl NativeClass for Counter {
    const NAME: &'static CStr = c"Counter";
    const CALL: Option<Method<Self>> = Some(|counter, call| {
        counter.calls.set(counter.calls.get() + 1);
        match call.is_given(0) {
            true => call.arg(0).call(&[]),
            false => Ok(call.context.integer(counter.calls.get())),
        }
    });

    fn id() -> &'static ClassId<Self> {
        static ID: ClassId<Counter> = ClassId::new();
        &ID
    }

    fn visit(&self, visit: &mut dyn FnMut(&Value)) {
        if let Some(other) = &*self.other.borrow() {
            visit(other);
        }
    }
}

/// One that has a method and cannot be called.
struct Name(&'static str);

impl Name {
    fn greet(&self, call: &Call<'_>) -> Result<Value> {
        call.context.string(format!("{} {}", self.0, text(&call.arg(0))).as_bytes())
    }
}

impl NativeClass for Name {
    const NAME: &'static CStr = c"Name";

    fn id() -> &'static ClassId<Self> {
        static ID: ClassId<Name> = ClassId::new();
        &ID
    }

    fn prototype(context: Context) -> Result<Value> {
        let prototype = context.object()?;
        prototype.define(c"greet", context.method(c"greet", 1, Self::greet)?)?;
        Ok(prototype)
    }

    fn visit(&self, _visit: &mut dyn FnMut(&Value)) {}
}

fn counter(context: Context) -> Value {
    context.instance(Counter::default()).expect("memory")
}

fn dropped() -> u32 {
    DROPPED.take()
}

#[test]
fn an_object_gives_its_value_to_whoever_names_its_class() {
    in_engine(|context| {
        let object = counter(context);
        object.state::<Counter>().expect("its value").calls.set(7);
        assert_eq!(object.state::<Counter>().map(|counter| counter.calls.get()), Some(7));
        assert!(object.state::<Name>().is_none());
        assert!(context.object().expect("memory").state::<Counter>().is_none());
        assert!(context.integer(1).state::<Counter>().is_none());
        assert_eq!(text(&object.class_name().expect("memory")), "Counter");
    });
}

#[test]
fn an_object_of_a_class_of_functions_can_be_called() {
    in_engine(|context| {
        context.global().define(c"count", counter(context)).expect("memory");
        assert_eq!(
            text(&run(context, "[typeof count, count(), count(), count.call(null)]")),
            "function,1,2,3"
        );
        assert_eq!(text(&run(context, "count instanceof Function")), "true");
        assert_eq!(
            thrown(context, "function deep() { count(deep); } deep()"),
            "RangeError: Maximum call stack size exceeded"
        );
        run(context, "delete globalThis.count; delete globalThis.deep");
    });
}

#[test]
fn a_method_gets_the_value_of_its_this_and_throws_for_any_other() {
    in_engine(|context| {
        let name = context.instance(Name("hello")).expect("memory");
        context.global().define(c"named", name).expect("memory");
        context.global().define(c"counter", counter(context)).expect("memory");
        assert_eq!(text(&run(context, "named.greet('you')")), "hello you");
        for this in ["{}", "undefined", "counter", "Object.create(named)", "new Proxy(named, {})"] {
            let error = thrown(context, &format!("named.greet.call({this})"));
            assert!(error.starts_with("TypeError"), "{this}: {error}");
        }
        assert!(thrown(context, "named()").starts_with("TypeError"));
        run(context, "delete globalThis.counter");
    });
}

#[test]
fn a_value_is_dropped_once_when_its_object_goes() {
    in_engine(|context| {
        context.collect();
        dropped();
        let object = counter(context);
        let other = object.duplicate();
        drop(object);
        assert_eq!(dropped(), 0);
        drop(other);
        assert_eq!(dropped(), 1);
        context.collect();
        assert_eq!(dropped(), 0);
    });
}

#[test]
fn cycles_through_rust_values_are_garbage() {
    in_engine(|context| {
        context.collect();
        dropped();
        let [one, two] = [counter(context), counter(context)];
        let hold = |holder: &Value, held: &Value| {
            *holder.state::<Counter>().expect("its value").other.borrow_mut() = Some(held.duplicate());
        };
        hold(&one, &two);
        hold(&two, &one);
        let own = counter(context);
        own.define(c"self", own.duplicate()).expect("memory");
        drop((one, own));
        context.collect();
        assert_eq!(dropped(), 1, "the pair is still held");
        drop(two);
        context.collect();
        assert_eq!(dropped(), 2);
    });
}
