/** What whoever implements `Solo5Devices` answers, and asks of an argument. For the targets of the house. */

/** Results: the negatives of `SOLO5_R_*`. */
export const AGAIN = -1;
export const EINVAL = -2;
export const EUNSPEC = -3;

/** Bytes of the header of an Ethernet frame. */
export const HEADER = 14;

/** A `Uint8Array`. A proxy of one is none, and asking it would run code of the program. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && value instanceof Uint8Array;
}

/** Bytes that can be written to: not of immutable memory. */
export function isRoom(value: unknown): value is Uint8Array {
  return isBytes(value) && (value.buffer as { immutable?: boolean }).immutable !== true;
}
