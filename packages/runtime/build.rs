//! Computes the engine's build id, and compiles the one C file of an image.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Crates whose code decides what bytecode means.
const ENGINE_CRATES: [&str; 1] = ["rquickjs-sys"];

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    let lockfile = here.join("../../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lockfile.display());
    fs::write(out.join("build-id.bin"), build_id(&lockfile)).expect("OUT_DIR is writable");

    if env::var_os("CARGO_FEATURE_FREESTANDING").is_some() {
        compile_printf(&here.join("src/libc/printf.c"));
    }
}

/// SHA-256 over name, version and checksum of the engine crates as the lockfile pins them: the base
/// image and the compiler agree on it exactly if they hold the same engine.
fn build_id(lockfile: &Path) -> [u8; 32] {
    let text = fs::read_to_string(lockfile).expect("Cargo.lock is committed beside the workspace");
    let mut hash = Sha256::new();
    for name in ENGINE_CRATES {
        let package = text
            .split("[[package]]")
            .find(|package| package.contains(&format!("name = \"{name}\"")))
            .unwrap_or_else(|| panic!("Cargo.lock does not pin {name}"));
        for key in ["name", "version", "checksum"] {
            let line = package.lines().find(|line| line.starts_with(&format!("{key} = ")));
            hash.update(line.unwrap_or_else(|| panic!("Cargo.lock has no {key} for {name}")));
            hash.update("\n");
        }
    }
    hash.finalize().into()
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
