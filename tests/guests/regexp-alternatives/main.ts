// A group may have one name in any number of alternatives. Not on Node 20, which has no name twice.
const among = (count: number): RegExp =>
  new RegExp(["(?<n>p)(?<m>x)?", ...new Array(count - 2).fill("z"), "(?<n>q)"].join("|"), "d");

for (const count of [2, 255, 256, 257, 258, 512, 513, 2000]) {
  const found = among(count).exec("-q");
  console.log(count, found?.groups?.n, found?.groups?.m, found?.indices?.groups?.n?.join());
}
console.log("qp".replace(among(300), "[$<n>]"));
for (const twice of ["(?<n>a)(?<n>b)", `${"z|".repeat(300)}(?<n>a)(?<n>b)`]) {
  try {
    new RegExp(twice);
  } catch (error) {
    console.log(String(error));
  }
}
