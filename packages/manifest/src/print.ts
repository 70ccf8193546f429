import type { Manifest } from "./manifest.ts";
import { validate } from "./validate.ts";

/**
 * The manifest as one line of JSON without a line end, members in the order type, version, devices:
 * `{"type":"solo5.manifest","version":1,"devices":[{"name":"disk","type":"BLOCK_BASIC"}]}`.
 * `parse` gives the same manifest back.
 *
 * @throws {ManifestError} `manifest` is not valid
 */
export function print(manifest: Manifest): string {
  return JSON.stringify(validate(manifest));
}

/**
 * The manifest in the layout of `solo5-elftool query-manifest`: two spaces of indent, one device a line, LF line
 * ends, one at the very end too. ABI section 1.6.
 *
 * @throws {ManifestError} `manifest` is not valid
 */
export function format(manifest: Manifest): string {
  const { type, version, devices } = validate(manifest);
  const lines = devices.map(({ name, type }, index) => {
    const comma = index === devices.length - 1 ? "" : ",";
    return `    { "name": "${name}", "type": "${type}" }${comma}\n`;
  });
  return `{\n  "type": "${type}",\n  "version": ${version},\n  "devices": [\n${lines.join("")}  ]\n}\n`;
}
