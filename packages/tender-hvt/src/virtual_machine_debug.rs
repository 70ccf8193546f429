//! The machine under a debugger: its registers, and what stops it.

use std::sync::atomic::AtomicU8;

use gdbstub_arch::x86::reg::X86_64CoreRegs;
use kvm_bindings::{
    KVM_GUESTDBG_ENABLE, KVM_GUESTDBG_SINGLESTEP, KVM_GUESTDBG_USE_HW_BP, kvm_guest_debug,
    kvm_guest_debug_arch, kvm_regs,
};
use tender_core::syscall::Errno;

use crate::breakpoints::DebugRegisters;
use crate::virtual_machine::{VirtualMachine, errno};

impl VirtualMachine<'_> {
    /// The byte that keeps the processor from running while it is not 0; a handler of signals sets it.
    pub fn immediate_exit(&mut self) -> &'static AtomicU8 {
        let byte = &raw mut self.vcpu_mut().get_kvm_run().immediate_exit;
        // SAFETY: the record is shared with the kernel, and mapped for as long as the processor's
        // descriptor is open; nobody closes that before the process ends, since the tender ends without
        // dropping its machine. All accesses while the guest lives are atomic.
        unsafe { AtomicU8::from_ptr(byte) }
    }

    /// Stops for these debug registers, and after one instruction if `step`.
    pub fn debug(&self, step: bool, hardware: &DebugRegisters) {
        let mut control = KVM_GUESTDBG_ENABLE;
        if step {
            control |= KVM_GUESTDBG_SINGLESTEP;
        }
        if hardware.any() {
            control |= KVM_GUESTDBG_USE_HW_BP;
        }
        let arch = kvm_guest_debug_arch { debugreg: hardware.values() };
        // KVM refuses nothing of this; if it did, the guest would just not stop.
        let _ = self.vcpu().set_guest_debug(&kvm_guest_debug { control, pad: 0, arch });
    }

    /// Stops for nothing.
    pub fn do_not_debug(&self) {
        let _ = self.vcpu().set_guest_debug(&kvm_guest_debug::default());
    }

    /// Sets the general registers.
    pub fn set_general(&self, general: &kvm_regs) -> Result<(), Errno> {
        self.vcpu().set_regs(general).map_err(|error| errno(&error))
    }

    /// All registers, in a debugger's order.
    pub fn read_for_debugger(&self, regs: &mut X86_64CoreRegs) -> Result<(), Errno> {
        let registers = self.registers()?;
        let g = registers.general;
        regs.regs = [
            g.rax, g.rbx, g.rcx, g.rdx, g.rsi, g.rdi, g.rbp, g.rsp, g.r8, g.r9, g.r10, g.r11, g.r12, g.r13,
            g.r14, g.r15,
        ];
        (regs.rip, regs.eflags) = (g.rip, low(g.rflags));
        let s = registers.special;
        let segments = &mut regs.segments;
        (segments.cs, segments.ss, segments.ds) =
            (s.cs.selector.into(), s.ss.selector.into(), s.ds.selector.into());
        (segments.es, segments.fs, segments.gs) =
            (s.es.selector.into(), s.fs.selector.into(), s.gs.selector.into());
        let fpu = self.vcpu().get_fpu().map_err(|error| errno(&error))?;
        for (st, value) in regs.st.iter_mut().zip(fpu.fpr) {
            st.copy_from_slice(&value[..10]);
        }
        regs.fpu.fctrl = fpu.fcw.into();
        regs.fpu.fstat = fpu.fsw.into();
        regs.fpu.ftag = fpu.ftwx.into();
        regs.fpu.fop = fpu.last_opcode.into();
        (regs.fpu.fioff, regs.fpu.fooff) = (low(fpu.last_ip), low(fpu.last_dp));
        regs.xmm = fpu.xmm.map(u128::from_le_bytes);
        regs.mxcsr = fpu.mxcsr;
        Ok(())
    }

    /// Sets registers; selectors stay, since they mean nothing without their descriptors.
    pub fn write_for_debugger(&self, regs: &X86_64CoreRegs) -> Result<(), Errno> {
        let [rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15] = regs.regs;
        let (rip, rflags) = (regs.rip, regs.eflags.into());
        let general = kvm_regs {
            rax,
            rbx,
            rcx,
            rdx,
            rsi,
            rdi,
            rbp,
            rsp,
            r8,
            r9,
            r10,
            r11,
            r12,
            r13,
            r14,
            r15,
            rip,
            rflags,
        };
        let mut fpu = self.vcpu().get_fpu().map_err(|error| errno(&error))?;
        for (value, st) in fpu.fpr.iter_mut().zip(regs.st) {
            value[..10].copy_from_slice(&st);
        }
        fpu.xmm = regs.xmm.map(u128::to_le_bytes);
        fpu.mxcsr = regs.mxcsr;
        self.vcpu().set_fpu(&fpu).map_err(|error| errno(&error))?;
        self.set_general(&general)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "debuggers know 32 bits of these")]
const fn low(value: u64) -> u32 {
    value as u32
}
