import type { Position } from "./manifest-error.ts";

/** The JSON types by the words that Solo5's tools use for them (ABI section 1.3). */
export type JsonKind = "OBJECT" | "ARRAY" | "STRING" | "INTEGER" | "REAL" | "BOOLEAN" | "NULL";

/** One value of a document, with its place where there is a source text. */
export type JsonNode =
  | {
      readonly kind: "OBJECT";
      /** Every key once, the first of its kind. */
      readonly members: readonly JsonMember[];
      /** Whether it has members whose keys could not be read. */
      readonly hasUnreadKeys?: boolean;
      readonly position?: Position | undefined;
    }
  | {
      readonly kind: "ARRAY";
      readonly elements: readonly JsonNode[];
      /** The true number of elements; `elements` may stop early where more could not change the answer. */
      readonly length: number;
      readonly position?: Position | undefined;
    }
  | { readonly kind: "STRING"; readonly text: string; readonly position?: Position | undefined }
  | {
      readonly kind: "INTEGER";
      readonly value: number;
      /** As it was written. */
      readonly text: string;
      readonly position?: Position | undefined;
    }
  | { readonly kind: "REAL" | "BOOLEAN" | "NULL"; readonly position?: Position | undefined }
  /** Only from texts: a value that is no JSON, which has an issue already. */
  | { readonly kind: "UNREAD"; readonly position?: Position | undefined }
  /** Only from parsed values: what JSON cannot say, like a function. */
  | { readonly kind: "OTHER"; readonly typeName: string; readonly position?: Position | undefined };

/** One `key: value` of an object, in document order. */
export interface JsonMember {
  readonly key: string;
  readonly position?: Position | undefined;
  readonly value: JsonNode;
}
