import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { getDotPath, SchemaError } from "@standard-schema/utils";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import {
  createManifest,
  jsonSchema,
  type Manifest,
  type ManifestInput,
  manifestSchema,
  net,
} from "./index.ts";

/** As a library does that takes any schema: it knows the interface alone. */
async function standardValidate<S extends StandardSchemaV1>(
  schema: S,
  input: StandardSchemaV1.InferInput<S>,
): Promise<StandardSchemaV1.InferOutput<S>> {
  const result = await schema["~standard"].validate(input);
  if (result.issues) throw new SchemaError(result.issues);
  return result.value as StandardSchemaV1.InferOutput<S>;
}

const INPUT: ManifestInput = {
  type: "solo5.manifest",
  version: 1,
  devices: [{ name: "service", type: "NET_BASIC" }],
};

describe("manifestSchema", () => {
  it("gives a library a manifest, with its type", async () => {
    const manifest: Manifest = await standardValidate(manifestSchema, INPUT);
    expect(manifest).toEqual(createManifest([net("service")]));
  });

  it("gives all issues, with a path of keys and indices", async () => {
    const input = {
      ...INPUT,
      version: 2,
      devices: [{ name: "a-b", type: "NET_BASIC" }],
    } as object as ManifestInput;
    const error = await standardValidate(manifestSchema, input).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(SchemaError);
    const { issues, message } = error as SchemaError;
    expect(message).toBe(".version: expected 1, found 2");
    expect(issues.map(getDotPath)).toEqual(["version", "devices.0.name"]);
    expect(issues[1]).toEqual({
      message: '.devices[0].name: expected only letters and digits of ASCII, found "a-b"',
      path: ["devices", 0, "name"],
    });
  });

  it("answers at once, and lets an exception of the value's own through", () => {
    const { validate } = manifestSchema["~standard"];
    expect(validate(INPUT)).toEqual({ value: INPUT });
    expect(validate(7)).toMatchObject({ issues: [{ path: [] }] });
    const own = new Error("mine");
    const hostile = {
      get type() {
        throw own;
      },
    };
    expect(() => validate(hostile)).toThrow(own);
  });

  it("is what the specification's types ask for", () => {
    const schema: StandardSchemaV1<ManifestInput, Manifest> = manifestSchema;
    const json: StandardJSONSchemaV1<ManifestInput, Manifest> = manifestSchema;
    expect(schema["~standard"]).toMatchObject({ version: 1, vendor: "uk" });
    expect(json["~standard"].jsonSchema.input({ target: "draft-2020-12" })).toEqual(jsonSchema);
  });

  it("converts to JSON Schema of two drafts, and refuses others", () => {
    const { input, output } = manifestSchema["~standard"].jsonSchema;
    const draft7 = output({ target: "draft-07" });
    const accepts = new Ajv().compile(draft7);
    expect(accepts(INPUT)).toBe(true);
    expect(accepts({ ...INPUT, devices: [...INPUT.devices, ...INPUT.devices] })).toBe(false);
    input({ target: "draft-07" }).title = "changed";
    expect(input({ target: "draft-07" })).toEqual(draft7);
    expect(() => input({ target: "openapi-3.0" })).toThrow(RangeError);
  });
});
