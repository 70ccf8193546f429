//! Runs one test of the language's own suite (test262), as its INTERPRETING.md wants it: in an image, which
//! finds the test in its block device, and in a program of the host. What the outcome means is for
//! scripts/lib/test262 to say.
//!
//! A test is a list of files. Each is a letter, the length of its name and of its text as `u32`, and both, with a
//! NUL behind each: `h` are scripts that run before the test, `s` is the test as a script, `m` as a module, `i` is
//! what modules can import. An `e` without name and text is the end. An `a` in front of the test: it says itself
//! when it has ended.
//!
//! What happens is told in lines: `test262: print TEXT`, and in the end `test262: end PHASE TYPE MESSAGE`, PHASE
//! and TYPE being those of `negative` in tests, or `test262: end complete`.

#![no_std]
#![deny(unsafe_code)]

extern crate alloc;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::{Cell, OnceCell};
use core::ffi::CStr;

use guest_quickjs::{Context, OneThread, PromiseState, Result, Source, Thrown, Value};

/// A test, and where it says what happens.
struct Test {
    files: Vec<File>,
    write: fn(&[u8]),
    /// A module was loaded that the test imports.
    imported: Cell<bool>,
    /// The test has said that it has ended.
    ended: Cell<bool>,
}

#[derive(Clone, Copy)]
struct File {
    kind: u8,
    name: &'static CStr,
    source: Source<'static>,
}

#[expect(unsafe_code, reason = "a section of its own")]
#[unsafe(link_section = ".bss.uk_test262")]
static TEST: OneThread<OnceCell<Box<Test>>> = OneThread(OnceCell::new());

/// Runs the test in `bytes`, once in a program. `context` is a fresh realm.
pub fn run(context: Context, bytes: &'static [u8], write: fn(&[u8])) {
    let Some(files) = read(bytes) else {
        return write(b"test262: end damaged\n");
    };
    let test = TEST
        .0
        .get_or_init(|| Box::new(Test { files, write, imported: Cell::new(false), ended: Cell::new(false) }));
    let end = prepare(context, &test.files).map_err(|Thrown| "prepare").and_then(|()| {
        test.files.iter().try_fold(false, |waits, file| {
            match file.kind {
                b's' => run_script(context, file)?,
                b'm' => run_module(context, file, test)?,
                _ => {}
            }
            Ok(waits || file.kind == b'a')
        })
    });
    match end {
        Ok(waits) => {
            while waits && !test.ended.get() && matches!(run_job(context), Ok(true)) {}
            write(b"test262: end complete\n");
        }
        Err(phase) => tell(test, phase, &context.exception()),
    }
}

/// Reads the files; `None` if they are not as they should be.
fn read(mut bytes: &'static [u8]) -> Option<Vec<File>> {
    let mut files = Vec::new();
    loop {
        let (&kind, rest) = bytes.split_first()?;
        if kind == b'e' {
            return Some(files);
        }
        let (sizes, rest) = rest.split_first_chunk::<8>()?;
        let [name, text] = [0, 4].map(|at| {
            let size = [sizes[at], sizes[at + 1], sizes[at + 2], sizes[at + 3]];
            usize::try_from(u32::from_le_bytes(size)).unwrap_or(usize::MAX)
        });
        let (name, rest) = rest.split_at_checked(name.checked_add(1)?)?;
        let (text, rest) = rest.split_at_checked(text.checked_add(1)?)?;
        files.push(File { kind, name: CStr::from_bytes_with_nul(name).ok()?, source: Source::new(text)? });
        bytes = rest;
    }
}

fn prepare(context: Context, files: &[File]) -> Result<()> {
    install(context)?;
    context.import_from(find);
    for file in files.iter().filter(|file| file.kind == b'h') {
        context.compile_script(file.source, file.name)?.eval()?;
    }
    Ok(())
}

fn run_script(context: Context, file: &File) -> core::result::Result<(), &'static str> {
    let script = context.compile_script(file.source, file.name).map_err(|Thrown| "parse")?;
    script.eval().map_err(|Thrown| "runtime")?;
    Ok(())
}

fn run_module(context: Context, file: &File, test: &Test) -> core::result::Result<(), &'static str> {
    // What the engine loads, it loads when it has parsed the module.
    let module = context
        .compile_module(file.source, file.name)
        .map_err(|Thrown| if test.imported.get() { "resolution" } else { "parse" })?;
    let end = module.eval().map_err(|Thrown| "resolution")?;
    loop {
        match end.promise_state() {
            Some(PromiseState::Rejected) => {
                context.throw(end.promise_result());
                return Err("runtime");
            }
            Some(PromiseState::Pending) if !test.ended.get() => {}
            _ => return Ok(()),
        }
        match run_job(context) {
            Ok(true) => {}
            Ok(false) => {
                context.throw_range_error(c"the module waits for ever");
                return Err("runtime");
            }
            Err(Thrown) => return Err("runtime"),
        }
    }
}

/// Runs a job, if there is one; callbacks of `FinalizationRegistry` come after all others.
fn run_job(context: Context) -> Result<bool> {
    Ok(context.run_job()? || context.admit_cleanup())
}

/// Says with what a test ended. Asking can run the test's code, which can throw again.
fn tell(test: &Test, phase: &str, error: &Value) {
    let constructor = error.get(c"constructor").and_then(|constructor| constructor.get(c"name"));
    let words = [constructor.and_then(|name| name.text()), error.text()].map(|word| {
        word.map_err(|Thrown| drop(error.context().exception()))
            .map_or_else(|()| Vec::from(*b"?"), |text| Vec::from(text.bytes()))
    });
    let [name, message] = &words;
    line(test, &[b"end ", phase.as_bytes(), b" ", name, b" ", message]);
}

fn line(test: &Test, words: &[&[u8]]) {
    let mut text = Vec::from(*b"test262: ");
    text.extend(words.concat().iter().map(|&byte| if byte == b'\n' { b' ' } else { byte }));
    text.push(b'\n');
    (test.write)(&text);
}

fn find(name: &CStr) -> Option<Source<'static>> {
    let test = TEST.0.get()?;
    test.imported.set(true);
    test.files.iter().find(|file| file.kind == b'i' && file.name == name).map(|file| file.source)
}

/// Makes what the suite expects of a realm's host, without agents, which need threads; `$262`.
fn install(context: Context) -> Result<Value> {
    let host = context.object()?;
    host.define_function(c"createRealm", 0, |call| install(call.context.realm()?))?;
    host.define_function(c"detachArrayBuffer", 1, |call| {
        call.arg(0).detach();
        Ok(call.context.undefined())
    })?;
    host.define_function(c"evalScript", 1, |call| {
        let text = call.arg(0).text()?;
        let mut source = Vec::from(text.bytes());
        source.push(0);
        let Some(source) = Source::new(&source) else { return Ok(call.context.undefined()) };
        call.context.compile_script(source, c"<evalScript>")?.eval()
    })?;
    host.define_function(c"gc", 0, |call| {
        call.context.collect();
        Ok(call.context.undefined())
    })?;
    host.define(c"global", context.global())?;
    let object = context.function(c"IsHTMLDDA", 0, |call| Ok(call.context.null()))?;
    object.emulate_undefined();
    host.define(c"IsHTMLDDA", object)?;
    context.global().define_function(c"print", 1, |call| {
        let text = call.arg(0).text()?;
        if let Some(test) = TEST.0.get() {
            test.ended.set(test.ended.get() || text.bytes().starts_with(b"Test262:Async"));
            line(test, &[b"print ", text.bytes()]);
        }
        Ok(call.context.undefined())
    })?;
    context.global().define(c"$262", host.duplicate())?;
    Ok(host)
}
