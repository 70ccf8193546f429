import { spawn as spawnProcess } from "node:child_process";
import { describe, expect, it } from "vitest";
import {
  Computation,
  Condition,
  Mutex,
  type Operation,
  Orphans,
  race,
  run,
  sleep,
  spawn,
  trace,
  yieldNow,
} from "../../src/index.ts";
import { connect, fromReadable, onSignal, type Socket, process as waitFor } from "../../src/node/index.ts";
import { clean, loopback, thrown, thrownBy } from "./kit.ts";

const kill = (name: NodeJS.Signals): boolean => process.kill(process.pid, name);

/** The errors that the run reported. */
function reports(): { readonly errors: string[]; [Symbol.dispose](): void } {
  const errors: string[] = [];
  const subscription = trace.subscribe((event) => {
    if (event.type === "suppressed") errors.push(String((event.error as Error).message));
  });
  return { errors, [Symbol.dispose]: () => subscription.unsubscribe() };
}

describe("child processes", () => {
  it("[149] the exit of a child is observed, and its output read", async () => {
    await clean(() =>
      run(function* () {
        const log: string[] = [];
        const child = spawnProcess("sh", ["-c", "echo slept; exit 3"], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        const watcher = spawn(function* () {
          const status = yield* waitFor(child);
          log.push(`exited ${status.code} ${status.signal}`);
        });
        const buffer = new Uint8Array(16);
        const length = yield* fromReadable(child.stdout).read(buffer);
        log.unshift(new TextDecoder().decode(buffer.subarray(0, length)).trim());
        yield* watcher;
        expect(log).toEqual(["slept", "exited 3 null"]);
        expect(yield* waitFor(child)).toEqual({ code: 3, signal: null });
      }),
    );
  });

  it("an owned child is killed, and waited for, when its task is cancelled; another is not", async () => {
    await clean(() =>
      run(function* () {
        const child = spawnProcess("cat", { stdio: ["pipe", "ignore", "inherit"] });
        const stranger = spawn(() => waitFor(child));
        const owner = spawn(() => waitFor(child, { owned: true }));
        yield* sleep(0);
        yield* stranger.cancel();
        expect([child.exitCode, child.signalCode]).toEqual([null, null]);
        yield* owner.cancel();
        expect(child.signalCode).toBe("SIGTERM");
        expect(child.listenerCount("exit") + child.listenerCount("error")).toBe(0);
      }),
    );
  });

  it("a child that cannot be started is an error", async () => {
    await run(function* () {
      expect(yield* thrownBy(waitFor(spawnProcess("/nowhere/nothing"), { owned: true }))).toBe("ENOENT");
    });
  });
});

describe("signals", () => {
  it("[150] a handler completes a computation and throws: main gets the value, and the run goes on", async () => {
    using reported = reports();
    const value = await run(function* () {
      const cell = new Computation<number>();
      onSignal("SIGUSR2", function* () {
        cell.tryReturn(42);
        yield* yieldNow();
        throw new Error("handler failed");
      });
      kill("SIGUSR2");
      const got = yield* cell;
      while (reported.errors.length === 0) yield* sleep(0);
      return got;
    });
    expect([value, reported.errors]).toEqual([42, ["handler failed"]]);
    expect(process.listenerCount("SIGUSR2")).toBe(0);
  });

  it("[151] handlers of two signals interleave", async () => {
    const log: string[] = [];
    await run(function* () {
      const both = new Computation<void>();
      const gate = new Computation<void>();
      let running = 0;
      onSignal("SIGUSR2", function* () {
        const me = ++running;
        log.push(`in ${me}`);
        if (me === 2) gate.tryReturn();
        yield* gate;
        log.push(`out ${me}`);
        if (--running === 0) both.tryReturn();
      });
      kill("SIGUSR2");
      while (log.length === 0) yield* sleep(0);
      kill("SIGUSR2");
      yield* both;
    });
    expect(log.slice(0, 2)).toEqual(["in 1", "in 2"]);
    expect(log.slice(2).sort()).toEqual(["out 1", "out 2"]);
  });

  it("[152] a handler whose task never ends does not hold the run, and its cleanup runs before the run ends", async () => {
    const log: string[] = [];
    await run(function* () {
      const started = new Computation<void>();
      onSignal("SIGUSR2", function* () {
        const child = spawn(function* () {
          try {
            started.tryReturn();
            for (;;) yield* sleep(1000);
          } finally {
            yield* sleep(0);
            log.push("cleanup");
          }
        });
        yield* child;
      });
      kill("SIGUSR2");
      yield* started;
    });
    expect(log).toEqual(["cleanup"]);
  });

  it("[G4] a rule that a handler breaks is reported, and the run goes on", async () => {
    using reported = reports();
    await run(function* () {
      onSignal("SIGUSR2", function* () {
        spawn(() => sleep(0));
      });
      kill("SIGUSR2");
      while (reported.errors.length === 0) yield* sleep(0);
    });
    expect(reported.errors[0]).toContain("STILL_HAS_CHILDREN");
  });

  it("[G6] the previous behaviour is restored, in whatever order the later ones go, listeners of others included", async () => {
    const log: string[] = [];
    const foreign = (): void => {
      log.push("foreign");
    };
    process.on("SIGUSR2", foreign);
    try {
      await run(function* () {
        const heard = function* (want: string): Operation<void> {
          kill("SIGUSR2");
          while (log.at(-1) !== want) yield* sleep(0);
        };
        const say = (word: string) =>
          function* () {
            log.push(word);
          };
        const first = onSignal("SIGUSR2", say("first"));
        yield* heard("first");
        const second = onSignal("SIGUSR2", say("second"));
        yield* heard("second");
        first[Symbol.dispose]();
        log.push("");
        yield* heard("second");
        second[Symbol.dispose]();
        second[Symbol.dispose]();
        yield* heard("foreign");
        onSignal("SIGUSR2", "ignore");
        kill("SIGUSR2");
        onSignal("SIGUSR2", "default");
        expect(process.listenerCount("SIGUSR2")).toBe(0);
      });
      expect(process.rawListeners("SIGUSR2")).toEqual([foreign]);
      expect(log).toEqual(["first", "second", "", "second", "foreign"]);
    } finally {
      process.off("SIGUSR2", foreign);
    }
  });

  it("refuses what is no behaviour, a signal that cannot be caught, and a call outside a task", async () => {
    await run(function* () {
      expect(thrown(() => onSignal("SIGUSR2", 1 as unknown as "ignore"))).toBe("TypeError");
      expect(thrown(() => onSignal("SIGKILL", "ignore"))).toBe("TypeError");
    });
    expect(thrown(() => onSignal("SIGUSR2", "ignore"))).toBe("OUTSIDE_TASK");
  });

  it("[178] an echo server stops on a signal through a mutex and a condition: all is closed, and the run returns", async () => {
    const sockets: Socket[] = [];
    await clean(() =>
      run(function* () {
        const listener = yield* loopback();
        const mutex = new Mutex();
        const condition = new Condition();
        let stopped = false;
        onSignal("SIGUSR2", function* () {
          yield* mutex.protect(function* () {
            stopped = true;
          });
          condition.broadcast();
        });
        function* stop(): Operation<undefined> {
          yield* mutex.protect(() => condition.waitUntil(mutex, () => stopped));
          return undefined;
        }
        function* echo(socket: Socket): Operation<void> {
          const buffer = new Uint8Array(64);
          try {
            for (let n = yield* socket.read(buffer); n > 0; n = yield* socket.read(buffer))
              yield* socket.write(buffer.subarray(0, n));
          } finally {
            socket.close();
          }
        }
        const client = spawn(function* () {
          const socket = yield* connect({ port: listener.port, host: "127.0.0.1" });
          const answer = new Uint8Array(5);
          yield* socket.write("hello");
          yield* socket.readExactly(answer);
          kill("SIGUSR2");
          socket.close();
          return new TextDecoder().decode(answer);
        });
        const clients = new Orphans<void>();
        try {
          for (;;) {
            for (let done = clients.takeSettled(); done !== undefined; done = clients.takeSettled())
              yield* done.result();
            const socket = yield* race<Socket | undefined>([spawn(() => listener.accept()), spawn(stop)]);
            if (socket === undefined) break;
            sockets.push(socket);
            spawn(() => echo(socket), { orphans: clients });
          }
          yield* clients.drain();
        } finally {
          listener.close();
        }
        expect(yield* client).toBe("hello");
      }),
    );
    expect(sockets.map((socket) => socket.raw.destroyed)).toEqual([true]);
  });
});
