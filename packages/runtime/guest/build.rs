//! Compiles the one C file of an image, and finds the formatter of its console and the version of the package.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Names a file with the bytecode of `js/guest/console.ts` (scripts/build.mjs). Without it the guest can be checked
/// and tested, and an image cannot show objects.
const FORMATTER: &str = "UK_CONSOLE_BYTECODE";

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    println!("cargo::rustc-link-search=native={}", out.display());
    let printf = here.join("src/libc/printf.c");
    compile_printf(&printf, "guestprintf", "");
    compile_printf(&printf, "testprintf", "uk_");
    println!("cargo::rustc-env=UK_RUNTIME_VERSION={}", package_version(&here.join("../package.json")));
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

/// The version in a package.json of ours, which has one a line.
fn package_version(path: &Path) -> String {
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let line = text.lines().find_map(|line| line.trim().strip_prefix("\"version\": \""));
    let version = line.and_then(|rest| rest.split('"').next());
    version.unwrap_or_else(|| panic!("{}: no version", path.display())).to_owned()
}

/// A library that is linked where Rust asks for it (`libc`): tests, which have the host's functions, have these under names
/// with a prefix beside them.
fn compile_printf(source: &Path, library: &str, prefix: &str) {
    println!("cargo::rerun-if-changed={}", source.display());
    let mut compiler = cc::Build::new();
    for name in ["vsnprintf", "snprintf", "printf", "fprintf"] {
        compiler.define(name, Some(format!("{prefix}{name}").as_str()));
    }
    compiler
        .file(source)
        .flag("-std=c11")
        .flag("-ffreestanding")
        .warnings_into_errors(true)
        .extra_warnings(true)
        .cargo_metadata(false)
        .compile(library);
}
