import { describe, expect, it } from "vitest";
import type { Exit } from "./exit.ts";
import { exitOf, type TenderEnd } from "./exit-of.ts";

const USAGE = "usage: solo5-spt [options] [--] IMAGE [ARGS...]\n";

/** How a process ended that said nothing. */
const end = (target: "hvt" | "spt", what: Partial<TenderEnd>): TenderEnd => ({
  target,
  status: what.signal === undefined ? 0 : null,
  signal: null,
  stdout: "",
  stderr: "",
  ...what,
});

describe("what the end of a tender means", () => {
  it.each<{ why: string; of: TenderEnd; exit: Exit | object }>([
    { why: "success", of: end("spt", {}), exit: { reason: "exit", status: 0 } },
    { why: "a failure of the guest", of: end("hvt", { status: 1 }), exit: { reason: "exit", status: 1 } },
    {
      why: "a failure of the guest after a warning",
      of: end("spt", { status: 1, stderr: "solo5-spt: warning: 'a.img' is read-only\n" }),
      exit: { reason: "exit", status: 1 },
    },
    {
      why: "a failure of the guest after a debugger",
      of: end("hvt", { status: 1, stderr: "solo5-hvt: waiting for a debugger: gdb -ex x 'a'\n" }),
      exit: { reason: "exit", status: 1 },
    },
    {
      why: "a failure of the guest, whose console looks like a refusal",
      of: end("spt", { status: 1, stdout: "solo5-spt: 'a.spt': cannot be opened\n" }),
      exit: { reason: "exit", status: 1 },
    },
    {
      why: "a refusal",
      of: end("spt", { status: 1, stderr: `solo5-spt: unknown option '-x'\n${USAGE}` }),
      exit: { reason: "tender", status: 1, message: "unknown option '-x'" },
    },
    {
      why: "a refusal in several lines",
      of: end("spt", { status: 1, stderr: "solo5-spt: one\nsolo5-spt: warning: x\nsolo5-spt: two\n" }),
      exit: { reason: "tender", status: 1, message: "one\ntwo" },
    },
    {
      why: "a refusal of a tender with another name",
      of: end("spt", { status: 1, program: "my-tender", stderr: "my-tender: no\nsolo5-spt: x\n" }),
      exit: { reason: "tender", status: 1, message: "no" },
    },
    {
      why: "a tender that broke",
      of: end("hvt", { status: 134, stderr: "solo5-hvt: internal error, please report it: x\n" }),
      exit: { reason: "tender", status: 134, message: "internal error, please report it: x" },
    },
    { why: "a guest's own 134", of: end("hvt", { status: 134 }), exit: { reason: "exit", status: 134 } },
    {
      why: "a tender that crashed",
      of: end("hvt", { signal: "SIGSEGV" }),
      exit: { reason: "tender", status: 139, message: "died of SIGSEGV" },
    },
    {
      why: "SIGTERM, which hvt turns into a status",
      of: end("hvt", { status: 1, stderr: "solo5-hvt: ended by signal 15\n" }),
      exit: { reason: "killed", signal: "SIGTERM" },
    },
    { why: "SIGKILL", of: end("hvt", { signal: "SIGKILL" }), exit: { reason: "killed", signal: "SIGKILL" } },
    {
      why: "a fault's signal that was sent on purpose",
      of: end("spt", { signal: "SIGSEGV", sent: new Set(["SIGSEGV"] as const) }),
      exit: { reason: "killed", signal: "SIGSEGV" },
    },
    ...(["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS"] as const).map((signal) => ({
      why: `${signal} of an spt guest`,
      of: end("spt", { signal }),
      exit: {
        ...{ reason: "trap", status: undefined, signal, registers: {}, report: "" },
        message: expect.stringMatching(new RegExp(`^${signal} ended the guest[,:] `)),
      },
    })),
    {
      why: "an abort without a word",
      of: end("spt", { status: 255 }),
      exit: { reason: "abort", status: 255, message: undefined },
    },
    {
      why: "an abort",
      of: end("hvt", { status: 255, stdout: "hi Solo5: ABORT: out of memory: x\n    at f (m.js:1:2)\n" }),
      exit: { reason: "abort", status: 255, message: "out of memory: x" },
    },
    {
      why: "the last of what looks like aborts",
      of: end("hvt", { status: 255, stdout: "Solo5: ABORT: #PF, fake at rip=0x1\nSolo5: ABORT: real\n" }),
      exit: { reason: "abort", status: 255, message: "real" },
    },
    {
      why: "an abort of an spt guest that writes like a trap",
      of: end("spt", { status: 255, stdout: "Solo5: ABORT: #PF, page fault at rip=0x1\n" }),
      exit: { reason: "abort", status: 255, message: "#PF, page fault at rip=0x1" },
    },
    {
      why: "a trap during the report of one",
      of: end("hvt", {
        status: 255,
        stdout:
          "Solo5: ABORT: #DE, divide error at rip=0x10\nSolo5: rip=0x10 rsp=0x20\n" +
          "Solo5: ABORT: another trap during the report: #PF, page fault at rip=0x30\n",
      }),
      exit: { reason: "trap", message: "#DE, divide error at rip=0x10", registers: { rip: 16n, rsp: 32n } },
    },
    {
      why: "a trap whose beginning was not kept",
      of: end("hvt", {
        status: 255,
        stdout: "Solo5: ABORT: another trap during the report: #PF at rip=0x30",
      }),
      exit: { reason: "trap", message: "another trap during the report: #PF at rip=0x30" },
    },
    {
      why: "registers in the names of functions",
      of: end("hvt", {
        status: 255,
        stdout:
          "Solo5: ABORT: #UD, x at rip=0x1\nSolo5: rax=0xff\nSolo5: JavaScript was at\n    at rbx=0x5 (x)\n",
      }),
      exit: { reason: "trap", registers: { rip: 1n, rax: 255n } },
    },
    {
      why: "a guest that its tender killed",
      of: end("hvt", {
        status: 1,
        stderr:
          "solo5-hvt: guest killed: triple fault: x (rip=0x100000 rsp=0xffffffffffffffff rflags=0x2)\n" +
          "solo5-hvt: core file: ./core.solo5-hvt.1\nsolo5-hvt: dumped 2 pages of 3\n",
      }),
      exit: {
        ...{ reason: "trap", status: 1, signal: undefined },
        message: "triple fault: x (rip=0x100000 rsp=0xffffffffffffffff rflags=0x2)",
        registers: { rip: 0x100000n, rsp: 0xffffffffffffffffn, rflags: 2n },
        report: expect.stringMatching(/^guest killed: triple fault/),
      },
    },
    ...["by its debugger", "its debugger is gone", "KVM: internal error, suberror 3"].map((message) => ({
      why: `an end that is not the guest's fault: ${message}`,
      of: end("hvt", { status: 1, stderr: `solo5-hvt: guest killed: ${message}\n` }),
      exit: { reason: "tender", status: 1, message: `guest killed: ${message}` },
    })),
  ])("$why", ({ of, exit }) => {
    expect(exitOf(of)).toMatchObject(exit);
  });
});

it.each([
  ["nothing but the start", "Solo5: ABORT: "],
  ["many starts", "Solo5: ABORT: ".repeat(1170)],
  ["many second traps", "Solo5: ABORT: another trap during the report: ".repeat(350)],
  ["many registers", `Solo5: ABORT: #PF\nSolo5: ${"rax=0x1 ".repeat(2000)}`],
  ["a register that is too long", `Solo5: ABORT: #PF\nSolo5: rax=0x${"f".repeat(16000)}`],
  ["letters without end", `Solo5: ABORT: #PF\nSolo5: ${"a".repeat(16000)}`],
  ["digits without end", `Solo5: ABORT: #PF\nSolo5: r${"1".repeat(16000)}`],
])("a console full of %s is read, too", (_, stdout) => {
  expect(["abort", "trap"]).toContain(exitOf(end("hvt", { status: 255, stdout })).reason);
});
