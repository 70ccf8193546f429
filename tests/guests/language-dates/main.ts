// Dates in UTC: what is parsed, what is printed, and the corners of the calendar.
const row = (label: string, ...values: unknown[]): void => console.log(`${label}:`, ...values);

const texts = [
  "2024-02-29",
  "2024-02-29T12:34:56Z",
  "2024-02-29T12:34:56.789Z",
  "2024-02-29T12:34:56.7891234Z",
  "2024-02-29T12:34:56+05:30",
  "2024-02-29T12:34:56",
  "2024-02",
  "2024",
  "+012345-06-07T00:00:00Z",
  "-000001-01-01T00:00:00Z",
  "2024-02-30",
  "2024-13-01",
  "2024-02-29T24:00:00Z",
  "2024-02-29T24:00:01Z",
  "Thu, 29 Feb 2024 12:34:56 GMT",
  "Thu Feb 29 2024 12:34:56 GMT+0100 (CET)",
  "29 Feb 2024 12:34 UTC",
  "Feb 29, 2024",
  "February 29, 2024 10:00 PM",
  "2/29/2024",
  "nonsense",
  "",
];
for (const text of texts) row(`parse "${text}"`, Date.parse(text));

const moment = new Date(Date.UTC(2024, 1, 29, 12, 34, 56, 789));
row("iso", moment.toISOString(), moment.toJSON());
// The language leaves the name of the time zone, in parentheses, to the implementation.
const unnamed = (text: string): string => text.replace(/ \(.*\)$/, "");
row("string", unnamed(String(moment)));
row("parts", moment.toUTCString(), "/", moment.toDateString(), "/", unnamed(moment.toTimeString()));
row("fields", moment.getFullYear(), moment.getMonth(), moment.getDate(), moment.getDay(), moment.getHours());
row(
  "UTC fields",
  moment.getUTCHours(),
  moment.getUTCMinutes(),
  moment.getUTCSeconds(),
  moment.getUTCMilliseconds(),
);
row("offset", moment.getTimezoneOffset(), moment.getTime() === +moment, moment.valueOf());

const years = [
  -271821, -1, 0, 1, 99, 100, 1582, 1899, 1900, 1969, 1970, 2000, 2038, 2100, 9999, 10000, 275760,
];
for (const year of years) {
  const day = new Date(0);
  day.setUTCFullYear(year, 5, 15);
  row(`year ${year}`, day.toISOString(), day.getUTCDay(), day.getTime());
}
row("two digits", new Date(99, 0).getFullYear(), Date.UTC(99, 0), new Date(100, 0).getFullYear());
row("overflow", Date.UTC(2024, 12, 32, 25, 61, 61, 1001), Date.UTC(2024, -1), Date.UTC(2023, 1, 29));
row(
  "limits",
  new Date(8.64e15).toISOString(),
  new Date(8.64e15 + 1).getTime(),
  new Date(-8.64e15).toISOString(),
);
row("truncation", new Date(1.9).getTime(), new Date(-1.9).getTime(), Object.is(new Date(-0).getTime(), 0));
const moved = new Date(Date.UTC(2024, 0, 31));
moved.setMonth(1);
row("january 31 plus a month", moved.toISOString());
row(
  "setters",
  moved.setHours(1, 2, 3, 4),
  moved.setDate(0),
  moved.setFullYear(2020, 1, 29),
  moved.setTime(5),
);
row("arithmetic", Number(new Date(2024, 1, 1)) - Number(new Date(2024, 0, 1)), new Date(5) > new Date(4));
row(
  "primitive",
  typeof (new Date(0) as unknown as { [Symbol.toPrimitive](hint: string): unknown })[Symbol.toPrimitive](
    "number",
  ),
);
row("copies", new Date(moment).getTime() === moment.getTime(), JSON.stringify({ moment }));
try {
  new Date(NaN).toISOString();
} catch (error) {
  row("invalid", (error as Error).name, String(new Date(NaN)), new Date(NaN).toJSON());
}
let digest = 0;
for (let time = -8.6e15; time < 8.6e15; time += 4.321e12 + 12_345_678) {
  const date = new Date(time);
  if (Date.parse(date.toISOString()) !== date.getTime()) row("does not come back", time);
  for (const char of date.toISOString() + date.getUTCDay())
    digest = (Math.imul(digest, 31) + char.charCodeAt(0)) | 0;
}
row("digest of the calendar", digest);
row("now is a number", typeof Date.now(), Number.isInteger(Date.now()), typeof Date());
