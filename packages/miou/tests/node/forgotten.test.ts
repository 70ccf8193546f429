import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { watchOperations } from "../../src/diagnostics/index.ts";
import {
  all,
  allSettled,
  both,
  Channel,
  Computation,
  Condition,
  forEach,
  Lazy,
  Mutex,
  type Operation,
  Orphans,
  oneOf,
  parallel,
  portable,
  protect,
  race,
  run,
  runSync,
  Semaphore,
  Syscall,
  shield,
  sleep,
  spawn,
  sub,
  suspend,
  timeout,
  tracked,
  until,
  virtualTime,
  withSignal,
  yieldNow,
} from "../../src/index.ts";
import {
  connect,
  fromDuplex,
  fromUdp,
  listen,
  on,
  once,
  process as processEnd,
  udp,
} from "../../src/node/index.ts";
import { loopback } from "./kit.ts";

/** What is reported of a run of `main`. */
async function reported(main: () => Operation<void>): Promise<string[]> {
  const lines: string[] = [];
  using _watching = watchOperations((line) => lines.push(line));
  await run(main);
  return lines;
}

function* work(): Operation<number> {
  return yield* after(7);
}

function* after<T>(value: T): Operation<T> {
  yield* yieldNow();
  return value;
}

function ours(): Operation<number> {
  return tracked(work(), ours);
}

const here = /forgotten\.test\.ts:\d+:\d+/;

/** Everything that makes an operation, by the name that it is reported under. */
const calls: Readonly<Record<string, () => Operation<unknown>>> = {
  "sleep 1 ms": () => sleep(1),
  yieldNow: () => yieldNow(),
  until: () => until(Promise.resolve()),
  "until ": () => until(() => Promise.resolve()),
  suspend: () => suspend(({ ok }) => ok(undefined)),
  sub: () => sub(work()),
  timeout: () => timeout(10, work),
  protect: () => protect(work, {}),
  shield: () => shield(work),
  forEach: () => forEach([1], () => undefined),
  withSignal: () => withSignal(new AbortController().signal, work),
  race: () => race([spawn(work)]),
  oneOf: () => oneOf([spawn(work)]),
  all: () => all([spawn(work)]),
  both: () => both(spawn(work), spawn(work)),
  allSettled: () => allSettled([spawn(work)]),
  "await task": () => spawn(work).result(),
  "cancel task": () => spawn(work).cancel(),
  "Mutex.lock": () => new Mutex().lock(),
  "protect ": () => new Mutex().protect(work),
  acquire: () => new Mutex().acquire(),
  "Semaphore.acquire": () => new Semaphore(1).acquire(),
  use: () => new Semaphore(1).use(work),
  wait: () => new Condition().wait(new Mutex()),
  waitUntil: () => new Condition().waitUntil(new Mutex(), () => true),
  "Channel.send": () => new Channel(1).send(1),
  "Channel.receive": () => new Channel(1).receive(),
  Computation: () => new Computation().result(),
  tryCapture: () => new Computation<number>().tryCapture(work),
  result: () => new Lazy(work).result(),
  "Orphans.next": () => new Orphans().next(),
  drain: () => new Orphans().drain(),
  cancelAll: () => new Orphans().cancelAll(),
  syscall: () => new Syscall().suspend(),
  connect: () => connect({ port: 1 }),
  listen: () => listen({ port: 0 }),
  udp: () => udp(),
  process: () => processEnd({} as never),
  "event data": () => once(new EventEmitter(), "data"),
  next: () => on(new EventEmitter(), "data").next(),
  read: () => fromDuplex(new PassThrough()).read(new Uint8Array(1)),
  readExactly: () => fromDuplex(new PassThrough()).readExactly(new Uint8Array(1)),
  write: () => fromDuplex(new PassThrough()).write("x"),
  end: () => fromDuplex(new PassThrough()).end(),
  ours: () => ours(),
};

describe("operations that are never performed", () => {
  it.each(Object.entries(calls))("%s is reported, with its place in the program", async (name, make) => {
    const lines = await reported(function* () {
      // What it needs is awaited by whoever made it.
      yield* spawn(function* () {
        make();
        throw new Error("ends the children of this task");
      }).result();
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      new RegExp(`^${name.trim()}.*, made at .*, was never performed: is yield\\* missing before it\\?$`),
    );
    expect(lines[0]).toMatch(here);
  });

  it("of a listener and a datagram socket are reported", async () => {
    const lines = await reported(function* () {
      const [listener, socket] = [yield* loopback(), yield* udp()];
      listener.accept();
      socket.recvFrom(new Uint8Array(1));
      socket.sendTo("x", { address: "127.0.0.1", port: 9 });
      fromUdp(socket.raw);
      listener.close();
      socket.close();
    });
    expect(lines.map((line) => line.split(",")[0])).toEqual(["accept", "recvFrom", "sendTo"]);
  });

  it("are reported once for each place, and not outside a run", async () => {
    sleep(1);
    const lines = await reported(function* () {
      for (let i = 0; i < 5; i++) sleep(i);
      sleep(9);
      yield* yieldNow();
    });
    expect(lines).toHaveLength(2);
    sleep(1);
  });

  it("are not those that are performed, in whatever way", async () => {
    const lines = await reported(function* () {
      const task = spawn(work);
      expect(yield* race([task]).result()).toEqual({ ok: true, value: 7 });
      const later = sleep(1);
      yield* yieldNow();
      yield* later;
      yield* spawn(() => sleep(1));
      yield* spawn(() => protect(work, {}));
      yield* sub(timeout(10, work));
      yield* spawn(() => later);
      const lazy = new Lazy(() => protect(work, {}));
      expect([yield* lazy, yield* lazy]).toEqual([7, 7]);
      const channel = new Channel<Operation<void>>(1);
      yield* spawn(() => channel.send(sleep(1)));
      yield* yield* channel.receive();
      const mutex = new Mutex();
      yield* mutex.lock();
      // It was performed, and refused.
      expect(yield* spawn(() => mutex.lock()).cancel()).toBe(undefined);
      mutex.unlock();
      yield* parallelOrNot();
    });
    expect(lines).toEqual([]);
  });

  function* parallelOrNot(): Operation<void> {
    try {
      yield* parallel(portable("file:///x", "x", work), [undefined]);
    } catch {
      // There is no other domain.
    }
  }

  it("are reported while the run goes on, but for those that may still be performed", async () => {
    const lines: string[] = [];
    let told = (): void => {};
    using _watching = watchOperations((line) => {
      lines.push(line);
      told();
    });
    await run(function* () {
      const kept = sleep(2);
      sleep(1);
      yield* until(
        new Promise<void>((ok) => {
          told = ok;
        }),
      );
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^sleep 1 ms/);
      yield* kept;
    });
    expect(lines).toHaveLength(1);
  });

  it("are reported of runSync, and of a run that fails, too", () => {
    const lines: string[] = [];
    using _watching = watchOperations((line) => lines.push(line));
    expect(() =>
      runSync(function* () {
        sleep(1);
        yield* sleep(2);
        throw new Error("boom");
      }, virtualTime()),
    ).toThrow("boom");
    expect(lines).toHaveLength(1);
  });

  it("are printed with MIOU_DEBUG=1, also by a process that exits in the midst, and not without", async () => {
    const folder = mkdtempSync(join(tmpdir(), "miou-"));
    try {
      await build({
        stdin: {
          contents: `import { run, sleep } from "../../src/index.ts";
import "../../src/diagnostics/index.ts";
function forget() { sleep(10); }
run(function* () { forget(); yield* sleep(1); if (process.argv[2]) process.exit(3); yield* sleep(1); });`,
          resolveDir: fileURLToPath(new URL(".", import.meta.url)),
          sourcefile: "program.ts",
        },
        outfile: join(folder, "program.mjs"),
        bundle: true,
        ignoreAnnotations: true,
        sourcemap: "inline",
        platform: "node",
        format: "esm",
      });
      const node = promisify(execFile);
      for (const { MIOU_DEBUG, words, lines } of [
        { MIOU_DEBUG: "1", words: [], lines: 1 },
        { MIOU_DEBUG: "1", words: ["exit"], lines: 1 },
        { MIOU_DEBUG: "", words: [], lines: 0 },
      ]) {
        const { stderr } = await node(
          process.execPath,
          ["--enable-source-maps", join(folder, "program.mjs"), ...words],
          { env: { ...process.env, MIOU_DEBUG } },
        ).catch((error: { stderr: string }) => error);
        const found =
          stderr.match(/miou: sleep 10 ms, made at .*program\.ts:3:21, was never performed.*\n/g) ?? [];
        expect([found.length, stderr]).toEqual([lines, found.join("")]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
