// Where a test is run: in an image under solo5-spt, and in a program of the host with the same engine.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";

/** Bytes of a block of the device that a test is in: as few reads as possible. */
const BLOCK_SIZE = 32768;

/** The machines by name: each takes the path of a file with a test and gives what there was to start. */
export async function machines({ parts, folder }) {
  const [{ link }, { compileModule }, { binaryPath }] = await Promise.all([
    import("@uk/image"),
    import("@uk/runtime"),
    import("@uk/tender-spt"),
  ]);
  const image = join(folder, "test262.spt");
  const base = readFileSync(join(parts, "base-spt.elf"));
  const manifest = {
    type: "solo5.manifest",
    version: 1,
    devices: [{ name: "test", type: "BLOCK_BASIC" }],
  };
  // The image runs what is in the device instead of its program.
  const buildId = readFileSync(join(parts, "build-id"));
  const { bytecode } = await compileModule("", "none.js");
  writeFileSync(image, link({ base, manifest, program: { buildId, bytecode }, stack: 16 << 20 }));
  const blocks = `--block-sector-size:test=${BLOCK_SIZE}`;
  return {
    image: (test) => [binaryPath(), `--block:test=${test}`, blocks, image],
    native: (test) => [join(parts, "uk-test262"), test],
  };
}

/** Writes a test where all machines can read it: whole blocks. */
export function writeTest(path, bytes) {
  writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(BLOCK_SIZE - (bytes.length % BLOCK_SIZE))]));
}

/** Each line is a command, with $0 seconds; what it writes, a NUL and its status are the answer. */
const LOOP = `ulimit -c 0
while IFS= read -r line; do
  (ulimit -St "$0"; eval "exec $line") 2>&1
  printf '\\0%d\\n' $?
done 2>/dev/null`;

/** Runs machines, one after the other. A shell starts them: for Node that takes longer than all else. */
export class Runner {
  #shell;
  #text = "";
  #resolve = undefined;

  /** @param seconds - of processor time for each */
  constructor(seconds) {
    this.#shell = spawn("/bin/sh", ["-c", LOOP, seconds], { stdio: ["pipe", "pipe", "inherit"] });
    this.#shell.stdout.setEncoding("utf8").on("data", (chunk) => {
      this.#text += chunk;
      const [end, status] = /\0(\d+)\n$/.exec(this.#text) ?? [];
      if (end !== undefined) this.#resolve(outcome(this.#text.slice(0, -end.length), Number(status)));
    });
  }

  /** Runs one to its end, which is bounded. */
  run(command) {
    this.#text = "";
    this.#shell.stdin.write(`${command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")}\n`);
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Ends the shell. */
  close() {
    this.#shell.stdin.end();
  }
}

/** What the machine told: the lines that were printed, and how it ended. */
function outcome(text, status) {
  const printed = [...text.matchAll(/^test262: print (.*)$/gm)].map(([, line]) => line);
  const [, phase, type, message = ""] = /^test262: end (\w+)(?: (\S*) (.*))?$/m.exec(text) ?? [];
  if (phase !== undefined) return { printed, phase, type, message };
  const [first] = text.trim().split("\n");
  const how = status === 128 + constants.signals.SIGXCPU ? "took too long" : `status ${status}`;
  return { printed, phase: "crash", type: "", message: [how, first].filter(Boolean).join(": ") };
}

/** Why a test has failed; nothing if it has passed. */
export function failure({ flags, negative }, { printed, phase, type, message }) {
  if (negative !== undefined) {
    if (phase === negative.phase && type === negative.type) return undefined;
    const instead = phase === "complete" ? "nothing" : `${phase}: ${message}`;
    return `expected ${negative.type} (${negative.phase}), got ${instead}`;
  }
  if (phase !== "complete") return `${phase}: ${message}`;
  if (!flags.has("async")) return undefined;
  const [end] = printed.filter((line) => line.startsWith("Test262:Async"));
  if (end === undefined) return "async: $DONE was not called";
  return end === "Test262:AsyncTestComplete"
    ? undefined
    : end.replace("Test262:AsyncTestFailure:", "async: ");
}
