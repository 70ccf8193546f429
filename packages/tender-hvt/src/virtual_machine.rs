//! The virtual machine: one processor, one memory, nothing else (ABI sections 4.4, 4.9).

use std::fmt;
use std::os::fd::AsRawFd as _;

use kvm_bindings::{
    CpuId, KVM_API_VERSION, KVM_MAX_CPUID_ENTRIES, kvm_dtable, kvm_regs, kvm_segment, kvm_sregs,
    kvm_userspace_memory_region,
};
use kvm_ioctls::{Cap, IoEventAddress, Kvm, NoDatamatch, VcpuExit, VcpuFd, VmFd};
use solo5_abi::Gpa;
use solo5_abi::hvt::PORT_KICK;
use solo5_abi::hvt::boot::{CODE_SELECTOR, CR0, CR4, DATA_SELECTOR, EFER, GDT, GDT_LIMIT, PML4, RFLAGS};
use solo5_abi::memory::{HVT_BOOT_INFO, STACK_OFFSET};
use tender_core::syscall::{Errno, Fd};
use thiserror::Error;
use vmm_sys_util::eventfd::EventFd;

use crate::guest_memory::GuestMemory;

/// EFER: pages can forbid execution.
const EFER_NXE: u64 = 1 << 11;
/// Selector type of code that was executed.
const CODE: u8 = 11;
/// Selector type of data that was written.
const DATA: u8 = 3;

/// A virtual machine that stands at the guest's entry point.
#[derive(Debug)]
pub struct VirtualMachine<'m> {
    vcpu: VcpuFd,
    vm: VmFd,
    can_forbid_execution: bool,
    cpu_cycle_freq: u64,
    /// KVM has this memory for as long as `vm` is open.
    memory: &'m GuestMemory,
}

/// All of the processor's registers but those for numbers.
#[derive(Clone, Copy, Debug)]
pub struct Registers {
    pub general: kvm_regs,
    /// Segments and control.
    pub special: kvm_sregs,
}

/// Why there is no virtual machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum VirtualMachineError {
    #[error("/dev/kvm cannot be opened: {}{}", .0, what_to_do(*.0))]
    Open(#[source] Errno),
    #[error("KVM of this host speaks version {0} of its interface, only 12 is known")]
    Version(i32),
    #[error("KVM of this host is too old: it does not offer {0}")]
    Lacks(&'static str),
    #[error(
        "KVM of this host cannot tell the frequency of the processor's clock: {0}; a guest needs a steady one"
    )]
    UnsteadyClock(#[source] Errno),
    #[error("KVM of this host refused {what}: {errno}")]
    Refused {
        what: &'static str,
        #[source]
        errno: Errno,
    },
}

const fn what_to_do(errno: Errno) -> &'static str {
    match errno {
        Errno::ENOENT | Errno::ENODEV | Errno::ENXIO => {
            "; load the kernel module kvm_intel or kvm_amd on a host with hardware virtualization, pass the device to \
             this container, or build for spt, which needs no KVM"
        }
        Errno::EACCES | Errno::EPERM => "; add this user to the group kvm, or run as root",
        _ => "",
    }
}

/// Why the processor stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmExit {
    /// A 32-bit `OUT`: a hypercall, if the port is one.
    Out {
        port: u16,
        value: u32,
    },
    /// A debug register or a step.
    Debug {
        /// The debug status register, DR6.
        dr6: u64,
    },
    /// It executed HLT: a debugger's breakpoint, or the end.
    Hlt,
    Interrupted,
    Dead(Death),
}

/// What a guest did that ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// `IN`, or an `OUT` of another size.
    Port {
        port: u16,
        /// Bytes.
        size: usize,
        /// It was an `IN`.
        input: bool,
    },
    /// It used a page that the host protects, or an address where there is no memory.
    TranslationFault {
        /// Where, if KVM tells.
        gpa: Option<Gpa>,
    },
    Hlt,
    /// An exception while it handled exceptions, or had nothing to handle them with.
    TripleFault,
    /// The processor refused its state.
    EntryFailure {
        reason: u64,
    },
    InternalError {
        suberror: u32,
    },
    /// KVM said something that no guest of ours causes.
    Unhandled {
        /// `exit_reason` of `struct kvm_run`, or the errno less than zero.
        reason: i64,
    },
}

/// `KVM_INTERNAL_ERROR_EMULATION`.
const EMULATION_FAILED: u32 = 1;

pub fn errno(error: &kvm_ioctls::Error) -> Errno {
    Errno::from_number(error.errno())
}

fn refused(what: &'static str) -> impl Fn(kvm_ioctls::Error) -> VirtualMachineError {
    move |error| VirtualMachineError::Refused { what, errno: errno(&error) }
}

impl<'m> VirtualMachine<'m> {
    /// A machine with this memory; its processor is not set up yet.
    pub fn new(memory: &'m GuestMemory) -> Result<Self, VirtualMachineError> {
        let kvm = Kvm::new().map_err(|error| VirtualMachineError::Open(errno(&error)))?;
        let version = kvm.get_api_version();
        if u32::try_from(version) != Ok(KVM_API_VERSION) {
            return Err(VirtualMachineError::Version(version));
        }
        for (capability, name) in [
            (Cap::UserMemory, "memory of user space"),
            (Cap::GetTscKhz, "the frequency of the processor's clock"),
        ] {
            if !kvm.check_extension(capability) {
                return Err(VirtualMachineError::Lacks(name));
            }
        }
        let cpuid = supported_cpuid(&kvm)?;
        let vm = kvm.create_vm().map_err(refused("a virtual machine"))?;
        give_memory(&vm, memory).map_err(refused("the machine's memory"))?;
        let vcpu = vm.create_vcpu(0).map_err(refused("a processor"))?;
        vcpu.set_cpuid2(&cpuid).map_err(refused("the processor's features"))?;
        let khz = vcpu.get_tsc_khz().map_err(|error| VirtualMachineError::UnsteadyClock(errno(&error)))?;
        let can_forbid_execution = can_forbid_execution(&cpuid);
        let cpu_cycle_freq = u64::from(khz) * 1000;
        Ok(Self { vcpu, vm, can_forbid_execution, cpu_cycle_freq, memory })
    }

    /// TSC frequency in Hz.
    #[must_use]
    pub const fn cpu_cycle_freq(&self) -> u64 {
        self.cpu_cycle_freq
    }

    /// Page tables of this processor can forbid execution.
    #[must_use]
    pub const fn can_forbid_execution(&self) -> bool {
        self.can_forbid_execution
    }

    #[must_use]
    pub const fn vcpu(&self) -> &VcpuFd {
        &self.vcpu
    }

    /// The processor, to be changed.
    pub const fn vcpu_mut(&mut self) -> &mut VcpuFd {
        &mut self.vcpu
    }

    /// The general registers.
    pub fn general(&self) -> Result<kvm_regs, Errno> {
        self.vcpu.get_regs().map_err(|error| errno(&error))
    }

    /// The registers.
    pub fn registers(&self) -> Result<Registers, Errno> {
        let special = self.vcpu.get_sregs().map_err(|error| errno(&error))?;
        Ok(Registers { general: self.general()?, special })
    }

    #[must_use]
    pub fn fd(&self) -> Fd {
        Fd::numbered(self.vcpu.as_raw_fd())
    }

    /// Lets an `OUT` to the ring's port signal `event`, without leaving the kernel.
    pub fn kick_signals(&self, event: &EventFd) -> Result<(), Errno> {
        if !self.vm.check_extension(Cap::Ioeventfd) {
            return Err(Errno::from_number(libc::ENOSYS));
        }
        let port = IoEventAddress::Pio(u64::from(PORT_KICK));
        self.vm.register_ioevent(event, &port, NoDatamatch).map_err(|error| errno(&error))
    }

    /// Puts the processor at `entry`, as the ABI says; what is not named there is zero or as KVM resets it.
    pub fn set_up(&self, entry: Gpa) -> Result<(), VirtualMachineError> {
        let before = self.vcpu.get_sregs().map_err(refused("the processor's registers"))?;
        let data = segment(DATA_SELECTOR, DATA);
        let nxe = if self.can_forbid_execution { EFER_NXE } else { 0 };
        let special = kvm_sregs {
            cs: kvm_segment { db: 0, l: 1, ..segment(CODE_SELECTOR, CODE) },
            ss: data,
            ds: data,
            es: data,
            fs: data,
            gs: data,
            tr: kvm_segment { type_: 11, present: 1, ..kvm_segment::default() },
            ldt: kvm_segment { unusable: 1, ..kvm_segment::default() },
            gdt: kvm_dtable { base: GDT, limit: GDT_LIMIT, ..kvm_dtable::default() },
            idt: kvm_dtable::default(),
            cr0: CR0,
            cr2: 0,
            cr3: PML4,
            cr4: CR4,
            cr8: 0,
            efer: EFER | nxe,
            apic_base: before.apic_base,
            interrupt_bitmap: [0; 4],
        };
        self.vcpu.set_sregs(&special).map_err(refused("the processor's registers"))?;
        let general = kvm_regs {
            rip: entry,
            rsp: self.memory.size() - STACK_OFFSET,
            rdi: HVT_BOOT_INFO,
            rflags: RFLAGS,
            ..kvm_regs::default()
        };
        self.vcpu.set_regs(&general).map_err(refused("the processor's registers"))
    }

    /// Runs the guest until it wants something or dies, or a signal arrives.
    pub fn run(&mut self) -> VmExit {
        let dead = match self.vcpu.run() {
            Ok(VcpuExit::IoOut(port, data)) => match <[u8; 4]>::try_from(data) {
                Ok(value) => return VmExit::Out { port, value: u32::from_le_bytes(value) },
                Err(_) => Death::Port { port, size: data.len(), input: false },
            },
            Ok(VcpuExit::IoIn(port, data)) => Death::Port { port, size: data.len(), input: true },
            Ok(VcpuExit::Debug(debug)) => return VmExit::Debug { dr6: debug.dr6 },
            Ok(VcpuExit::Intr) => return VmExit::Interrupted,
            Ok(VcpuExit::Hlt) => return VmExit::Hlt,
            Ok(VcpuExit::Shutdown) => Death::TripleFault,
            Ok(VcpuExit::MmioRead(gpa, _) | VcpuExit::MmioWrite(gpa, _)) => {
                Death::TranslationFault { gpa: Some(gpa) }
            }
            Ok(VcpuExit::MemoryFault { gpa, .. }) => Death::TranslationFault { gpa: Some(gpa) },
            Ok(VcpuExit::FailEntry(reason, _)) => Death::EntryFailure { reason },
            Ok(VcpuExit::InternalError) => Death::InternalError { suberror: self.suberror() },
            Ok(_) => Death::Unhandled { reason: self.vcpu.get_kvm_run().exit_reason.into() },
            Err(error) => match Errno::from_number(error.errno()) {
                // A page of small use: KVM says EAGAIN when a signal and a processor reset meet.
                Errno::EINTR | Errno::EAGAIN => {
                    self.vcpu.set_kvm_immediate_exit(0);
                    return VmExit::Interrupted;
                }
                Errno::EFAULT => Death::TranslationFault { gpa: None },
                errno => Death::Unhandled { reason: -i64::from(errno.number()) },
            },
        };
        VmExit::Dead(dead)
    }

    fn suberror(&mut self) -> u32 {
        // SAFETY: KVM said that it left an internal error, whose record this is; all bytes are valid.
        unsafe { self.vcpu.get_kvm_run().__bindgen_anon_1.internal.suberror }
    }
}

/// All that KVM offers to guests.
fn supported_cpuid(kvm: &Kvm) -> Result<CpuId, VirtualMachineError> {
    kvm.get_supported_cpuid(KVM_MAX_CPUID_ENTRIES).map_err(refused("the processor's features"))
}

/// Leaf 0x80000001, EDX bit 20.
fn can_forbid_execution(cpuid: &CpuId) -> bool {
    cpuid.as_slice().iter().any(|leaf| leaf.function == 0x8000_0001 && leaf.edx & (1 << 20) != 0)
}

fn give_memory(vm: &VmFd, memory: &GuestMemory) -> Result<(), kvm_ioctls::Error> {
    let region = kvm_userspace_memory_region {
        slot: 0,
        flags: 0,
        guest_phys_addr: 0,
        memory_size: memory.size(),
        userspace_addr: memory.host_address(),
    };
    // SAFETY: the region is a mapping of its own to which nobody has references (`GuestMemory`), and
    // `VirtualMachine` borrows it for as long as the virtual machine lives.
    unsafe { vm.set_user_memory_region(region) }
}

fn segment(selector: u16, type_: u8) -> kvm_segment {
    kvm_segment {
        selector,
        limit: 0xFFFF_FFFF,
        type_,
        present: 1,
        db: 1,
        s: 1,
        g: 1,
        ..kvm_segment::default()
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Port { port, size, input: true } => write!(f, "it read {size} bytes from port {port:#x}"),
            Self::Port { port, size, input: false } => {
                write!(f, "it wrote {size} bytes to port {port:#x}; a hypercall has 4")
            }
            // Scripts look for these words.
            Self::TranslationFault { gpa: Some(gpa) } => {
                write!(f, "host/guest translation fault: it used protected or missing memory at gpa={gpa:#x}")
            }
            Self::TranslationFault { gpa: None } => {
                f.write_str("host/guest translation fault: it wrote to protected memory")
            }
            Self::Hlt => f.write_str("it executed HLT, but nothing could wake it"),
            Self::TripleFault => f.write_str("triple fault: an exception that it had no handler for"),
            Self::EntryFailure { reason } => write!(f, "the processor refused to run it: reason {reason:#x}"),
            Self::InternalError { suberror: EMULATION_FAILED } => f.write_str(
                "KVM of this host cannot execute it: it emulates instructions, and does not know this one \
                 (internal error, suberror 1); run it on a host with hardware virtualization, or build for spt",
            ),
            Self::InternalError { suberror } => write!(f, "KVM: internal error, suberror {suberror}"),
            Self::Unhandled { reason } => write!(f, "KVM: unhandled exit, reason {reason}"),
        }
    }
}

impl std::error::Error for Death {}
