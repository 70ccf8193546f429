// Makes far more readings than there is memory for, each part of a cycle, and gives them up while they wait.
import { spawn, yieldNow } from "@uk/miou";
import { heapSize, net, run } from "@uk/miou-solo5";

run([net("service")], function* (service) {
  const size = service.mtu + 14;
  const count = Math.ceil((4 * heapSize()) / size);
  for (let made = 0; made < count; made++) {
    const buffer = new Uint8Array(size);
    const reading = service.read(buffer);
    Object.assign(buffer, { reading });
    const task = spawn(function* () {
      Object.assign(reading, { task });
      yield* reading;
    });
    yield* yieldNow();
    yield* task.cancel();
  }
  console.log("readings that nobody needs are forgotten");
});
