//! What this crate makes of images, for tests that compare it with the reader in TypeScript.
//!
//! Standard input holds images one after the other: bytes of guest memory and bytes of the image, a little-endian
//! `u64` each, then the image. For each there is a line on standard output: `+` and what is to be loaded as JSON, or
//! `-` and why it is refused.

use std::error::Error;
use std::io::{self, Read as _, Write as _};

use solo5_abi::limits::MFT_MAX_SIZE;
use solo5_elf::{Header, Plan, read_abi, read_manifest};

fn main() -> io::Result<()> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut sizes = [[0; 8]; 2];
    while input.read_exact(sizes.as_flattened_mut()).is_ok() {
        let [memory, len] = sizes.map(u64::from_le_bytes);
        let mut image = Vec::new();
        input.by_ref().take(len).read_to_end(&mut image)?;
        match verdict(&image, memory) {
            Ok(loaded) => writeln!(output, "+{loaded}")?,
            Err(error) => writeln!(output, "-{error}")?,
        }
        output.flush()?;
    }
    Ok(())
}

/// All that a tender does before it loads anything, but for the question whether the image is for it.
fn verdict(image: &[u8], memory: u64) -> Result<String, Box<dyn Error>> {
    let header = Header::read(image)?;
    let abi = read_abi(image, &header)?;
    let mut buffer = [0; MFT_MAX_SIZE];
    let manifest = read_manifest(image, &header, &mut buffer)?;
    let plan = Plan::new(image, &header, memory)?;
    let devices: Vec<_> = manifest
        .devices()
        .map(|device| {
            let name = device.name.escape_ascii();
            format!(r#"{{"handle":{},"name":"{name}","type":"{}"}}"#, device.handle, device.kind)
        })
        .collect();
    let mut segments = Vec::new();
    for segment in plan.segments(image) {
        let segment = segment?;
        let letter = |set, letter| if set { letter } else { '-' };
        let (r, w, x) = (segment.protection.read(), segment.protection.write(), segment.protection.execute());
        segments.push(format!(
            r#"{{"vaddr":{},"filesz":{},"offset":{},"flags":"{}{}{}"}}"#,
            segment.vaddr,
            segment.file_size,
            segment.offset,
            letter(r, 'R'),
            letter(w, 'W'),
            letter(x, 'X')
        ));
    }
    Ok(format!(
        r#"{{"abi":{{"targetNumber":{},"version":{}}},"devices":[{}],"entry":{},"kernelEnd":{},"segments":[{}]}}"#,
        abi.target,
        abi.version,
        devices.join(","),
        plan.entry(),
        plan.kernel_end(),
        segments.join(",")
    ))
}
