//! `block-loop FILE read|write sequential|random COUNT`: COUNT blocks of 4 KiB with pread(2) or pwrite(2),
//! and `{"nsPerBlock"}`. The random order is the guest's (bench/block/guest.ts).

use std::fs::File;
use std::io::{ErrorKind, Result};
use std::os::unix::fs::FileExt;
use std::time::Instant;

const BLOCK: usize = 4096;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [path, call, order, count] = words.as_slice() else { return Err(ErrorKind::InvalidInput.into()) };
    let count: u32 = count.parse().map_err(|_| ErrorKind::InvalidInput)?;
    let file = File::options().read(true).write(true).open(path)?;
    let blocks = u32::try_from(file.metadata()?.len() / BLOCK as u64).map_err(std::io::Error::other)?;
    let mut buffer = [0_u8; BLOCK];
    let mut state = 1_u32;
    let start = Instant::now();
    for n in 0..count {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let block = if order == "random" { (state >> 8) % blocks } else { n % blocks };
        let offset = u64::from(block) * BLOCK as u64;
        if call == "read" {
            file.read_exact_at(&mut buffer, offset)?
        } else {
            file.write_all_at(&buffer, offset)?
        }
    }
    report(start.elapsed().as_nanos() / u128::from(count));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of the program")]
fn report(ns: u128) {
    println!("{{\"nsPerBlock\":{ns}}}");
}
