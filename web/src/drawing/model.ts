// From the rows of a result to what is drawn: the axis and the series. Nothing is added up
// or left out without being said.

import type { Cell, ChartSpec, QueryAnswer, ResultColumn } from "../api/types.ts";
import { absent } from "../format/value.ts";

/** The most series and bars of categories that are drawn. */
export const mostSeries = 12;
export const mostBars = 60;

/** What a chart shows. */
export interface Model {
  kind: "line" | "bar";
  /** Moments in seconds since the epoch, numbers, or categories. */
  axis: "time" | "number" | "category";
  /** The name of the axis's column. */
  x: string;
  /** The places on the axis, in their order; of categories 0, 1, 2... */
  places: number[];
  /** The categories' texts; empty on other axes. */
  labels: string[];
  series: Series[];
  stacked: boolean;
  /** What is not drawn, in sentences. */
  notes: string[];
  /** What stands behind the values, on an axis of time. */
  ground?: Ground;
}

/** What stands behind the values of a chart over time. */
export interface Ground {
  /** The ends of the axis. */
  from: number;
  to: number;
  threshold?: { value: number; name: string };
  /** Times that are coloured, each with its name. */
  bands: { from: number; to: number; name: string; color: string }[];
}

export interface Series {
  name: string;
  /** A value for each place; null where there is none. */
  values: (number | null)[];
}

/** Why a result can't be drawn so. */
export interface Undrawable {
  problem: string;
}

/** Reports whether a column holds numbers. */
export function isNumeric(column: ResultColumn): boolean {
  return (
    column.type === "integer" ||
    column.type === "number" ||
    (column.type === "other" && column.sql_type.startsWith("DECIMAL"))
  );
}

/** Returns the number of a value, or null where it has none that can be drawn. */
export function numberOf(cell: Cell | undefined): number | null {
  if (typeof cell !== "number" && typeof cell !== "string") {
    return null;
  }
  const n = typeof cell === "string" && cell.trim() === "" ? Number.NaN : Number(cell);
  return Number.isFinite(n) ? n : null;
}

/** Returns a value as text. */
export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) {
    return absent;
  }
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

/**
 * Returns how a result of these columns is drawn where a person only chose line or bar: over
 * its first time, else its first column that is no number, else its first; all other numbers are values, and
 * beside a time the first text makes the series.
 */
export function usualChart(columns: ResultColumn[], chart: ChartSpec): ChartSpec {
  const time = columns.find((c) => c.type === "time");
  const x = time ?? columns.find((c) => !isNumeric(c)) ?? columns[0];
  if (x === undefined) {
    return chart;
  }
  const values = columns.filter((c) => c !== x && isNumeric(c)).map((c) => c.name);
  const text = time ? columns.find((c) => c.type === "text") : undefined;
  return {
    kind: chart.kind,
    x: x.name,
    ...(text ? { series: text.name } : {}),
    values: text ? values.slice(0, 1) : values.slice(0, mostSeries),
    ...(chart.stacked ? { stacked: true } : {}),
    ...(chart.unit ? { unit: chart.unit } : {}),
  };
}

/** Returns what is drawn of a result, or why it can't be. */
export function modelOf(
  answer: Pick<QueryAnswer, "columns" | "rows" | "more">,
  chart: ChartSpec,
): Model | Undrawable {
  if (chart.kind === "table") {
    return { problem: "A table is not drawn." };
  }
  const at = (name: string) => answer.columns.findIndex((c) => c.name === name);
  const x = at(chart.x ?? "");
  const xColumn = answer.columns[x];
  if (xColumn === undefined) {
    return { problem: chart.x ? `The result has no column “${chart.x}”.` : "Choose the column of the axis." };
  }
  const names = chart.values ?? [];
  if (names.length === 0) {
    return { problem: "Choose a column of numbers to draw." };
  }
  const values: { name: string; at: number }[] = [];
  for (const name of names) {
    const place = at(name);
    const column = answer.columns[place];
    if (column === undefined) {
      return { problem: `The result has no column “${name}”.` };
    }
    if (answer.rows.length > 0 && !isNumeric(column)) {
      return { problem: `The column “${name}” is ${column.type}, no number.` };
    }
    values.push({ name, at: place });
  }
  const split = chart.series ? at(chart.series) : -1;
  if (chart.series && split < 0) {
    return { problem: `The result has no column “${chart.series}”.` };
  }

  const axis = axisOf(xColumn, chart);
  const rows = answer.rows.map((row) => ({ place: placeOf(row[x], axis), text: cellText(row[x]), row }));
  const placed = axis === "category" ? rows : rows.filter((r) => r.place !== null);
  const notes: string[] = [];
  if (placed.length < rows.length) {
    notes.push(`${rows.length - placed.length} rows without ${xColumn.name} are not drawn.`);
  }
  if (answer.more) {
    notes.push(`Only the first ${answer.rows.length} rows are drawn; the result has more.`);
  }

  // The places on the axis, and for each series its value at each.
  const keyOf = (r: (typeof rows)[number]) => (axis === "category" ? r.text : String(r.place));
  const order = new Map<string, number>();
  for (const r of axis === "category"
    ? placed
    : placed.toSorted((a, b) => Number(a.place) - Number(b.place))) {
    if (!order.has(keyOf(r))) {
      order.set(keyOf(r), order.size);
    }
  }
  const found = new Map<string, (number | null)[]>();
  const set = new Set<string>();
  for (const r of placed) {
    const place = order.get(keyOf(r)) ?? 0;
    const prefix = split < 0 ? "" : cellText(r.row[split]);
    for (const value of values) {
      const name = split < 0 ? value.name : values.length > 1 ? `${prefix} ${value.name}` : prefix;
      const cell = JSON.stringify([name, place]);
      if (set.has(cell)) {
        const of = split < 0 ? "" : ` and ${chart.series} ${prefix}`;
        return {
          problem: `Several rows have ${xColumn.name} ${r.text}${of}: choose a column for the series, or group in the query.`,
        };
      }
      set.add(cell);
      let list = found.get(name);
      if (list === undefined) {
        list = new Array<number | null>(order.size).fill(null);
        found.set(name, list);
      }
      list[place] = numberOf(r.row[value.at]);
    }
  }
  const series = [...found].map(([name, list]) => ({ name, values: list }));
  const model: Model = {
    kind: chart.kind,
    axis,
    x: xColumn.name,
    places: axis === "category" ? [...order.values()] : [...order.keys()].map(Number),
    labels: axis === "category" ? [...order.keys()] : [],
    series: largest(series, notes),
    stacked: chart.stacked === true,
    notes,
  };
  return axis === "category" ? fewBars(ordered(model, chart.order)) : model;
}

/** Returns what the axis is: bars of numbers stand beside each other as categories do. */
function axisOf(column: ResultColumn, chart: ChartSpec): Model["axis"] {
  if (column.type === "time" || (chart.time && isNumeric(column))) {
    return "time";
  }
  return chart.kind === "line" && isNumeric(column) ? "number" : "category";
}

/** Returns the place of a value on an axis, or null where it has none. */
function placeOf(cell: Cell | undefined, axis: Model["axis"]): number | null {
  if (axis === "time" && typeof cell === "string" && cell.includes("T")) {
    const at = Date.parse(cell);
    return Number.isNaN(at) ? null : at / 1000;
  }
  return axis === "category" ? 0 : numberOf(cell);
}

/** Returns the sum of a series. */
function sum(values: (number | null)[]): number {
  return values.reduce<number>((all, value) => all + (value ?? 0), 0);
}

/** Leaves the largest series, in their order, where there are more than there are colours. */
function largest(series: Series[], notes: string[]): Series[] {
  if (series.length <= mostSeries) {
    return series;
  }
  const kept = new Set(series.toSorted((a, b) => sum(b.values) - sum(a.values)).slice(0, mostSeries));
  notes.push(
    `${series.length - mostSeries} of ${series.length} series are not drawn, those with the smallest sums.`,
  );
  return series.filter((s) => kept.has(s));
}

/** Orders the categories of a model. */
function ordered(model: Model, order: ChartSpec["order"]): Model {
  if (!order) {
    return model;
  }
  const total = (i: number) => model.series.reduce((all, s) => all + (s.values[i] ?? 0), 0);
  const label = (i: number) => model.labels[i] ?? "";
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  return picked(
    model,
    model.places.toSorted((a, b) => (order === "value" ? total(b) - total(a) : compare(label(a), label(b)))),
  );
}

/** Leaves as many categories as can be read. */
function fewBars(model: Model): Model {
  if (model.places.length <= mostBars) {
    return model;
  }
  const few = picked(model, model.places.slice(0, mostBars));
  few.notes.push(`Only the first ${mostBars} of ${model.places.length} values of ${model.x} are drawn.`);
  return few;
}

/** Returns a model of some of its categories. */
function picked(model: Model, places: number[]): Model {
  return {
    ...model,
    places: places.map((_, i) => i),
    labels: places.map((i) => model.labels[i] ?? ""),
    series: model.series.map((s) => ({ ...s, values: places.map((i) => s.values[i] ?? null) })),
  };
}
