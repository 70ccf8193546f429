//! Compiles QuickJS-ng from the sources in its crate, with the edits of `edits.rs` made on the way.
//!
//! Nothing of the engine is kept in this repository. An edit whose text is not there as often as it says
//! ends the build: a newer engine has changed it, and somebody has to look.

mod edits;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use edits::{Edit, Mend, mends};

/// The crate that carries the engine.
const CRATE: &str = "rquickjs-sys";
const SOURCES: [&str; 4] = ["quickjs.c", "libregexp.c", "libunicode.c", "dtoa.c"];
/// The crate's own Rust face: generated bindings, and what the engine has as inline functions.
const FACE: [&str; 3] =
    ["src/bindings/x86_64-unknown-linux-gnu.rs", "src/inlines/ptr_64.rs", "src/inlines/common.rs"];
/// What the edits call.
const OURS: [&str; 7] = ["mends.h", "state.h", "hash.h", "memory.h", "errors.h", "jobs.h", "keys.h"];

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets OUT_DIR"));
    for input in ["build.rs", "edits.rs", "src", "Cargo.toml"] {
        println!("cargo::rerun-if-changed={}", here.join(input).display());
    }
    println!("cargo::rerun-if-changed={}", here.join("../../../Cargo.lock").display());

    let engine = crate_folder(&here);
    let mut id = Sha256::new();
    let mut keep = |name: &str, text: &str| {
        id.update(name);
        id.update(text.len().to_le_bytes());
        id.update(text);
        fs::write(out.join(name), text).expect("OUT_DIR is writable");
    };
    for name in files(&engine.join("quickjs")) {
        keep(&name, &edited(&name, &read(&engine.join("quickjs").join(&name))));
    }
    for name in OURS {
        keep(name, &read(&here.join("src").join(name)));
    }
    fs::write(out.join("source-id.bin"), id.finalize()).expect("OUT_DIR is writable");
    fs::write(out.join("version.txt"), version(&read(&engine.join("quickjs/quickjs.h"))))
        .expect("OUT_DIR is writable");
    let face: String = FACE.iter().map(|name| read(&engine.join(name))).collect();
    fs::write(out.join("face.rs"), face).expect("OUT_DIR is writable");

    let mut compiler = cc::Build::new();
    compiler.define("_GNU_SOURCE", None).define("NDEBUG", None).warnings(false);
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        // Tests shall see each allocation, and tools each block.
        compiler.define("UK_NO_ARENAS", None);
    }
    compiler.files(SOURCES.map(|name| out.join(name))).compile("quickjs");
}

/// Where cargo keeps the engine's crate. No build depends on the crate, so only the metadata names it.
fn crate_folder(here: &Path) -> PathBuf {
    let cargo = env::var_os("CARGO").expect("cargo sets CARGO");
    let metadata = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(here.join("Cargo.toml"))
        .output()
        .expect("cargo can be started by its own build script");
    assert!(metadata.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("metadata lists packages");
    let manifest = packages
        .iter()
        .find(|package| package["name"] == CRATE)
        .and_then(|package| package["manifest_path"].as_str())
        .unwrap_or_else(|| panic!("Cargo.lock does not pin {CRATE}"));
    Path::new(manifest).parent().expect("a manifest lies in a folder").to_owned()
}

/// What the engine's header says: `0.16.2`.
fn version(header: &str) -> String {
    let value = |part: &str| {
        let name = format!("#define QJS_VERSION_{part} ");
        let line = header.lines().find_map(|line| line.strip_prefix(name.as_str()));
        line.unwrap_or_else(|| panic!("{CRATE}: quickjs.h has no QJS_VERSION_{part}"))
            .trim()
            .trim_matches('"')
    };
    format!("{}.{}.{}{}", value("MAJOR"), value("MINOR"), value("PATCH"), value("SUFFIX"))
}

/// The engine's own C, in a fixed order: what is compiled, and all that it may include.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a folder can be read").file_name().into_string().expect("names are ASCII"))
        .filter(|name| name.ends_with(".h") || SOURCES.contains(&name.as_str()))
        .collect();
    names.sort();
    names
}

fn edited(name: &str, text: &str) -> String {
    let mut text = text.to_owned();
    for Mend { why, edits, .. } in mends().iter().filter(|mend| mend.file == name) {
        for Edit { from, to, times } in edits {
            let found = text.matches(from).count();
            assert!(
                found == *times,
                "{CRATE}: {name}: an edit ({why}) expects {from:?} {times} times and finds it {found} times: look at the new engine and mend edits.rs",
            );
            text = text.replace(from, to);
        }
    }
    text
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
