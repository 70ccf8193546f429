import { closeSync, openSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { inherited, tenderWords } from "./tender-words.ts";

const STANDARD = ["inherit", "inherit", "inherit"];
const [low, high] = [openSync("/dev/null", "r"), openSync("/dev/null", "r")];
afterAll(() => [low, high].forEach(closeSync));

describe("the words of a tender", () => {
  it.each([
    { words: "image", options: "", image: "image", args: "" },
    { words: "--mem=8 -x image --mem=9 a", options: "--mem=8 -x", image: "image", args: "--mem=9 a" },
    { words: "--mem=8 -- -image a", options: "--mem=8", image: "-image", args: "a" },
    { words: "--mem=8 --", options: "--mem=8", image: undefined, args: "" },
    { words: "--mem=8", options: "--mem=8", image: undefined, args: "" },
    { words: "", options: "", image: undefined, args: "" },
  ])("$words", ({ words, options, image, args }) => {
    const split = (text: string): string[] => text.split(" ").filter(Boolean);
    expect(tenderWords(split(words))).toEqual({ options: split(options), image, args: split(args) });
  });

  it("a network without privileges is refused by name, in one line", () => {
    expect(() => tenderWords(["--net:service=user", "image"])).toThrow(
      /^option --net:service=user: a network without privileges is not there yet: [^\n]*$/,
    );
    expect(tenderWords(["--net:service=user0", "image", "--net:service=user"]).image).toBe("image");
  });

  it.each(["--net:a=tap0", "--net:a=@2", "--block:a=@LOW", "--net:a=@9999", "--net:a=@99999"])(
    "%s makes a child inherit no more than the standard streams",
    (option) => {
      expect(inherited([option.replace("LOW", String(low))])).toEqual(STANDARD);
    },
  );

  it.each([
    { what: "one descriptor", descriptors: [low] },
    { what: "several", descriptors: [low, high] },
    { what: "several in any order", descriptors: [high, low, high] },
    { what: "those that are open", descriptors: [9999, high] },
  ])("$what: a child inherits them under their own numbers, and nothing else", ({ descriptors }) => {
    const open = descriptors.filter((descriptor) => descriptor < 9999);
    const expected = Array.from({ length: Math.max(...open) + 1 }, (_, at) =>
      at < STANDARD.length ? "inherit" : open.includes(at) ? at : "ignore",
    );
    expect(inherited(descriptors.map((descriptor, at) => `--net:n${at}=@${descriptor}`))).toEqual(expected);
  });
});
