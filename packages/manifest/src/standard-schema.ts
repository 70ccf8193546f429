import { jsonSchema, jsonSchemaOfDraft7 } from "./json-schema.ts";
import type { DeviceDeclaration, MANIFEST_TYPE, MANIFEST_VERSION, Manifest } from "./manifest.ts";
import { ManifestError, type Segments } from "./manifest-error.ts";
import { quote } from "./quote.ts";
import { validate } from "./validate.ts";

/** A manifest before it is checked. */
export interface ManifestInput {
  readonly $schema?: string;
  readonly type: typeof MANIFEST_TYPE;
  readonly version: typeof MANIFEST_VERSION;
  readonly devices: readonly DeviceDeclaration[];
}

/** What validating gives: a manifest, or what is wrong. */
export type ManifestResult =
  | { readonly value: Manifest; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path: Segments }[] };

/** Which JSON Schema is asked for: `"draft-2020-12"` and `"draft-07"` there are. */
export interface JsonSchemaOptions {
  readonly target: string;
}

/** The interfaces `StandardSchemaV1` and `StandardJSONSchemaV1` of https://standardschema.dev, version 1. */
export interface ManifestSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: "uk";
    /** As `validate` of this package, but an invalid manifest is no exception. */
    readonly validate: (value: unknown) => ManifestResult;
    readonly jsonSchema: {
      readonly input: (options: JsonSchemaOptions) => Record<string, unknown>;
      readonly output: (options: JsonSchemaOptions) => Record<string, unknown>;
    };
    /** For the compiler alone. */
    readonly types?: { readonly input: ManifestInput; readonly output: Manifest } | undefined;
  };
}

/** `validate` and `jsonSchema` for libraries that take any Standard Schema. */
export const manifestSchema: ManifestSchema = Object.freeze({
  "~standard": Object.freeze({
    version: 1,
    vendor: "uk",
    validate: validateToResult,
    jsonSchema: Object.freeze({ input: jsonSchemaFor, output: jsonSchemaFor }),
  }),
});

function validateToResult(value: unknown): ManifestResult {
  try {
    return { value: validate(value) };
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return { issues: error.issues.map(({ message, segments }) => ({ message, path: segments })) };
  }
}

function jsonSchemaFor({ target }: JsonSchemaOptions): Record<string, unknown> {
  if (target === "draft-2020-12") return copyOf(jsonSchema);
  if (target === "draft-07") return copyOf(jsonSchemaOfDraft7);
  throw new RangeError(
    `jsonSchema: ${quote(`${target}`)} is not supported: ask for "draft-2020-12" or "draft-07"`,
  );
}

/** Whoever asks may change it. */
function copyOf(schema: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema));
}
