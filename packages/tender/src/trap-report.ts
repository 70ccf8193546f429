import type { Register, Registers } from "./exit.ts";

/** What a guest's bindings write when it cannot go on (packages/runtime/bindings/src/hvt/trap.rs). */
const HEAD = "Solo5: ABORT: ";
/** A trap while the first one is told. */
const SECOND = "another trap during the report: ";

const REGISTERS: ReadonlySet<string> = new Set<Register>([
  ...(["rip", "rsp", "rbp", "rflags", "error", "cr2", "cs", "ss"] as const),
  ...(["rax", "rbx", "rcx", "rdx", "rsi", "rdi"] as const),
  ...(["r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"] as const),
]);

/** The end of a console on which a guest said why it cannot go on. */
export interface LastWords {
  /** The first line, without what begins all of them. */
  readonly message: string;
  /** All of it, the first line included. */
  readonly report: string;
}

/** What the bindings said last, if they did. A program can write the same: it is the guest's word. */
export function lastWords(console: string): LastWords | undefined {
  let at = console.lastIndexOf(HEAD);
  if (console.startsWith(SECOND, at + HEAD.length) && at > 0) {
    const first = console.lastIndexOf(HEAD, at - 1);
    if (first >= 0) at = first;
  }
  if (at < 0) return undefined;
  const report = console.slice(at).trimEnd();
  const [line = ""] = report.split("\n", 1);
  return { message: line.slice(HEAD.length).trimEnd(), report };
}

/** Whether the message is about a trap: it begins with the vector, such as `#PF`. */
export function isTrap(message: string): boolean {
  return message.startsWith("#") || message.startsWith(SECOND);
}

/** All `name=0x…` in these lines that are registers; the first of each. */
export function registersIn(lines: Iterable<string>): Registers {
  const found: Record<string, bigint> = {};
  for (const line of lines)
    for (const [, name = "", value = ""] of line.matchAll(/(?<![\w.])([a-z]+\d*)=(0x[0-9a-f]{1,16})(?!\w)/g))
      if (REGISTERS.has(name)) found[name] ??= BigInt(value);
  return found;
}

/** The registers that a report's own lines have, and not, say, the names of functions. */
export function registersOf(report: string): Registers {
  const [head = "", ...rest] = report.split("\n");
  return registersIn([head, ...rest.filter((line) => /^Solo5: [a-z]+\d*=0x/.test(line))]);
}
