// One buffer that can never fit.
console.log("before");
const buffer = new ArrayBuffer(1 << 30);
console.log("never", buffer.byteLength);
