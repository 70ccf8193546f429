// A status is an integer of 0 to 255: nothing else ends a guest.
import { exit } from "uk:solo5";

const statuses: readonly unknown[] = [
  ...[Number.NaN, undefined, null, "x", "1", true, 1n, {}, [], Symbol("s")],
  ...[-1, 256, 2 ** 32, 2 ** 40, 1.5, Number.POSITIVE_INFINITY],
];
for (const status of statuses) {
  try {
    exit(status as number);
  } catch (error) {
    console.log(status, String(error));
  }
}
const { timeOrigin } = performance;
console.log("timeOrigin is in time:", Math.abs(timeOrigin + performance.now() - Date.now()) < 1000);
exit(255);
