/// <reference lib="es2024.sharedmemory" />
// Typed arrays, buffers and views.
const list = (label: string, value: unknown): void => console.log(`${label}: ${JSON.stringify(value)}`);
const bytes = (view: ArrayBufferView): number[] => [
  ...new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
];

const values = [0, 1, -1, 127, 128, 255, 256, 65535, 2147483648, 4294967296, 1.5, -1.5, NaN, Infinity, 1e20];
for (const Type of [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
]) {
  list(Type.name, [Type.BYTES_PER_ELEMENT, ...Type.from(values)]);
}
for (const Type of [BigInt64Array, BigUint64Array]) {
  list(Type.name, [...Type.of(-1n, 2n ** 63n, 2n ** 64n + 5n)].map(String));
}
list("halves up", [...Uint8ClampedArray.of(0.5, 1.5, 2.5, 254.5, 300, -5, NaN)]);
list("bytes of a double", bytes(Float64Array.of(Math.PI, -0, 5e-324)));
list("bytes of floats", bytes(Float32Array.of(0.1, 16777217, 1e-46)));
const nan = new Float64Array(1);
list("a NaN", [Number.isNaN(nan.fill(NaN)[0]), Object.is(Float32Array.of(-0)[0], -0)]);

const view = new DataView(new ArrayBuffer(16), 2, 12);
view.setInt16(0, -2);
view.setUint32(2, 0xdeadbeef, true);
view.setFloat32(6, 1.1);
view.setUint8(11, 300);
list("view", [
  bytes(view),
  view.getInt16(0),
  view.getUint16(0, true),
  view.getInt32(2, true),
  view.getFloat32(6),
  view.byteOffset,
]);
view.setBigInt64(0, -5n, true);
list("view of 64 bits", [
  String(view.getBigInt64(0, true)),
  String(view.getBigUint64(0)),
  view.getFloat64(0),
]);
for (const wrong of [
  () => view.getUint8(12),
  () => view.setFloat64(5, 1),
  () => new DataView(new ArrayBuffer(1), 2),
  () => new Uint16Array(new ArrayBuffer(3)),
  () => new Uint8Array(-1),
  () => new ArrayBuffer(2 ** 53),
]) {
  try {
    wrong();
    console.log("accepted", String(wrong));
  } catch (error) {
    list("refused", (error as Error).name);
  }
}

const array = Uint8Array.from([5, 3, 9, 1]);
const part = array.subarray(1, 3);
part[0] = 77;
list("shared", [
  [...array],
  [...array.slice(1, 3)],
  part.byteOffset,
  part.length,
  array.indexOf(9),
  array.at(-1),
]);
list("methods", [
  [...array.toSorted()],
  [...array.toReversed()],
  [...array.with(0, 1)],
  array.join("-"),
  [...array.map((n) => n * 2)],
  [...array.filter((n) => n > 4)],
]);
list(
  "set",
  (() => {
    const to = new Uint8Array(6);
    to.set([1, 2], 1);
    to.set(to.subarray(0, 4), 2);
    return [[...to], [...to.copyWithin(0, 2)], [...to.fill(9, 4)]];
  })(),
);
list("outside", [array[9], (array[-1] = 5), array[-1], "9" in array, Object.keys(array), array.length]);
list("sort", [
  [...Float64Array.of(3, -0, 0, NaN, -Infinity).sort()].map((n) => (Object.is(n, -0) ? "-0" : String(n))),
  [...Int8Array.of(10, 9, -1).sort()],
]);
list("big sort", [...BigInt64Array.of(3n, -1n, 2n).sort()].map(String));
const buffer = array.buffer.slice(1, 3);
list("buffers", [
  buffer.byteLength,
  [...new Uint8Array(buffer)],
  ArrayBuffer.isView(view),
  ArrayBuffer.isView(buffer),
  Object.prototype.toString.call(array),
]);
const growing = new (
  ArrayBuffer as unknown as new (
    n: number,
    o: object,
  ) => ArrayBuffer & { resize(n: number): void; resizable: boolean; maxByteLength: number }
)(4, { maxByteLength: 16 });
const tracking = new Uint8Array(growing);
growing.resize(8);
list("resizable", [tracking.length, growing.resizable, growing.maxByteLength, growing.byteLength]);
const megabyte = new Uint32Array(1 << 18);
for (let i = 0; i < megabyte.length; i++) megabyte[i] = Math.imul(i, 2654435761);
list("a megabyte", [
  megabyte.reduce((sum, n) => (sum ^ n) >>> 0, 0),
  megabyte.byteLength,
  bytes(megabyte.subarray(-1)),
]);
list(
  "zeroed",
  new Uint8Array(100_000).every((n) => n === 0) && new Float64Array(1000).every((n) => Object.is(n, 0)),
);
list(
  "atomics",
  (() => {
    const a = new Int32Array(2);
    Atomics.add(a, 0, 5);
    Atomics.compareExchange(a, 0, 5, 8);
    return [...a, Atomics.load(a, 0)];
  })(),
);
list(
  "shared memory that grows",
  (() => {
    const shared = new SharedArrayBuffer(4, { maxByteLength: 16 });
    const view = new Uint8Array(shared);
    view[3] = 7;
    shared.grow(8);
    return [shared.growable, shared.byteLength, shared.maxByteLength, ...view];
  })(),
);
