// The list of failures that are expected, as text:
//
//   revision COMMIT            of the suite that it was made for
//   skip FEATURE: WHY          tests that need the feature are not run
//   [WHY]                      begins a group; [image: WHY] and [native: WHY] hold on that machine alone
//   PATH VARIANT               a failure
//
// Empty lines and lines that begin with # are for people.

/** The group of failures that nobody has explained yet. */
export const UNEXPLAINED = "not explained yet";

/**
 * Reads the list.
 *
 * @throws {Error} a line is none of those
 */
export function parseExpected(text) {
  const expected = { comments: [], revision: undefined, skips: new Map(), groups: [] };
  for (const [index, line] of text.split("\n").entries()) {
    const [, revision] = /^revision (\S+)$/.exec(line) ?? [];
    const [, feature, why] = /^skip (\S+): (.+)$/.exec(line) ?? [];
    const [, heading] = /^\[(.+)\]$/.exec(line) ?? [];
    const [, test] = /^(\S+ (?:sloppy|strict|module|raw))$/.exec(line) ?? [];
    const group = expected.groups.at(-1);
    if (line.startsWith("#")) (group ?? expected).comments.push(line);
    else if (revision !== undefined) expected.revision = revision;
    else if (feature !== undefined) expected.skips.set(feature, why);
    else if (heading !== undefined) expected.groups.push({ heading, comments: [], tests: [] });
    else if (test !== undefined && group !== undefined) group.tests.push(test);
    else if (line !== "") throw new Error(`line ${index + 1} is none of a list of failures: ${line}`);
  }
  return expected;
}

/** Writes the list. */
export function formatExpected({ comments, revision, skips, groups }) {
  const blocks = [
    comments,
    revision === undefined ? [] : [`revision ${revision}`],
    [...skips].map(([feature, why]) => `skip ${feature}: ${why}`),
    ...groups
      .filter(({ tests }) => tests.length > 0)
      .map(({ heading, comments, tests }) => [`[${heading}]`, ...comments, ...tests.toSorted()]),
  ];
  return `${blocks.filter((block) => block.length > 0).map((block) => block.join("\n")).join("\n\n")}\n`;
}

/** The names of the failures that are expected on a machine. */
export function expectedOn(machine, { groups }) {
  return new Set(groups.filter(({ heading }) => holdsOn(heading, machine)).flatMap(({ tests }) => tests));
}

function holdsOn(heading, machine) {
  const [, only] = /^(image|native): /.exec(heading) ?? [];
  return only === undefined || only === machine;
}

/**
 * The list with what a run found: groups and explanations stay, and a new failure has none yet.
 *
 * @param covered - whether a test of that name was up to the run; one that was not run all the same is gone
 * @param failed - by machine, the names of those that failed
 */
export function updateExpected(expected, covered, failed) {
  const machines = Object.keys(failed);
  const stays = (heading, test) =>
    !covered(test) || machines.every((machine) => failed[machine].has(test) === holdsOn(heading, machine));
  const groups = expected.groups.map((group) => ({
    ...group,
    tests: group.tests.filter((test) => stays(group.heading, test)),
  }));
  const known = new Set(groups.flatMap(({ tests }) => tests));
  const add = (heading, tests) => {
    const fresh = [...tests].filter((test) => !known.has(test));
    for (const test of fresh) known.add(test);
    const group = groups.find((other) => other.heading === heading);
    if (group === undefined) groups.push({ heading, comments: [], tests: fresh });
    else group.tests.push(...fresh);
  };
  const [first, ...others] = machines.map((machine) => failed[machine]);
  add(UNEXPLAINED, [...first].filter((test) => others.every((other) => other.has(test))));
  for (const machine of machines) add(`${machine}: ${UNEXPLAINED}`, failed[machine]);
  return { ...expected, groups };
}
