//! Devices that are declared, and options about them (ABI section 6.2).

use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;

use solo5_elf::Manifest;
use tender_core::block::{BlockError, BlockFile};
use tender_core::cli::TenderOption;
use tender_core::devices::{Attached, Attachments, Properties};
use tender_core::net::Mac;
use tender_core::syscall::Errno;
use test_image::{block, manifest, net};

/// A file that is removed when the test is over.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, size: u64) -> Self {
        let path = std::env::temp_dir().join(format!("uk-devices-{}-{name}", std::process::id()));
        File::create(&path).unwrap().set_len(size).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Two of each kind, as options by these names find them.
fn declared() -> Attachments<'static> {
    let bytes = manifest(&[net("service"), block("storage"), net("other"), block("spare")]);
    Attachments::new(Manifest::parse(bytes.leak()).unwrap())
}

/// Applies options; what the first that is refused says.
fn apply(devices: &mut Attachments<'static>, words: &[String]) -> Result<(), String> {
    for word in words {
        // Leaked, so that the devices may borrow it: a few bytes for the life of a test.
        let word: &'static CStr = Box::leak(CString::new(word.as_str()).unwrap().into_boxed_c_str());
        let Ok(Some(TenderOption::Device(option))) = TenderOption::parse(word, 1, 1) else {
            panic!("{word:?}")
        };
        devices.apply(option).map_err(|error| error.to_string())?;
    }
    devices.set_up().map_err(|error| error.to_string())
}

fn refusal(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
    apply(&mut declared(), &words).unwrap_err()
}

fn attached(devices: &Attachments<'_>) -> Vec<Attached> {
    devices.attached().collect()
}

#[test]
fn refuses_options_about_devices_that_are_not_declared() {
    let all =
        "it declares service (NET_BASIC), storage (BLOCK_BASIC), other (NET_BASIC), spare (BLOCK_BASIC)";
    assert_eq!(
        refusal(&["--net:else=tap0"]),
        format!("option '--net:else=tap0': the image does not declare a NET_BASIC device 'else'; {all}")
    );
    let other_type = refusal(&["--block:service=disk.img"]);
    assert!(other_type.contains("does not declare a BLOCK_BASIC device 'service'"), "{other_type}");
    let bytes = manifest(&[]);
    let mut none = Attachments::new(Manifest::parse(&bytes).unwrap());
    let Ok(Some(TenderOption::Device(option))) = TenderOption::parse(c"--block-sector-size:disk=512", 1, 1)
    else {
        panic!()
    };
    assert_eq!(
        none.apply(option).unwrap_err().to_string(),
        "option '--block-sector-size:disk=512': the image does not declare a BLOCK_BASIC device 'disk'; it declares none"
    );
}

#[test]
fn finds_a_device_by_name_and_type() {
    let file = TempFile::new("shared-name", 512);
    let bytes = manifest(&[net("shared"), block("shared")]);
    let mut devices = Attachments::new(Manifest::parse(bytes.leak()).unwrap());
    apply(&mut devices, &[format!("--block:shared={}", file.path())]).unwrap();
    let [Attached { handle: 2, fd, .. }] = attached(&devices)[..] else { panic!() };
    let missing: Vec<_> = devices.unattached().map(|device| device.to_string()).collect();
    assert_eq!(
        missing,
        ["device 'shared' (NET_BASIC) is declared by the image but not attached: give --net:shared=IFACE"]
    );
    tender_core::syscall::close(fd);
}

#[test]
fn names_every_device_that_is_not_attached() {
    let bytes = manifest(&[net("service"), (0x4000_0001, "reserved"), block("storage")]);
    let devices = Attachments::new(Manifest::parse(&bytes).unwrap());
    let lines: Vec<_> = devices.unattached().map(|device| device.to_string()).collect();
    assert_eq!(
        lines,
        [
            "device 'service' (NET_BASIC) is declared by the image but not attached: give --net:service=IFACE",
            "device 'storage' (BLOCK_BASIC) is declared by the image but not attached: give --block:storage=PATH",
        ]
    );
}

#[test]
fn attaches_a_file_whatever_its_name_and_the_order_of_its_options() {
    let file = TempFile::new("my disk=1, größe.img", 8192);
    let attach = format!("--block:storage={}", file.path());
    let size = "--block-sector-size:storage=4096".to_owned();
    for words in [[attach.clone(), size.clone()], [size, attach]] {
        let mut devices = declared();
        apply(&mut devices, &words).unwrap();
        let [Attached { handle: 2, fd, properties }] = attached(&devices)[..] else { panic!() };
        assert_eq!(properties, Properties::Block { capacity: 8192, block_size: 4096 });
        assert_eq!(properties.bytes(), [0, 32, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0]);
        assert_eq!(devices.unattached().count(), 3);
        assert_eq!(devices.warnings().count(), 0);
        tender_core::syscall::close(fd);
    }
}

#[test]
fn takes_the_last_of_repeated_options_and_closes_what_the_earlier_ones_opened() {
    let (first, last) = (TempFile::new("first", 512), TempFile::new("last", 1024));
    let open = |file: &TempFile| format!("--block:storage={}", file.path());
    let mut devices = declared();
    let words = [open(&first), open(&first), open(&last), "--block-sector-size:storage=4096".to_owned()];
    assert!(apply(&mut devices, &words).unwrap_err().contains("block aligned"));
    apply(&mut devices, &["--block-sector-size:storage=1024".to_owned()]).unwrap();
    let [Attached { fd, properties, .. }] = attached(&devices)[..] else { panic!() };
    assert_eq!(properties, Properties::Block { capacity: 1024, block_size: 1024 });
    let target = fs::read_link(format!("/proc/self/fd/{}", fd.number())).unwrap();
    assert_eq!(target, last.0);
    File::options()
        .write(true)
        .open(&first.0)
        .unwrap()
        .try_lock()
        .expect("nobody has the first file any more");
    assert!(File::open(&last.0).unwrap().try_lock_shared().is_err());
}

#[test]
fn refuses_block_sizes_that_are_not_powers_of_two_in_range() {
    for value in [
        "521", "256", "0", "1", "511", "513", "1000", "65536", "66048", "-512", "+512", "512x", " 512",
        "0x200",
    ] {
        let word = format!("--block-sector-size:storage={value}");
        let expected = format!(
            "option '{word}': Block size must be a multiple of 2 greater than or equal 512: a power of two from 512 to 32768"
        );
        assert_eq!(refusal(&[&word]), expected);
    }
    for value in ["512", "1024", "2048", "4096", "8192", "16384", "32768", "000512"] {
        apply(&mut declared(), &[format!("--block-sector-size:storage={value}")]).unwrap();
    }
}

#[test]
fn refuses_files_that_are_not_whole_blocks() {
    for (size, block_size) in [(0, 512), (1, 512), (511, 512), (513, 512), (6144, 4096), (512, 1024)] {
        let file = TempFile::new(&format!("odd-{size}-{block_size}"), size);
        let words =
            [format!("--block:storage={}", file.path()), format!("--block-sector-size:storage={block_size}")];
        let expected = format!(
            "device 'storage' (BLOCK_BASIC): '{}': Backing storage size must be block aligned: {size} bytes are not \
             one or more blocks of {block_size}",
            file.path()
        );
        assert_eq!(apply(&mut declared(), &words).unwrap_err(), expected);
    }
}

#[test]
fn refuses_what_is_not_storage_with_a_line_that_says_why() {
    for (path, why) in [
        ("/nonexistent/disk.img", "cannot be opened: no such file or directory"),
        ("/", "cannot be opened: is a directory"),
        ("/dev/null", "is neither a regular file nor a block device"),
        ("/etc/passwd/x", "cannot be opened: not a directory"),
    ] {
        let word = format!("--block:storage={path}");
        assert_eq!(refusal(&[&word]), format!("option '{word}': '{path}' {why}"));
    }
}

#[test]
fn refuses_a_file_that_somebody_has_locked() {
    let file = TempFile::new("locked", 512);
    let word = format!("--block:storage={}", file.path());
    let other = File::open(&file.0).unwrap();
    let expected = format!(
        "device 'storage' (BLOCK_BASIC): '{}' is in use: another guest, or another device of this one, has locked it",
        file.path()
    );
    for lock in [File::lock, File::lock_shared] {
        lock(&other).unwrap();
        assert_eq!(refusal(&[&word]), expected);
        other.unlock().unwrap();
    }
    let twice = format!("--block:spare={}", file.path());
    assert!(refusal(&[&word, &twice]).contains("is in use"));
}

#[test]
fn shares_what_can_be_written_only_if_asked_to_in_any_order() {
    let file = TempFile::new("shared", 512);
    let attach = format!("--block:storage={}", file.path());
    let [shared, exclusive] = ["shared", "exclusive"].map(|lock| format!("--block-lock:storage={lock}"));
    let other = File::open(&file.0).unwrap();
    other.lock_shared().unwrap();
    let (attach, shared, exclusive) = (&attach[..], &shared[..], &exclusive[..]);
    for (words, shares) in [
        (&[attach][..], false),
        (&[attach, exclusive], false),
        (&[attach, shared], true),
        (&[shared, attach], true),
        (&[shared, attach, exclusive], false),
    ] {
        let words: Vec<_> = words.iter().map(|&word| word.to_owned()).collect();
        let mut devices = declared();
        let result = apply(&mut devices, &words);
        assert_eq!(result.is_ok(), shares, "{words:?}: {result:?}");
        // Its own lock, too, keeps out who would have the file alone.
        other.unlock().unwrap();
        assert_eq!(File::open(&file.0).unwrap().try_lock().is_err(), shares, "{words:?}");
        other.lock_shared().unwrap();
        attached(&devices).iter().for_each(|device| tender_core::syscall::close(device.fd));
    }
    for value in ["Shared", "none", "shared "] {
        let word = format!("--block-lock:storage={value}");
        let expected = format!("option '{word}': '{value}' is not a lock: it is exclusive or shared");
        assert_eq!(refusal(&[&word]), expected);
    }
    assert!(refusal(&["--block-lock:service=shared"]).contains("does not declare a BLOCK_BASIC device"));
}

#[test]
fn opens_a_file_that_nobody_may_write_for_reading_whoever_asks() {
    let file = TempFile::new("protected", 512);
    let path = CString::new(file.path()).unwrap();
    for (mode, read_only) in
        [(0o444, Some(Errno::EACCES)), (0o400, Some(Errno::EACCES)), (0o600, None), (0o644, None)]
    {
        fs::set_permissions(&file.0, fs::Permissions::from_mode(mode)).unwrap();
        let opened = BlockFile::open(&path).unwrap();
        assert_eq!(opened.read_only, read_only, "{mode:o}");
        let about = fs::read_to_string(format!("/proc/self/fdinfo/{}", opened.fd.number())).unwrap();
        let flags = about.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        let writes = u32::from_str_radix(flags, 8).unwrap() & 0o3 != 0;
        assert_eq!(writes, read_only.is_none(), "{mode:o}");
        opened.close();
    }
    // Two guests of one host have it at once.
    fs::set_permissions(&file.0, fs::Permissions::from_mode(0o444)).unwrap();
    let words = [format!("--block:storage={}", file.path()), format!("--block:spare={}", file.path())];
    apply(&mut declared(), &words).unwrap();
}

#[test]
fn takes_local_sockets_with_datagrams_for_network_devices() {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let mut devices = declared();
    let words = [format!("--net:other=@{}", ours.as_raw_fd()), "--net-mac:other=2:0:0:0:0:1".to_owned()];
    apply(&mut devices, &words).unwrap();
    // Given again it is the same one, and not closed.
    apply(&mut devices, &words).unwrap();
    let [Attached { handle: 3, fd, properties }] = attached(&devices)[..] else { panic!() };
    assert_eq!(fd.number(), ours.as_raw_fd());
    assert_eq!(properties, Properties::Net { mac: Mac([2, 0, 0, 0, 0, 1]), mtu: 1500 });
    assert_eq!(properties.bytes(), [2, 0, 0, 0, 0, 1, 0xDC, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(ours.recv(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    theirs.send(b"x").unwrap();
    assert_eq!(ours.recv(&mut [0]).unwrap(), 1);
    // All zero is not given.
    apply(&mut devices, &["--net-mac:other=0:0:0:0:0:0".to_owned()]).unwrap();
    let [Attached { properties: Properties::Net { mac: Mac(mac), .. }, .. }] = attached(&devices)[..] else {
        panic!()
    };
    assert_eq!(mac[0] & 3, 2);
}

#[test]
fn copies_descriptors_for_a_process_that_outlives_its_devices() {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let given = ours.as_raw_fd();
    let file = TempFile::new("copying", 512);
    let words = [format!("--net:service=@{given}"), format!("--block:storage={}", file.path())];
    let bytes = manifest(&[net("service"), block("storage"), net("other")]);
    let mut devices = Attachments::copying(Manifest::parse(bytes.leak()).unwrap());
    apply(&mut devices, &words).unwrap();
    let copy = attached(&devices)[0].fd.number();
    assert!(copy != given && copy >= 3);
    for fd in [given, copy] {
        let twice = apply(&mut devices, &[format!("--net:other=@{fd}")]).unwrap_err();
        assert!(twice.ends_with("is another device of this guest"), "{twice}");
    }
    devices.close();
    assert!(!fs::exists(format!("/proc/self/fd/{copy}")).unwrap() || other_test_took(copy, given));
    File::open(&file.0).unwrap().try_lock().unwrap();
    theirs.send(b"x").unwrap();
    assert_eq!(ours.recv(&mut [0]).unwrap(), 1);
}

/// Tests run side by side: a number that was closed may be somebody else's at once.
fn other_test_took(number: i32, given: i32) -> bool {
    let target = |fd: i32| fs::read_link(format!("/proc/self/fd/{fd}")).ok();
    target(number) != target(given)
}

#[test]
fn opens_a_file_for_nothing_but_reading_when_asked() {
    let file = TempFile::new("reading", 512);
    let path = CString::new(file.path()).unwrap();
    let [mut one, mut two] = [(); 2].map(|()| BlockFile::open_for_reading(&path).unwrap());
    one.lock(false).unwrap();
    two.lock(false).unwrap();
    assert_eq!((one.capacity, one.read_only, one.unlocked), (512, Some(Errno::EROFS), None));
    let mut writer = BlockFile::open(&path).unwrap();
    assert_eq!(writer.lock(false), Err(BlockError::InUse));
    one.close();
    two.close();
    writer.lock(false).unwrap();
    writer.close();
}

#[test]
fn reading_a_file_of_our_own_leaves_its_access_time_alone() {
    const O_NOATIME: u32 = 0o1_000_000;
    let file = TempFile::new("times", 512);
    let path = CString::new(file.path()).unwrap();
    for open in [BlockFile::open, BlockFile::open_for_reading] {
        let opened = open(&path).unwrap();
        let about = fs::read_to_string(format!("/proc/self/fdinfo/{}", opened.fd.number())).unwrap();
        let flags = about.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        assert_ne!(u32::from_str_radix(flags, 8).unwrap() & O_NOATIME, 0, "{flags}");
        opened.close();
    }
}

#[test]
fn refuses_descriptors_that_are_no_network_device() {
    let (datagrams, _other_end) = UnixDatagram::pair().unwrap();
    let stream = UnixStream::pair().unwrap().0;
    let internet = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let file = File::open("/proc/self/exe").unwrap();
    let null = File::open("/dev/null").unwrap();
    let socket = "it is a socket without frames: only AF_UNIX with SOCK_DGRAM or SOCK_SEQPACKET will do";
    let kind = "it is neither a TAP nor a socket";
    for (fd, why) in [
        (stream.as_raw_fd(), socket),
        (internet.as_raw_fd(), socket),
        (file.as_raw_fd(), kind),
        (null.as_raw_fd(), kind),
        (1_000_000, "it is not open: hand it over when starting the tender"),
    ] {
        let word = format!("--net:service=@{fd}");
        assert_eq!(refusal(&[&word]), format!("option '{word}': descriptor @{fd} cannot be used: {why}"));
    }
    for value in ["@", "@-1", "@1", "@2", "@3x", "@ 3", "@2147483648", "@18446744073709551619"] {
        let word = format!("--net:service={value}");
        let why = "is not @ and the decimal number of a descriptor other than 1 and 2";
        assert_eq!(refusal(&[&word]), format!("option '{word}': '{value}' {why}"));
    }
    let fd = datagrams.as_raw_fd();
    let shared = refusal(&[&format!("--net:service=@{fd}"), &format!("--net:other=@{fd}")]);
    assert_eq!(
        shared,
        format!("option '--net:other=@{fd}': descriptor @{fd} is another device of this guest")
    );
}

#[test]
fn refuses_addresses_and_interfaces_that_can_not_be() {
    for (word, why) in [
        (
            "--net-mac:service=02:00:00:00:00:01x",
            "'02:00:00:00:00:01x' is not an address, which has six pairs of hexadecimal digits: 02:00:00:00:00:01",
        ),
        (
            "--net:service=abcdefghijklmnop",
            "interface name 'abcdefghijklmnop' is too long: at most 15 bytes are possible",
        ),
        (
            "--net:service=nosuchinterface",
            "there is no interface 'nosuchinterface': make it with ip tuntap add nosuchinterface mode tap",
        ),
        ("--net:service=uk%d", "there is no interface 'uk%d': no interface can have this name"),
        ("--net:service=a/b", "there is no interface 'a/b': no interface can have this name"),
        ("--net:service=..", "there is no interface '..': no interface can have this name"),
    ] {
        assert_eq!(refusal(&[word]), format!("option '{word}': {why}"));
    }
}
