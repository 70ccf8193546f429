import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IssueList } from "./issue-list.ts";
import type { JsonNode } from "./json-node.ts";
import { ManifestError } from "./manifest-error.ts";
import { NESTING_MAX, readJson as readInto } from "./read-json.ts";

function readJson(text: string): JsonNode {
  const issues = new IssueList();
  const node = readInto(text, issues);
  issues.throwIfAny();
  return node;
}

/** The kinds and strings of a tree, in the shape that `shapeOf(JSON.parse(text))` has too. */
function shapeOfNode(node: JsonNode): unknown {
  switch (node.kind) {
    case "OBJECT":
      return Object.fromEntries(node.members.map(({ key, value }) => [key, shapeOfNode(value)]));
    case "ARRAY":
      return node.elements.map(shapeOfNode);
    case "STRING":
      return node.text;
    case "INTEGER":
    case "REAL":
      return "a number";
    default:
      return node.kind;
  }
}

function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (value === null) return "NULL";
  if (typeof value === "boolean") return "BOOLEAN";
  if (typeof value === "number") return "a number";
  if (typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]));
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

describe("readJson", () => {
  it("reads every document that JSON.parse reads, to the same shape", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (text) => {
        expect(shapeOfNode(readJson(text))).toEqual(shapeOf(JSON.parse(text)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("agrees with JSON.parse on which texts are documents", () => {
    const alphabet = fc.constantFrom(...'{}[],:"\\u00e9 \n\t01-+.eEtrufalsn/ax\u0001\u2028');
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
        let ours: JsonNode | undefined;
        try {
          ours = readJson(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ManifestError);
          if (error instanceof ManifestError && error.code === "DUPLICATE_KEY") return;
        }
        expect(ours !== undefined).toBe(attempt(() => [JSON.parse(text)]) !== undefined);
      }),
      { numRuns: 20_000 },
    );
  });

  it("tells integers from reals by how they are written", () => {
    for (const text of ["0", "-0", "1", "-17", "123456789012345678901234567890"]) {
      expect(readJson(text)).toMatchObject({ kind: "INTEGER", value: Number(text), text });
    }
    for (const text of ["0.0", "1.0", "1e0", "1E+2", "-1.5e-3"]) expect(readJson(text).kind).toBe("REAL");
  });

  it("reads to its depth and no deeper", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(readJson(nested(NESTING_MAX)).kind).toBe("ARRAY");
    expect(() => readJson(nested(NESTING_MAX + 1))).toThrow(/TOO_DEEP/);
  });
});
