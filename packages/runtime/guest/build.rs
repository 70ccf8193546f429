//! Compiles the one C file of an image.

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    if env::var_os("CARGO_FEATURE_FREESTANDING").is_some() {
        compile_printf(&here.join("src/libc/printf.c"));
    }
}

fn compile_printf(source: &Path) {
    println!("cargo::rerun-if-changed={}", source.display());
    cc::Build::new()
        .file(source)
        .flag("-std=c11")
        .flag("-ffreestanding")
        .warnings_into_errors(true)
        .extra_warnings(true)
        .compile("guestprintf");
}
