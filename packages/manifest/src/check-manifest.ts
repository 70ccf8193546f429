import type { JsonNode } from "./json-node.ts";
import {
  DEVICE_NAME_MAX_BYTES,
  DEVICES_MAX,
  type DeviceDeclaration,
  isDeviceType,
  MANIFEST_TYPE,
  MANIFEST_VERSION,
  type Manifest,
  manifestOf,
} from "./manifest.ts";
import { ManifestError, type ManifestErrorCode, type Position } from "./manifest-error.ts";
import { quote } from "./quote.ts";
import { pathOfMember } from "./read-json.ts";

type ObjectNode = Extract<JsonNode, { kind: "OBJECT" }>;
type ArrayNode = Extract<JsonNode, { kind: "ARRAY" }>;
type StringNode = Extract<JsonNode, { kind: "STRING" }>;
type IntegerNode = Extract<JsonNode, { kind: "INTEGER" }>;

/**
 * Turns a JSON tree into a manifest, with the checks in the order of ABI section 1.3, steps 2 to 7, so that a document
 * with several faults is refused for the same one as upstream does. The two checks that upstream lacks (device
 * type, names unique among the devices of a type: ABI section 9 #13, #28) come last for each device.
 *
 * @throws {ManifestError}
 */
export function checkManifest(root: JsonNode): Manifest {
  if (root.kind !== "OBJECT") throw wrongType("(root)", "OBJECT", root);
  const { type, version, devices } = rootMembers(root);
  if (type.text !== MANIFEST_TYPE) {
    throw fault("NOT_A_MANIFEST", ".type", quote(MANIFEST_TYPE), quote(type.text), type.position);
  }
  if (version.value !== MANIFEST_VERSION) {
    const found = version.text.length > 24 ? `${version.text.slice(0, 24)}...` : version.text;
    throw fault("UNSUPPORTED_VERSION", ".version", `${MANIFEST_VERSION}`, found, version.position);
  }
  if (devices.length > DEVICES_MAX) {
    // "too many entries, maximum 63" is a fragment that scripts look for (ABI section 10.3).
    const expected = `no more than ${DEVICES_MAX} devices (too many entries, maximum ${DEVICES_MAX})`;
    throw fault("TOO_MANY_DEVICES", ".devices", expected, `${devices.length}`, devices.position);
  }
  const names = new Map<string, number>();
  return manifestOf(
    devices.elements.map((element, index) => {
      const path = `.devices[${index}]`;
      if (element.kind !== "OBJECT") throw wrongType(path, "OBJECT", element);
      return checkDevice(element, path, index, names);
    }),
  );
}

function rootMembers(root: ObjectNode): { type: StringNode; version: IntegerNode; devices: ArrayNode } {
  let type: StringNode | undefined;
  let version: IntegerNode | undefined;
  let devices: ArrayNode | undefined;
  for (const { key, value, position } of root.members) {
    const path = pathOfMember("", key);
    if (key === "type") type = expectString(value, path);
    else if (key === "version") {
      if (value.kind !== "INTEGER") throw wrongType(path, "INTEGER", value);
      version = value;
    } else if (key === "devices") {
      if (value.kind !== "ARRAY") throw wrongType(path, "ARRAY", value);
      for (const [index, element] of value.elements.entries()) {
        if (element.kind !== "OBJECT") throw wrongType(`${path}[${index}]`, "OBJECT", element);
      }
      devices = value;
    } else {
      throw fault("UNKNOWN_KEY", path, "only type, version and devices", quote(key), position);
    }
  }
  if (type === undefined) throw missing(".type", "STRING", root);
  if (version === undefined) throw missing(".version", "INTEGER", root);
  if (devices === undefined) throw missing(".devices", "ARRAY", root);
  return { type, version, devices };
}

function checkDevice(
  device: ObjectNode,
  path: string,
  index: number,
  names: Map<string, number>,
): DeviceDeclaration {
  let name: StringNode | undefined;
  let type: StringNode | undefined;
  for (const { key, value, position } of device.members) {
    const memberPath = pathOfMember(path, key);
    if (key === "name") name = expectString(value, memberPath);
    else if (key === "type") type = expectString(value, memberPath);
    else throw fault("UNKNOWN_KEY", memberPath, "only name and type", quote(key), position);
  }
  if (name === undefined) throw missing(`${path}.name`, "STRING", device);
  checkName(name, `${path}.name`);
  if (type === undefined) throw missing(`${path}.type`, "STRING", device);
  if (!isDeviceType(type.text)) {
    const expected = '"NET_BASIC" or "BLOCK_BASIC"';
    throw fault("UNKNOWN_DEVICE_TYPE", `${path}.type`, expected, quote(type.text), type.position);
  }
  // Whoever looks for a device does so by name and type.
  const key = `${type.text} ${name.text}`;
  const first = names.get(key);
  if (first !== undefined) {
    const expected = `a name that .devices[${first}], of the same type, does not have`;
    throw fault("DUPLICATE_NAME", `${path}.name`, expected, quote(name.text), name.position);
  }
  names.set(key, index);
  return { name: name.text, type: type.text };
}

function checkName({ text, position }: StringNode, path: string): void {
  if (text === "") throw fault("NAME_EMPTY", path, "at least one character", '""', position);
  if (text.length > DEVICE_NAME_MAX_BYTES) {
    const expected = `at most ${DEVICE_NAME_MAX_BYTES} characters`;
    throw fault("NAME_TOO_LONG", path, expected, quote(text), position);
  }
  if (!/^[A-Za-z0-9]+$/.test(text)) {
    throw fault("NAME_NOT_ALPHANUMERIC", path, "only letters and digits of ASCII", quote(text), position);
  }
}

function expectString(node: JsonNode, path: string): StringNode {
  if (node.kind !== "STRING") throw wrongType(path, "STRING", node);
  return node;
}

function wrongType(path: string, expected: string, node: JsonNode): ManifestError {
  const found = node.kind === "OTHER" ? node.typeName : node.kind;
  return fault("WRONG_TYPE", path, expected, found, node.position);
}

function missing(path: string, expected: string, owner: ObjectNode): ManifestError {
  return fault("MISSING_KEY", path, expected, "nothing", owner.position);
}

function fault(
  code: ManifestErrorCode,
  path: string,
  expected: string,
  found: string,
  position: Position | undefined,
): ManifestError {
  return new ManifestError({ code, path, expected, found, position });
}
