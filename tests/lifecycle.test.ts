// Guests and those who start them: a guest ends with them, however they end, and when they say so.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, spawn as spawnSpt } from "@uk/tender-spt";
import { beforeAll, describe, expect, it } from "vitest";
import { build, buildSource } from "./support/boot.ts";
import { guest } from "./support/guests.ts";
import { ended, firstWords, startUk } from "./support/uk.ts";
import { workspace } from "./support/workspace.ts";

const folder = workspace();
const image = join(folder, "wait.spt");

beforeAll(async () => {
  await build(guest("wait"), folder);
});

/** The one child of a process. */
function childOf(pid: number | undefined): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
  expect(children).toHaveLength(1);
  return children[0] as number;
}

/** Whether a process runs or sleeps; a zombie, which nobody may ever bury, does not. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Waits until a process is gone; kills one that does not go, which is the failure of a test. */
async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (!isAlive(pid)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  process.kill(pid, "SIGKILL");
  expect.fail(`process ${pid} was left behind`);
}

/** Stops a process: it gets no signal any more but SIGKILL. */
async function stopped(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  while (!/^State:\sT/m.test(readFileSync(`/proc/${pid}/status`, "utf8")))
    await new Promise((resolve) => setTimeout(resolve, 1));
}

describe("a guest of uk run", () => {
  it.each(["SIGKILL", "SIGQUIT", "SIGTERM", "SIGABRT"] as const)(
    "is gone when %s has ended uk",
    async (signal) => {
      const uk = startUk(["run", "--mem=16", image]);
      expect(await firstWords(uk)).toBe("waiting\n");
      const pid = childOf(uk.pid);
      uk.kill(signal);
      await once(uk, "exit");
      await gone(pid);
    },
  );

  it("that a signal does not end is killed, and a line says so", async () => {
    const uk = startUk(["run", "--mem=16", image]);
    expect(await firstWords(uk)).toBe("waiting\n");
    await stopped(childOf(uk.pid));
    uk.kill("SIGINT");
    const { status, stderr } = await ended(uk);
    expect({ status, stderr }).toEqual({
      status: 137,
      stderr: `uk: ${image}: SIGINT did not end the guest within 2 s: SIGKILL did\n`,
    });
  });
});

/** Starts a guest, and says its number once it runs. */
const STARTS = `
  import { once } from "node:events";
  import { spawn } from "@uk/tender-spt";
  const guest = spawn(${JSON.stringify(image)}, { mem: 16, stdio: "pipe" });
  await once(guest.stdout, "data");
  console.log(guest.pid);`;

/** The same by a tender that knows upstream's options only, and starts ours as a process of its own. */
const BY_ANOTHER_TENDER = `
  import { once } from "node:events";
  import { readFileSync } from "node:fs";
  import { spawnGuest } from "@uk/tender";
  const path = new URL("tender.sh", import.meta.url).pathname;
  const guest = spawnGuest({ target: "spt", path }, ${JSON.stringify(image)}, { mem: 16, stdio: "pipe" });
  await once(guest.stdout, "data");
  console.log(readFileSync(\`/proc/\${guest.pid}/task/\${guest.pid}/children\`, "utf8"));`;

/** The same in a thread. */
const IN_WORKER = (then: string): string => `
  import { Worker } from "node:worker_threads";
  const worker = new Worker(new URL("starts.mjs", import.meta.url), { stdout: true });
  worker.stdout.once("data", async (pid) => {
    ${then}
    process.stdout.write(pid);
  });
  setInterval(() => {}, 1000);`;

describe("a guest of a Node program", () => {
  const program = (name: string, code: string): ChildProcess => {
    writeFileSync(join(folder, "starts.mjs"), STARTS);
    const options = `for word; do case $word in --mem=*|--|*.spt) ;; *) exit 64 ;; esac; done`;
    const script = `#!/bin/sh\n${options}\n"${binaryPath()}" "$@" &\nwait $!\n`;
    writeFileSync(join(folder, "tender.sh"), script, { mode: 0o755 });
    const file = join(folder, name);
    writeFileSync(file, code);
    return spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
  };

  it.each([
    ["the program", STARTS],
    ["a thread of it", IN_WORKER("")],
    ["a tender that knows no lifelines", BY_ANOTHER_TENDER],
  ])("that %s started is gone when the program is killed", async (_, code) => {
    const node = program("killed.mjs", code);
    const pid = Number(await firstWords(node));
    expect(isAlive(pid)).toBe(true);
    node.kill("SIGKILL");
    await gone(pid);
  });

  it("is gone when the program ends without waiting for it", async () => {
    const node = program("exits.mjs", `${STARTS} process.exit(7);`);
    const pid = Number(await firstWords(node));
    await gone(pid);
  });

  it("is gone when the thread that started it is", async () => {
    const node = program("ends.mjs", IN_WORKER("await worker.terminate();"));
    const pid = Number(await firstWords(node));
    await gone(pid);
    expect(isAlive(node.pid as number)).toBe(true);
    node.kill("SIGKILL");
  });
});

describe("an image that runs", () => {
  const ticks = join(folder, "ticks.spt");
  const fresh = join(folder, "fresh.spt");

  beforeAll(async () => {
    const program = `import { run, sleep } from "@uk/miou-solo5";
      run([], function* () { for (;;) { console.log("tick"); yield* sleep(5); } });`;
    await buildSource("ticks", program, folder);
    copyFileSync(ticks, fresh);
  });

  it("and is overwritten ends its guest by SIGBUS, of which uk says what to do", async () => {
    const uk = startUk(["run", "--mem=16", ticks]);
    await firstWords(uk);
    truncateSync(ticks);
    const { status, stderr } = await ended(uk);
    expect({ status, stderr }).toEqual({
      status: 135,
      stderr: `uk: ${ticks}: SIGBUS ended the guest: its image was overwritten while it ran; rename a new image over it\n`,
    });
  });

  it("and is overwritten ends its guest by SIGBUS, of which `exit` says what to do", async () => {
    copyFileSync(fresh, ticks);
    const child = spawnSpt(ticks, { mem: 16, stdio: "pipe" });
    await firstWords(child);
    truncateSync(ticks);
    expect(await child.exit).toMatchObject({
      reason: "trap",
      signal: "SIGBUS",
      message: expect.stringMatching(/: its image was overwritten while it ran; rename a new image over it$/),
    });
  });

  it("and over which another one is renamed goes on", async () => {
    copyFileSync(fresh, ticks);
    const child = spawnSpt(ticks, { mem: 16, stdio: "pipe" });
    await firstWords(child);
    renameSync(fresh, ticks);
    for (let more = 0; more < 3; more++) await firstWords(child);
    child.kill();
    expect(await child.exit).toEqual({ reason: "killed", signal: "SIGTERM" });
  });
});

describe("Guest.kill", () => {
  it("ends a guest that SIGTERM does not end by SIGKILL, and says so", async () => {
    const child = spawnSpt(image, { mem: 16, stdio: "pipe" });
    await firstWords(child);
    await stopped(child.pid as number);
    expect(child.kill()).toBe(true);
    expect(child.kill()).toBe(true);
    expect(await child.exit).toEqual({ reason: "killed", signal: "SIGKILL", ignored: "SIGTERM" });
  });

  it("says nothing of what it need not do", async () => {
    const child = spawnSpt(image, { mem: 16, stdio: "pipe" });
    await firstWords(child);
    child.kill();
    child.kill("SIGKILL");
    expect(await child.exit).not.toHaveProperty("ignored");
  });
});
