// Random numbers: in range and well spread. A test boots it twice and compares the last line.
const numbers = Array.from({ length: 10_000 }, () => Math.random());
const inRange = numbers.every((x) => x >= 0 && x < 1);
const buckets = new Set(numbers.map((x) => Math.floor(x * 100)));
console.log(
  `in range: ${inRange}, hundredths that occur: ${buckets.size}, distinct: ${new Set(numbers).size}`,
);
console.log(numbers.slice(0, 3).join(" "));
