/** The host's monotonic clock in milliseconds, or its wall clock when it has no other. */
export function hostClock(): number {
  const host = globalThis as { performance?: { now(): number } };
  return host.performance === undefined ? Date.now() : host.performance.now();
}
