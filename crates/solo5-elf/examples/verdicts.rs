//! What this crate makes of images, for tests that compare it with the reader in TypeScript.
//!
//! Standard input holds images one after the other: bytes of guest memory and bytes of the image, a little-endian
//! `u64` each, then the image. For each there is a line on standard output.

use std::io::{self, BufReader, BufWriter, Read as _, Write as _};

#[path = "../tests/support/verdict.rs"]
mod verdict;

fn main() -> io::Result<()> {
    let (mut input, mut output) = (BufReader::new(io::stdin().lock()), BufWriter::new(io::stdout().lock()));
    let mut sizes = [[0; 8]; 2];
    let mut image = Vec::new();
    while input.read_exact(sizes.as_flattened_mut()).is_ok() {
        let [memory, len] = sizes.map(u64::from_le_bytes);
        image.clear();
        input.by_ref().take(len).read_to_end(&mut image)?;
        writeln!(output, "{}", verdict::verdict(&image[..], memory, usize::MAX))?;
    }
    output.flush()
}
