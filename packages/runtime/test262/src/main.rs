//! `uk-test262 FILE`: one test of the language's own suite in the engine of the images, on the host.

use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;

use guest_quickjs::{Context, Memory};

/// What the image has (scripts/lib/test262/machines.mjs), and as far above its end.
const STACK: usize = 16 << 20;
const STACK_MARGIN: usize = 96 << 10;

fn main() -> ExitCode {
    let Some(bytes) = std::env::args_os().nth(1).and_then(|path| std::fs::read(path).ok()) else {
        return ExitCode::FAILURE;
    };
    let worker = thread::Builder::new().stack_size(2 * STACK).spawn(move || {
        let context = Context::new(STACK - STACK_MARGIN, [1; 4], Memory::UNLIMITED)?;
        guest_test262::run(context, bytes.leak(), |text| {
            // Nobody is left to tell if standard output is closed.
            let _ = io::stdout().write_all(text);
        });
        Some(())
    });
    match worker.map(thread::JoinHandle::join) {
        Ok(Ok(Some(()))) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
