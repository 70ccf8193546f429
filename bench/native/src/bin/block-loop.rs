//! `block-loop [--filter] FILE read|write sequential|random COUNT`: COUNT blocks of 4 KiB with pread(2) or
//! pwrite(2), and `{"nsPerBlock"}`. The random order is the guest's (bench/block/guest.ts); with
//! `--filter` it runs under the filter of a guest.

use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use linux_raw_sys::general as calls;
use tender_core::seccomp::{Condition, Rule, allow_only};

const BLOCK: usize = 4096;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (filter, words) = match words.as_slice() {
        [first, rest @ ..] if first == "--filter" => (true, rest),
        rest => (false, rest),
    };
    let [path, call, order, count] = words else { return Err(ErrorKind::InvalidInput.into()) };
    let count: u32 = count.parse().map_err(|_| ErrorKind::InvalidInput)?;
    let file = File::options().read(true).write(true).open(path)?;
    let size = file.metadata()?.len();
    let blocks = u32::try_from(size / BLOCK as u64).map_err(Error::other)?;
    let mut state = 1_u32;
    let mut next = |n| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u64::from(if order == "random" { (state >> 8) % blocks } else { n % blocks }) * BLOCK as u64
    };
    let offsets: Vec<u64> = (0..count).map(&mut next).collect();
    if filter {
        let fd = u64::try_from(file.as_raw_fd()).map_err(Error::other)?;
        let block = [
            Condition::Equal(0, fd),
            Condition::Equal(2, BLOCK as u64),
            Condition::AtMost(3, size - BLOCK as u64),
        ];
        let end = [calls::__NR_munmap, calls::__NR_sigaltstack, calls::__NR_close, calls::__NR_brk];
        let end = end.map(|call| Rule::new(call, [], "the end of a process of Rust"));
        let rules = [
            Rule::new(calls::__NR_pread64, block, "read"),
            Rule::new(calls::__NR_pwrite64, block, "write"),
            Rule::new(calls::__NR_write, [Condition::Equal(0, 1)], "the result"),
            Rule::new(calls::__NR_exit_group, [], "the end"),
        ];
        allow_only(rules.into_iter().chain(end)).map_err(Error::other)?;
    }
    let mut buffer = [0_u8; BLOCK];
    let start = Instant::now();
    for offset in offsets {
        if call == "read" {
            file.read_exact_at(&mut buffer, offset)?;
        } else {
            file.write_all_at(&buffer, offset)?;
        }
    }
    report(start.elapsed().as_nanos() / u128::from(count));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of the program")]
fn report(ns: u128) {
    println!("{{\"nsPerBlock\":{ns}}}");
}
