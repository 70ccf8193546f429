//! Devices that are declared, and options about them (ABI section 6.2).

use solo5_elf::Manifest;
use tender_core::cli::TenderOption;
use tender_core::devices::Devices;
use test_image::{block, manifest, net};

fn refusal(devices: &[(u32, &str)], word: &std::ffi::CStr) -> String {
    let bytes = manifest(devices);
    let mut devices = Devices::new(Manifest::parse(&bytes).unwrap());
    let Ok(Some(TenderOption::Device(option))) = TenderOption::parse(word, 1) else { panic!("{word:?}") };
    devices.apply(option).unwrap_err().to_string()
}

#[test]
fn refuses_options_about_devices_that_are_not_declared() {
    assert_eq!(
        refusal(&[net("service"), block("storage")], c"--net:other=tap0"),
        "option '--net:other=tap0': the image does not declare a NET_BASIC device 'other'; \
         it declares service (NET_BASIC), storage (BLOCK_BASIC)"
    );
    assert_eq!(
        refusal(&[], c"--block-sector-size:disk=512"),
        "option '--block-sector-size:disk=512': the image does not declare a BLOCK_BASIC device 'disk'; it declares none"
    );
    let other_type = refusal(&[net("service")], c"--block:service=disk.img");
    assert!(other_type.contains("does not declare a BLOCK_BASIC device 'service'"), "{other_type}");
}

#[test]
fn says_that_it_can_not_attach_devices_yet() {
    for (word, kind) in [
        (c"--net:service=tap0", "NET_BASIC"),
        (c"--net-mac:service=02:00:00:00:00:01", "NET_BASIC"),
        (c"--block:storage=disk.img", "BLOCK_BASIC"),
        (c"--block-sector-size:storage=512", "BLOCK_BASIC"),
    ] {
        assert_eq!(
            refusal(&[net("service"), block("storage")], word),
            format!(
                "option '{}': attaching {kind} devices is not supported yet by this tender",
                word.to_str().unwrap()
            )
        );
    }
}

#[test]
fn names_every_device_that_is_not_attached() {
    let bytes = manifest(&[net("service"), (0x4000_0001, "reserved"), block("storage"), (9, "o\x1bdd")]);
    let devices = Devices::new(Manifest::parse(&bytes).unwrap());
    let lines: Vec<_> = devices.unattached().map(|device| device.to_string()).collect();
    assert_eq!(
        lines,
        [
            "device 'service' (NET_BASIC) is declared by the image but not attached: give --net:service=IFACE",
            "device 'storage' (BLOCK_BASIC) is declared by the image but not attached: give --block:storage=PATH",
            r"device 'o\u{1b}dd' (unknown type 9) is declared by the image but not attached: no tender of this ABI can attach it",
        ]
    );
}
