import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BlockFile, type BlockOptions, openBlock } from "./block.ts";
import { BindingsError } from "./errors.ts";
import { disksIn, execute, noNamespaces, program, resizable, workspace } from "./testing/world.ts";

const folder = workspace();
const disk = disksIn(folder);

function failure(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("the call did not fail");
}

describe("openBlock", () => {
  it("tells what the file is like, and locks it until it is closed", () => {
    const path = disk("plain.img", 8192);
    const file = openBlock(path, { blockSize: 4096 });
    expect(file).toMatchObject({ path, capacity: 8192n, blockSize: 4096, readOnly: false, locked: true });
    expect(failure(() => openBlock(path))).toMatchObject({
      code: "BUSY",
      message: `openBlock: BUSY: '${path}' is in use: another guest, or another device of this one, has locked it`,
    });
    expect(failure(() => openBlock(path, { readOnly: true }))).toMatchObject({ code: "BUSY" });
    file.close();
    file.close();
    const readers = [1, 2].map(() => openBlock(path, { readOnly: true }));
    expect(readers.map(({ readOnly, blockSize }) => [readOnly, blockSize])).toEqual([
      [true, 512],
      [true, 512],
    ]);
    expect(failure(() => openBlock(path))).toMatchObject({ code: "BUSY" });
    for (const reader of readers) reader[Symbol.dispose]();
    openBlock(path).close();
  });

  it("shares what can be written with those who ask for that, and with nobody else", () => {
    const path = disk("share.img", 512);
    const [one, other] = [1, 2].map(() => openBlock(path, { shared: true }));
    for (const options of [{}, { shared: false }])
      expect(failure(() => openBlock(path, options))).toMatchObject({ code: "BUSY" });
    one?.writeSync(0n, new Uint8Array(512).fill(3));
    const into = new Uint8Array(512);
    other?.readSync(0n, into);
    expect(into[0]).toBe(3);
    one?.close();
    other?.close();
    openBlock(path).close();
  });

  it("opens what nobody may write for reading, whoever asks, with others", () => {
    const path = disk("protected.img", 512);
    chmodSync(path, 0o444);
    const files = [1, 2].map(() => openBlock(path));
    expect(files.map(({ readOnly, locked }) => [readOnly, locked])).toEqual([
      [true, true],
      [true, true],
    ]);
    for (const file of files) file.close();
  });

  it("respects the lock of another process, and its end", async () => {
    const path = disk("shared.img", 512);
    const entry = new URL("../dist/index.js", import.meta.url).href;
    const other = spawn(process.execPath, [
      "-e",
      `import(${JSON.stringify(entry)}).then(({ openBlock }) => { openBlock(${JSON.stringify(path)}); console.log("locked"); setInterval(() => {}, 1e6) })`,
    ]);
    await once(other.stdout, "data");
    expect(failure(() => openBlock(path))).toMatchObject({ code: "BUSY" });
    other.kill("SIGKILL");
    await once(other, "close");
    openBlock(path).close();
  });

  it.each<{ why: string; path: string; options?: BlockOptions; code: string; says: string }>([
    { why: "what is not there", path: "none.img", code: "NOT_FOUND", says: "no such file or directory" },
    { why: "a folder", path: ".", code: "KIND", says: "is a directory" },
    { why: "what is below a file", path: "a.img/b", code: "NOT_FOUND", says: "not a directory" },
    { why: "a character device", path: "/dev/null", code: "KIND", says: "neither a regular file nor" },
    { why: "an empty file", path: "empty.img", code: "CAPACITY", says: "0 bytes are not one or more" },
    { why: "a part of a block", path: "a.img", code: "CAPACITY", says: "700 bytes are not one or more" },
    { why: "a name that is too long", path: "x".repeat(300), code: "NAME", says: "name too long" },
    { why: "a NUL in the path", path: "a\0.img", code: "NAME", says: "no path has" },
    ...[0, 1, 100, 511, 513, 1536, 65536, 131072, -512, 0.5, Number.NaN, 1e300].map((blockSize) => ({
      why: `blocks of ${blockSize} bytes`,
      path: "a.img",
      options: { blockSize },
      code: "BLOCK_SIZE",
      says: `block size ${blockSize} is not a power of two from 512 to 32768`,
    })),
  ])("refuses $why", ({ path, options, code, says }) => {
    disk("a.img", 700);
    disk("empty.img", 0);
    const error = failure(() => openBlock(path.startsWith("/") ? path : join(folder, path), options));
    expect(error).toBeInstanceOf(BindingsError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) });
  });

  it("refuses arguments of other types", () => {
    for (const path of [undefined, null, 3, {}, Buffer.from("x")])
      expect(() => openBlock(path as string)).toThrow(TypeError);
    expect(() => openBlock("x", { blockSize: "512" as unknown as number })).toThrow(TypeError);
    expect(() => openBlock("x", { readOnly: 1 as unknown as boolean })).toThrow(TypeError);
    expect(() => openBlock("x", { shared: "yes" as unknown as boolean })).toThrow(TypeError);
    const path = disk("options.img", 512);
    for (const options of [null, 5, "x", true, [], () => {}, { blockSize: null }])
      expect(() => openBlock(path, options as object)).toThrow(TypeError);
    openBlock(path).close();
  });

  it("refuses options of other types when it reads", async () => {
    const file = openBlock(disk("read-options.img", 512));
    for (const options of [null, 5, "x", [], { signal: 5 }, { signal: {} }, { signal: null }])
      await expect(file.read(0n, new Uint8Array(512), options as object)).rejects.toThrow(/^block\.read: /);
    file.close();
  });
});

describe("a BlockFile", () => {
  it("moves one block or several, to and from any part of a larger buffer", async () => {
    const path = disk("move.img", 8 * 512);
    const content = readFileSync(path);
    const file = openBlock(path);
    const buffer = new Uint8Array(4096).fill(255);
    file.readSync(512n, buffer.subarray(100, 100 + 1024));
    expect(buffer.subarray(100, 1124)).toEqual(Uint8Array.from(content.subarray(512, 1536)));
    expect([buffer[99], buffer[1124]]).toEqual([255, 255]);
    await file.read(7n * 512n, buffer.subarray(0, 512));
    expect(buffer.subarray(0, 512)).toEqual(Uint8Array.from(content.subarray(7 * 512)));
    file.writeSync(0n, buffer.fill(1, 0, 512).subarray(0, 512));
    const from = new Uint8Array(1024).fill(2);
    const written = file.write(1024n, from);
    from.fill(3);
    await written;
    const now = readFileSync(path);
    expect([now[0], now[511], now[512], now[1023], now[1024], now[2047], now[2048]]).toEqual([
      1,
      1,
      content[512],
      content[1023],
      2,
      2,
      content[2048],
    ]);
    expect(now).toHaveLength(4096);
    file.readSync(0n, new Uint8Array(4096));
    file.close();
  });

  it("reads into shared memory", () => {
    const file = openBlock(disk("shared-memory.img", 512));
    const into = new Uint8Array(new SharedArrayBuffer(1024), 512);
    file.readSync(0n, into);
    expect([...into.subarray(0, 4)]).toEqual([0, 1, 2, 3]);
    file.close();
  });

  const calls: readonly [string, (file: BlockFile, offset: bigint, bytes: Uint8Array) => unknown][] = [
    ["readSync", (file, offset, bytes) => file.readSync(offset, bytes)],
    ["writeSync", (file, offset, bytes) => file.writeSync(offset, bytes)],
    ["read", (file, offset, bytes) => file.read(offset, bytes)],
    ["write", (file, offset, bytes) => file.write(offset, bytes)],
  ];

  it.each(calls)("%s refuses what is not whole blocks of it, without an effect", async (_, call) => {
    const path = disk("whole.img", 2048);
    const content = readFileSync(path);
    const file = openBlock(path);
    const detached = new Uint8Array(512);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    const shrunk = resizable(1024);
    const outside = new Uint8Array(shrunk, 512, 512);
    shrunk.resize(512);
    const block = new Uint8Array(512);
    for (const [offset, bytes] of [
      [0n, new Uint8Array(0)],
      [0n, new Uint8Array(511)],
      [0n, new Uint8Array(513)],
      [0n, new Uint8Array(2560)],
      [512n, new Uint8Array(2048)],
      [1n, block],
      [256n, block],
      [-512n, block],
      [2048n, block],
      [1n << 63n, block],
      [1n << 64n, block],
      [-(1n << 64n), block],
      [1n << 200n, block],
      [0n, detached],
      [0n, outside],
    ] as const)
      await expect((async () => call(file, offset, bytes))()).rejects.toThrow(RangeError);
    for (const [offset, bytes] of [
      [0, block],
      ["0", block],
      [undefined, block],
      [0n, new Uint16Array(256)],
      [0n, new DataView(new ArrayBuffer(512))],
      [0n, new ArrayBuffer(512)],
      [0n, { length: 512 }],
      [0n, undefined],
    ])
      await expect((async () => call(file, offset as bigint, bytes as Uint8Array))()).rejects.toThrow(
        TypeError,
      );
    expect(readFileSync(path)).toEqual(content);
    file.close();
    await expect((async () => call(file, 0n, block))()).rejects.toMatchObject({
      code: "CLOSED",
      message: expect.stringContaining("whole.img is closed"),
    });
  });

  it("keeps the promises that were on their way when it is closed, and the lock until then", async () => {
    const path = disk("closing.img", 1 << 20);
    const file = openBlock(path);
    const buffers = Array.from({ length: 8 }, () => new Uint8Array(1 << 20));
    const reads = buffers.map((buffer) => file.read(0n, buffer));
    file.close();
    await Promise.all(reads);
    expect(buffers.every((buffer) => buffer[1000] === 1000 % 251)).toBe(true);
    openBlock(path).close();
  });

  it("leaves memory alone once a read was aborted, and refuses to fill what has shrunk", async () => {
    const file = openBlock(disk("aborted.img", 1 << 16));
    const into = new Uint8Array(1 << 16);
    const controller = new AbortController();
    const read = file.read(0n, into, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(read).rejects.toThrow("enough");
    await file.read(0n, new Uint8Array(1 << 16));
    expect(into.every((byte) => byte === 0)).toBe(true);
    const late = file.read(0n, into);
    structuredClone(into.buffer, { transfer: [into.buffer] });
    await expect(late).rejects.toThrow("the buffer has only 0 bytes any more");
    file.close();
  });

  it("says where the host failed: a file that was cut, while it was open", async () => {
    const path = disk("cut.img", 2048);
    const file = openBlock(path);
    truncateSync(path, 700);
    const expected = {
      code: "IO",
      errno: "EIO",
      message: expect.stringContaining(`${path} at offset 512: EIO`),
    };
    expect(failure(() => file.readSync(512n, new Uint8Array(1024)))).toMatchObject(expected);
    await expect(file.read(512n, new Uint8Array(1024))).rejects.toMatchObject(expected);
    file.close();
  });
});

const refused = await noNamespaces();
const why = refused === undefined ? "" : ` (skipped: ${refused})`;

describe.skipIf(refused !== undefined)(`a BlockFile on a file system of its own${why}`, () => {
  it("that is full fails writes with ENOSPC, and what was there stays", async () => {
    const said = await program(
      `const file = openBlock("/mnt/disk", { blockSize: 4096 });
       const block = new Uint8Array(4096).fill(7);
       let at = 0n;
       let error;
       while (error === undefined) error = await fails(() => { file.writeSync(at, block); at += 4096n; }) ;
       say(error);
       say((await fails(() => file.write(at, block))).includes("ENOSPC"));
       file.readSync(0n, block);
       say(block[4095]);`,
      { namespace: "mount -t tmpfs -o size=32k none /mnt; truncate -s 1M /mnt/disk" },
    );
    expect(said).toEqual([
      expect.stringMatching(
        /^BindingsError \| IO \| block\.writeSync: IO: \/mnt\/disk at offset \d+: ENOSPC: /,
      ),
      true,
      7,
    ]);
  });

  it("that is mounted read-only is opened for reading", async () => {
    const said = await program(
      `const file = openBlock("/mnt/disk");
       say([file.readOnly, file.locked]);
       file.readSync(0n, new Uint8Array(512));
       say(await fails(() => file.writeSync(0n, new Uint8Array(512))));
       say(await fails(() => file.write(0n, new Uint8Array(512))));
       openBlock("/mnt/disk");`,
      { namespace: "mount -t tmpfs none /mnt; truncate -s 4k /mnt/disk; mount -o remount,ro /mnt" },
    );
    expect(said).toEqual([
      [true, true],
      "BindingsError | READ_ONLY | block.writeSync: READ_ONLY: /mnt/disk is open for reading only",
      "BindingsError | READ_ONLY | block.write: READ_ONLY: /mnt/disk is open for reading only",
    ]);
  });
});

describe("a block device of the host", () => {
  it("is read and written like a file", async ({ skip }) => {
    const words = ["--find", "--show", disk("loop.img", 1 << 16)];
    const loop = await execute("losetup", words).catch(({ message }: Error) => ({
      status: 1,
      stdout: "",
      stderr: message,
    }));
    if (loop.status !== 0) skip(`no loop devices: ${loop.stderr.trim()}`);
    const path = loop.stdout.trim();
    try {
      const file = openBlock(path, { blockSize: 4096 });
      expect(file).toMatchObject({ capacity: 65536n, readOnly: false, locked: true });
      const block = new Uint8Array(4096);
      file.readSync(4096n, block);
      expect(block[0]).toBe(4096 % 251);
      await file.write(61440n, block.fill(5));
      file.readSync(61440n, block.fill(0));
      expect(block.every((byte) => byte === 5)).toBe(true);
      file.close();
    } finally {
      await execute("losetup", ["--detach", path]);
    }
  });
});
