import { createSocket } from "node:dgram";
import { connect as rawConnect } from "node:net";
import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { allSettled, type Operation, oneOf, run, sleep, spawn, until, yieldNow } from "../../src/index.ts";
import {
  connect,
  fromDuplex,
  fromReadable,
  fromUdp,
  fromWritable,
  listen,
  type Socket,
  udp,
} from "../../src/node/index.ts";
import { clean, freePort, loopback, rawClient, thrown, thrownBy } from "./kit.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A connected pair over the loopback. */
function* pair(): Operation<[Socket, Socket]> {
  const listener = yield* loopback();
  const client = yield* connect({ port: listener.port, host: "127.0.0.1" });
  const served = yield* listener.accept();
  listener.close();
  return [client, served];
}

function* readAll(source: Pick<Socket, "read">): Operation<string> {
  const buffer = new Uint8Array(8);
  let all = "";
  for (let n = yield* source.read(buffer); n > 0; n = yield* source.read(buffer))
    all += text(buffer.subarray(0, n));
  return all;
}

describe("streams", () => {
  it("[166] a pipe is read to its end before a sleeper wakes, and all can be cancelled", async () => {
    const pipe = new PassThrough();
    const first = await run(function* () {
      const source = fromReadable(pipe);
      pipe.end("Hello World!");
      const reader = spawn(() => readAll(source));
      const sleeper = spawn(function* () {
        yield* sleep(1e9);
        return "slept";
      });
      const result = yield* oneOf([reader, sleeper]);
      yield* sleeper.cancel();
      return result;
    });
    expect(first).toBe("Hello World!");
    expect(pipe.listenerCount("error") + pipe.listenerCount("readable")).toBe(0);
    const open = new PassThrough();
    await run(function* () {
      const source = fromReadable(open);
      const reader = spawn(() => source.read(new Uint8Array(1)));
      yield* sleep(0);
      yield* reader.cancel();
    });
    expect([open.destroyed, open.eventNames().includes("readable")]).toEqual([false, false]);
  });

  it("[173] after a cancelled read the next one reads", async () => {
    const pipe = new PassThrough();
    await run(function* () {
      const source = fromReadable(pipe);
      const buffer = new Uint8Array(4);
      const blocked = spawn(() => source.read(buffer));
      yield* yieldNow();
      yield* blocked.cancel();
      pipe.write("abc");
      expect(yield* source.read(buffer)).toBe(3);
      expect(text(buffer.subarray(0, 3))).toBe("abc");
    });
  });

  it("[173b] bytes that arrive for a reader cancelled before it runs go to the next", async () => {
    const pipe = new PassThrough();
    await run(function* () {
      const source = fromReadable(pipe);
      const [a, b] = [new Uint8Array(4), new Uint8Array(4)];
      const first = spawn(() => source.read(a));
      const second = spawn(() => source.read(b));
      yield* sleep(0);
      pipe.write("x");
      yield* first.cancel();
      expect(yield* second).toBe(1);
      expect(a[0]).toBe(0);
    });
  });

  it("[174] two readers of one pipe are served in order of arrival", async () => {
    const pipe = new PassThrough();
    await run(function* () {
      const source = fromReadable(pipe);
      const log: string[] = [];
      const reader = (name: string) =>
        function* () {
          const buffer = new Uint8Array(1);
          yield* source.read(buffer);
          log.push(`${name}${text(buffer)}`);
        };
      const readers = [spawn(reader("first ")), spawn(reader("second "))];
      yield* sleep(0);
      pipe.write("a");
      pipe.write("b");
      yield* allSettled(readers);
      expect(log).toEqual(["first a", "second b"]);
    });
  });

  it("[175] refuses ranges out of bounds, reads nothing at once, and tells of an early end", async () => {
    const pipe = new PassThrough();
    await run(function* () {
      const source = fromReadable(pipe);
      const buffer = new Uint8Array(4);
      expect(yield* thrownBy(source.read(buffer, 5))).toBe("RangeError");
      expect(yield* thrownBy(source.read(buffer, 1, 4))).toBe("RangeError");
      expect(yield* thrownBy(source.readExactly(buffer, 0, -1))).toBe("RangeError");
      expect(yield* thrownBy(source.read("x" as unknown as Uint8Array))).toBe("TypeError");
      yield* source.readExactly(buffer, 4);
      pipe.end("abcde");
      yield* source.readExactly(buffer);
      expect(text(buffer)).toBe("abcd");
      expect(yield* thrownBy(source.readExactly(buffer, 0, 2))).toBe("END_OF_STREAM");
      expect(yield* source.read(buffer)).toBe(0);
    });
  });

  it("waits until a slow stream has taken all, and gives its error to who writes", async () => {
    const taken: string[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk, _encoding, done) {
        taken.push(String(chunk));
        if (taken.length === 3) done(new Error("disk full"));
        else setImmediate(done);
      },
    });
    await run(function* () {
      const sink = fromWritable(slow);
      yield* sink.write("one");
      expect(taken).toEqual(["one"]);
      yield* sink.write(new TextEncoder().encode("two"));
      expect(taken).toEqual(["one", "two"]);
      expect(yield* thrownBy(sink.write("three"))).toBe("Error");
      expect(yield* thrownBy(sink.write("four"))).toBe("Error");
      expect(yield* thrownBy(sink.write(4 as unknown as string))).toBe("TypeError");
    });
  });

  it("a writer and a reader that wait when the stream is closed get an error", async () => {
    await run(function* () {
      const stuck = new Writable({ write() {} });
      const sink = fromWritable(stuck);
      const writer = spawn(() => thrownBy(sink.write("never taken")));
      yield* sleep(0);
      sink.close();
      expect(yield* writer).toBe("CLOSED");
      const source = fromReadable(new PassThrough());
      const reader = spawn(() => thrownBy(source.read(new Uint8Array(1))));
      yield* sleep(0);
      source.close();
      source.close();
      expect(yield* reader).toBe("CLOSED");
    });
  });

  it("an error of the stream reaches the reader, and a stream of objects is refused", async () => {
    await run(function* () {
      const pipe = new PassThrough();
      const source = fromReadable(pipe);
      const reader = spawn(() => thrownBy(source.read(new Uint8Array(1))));
      yield* sleep(0);
      pipe.destroy(new Error("cut"));
      expect(yield* reader).toBe("Error");
      expect(thrown(() => fromReadable(new PassThrough({ objectMode: true })))).toBe("TypeError");
    });
    expect(thrown(() => fromReadable(new PassThrough()))).toBe("OUTSIDE_TASK");
  });
});

describe("sockets", () => {
  it("carry bytes both ways, and one direction may end before the other", async () => {
    await clean(() =>
      run(function* () {
        const [client, served] = yield* pair();
        const echo = spawn(function* () {
          const all = yield* readAll(served);
          yield* served.write(all.toUpperCase());
          served.close();
        });
        yield* client.write("hello ");
        yield* client.write("world");
        yield* client.end();
        expect(yield* thrownBy(client.write("more"))).toBe("CLOSED");
        expect(yield* readAll(client)).toBe("HELLO WORLD");
        yield* echo;
        client.close();
      }),
    );
  });

  it("a large message arrives whole, however slowly it is read", async () => {
    await clean(() =>
      run(function* () {
        const [client, served] = yield* pair();
        const size = 4 << 20;
        const writer = spawn(() => client.write(new Uint8Array(size).fill(7)));
        const whole = new Uint8Array(size);
        yield* served.readExactly(whole);
        yield* writer;
        expect(whole.every((byte) => byte === 7)).toBe(true);
        client.close();
        served.close();
      }),
    );
  });

  it("[169] a refused connection wins against a sleeper", async () => {
    const port = await freePort();
    await clean(() =>
      run(function* () {
        const attempt = spawn(() => thrownBy(connect({ port, host: "127.0.0.1" })));
        const sleeper = spawn(() => sleep(1e9));
        expect(yield* oneOf<unknown>([attempt, sleeper])).toBe("ECONNREFUSED");
        yield* sleeper.cancel();
      }),
    );
  });

  it("a connect that failed and is cancelled before its task knows does not hold the run", async () => {
    const port = await freePort();
    await clean(() =>
      run(function* () {
        const busy = spawn(function* () {
          for (;;) yield* yieldNow();
        });
        for (let i = 0; i < 30; i++) {
          const attempt = spawn(() => connect({ port, host: "127.0.0.1" }));
          for (let turns = i; turns > 0; turns--)
            yield* until(new Promise<void>((done) => setImmediate(done)));
          yield* attempt.cancel();
        }
        yield* busy.cancel();
      }),
    );
  });

  it("a cancelled connect, listen and accept leave nothing behind", async () => {
    await clean(() =>
      run(function* () {
        const listener = yield* loopback();
        for (const operation of [
          () => connect({ port: listener.port, host: "127.0.0.1" }),
          () => listen({ port: 0, host: "localhost" }),
          () => listener.accept(),
        ]) {
          const task = spawn(operation as () => Operation<unknown>);
          yield* yieldNow();
          yield* task.cancel();
        }
        listener.close();
      }),
    );
  });

  it("a connection that nobody accepted is closed with the listener", async () => {
    await clean(() =>
      run(function* () {
        const listener = yield* loopback();
        const client = yield* connect({ port: listener.port, host: "127.0.0.1" });
        const other = yield* connect({ port: listener.port, host: "127.0.0.1" });
        const served = yield* listener.accept();
        yield* served.write("x");
        served.close();
        listener.close();
        expect(yield* readAll(client)).toBe("x");
        // It ends, or is reset when the system had not yet handed it over.
        expect(["nothing", "ECONNRESET"]).toContain(yield* thrownBy(readAll(other)));
        expect(yield* thrownBy(listener.accept())).toBe("CLOSED");
      }),
    );
  });

  it("a connection whose acceptor is cancelled goes to the next", async () => {
    await clean(() =>
      run(function* () {
        const listener = yield* loopback();
        const first = spawn(() => listener.accept());
        yield* yieldNow();
        yield* first.cancel();
        const client = yield* connect({ port: listener.port, host: "127.0.0.1" });
        const served = yield* listener.accept();
        yield* served.write("hi");
        served.close();
        expect(yield* readAll(client)).toBe("hi");
      }),
    );
  });

  it("closes connections beyond those that may wait", async () => {
    await clean(() =>
      run(function* () {
        const listener = yield* listen({ port: 0, host: "127.0.0.1", maxPending: 1 });
        const address = { port: listener.port, host: "127.0.0.1" };
        const kept = yield* connect(address);
        const refused = yield* connect(address);
        expect(["", "ECONNRESET"]).toContain(yield* attempt(readAll(refused)));
        const served = yield* listener.accept();
        yield* served.write("kept");
        served.close();
        expect(yield* readAll(kept)).toBe("kept");
        expect(yield* thrownBy(listen({ port: 0, backlog: 0 }))).toBe("RangeError");
        expect(yield* thrownBy(listen({ port: listener.port, host: "127.0.0.1" }))).toBe("EADDRINUSE");
      }),
    );
    function* attempt(operation: Operation<string>): Operation<string> {
      try {
        return yield* operation;
      } catch (error) {
        return (error as { code: string }).code;
      }
    }
  });

  it("a connection reset by its peer is an error of the reader", async () => {
    await clean(() =>
      run(function* () {
        const listener = yield* loopback();
        const client = rawConnect({ port: listener.port, host: "127.0.0.1" });
        client.on("error", () => {});
        const served = yield* listener.accept();
        client.resetAndDestroy();
        expect(yield* thrownBy(served.read(new Uint8Array(1)))).toBe("ECONNRESET");
      }),
    );
  });

  it("when a run has ended its handles are closed, not merely being closed", async () => {
    await run(function* () {
      const [client, served] = yield* pair();
      yield* udp();
      yield* loopback();
      client.close();
      yield* served.write("x");
    });
    expect(process.getActiveResourcesInfo().filter((name) => /TCP|UDP/.test(name))).toEqual([]);
  });

  it("what the tasks of a run left open is closed when it ends, however it ends", async () => {
    await clean(async () => {
      const boom = new Error("boom");
      await expect(
        run(function* () {
          yield* pair();
          yield* loopback();
          yield* udp();
          throw boom;
        }),
      ).rejects.toBe(boom);
    });
  });

  it("[176] an owned socket is refused to others, and its owner can close it", async () => {
    await clean(() =>
      run(function* () {
        const listener = yield* loopback();
        const client = yield* connect({ port: listener.port, host: "127.0.0.1", owned: true });
        const other = spawn(function* () {
          return [
            yield* thrownBy(client.read(new Uint8Array(1))),
            yield* thrownBy(client.write("x")),
            thrown(() => client.close()),
          ];
        });
        expect(yield* other).toEqual(["NOT_OWNER", "NOT_OWNER", "NOT_OWNER"]);
        yield* client.write("x");
        client.close();
        client.close();
        expect(thrown(() => listener.resource)).toBe("TypeError");
        listener.close();
      }),
    );
  });

  it("[176b] an owned socket goes to a child that is given it", async () => {
    await clean(() =>
      run(function* () {
        const listener = yield* loopback();
        const client = yield* connect({ port: listener.port, host: "127.0.0.1" });
        const served = yield* listener.accept({ owned: true });
        yield* spawn(
          function* () {
            yield* served.write("mine");
            served.close();
          },
          { give: [served.resource] },
        );
        expect(yield* readAll(client)).toBe("mine");
      }),
    );
  });

  it("[177] when the owner of a socket throws, or is cancelled, it is closed", async () => {
    await clean(() =>
      run(function* () {
        const listener = yield* loopback();
        for (const end of ["throw", "cancel"]) {
          const client = yield* connect({ port: listener.port, host: "127.0.0.1" });
          const owner = spawn(function* () {
            yield* listener.accept({ owned: true });
            if (end === "throw") throw new Error("the owner fails");
            yield* sleep(1e9);
          });
          if (end === "cancel") {
            yield* sleep(0);
            yield* owner.cancel();
          } else expect(yield* thrownBy(owner)).toBe("Error");
          if (end === "throw") expect(yield* client.read(new Uint8Array(1))).toBe(0);
        }
      }),
    );
  });

  it("plain clients of Node are served as well", async () => {
    await clean(() =>
      run(function* () {
        const listener = yield* loopback();
        const raw = rawClient(listener.port);
        const served = yield* listener.accept();
        raw.then((socket) => socket.end("ping"));
        expect(yield* readAll(served)).toBe("ping");
        served.close();
      }),
    );
  });
});

describe("datagrams", () => {
  it("[167] two tasks echo datagrams over the loopback, the server in upper case", async () => {
    await clean(() =>
      run(function* () {
        const server = yield* udp({ address: "127.0.0.1" });
        const client = yield* udp({ address: "127.0.0.1" });
        const serve = spawn(function* () {
          const buffer = new Uint8Array(64);
          const { length, peer } = yield* server.recvFrom(buffer);
          yield* server.sendTo(text(buffer.subarray(0, length)).toUpperCase(), peer);
        });
        yield* client.sendTo("hello", { address: "127.0.0.1", port: server.port });
        const buffer = new Uint8Array(64);
        const { length, peer } = yield* client.recvFrom(buffer, 2);
        expect([length, text(buffer.subarray(2, 2 + length)), peer.port]).toEqual([5, "HELLO", server.port]);
        yield* serve;
        server.close();
        client.close();
        expect(yield* thrownBy(client.recvFrom(buffer))).toBe("CLOSED");
        expect(yield* thrownBy(client.sendTo("x", peer))).toBe("CLOSED");
      }),
    );
  });

  it("[168] refuses streams on datagram sockets, and the reverse", async () => {
    await clean(() =>
      run(function* () {
        const raw = createSocket("udp4") as unknown as PassThrough;
        expect(thrown(() => fromReadable(raw))).toBe("TypeError");
        expect(thrown(() => fromWritable(raw))).toBe("TypeError");
        expect(thrown(() => fromDuplex(raw))).toBe("TypeError");
        expect(thrown(() => fromUdp(new PassThrough() as unknown as ReturnType<typeof createSocket>))).toBe(
          "TypeError",
        );
        const socket = yield* udp();
        expect(yield* thrownBy(socket.sendTo("x", {} as { address: string; port: number }))).toBe(
          "TypeError",
        );
        (raw as unknown as { close(): void }).close();
      }),
    );
  });

  it("a port that is taken is an error, and a cancelled attempt leaves nothing", async () => {
    await clean(() =>
      run(function* () {
        const socket = yield* udp({ address: "127.0.0.1" });
        expect(yield* thrownBy(udp({ address: "127.0.0.1", port: socket.port }))).toBe("EADDRINUSE");
        const attempt = spawn(() => udp({ address: "localhost" }));
        yield* yieldNow();
        yield* attempt.cancel();
      }),
    );
  });

  it("drops what exceeds the capacity, and counts it", async () => {
    await clean(() =>
      run(function* () {
        const socket = yield* udp({ address: "127.0.0.1", capacity: 1 });
        const last = yield* udp({ address: "127.0.0.1" });
        const to = { address: "127.0.0.1", port: socket.port };
        for (const word of ["a", "b", "c"]) yield* last.sendTo(word, to);
        // Datagrams of one loopback socket arrive in order: when they are dropped, they have come.
        while (socket.dropped < 2) yield* sleep(1);
        const buffer = new Uint8Array(1);
        yield* socket.recvFrom(buffer);
        expect(text(buffer)).toBe("a");
        expect(yield* thrownBy(udp({ capacity: -1 }))).toBe("RangeError");
      }),
    );
  });
});
