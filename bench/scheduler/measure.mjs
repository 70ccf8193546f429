// One case of one contender, on Node and in a guest alike. No import: it must run everywhere.

/** Tasks of the tree of `fib(n)`. */
function treeSize(n) {
  let [a, b] = [1, 1];
  for (let i = 2; i <= n; i++) [a, b] = [b, a + b + 1];
  return b;
}

/**
 * Milliseconds an operation of `contender[name]`, one number a sample.
 *
 * @param cpu - milliseconds of processor time so far
 * @param sampleMs - how long a sample takes, about
 * @param sizes - how big a sample is where that is not a matter of time
 */
export async function time(contender, name, { cpu, warmupMs, samples, sampleMs, sizes }) {
  const fixed = contender.sizes?.[name] ?? sizes[name];
  const once = async (n) => {
    const before = cpu();
    await contender[name](n);
    return cpu() - before;
  };
  let n = fixed ?? 100;
  let took = 0;
  for (const start = performance.now(); performance.now() - start < warmupMs; ) {
    took = await once(n);
    if (fixed !== undefined) continue;
    const wanted = (n * sampleMs) / Math.max(took, 0.001);
    n = Math.max(20, Math.min(n * 2, Math.round(wanted / 20) * 20));
  }
  // A sample of fixed size may be too short for the clock.
  const repeats = fixed === undefined ? 1 : Math.max(1, Math.round(sampleMs / Math.max(took, 0.1)));
  const operations = (name === "fib" ? treeSize(n) : n) * repeats;
  const times = [];
  for (let i = 0; i < samples; i++) {
    let sum = 0;
    for (let k = 0; k < repeats; k++) sum += await once(n);
    times.push(sum / operations);
  }
  return times;
}

/** How late sleepers with deadlines spread over a second wake, in ms, unsorted, and the CPU time of each. */
export async function sleepers(contender, { cpu, count }) {
  const delays = Array.from({ length: count }, (_, i) => 100 + ((i * 7919) % 1000));
  const late = [];
  const before = cpu();
  await contender.sleepers(delays, (ms) => late.push(ms));
  return { late, cpu: (cpu() - before) / count };
}
