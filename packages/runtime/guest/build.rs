//! Compiles the one C file of an image, and finds the formatter of its console.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Names a file with the bytecode of `js/guest/console.ts` (scripts/build.mjs). Without it the guest can be checked
/// and tested, and an image cannot show objects.
const FORMATTER: &str = "UK_CONSOLE_BYTECODE";

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    compile_printf(&here.join("src/libc/printf.c"));
    println!("cargo::rerun-if-env-changed={FORMATTER}");
    let formatter = env::var(FORMATTER).map_or_else(
        |_| Vec::new(),
        |path| {
            println!("cargo::rerun-if-changed={path}");
            fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
        },
    );
    fs::write(out.join("console.bin"), formatter).expect("OUT_DIR is writable");
}

/// What is linked where Rust asks for it (`libc/mod.rs`): not in tests, which have the host's.
fn compile_printf(source: &Path) {
    println!("cargo::rerun-if-changed={}", source.display());
    println!("cargo::rustc-link-search=native={}", env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    cc::Build::new()
        .file(source)
        .flag("-std=c11")
        .flag("-ffreestanding")
        .warnings_into_errors(true)
        .extra_warnings(true)
        .cargo_metadata(false)
        .compile("guestprintf");
}
