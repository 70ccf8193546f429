import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { isCancelled, type Operation, run, sleep, spawn, timeout, until, yieldNow } from "../../src/index.ts";
import { connect, fromDuplex, type Socket, udp } from "../../src/node/index.ts";
import { clean, loopback } from "./kit.ts";

/** A small generator of numbers below `bound`, so that a failure can be repeated. */
function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const start = Date.now() % 100_000;
const seeds = Array.from({ length: 12 }, (_, i) => start + i);

/** Lets others, and the host, go on for a random while that depends on no clock. */
function* pause(below: (bound: number) => number): Operation<void> {
  for (let i = below(12); i > 0; i--) {
    if (below(3) === 0) yield* until(new Promise<void>((done) => setImmediate(done)));
    else yield* yieldNow();
  }
}

it.each(seeds)("servers and clients cancelled at random leave nothing behind (seed %i)", async (seed) => {
  const below = numbers(seed);
  const open = new Set<Socket>();
  await clean(() =>
    run(
      function* () {
        const listener = yield* loopback();
        function* use(socket: Socket, talk: boolean): Operation<void> {
          open.add(socket);
          const buffer = new Uint8Array(1 + below(64));
          try {
            if (talk) yield* socket.write("x".repeat(below(200)));
            for (let i = below(6); i >= 0; i--) {
              const length = yield* socket.read(buffer);
              if (length === 0) return;
              yield* socket.write(buffer.subarray(0, length));
            }
          } catch (error) {
            if (isCancelled(error)) throw error;
            // The other side was cancelled.
            expect(["ECONNRESET", "EPIPE"]).toContain((error as { code: string }).code);
          } finally {
            socket.close();
            open.delete(socket);
          }
        }
        const tasks = Array.from({ length: 8 }, () => [
          spawn(function* () {
            yield* use(yield* listener.accept(), false);
          }),
          spawn(function* () {
            yield* use(yield* connect({ port: listener.port, host: "127.0.0.1" }), true);
          }),
          spawn(function* () {
            const socket = yield* udp({ address: "127.0.0.1", owned: true });
            yield* socket.recvFrom(new Uint8Array(1));
          }),
        ]).flat();
        while (tasks.length > 0) {
          yield* pause(below);
          const [task] = tasks.splice(below(tasks.length), 1);
          yield* task?.cancel() ?? yieldNow();
        }
      },
      { seed },
    ),
  );
  expect(open.size).toBe(0);
});

it.each(seeds)("no byte is lost or doubled when readers are cancelled at random (seed %i)", async (seed) => {
  const below = numbers(seed);
  const pipe = new PassThrough({ highWaterMark: 32 });
  const got: number[] = [];
  const total = 500;
  await run(
    function* () {
      const stream = fromDuplex(pipe);
      const writer = spawn(function* () {
        for (let sent = 0; sent < total; ) {
          const size = Math.min(1 + below(40), total - sent);
          yield* stream.write(Uint8Array.from({ length: size }, (_, i) => (sent + i) % 251));
          sent += size;
        }
        yield* stream.end();
      });
      let over = false;
      while (!over) {
        const reader = spawn(function* () {
          const buffer = new Uint8Array(1 + below(20));
          const length = yield* stream.read(buffer);
          over = length === 0;
          got.push(...buffer.subarray(0, length));
        });
        yield* pause(below);
        if (below(2) === 0) yield* reader.cancel();
        else yield* timeout(30_000, () => settled(() => reader.state !== "running"));
        yield* reader.result();
      }
      yield* writer;
    },
    { seed },
  );
  expect(got).toEqual(Array.from({ length: total }, (_, i) => i % 251));
});

function* settled(done: () => boolean): Operation<void> {
  while (!done()) yield* sleep(0);
}
