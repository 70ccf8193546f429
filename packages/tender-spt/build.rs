//! Links `solo5-spt` without a C library: see `src/main.rs`.

fn main() {
    // Far above any guest, and far below the stack and what the kernel maps beside it: guest memory
    // may grow up to here. A fixed address needs no relocation at every start, and nothing of the
    // tender but one page of code is left when a guest runs.
    let arguments = [
        "-nostartfiles",
        "-nostdlib",
        "-static",
        "-no-pie",
        "-Wl,--image-base=0x600000000000",
        "-Wl,--gc-sections",
        "-Wl,--build-id=none",
        "-Wl,-z,norelro",
        "-Wl,--no-eh-frame-hdr",
    ];
    for argument in arguments {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
