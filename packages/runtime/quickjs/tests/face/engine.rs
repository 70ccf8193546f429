//! The one engine of the process, in a thread of its own, where tests run one at a time.

use std::cell::Cell;
use std::ffi::CString;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{LazyLock, mpsc};
use std::thread;

use guest_quickjs::{Context, Memory, Result, Source, Value};

type Work = Box<dyn FnOnce(Context) + Send>;

/// Native stack for JavaScript, and as much again above its end for whoever reports that.
const STACK: usize = 1 << 20;

/// What the allocator says when the engine asks whether memory is back.
pub static MEMORY_IS_BACK: AtomicBool = AtomicBool::new(true);

thread_local! {
    /// What the tracker of rejections has heard: text of the reason, and whether it was handled.
    static REJECTIONS: Cell<Vec<(String, bool)>> = const { Cell::new(Vec::new()) };
    /// Where and why this thread has panicked last.
    static PANIC: Cell<String> = const { Cell::new(String::new()) };
}

static ENGINE: LazyLock<mpsc::Sender<Work>> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel::<Work>();
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANIC.set(info.to_string());
        default(info);
    }));
    let serve = move || {
        let memory = Memory { is_back: || MEMORY_IS_BACK.load(Relaxed), ..Memory::UNLIMITED };
        let context = Context::new(STACK, [1, 2, 3, 4], memory).expect("there is memory for an engine");
        context.prepare_buffers().expect("there is memory for a getter");
        context.track_rejections(|_, reason, handled| {
            let mut heard = REJECTIONS.take();
            heard.push((text(&reason), handled));
            REJECTIONS.set(heard);
        });
        while let Ok(work) = receiver.recv() {
            work(context);
        }
    };
    thread::Builder::new().stack_size(4 * STACK).spawn(serve).expect("a thread");
    sender
});

/// Runs a test where the engine is, and all jobs and garbage that it leaves.
pub fn in_engine(test: impl FnOnce(Context) + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    let work: Work = Box::new(move |context| {
        let end = catch_unwind(AssertUnwindSafe(|| test(context))).map_err(|_| PANIC.take());
        context.collect();
        drain(context);
        rejections();
        let _ = sender.send(end);
    });
    ENGINE.send(work).expect("the engine's thread goes on");
    if let Err(panic) = receiver.recv().expect("the engine's thread goes on") {
        panic!("{panic}");
    }
}

/// Completion value of a script.
pub fn eval(context: Context, source: &str) -> Result<Value> {
    let source = CString::new(source).expect("no NUL in a script of a test");
    context.compile_script(Source::from(source.as_c_str()), c"test.js")?.eval()
}

/// What a script ends with that must not throw.
pub fn run(context: Context, source: &str) -> Value {
    eval(context, source).unwrap_or_else(|_| panic!("{source}: {}", text(&context.exception())))
}

/// What a script throws, as text.
pub fn thrown(context: Context, source: &str) -> String {
    match eval(context, source) {
        Ok(value) => panic!("{source}: {}, where it should throw", text(&value)),
        Err(_) => text(&context.exception()),
    }
}

/// A value as text.
pub fn text(value: &Value) -> String {
    let text = value.text().expect("a value that can be shown");
    String::from_utf8(text.bytes().to_vec()).expect("no lone surrogates")
}

/// Runs jobs until none is left, callbacks of `FinalizationRegistry` included.
pub fn drain(context: Context) {
    while context.run_job().expect("jobs of tests do not throw") || context.admit_cleanup() {}
}

/// What was heard of rejections since the last look.
pub fn rejections() -> Vec<(String, bool)> {
    REJECTIONS.take()
}
