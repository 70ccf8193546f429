/** Each byte as `decodeURIComponent` reads it. */
const ESCAPED = Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 && byte !== 0x25 ? String.fromCharCode(byte) : `%${byte.toString(16)}`,
);

/**
 * The text that these bytes of UTF-8 are; `undefined` if they are none, by the standard's strict rules. A byte order
 * mark stays. In guests too, which have no `TextDecoder`.
 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  let escaped = "";
  for (const byte of bytes) escaped += ESCAPED[byte];
  try {
    return decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}
