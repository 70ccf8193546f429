// Sends every frame back to where it came from, or one of so many, from one buffer.
import { argv, net, run } from "@uk/miou-solo5";

run([net("service")], function* (service) {
  const every = Number(argv[1]);
  const { mac, mtu } = service;
  const frame = new Uint8Array(mtu + 14);
  for (let count = 1; ; count++) {
    const length = service.readSync(frame) ?? (yield* service.read(frame));
    if (count !== every) continue;
    count = 0;
    frame.copyWithin(0, 6, 12);
    frame.set(mac, 6);
    service.write(frame, length);
  }
});
