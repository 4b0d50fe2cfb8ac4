// What is drawn of a result: without a browser.

import { alarmModel, argument } from "../src/alarms/model.ts";
import type { AlarmValues, Cell, ChartSpec, ResultColumn } from "../src/api/types.ts";
import { layout } from "../src/drawing/layout.ts";
import { type Model, modelOf, mostBars, usualChart } from "../src/drawing/model.ts";
import { timeTicks, valueScale } from "../src/drawing/scale.ts";
import { withUnit } from "../src/drawing/shapes.ts";
import { placeOf } from "../src/query/place.ts";
import { documentRange, pageRange } from "../src/query/range.ts";
import { formatView, hasRange, parseView } from "../src/view/view.ts";
import { expect, test } from "./weir.ts";

const t0 = 1767225600; // 2026-01-01 00:00 UTC

function column(name: string, type: ResultColumn["type"], sql = ""): ResultColumn {
  return { name, type, sql_type: sql };
}

const columns = [
  column("at", "time"),
  column("action", "text"),
  column("n", "integer"),
  column("d", "other", "DECIMAL(9,2)"),
];
const rows: Cell[][] = [
  ["2026-01-01T01:00:00Z", "ACCEPT", 5, "1.50"],
  ["2026-01-01T00:00:00Z", "ACCEPT", 3, "0.25"],
  ["2026-01-01T00:00:00Z", "REJECT", null, null],
  ["2026-01-01T01:00:00Z", "REJECT", "18014398509481984", "2"],
];

function drawn(chart: ChartSpec, of: Cell[][] = rows, more = false): Model {
  const model = modelOf({ columns, rows: of, more }, chart);
  if ("problem" in model) {
    throw new Error(model.problem);
  }
  return model;
}

function problem(chart: ChartSpec): string {
  const model = modelOf({ columns, rows, more: false }, chart);
  return "problem" in model ? model.problem : "";
}

test("series of a column, in the order of time", () => {
  const model = drawn({ kind: "line", x: "at", series: "action", values: ["n"] });
  expect(model.axis).toBe("time");
  expect(model.places).toEqual([t0, t0 + 3600]);
  expect(model.series).toEqual([
    { name: "ACCEPT", values: [3, 5] },
    { name: "REJECT", values: [null, 18014398509481984] },
  ]);
  const two = drawn({ kind: "bar", x: "at", series: "action", values: ["n", "d"] });
  expect(two.series.map((s) => s.name)).toEqual(["ACCEPT n", "ACCEPT d", "REJECT n", "REJECT d"]);
  expect(two.series[1]?.values).toEqual([0.25, 1.5]);
});

test("what can't be drawn is said, and never added up", () => {
  expect(problem({ kind: "bar", values: ["n"] })).toBe("Choose the column of the axis.");
  expect(problem({ kind: "bar", x: "at", values: [] })).toBe("Choose a column of numbers to draw.");
  expect(problem({ kind: "bar", x: "gone", values: ["n"] })).toBe("The result has no column “gone”.");
  expect(problem({ kind: "bar", x: "at", values: ["gone"] })).toBe("The result has no column “gone”.");
  expect(problem({ kind: "bar", x: "at", values: ["action"] })).toBe(
    "The column “action” is text, no number.",
  );
  expect(problem({ kind: "bar", x: "at", series: "gone", values: ["n"] })).toBe(
    "The result has no column “gone”.",
  );
  expect(problem({ kind: "bar", x: "action", values: ["n"] })).toMatch(/^Several rows have action ACCEPT: /);
});

test("what is left out is said", () => {
  const many = Array.from({ length: 100 }, (_, i): Cell[] => [null, `a${i}`, 100 - i, null]);
  const bars = drawn({ kind: "bar", x: "action", values: ["n"] }, many, true);
  expect(bars.places).toHaveLength(mostBars);
  expect(bars.notes).toEqual([
    "Only the first 100 rows are drawn; the result has more.",
    "Only the first 60 of 100 values of action are drawn.",
  ]);
  const none = drawn({ kind: "line", x: "at", series: "action", values: ["n"] }, [...rows, ...many]);
  expect(none.notes).toEqual(["100 rows without at are not drawn."]);
  const series = many.map((row): Cell[] => ["2026-01-01T00:00:00Z", ...row.slice(1)]);
  const lines = drawn({ kind: "line", x: "at", series: "action", values: ["n"] }, series);
  expect(lines.series.map((s) => s.name)).toEqual(Array.from({ length: 12 }, (_, i) => `a${i}`));
  expect(lines.notes).toEqual(["88 of 100 series are not drawn, those with the smallest sums."]);
});

test("bars in an order", () => {
  const some: Cell[][] = [
    [null, "10", 5, null],
    [null, "9", 7, null],
    [null, null, 1, null],
  ];
  const labels = (order?: "x" | "value") =>
    drawn({ kind: "bar", x: "action", values: ["n"], ...(order ? { order } : {}) }, some).labels;
  expect(labels()).toEqual(["10", "9", "(absent)"]);
  expect(labels("x")).toEqual(["(absent)", "9", "10"]);
  expect(labels("value")).toEqual(["9", "10", "(absent)"]);
});

test("the usual chart of a result", () => {
  expect(usualChart(columns, { kind: "line" })).toEqual({
    kind: "line",
    x: "at",
    series: "action",
    values: ["n"],
  });
  expect(usualChart(columns.slice(1), { kind: "bar", unit: "bytes" })).toEqual({
    kind: "bar",
    x: "action",
    values: ["n", "d"],
    unit: "bytes",
  });
  expect(usualChart([], { kind: "bar" })).toEqual({ kind: "bar" });
});

test("scales hold all values and zero, at round numbers", () => {
  const cases: [number[], number[]][] = [
    [
      [3, 97],
      [0, 20, 40, 60, 80, 100],
    ],
    [[0.3], [0, 0.1, 0.2, 0.3]],
    [
      [-5, 12],
      [-5, 0, 5, 10, 15],
    ],
    [[], [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [[1e12], [0, 2e11, 4e11, 6e11, 8e11, 1e12]],
  ];
  for (const [values, want] of cases) {
    const scale = valueScale(values, 5);
    expect(scale.ticks, String(values)).toEqual(want);
    expect([scale.min, scale.max]).toEqual([want[0], want.at(-1)]);
  }
});

test("ticks of time are round in the zone", () => {
  const texts = (from: number, to: number) => timeTicks(from, to, 6, "utc").map((tick) => tick.text);
  expect(texts(t0, t0 + 3600)).toEqual(["01-01 00:00", "00:15", "00:30", "00:45", "01:00"]);
  expect(texts(t0 - 5000, t0 + 3600)).toEqual(["12-31 23:00", "23:30", "01-01 00:00", "00:30", "01:00"]);
  expect(texts(t0, t0 + 30)).toEqual([
    "01-01 00:00:00",
    "00:00:05",
    "00:00:10",
    "00:00:15",
    "00:00:20",
    "00:00:25",
    "00:00:30",
  ]);
  expect(texts(t0, t0 + 86400 * 6)).toEqual(["01-01", "01-02", "01-03", "01-04", "01-05", "01-06", "01-07"]);
  expect(texts(t0, t0 + 86400 * 3650)[1]).toMatch(/^20\d\d-/);
});

test("bars are as high as their numbers, on stacks and below zero", () => {
  const stack = drawn({ kind: "bar", x: "at", series: "action", values: ["d"], stacked: true });
  const shapes = layout(stack, 800, 300, "bytes", "utc");
  const [first, second, third] = shapes.rects;
  if (!first || !second || !third) {
    throw new Error("there are three bars");
  }
  expect(second.height / first.height).toBeCloseTo(1.5 / 0.25, 6);
  expect(third.y + third.height).toBeCloseTo(second.y, 6); // REJECT stands on ACCEPT
  expect(third.title).toBe("2026-01-01 01:00:00, REJECT: 2 B");
  const below: Cell[][] = [
    [null, "a", 10, null],
    [null, "b", -5, null],
  ];
  const bars = layout(
    drawn({ kind: "bar", x: "action", values: ["n"] }, below),
    800,
    300,
    undefined,
    "utc",
  ).rects;
  expect((bars[0]?.width ?? 0) / (bars[1]?.width ?? 1)).toBeCloseTo(2, 6);
  expect((bars[1]?.x ?? 0) + (bars[1]?.width ?? 0)).toBeCloseTo(bars[0]?.x ?? -1, 6);
});

test("a line has a gap where a number is missing", () => {
  const at = (n: number, value: number | null): Cell[] => [
    new Date((t0 + n) * 1000).toISOString(),
    "a",
    value,
    null,
  ];
  const line = drawn({ kind: "line", x: "at", values: ["n"] }, [
    at(0, 1),
    at(1, 2),
    at(2, null),
    at(3, 4),
    at(4, 5),
  ]);
  const shapes = layout(line, 800, 300, undefined, "utc");
  expect(shapes.lines.map((l) => (l.path.match(/L/g) ?? []).length)).toEqual([1, 1]);
  expect(shapes.dots).toHaveLength(4);
});

test("values in their unit", () => {
  expect(withUnit(1500, "bytes")).toBe("1.50 kB");
  expect(withUnit(8, "bits")).toBe("8 bit");
  expect(withUnit(8000, "bits")).toBe("8 kbit");
  expect(withUnit(1, "records")).toBe("1 record");
  expect(withUnit(12.345, "percent")).toBe("12.3 %");
  expect(withUnit(0.004, undefined)).toBe("0.00400");
  expect(withUnit(0.1 + 0.2, undefined)).toBe("0.30");
});

test("the place of a mistake, in bytes, is found in the text", () => {
  const wrong = (offset: number, length: number) => ({
    message: "",
    hint: "",
    param: "text",
    offset,
    length,
  });
  expect(placeOf("a\n\tbä cc d\ne", wrong(7, 2))).toEqual({
    line: 2,
    column: 5,
    text: "\tbä cc d",
    carets: "\t   ^^",
    from: 6,
    to: 8,
  });
  expect(placeOf("abc", wrong(3, 0))).toMatchObject({ line: 1, column: 4, carets: "   ^" });
  expect(placeOf("abc", { ...wrong(0, 1), param: "from" })).toBeUndefined();
});

test("what is asked stands in the address", () => {
  const search =
    "?last=6h&zone=utc&saved=abc&lang=sql&query=SELECT+a,+'%26'%0AFROM+t&chart=bar&x=a&series=s&value=b,c&value=d&xtime=true&stacked=true&quantity=bytes&order=value";
  const view = parseView(search);
  expect(view.asked).toEqual({
    language: "sql",
    text: "SELECT a, '&'\nFROM t",
    saved: "abc",
    chart: {
      kind: "bar",
      x: "a",
      series: "s",
      values: ["b,c", "d"],
      time: true,
      stacked: true,
      unit: "bytes",
      order: "value",
    },
  });
  expect(parseView(formatView(view))).toEqual(view);
  expect(formatView(parseView("?last=24h"))).toBe("");
  expect(formatView(parseView("?last=24h"), true)).toBe("?last=24h");
  expect([hasRange("?zone=utc"), hasRange("?last=1h"), hasRange("?from=1767225600&to=1767225601")]).toEqual([
    false,
    true,
    true,
  ]);
});

test("ranges of documents and of the page are the same", () => {
  for (const range of [{ last: "6h", until: "now" }, { last: "all" }, { from: 1, to: 2 }] as const) {
    expect(pageRange(documentRange(range))).toEqual(range);
  }
  expect(pageRange({ last: "1h" })).toEqual({ last: "1h", until: "newest" });
});

test("an alarm's values have gaps, and its states and threshold stand behind them", () => {
  const of: AlarmValues = {
    from: t0 + 30,
    to: t0 + 330,
    period: 60,
    runs: null,
    threshold: 40,
    comparison: "≥",
    times: [t0 + 60, t0 + 120, t0 + 240],
    values: [1, 20, 3],
    bands: [
      { from: t0 + 30, to: t0 + 150, state: "OK" },
      { from: t0 + 150, to: t0 + 330, state: "ALARM" },
    ],
  };
  const model = alarmModel(of);
  // Of the periods that the range cuts there is nothing to show.
  expect(model.places).toEqual([t0 + 60, t0 + 120, t0 + 180, t0 + 240]);
  expect(model.series).toEqual([{ name: "value", values: [1, 20, null, 3] }]);
  const shapes = layout(model, 400, 200, undefined, "utc");
  expect(shapes.dots).toHaveLength(3);
  expect(shapes.lines).toHaveLength(1);

  const [first, , second] = shapes.bands;
  const texts = shapes.bands.map((band) => band.title);
  expect(new Set(texts)).toEqual(
    new Set([
      "OK, 2026-01-01 00:00:30 – 2026-01-01 00:02:30",
      "ALARM, 2026-01-01 00:02:30 – 2026-01-01 00:05:30",
    ]),
  );
  // 120 of 300 seconds are OK, and the bands meet.
  expect((first?.width ?? 0) / (second?.width ?? 1)).toBeCloseTo(120 / 180, 5);
  expect((first?.x ?? 0) + (first?.width ?? 0)).toBeCloseTo(second?.x ?? 0, 5);
  // The line of the threshold is where its value is on the axis, which reaches up to it.
  const mark = shapes.marks.at(-1);
  const tick = shapes.texts.find((text) => text.text === "40");
  expect(mark?.title).toBe("threshold ≥ 40");
  expect(mark?.y1).toBeCloseTo((tick?.y ?? 0) - 4, 5);
  expect(shapes.texts.map((text) => text.text)).toEqual(
    expect.arrayContaining(["OK", "ALARM", "threshold ≥ 40"]),
  );
});

test("a log alarm's values stand where its query ran, with gaps where a run had none", () => {
  const model = alarmModel({
    from: t0,
    to: t0 + 1800,
    period: 0,
    runs: [t0 + 7, t0 + 307, t0 + 900],
    threshold: 5,
    comparison: ">",
    times: [t0 + 7, t0 + 900],
    values: [3, 8],
    bands: [],
  });
  expect(model.places).toEqual([t0 + 7, t0 + 307, t0 + 900]);
  expect(model.series).toEqual([{ name: "value", values: [3, null, 8] }]);
  expect(layout(model, 400, 200, undefined, "utc").dots).toHaveLength(2);
});

test("an alarm without values of its own has states and no scale", () => {
  const bands: AlarmValues["bands"] = [{ from: t0 - 60, to: t0 + 9000, state: "INSUFFICIENT_DATA" }];
  const model = alarmModel({
    from: t0,
    to: t0 + 3600,
    period: 0,
    runs: null,
    threshold: null,
    comparison: "",
    times: [],
    values: [],
    bands,
    note: "n",
  });
  expect(model.series).toEqual([]);
  expect(model.notes).toEqual(["n"]);
  const shapes = layout(model, 400, 90, undefined, "utc");
  expect(shapes.marks).toEqual([]);
  expect(shapes.bands[0]?.x).toBeGreaterThan(0);
  expect((shapes.bands[0]?.x ?? 0) + (shapes.bands[0]?.width ?? 0)).toBeCloseTo(400 - 16, 5);
  expect(shapes.texts.filter((text) => /^[\d.]+$/.test(text.text))).toEqual([]);
});

test("views keep the alarm and the rule that are open", () => {
  const view = parseView("?alarm=a/b+c&rule=r&last=1h");
  expect([view.alarm, view.rule]).toEqual(["a/b c", "r"]);
  expect(formatView(view)).toBe("?last=1h&alarm=a/b+c&rule=r");
  expect(parseView("").alarm).toBe("");
});

test("arguments of commands are those that a shell reads", () => {
  const cases: [string, string][] = [
    ["top-sources-by-bytes", "top-sources-by-bytes"],
    ["a/b.c_d", "a/b.c_d"],
    ["bytes by address", "'bytes by address'"],
    ["$(x) it's", "'$(x) it'\\''s'"],
    ["", "''"],
  ];
  for (const [text, want] of cases) {
    expect(argument(text)).toBe(want);
  }
});
