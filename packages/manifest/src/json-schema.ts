import {
  DEVICE_NAME_MAX_BYTES,
  DEVICE_TYPE_NUMBERS,
  DEVICES_MAX,
  MANIFEST_TYPE,
  MANIFEST_VERSION,
  SCHEMA_KEY,
} from "./manifest.ts";

/** A document may name it, or the file: `"$schema": "./node_modules/@uk/manifest/schema.json"`. */
const ID = "https://unpkg.com/@uk/manifest/schema.json";

const DEVICE = {
  title: "Device",
  description: "A device that the tender has to attach. No two of one type have the same name.",
  type: "object",
  properties: {
    name: {
      description: "What operators and programs call the device: letters and digits of ASCII.",
      type: "string",
      minLength: 1,
      maxLength: DEVICE_NAME_MAX_BYTES,
      pattern: "^[A-Za-z0-9]+$",
    },
    type: {
      description: "NET_BASIC is an Ethernet interface, BLOCK_BASIC a block device.",
      enum: Object.keys(DEVICE_TYPE_NUMBERS),
    },
  },
  required: ["name", "type"],
  additionalProperties: false,
};

const KEYWORDS = {
  $id: ID,
  title: "Solo5 manifest",
  description: "The devices that a Solo5 unikernel asks its tender for.",
  type: "object",
  properties: {
    [SCHEMA_KEY]: {
      description: "For editors. It is not part of the manifest, and solo5-elftool refuses it.",
      type: "string",
    },
    type: { description: "What the document is.", const: MANIFEST_TYPE },
    version: { description: "Version of the document.", const: MANIFEST_VERSION },
    devices: {
      description: "The order counts: device n, from 0, gets handle n + 1.",
      type: "array",
      maxItems: DEVICES_MAX,
      uniqueItems: true,
      items: DEVICE,
    },
  },
  required: ["type", "version", "devices"],
  additionalProperties: false,
};

/**
 * Manifest documents as a JSON Schema, draft 2020-12; the file `schema.json` of this package is the same. It accepts the
 * values that `validate` accepts. Of a text it cannot tell repeated keys, and takes `1.0` for an integer.
 */
export const jsonSchema: Readonly<Record<string, unknown>> = deepFreeze({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  ...KEYWORDS,
});

/** The same keywords mean the same in draft 7. */
export const jsonSchemaOfDraft7: Readonly<Record<string, unknown>> = deepFreeze({
  $schema: "http://json-schema.org/draft-07/schema#",
  ...KEYWORDS,
});

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
