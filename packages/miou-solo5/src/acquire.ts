import type { Operation } from "@uk/miou";
import { type Device, declarationOf } from "./device.ts";
import { DeviceError } from "./errors.ts";
import type { Io } from "./io.ts";

/**
 * Produces the value of each device, left to right, depth first; runs in the root task. The same
 * device object is produced once.
 *
 * @throws {DeviceError} a device cannot be had
 */
export function* acquireAll(
  io: Io | undefined,
  devices: readonly Device<unknown>[],
  done: Map<Device<unknown>, unknown>,
): Operation<unknown[]> {
  const values: unknown[] = [];
  for (const device of devices) {
    if (!done.has(device)) done.set(device, yield* acquire(io, device, done));
    values.push(done.get(device));
  }
  return values;
}

function* acquire(
  io: Io | undefined,
  device: Device<unknown>,
  done: Map<Device<unknown>, unknown>,
): Operation<unknown> {
  const what = declarationOf(device);
  switch (what.kind) {
    case "constant":
      return what.value;
    case "map": {
      const values = yield* acquireAll(io, what.devices, done);
      const made: unknown = what.make(...(values as never[]));
      return isOperation(made) ? yield* made : made;
    }
    default: {
      if (io === undefined) throw new DeviceError(what.kind, what.name, "this target has no devices yet");
      const found = what.acquire(io, what.name);
      if (!found.ok) throw found.error;
      return found.value;
    }
  }
}

/** A generator, which `make` returned because it is a generator function. */
function isOperation(value: unknown): value is Operation<unknown> {
  return Object.prototype.toString.call(value) === "[object Generator]";
}
