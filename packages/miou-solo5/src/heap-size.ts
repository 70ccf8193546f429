import { HostOnlyError } from "./errors.ts";
import { currentTarget } from "./target.ts";

/**
 * Bytes of memory for the program: what the tender gave, without the image. `Infinity` where nothing bounds
 * it, as on Node.
 *
 * @throws {HostOnlyError} only the manifest is asked for
 */
export function heapSize(): number {
  const target = currentTarget();
  if (target === undefined) throw new HostOnlyError("heapSize");
  return target.heapSize ?? Number.POSITIVE_INFINITY;
}
