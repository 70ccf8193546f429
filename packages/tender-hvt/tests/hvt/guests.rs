//! Real guests under the real tender: what they find, what they may do, how they end (ABI section 4).

use crate::support::{End, Needs, guest, kvm_has, run_guest};

guest!(hello: "print rip + 2f, 12" "exit 0" "2: .ascii \"Hello_Solo5\\n\"");
guest!(sse: "mulps xmm0, xmm1" "exit 7");

#[test]
fn runs_a_guest_and_passes_its_console_on() {
    if !kvm_has(Needs::Integers) {
        return;
    }
    let ran = run_guest(&[], hello::code());
    assert_eq!((ran.end, &ran.stdout[..], &ran.stderr[..]), (End::Exit(0), &b"Hello_Solo5\n"[..], ""));
}

#[test]
fn executes_sse_at_once() {
    if !kvm_has(Needs::Hardware) {
        return;
    }
    assert_eq!(run_guest(&[], sse::code()).end, End::Exit(7));
}
