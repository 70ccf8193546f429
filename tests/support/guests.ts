import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./workspace.ts";

/** `guest.json`: how the program is run, where that is not the usual. */
interface Settings {
  /** Words after the image. */
  readonly args?: readonly string[];
  /** Memory in MiB; the tender's default otherwise. */
  readonly mem?: number;
  /** Stack in KiB; the linker's default otherwise. */
  readonly stack?: number;
  /** Exit status; 0 otherwise. */
  readonly status?: number;
  /** `false`: the transcript is that of an image only. */
  readonly host?: boolean;
}

/** A program of `tests/guests/NAME`, how it is run, and what it is to print. */
export interface GuestProgram extends Required<Omit<Settings, "mem" | "stack">> {
  readonly name: string;
  /** First module: the guest's own `main.ts`, or the example of the same name. */
  readonly entry: string;
  /** Path of the golden transcript of standard output. */
  readonly golden: string;
  readonly mem: number | undefined;
  readonly stack: number | undefined;
}

const folder = join(root, "tests/guests");

/**
 * Every guest with a golden transcript; a new one starts with an empty `expected.txt`. The others are
 * for tests of their own.
 */
export const guestsWithTranscript: readonly GuestProgram[] = readdirSync(folder)
  .filter((name) => existsSync(join(folder, name, "expected.txt")))
  .sort()
  .map(guest);

export function guest(name: string): GuestProgram {
  const own = join(folder, name, "main.ts");
  const file = join(folder, name, "guest.json");
  const settings: Settings = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  return {
    name,
    entry: existsSync(own) ? own : join(root, "examples", name, "main.ts"),
    golden: join(folder, name, "expected.txt"),
    args: settings.args ?? [],
    mem: settings.mem,
    stack: settings.stack,
    status: settings.status ?? 0,
    host: settings.host ?? true,
  };
}
