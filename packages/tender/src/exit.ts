/** It ended by itself. */
export interface Exited {
  readonly reason: "exit";
  /** Its status, 0 to 254. */
  readonly status: number;
}

/** It gave up, as on a failed assertion or when its memory ran out; or it ended by itself with status 255. */
export interface Aborted {
  readonly reason: "abort";
  readonly status: 255;
  /** What its bindings said; `undefined` if they said nothing or the console was not piped. */
  readonly message: string | undefined;
}

/** It did what its processor or its tender does not allow. */
export interface Trapped {
  readonly reason: "trap";
  /** Of the tender's process; `undefined` if a signal ended that. */
  readonly status: number | undefined;
  /** On spt the signal that ended the guest; `undefined` on hvt. */
  readonly signal: NodeJS.Signals | undefined;
  /** What happened and where, in one line. */
  readonly message: string;
  /** On hvt, as far as the report has them; none on spt. */
  readonly registers: Registers;
  /** All that was said about it, one line or several; empty on spt. */
  readonly report: string;
}

/** A signal ended it, from outside. */
export interface Killed {
  readonly reason: "killed";
  readonly signal: NodeJS.Signals;
  /** `kill` sent this first, and SIGKILL after `KILL_AFTER_MS`, since it had not ended the guest. */
  readonly ignored?: NodeJS.Signals;
}

/** The tender refused, or could not go on; the guest is not to blame. */
export interface Refused {
  readonly reason: "tender";
  /** Of the tender's process: 1, or more if it broke. */
  readonly status: number;
  /** The tender's own lines, without its name in front. */
  readonly message: string;
}

/** How a guest ended. */
export type Exit = Exited | Aborted | Trapped | Killed | Refused;

/** What a report tells of the processor: its registers, and the error code of the trap. */
export type Register =
  | ("rip" | "rsp" | "rbp" | "rflags" | "error" | "cr2" | "cs" | "ss")
  | ("rax" | "rbx" | "rcx" | "rdx" | "rsi" | "rdi")
  | ("r8" | "r9" | "r10" | "r11" | "r12" | "r13" | "r14" | "r15");

/** By name. */
export type Registers = Readonly<Partial<Record<Register, bigint>>>;
