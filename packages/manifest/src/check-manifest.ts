import type { IssueList } from "./issue-list.ts";
import type { JsonKind, JsonNode } from "./json-node.ts";
import {
  DEVICE_NAME_MAX_BYTES,
  DEVICES_MAX,
  type DeviceDeclaration,
  type DeviceType,
  isDeviceType,
  MANIFEST_TYPE,
  MANIFEST_VERSION,
  type Manifest,
  manifestOf,
  SCHEMA_KEY,
} from "./manifest.ts";
import type { Segments } from "./manifest-error.ts";
import { quote } from "./quote.ts";

type NodeOf<K extends JsonKind> = Extract<JsonNode, { kind: K }>;
type ObjectNode = NodeOf<"OBJECT">;

/**
 * Turns a JSON tree into a manifest, with the checks in the order of ABI section 1.3, steps 2 to 7, so that the first
 * issue is the one that upstream names. The two checks that upstream lacks (device type, names unique among the devices
 * of a type: ABI section 9 #13, #28) come last for each device. A value that is faulty already has no second issue.
 *
 * @param issues - what is wrong with the text
 * @throws {ManifestError} there are issues, these or new ones
 */
export function checkManifest(root: JsonNode, issues: IssueList): Manifest {
  const devices = new Check(issues).manifest(root);
  issues.throwIfAny();
  return manifestOf(devices);
}

class Check {
  readonly #issues: IssueList;
  /** Index of the first device that has a type and a name, which is how devices are looked for. */
  readonly #names = new Map<string, number>();

  constructor(issues: IssueList) {
    this.#issues = issues;
  }

  manifest(node: JsonNode): DeviceDeclaration[] {
    const root = this.#expect("OBJECT", node, []);
    if (root === undefined) return [];
    const { type, version, devices } = this.#rootMembers(root);
    if (type !== undefined && type.text !== MANIFEST_TYPE) {
      this.#issues.add("NOT_A_MANIFEST", ["type"], quote(MANIFEST_TYPE), quote(type.text), type.position);
    }
    if (version !== undefined && version.value !== MANIFEST_VERSION) {
      const found = version.text.length > 24 ? `${version.text.slice(0, 24)}...` : version.text;
      this.#issues.add("UNSUPPORTED_VERSION", ["version"], `${MANIFEST_VERSION}`, found, version.position);
    }
    if (devices === undefined) return [];
    if (devices.length > DEVICES_MAX) {
      // "too many entries, maximum 63" is a fragment that scripts look for (ABI section 10.3).
      const expected = `no more than ${DEVICES_MAX} devices (too many entries, maximum ${DEVICES_MAX})`;
      this.#issues.add("TOO_MANY_DEVICES", ["devices"], expected, `${devices.length}`, devices.position);
    }
    return devices.elements
      .slice(0, DEVICES_MAX)
      .flatMap((element, index) => (element.kind === "OBJECT" ? this.#device(element, index) : []));
  }

  #rootMembers(root: ObjectNode) {
    let type: NodeOf<"STRING"> | undefined;
    let version: NodeOf<"INTEGER"> | undefined;
    let devices: NodeOf<"ARRAY"> | undefined;
    for (const { key, value, position } of root.members) {
      if (key === "type") type = this.#expect("STRING", value, [key]);
      else if (key === "version") version = this.#expect("INTEGER", value, [key]);
      else if (key === "devices") {
        devices = this.#expect("ARRAY", value, [key]);
        devices?.elements.forEach((element, index) => {
          this.#expect("OBJECT", element, [key, index]);
        });
      } else if (key === SCHEMA_KEY) this.#expect("STRING", value, [key]);
      else {
        const expected = `only type, version, devices and ${SCHEMA_KEY}`;
        this.#issues.add("UNKNOWN_KEY", [key], expected, quote(key), position);
      }
    }
    this.#mustHave("type", "STRING", root, []);
    this.#mustHave("version", "INTEGER", root, []);
    this.#mustHave("devices", "ARRAY", root, []);
    return { type, version, devices };
  }

  #device(device: ObjectNode, index: number): DeviceDeclaration[] {
    const at: Segments = ["devices", index];
    let nameNode: NodeOf<"STRING"> | undefined;
    let typeNode: NodeOf<"STRING"> | undefined;
    for (const { key, value, position } of device.members) {
      if (key === "name") nameNode = this.#expect("STRING", value, [...at, key]);
      else if (key === "type") typeNode = this.#expect("STRING", value, [...at, key]);
      else this.#issues.add("UNKNOWN_KEY", [...at, key], "only name and type", quote(key), position);
    }
    this.#mustHave("name", "STRING", device, at);
    const name = nameNode && this.#name(nameNode, [...at, "name"]);
    this.#mustHave("type", "STRING", device, at);
    const type = typeNode && this.#type(typeNode, [...at, "type"]);
    if (name === undefined || type === undefined) return [];
    const first = this.#names.get(`${type} ${name}`);
    if (first !== undefined) {
      const expected = `a name that .devices[${first}], of the same type, does not have`;
      this.#issues.add("DUPLICATE_NAME", [...at, "name"], expected, quote(name), nameNode?.position);
      return [];
    }
    this.#names.set(`${type} ${name}`, index);
    return [{ name, type }];
  }

  #name({ text, position }: NodeOf<"STRING">, at: Segments): string | undefined {
    if (text === "") {
      this.#issues.add("NAME_EMPTY", at, "at least one character", '""', position);
    } else if (text.length > DEVICE_NAME_MAX_BYTES || utf8LengthOf(text) > DEVICE_NAME_MAX_BYTES) {
      const expected = `at most ${DEVICE_NAME_MAX_BYTES} bytes`;
      this.#issues.add("NAME_TOO_LONG", at, expected, quote(text), position);
    } else if (!/^[A-Za-z0-9]+$/.test(text)) {
      this.#issues.add(
        "NAME_NOT_ALPHANUMERIC",
        at,
        "only letters and digits of ASCII",
        quote(text),
        position,
      );
    } else return text;
    return undefined;
  }

  #type({ text, position }: NodeOf<"STRING">, at: Segments): DeviceType | undefined {
    if (isDeviceType(text)) return text;
    this.#issues.add("UNKNOWN_DEVICE_TYPE", at, '"NET_BASIC" or "BLOCK_BASIC"', quote(text), position);
    return undefined;
  }

  #expect<K extends JsonKind>(kind: K, node: JsonNode, at: Segments): NodeOf<K> | undefined {
    if (node.kind === kind) return node as NodeOf<K>;
    const found = node.kind === "OTHER" ? node.typeName : node.kind;
    if (node.kind !== "UNREAD") this.#issues.add("WRONG_TYPE", at, kind, found, node.position);
    return undefined;
  }

  #mustHave(key: string, kind: JsonKind, owner: ObjectNode, at: Segments): void {
    if (owner.hasUnreadKeys || owner.members.some((member) => member.key === key)) return;
    this.#issues.add("MISSING_KEY", [...at, key], kind, "nothing", owner.position);
  }
}

/** Bytes of a text in UTF-8. Upstream counts these, and thus finds some names too long before it looks at letters. */
function utf8LengthOf(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
