// Sends every frame back with its addresses swapped, from one buffer.
import { net, run } from "@uk/miou-solo5";

run([net("service")], function* (service) {
  const frame = new Uint8Array(service.mtu + 14);
  for (;;) {
    const length = yield* service.read(frame);
    for (let at = 0; at < 6; at++) {
      const from = frame[6 + at] as number;
      frame[6 + at] = frame[at] as number;
      frame[at] = from;
    }
    service.write(frame.subarray(0, length));
  }
});
