// The other end of the suite's network: sends each frame of type 0x88b5 back, so many ms later as its first byte says.
import { spawn } from "@uk/miou";
import { type Net, net, run, sleep } from "@uk/miou-solo5";
import { HEADER, isOurs } from "./frames.ts";

run([net("service")], function* (service) {
  console.log("peer: listening");
  for (;;) {
    const frame = yield* service.readFrame();
    if (isOurs(frame)) yield* answer(service, frame);
  }
});

function* answer(service: Net, frame: Uint8Array) {
  frame.copyWithin(0, 6, 12);
  frame.set(service.mac, 6);
  const delay = frame[HEADER] ?? 0;
  if (delay > 0) yield* spawn(() => sleep(delay));
  service.write(frame);
}
