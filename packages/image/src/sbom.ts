import { type ElfFile, ImageError } from "@uk/manifest/elf";
import { ascii, type ImageNote } from "./notes.ts";
import { printable } from "./printable.ts";

/** Most bytes of a bill of materials; a program of a thousand packages has a tenth. */
export const SBOM_MAX: number = 4 << 20;
/** Most packages, and most characters of a text, that are shown of one. */
const PACKAGES_MAX = 10_000;
const TEXT_MAX = 256;

/** A component of the program, as its bill of materials names it. Printable text. */
export interface Package {
  /** With its scope: `@uk/miou`. */
  readonly name: string;
  /** `undefined` if it does not say, as the next. */
  readonly version: string | undefined;
  readonly license: string | undefined;
}

/** A bill of materials that was read. */
export interface Sbom {
  /** The CycloneDX document, as `JSON.parse` gives it; nothing in it is checked. */
  readonly document: unknown;
  readonly packages: readonly Package[];
}

/**
 * The bill of materials in a note.
 *
 * @throws {ImageError} it is none
 */
export function readSbom(elf: ElfFile, { contentOffset, size }: ImageNote): Sbom {
  const refuse = (why: string, options?: ErrorOptions): ImageError =>
    new ImageError(elf.subject, "BAD_NOTE", `the bill of materials ${why}`, options);
  if (size > SBOM_MAX) throw refuse(`has ${size} bytes, of which at most ${SBOM_MAX} are read`);
  const text = textOfBytes(elf.read(contentOffset, size));
  if (text === undefined) throw refuse("is not ASCII");
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw refuse("is not JSON, or nested too deep", { cause });
  }
  const components = fieldOf(document, "components");
  if (fieldOf(document, "bomFormat") !== "CycloneDX" || !Array.isArray(components)) {
    throw refuse("is not a CycloneDX document with components");
  }
  const packages = components.slice(0, PACKAGES_MAX).map((component) => {
    const group = textOf(component, "group");
    const name = textOf(component, "name") ?? "(no name)";
    return {
      name: group === undefined ? name : `${group}/${name}`,
      version: textOf(component, "version"),
      license: licenseOf(component),
    };
  });
  return { document, packages };
}

/** JSON text as the bytes of a note: ASCII, since only strings in it have other characters, which can be escaped. */
export function sbomBytes(json: string): Uint8Array {
  return ascii(
    json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}

/** `undefined` if a byte is none of ASCII. Guests have no `TextDecoder`. */
function textOfBytes(bytes: Uint8Array): string | undefined {
  if (bytes.some((byte) => byte > 0x7f)) return undefined;
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** An expression, or else the licences by identifier or name. */
function licenseOf(component: unknown): string | undefined {
  const licenses = fieldOf(component, "licenses");
  if (!Array.isArray(licenses)) return undefined;
  const names = licenses.slice(0, 8).flatMap((choice) => {
    const license = fieldOf(choice, "license");
    return textOf(choice, "expression") ?? textOf(license, "id") ?? textOf(license, "name") ?? [];
  });
  return names.length === 0 ? undefined : names.join(", ");
}

function textOf(value: unknown, field: string): string | undefined {
  const text = fieldOf(value, field);
  return typeof text === "string" ? printable(text.slice(0, TEXT_MAX)) : undefined;
}

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, field)) return undefined;
  return (value as Record<string, unknown>)[field];
}
