import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { archive, type Content } from "./archive.ts";
import type { Batch } from "./batch.ts";
import { librariesOf, programPath } from "./libraries.ts";
import { batchScript, stepScript } from "./script.ts";

/** What a virtual machine is made of; `node scripts/vm.mjs` fetches it. */
export interface VmParts {
  readonly kernel: string;
  /** In the order in which they can be loaded. */
  readonly modules: readonly string[];
  /** Static. */
  readonly busybox: string;
  /** Needs libraries of this machine. */
  readonly gdb: string;
}

/** Memory of the virtual machine; its file system is in there as well. */
const MEMORY_MIB = 1536;
/** Milliseconds without a sign of life after which a machine has hung. Usual are five, and four to boot. */
const SILENCE_MS = 60_000;
/** An emulated machine hangs once in a while: how often a batch is tried. */
const BOOTS = 3;
/** What the machine says every five seconds. */
const ALIVE = "uk: alive";
/** Lines of the console that a failure shows. */
const CONSOLE_LINES = 30;

/**
 * Boots a small Linux in QEMU, without KVM, and runs a batch in it. What a step leaves comes out through
 * a serial port as soon as it has ended, into `folder/out/N`.
 *
 * @throws the machine did not get to the end in time; the message has the end of its console, all of
 * which is kept in a file that is named there
 */
export async function runInVm(
  parts: VmParts,
  batch: Batch & { readonly timeoutMs: number },
  folder: string,
): Promise<void> {
  const initramfs = join(folder, "initramfs");
  const consoleLog = join(folder, "console");
  const results = join(folder, "results");
  writeFileSync(initramfs, archive(contents(parts, batch)));
  const words = [
    // One processor: with two, machines within this one make it hang, about every other time.
    ["-accel", "tcg,thread=single", "-cpu", "max", "-smp", "1", "-m", String(MEMORY_MIB)],
    ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ["-serial", `file:${consoleLog}`, "-serial", `file:${results}`],
    ["-kernel", parts.kernel, "-initrd", initramfs, "-append", "console=ttyS0 quiet panic=-1"],
  ].flat();
  let ended = "";
  for (let boot = 1; boot <= BOOTS; boot += 1) {
    for (const file of [results, consoleLog]) writeFileSync(file, "");
    ended = await runToEnd("qemu-system-x86_64", words, consoleLog, batch.timeoutMs);
    if (ended !== HUNG) break;
    console.warn(`the virtual machine has hung (${boot} of ${BOOTS})`);
  }
  if (unpack(results, join(folder, "out"))) return;
  const text = existsSync(consoleLog) ? readFileSync(consoleLog, "utf8") : "";
  const kept = join("/tmp", `uk-vm-console-${process.pid}-${Date.now()}.log`);
  writeFileSync(kept, text);
  const lines = text.split("\n").filter((line) => line.trim() !== ALIVE);
  const last = lines.slice(-CONSOLE_LINES).join("\n").trimEnd();
  throw new Error(
    `the virtual machine did not get to the end (${ended}); its console, all in ${kept}:\n${last}`,
  );
}

/** How a machine ended that gave no sign of life. */
const HUNG = `no sign of life for ${SILENCE_MS} ms`;

/** What the machine finds in its memory when it starts. */
function contents(parts: VmParts, batch: Batch): Map<string, Content> {
  const entries = new Map<string, Content>([
    ["init", { text: init(parts) }],
    ["bin/busybox", { file: parts.busybox }],
    ["bin/sh", { link: "busybox" }],
    ["batch.sh", { text: `top=\n${SEND}${batchScript(batch.steps)}` }],
  ]);
  for (const module of parts.modules) entries.set(`modules/${basename(module)}`, { file: module });
  for (const name of batch.programs ?? []) {
    const path = name === "gdb" ? parts.gdb : programPath(name);
    for (const [at, content] of librariesOf(path)) entries.set(at, content);
    entries.set(`usr/bin/${name}`, { file: path });
  }
  for (const [name, path] of Object.entries(batch.files)) entries.set(`work/${name}`, { file: path });
  batch.steps.forEach((step, index) => {
    entries.set(`step-${index}.sh`, { text: stepScript(step) });
  });
  return entries;
}

function init(parts: VmParts): string {
  return `#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /sbin /usr/bin /usr/sbin /work /out /etc
/bin/busybox --install -s /bin
export PATH=/usr/bin:/bin HOME=/tmp UK_KVM=emulated
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/net
${parts.modules.map((module) => `insmod /modules/${basename(module)}`).join("\n")}
[ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200
echo "root:x:0:0:root:/tmp:/bin/sh" >/etc/passwd
stty raw -echo -F /dev/ttyS1
(while :; do echo "${ALIVE}"; sleep 5; done) >/dev/console 2>&1 &
sh /batch.sh
echo "uk end" >/dev/ttyS1
poweroff -f
`;
}

/** Sends what step \`$1\` left: a line with its number and length, and a compressed archive. */
const SEND = `begin() { echo "uk: step $1" >/dev/console; }
send() {
  tar -c -z -f /tmp/send -C "/out/$1" .
  { echo "uk $1 $(wc -c </tmp/send)"; cat /tmp/send; } >/dev/ttyS1
  rm -rf /tmp/send "/out/$1"
}
`;

/** Takes apart what the machine sent; whether it got to the end. */
function unpack(results: string, out: string): boolean {
  const sent = existsSync(results) ? readFileSync(results) : Buffer.alloc(0);
  let at = 0;
  for (;;) {
    const end = sent.indexOf("\n", at);
    const line = end < 0 ? "" : sent.toString("latin1", at, end);
    if (line === "uk end") return true;
    const [, number, size] = /^uk (\d+) (\d+)$/.exec(line) ?? [];
    if (number === undefined || size === undefined) return false;
    at = end + 1 + Number(size);
    const folder = join(out, number);
    mkdirSync(folder, { recursive: true });
    const input = sent.subarray(end + 1, at);
    const { status, stderr } = spawnSync("tar", ["-x", "-z", "-C", folder], { input });
    if (status !== 0) throw new Error(`what step ${number} left cannot be unpacked: ${stderr}`);
  }
}

/** Runs a machine to its end, until its time is over, or until its console is silent; how it ended. */
function runToEnd(
  program: string,
  words: readonly string[],
  consoleLog: string,
  timeoutMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    let killed = "";
    const kill = (why: string) => {
      killed = why;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(kill, timeoutMs, `not within ${timeoutMs} ms`);
    const watch = setInterval(() => {
      if (Date.now() - statSync(consoleLog).mtimeMs > SILENCE_MS) kill(HUNG);
    }, SILENCE_MS / 10);
    const clear = () => {
      clearTimeout(timer);
      clearInterval(watch);
    };
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", (error) => {
      clear();
      reject(error);
    });
    child.on("close", (status) => {
      clear();
      resolve(killed || `status ${status}${stderr && `: ${stderr.trim()}`}`);
    });
  });
}
