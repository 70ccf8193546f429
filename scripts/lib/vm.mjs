// Where hvt guests can run: under KVM of this host, or in a small Linux that QEMU emulates, with KVM in it.
// Everything that takes is fetched here, once: packages of this Debian, and nothing else.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, installDebianPackages, missingDebianPackages, root, say } from "./workspace.mjs";

/** Where the parts of the virtual machine are kept between runs. */
const CACHE = join(root, "node_modules/.cache/uk-vm");
/** Kernel modules, in the order in which they can be loaded. QEMU emulates AMD's virtualization. */
const MODULES = ["irqbypass", "kvm", "kvm-amd", "tun", "llc", "stp", "bridge"];
/** Status with which the probe's guest ends. */
const EXECUTED = 7;

/** Whether KVM of this host executes guests, SSE included: some nested ones only emulate a part. */
export function kvmRunsGuests(tender = join(root, "packages/tender-hvt/dist/solo5-hvt")) {
  if (!existsSync("/dev/kvm")) return false;
  const folder = mkdtempSync(join(tmpdir(), "uk-probe-"));
  try {
    const image = join(folder, "probe.hvt");
    writeFileSync(image, probeImage());
    return spawnSync(tender, ["--mem=2", image], { stdio: "ignore", timeout: 20_000 }).status === EXECUTED;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The parts of the virtual machine, fetched if they are not there. */
export function ensureVm() {
  installDebianPackages(missingDebianPackages({ "qemu-system-x86_64": "qemu-system-x86" }, {}));
  if (!existsSync(join(CACHE, "complete"))) fetchParts();
  const boot = join(CACHE, "boot");
  const kernel = readdirSync(boot).find((name) => name.startsWith("vmlinuz-"));
  if (!kernel) fail(`no kernel in ${boot}: remove ${CACHE} and try again`);
  const modules = join(CACHE, "lib/modules", kernel.replace("vmlinuz-", ""));
  const files = readdirSync(modules, { recursive: true });
  return {
    kernel: join(boot, kernel),
    modules: MODULES.map((name) => {
      const file = files.find((path) => path.endsWith(`/${name}.ko`));
      if (!file) fail(`no module ${name} in ${modules}: remove ${CACHE} and try again`);
      return join(modules, file);
    }),
    busybox: join(CACHE, "bin/busybox"),
    gdb: join(CACHE, "usr/bin/gdb"),
  };
}

function fetchParts() {
  const fresh = `${CACHE}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const meta = () => {
    const { stdout } = spawnSync("apt-cache", ["depends", "linux-image-cloud-amd64"], { encoding: "utf8" });
    return /Depends: (linux-image-\d\S*-cloud-amd64)/.exec(stdout ?? "")?.[1];
  };
  let kernel = meta();
  if (kernel === undefined) {
    quietly("apt-get", ["update", "-qq"], fresh);
    kernel = meta();
  }
  if (kernel === undefined)
    fail("no package linux-image-cloud-amd64: tests of hvt need Debian, or a KVM that executes guests");
  const packages = [kernel, "busybox-static", "gdb-minimal"];
  say(`fetching for the virtual machine: ${packages.join(", ")}`);
  const download = () =>
    spawnSync("apt-get", ["download", "-q", ...packages], { cwd: fresh, stdio: "ignore" });
  // Lists that are older than a security update name a file that is gone.
  if (download().status !== 0) {
    quietly("apt-get", ["update", "-qq"], fresh);
    if (download().status !== 0)
      fail(`apt-get download ${packages.join(" ")} failed: is a mirror within reach?`);
  }
  for (const file of readdirSync(fresh).filter((name) => name.endsWith(".deb"))) {
    quietly("dpkg-deb", ["-x", file, "."], fresh);
    rmSync(join(fresh, file));
  }
  writeFileSync(join(fresh, "complete"), "");
  rmSync(CACHE, { recursive: true, force: true });
  renameSync(fresh, CACHE);
}

function quietly(command, args, cwd) {
  try {
    execFileSync(command, args, { cwd, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  } catch (error) {
    fail(`${command} ${args.join(" ")} failed: ${String(error.stderr ?? error.message).trim()}`);
  }
}

/** An image without devices that multiplies with SSE and ends. */
function probeImage() {
  const file = Buffer.alloc(0x1000 + 36 + 136);
  const notes = 0x1000;
  const text = 0x100000;
  const code = 64 + 56 * 3;
  const halves = { 16: 2, 18: 62, 52: 64, 54: 56, 56: 3 };
  const words = { 20: 1, 24: text + code, 32: 64 };
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  for (const [at, value] of Object.entries(halves)) file.writeUInt16LE(value, Number(at));
  for (const [at, value] of Object.entries(words)) file.writeUInt32LE(value, Number(at));
  const segments = [
    { type: 1, flags: 5, offset: 0, vaddr: text, size: 0x1000, align: 0x1000 },
    { type: 4, flags: 4, offset: notes, vaddr: 0, size: 36, align: 4 },
    { type: 4, flags: 4, offset: notes + 36, vaddr: 0, size: 136, align: 4 },
  ];
  for (const [index, { type, flags, offset, vaddr, size, align }] of segments.entries()) {
    const at = 64 + 56 * index;
    file.writeUInt32LE(type, at);
    file.writeUInt32LE(flags, at + 4);
    for (const [word, value] of [offset, vaddr, vaddr, size, size, align].entries())
      file.writeBigUInt64LE(BigInt(value), at + 8 + 8 * word);
  }
  // mulps xmm0, xmm1; mov eax, record; mov dx, HALT; out dx, eax; the record: no cookie, a status
  const record = code + 16;
  file.set([0x0f, 0x59, 0xc1, 0xb8, 0, 0, 0, 0, 0x66, 0xba, 0x08, 0x05, 0xef], code);
  file.writeUInt32LE(text + record, code + 4);
  file.writeUInt32LE(EXECUTED, record + 8);
  const note = (at, type, size) => {
    for (const [word, value] of [6, size, type].entries()) file.writeUInt32LE(value, at + 4 * word);
    file.write("Solo5", at + 12);
  };
  note(notes, 0x31494241, 16);
  file.writeUInt32LE(1, notes + 20);
  file.writeUInt32LE(2, notes + 24);
  note(notes + 36, 0x3154464d, 116);
  file.writeUInt32LE(1, notes + 60);
  file.writeUInt32LE(1, notes + 64);
  file.writeUInt32LE(0x40000000, notes + 68 + 68);
  return file;
}
