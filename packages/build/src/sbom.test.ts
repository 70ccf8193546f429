import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { afterAll, describe, expect, it } from "vitest";
import { bundle } from "./bundle.ts";
import { sbomOf } from "./sbom.ts";

const folder = mkdtempSync(join(tmpdir(), "uk-sbom-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function project(name: string, files: Record<string, string | object>): string {
  const root = join(folder, name);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return root;
}

const ENGINE = [
  { name: "quickjs-ng", version: "0.16.2" },
  { name: "@uk/runtime", version: "1.0.0" },
];

/** The document of a program that is bundled, checked against the official schema. */
async function sbomFor(root: string, main = "main.ts") {
  const entry = join(root, main);
  const { modules } = await bundle({ entry, file: "app.js", world: "guest", cwd: root });
  const text = sbomOf({ name: "app", entry, modules, cwd: root, engine: ENGINE });
  expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
  return { text, document: JSON.parse(text) };
}

const dependency = (name: string, more: object = {}) => ({
  name,
  version: "1.2.3",
  main: "index.js",
  ...more,
});

describe("sbomOf", () => {
  it("lists each package that gave a module, engine and guest, and the program itself", async () => {
    const root = project("whole", {
      "package.json": { name: "my-app", version: "4.5.6", license: "Apache-2.0" },
      "main.ts":
        'import { a } from "@scope/one"; import "two"; import { sub } from "./own.ts"; console.log(a, sub);',
      "own.ts": "export const sub = 1;",
      "node_modules/@scope/one/package.json": dependency("@scope/one", { license: "(MIT OR ISC)" }),
      "node_modules/@scope/one/index.js": 'import { b } from "nested"; export const a = b;',
      "node_modules/@scope/one/node_modules/nested/package.json": dependency("nested", {
        license: "SEE LICENSE IN X",
      }),
      "node_modules/@scope/one/node_modules/nested/index.js": 'export * from "./lib/deep.js";',
      "node_modules/@scope/one/node_modules/nested/lib/package.json": { type: "module" },
      "node_modules/@scope/one/node_modules/nested/lib/deep.js": "export const b = 2;",
      "node_modules/two/package.json": { name: "two", main: "index.js" },
      "node_modules/two/index.js": 'import { no } from "unused"; console.log(2);',
      "node_modules/unused/package.json": dependency("unused", { sideEffects: false }),
      "node_modules/unused/index.js": "export const no = 1;",
    });
    const { document } = await sbomFor(root);
    expect(document.metadata.component).toEqual({
      type: "application",
      "bom-ref": "program",
      name: "app",
      version: "4.5.6",
      licenses: [{ expression: "Apache-2.0" }],
    });
    expect(document.components).toEqual([
      {
        type: "framework",
        "bom-ref": "pkg:github/quickjs-ng/quickjs@v0.16.2",
        name: "quickjs-ng",
        version: "0.16.2",
        licenses: [{ expression: "MIT" }],
        purl: "pkg:github/quickjs-ng/quickjs@v0.16.2",
      },
      library("@scope", "one", "pkg:npm/%40scope/one@1.2.3", { expression: "(MIT OR ISC)" }),
      {
        ...library("@uk", "runtime", "pkg:npm/%40uk/runtime@1.0.0", { expression: "ISC" }),
        version: "1.0.0",
      },
      library(undefined, "nested", "pkg:npm/nested@1.2.3", { license: { name: "SEE LICENSE IN X" } }),
      { type: "library", "bom-ref": "pkg:npm/two", name: "two", purl: "pkg:npm/two" },
    ]);
  });

  it("is the same text for the same packages wherever they lie, and has another serial number for others", async () => {
    const files = {
      "package.json": { name: "app" },
      "main.ts": 'import "one";',
      "node_modules/one/package.json": dependency("one"),
      "node_modules/one/index.js": "console.log(1);",
    };
    const { text, document } = await sbomFor(project("here", files));
    expect((await sbomFor(project("there/deep", files))).text).toBe(text);
    const other = { ...files, "node_modules/one/package.json": dependency("one", { version: "1.2.4" }) };
    expect((await sbomFor(project("other", other))).document.serialNumber).not.toBe(document.serialNumber);
    expect(document.serialNumber).toMatch(/^urn:uuid:/);
  });

  it("has a package once that is there twice, and follows links", async () => {
    const root = project("twice", {
      "main.ts": 'import "one"; import "linked"; import "./a/main.js";',
      "a/main.js": 'import "one";',
      "a/node_modules/one/package.json": dependency("one"),
      "a/node_modules/one/index.js": "console.log(1);",
      "node_modules/one/package.json": dependency("one"),
      "node_modules/one/index.js": "console.log(1);",
      "elsewhere/package.json": dependency("linked"),
      "elsewhere/index.js": "console.log(3);",
    });
    symlinkSync(join(root, "elsewhere"), join(root, "node_modules/linked"));
    const { document } = await sbomFor(root);
    const names = document.components.map(({ name }: { name: string }) => name);
    expect(names).toEqual(["quickjs-ng", "runtime", "linked", "one"]);
  });

  it("leaves out what no package.json names, and takes odd ones as they are", async () => {
    const root = project("odd", {
      "main.ts": 'import "./x/a.js"; import "./y/a.js"; import "./z/a.js";',
      "x/package.json": "{ not JSON",
      "x/a.js": "console.log(1);",
      "y/package.json": "null",
      "y/a.js": "console.log(2);",
      "z/package.json": { name: "größe \u001b", version: "1 / 2", license: { type: "MIT" } },
      "z/a.js": "console.log(3);",
    });
    const entry = join(root, "main.ts");
    const modules = ["x/a.js", "y/a.js", "z/a.js", "(disabled):fs", "plugin:thing"];
    const document = JSON.parse(sbomOf({ name: "app", entry, modules, cwd: root, engine: [] }));
    expect(document.components).toEqual([
      {
        type: "library",
        "bom-ref": "pkg:npm/gr%C3%B6%C3%9Fe%20%1B@1%20%2F%202",
        name: "größe \u001b",
        version: "1 / 2",
        licenses: [{ expression: "MIT" }],
        purl: "pkg:npm/gr%C3%B6%C3%9Fe%20%1B@1%20%2F%202",
      },
    ]);
  });

  it.each([
    { license: "MIT", expected: [{ expression: "MIT" }] },
    { license: "UNLICENSED", expected: [{ license: { name: "UNLICENSED" } }] },
    { license: { type: "Apache-2.0", url: "https://example.org" }, expected: [{ expression: "Apache-2.0" }] },
    { licenses: [{ type: "MIT" }, { type: "ISC" }], expected: [{ expression: "(MIT OR ISC)" }] },
    { licenses: ["MIT"], expected: [{ expression: "MIT" }] },
    { license: [[["MIT"]], null, {}], expected: undefined },
    { license: 5, expected: undefined },
    { license: "\ud800", expected: [{ license: { name: "\ufffd" } }] },
  ])("reads $license$licenses as a licence", ({ expected, ...more }) => {
    const root = project(`licence-${JSON.stringify(more).length}`, {
      "one/package.json": { name: "o\ud800", version: "\udfff", ...more },
    });
    const input = { name: "app", entry: join(root, "main.ts"), modules: ["one/a.js"], cwd: root, engine: [] };
    const [one] = JSON.parse(sbomOf(input)).components;
    expect(one.licenses).toEqual(expected);
    expect(one.purl).toBe("pkg:npm/o%EF%BF%BD@%EF%BF%BD");
  });
});

function library(group: string | undefined, name: string, purl: string, license: object) {
  const licenses = [license];
  return {
    type: "library",
    "bom-ref": purl,
    ...(group && { group }),
    name,
    version: "1.2.3",
    licenses,
    purl,
  };
}
