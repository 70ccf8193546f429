// Strings, Unicode, and regular expressions.
const row = (label: string, ...values: unknown[]): void => console.log(`${label}:`, ...values);
const list = (label: string, value: unknown): void => console.log(`${label}: ${JSON.stringify(value)}`);

row("length", "naïve".length, "😀".length, [..."😀é"].length, "\u{1F468}\u200D\u{1F469}".length);
row(
  "code points",
  "😀".codePointAt(0),
  "😀".charCodeAt(1),
  String.fromCodePoint(0x1f600, 0x41),
  "😀".at(-1) === "\ude00",
);
row(
  "normalize",
  "é".normalize("NFD").length,
  "e\u0301".normalize("NFC"),
  "ﬁ①".normalize("NFKC"),
  "Å".normalize("NFKD").length,
);
row(
  "pad",
  "5".padStart(3, "0"),
  "5".padEnd(4, "ab"),
  "x".padStart(0),
  "abc".repeat(3),
  "|".padStart(8, "12345"),
);
row("trim", `[${"\u2003 a b \ufeff\n".trim()}]`, `[${" a ".trimStart()}]`, `[${" a ".trimEnd()}]`);
row(
  "case",
  "Straße İi ΑΣ".toUpperCase(),
  "ΑΣ ÀÉ İ".toLowerCase(),
  "ǆ".toUpperCase(),
  "ß".toLocaleUpperCase(),
);
row(
  "search",
  "abcabc".indexOf("c", 3),
  "abcabc".lastIndexOf("b"),
  "abc".includes("bc"),
  "abc".startsWith("b", 1),
);
row("slices", "abcdef".slice(-3, -1), "abcdef".substring(4, 1), "abcdef".at(-2), "a,b,,c".split(",").length);
row(
  "replaceAll",
  "aXbXc".replaceAll("X", "$&$&"),
  "abc".replace("b", (match) => `<${match}>`),
  "a.b".replaceAll(".", "$$"),
);
row(
  "compare",
  "a".localeCompare("b"),
  "b".localeCompare("a"),
  "a".localeCompare("a"),
  "a" < "b",
  "B" < "a",
  "" < "a",
);
row("raw", String.raw`a\n${1 + 1}\u00e9`, `a${"b"}${[1, 2]}`);
row("concat", "a".concat("b", String(1)), ["x", null, undefined, 3].join("-"), [[1, [2]], 3].toString());
list("split by expression", "one1two22three".split(/(\d+)/));
list(
  "code points of a string",
  [..."a😀\ud800"].map((char) => char.codePointAt(0)?.toString(16)),
);
const wellFormed = (text: string): unknown => (text as { isWellFormed?(): boolean }).isWellFormed?.();
row("well formed", wellFormed("a😀"), wellFormed("\ud83d"), "\ud83dx" === "\ud83dx");
row("lone surrogate", "a\ud800b");
list("URI", [
  encodeURIComponent("a b&ü/😀"),
  encodeURI("http://x/ä?q=a b#é"),
  decodeURIComponent("%F0%9F%98%80"),
]);
list("escape", [escape("ä€ x"), unescape("%E4%u20AC"), decodeURI("%41%2F")]);
for (const bad of ["%", "%C3", "%ED%A0%80"]) {
  try {
    row("no error", decodeURIComponent(bad));
  } catch (error) {
    row(`decode ${bad}`, (error as Error).name);
  }
}

const date = /(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})/u.exec("on 2024-02-29, 2025-01-01");
row("named groups", date?.groups?.year, date?.groups?.month, date?.groups?.day, date?.index);
list(
  "every match",
  [..."2024-02-29 2025-01-01".matchAll(/(?<y>\d{4})-(\d{2})/g)].map((m) => [m[0], m.groups?.y, m.index]),
);
row("replace by name", "2024-02-29".replace(/(?<y>\d+)-(?<m>\d+)-(?<d>\d+)/, "$<d>.$<m>.$<y>"));
row(
  "backreference",
  /(?<q>['"]).*?\k<q>/.exec(`say "it's" now`)?.[0],
  /(a)\1/.test("aa"),
  /\b(\w+) \1\b/.test("the the"),
);
list("lookbehind", ["$42 €17".match(/(?<=\$)\d+/)?.[0], "$42 €17".match(/(?<![$\d])\d+/)?.[0]]);
list("lookahead", [
  "a1b2".match(/[a-z](?=2)/)?.[0],
  "a1b2".match(/[a-z](?!1)/)?.[0],
  /(?=(\d+))\w/.exec("12")?.[1],
]);
list("properties", "Añ1中б😀_ ".match(/\p{L}/gu));
list(
  "scripts",
  "Añ1中б😀α".match(/\p{Script=Greek}|\p{Script=Han}|\p{Emoji_Presentation}|\p{Script=Cyrillic}/gu),
);
list("not a letter", "aé1 中".match(/\P{Letter}/gu));
const sticky = /foo/y;
sticky.lastIndex = 3;
list("sticky", [
  sticky.test("xxxfoofoo"),
  sticky.lastIndex,
  sticky.test("xxxfoofoo"),
  sticky.test("xxxfoofoo"),
]);
list("sets", [
  "aeiou😀z0".match(new RegExp("[\\p{ASCII_Hex_Digit}--[0-9]]", "gv")),
  new RegExp("^[\\q{abc|d}]$", "v").test("abc"),
]);
list("intersection", "aβ1γ".match(new RegExp("[\\p{L}&&\\p{Script=Greek}]", "gv")));
list("dotAll", [/a.b/.test("a\nb"), /a.b/s.test("a\nb"), /^b$/m.test("a\nb\nc")]);
list("indices", (/b(?<c>c)/d.exec("abcd") as RegExpExecArray & { indices: unknown }).indices);
list("ignore case", [
  /é/i.test("É"),
  /\u{10400}/iu.test("\u{10428}"),
  /ſ/i.test("s"),
  /ſ/iu.test("s"),
  /[^x]/iu.test("X"),
]);
list("flags", [/a/dgimsuy.flags, new RegExp("/", "g").source, String(/[/]\//), new RegExp("").source]);
list("lazy and greedy", [
  "<a><b>".match(/<.+>/)?.[0],
  "<a><b>".match(/<.+?>/)?.[0],
  "aaa".match(/a{2}/)?.[0],
  "aaa".match(/a{1,}?/)?.[0],
]);
list("alternatives", ["abcd".match(/(ab|abc)(d|cd)/), "".match(/(?:)/), /(z)|(b)/.exec("b")]);
list(
  "groups that did not match",
  "b".replace(/(a)?b/, (_, first) => `[${first}]`),
);
list("split on surrogates", ["😀😀".split(""), "😀😀".split(/(?:)/u)]);
list(
  "own split",
  "2024-1".split({ [Symbol.split]: (text: string, limit?: number) => [text, String(limit)] } as never, 3),
);
row("catastrophe avoided", /^(a+)+$/.test(`${"a".repeat(18)}b`), /(?:a|b)*c/.test("ab".repeat(500)));
for (const source of ["(", "[b-a]", "a**", "(?<n>a)(?<n>b)", "\\u{110000}", "(?<=a)+"]) {
  try {
    row(`accepted ${source}`, new RegExp(source, "u").source);
  } catch (error) {
    row(`refused ${source}`, (error as Error).name);
  }
}

function tag(strings: TemplateStringsArray, ...values: unknown[]): string {
  return `${strings.raw.join("|")}#${strings.join("|")}#${values.join("|")}#${Object.isExtensible(strings)}`;
}
row("tagged", tag`a${1}\tb${"x"}c`);
const once = (strings: TemplateStringsArray): TemplateStringsArray => strings;
const twice = [1, 2].map(() => once`same`);
row("one template object", twice[0] === twice[1]);

let text = "";
for (let i = 0; i < 20_000; i++) text += String.fromCharCode(97 + (i % 26));
row(
  "long string",
  text.length,
  text.slice(12_345, 12_355),
  text.indexOf("zab", 19_000),
  text.split("z").length,
);
const encoded = new Set([..."aé€😀"].map((char) => encodeURIComponent(char).length));
list("bytes", [...encoded]);
