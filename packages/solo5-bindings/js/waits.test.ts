import { describe, expect, it } from "vitest";
import { program } from "./testing/world.ts";

const seqpacket = { pair: "SOCK_SEQPACKET" } as const;
const datagram = { pair: "SOCK_DGRAM" } as const;
const both =
  "const [a, b] = [openTap(+process.env.A), openTap(+process.env.B)]; const into = new Uint8Array(1514);";

describe("waiting for a frame", () => {
  it("keeps Node alive, and nothing else of a tap does", async () => {
    const said = await program(
      `${both}
       // Alone, this timer would not keep the loop alive.
       setTimeout(() => a.write(frameOf(a.mac, "late")), 50).unref();
       say([await b.read(into), textOf(into)]);
       // Neither tap is closed, and the thread that waits is still there: the process ends all the same.`,
      datagram,
    );
    expect(said).toEqual([[60, "late"]]);
  });

  it("leaves the loop free for timers and immediates, even where frames keep coming", async () => {
    const said = await program(
      `${both}
       let [frames, turns, going] = [0, 0, true];
       const loop = () => { turns++; if (going) setImmediate(loop); };
       setImmediate(loop);
       for (; frames < 20000; frames++) { a.write(frameOf(a.mac, "x")); await b.read(into); }
       going = false;
       say([frames, turns >= 100]);`,
      datagram,
    );
    expect(said).toEqual([[20000, true]]);
  });

  it("ends with CLOSED when the tap is closed, for all who wait", async () => {
    const said = await program(
      `${both}
       const waiting = [1, 2, 3].map(() => fails(() => b.read(new Uint8Array(1514))));
       const task = run(function* () { yield* readFrame(b, into); });
       const frames = (async () => { for await (const _ of b); return "no more frames"; })();
       await turn();
       b.close();
       for (const one of waiting) say(await one);
       say(await fails(() => task));
       say(await frames);`,
      datagram,
    );
    const closed = "BindingsError | CLOSED | tap.read: CLOSED: @N is closed";
    expect(said.map((line) => String(line).replace(/@\d+/, "@N"))).toEqual([
      closed,
      closed,
      closed,
      closed,
      "no more frames",
    ]);
  });

  it("is refused with CLOSED afterwards, however many frames were there before", async () => {
    const said = await program(
      `${both}
       for (let n = 0; n < 64; n++) { a.write(frameOf(a.mac, "x")); await b.read(into); }
       b.close();
       for (let n = 0; n < 2; n++) say((await fails(() => b.read(into))).split(" ")[2]);
       say(await fails(() => run(function* () { yield* readFrame(b, into); })) !== undefined);`,
      datagram,
    );
    expect(said).toEqual(["CLOSED", "CLOSED", true]);
  });

  it("fails if the host has no descriptors left, and works when it has", async () => {
    const said = await program(
      `${both}
       const held = [];
       try { for (;;) held.push(fs.openSync("/dev/null")); } catch {}
       say((await fails(() => b.read(into))).replace(/: [^:]*$/, ""));
       say(await fails(() => openTap(+process.env.A)));
       for (const fd of held.splice(0)) fs.closeSync(fd);
       const reading = b.read(into);
       a.write(frameOf(a.mac, "x"));
       say(await reading);`,
      { ...datagram, before: "ulimit -n 100" },
    );
    expect(said).toEqual([
      "BindingsError | IO | wait: IO: no thread can be had to wait for devices",
      expect.stringMatching(/ IO \| openTap: IO: descriptor @\d+ cannot be used: too many open files$/),
      60,
    ]);
  });

  it("ends when its signal is aborted, takes no frame then, and lets Node end", async () => {
    const said = await program(
      `${both}
       const controller = new AbortController();
       const given = fails(() => b.read(into, { signal: controller.signal }));
       const kept = b.read(new Uint8Array(1514));
       controller.abort(new Error("enough"));
       say(await given);
       a.write(frameOf(a.mac, "for the other"));
       say(await kept);
       say(textOf(into));
       say(await fails(() => b.read(into, { signal: AbortSignal.abort(new Error("before")) })));
       const last = new AbortController();
       b.read(into, { signal: last.signal }).catch(() => {});
       last.abort();`,
      datagram,
    );
    expect(said).toEqual(["Error | enough", 60, "", "Error | before"]);
  });

  it("serves a thousand readers in their order", async () => {
    const said = await program(
      `${both}
       const buffers = Array.from({ length: 1000 }, () => new Uint8Array(1514));
       const reads = buffers.map((buffer) => b.read(buffer));
       for (let n = 0; n < 1000; n++) while (!a.write(frameOf(a.mac, "frame " + n))) await turn();
       await Promise.all(reads);
       say(buffers.every((buffer, n) => textOf(buffer) === "frame " + n));`,
      datagram,
    );
    expect(said).toEqual([true]);
  });

  it("does not write into memory that is gone by then, and serves the next", async () => {
    const said = await program(
      `${both}
       const gone = new Uint8Array(1514);
       const first = fails(() => b.read(gone));
       const second = b.read(into);
       structuredClone(gone.buffer, { transfer: [gone.buffer] });
       a.write(frameOf(a.mac, "kept"));
       say(await first);
       say([await second, textOf(into)]);`,
      datagram,
    );
    expect(said).toEqual([
      "RangeError | tap.read: a buffer of 0 bytes for frames of up to 1514 bytes",
      [60, "kept"],
    ]);
  });

  it("refuses options of other types", async () => {
    const said = await program(
      `${both}
       for (const options of [null, 5, [], { signal: 5 }, { signal: {} }])
         say((await fails(() => b.read(into, options))).split(":")[0]);`,
      datagram,
    );
    expect(said).toEqual(Array(5).fill("TypeError | tap.read"));
  });

  it.each([
    ["datagrams", datagram],
    ["connected datagrams", seqpacket],
  ])("reads a datagram of no bytes as a frame of none: %s", async (_, sockets) => {
    const said = await program(
      `${both}
       const sent = spawnSync("perl", ["-e", 'open(my $s, "+<&=", 3); defined send($s, "x" x $_, 0) or die $! for 0, 5, 0'],
         { stdio: ["ignore", "inherit", "inherit", +process.env.A] });
       say([sent.status, await b.read(into), b.readSync(into), await b.read(into), b.readSync(into)]);`,
      sockets,
    );
    expect(said).toEqual([[0, 0, 5, 0, null]]);
  });

  it("sees that the other end is gone", async () => {
    const said = await program(
      `${both}
       const waiting = fails(() => b.read(into));
       a.close();
       fs.closeSync(+process.env.A);
       say((await waiting).replace(/@\\d+/g, "@N"));
       say((await fails(() => b.write(frameOf(b.mac, "x")))).replace(/@\\d+/g, "@N"));`,
      seqpacket,
    );
    expect(said).toEqual([
      "BindingsError | GONE | tap.read: GONE: @N: its other end is closed",
      "BindingsError | IO | tap.write: IO: @N: EPIPE: broken pipe",
    ]);
  });

  it("iterates over frames, each in memory of its own", async () => {
    const said = await program(
      `${both}
       for (const text of ["one", "two", "three"]) a.write(frameOf(a.mac, text));
       const frames = [];
       for await (const frame of b) { frames.push(frame); if (frames.length === 3) break; }
       say(frames.map(textOf));
       a.write(frameOf(a.mac, "four"));
       say([await b.read(into), textOf(into)]);`,
      datagram,
    );
    expect(said).toEqual([
      ["one", "two", "three"],
      [60, "four"],
    ]);
  });
});

describe("operations of @uk/miou", () => {
  it("read frames in order, also many that are there already, and let other tasks run", async () => {
    const said = await program(
      `${both}
       await run(function* () {
         let other = 0;
         const ticker = spawn(function* () { for (; other < 3; other++) yield* readFrame(a, into); });
         const writer = spawn(function* () {
           const buffer = new Uint8Array(1514);
           for (let n = 0; n < 500; n++) {
             a.write(frameOf(a.mac, "frame " + n));
             yield* readFrame(b, buffer);
             if (textOf(buffer) !== "frame " + n) throw new Error("out of order");
             if (n % 100 === 0) b.write(frameOf(b.mac, "back"));
           }
         });
         yield* ticker;
         yield* writer;
         say(other);
       });`,
      datagram,
    );
    expect(said).toEqual([3]);
  });

  it("give the wait up when the task is cancelled, and no frame is lost", async () => {
    const said = await program(
      `${both}
       await run(function* () {
         const buffer = new Uint8Array(1514);
         for (let round = 0; round < 20; round++) {
           const reader = spawn(function* () { yield* readFrame(b, into); });
           try { yield* timeout(1, () => readFrame(b, buffer)); } catch (error) { if (round === 0) say(error.name); }
           // Ready and cancelled at once: the frame stays where it is.
           a.write(frameOf(a.mac, "round " + round));
           yield* reader.cancel();
           yield* readFrame(b, buffer);
           if (textOf(buffer) !== "round " + round) throw new Error("lost: " + textOf(buffer));
         }
       });
       say("kept");`,
      datagram,
    );
    expect(said).toEqual(["TimeoutError", "kept"]);
  });

  it("move blocks, and leave the memory of a cancelled reader alone", async () => {
    const said = await program(
      `const path = fs.mkdtempSync("/tmp/uk-miou-") + "/disk";
       fs.writeFileSync(path, new Uint8Array(1 << 20).fill(1));
       const file = openBlock(path);
       await run(function* () {
         const block = new Uint8Array(512);
         yield* readBlocks(file, 512n, block);
         say(block[511]);
         yield* writeBlocks(file, 0n, block.fill(2));
         const into = new Uint8Array(1 << 20);
         const reader = spawn(function* () { yield* readBlocks(file, 0n, into); });
         const writer = spawn(function* () { yield* writeBlocks(file, 1024n, block.fill(3)); });
         yield* spawn(function* () {});
         yield* reader.cancel();
         yield* writer.cancel();
         say([into.every((byte) => byte === 0), fs.readFileSync(path)[0], fs.readFileSync(path)[1024]]);
       });
       file.close();
       fs.rmSync(path);`,
    );
    expect(said).toEqual([1, [true, 2, 3]]);
  });
});

describe("worker threads", () => {
  it("wait by themselves, and leave neither thread nor descriptor behind, however they end", async () => {
    const said = await program(
      `const count = (kind) => fs.readdirSync("/proc/self/" + kind).length;
       const pollers = () => fs.readdirSync("/proc/self/task")
         .filter((id) => fs.readFileSync("/proc/self/task/" + id + "/comm", "utf8").startsWith("solo5-poller")).length;
       const work = \`
         import { parentPort, workerData } from "node:worker_threads";
         const { openTap } = await import(workerData.entry);
         const [a, b] = [openTap(workerData.a), openTap(workerData.b)];
         const into = new Uint8Array(1514);
         if (workerData.how === "frame") { setTimeout(() => a.write(new Uint8Array(60)), 5).unref(); parentPort.postMessage(await b.read(into)); }
         else { const reading = b.read(into); parentPort.postMessage("waiting"); await reading; }
       \`;
       const workers = async (how, times) => {
         for (let n = 0; n < times; n++) {
           const worker = new Worker(new URL("data:text/javascript," + encodeURIComponent(work)), {
             workerData: { how, entry: ENTRY, a: +process.env.A, b: +process.env.B },
           });
           const ended = new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
           const message = await new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
           if (n === 0) say(message);
           if (how === "terminate") await worker.terminate();
           else await ended;
         }
       };
       await workers("frame", 1);
       const before = count("fd");
       await workers("frame", 10);
       await workers("terminate", 10);
       say([pollers(), count("fd") - before]);`.replace(
        "ENTRY",
        JSON.stringify(new URL("../dist/index.js", import.meta.url).href),
      ),
      datagram,
    );
    expect(said).toEqual([60, 60, "waiting", [0, 0]]);
  });

  it("can wait for the same device as another, and process.exit ends them all", async () => {
    const said = await program(
      `${both}
       const work = \`
         import { parentPort, workerData } from "node:worker_threads";
         const { openTap } = await import(workerData.entry);
         const reading = openTap(workerData.b).read(new Uint8Array(1514));
         parentPort.postMessage("waiting");
         await reading;
       \`;
       const messages = [1, 2, 3].map(() => new Promise((resolve, reject) =>
         new Worker(new URL("data:text/javascript," + encodeURIComponent(work)), { workerData: { entry: ENTRY, b: +process.env.B } })
           .on("message", resolve).on("error", reject)));
       b.read(into).catch(() => {});
       say(await Promise.all(messages));
       process.exit(0);`.replace("ENTRY", JSON.stringify(new URL("../dist/index.js", import.meta.url).href)),
      datagram,
    );
    expect(said).toEqual([["waiting", "waiting", "waiting"]]);
  });
});
