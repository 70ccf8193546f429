import { checkManifest } from "./check-manifest.ts";
import { IssueList } from "./issue-list.ts";
import type { Manifest } from "./manifest.ts";
import { readJson, refusal, SOURCE_MAX_LENGTH, tooLarge } from "./read-json.ts";
import { decodeUtf8 } from "./utf8.ts";

/**
 * Reads a manifest document, strictly: nothing that strict JSON refuses, no repeated or unknown keys, the two
 * device types alone, names unique among the devices of a type, and `version` written as an integer (`1.0` is refused).
 * The text may come from anywhere: the answer takes time linear in its length, and texts over 1 MiB are refused unread.
 *
 * An error lists all that is wrong, first with the text and then with what it says. Text that leaves no way to go on
 * ends the list, and so does the hundredth issue.
 *
 * Upstream counts a member's line at its colon; an issue points at the value, or at the key when that is what is wrong.
 *
 * @param json - the document as text, or as UTF-8 bytes without a byte order mark
 * @throws {ManifestError} the rules that the document breaks, in the order of ABI section 1.3
 * @throws {TypeError} `json` is neither a string nor bytes
 */
export function parse(json: string | Uint8Array): Manifest {
  if (typeof json !== "string" && !(json instanceof Uint8Array)) {
    throw new TypeError("parse: expected a string or a Uint8Array");
  }
  const issues = new IssueList();
  return checkManifest(readJson(typeof json === "string" ? json : textOf(json), issues), issues);
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length > SOURCE_MAX_LENGTH) throw tooLarge(bytes.length, "bytes");
  const text = decodeUtf8(bytes);
  if (text === undefined) throw refusal("ENCODING", "UTF-8", "bytes that are not");
  return text;
}
