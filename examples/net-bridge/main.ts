// Joins two networks: what comes in on one goes out on the other.
//   uk run --net:left=tap0 --net:right=tap1 dist/net-bridge.spt
import { spawn } from "@uk/miou";
import { type Net, net, run } from "@uk/miou-solo5";

run([net("left"), net("right")], function* (left, right) {
  console.log(`joining ${left.name} and ${right.name}`);
  const there = spawn(() => forward(left, right));
  const back = spawn(() => forward(right, left));
  yield* there;
  yield* back;
});

function* forward(from: Net, to: Net) {
  const frame = new Uint8Array(from.mtu + 14);
  for (;;) {
    const length = yield* from.read(frame);
    if (length <= to.mtu + 14) to.write(frame.subarray(0, length));
  }
}
