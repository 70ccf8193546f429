import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openTarget } from "./target.ts";
import { disksIn, noNamespaces, program, workspace } from "./testing/world.ts";

const folder = workspace();
const disk = disksIn(folder);
const net = (name: string) => ({ name, type: "NET_BASIC" });
const block = (name: string) => ({ name, type: "BLOCK_BASIC" });

/** Why a target cannot be opened: code, and the tender's words. */
function refusal(
  options: readonly string[],
  devices = [net("service"), block("storage")],
  cmdline = "",
): unknown {
  try {
    openTarget({ options, manifest: { devices }, cmdline }).close();
  } catch (error) {
    const { code, why } = error as { code: string; why: string };
    return [code, why];
  }
  return "opened";
}

describe("openTarget", () => {
  it("attaches what the options say, by the handles of the manifest", () => {
    const devices = [block("spare"), block("storage")];
    const options = [
      `--block:storage=${disk("last.img", 512)}`,
      "--mem=64",
      "--block-sector-size:storage=4096",
      `--block:spare=${disk("spare.img", 1024)}`,
      `--block:storage=${disk("storage.img", 8192)}`,
    ];
    const target = openTarget({
      options,
      manifest: { devices },
      cmdline: "--solo5:quiet\t --solo5:debug  a  b ",
    });
    expect(target).toMatchObject({ target: "node", cmdline: "a  b ", warnings: [] });
    expect(target.yield).toBeUndefined();
    expect(target.devices.blockAcquire("spare")).toEqual({ handle: 1, capacity: 1024n, blockSize: 512 });
    expect(target.devices.blockAcquire("storage")).toEqual({ handle: 2, capacity: 8192n, blockSize: 4096 });
    expect(target.devices.blockAcquire("storage")).toEqual(target.devices.blockAcquire("storage"));
    expect(target.devices.blockAcquire("other")).toBeUndefined();
    expect(target.devices.netAcquire("storage")).toBeUndefined();
    const [one, two] = [target.clockMonotonic(), target.clockMonotonic()];
    expect(two).toBeGreaterThanOrEqual(one);
    expect(Math.abs(Number(target.clockWall() / 1_000_000n) - Date.now())).toBeLessThan(60_000);
    target.close();
    target[Symbol.dispose]();
    expect(target.devices.blockAcquire("storage")).toBeUndefined();
    expect(target.devices.blockRead(2, 0n, new Uint8Array(4096))).toBe(-2);
  });

  it.each([
    ["", ""],
    ["  a", "a"],
    ["--solo5:quiet", ""],
    ["--solo5:quietX a", "--solo5:quietX a"],
    ["a --solo5:quiet", "a --solo5:quiet"],
    ["--solo5:error --solo5:loud", "--solo5:loud"],
  ])("gives the program of %j what is not the bindings' own", (cmdline, rest) => {
    const target = openTarget({ options: [], manifest: { devices: [] }, cmdline });
    expect(target.cmdline).toBe(rest);
    target.close();
  });

  it.each<[string, readonly string[], string, string | RegExp]>([
    ["an unknown option", ["--cpu=2"], "OPTION", "unknown option '--cpu=2'"],
    ["a word that is no option", ["disk.img"], "OPTION", "unknown option 'disk.img'"],
    [
      "a value that is missing",
      ["--net:service"],
      "OPTION",
      /needs a value in the same word: --net:NAME=IFACE/,
    ],
    ["memory that is no number", ["--mem=8x"], "OPTION", /malformed memory size/],
    ["a name of no device", ["--net:a-b=tap0"], "OPTION", /'a-b' is not a device name/],
    ["a NUL", ["--net:service=tap0\0x"], "OPTION", /has a character that no word of a command line has/],
    [
      "a device that is not declared",
      ["--net:storage=tap0"],
      "NOT_DECLARED",
      /^option '--net:storage=tap0': the image does not declare a NET_BASIC device 'storage'; it declares service/,
    ],
    [
      "an interface that is not there",
      ["--net:service=nobody"],
      "NOT_FOUND",
      /there is no interface 'nobody'/,
    ],
    ["a descriptor that is not open", ["--net:service=@1000000"], "DESCRIPTOR", /it is not open/],
    ["no descriptor", ["--net:service=@x"], "DESCRIPTOR", /is not @ and the decimal number/],
    ["no address", ["--net-mac:service=1:2"], "MAC", /'1:2' is not an address/],
    [
      "a file that is not there",
      ["--block:storage=/none"],
      "NOT_FOUND",
      /'\/none' cannot be opened: no such file/,
    ],
    ["no storage", ["--block:storage=/dev/null"], "KIND", /neither a regular file nor a block device/],
    [
      "a block size",
      ["--block-sector-size:storage=1000"],
      "BLOCK_SIZE",
      /Block size must be a multiple of 2 greater than or equal 512/,
    ],
    [
      "nothing",
      [],
      "UNATTACHED",
      "device 'service' (NET_BASIC) is declared by the image but not attached: give --net:service=IFACE\n" +
        "device 'storage' (BLOCK_BASIC) is declared by the image but not attached: give --block:storage=PATH",
    ],
  ])("refuses %s in the words of a tender", (_, options, code, why) => {
    expect(refusal(options)).toEqual([code, typeof why === "string" ? why : expect.stringMatching(why)]);
  });

  it("refuses manifests and command lines that no image has", () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => block(`d${n}`));
    expect(refusal([], many(64))).toEqual(["MANIFEST", "manifest of 65 entries, at most 64 are allowed"]);
    expect(refusal([], [{ name: "a", type: "CONSOLE" }])).toEqual([
      "MANIFEST",
      'device "a": type "CONSOLE" is neither NET_BASIC nor BLOCK_BASIC',
    ]);
    for (const name of ["", "a-b", "é", "x".repeat(68), "a\0"])
      expect(refusal([], [block(name)])).toEqual([
        "MANIFEST",
        expect.stringContaining("is not 1 to 67 letters"),
      ]);
    expect(refusal([], [], "x".repeat(8191))).toBe("opened");
    expect(refusal([], [], "é".repeat(4096))).toEqual([
      "CMDLINE",
      expect.stringContaining("8192 bytes, at most 8191 fit"),
    ]);
    const wrong = { options: [3], manifest: { devices: [] }, cmdline: "" };
    expect(() => openTarget(wrong as never)).toThrow(TypeError);
    for (const none of [undefined, null, 5, "x", []])
      expect(() => openTarget(none as never)).toThrow(/^openTarget: the options must be an object/);
    for (const device of [null, 5, "x"])
      expect(() =>
        openTarget({ options: [], manifest: { devices: [device] }, cmdline: "" } as never),
      ).toThrow(TypeError);
    for (const other of [{ options: "x" }, { manifest: 5 }])
      expect(() => openTarget({ ...wrong, options: [], ...other } as never)).toThrow(/^openTarget: .* are/);
  });

  it("attaches 63 devices", () => {
    const devices = Array.from({ length: 63 }, (_, n) => block(`d${n}`));
    const options = devices.map(({ name }) => `--block:${name}=${disk(`${name}.img`, 512)}`);
    const target = openTarget({ options, manifest: { devices }, cmdline: "" });
    expect(target.devices.blockAcquire("d62")?.handle).toBe(63);
    expect(target.devices.blockRead(63, 0n, new Uint8Array(512))).toBe(0);
    target.close();
  });

  it("leaves nothing open when it refuses: no file, no lock, no descriptor", () => {
    const path = disk("again.img", 512);
    const open = `--block:storage=${path}`;
    expect(refusal([open])).toEqual(["UNATTACHED", expect.stringContaining("'service'")]);
    expect(refusal([open, "--net:service=nobody"])).toEqual(["NOT_FOUND", expect.any(String)]);
    expect(refusal([open, "--block-sector-size:storage=1024"])).toEqual(["CAPACITY", expect.any(String)]);
    expect(refusal([open], [block("storage")])).toBe("opened");
    expect(refusal([open, open.replace("storage", "spare")], [block("storage"), block("spare")])).toEqual([
      "BUSY",
      expect.stringContaining("is in use"),
    ]);
    const both = [open, open.replace("storage", "spare")];
    const shared = ["storage", "spare"].map((name) => `--block-lock:${name}=shared`);
    expect(refusal([...both, ...shared], [block("storage"), block("spare")])).toBe("opened");
    expect(refusal([...both, "--block-lock:spare=yes"], [block("storage"), block("spare")])).toEqual([
      "OPTION",
      expect.stringContaining("'yes' is not a lock: it is exclusive or shared"),
    ]);
    expect(refusal([open], [block("storage")])).toBe("opened");
  });

  it("says which devices cannot be written to, and lets a write fail as it does on spt", async ({ skip }) => {
    const refused = await noNamespaces();
    if (refused !== undefined) skip(refused);
    const said = await program(
      `const target = openTarget({ options: ["--block:disk=/mnt/disk"], manifest: { devices: [{ name: "disk", type: "BLOCK_BASIC" }] }, cmdline: "" });
       say(target.warnings);
       say([target.devices.blockRead(1, 0n, new Uint8Array(512)), target.devices.blockWrite(1, 0n, new Uint8Array(512))]);`,
      { namespace: "mount -t tmpfs none /mnt; truncate -s 4k /mnt/disk; mount -o remount,ro /mnt" },
    );
    expect(said).toEqual([
      [
        expect.stringMatching(
          /^warning: device 'disk' is read-only, writes to it fail: '\/mnt\/disk' cannot be opened for writing/,
        ),
      ],
      [0, -3],
    ]);
  });
});

describe("block devices of the target", () => {
  it.each<{ why: string; handle?: number; offset: bigint; length: number; result: number }>([
    { why: "the first block", offset: 0n, length: 512, result: 0 },
    { why: "the last block", offset: 3584n, length: 512, result: 0 },
    { why: "one past the last block", offset: 4096n, length: 512, result: -2 },
    { why: "an offset off the block boundary", offset: 1n, length: 512, result: -2 },
    { why: "two blocks", offset: 0n, length: 1024, result: -2 },
    { why: "half a block", offset: 0n, length: 256, result: -2 },
    { why: "nothing", offset: 0n, length: 0, result: -2 },
    { why: "an offset below zero", offset: -512n, length: 512, result: -2 },
    { why: "an offset that wraps to 0", offset: 1n << 64n, length: 512, result: -2 },
    { why: "an offset that wraps with its length", offset: (1n << 64n) - 512n, length: 512, result: -2 },
    { why: "handle 0", handle: 0, offset: 0n, length: 512, result: -2 },
    { why: "a handle of no device", handle: 2, offset: 0n, length: 512, result: -2 },
    { why: "a handle of 2^32 + 1", handle: 2 ** 32 + 1, offset: 0n, length: 512, result: -2 },
  ])("answer $result for $why", ({ handle = 1, offset, length, result }) => {
    const path = disk("edges.img", 4096);
    const content = readFileSync(path);
    const target = openTarget({
      options: [`--block:disk=${path}`],
      manifest: { devices: [block("disk")] },
      cmdline: "",
    });
    const into = new Uint8Array(length);
    expect(target.devices.blockRead(handle, offset, into)).toBe(result);
    if (result === 0)
      expect(into).toEqual(Uint8Array.from(content.subarray(Number(offset), Number(offset) + length)));
    expect(target.devices.blockWrite(handle, offset, into.fill(9))).toBe(result);
    if (result !== 0) expect(readFileSync(path)).toEqual(content);
    else expect(readFileSync(path)[Number(offset) + 511]).toBe(9);
    target.close();
  });
});

const PAIR = `
  const target = openTarget({
    options: ["--net:a=@" + process.env.A, "--net:b=@" + process.env.B, "--net-mac:b=2:0:0:0:0:b", "--net:a=@" + process.env.A],
    manifest: { devices: [{ name: "a", type: "NET_BASIC" }, { name: "b", type: "NET_BASIC" }] },
    cmdline: "",
  });
  const { devices } = target;
  const into = new Uint8Array(1514);`;

describe("network devices of the target", () => {
  it("answer as on spt: a length, AGAIN, or EINVAL for what is none", async () => {
    const said = await program(
      `${PAIR}
       const b = devices.netAcquire("b");
       say([b.handle, [...b.mac], b.mtu, devices.netAcquire("c") === undefined, devices.blockAcquire("b") === undefined]);
       b.mac.fill(0);
       say([...devices.netAcquire("b").mac]);
       say([devices.netRead(1, into), devices.netWrite(1, new Uint8Array(60)), devices.netRead(2, into), devices.netRead(2, into)]);
       say([devices.netWrite(1, new Uint8Array(1514)), devices.netRead(2, new Uint8Array(1513)), devices.netRead(2, into)]);
       say([13, 0, 1515].map((length) => devices.netWrite(1, new Uint8Array(length))));
       for (const handle of [0, 3, -1, 64, 1.5, NaN, 2 ** 32 + 1]) say([devices.netRead(handle, into), devices.netWrite(handle, into), devices.blockRead(1, 0n, into)]);
       let sent = 0;
       while (devices.netWrite(1, into) === 0) sent++;
       say([sent > 0, devices.netWrite(1, into)]);`,
      { pair: "SOCK_DGRAM" },
    );
    expect(said).toEqual([
      [2, [2, 0, 0, 0, 0, 0xb], 1500, true, true],
      [2, 0, 0, 0, 0, 0xb],
      [-1, 0, 60, -1],
      [0, -2, 1514],
      [-2, -2, -2],
      ...Array.from({ length: 7 }, () => [-2, -2, -2]),
      [true, -1],
    ]);
  });

  it("are watched: ready is called once, later, with those that are readable", async () => {
    const said = await program(
      `${PAIR}
       const watched = (handles) => new Promise((resolve) => target.watch(handles, resolve));
       const tell = (set) => say([set, devices.netRead(1, into), devices.netRead(2, into)]);
       const first = watched(0b111n);
       devices.netWrite(1, new Uint8Array(60));
       say("written");
       tell(await first);
       devices.netWrite(1, new Uint8Array(60));
       devices.netWrite(2, new Uint8Array(70));
       tell(await watched(0b010n));
       devices.netWrite(1, new Uint8Array(80));
       target.watch(0b100n, () => say("replaced"));
       tell(await watched(0b110n));`,
      { pair: "SOCK_DGRAM" },
    );
    expect(said).toEqual(["written", ["4n", -1, 60], ["2n", 70, 60], ["4n", -1, 80]]);
  });

  it("are not watched any more once that was taken back, and then Node may end", async () => {
    const said = await program(
      `${PAIR}
       target.watch(0b110n, () => say("never"));
       target.watch(0n, () => say("never"));
       devices.netWrite(1, new Uint8Array(60));
       say("taken back");
       // Found readable by then, but not told yet.
       target.watch(0b100n, () => say("never"));
       const until = process.hrtime.bigint() + 20_000_000n;
       while (process.hrtime.bigint() < until);
       target.watch(0n, () => say("never"));`,
      { pair: "SOCK_DGRAM" },
    );
    expect(said).toEqual(["taken back"]);
  });

  it("are ready when they are closed, and then every call is EINVAL", async () => {
    const said = await program(
      `${PAIR}
       target.watch(0b100n, (set) => say([set, devices.netRead(2, into), devices.netWrite(1, into)]));
       target.close();
       say("closed");
       await turn();
       target.watch(0b110n, (set) => say(set));`,
      { pair: "SOCK_DGRAM" },
    );
    expect(said).toEqual(["closed", ["4n", -2, -2], "6n"]);
  });

  it("keep Node alive while they are watched", async () => {
    const said = await program(
      `${PAIR}
       setTimeout(() => devices.netWrite(1, new Uint8Array(60)), 50).unref();
       target.watch(0b100n, (set) => say(set));`,
      { pair: "SOCK_DGRAM" },
    );
    expect(said).toEqual(["4n"]);
  });
});

describe("hostile arguments", () => {
  it("never throw, crash or touch what they do not name", { timeout: 120_000 }, async () => {
    const path = disk("hostile.img", 4096);
    const said = await program(
      `import fc from "fast-check";
       const path = ${JSON.stringify(path)};
       const target = openTarget({
         options: ["--net:a=@" + process.env.A, "--block:disk=" + path],
         manifest: { devices: [{ name: "a", type: "NET_BASIC" }, { name: "disk", type: "BLOCK_BASIC" }] },
         cmdline: "",
       });
       const detached = () => { const bytes = new Uint8Array(512); structuredClone(bytes.buffer, { transfer: [bytes.buffer] }); return bytes; };
       const shrunk = () => { const buffer = new ArrayBuffer(1024, { maxByteLength: 1024 }); const bytes = new Uint8Array(buffer, 512, 512); buffer.resize(512); return bytes; };
       const tracking = () => { const buffer = new ArrayBuffer(1024, { maxByteLength: 2048 }); const bytes = new Uint8Array(buffer, 512); buffer.resize(1536); return bytes; };
       const shared = () => new Uint8Array(new SharedArrayBuffer(512, { maxByteLength: 1024 }));
       const proxy = () => new Proxy(new Uint8Array(512), {});
       const liar = () => Object.defineProperty(new Uint8Array(8), "length", { value: 512 });
       const memory = () => new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer, 0, 512);
       // Made when they are used: fast-check could not even print some of them.
       const memories = fc.constantFrom(detached, shrunk, tracking, shared, proxy, liar, memory,
         () => new Uint8Array(512), () => new Uint8Array(60), () => new Uint8Array(1514), () => new Uint8Array(new SharedArrayBuffer(2048)), () => new Uint8Array(0), () => Buffer.alloc(512), () => new Uint8ClampedArray(512),
         () => new Uint16Array(256), () => new Float64Array(64), () => new DataView(new ArrayBuffer(512)), () => new ArrayBuffer(512));
       const odd = fc.oneof(fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true }), fc.constant(Symbol("s")), fc.constant(() => 1));
       const made = (value) => typeof value === "function" ? value() : value;
       const bytes = fc.oneof(memories, odd);
       const handle = fc.oneof(fc.constantFrom(1, 2), fc.integer({ min: -2, max: 65 }), fc.double(), fc.maxSafeInteger(), odd);
       const offset = fc.oneof(fc.bigInt({ min: -1024n, max: 8192n }), fc.bigInt({ min: 0n, max: 8n }).map((n) => n * 512n), fc.bigInt(), odd);
       const results = new Set();
       const { devices } = target;
       fc.assert(fc.property(handle, offset, bytes, odd, (handle, offset, bytes, name) => {
         for (const call of ["netRead", "netWrite", "blockRead", "blockWrite"]) {
           const result = call.startsWith("net") ? devices[call](handle, made(bytes)) : devices[call](handle, offset, made(bytes));
           if (!Number.isInteger(result) || result < -3) throw new Error(call + " answered " + String(result));
           results.add(result > 0 ? "length" : result);
         }
         if (name !== "a" && devices.netAcquire(name) !== undefined) throw new Error("netAcquire found something");
         if (name !== "disk" && devices.blockAcquire(name) !== undefined) throw new Error("blockAcquire found something");
       }), { numRuns: 20000 });
       say([...results].sort());
       say(fs.statSync(path).size);
       // The addon itself, without its face: the same, and no exception either.
       const native = (await import("node:module")).createRequire(${JSON.stringify(import.meta.url)})("../dist/solo5-bindings.linux-x64-gnu.node");
       const raw = ["readFrame", "writeFrame", "readBlock", "writeBlock", "readBlocks", "writeBlocks", "arm"];
       fc.assert(fc.property(fc.constantFrom(...raw), fc.array(fc.oneof(handle, offset, bytes), { maxLength: 4 }), (call, words) => Number.isInteger(native[call](...words.map(made)))), { numRuns: 20000 });
       const cold = ["openNet", "openBlock", "openAll", "closeDevice", "keepAlive", "readBlocksLater", "writeBlocksLater"];
       fc.assert(fc.property(fc.constantFrom(...cold), fc.array(fc.oneof(odd, bytes), { maxLength: 5 }), (call, words) => {
         if (words.some((word) => typeof word === "string" && word.startsWith("@"))) return;
         try { native[call](...words.map(made)); } catch (error) { if (!(error instanceof Error)) throw error; }
       }), { numRuns: 5000 });
       say("alive");
       process.exit(0);`,
      { pair: "SOCK_DGRAM" },
    );
    expect(said).toEqual([expect.arrayContaining([-2, -1, 0]), 4096, "alive"]);
  });
});
