// Frames of the suite: broadcast, of the type for local experiments (IEEE 802), a delay in ms, then a pattern.

/** Bytes of an Ethernet header. */
export const HEADER = 14;
const TYPE = [0x88, 0xb5];

/** A frame of `length` bytes from `mac`; the peer sends it back `delay` ms later. */
export function frameOf(mac: Uint8Array, length: number, seed = 0, delay = 0): Uint8Array {
  const frame = Uint8Array.from({ length }, (_, at) => (at * 7 + seed) & 0xff);
  frame.fill(0xff, 0, 6);
  frame.set(mac, 6);
  frame.set(TYPE, 12);
  if (length > HEADER) frame[HEADER] = delay;
  return frame;
}

/** Whether a frame is one of the suite's. */
export function isOurs(frame: Uint8Array): boolean {
  return frame[12] === TYPE[0] && frame[13] === TYPE[1];
}

/** Whether two frames are the same behind the addresses. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => at < 12 || byte === other[at]);
}
