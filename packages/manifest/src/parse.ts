import { checkManifest } from "./check-manifest.ts";
import type { Manifest } from "./manifest.ts";
import { ManifestError } from "./manifest-error.ts";
import { readJson, SOURCE_MAX_LENGTH } from "./read-json.ts";
import { decodeUtf8 } from "./utf8.ts";

/**
 * Reads a manifest document, strictly: nothing that strict JSON refuses, no repeated or unknown keys, the two
 * device types alone, names unique among the devices of a type, and `version` written as an integer (`1.0` is refused). The text may come
 * from anywhere: the answer takes time linear in its length, and texts over 1 MiB are refused unread.
 *
 * Upstream counts a member's line at its colon; the error here points at the value, or at the key when that is
 * what is wrong.
 *
 * @param json - the document as text, or as UTF-8 bytes without a byte order mark
 * @throws {ManifestError} the first rule that the document breaks, in the order of ABI section 1.3
 * @throws {TypeError} `json` is neither a string nor bytes
 */
export function parse(json: string | Uint8Array): Manifest {
  if (typeof json === "string") return checkManifest(readJson(json));
  if (!(json instanceof Uint8Array)) throw new TypeError("parse: expected a string or a Uint8Array");
  return checkManifest(readJson(textOf(json)));
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length > SOURCE_MAX_LENGTH) {
    const expected = `at most ${SOURCE_MAX_LENGTH} bytes`;
    throw new ManifestError({ code: "TOO_LARGE", path: "(root)", expected, found: `${bytes.length}` });
  }
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  const found = "bytes that are not";
  throw new ManifestError({ code: "ENCODING", path: "(root)", expected: "UTF-8", found });
}
