// What `npm run lint` checks of documents, arrows and unsafe code: each check finds what it is there to find.
import { describe, expect, it } from "vitest";

const lib = (name: string) => import(new URL(`../scripts/lib/${name}.mjs`, import.meta.url).href);
const { sectionsOf, wrongLinks, wrongPaths, wrongRules, wrongSections, wrongTests } = await lib("citations");
const { unsafeModules } = await lib("unsafe");
const { crateOf, readArrows, wrongArrows, wrongImports } = await lib("arrows");

const ABI =
  "## 2. Notes\n\n### 2.5 Rules\n\n| N8 | size |\n| N9 | end |\n\n## 9. Quirks\n\n| 12 | parsing |\n";
const SCHEDULER = "### 2.5 Cancellation\n\n| C7 | order |\n";
const documents = {
  ABI: { path: "docs/abi.md", ...sectionsOf(ABI) },
  scheduler: { path: "docs/scheduler.md", ...sectionsOf(SCHEDULER) },
};

describe("citations", () => {
  const complaints = (text: string, path = "a.rs"): string[] => [...wrongSections({ path, text }, documents)];

  it.each([
    "// the rules (ABI section 2.5).",
    "// ABI sections 2, 2.5 and 9 #12, as they stand",
    "// ABI section 2.5, N8-N9; scheduler section 2.5, C7",
    "//! wrapped (ABI\n//! sections 2,\n//! 2.5)",
    " * wrapped (ABI section\n * 2.5, N8)",
    "// RFC 1952 section 8; Thorup, 2015, section 3.3",
    "// version 2 of the ABI, ABI 2",
  ])("are fine: %j", (text) => expect(complaints(text)).toEqual([]));

  it.each([
    ["a section that is not there", "// ABI section 2.6", "no section 2.6"],
    ["one of several", "// ABI sections 2.5, 7.1", "no section 7.1"],
    ["one across two lines", "//! wrapped (ABI\n//! sections 2,\n//! 2.7)", "no section 2.7"],
    ["a rule that is not there", "// ABI section 2.5, N10", "no N10"],
    ["the end of a range", "// ABI section 2.5, N8-N11", "no N11"],
    ["a row that is not there", "// ABI section 9 #13", "no #13"],
    ["a rule of another document", "// scheduler section 2.5, N8", "no N8"],
    ["one that names no document", "// as section 2.5 says", "does not say of what"],
    ["one of an unknown document", "// design section 2.5", "does not say of what"],
    ["the short form", "// ABI 2.5", 'write "ABI section 2.5"'],
  ])("refused: %s", (_, text, complaint) => expect(complaints(text).join()).toContain(complaint));

  it("of a document in itself need no name", () => {
    expect(complaints("see section 2.5", "docs/abi.md")).toEqual([]);
    expect(complaints("see section 2.6", "docs/abi.md")).toHaveLength(1);
  });

  it("are told with their line", () => {
    expect(complaints("//\n// ABI\n// section 3")[0]).toMatch(/^a\.rs:2: /);
  });
});

describe("links", () => {
  const files = new Map([
    ["a/b.md", "# The *Rules*, all\n"],
    ["a", ""],
  ]);
  const complaints = (text: string): string[] => [
    ...wrongLinks({ path: "a/c.md", text: `# Own\n${text}` }, (path: string) => files.get(path)),
  ];

  it("that lead somewhere are fine, and so is what is no link", () => {
    expect(complaints("[b](b.md) [b](b.md#the-rules-all) [a](../a) [own](#own) [w](https://x.y/z)")).toEqual(
      [],
    );
    expect(complaints("`[b](no.md)`\n\n```md\n[b](no.md)\n```\n")).toEqual([]);
  });

  it.each(["[b](no.md)", "[b](../b.md)", "[b](b.md#no)", "[own](#no)"])(
    "that lead nowhere are told: %s",
    (text) => expect(complaints(text)).toHaveLength(1),
  );
});

it("files that are named are there, seen from the root or from a folder above", () => {
  const files = new Set(["packages/a/src/x.rs", "packages/a/scripts/y.mjs"]);
  const complaints = (text: string): string[] => [
    ...wrongPaths({ path: "packages/a/src/z.ts", text }, (path: string) =>
      files.has(path) ? "" : undefined,
    ),
  ];
  expect(
    complaints("// packages/a/src/x.rs, scripts/y.mjs; not ../tests/no.ts nor https://x/docs/no.md"),
  ).toEqual([]);
  expect(complaints("// packages/a/src/no.rs, scripts/no.mjs")).toHaveLength(2);
});

describe("names of tests", () => {
  const read = (path: string) => (path === "t/a.rs" ? "fn says_so() {}\nfn\ngoes_on() {}" : undefined);
  const complaints = (names: string): string[] => [
    ...wrongTests({ path: "d/x.md", text: `Held by\n[a](../t/a.rs)\n${names}.` }, read),
  ];

  it("that are in the file beside them are fine", () =>
    expect(complaints("`says_so`, and\n`goes_on`")).toEqual([]));
  it("that are not are told", () => expect(complaints("`says_so`, `is_gone`")).toHaveLength(1));
});

it("a catalogue's rows are named after rules that exist", () => {
  const table = "| 12b | a case |\n| C7   | a rule |\n| C8 | none |\n";
  expect([...wrongRules({ path: "CATALOGUE.md", text: table }, documents.scheduler)]).toEqual([
    "CATALOGUE.md: docs/scheduler.md has no rule C8",
  ]);
});

describe("unsafe code", () => {
  const architecture =
    "## Unsafe code\n\n- [x](p/src/x.rs): why\n- [y](p/src/y): why\n\n## Next\n\n[z](p/src/z.rs)\n";
  const x = { path: "p/src/x.rs", text: "unsafe { f() }" };
  const y = { path: "p/src/y/a.rs", text: "unsafe fn g() {}" };

  it("in modules that are named is fine, and so is the word", () => {
    const z = { path: "p/src/z.rs", text: '// unsafe\n#![forbid(unsafe_code)]\nlet a = "unsafe";' };
    expect([...unsafeModules(architecture, [x, y, z])]).toEqual([]);
  });

  it.each(["unsafe impl Sync for A {}", "#[unsafe(no_mangle)]", 'let a = "//"; unsafe { f() }'])(
    "elsewhere is told: %s",
    (text) => expect([...unsafeModules(architecture, [x, y, { path: "p/src/z.rs", text }])]).toHaveLength(1),
  );

  it("that is gone is told as well", () => {
    expect([...unsafeModules(architecture, [y])].join()).toContain("p/src/x.rs has no unsafe code");
    expect([...unsafeModules("## Other\n", [x])]).toHaveLength(1);
  });
});

describe("arrows", () => {
  const drawn = readArrows(
    "## Arrows\n\nText.\n\n```text\n@uk/a* -> @uk/b\n@uk/b\n\nc -> d\nd\n```\n\n```text\ne\n```\n",
  );
  const manifests = [
    { path: "a/package.json", name: "@uk/a", dependencies: { "@uk/b": "0", other: "1" } },
    { path: "b/package.json", name: "@uk/b" },
    {
      path: "c/Cargo.toml",
      ...crateOf('[package]\nname = "c"\n[dependencies]\nd.workspace = true\nlibc = "1"\n'),
    },
    {
      path: "d/Cargo.toml",
      ...crateOf('[package]\nname = "d"\n[dev-dependencies]\nc = { path = "../c" }\n'),
    },
  ];
  const complaints = (changed: object): string[] => {
    const [first, ...rest] = manifests;
    return [...wrongArrows(drawn, [{ ...first, ...changed }, ...rest])];
  };

  it("that are drawn and there are fine", () => expect(complaints({})).toEqual([]));

  it("that are drawn and not there, or there and not drawn, are told", () => {
    expect(complaints({ dependencies: {} })).toEqual([
      "ARCHITECTURE.md: an arrow @uk/a -> @uk/b is drawn and not there",
    ]);
    expect(complaints({ dependencies: { "@uk/b": "0", c: "0" } })).toEqual([
      "a/package.json: @uk/a must not depend on c: no arrow is drawn",
    ]);
    expect(complaints({ name: "@uk/new" })).toEqual([
      "a/package.json: @uk/new is not among the arrows of ARCHITECTURE.md",
      "ARCHITECTURE.md: @uk/a has arrows and is not there",
    ]);
    expect([...wrongArrows(readArrows("nothing"), manifests)]).toHaveLength(4);
  });

  it("of a crate are its dependencies, in whatever form", () => {
    const manifest =
      '[package]\nname = "x"\n[dependencies]\na = "1"\nb.workspace = true\n[dependencies.c]\npath = "c"\n' +
      '[target.\'cfg(unix)\'.dependencies]\nd = "1"\n[build-dependencies]\ne = "1"\n[[bin]]\nname = "y"\n';
    expect(crateOf(manifest)).toEqual({ name: "x", dependencies: { a: "", b: "", c: "", d: "" } });
  });

  it("are what sources import, too", () => {
    const imports = (text: string, path = "a/src/x.ts"): string[] => [
      ...wrongImports(manifests[0], drawn, { path, text }),
    ];
    expect(imports('import { b } from "@uk/b/sub";')).toEqual([]);
    expect(imports('import { d } from "@uk/d";')).toHaveLength(1);
    expect(imports('export * from "node:fs";')).toHaveLength(1);
    expect(imports('import "node:fs";', "a/src/node/x.ts")).toEqual([]);
    expect(imports('import "node:fs";', "a/src/x.test.ts")).toEqual([]);
  });
});
