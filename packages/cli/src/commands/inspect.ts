import { diff, format, formatDiff, formatVerification, read, toJson, verify } from "@uk/image";
import type { Command } from "../command.ts";
import { CliError, isSaid, status } from "../error.ts";
import { ANY_MEMORY, withImage } from "../open-image.ts";
import { say } from "../say.ts";

export const inspect: Command = {
  what: "Show what is in an image, and what is wrong with it: then the status is 1.",
  operands: { IMAGE: "A Solo5 image, of uk or not" },
  options: {
    verify: { what: "Tell which tenders load it, and whether it is as an image should be" },
    diff: { value: "OTHER", what: "Tell how it differs from another image: 0 if not, 1 if so, 2 on trouble" },
    sbom: { what: "Print the bill of materials of its program, a CycloneDX document" },
    json: { what: "Print JSON" },
  },
  examples: [
    "uk inspect dist/hello.spt",
    "uk inspect dist/hello.spt --verify",
    "uk inspect dist/hello.spt --diff yesterday/hello.spt",
    "uk inspect dist/hello.spt --sbom > hello.cdx.json",
  ],
  run({ operands: [image = ""], options }) {
    const other = options.get("diff");
    const views = ["verify", "diff", "sbom"].filter((name) => options.has(name));
    if (views.length > 1) {
      throw new CliError(`inspect: --${views.join(" and --")} do not go together`, status.usage);
    }
    const print = (value: object, text: string): void =>
      say(options.has("json") ? JSON.stringify(value, null, 2) : text.trimEnd());
    if (other !== undefined) return compare(image, other, print);
    if (options.has("verify")) {
      const verification = withImage(image, (file) => verify(file));
      print(verification, formatVerification(verification));
      return verification.ok ? status.ok : status.failure;
    }
    const info = withImage(image, (file) => read(file, ANY_MEMORY));
    const isSound = info.refusals.length === 0 && info.faults.length === 0;
    if (options.has("sbom")) {
      if (info.sbom === undefined) {
        const [why = "it has none"] = info.faults
          .filter(({ rule }) => rule === "sbom")
          .map((one) => one.message);
        throw new CliError(`${image}: no bill of materials: ${why}`);
      }
      say(asciiJson(info.sbom.document));
    } else {
      print(toJson(info), format(info));
    }
    return isSound ? status.ok : status.failure;
  },
};

/** The exit statuses are those of diff(1). */
function compare(image: string, other: string, print: (value: object, text: string) => void): number {
  try {
    const found = withImage(image, (a) => withImage(other, (b) => diff(a, b)));
    const absent = (fact: string | undefined) => fact ?? null;
    print(
      found.map(({ part, name, a, b }) => ({ part, name, a: absent(a), b: absent(b) })),
      formatDiff(found),
    );
    return found.length === 0 ? status.ok : status.failure;
  } catch (error) {
    if (!isSaid(error)) throw error;
    throw new CliError(error.message, status.trouble);
  }
}

/** JSON of whatever an image says, without what a terminal would act upon. */
function asciiJson(value: unknown): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value, null, 2).replace(/[^\n -~]/g, escaped);
}
