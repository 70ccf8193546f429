// The guest's program (guest.ts) on Node, with frames from the addon.
import { openTap } from "@uk/solo5-bindings";

const every = Number(process.argv[3]);
const tap = openTap(process.argv[2]);
const frame = new Uint8Array(tap.mtu + 14);
for (let count = 1; ; count++) {
  const length = tap.readSync(frame) ?? (await tap.read(frame));
  if (count !== every) continue;
  count = 0;
  frame.copyWithin(0, 6, 12);
  frame.set(tap.mac, 6);
  tap.write(frame.subarray(0, length));
}
