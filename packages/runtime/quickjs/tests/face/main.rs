//! The face of the engine, on a host: what it promises of each concept of the engine.

mod buffers;
mod calls;
mod classes;
mod engine;
mod exceptions;
mod jobs;
mod memory;
mod modules;
mod values;
