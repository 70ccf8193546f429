//! `measure RUNS WARMUP COMMAND... -- COMMAND... [-- ...]`
//!
//! Runs every command once a round, in turn, `WARMUP + RUNS` rounds, and prints one line of JSON a
//! command: `{"command", "wallNs": [...], "peakRssKib": [...], "status": N}`. Wall time is the whole
//! process, from before its creation to after its end. Peak memory is what the kernel reports for
//! it; a child begins with the pages of this small program, so figures below that cannot be seen.

use std::env;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

struct Samples {
    words: Vec<String>,
    wall_ns: Vec<u128>,
    peak_rss_kib: Vec<i64>,
    status: i32,
}

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let counts = [args.next(), args.next()].map(|word| word.and_then(|word| word.parse::<usize>().ok()));
    let [Some(runs), Some(warmup)] = counts else {
        eprintln!("measure: usage: measure RUNS WARMUP COMMAND... [-- COMMAND...]");
        return ExitCode::FAILURE;
    };
    let words: Vec<String> = args.collect();
    let mut all: Vec<Samples> =
        words.split(|word| word == "--").filter(|words| !words.is_empty()).map(Samples::new).collect();
    for round in 0..warmup + runs {
        for samples in &mut all {
            if let Err(error) = samples.run(round >= warmup) {
                eprintln!("measure: {}: {error}", samples.words.join(" "));
                return ExitCode::FAILURE;
            }
        }
    }
    for samples in &all {
        samples.print();
    }
    ExitCode::SUCCESS
}

impl Samples {
    fn new(words: &[String]) -> Self {
        Self { words: words.to_vec(), wall_ns: Vec::new(), peak_rss_kib: Vec::new(), status: 0 }
    }

    fn run(&mut self, keep: bool) -> std::io::Result<()> {
        let (program, args) = self.words.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null());
        let start = Instant::now();
        let child = command.spawn()?;
        let (status, peak_rss_kib) = wait(child.id())?;
        let wall = start.elapsed();
        self.status = status;
        if keep {
            self.wall_ns.push(wall.as_nanos());
            self.peak_rss_kib.push(peak_rss_kib);
        }
        Ok(())
    }

    #[expect(clippy::print_stdout, reason = "the result of the program")]
    fn print(&self) {
        let Self { words, wall_ns, peak_rss_kib, status } = self;
        let command = words.join(" ").replace('\\', "\\\\").replace('"', "\\\"");
        println!(
            "{{\"command\":\"{command}\",\"wallNs\":{wall_ns:?},\"peakRssKib\":{peak_rss_kib:?},\"status\":{status}}}"
        );
    }
}

/// Waits for a child; its raw wait status and its peak resident memory.
fn wait(pid: u32) -> std::io::Result<(i32, i64)> {
    let pid = libc::pid_t::try_from(pid).map_err(std::io::Error::other)?;
    let mut status = 0;
    // SAFETY: `rusage` is a plain record for which all zeros is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both records are writable; the child is ours and was not waited for.
    if unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) } < 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok((status, usage.ru_maxrss))
}
