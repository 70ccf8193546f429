// The causes of an uncaught error are shown, too.
function open(): never {
  throw new RangeError("block 9 is past the end");
}
try {
  try {
    open();
  } catch (cause) {
    throw new Error("cannot read the superblock", { cause });
  }
} catch (cause) {
  throw new TypeError("cannot mount", { cause });
}
