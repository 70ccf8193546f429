// Asks devices for what they refuse, and prints what each call says.
import { block, net, run } from "@uk/miou-solo5";

function attempt(name: string, call: () => void): void {
  try {
    call();
    console.log(`${name}: done`);
  } catch (error) {
    console.log(`${name}: ${error}`);
  }
}

run([block("storage"), net("service")], function* (disk, service) {
  const buffer = new Uint8Array(512);
  const offsets: unknown[] = [
    0n,
    512n,
    1024n,
    1n,
    -512n,
    2n ** 31n,
    2n ** 62n,
    2n ** 64n + 512n,
    0,
    "0",
    undefined,
  ];
  for (const offset of offsets)
    attempt(`read at ${offset} (${typeof offset})`, () => disk.atomicRead(offset as bigint, buffer));
  attempt("read into 511 bytes", () => disk.atomicRead(0n, buffer.subarray(1)));
  attempt("read into 513 bytes", () => disk.atomicRead(0n, new Uint8Array(513)));
  attempt("read into text", () => disk.atomicRead(0n, "x".repeat(512) as unknown as Uint8Array));
  attempt("write from 511 bytes", () => disk.atomicWrite(0n, buffer.subarray(1)));
  attempt("write behind the end", () => disk.atomicWrite(1024n, buffer));
  attempt("write", () => disk.atomicWrite(512n, buffer.fill(7)));
  attempt("read back", () => disk.atomicRead(512n, buffer.fill(0)));
  console.log(`bytes: ${buffer[0]} ${buffer[511]}`);

  const frame = new Uint8Array(1514);
  for (const length of [14, 60, 1514, 13, 1515, 0, -60, 20.5, Number.NaN, 2 ** 32 + 60])
    attempt(`send ${length} bytes`, () => service.write(frame, length));
  attempt("send all", () => service.write(frame));
  attempt("send 60 of 40 bytes", () => service.write(new Uint8Array(40), 60));
  attempt("send text", () => service.write("x".repeat(60) as unknown as Uint8Array, 60));
  const begin = (into: Uint8Array) => service.read(into)[Symbol.iterator]();
  attempt("read into 1513 bytes", () => begin(new Uint8Array(1513)).next());
  for (const into of [undefined, "x".repeat(2000), new Uint8ClampedArray(2000), new ArrayBuffer(2000)])
    attempt(`read into ${typeof into}`, () => begin(into as unknown as Uint8Array).next());
  attempt("readSync into 1513 bytes", () => service.readSync(new Uint8Array(1513)));
  attempt("readSync into text", () => service.readSync("x".repeat(2000) as unknown as Uint8Array));
  attempt("readSync into nothing", () => (service.readSync as () => void)());
  const { next } = begin(frame);
  for (const other of [undefined, {}, service, service.read])
    attempt(`a reading's next of ${typeof other}`, () => next.call(other as never));
  attempt("new", () => Reflect.construct(service.read, [frame]));
  // Views of a buffer that has become shorter or longer, with a length of their own or the buffer's.
  for (const [was, now, from, own] of [
    [4096, 1, 0, undefined],
    [4096, 0, 0, undefined],
    [4096, 512, 0, undefined],
    [4096, 512, 1, undefined],
    [4096, 2000, 0, undefined],
    [4096, 511, 0, 512],
    [4096, 2000, 0, 512],
    [20, 512, 0, undefined],
    [20, 1600, 10, undefined],
    [20, 1600, 20, undefined],
    [20, 1600, 10, 10],
  ] as const) {
    const memory = Reflect.construct(ArrayBuffer, [was, { maxByteLength: 8192 }]);
    const view = new Uint8Array(memory, from, own);
    const before = view.length;
    memory.resize(now);
    const what = `${view.length} bytes, ${before} before`;
    attempt(`block into ${what}`, () => disk.atomicRead(512n, view));
    attempt(`frame into ${what}`, () => begin(view).next());
    attempt(`frame from ${what}`, () => service.write(view, 60));
    attempt(`all of ${what}`, () => service.write(view));
  }
  attempt("block into shared memory", () =>
    disk.atomicRead(512n, new Uint8Array(new SharedArrayBuffer(512))),
  );
  const growing = Reflect.construct(SharedArrayBuffer, [100, { maxByteLength: 100 }]);
  attempt("block into 100 shared bytes", () => disk.atomicRead(512n, new Uint8Array(growing)));
  // Code of the program is not asked how long a buffer is.
  const resizable = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "resizable") as PropertyDescriptor;
  Object.defineProperty(ArrayBuffer.prototype, "resizable", { configurable: true, get: () => false });
  const liar = Reflect.construct(ArrayBuffer, [4096, { maxByteLength: 8192 }]);
  const lied = Object.defineProperty(new Uint8Array(liar), "length", { value: 4096 });
  liar.resize(100);
  attempt("block into 100 bytes, said to be 4096", () => disk.atomicRead(512n, lied));
  Object.defineProperty(ArrayBuffer.prototype, "resizable", resizable);
  const gone = new Uint8Array(1514);
  const reading = service.read(gone);
  (gone.buffer as unknown as { transfer(): void }).transfer();
  attempt("read into what was given away", () => reading[Symbol.iterator]().next());
  attempt("block into what is still ours", () => disk.atomicRead(512n, buffer));
  (buffer.buffer as unknown as { transfer(): void }).transfer();
  attempt("block into what was given away", () => disk.atomicRead(512n, buffer));
  console.log(`dropped: ${service.dropped}`);
});
