//! Options and usage of `solo5-hvt` (ABI sections 6.1, 6.2).

use std::ffi::CStr;

use solo5_abi::limits::DEFAULT_MEM_MIB;
use solo5_abi::memory::{HVT_MEM_MAX, HVT_MEM_UNIT};
use tender_core::cli::{DeviceUsage, Run, TenderOption};
use tender_core::devices::Devices;
use tender_core::diagnostics::{Diagnostics, Quoted};

/// An error that was reported.
#[derive(Debug)]
pub struct Reported;

/// What a user asked for, devices apart.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Guest memory in bytes, a multiple of 2 MiB.
    pub mem_size: u64,
    /// All that the guest can write can be executed.
    pub executable_heap: bool,
    /// Offer the network ring.
    pub net_ring: bool,
    /// Where cores go.
    pub cores: Option<&'static CStr>,
    /// The port where a debugger is to connect.
    pub debugger: Option<u16>,
}

/// The port of `--gdb`, without `--gdb-port`.
const DEBUGGER_PORT: u16 = 1234;

/// Second pass over the command line. The last of repeated options wins.
///
/// # Errors
/// One of them was refused, and a line said so.
pub fn options<'m, W>(
    diagnostics: &Diagnostics<'_>,
    run: &Run<'static, W>,
    devices: &mut Devices<'m>,
) -> Result<Options, Reported>
where
    W: Iterator<Item = &'static CStr> + Clone,
{
    let mut mem_mib = DEFAULT_MEM_MIB;
    let (mut debug, mut port) = (false, DEBUGGER_PORT);
    let mut options =
        Options { mem_size: 0, executable_heap: false, net_ring: true, cores: None, debugger: None };
    for word in run.options.clone() {
        match TenderOption::parse(word, HVT_MEM_MAX >> 20, HVT_MEM_UNIT >> 20) {
            Ok(Some(TenderOption::MemMib(mib))) => mem_mib = mib,
            Ok(Some(TenderOption::Device(option))) => {
                devices.apply(option).map_err(|error| {
                    diagnostics.line(format_args!("{error}"));
                    Reported
                })?;
            }
            Ok(None) if word == c"--x-exec-heap" => options.executable_heap = true,
            Ok(None) if word == c"--no-net-ring" => options.net_ring = false,
            Ok(None) if word == c"--gdb" => debug = true,
            Ok(None) if let Some(value) = value_of(word, "--dumpcore=") => options.cores = Some(value),
            Ok(None) if let Some(value) = value_of(word, "--gdb-port=") => {
                port = port_of(value).ok_or_else(|| {
                    let word = Quoted(word.to_bytes());
                    diagnostics
                        .line(format_args!("option {word}: malformed port, give a number from 0 to 65535"));
                    Reported
                })?;
            }
            Ok(None) => {
                diagnostics.line(format_args!("unknown option {}", Quoted(word.to_bytes())));
                usage(diagnostics);
                return Err(Reported);
            }
            Err(error) => {
                diagnostics.line(format_args!("{error}"));
                return Err(Reported);
            }
        }
    }
    options.debugger = debug.then_some(port);
    options.mem_size = whole_units(diagnostics, mem_mib);
    Ok(options)
}

/// What follows `prefix` in a word that begins with it; not nothing.
fn value_of(word: &'static CStr, prefix: &str) -> Option<&'static CStr> {
    let value = word.to_bytes_with_nul().strip_prefix(prefix.as_bytes())?;
    CStr::from_bytes_with_nul(value).ok().filter(|value| !value.is_empty())
}

/// Decimal digits and nothing else.
fn port_of(value: &CStr) -> Option<u16> {
    let text = value.to_str().ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// Memory comes in steps of 2 MiB, at least one (ABI section 4.2).
fn whole_units(diagnostics: &Diagnostics<'_>, mib: u64) -> u64 {
    let asked = mib << 20;
    let size = (asked / HVT_MEM_UNIT * HVT_MEM_UNIT).max(HVT_MEM_UNIT);
    if size != asked {
        let given = size >> 20;
        diagnostics.line(format_args!(
            "warning: --mem={mib}: the guest gets {given} MiB, memory comes in steps of 2 MiB"
        ));
    }
    size
}

/// Prints what the command line can be.
pub fn usage(diagnostics: &Diagnostics<'_>) {
    let program = diagnostics.program();
    diagnostics.text(format_args!(
        "\
usage: {program} [options] [--] KERNEL [ARGS...]

Runs KERNEL, a Solo5 image for hvt, as a virtual machine under KVM.
ARGS are the guest's, whatever they look like.

options:
  --mem=N         guest memory in MiB, in steps of 2 (default: {DEFAULT_MEM_MIB})
  --no-net-ring   all frames go through hypercalls, none through shared memory
  --x-exec-heap   heap, stack and data of the guest are executable
  --dumpcore=DIR  a guest that aborts or is killed leaves DIR/core.solo5-hvt.PID
  --gdb           wait for a debugger on this host before the guest runs
  --gdb-port=N    its port (default: {DEBUGGER_PORT})
  --version       release and ABI version
  --help          this text

modules: core block net gdb dumpcore

{DeviceUsage}

example:
  {program} --mem=64 --net:service=tap0 --block:storage=disk.img -- hello.hvt --name=world
"
    ));
}
