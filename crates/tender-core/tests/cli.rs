//! The command line, as ABI sections 6.1-6.3 describe it.

use std::ffi::{CStr, CString};

use tender_core::cli::{DeviceVerb, Invocation, OptionError, TenderOption, scan};

const MAX: u64 = 4096;

/// What a scan found: options, IMAGE, ARGS.
#[derive(Debug, PartialEq)]
enum Found {
    Help,
    Version,
    NoKernel,
    Run(Vec<String>, String, Vec<String>),
}

fn found(words: &[&str]) -> Found {
    let words: Vec<CString> = words.iter().map(|word| CString::new(*word).unwrap()).collect();
    let text = |word: &CStr| word.to_str().unwrap().to_owned();
    match scan(words.iter().map(CString::as_c_str)) {
        Ok(Invocation::Help) => Found::Help,
        Ok(Invocation::Version) => Found::Version,
        Ok(Invocation::Run(run)) => {
            Found::Run(run.options.map(text).collect(), text(run.image), run.args.map(text).collect())
        }
        Err(_missing) => Found::NoKernel,
    }
}

fn run(options: &[&str], image: &str, args: &[&str]) -> Found {
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    Found::Run(owned(options), image.to_owned(), owned(args))
}

#[test]
fn takes_the_first_word_that_is_no_option_for_the_image() {
    assert_eq!(found(&["a.spt"]), run(&[], "a.spt", &[]));
    assert_eq!(found(&["--mem=2", "-x", "a.spt", "b"]), run(&["--mem=2", "-x"], "a.spt", &["b"]));
    assert_eq!(
        found(&["--mem", "2", "a.spt"]),
        run(&["--mem"], "2", &["a.spt"]),
        "a value is in the same word"
    );
    assert_eq!(found(&["-", "a.spt"]), run(&["-"], "a.spt", &[]), "a lone dash is an option");
    assert_eq!(found(&["", "a.spt"]), run(&[], "", &["a.spt"]));
}

#[test]
fn takes_the_word_behind_two_dashes_for_the_image_whatever_it_looks_like() {
    assert_eq!(found(&["--mem=2", "--", "--help"]), run(&["--mem=2"], "--help", &[]));
    assert_eq!(found(&["--", "--", "--"]), run(&[], "--", &["--"]));
    assert_eq!(found(&["--"]), Found::NoKernel);
}

#[test]
fn leaves_everything_behind_the_image_to_the_guest() {
    assert_eq!(found(&["a.spt", "--", "--help", "--mem=2"]), run(&[], "a.spt", &["--", "--help", "--mem=2"]));
}

#[test]
fn helps_at_once_even_behind_an_unknown_option() {
    assert_eq!(found(&["--nonsense", "--help"]), Found::Help);
    assert_eq!(found(&["--nonsense", "--version", "--help"]), Found::Version);
    assert_eq!(found(&[]), Found::NoKernel);
    assert_eq!(found(&["--mem=2"]), Found::NoKernel);
}

fn parse(word: &str) -> Result<Option<TenderOption<'_>>, OptionError<'_>> {
    // Leaked, so that the answer may borrow it: a few bytes for the life of a test.
    let word: &'static CStr = Box::leak(CString::new(word).unwrap().into_boxed_c_str());
    TenderOption::parse(word, MAX, 1)
}

#[test]
fn takes_plain_decimal_numbers_in_range_for_memory_and_nothing_else() {
    for (value, mib) in [("1", 1), ("512", 512), ("0064", 64), ("4096", 4096)] {
        assert_eq!(parse(&format!("--mem={value}")), Ok(Some(TenderOption::MemMib(mib))));
    }
    for value in [
        "",
        "0",
        "000",
        "-1",
        "+8",
        " 8",
        "8 ",
        "8x",
        "x",
        "0x10",
        "1.5",
        "8M",
        "4097",
        "18446744073709551617",
        "٣",
    ] {
        let word = format!("--mem={value}");
        let error = parse(&word).expect_err(&word).to_string();
        assert!(error.contains(&word) && error.contains("malformed") && error.contains("4096"), "{error}");
    }
    assert!(parse("--mem").unwrap_err().to_string().contains("--mem=N"));
}

#[test]
fn holds_memory_against_its_limit_once_it_is_a_multiple_of_the_step() {
    let parse = |word| TenderOption::parse(word, MAX, 4);
    for (word, mib) in [(c"--mem=1", 1), (c"--mem=4096", 4096), (c"--mem=4099", 4099)] {
        assert_eq!(parse(word), Ok(Some(TenderOption::MemMib(mib))));
    }
    for word in [c"--mem=0", c"--mem=4100", c"--mem=18446744073709551615"] {
        assert_eq!(parse(word), Err(OptionError::Memory { word: word.to_bytes(), max: MAX }));
    }
}

#[test]
fn reads_device_options() {
    for (word, verb, name, value) in [
        ("--net:service=tap0", DeviceVerb::Net, "service", "tap0"),
        ("--net:a=@4", DeviceVerb::Net, "a", "@4"),
        ("--net-mac:a=02:00:00:00:00:01", DeviceVerb::NetMac, "a", "02:00:00:00:00:01"),
        ("--block:disk=my disk=1.img", DeviceVerb::Block, "disk", "my disk=1.img"),
        ("--block-sector-size:disk=4096", DeviceVerb::BlockSectorSize, "disk", "4096"),
        ("--block-lock:disk=shared", DeviceVerb::BlockLock, "disk", "shared"),
    ] {
        let Ok(Some(TenderOption::Device(option))) = parse(word) else { panic!("{word}") };
        assert_eq!(
            (option.verb, option.name, option.value.to_bytes()),
            (verb, name.as_bytes(), value.as_bytes())
        );
        assert_eq!(option.word, word.as_bytes());
    }
}

#[test]
fn refuses_device_options_without_name_or_value() {
    let long = format!("--net:{}=tap0", "x".repeat(68));
    for word in ["--net:=tap0", "--net:a-b=tap0", "--net:a b=tap0", "--block:größe=x", &long] {
        assert!(matches!(parse(word), Err(OptionError::DeviceName { .. })), "{word}");
    }
    for word in [
        "--net:",
        "--net:a",
        "--net:a=",
        "--block:a",
        "--net-mac:a",
        "--block-sector-size:a=",
        "--block-lock:a",
    ] {
        assert!(matches!(parse(word), Err(OptionError::MissingValue { .. })), "{word}");
    }
    let longest = format!("--net:{}=tap0", "x".repeat(67));
    assert!(matches!(parse(&longest), Ok(Some(TenderOption::Device(_)))));
}

#[test]
fn leaves_other_words_to_the_tender() {
    for word in ["-", "-x", "--memory=2", "--net", "--net=a", "--blocks:a=b", "--x-exec-heap", "--gdb"] {
        assert_eq!(parse(word), Ok(None), "{word}");
    }
}
