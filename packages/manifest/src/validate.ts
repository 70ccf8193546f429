import { checkManifest } from "./check-manifest.ts";
import { ISSUES_MAX, IssueList } from "./issue-list.ts";
import type { JsonMember, JsonNode } from "./json-node.ts";
import { DEVICES_MAX, type Manifest } from "./manifest.ts";

/** Root, array, device, member: what lies deeper cannot change the answer. */
const LEVELS = 3;

/** Of these, {@link ISSUES_MAX} at least have no known key, and nothing is said of what comes behind. */
const MEMBERS_MAX = ISSUES_MAX + 4;

/**
 * Checks a value that is parsed already, with the rules and the order of `parse`. What a parsed value can
 * not tell (repeated keys, `1.0`, places) is not checked. The result is a fresh copy with the document's order
 * of members. Own enumerable members count; each is read once, and an exception of a getter or a proxy passes through.
 * Of a list of more than 63 devices, the first 64 are looked at, of an object as many members as issues can be of.
 *
 * @throws {ManifestError} without `line` and `column`
 */
export function validate(value: unknown): Manifest {
  return checkManifest(nodeOf(value, LEVELS), new IssueList());
}

function nodeOf(value: unknown, levels: number): JsonNode {
  switch (typeof value) {
    case "string":
      return { kind: "STRING", text: value };
    case "number":
      // As JSON.stringify would write it: 1e21 is a REAL.
      return /^-?[0-9]+$/.test(`${value}`) ? { kind: "INTEGER", value, text: `${value}` } : { kind: "REAL" };
    case "boolean":
      return { kind: "BOOLEAN" };
    case "object":
      if (value === null) return { kind: "NULL" };
      if (Array.isArray(value)) return arrayNodeOf(value, levels);
      return { kind: "OBJECT", members: levels > 0 ? membersOf(value, levels - 1) : [] };
    default:
      return { kind: "OTHER", typeName: typeof value };
  }
}

function arrayNodeOf(array: readonly unknown[], levels: number): JsonNode {
  const length = array.length;
  if (levels === 0) return { kind: "ARRAY", elements: [], length };
  const elements: JsonNode[] = [];
  for (let index = 0; index < length && index <= DEVICES_MAX; index++) {
    elements.push(nodeOf(array[index], levels - 1));
  }
  return { kind: "ARRAY", elements, length };
}

function membersOf(object: object, levels: number): JsonMember[] {
  const keys = Object.keys(object).slice(0, MEMBERS_MAX);
  return keys.map((key) => ({ key, value: nodeOf(object[key as keyof typeof object], levels) }));
}
