//! The safe face of the engine, as far as the guest and its compiler use it. The only place that calls QuickJS.
//!
//! A [`Context`] is a handle that is copied freely; a [`Value`] owns one reference and gives it back
//! when dropped. Every call that can throw returns `Err(Thrown)` and leaves the exception in the
//! context, where [`Context::exception`] takes it; that is QuickJS's own convention, typed. Whatever makes a value
//! can run out of memory; where nothing else can be thrown, its description does not say so.
//!
//! # Why not `rquickjs-core`
//!
//! Its version 0.14, which belongs to the engine that we build, can do without `std` and is well made; but it is a face
//! for hosts, and what it does differs where a guest is particular:
//!
//! - Memory that runs out: it boxes every function (twice) and every object of a class with Rust's allocator, which
//!   ends the program when it fails. Here such memory is the engine's, and its lack an error that a program can catch.
//! - Calls: one class number serves all native functions, so a call goes from the runtime's record through a table and
//!   a boxed closure, and each argument that is looked at counts a reference to its context as well. Here a native
//!   function is known to the compiler, and arguments are read where the engine has put them.
//! - Recursion: the engine asks for its own functions whether stack is left, but not for objects of a class that can be
//!   called; nor does it. A program could make such a call overflow the stack.
//! - Bytes: what a `Uint8Array` holds is had by `unsafe` code alone, which then has to know whether the memory is taken
//!   away, resized, shared or immutable. Here that is [`Buffer`]'s affair.
//! - What a guest asks beside that, callbacks of a `FinalizationRegistry` one at a time, keys of arrays without a list of
//!   all, the JavaScript that runs when all else has failed, needs C of ours and a way past that face anyway. So does
//!   the engine with the mends of `edits.rs`: the crate compiles its own.
//!
//! It has 22,000 lines, this face 1,800.

#![no_std]
#![deny(unsafe_code)]

#[expect(unsafe_code, reason = "asks an engine that cannot go on")]
mod backtrace;
#[expect(unsafe_code, reason = "the engine's memory, as slices")]
mod buffer;
#[expect(unsafe_code, reason = "arguments as the engine passes them")]
mod call;
#[expect(unsafe_code, reason = "Rust values, kept by address in objects of the engine")]
mod class;
#[expect(unsafe_code, reason = "starts the engine")]
mod context;
#[expect(unsafe_code, reason = "C interface of the engine")]
mod exception;
#[expect(unsafe_code, reason = "functions that the engine calls")]
mod function;
#[expect(unsafe_code, reason = "C interface of the engine")]
mod inspect;
#[expect(unsafe_code, reason = "the engine calls these by name")]
mod memory;
#[expect(unsafe_code, reason = "bytecode is not checked; functions that the engine calls")]
mod module;
#[expect(unsafe_code, reason = "statics without a lock")]
mod one_thread;
#[expect(unsafe_code, reason = "functions that the engine calls")]
mod promise;
#[expect(unsafe_code, reason = "C interface of the engine")]
mod property;
#[expect(unsafe_code, reason = "a static in a section of its own")]
mod state;
#[expect(unsafe_code, reason = "text in the engine's memory")]
mod text;
#[expect(unsafe_code, reason = "references that are counted by hand")]
mod value;

pub use backtrace::last_stack;
pub use buffer::Buffer;
pub use call::Call;
pub use class::{ClassId, Method, NativeClass};
pub use context::Context;
pub use exception::{Result, Thrown};
pub use inspect::Plain;
pub use memory::Memory;
pub use module::{Bytecode, Export, NativeModule, Source};
pub use one_thread::OneThread;
pub use promise::PromiseState;
pub use property::Atom;
pub use text::Text;
pub use value::Value;
