// Out of memory is an error that a program can catch; what it had is freed, and it goes on.
for (const round of [1, 2, 3]) {
  let kept: unknown[] = [];
  try {
    for (let i = 0; ; i++) kept.push(new Uint8Array(100_000), { i });
  } catch (error) {
    const count = kept.length;
    kept = [];
    console.log(`round ${round}:`, String(error), count > 100);
  }
}
try {
  console.log(new ArrayBuffer(1 << 30).byteLength);
} catch (error) {
  console.log("one buffer:", String(error));
}
try {
  let text = "x".repeat(1000);
  for (;;) text += text;
} catch (error) {
  console.log("one string:", (error as Error).name);
}
console.log(
  "there is memory again:",
  new Uint8Array(4_000_000).fill(1).reduce((sum, n) => sum + n, 0),
);

export {};
