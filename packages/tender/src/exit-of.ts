import { constants } from "node:os";
import type { Target } from "@uk/manifest";
import type { Exit, Trapped } from "./exit.ts";
import { verdict } from "./tender-lines.ts";
import { isTrap, lastWords, registersIn, registersOf } from "./trap-report.ts";

/** What is known when a tender's process has ended. */
export interface TenderEnd {
  /** `spt`: the guest is the tender's process, once it runs. `hvt`: it is a virtual machine. */
  readonly target: Target;
  /** Base name of the tender's binary; `solo5-hvt` or `solo5-spt` without it. */
  readonly program?: string;
  /** As Node has it: one of the two is null. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of the guest's console, as far as it was seen. */
  readonly stdout: string;
  /** The end of the tender's lines. */
  readonly stderr: string;
  /** Signals that were sent to it on purpose. */
  readonly sent?: ReadonlySet<NodeJS.Signals>;
}

/** Signals by which Linux ends a process for what it did itself (ABI section 5.6). */
const FAULTS: ReadonlyMap<NodeJS.Signals, string> = new Map([
  ["SIGSEGV", ", which used memory that it may not use in that way, or that is not there"],
  ["SIGBUS", ": its image was overwritten while it ran; rename a new image over it"],
  ["SIGILL", ", which executed an instruction that does not exist"],
  ["SIGFPE", ", which divided by zero, or the quotient was too large"],
  ["SIGTRAP", ", which executed a breakpoint"],
  ["SIGSYS", ", which made a system call that its sandbox forbids"],
]);

const ABORT = 255;
/** Statuses of a tender that had something to say: it refused, or broke. */
const TENDER_FAILED: ReadonlySet<number> = new Set([1, 134]);

/** What the end of a tender's process means for the guest. */
export function exitOf(end: TenderEnd): Exit {
  const { target, status, signal, sent } = end;
  if (signal !== null || status === null) {
    const name = signal ?? "SIGKILL";
    const fault = FAULTS.get(name);
    if (fault === undefined || sent?.has(name) === true) return { reason: "killed", signal: name };
    if (target === "spt") return trap({ signal: name, message: `${name} ended the guest${fault}` });
    return { reason: "tender", status: 128 + constants.signals[name], message: `died of ${name}` };
  }
  if (status === ABORT) return abort(end);
  const lines = verdict(end.stderr, end.program ?? `solo5-${target}`);
  if (!TENDER_FAILED.has(status) || lines.length === 0) return { reason: "exit", status };
  return told(lines, status);
}

/** The guest ended with the status of an abort. */
function abort({ target, stdout }: TenderEnd): Exit {
  const words = lastWords(stdout);
  // On spt a trap is a signal: what looks like one is the program's own text.
  if (words !== undefined && target === "hvt" && isTrap(words.message))
    return trap({ status: ABORT, registers: registersOf(words.report), ...words });
  return { reason: "abort", status: ABORT, message: words?.message };
}

/** The tender said why. */
function told(lines: readonly string[], status: number): Exit {
  for (const line of lines) {
    const [, number] = /^ended by signal (\d+)$/.exec(line) ?? [];
    const signal = number === undefined ? undefined : signalOf(Number(number));
    if (signal !== undefined) return { reason: "killed", signal };
    // What KVM cannot do and what a debugger wants is no fault of the guest's.
    const [, message] = /^guest killed: (?!KVM|by its debugger|its debugger)(.*)$/.exec(line) ?? [];
    if (message !== undefined) return trap({ status, message, registers: registersIn([line]), report: line });
  }
  return { reason: "tender", status, message: lines.join("\n") };
}

function trap(what: Pick<Trapped, "message"> & Partial<Trapped>): Trapped {
  return { reason: "trap", status: undefined, signal: undefined, registers: {}, report: "", ...what };
}

function signalOf(number: number): NodeJS.Signals | undefined {
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  return names.find(([, value]) => value === number)?.[0];
}
