//! A tender's way to a guest, as far as it is the same whatever the target (ABI sections 4.10, 5.7).
//!
//! [`Start`] is what a user asked for, [`Prepared`] what a guest can be made of. What is wrong is reported where it
//! is found, in one line, and the order of these steps decides which of two mistakes a user hears of.

use core::ffi::CStr;
use core::fmt::Display;
use core::mem::offset_of;

use rustix::event::epoll::EventFlags;
use solo5_abi::Gpa;
use solo5_abi::limits::DEFAULT_MEM_MIB;
use solo5_abi::mft;
use solo5_abi::notes::AbiTarget;
use solo5_elf::{Header, ManifestBuffer, Plan};

use crate::cli::{Invocation, Run, TenderOption, scan};
use crate::cmdline::Cmdline;
use crate::devices::{Attached, Attachments, Properties};
use crate::diagnostics::{Diagnostics, Quoted};
use crate::image::{ImageFile, Window};
use crate::lifeline;
use crate::status::{self, Exit};
use crate::syscall::{self, Fd};
use crate::usage::Usage;
use crate::wait_set::WaitSet;

/// What makes a tender one of its target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Name of the program, should it have been started without one.
    pub program: &'static str,
    /// What images have to be built for.
    pub abi: AbiTarget,
    /// And in which version.
    pub abi_version: u32,
    /// Guest memory comes in steps of so many MiB, of which a guest gets one at least.
    pub mem_step_mib: u64,
    /// Most MiB that a guest can have.
    pub max_mem_mib: u64,
    /// What of a network device ends a guest's wait.
    pub net_events: EventFlags,
    pub usage: Usage,
}

/// A guest that a user asked for.
#[derive(Clone, Debug)]
pub struct Start<'a, W> {
    target: &'static Target,
    diagnostics: Diagnostics<'a>,
    run: Run<'a, W>,
}

/// What a guest can be made of: an image and devices, found good.
#[derive(Debug)]
pub struct Prepared<'m, W> {
    target: &'static Target,
    diagnostics: Diagnostics<'m>,
    name: Quoted<'m>,
    image: ImageFile<'m>,
    lifeline: Option<Fd>,
    devices: &'m Attachments<'m>,
    cmdline: Cmdline<W>,
    /// What goes where.
    pub plan: Plan,
    /// Bytes of guest memory, a multiple of the target's steps.
    pub mem_size: u64,
    /// What the guest can write can be executed.
    pub executable_heap: bool,
}

/// Room for what is prepared: too much to be handed from function to function by one that starts so often.
#[derive(Debug)]
pub struct Room<'m> {
    window: Window,
    manifest: ManifestBuffer,
    devices: Option<Attachments<'m>>,
}

/// An image that is open, and fits the tender.
struct Opened<'m> {
    image: ImageFile<'m>,
    header: Header,
    devices: &'m mut Attachments<'m>,
}

struct Options {
    mem_mib: u64,
    executable_heap: bool,
}

impl Default for Room<'_> {
    fn default() -> Self {
        Self { window: [0; _], manifest: [0; _], devices: None }
    }
}

impl<'a, W> Start<'a, W>
where
    W: Iterator<Item = &'a CStr> + Clone,
{
    /// Reads the command line, `words`, the name of the program first.
    ///
    /// # Errors
    /// No guest is wanted, or no image is named.
    pub fn read(target: &'static Target, mut words: W) -> Result<Self, Exit> {
        let program = words.next().map(CStr::to_bytes).unwrap_or_default();
        let diagnostics = Diagnostics::new(program, target.program);
        match scan(words) {
            Ok(Invocation::Run(run)) => Ok(Self { target, diagnostics, run }),
            Ok(Invocation::Help) => {
                target.usage.print(target.abi, &diagnostics);
                Err(Exit(status::FAILURE))
            }
            Ok(Invocation::Version) => {
                let (program, release) = (diagnostics.program(), env!("CARGO_PKG_VERSION"));
                let version = target.abi_version;
                diagnostics.text(format_args!("{program} {release}\nABI version {version}\n"));
                Err(Exit(status::SUCCESS))
            }
            Err(error) => {
                let exit = diagnostics.fail(error);
                target.usage.print(target.abi, &diagnostics);
                Err(exit)
            }
        }
    }

    /// Where its lines go.
    pub const fn diagnostics(&self) -> Diagnostics<'a> {
        self.diagnostics
    }

    pub const fn image(&self) -> &'a CStr {
        self.run.image
    }

    /// Checks image, options and devices, and attaches these; nothing of the guest is there yet.
    ///
    /// `lifeline` is what the environment says of one, and `own_option` takes a word that is not an option of all
    /// tenders: whether it is one of this tender's.
    pub fn prepare<'m>(
        &self,
        lifeline: Option<&[u8]>,
        room: &'m mut Room<'m>,
        own_option: impl FnMut(&'a CStr) -> Result<bool, Exit>,
    ) -> Result<Prepared<'m, W>, Exit>
    where
        'a: 'm,
    {
        if syscall::personality().is_ok_and(|flags| flags & syscall::READ_IMPLIES_EXEC != 0) {
            return Err(self.fail(
                "personality READ_IMPLIES_EXEC is set, which would make all memory executable: run without setarch -X",
            ));
        }
        let lifeline = lifeline.map(lifeline::hold).transpose().map_err(|error| self.fail(error))?;
        let opened = self.open(room)?;
        self.attach(opened, lifeline, own_option)
    }

    /// First stage: the image.
    fn open<'m>(&self, room: &'m mut Room<'m>) -> Result<Opened<'m>, Exit> {
        let Room { window, manifest, devices } = room;
        let image = ImageFile::open(self.run.image, window)
            .map_err(|error| self.refuse_image(format_args!("cannot be opened: {error}")))?;
        let (header, manifest) = image
            .check(self.target.abi, self.target.abi_version, manifest)
            .map_err(|error| self.refuse_image(error))?;
        Ok(Opened { image, header, devices: devices.insert(Attachments::new(manifest)) })
    }

    /// Second stage: the devices, and what else options say.
    fn attach<'m>(
        &self,
        opened: Opened<'m>,
        lifeline: Option<Fd>,
        own_option: impl FnMut(&'a CStr) -> Result<bool, Exit>,
    ) -> Result<Prepared<'m, W>, Exit>
    where
        'a: 'm,
    {
        let Opened { image, header, devices } = opened;
        let Options { mem_mib, executable_heap } = self.options(devices, own_option)?;
        let mem_size = self.whole_steps(mem_mib) << 20;
        let plan = Plan::new(&image, &header, mem_size).map_err(|error| match error.needed_memory() {
            Some(bytes) if bytes > mem_size => {
                let step = self.target.mem_step_mib;
                let mib = bytes.div_ceil(step << 20) * step;
                self.refuse_image(format_args!("cannot be loaded: {error}; it needs at least --mem={mib}"))
            }
            _ => self.refuse_image(format_args!("cannot be loaded: {error}")),
        })?;
        devices.set_up().map_err(|error| self.fail(error))?;
        if devices.unattached().next().is_some() {
            for device in devices.unattached() {
                self.diagnostics.line(format_args!("{device}"));
            }
            return Err(self.refuse_image("not all of its devices are attached"));
        }
        let cmdline = Cmdline::new(self.run.args.clone()).map_err(|error| self.fail(error))?;
        let (target, diagnostics, name) = (self.target, self.diagnostics, Quoted(self.run.image.to_bytes()));
        Ok(Prepared {
            target,
            diagnostics,
            name,
            image,
            lifeline,
            devices,
            cmdline,
            plan,
            mem_size,
            executable_heap,
        })
    }

    /// Second pass over the command line (ABI section 6.2). The last of repeated options wins.
    fn options<'m>(
        &self,
        devices: &mut Attachments<'m>,
        mut own_option: impl FnMut(&'a CStr) -> Result<bool, Exit>,
    ) -> Result<Options, Exit>
    where
        'a: 'm,
    {
        let mut options = Options { mem_mib: DEFAULT_MEM_MIB, executable_heap: false };
        for word in self.run.options.clone() {
            match TenderOption::parse(word, self.target.max_mem_mib, self.target.mem_step_mib) {
                Ok(Some(TenderOption::MemMib(mib))) => options.mem_mib = mib,
                Ok(Some(TenderOption::Device(option))) => {
                    devices.apply(option).map_err(|error| self.fail(error))?;
                }
                Ok(None) if word == c"--x-exec-heap" => options.executable_heap = true,
                Ok(None) if own_option(word)? => {}
                Ok(None) => {
                    let word = Quoted(word.to_bytes());
                    let exit = self.diagnostics.fail(format_args!("unknown option {word}"));
                    self.target.usage.print(self.target.abi, &self.diagnostics);
                    return Err(exit);
                }
                Err(error) => return Err(self.diagnostics.fail(error)),
            }
        }
        Ok(options)
    }

    /// What a guest gets that asked for `asked` MiB: a whole number of steps, at least one (ABI section 4.2).
    fn whole_steps(&self, asked: u64) -> u64 {
        let step = self.target.mem_step_mib;
        let given = (asked - asked % step).max(step);
        if given != asked {
            self.diagnostics.line(format_args!(
                "warning: --mem={asked}: the guest gets {given} MiB, memory comes in steps of {step} MiB"
            ));
        }
        given
    }

    /// Says why there will be no guest.
    pub fn fail(&self, why: impl Display) -> Exit {
        self.diagnostics.fail(why)
    }

    fn refuse_image(&self, why: impl Display) -> Exit {
        self.diagnostics.fail(format_args!("{}: {why}", Quoted(self.run.image.to_bytes())))
    }
}

impl<'a, 'm, W> Prepared<'m, W>
where
    W: Iterator<Item = &'a CStr> + Clone,
{
    /// Lets `load` put the image into guest memory, and closes all that is no business of the guest's. What is still
    /// open are standard streams, the guest's devices, and the lifeline.
    ///
    /// # Errors
    /// `load`'s, or the kernel does not close descriptors.
    pub fn load<E: Display>(
        &self,
        load: impl FnOnce(&ImageFile<'_>, &Plan) -> Result<(), E>,
    ) -> Result<(), Exit> {
        load(&self.image, &self.plan).map_err(|error| {
            self.diagnostics.fail(format_args!("{}: cannot be loaded: {error}", self.name))
        })?;
        self.devices.close_others(self.lifeline).map_err(|errno| {
            self.diagnostics.fail(format_args!(
                "descriptors that are no business of the guest's cannot be closed: {errno}"
            ))
        })
    }

    /// A wait set of the guest's network devices and a timer.
    pub fn wait_set(&self) -> Result<WaitSet, Exit> {
        WaitSet::new(self.attached(), self.target.net_events).map_err(|error| self.diagnostics.fail(error))
    }

    /// The guest's devices.
    pub fn attached(&self) -> impl Iterator<Item = Attached> + Clone {
        self.devices.attached()
    }

    /// Leaves manifest and, behind it, command line in fresh guest memory; where that one begins. The manifest has
    /// what the guest learns about its devices, with `backend` for the descriptors (ABI section 2.2); what an image
    /// says there itself does not count.
    pub fn leave_boot_data(
        &self,
        manifest_at: Gpa,
        backend: impl Fn(Fd) -> u64,
        mut write: impl FnMut(Gpa, &[u8]),
    ) -> Gpa {
        let manifest = self.devices.manifest().bytes();
        write(manifest_at, manifest);
        for device in self.devices.attached() {
            let entry = size_of::<mft::Header>() + device.handle * size_of::<mft::Entry>();
            let mut field = |at, bytes: &[u8]| write(manifest_at + (entry + at) as Gpa, bytes);
            field(offset_of!(mft::Entry, properties), &device.properties.bytes());
            field(offset_of!(mft::Entry, backend), &backend(device.fd).to_le_bytes());
            field(offset_of!(mft::Entry, attached), &[1]);
        }
        let cmdline_at = manifest_at + manifest.len() as Gpa;
        let mut end = cmdline_at;
        for piece in self.cmdline.pieces() {
            write(end, piece);
            end += piece.len() as Gpa;
        }
        // The NUL is there: memory is fresh.
        cmdline_at
    }

    /// Says what a user should know about a guest that is about to run.
    pub fn warn(&self) {
        if self.executable_heap {
            self.diagnostics.line(format_args!(
                "warning: --x-exec-heap makes {} of the guest executable",
                self.target.usage.executable_heap
            ));
        }
        if self.attached().any(|device| matches!(device.properties, Properties::Block { .. })) {
            // A file may be larger than what this process may write; a guest can be told so. A kernel that
            // refuses this leaves things as they were.
            let _ = syscall::survive_file_size_limit();
        }
        for warning in self.devices.warnings() {
            self.diagnostics.line(format_args!("{warning}"));
        }
    }
}
