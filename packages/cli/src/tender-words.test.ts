import { describe, expect, it } from "vitest";
import { inherited, tenderWords } from "./tender-words.ts";

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

  it.each([
    { option: "--net:a=tap0", descriptors: [] },
    { option: "--net:a=@2", descriptors: [] },
    { option: "--net:a=@3", descriptors: [3] },
    { option: "--net:a=@5", descriptors: ["ignore", "ignore", 5] },
    { option: "--block:a=@5", descriptors: [] },
    { option: "--net:a=@99999", descriptors: [] },
  ])("$option makes a child inherit $descriptors", ({ option, descriptors }) => {
    expect(inherited([option])).toEqual(["inherit", "inherit", "inherit", ...descriptors]);
  });
});
