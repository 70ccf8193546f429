/** The little that `run` needs of a host where there is no target. */
interface HostProcess {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  exit(status: number): never;
  getBuiltinModule?(name: "node:fs"): { writeSync(fd: number, text: string): number } | undefined;
}

/** The host's `process`, where there is one. */
export function hostProcess(): HostProcess | undefined {
  return (globalThis as { process?: HostProcess }).process;
}

/**
 * Writes all of `text`, then ends the process with status 0. A build that wants the manifest and
 * nothing else names a descriptor of its own in `UK_MANIFEST_FD`.
 */
export function writeAndExit(host: HostProcess, text: string): never {
  const fs = host.getBuiltinModule?.("node:fs");
  if (fs === undefined) throw new Error("run: cannot print the manifest: Node 20.16 or later is needed");
  const fd = Number(host.env.UK_MANIFEST_FD ?? 1);
  for (let rest = text; rest !== ""; rest = rest.slice(fs.writeSync(fd, rest)));
  host.exit(0);
}

/** What is used of a host's loop. */
const loop = globalThis as unknown as {
  readonly setImmediate?: (callback: () => void) => unknown;
  readonly setTimeout: (callback: () => void, ms: number) => unknown;
};

/** Runs `callback` once what is ready now has run, and the jobs of promises. */
export function later(callback: () => void): void {
  if (loop.setImmediate === undefined) loop.setTimeout(callback, 0);
  else loop.setImmediate(callback);
}
