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
/** Milliseconds a boot may take; three or four seconds is usual. */
const BOOT_TIMEOUT_MS = 60_000;
/** An emulated machine does not always come up: how often it is tried. */
const BOOTS = 3;
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
    ["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", String(MEMORY_MIB)],
    ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ["-serial", `file:${consoleLog}`, "-serial", `file:${results}`],
    ["-kernel", parts.kernel, "-initrd", initramfs, "-append", "console=ttyS0 quiet panic=-1"],
  ].flat();
  let ended = "";
  for (let boot = 1; boot <= BOOTS; boot += 1) {
    writeFileSync(results, "");
    ended = await runToEnd("qemu-system-x86_64", words, results, batch.timeoutMs);
    if (readFileSync(results, "utf8").startsWith(BOOTED)) break;
  }
  if (unpack(results, join(folder, "out"))) return;
  const text = existsSync(consoleLog) ? readFileSync(consoleLog, "utf8") : "";
  const kept = join("/tmp", `uk-vm-console-${process.pid}-${Date.now()}.log`);
  writeFileSync(kept, text);
  const last = text.trimEnd().split("\n").slice(-CONSOLE_LINES).join("\n");
  throw new Error(
    `the virtual machine did not get to the end (${ended}); its console, all in ${kept}:\n${last}`,
  );
}

/** What the machine sends first. */
const BOOTED = "uk boot\n";

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
printf '${BOOTED}' >/dev/ttyS1
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
  if (!sent.toString("latin1", 0, BOOTED.length).startsWith(BOOTED)) return false;
  let at = BOOTED.length;
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
    if (status !== 0) throw new Error(`what step ${number} left can not be unpacked: ${stderr}`);
  }
}

/** Runs a machine to its end, or until its time is over, for boot or for all; how it ended. */
function runToEnd(
  program: string,
  words: readonly string[],
  results: string,
  timeoutMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    let late = 0;
    const kill = (afterMs: number) => {
      late = afterMs;
      child.kill("SIGKILL");
    };
    const timer = setTimeout(kill, timeoutMs, timeoutMs);
    const bootTimer = setTimeout(() => {
      if (statSync(results).size === 0) kill(BOOT_TIMEOUT_MS);
    }, BOOT_TIMEOUT_MS);
    const clear = () => {
      clearTimeout(timer);
      clearTimeout(bootTimer);
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
      resolve(late > 0 ? `not within ${late} ms` : `status ${status}${stderr && `: ${stderr.trim()}`}`);
    });
  });
}
