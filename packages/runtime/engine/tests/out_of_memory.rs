//! Memory is gone at each request of many small programs in turn, as the guest's allocator has it: small requests are
//! met from a reserve, large ones refused. Each program goes on, or an error says that memory is gone. Nothing
//! crashes, and nothing else is thrown.

#![expect(clippy::cast_possible_truncation, reason = "a size_t is a usize on a machine of 64 bits")]

use std::ffi::{CStr, CString, c_int, c_void};
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU32, Ordering::Relaxed};

use guest_engine as js;

/// Requests until memory is gone; below 0, it never is.
static LEFT: AtomicI64 = AtomicI64::new(-1);
/// How much of the reserve is in use then; `ONE_LARGE` and `ALL_LARGE` count large requests alone.
static PARTS: AtomicU32 = AtomicU32::new(1);
/// One large request is refused.
const ONE_LARGE: u32 = 0;
/// From one on, all large requests are.
const ALL_LARGE: u32 = u32::MAX;

/// Counts a request; whether it is refused.
fn refused(size: usize) -> bool {
    let parts = PARTS.load(Relaxed);
    let small = size <= js::SMALL_REQUEST;
    if small && (parts == ONE_LARGE || parts == ALL_LARGE) {
        return false;
    }
    let left = LEFT.load(Relaxed);
    if left > 0 || (left == 0 && parts != ALL_LARGE) {
        LEFT.store(left - 1, Relaxed);
    }
    if left == 0 {
        // The next object that is made, an error's perhaps, is one to collect garbage for.
        // SAFETY: the one runtime is live.
        unsafe { js::JS_SetGCThreshold(RUNTIME.load(Relaxed), 0) };
    }
    if left == 0 && small {
        js::uk_set_memory_pressure(parts);
    }
    left == 0 && !small
}

static RUNTIME: AtomicPtr<js::JSRuntime> = AtomicPtr::new(std::ptr::null_mut());

/// Collecting garbage does not help.
#[unsafe(no_mangle)]
extern "C" fn uk_memory_is_back() -> bool {
    false
}

unsafe extern "C" fn calloc(_: *mut c_void, count: js::size_t, size: js::size_t) -> *mut c_void {
    if refused((count * size) as usize) {
        return std::ptr::null_mut();
    }
    // SAFETY: C's own function.
    unsafe { libc_calloc(count as usize, size as usize) }
}

unsafe extern "C" fn malloc(_: *mut c_void, size: js::size_t) -> *mut c_void {
    if refused(size as usize) {
        return std::ptr::null_mut();
    }
    // SAFETY: C's own function.
    unsafe { libc_malloc(size as usize) }
}

unsafe extern "C" fn free(_: *mut c_void, block: *mut c_void) {
    // SAFETY: the engine frees what it got from here.
    unsafe { libc_free(block) }
}

unsafe extern "C" fn realloc(_: *mut c_void, block: *mut c_void, size: js::size_t) -> *mut c_void {
    if size != 0 && refused(size as usize) {
        return std::ptr::null_mut();
    }
    // SAFETY: as above.
    unsafe { libc_realloc(block, size as usize) }
}

unsafe extern "C" {
    #[link_name = "calloc"]
    fn libc_calloc(count: usize, size: usize) -> *mut c_void;
    #[link_name = "malloc"]
    fn libc_malloc(size: usize) -> *mut c_void;
    #[link_name = "free"]
    fn libc_free(block: *mut c_void);
    #[link_name = "realloc"]
    fn libc_realloc(block: *mut c_void, size: usize) -> *mut c_void;
    #[link_name = "malloc_usable_size"]
    fn libc_usable_size(block: *mut c_void) -> usize;
}

unsafe extern "C" fn usable_size(block: *const c_void) -> js::size_t {
    // SAFETY: as above.
    (unsafe { libc_usable_size(block.cast_mut()) }) as js::size_t
}

static FUNCTIONS: js::JSMallocFunctions = js::JSMallocFunctions {
    js_calloc: Some(calloc),
    js_malloc: Some(malloc),
    js_free: Some(free),
    js_realloc: Some(realloc),
    js_malloc_usable_size: Some(usable_size),
};

/// Programs, one a line; what they need is in `PRELUDE`.
const PROGRAMS: &str = include_str!("programs.txt");

/// Where the engine cannot go on, a program ends; here it is given memory, and what it does then does not count.
#[unsafe(no_mangle)]
extern "C" fn uk_out_of_memory() {
    LEFT.store(-1, Relaxed);
}

const PRELUDE: &CStr = c"
globalThis.numbers = Array.from({ length: 40 }, (_, n) => n);
globalThis.words = numbers.map((n) => `word number ${n} `);
globalThis.long = words.join('');
globalThis.Point = class Point { x; #y; constructor(x) { this.x = x; this.#y = -x; } get y() { return this.#y; } };
globalThis.keep = [];
";

struct Engine(*mut js::JSContext);

impl Engine {
    fn new() -> Self {
        // SAFETY: no preconditions; the engine keeps the functions.
        unsafe {
            js::uk_set_hash_key(&[1, 2, 3, 4]);
            let runtime = js::JS_NewRuntime2(&raw const FUNCTIONS, std::ptr::null_mut());
            assert!(!runtime.is_null());
            RUNTIME.store(runtime, Relaxed);
            js::JS_SetMaxStackSize(runtime, 1 << 19);
            let context = js::JS_NewContext(runtime);
            assert!(!context.is_null() && js::uk_prepare_out_of_memory(context) == 0);
            let engine = Self(context);
            engine.eval(PRELUDE).expect("the prelude runs");
            engine
        }
    }

    /// Runs a script and its jobs; what it threw, as text.
    fn eval(&self, source: &CStr) -> Result<(), String> {
        let len = source.count_bytes() as js::size_t;
        let flags = js::JS_EVAL_TYPE_GLOBAL as c_int;
        // SAFETY: live context, NUL-terminated source; the result is checked and freed.
        unsafe {
            let value = js::JS_Eval(self.0, source.as_ptr(), len, c"way.js".as_ptr(), flags);
            let mut failed = js::JS_IsException(value).then(|| self.thrown());
            js::JS_FreeValue(self.0, value);
            let runtime = js::JS_GetRuntime(self.0);
            let mut context = std::ptr::null_mut();
            loop {
                match js::JS_ExecutePendingJob(runtime, &raw mut context) {
                    0 if js::uk_admit_cleanup(runtime) => {}
                    0 => break,
                    1.. => {}
                    _ => failed = Some(self.thrown()),
                }
            }
            failed.map_or(Ok(()), Err)
        }
    }

    /// Looks at every object: one that was left half made does not survive it.
    fn collect(&self) {
        // SAFETY: the runtime is live, and runs nothing.
        unsafe { js::JS_RunGC(js::JS_GetRuntime(self.0)) };
    }

    fn thrown(&self) -> String {
        LEFT.store(-1, Relaxed);
        // SAFETY: live context; the value is freed.
        unsafe {
            let error = js::JS_GetException(self.0);
            let text = js::JS_ToCString(self.0, error);
            let text_of = if text.is_null() {
                "(no text)".into()
            } else {
                CStr::from_ptr(text).to_string_lossy().into_owned()
            };
            js::JS_FreeCString(self.0, text);
            js::JS_FreeValue(self.0, error);
            text_of
        }
    }
}

/// Programs whose small requests are too many to try each.
const LARGE_PROGRAMS: &str = include_str!("large-programs.txt");

/// Runs the program again and again, memory being gone ever later, until it is not reached; what else was thrown.
fn fail_each_request(engine: &Engine, program: &str, parts: u32) -> Vec<String> {
    let source = CString::new(program).expect("no NUL");
    engine.eval(&source).unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut wrong = Vec::new();
    for nth in 0.. {
        PARTS.store(parts, Relaxed);
        LEFT.store(nth, Relaxed);
        let end = engine.eval(&source);
        let reached = LEFT.swap(-1, Relaxed) < i64::from(parts == ALL_LARGE) || end.is_err();
        js::uk_set_memory_pressure(0);
        engine.collect();
        if !reached {
            break;
        }
        if let Err(error) = end
            && error != "InternalError: out of memory"
        {
            wrong.push(format!("{program}: at request {nth}, {parts} parts: {error}"));
        }
    }
    engine.eval(c"keep.length = 0").expect("memory is there again");
    wrong
}

#[test]
fn every_request_may_be_the_last() {
    let engine = Engine::new();
    let tries = [(PROGRAMS, [1, 2].as_slice()), (LARGE_PROGRAMS, &[ONE_LARGE, ALL_LARGE])];
    let wrong: Vec<String> = tries
        .into_iter()
        .flat_map(|(text, parts)| text.lines().map(move |program| (program, parts)))
        .filter(|(program, _)| !program.is_empty() && !program.starts_with("//"))
        .flat_map(|(program, parts)| {
            parts.iter().flat_map(|parts| fail_each_request(&engine, program, *parts)).collect::<Vec<_>>()
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
