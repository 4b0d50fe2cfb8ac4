// The view: everything that a person has chosen, as it stands in the address, so
// that a view can be kept, shared and gone back to.

import type { ChartSpec, ChartUnit, Kind, Measure, Query } from "../api/types.ts";
import type { Unit } from "../format/number.ts";
import { parseMoment, rfc3339, type Zone } from "../format/time.ts";
import { type Range, type SpanName, spans } from "./range.ts";

export interface View {
  kind: Kind;
  range: Range;
  /** The filter, in weir's filter language; "" keeps every record. */
  where: string;
  /** The field of the chart's series; "" shows one series of everything. */
  by: string;
  measure: Measure;
  /** Count the same traffic as often as it was recorded. */
  every: boolean;
  unit: Unit;
  /** How many series the chart shows beside "other". */
  top: number;
  zone: Zone;
  /** The fields of the tables of top talkers and top refused. */
  talkers: string;
  refused: string;
  /** The columns of the table of records. */
  columns: string[];
  /** What the page "Query" asks. */
  asked: Asked;
  /** The alarm that is open on the page "Alarms", and the rule on the page "Contributors"; "" for none. */
  alarm: string;
  rule: string;
}

/** A query on the page "Query". */
export interface Asked extends Query {
  /** The saved query that it began as, or "". */
  saved: string;
}

/** Nothing that is asked. */
export const nothingAsked: Asked = { language: "", text: "", chart: { kind: "table" }, saved: "" };

/** The numbers of series that can be chosen. */
export const tops = [5, 8, 12];

const columnsOf: Record<Kind, string[]> = {
  vpc: [
    "start",
    "action",
    "srcaddr",
    "srcport",
    "dstaddr",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "interface_id",
    "log_status",
  ],
  tgw: [
    "start",
    "srcaddr",
    "srcport",
    "dstaddr",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "tgw_id",
    "tgw_attachment_id",
  ],
};

/** Returns the view of an address without parameters. */
export function defaultView(kind: Kind = "vpc"): View {
  return {
    kind,
    range: { last: "24h", until: "newest" },
    where: "",
    by: "srcaddr",
    measure: "bytes",
    every: false,
    unit: "rate",
    top: 8,
    zone: "local",
    talkers: "srcaddr",
    refused: "srcaddr",
    columns: columnsOf[kind],
    asked: nothingAsked,
    alarm: "",
    rule: "",
  };
}

/** Reads a view from an address's query; what is missing or makes no sense is as in the default view. */
export function parseView(search: string): View {
  const query = new URLSearchParams(search);
  const view = defaultView(oneOf(query.get("kind"), ["vpc", "tgw"]) ?? "vpc");
  view.range = parseRange(query) ?? view.range;
  view.where = query.get("where") ?? view.where;
  view.by = query.get("by") ?? view.by;
  view.measure = oneOf(query.get("measure"), ["bytes", "packets", "records"]) ?? view.measure;
  view.every = query.get("every") === "true";
  view.unit = oneOf(query.get("unit"), ["bits", "rate", "sum"]) ?? view.unit;
  view.top = tops.find((n) => String(n) === query.get("top")) ?? view.top;
  view.zone = oneOf(query.get("zone"), ["local", "utc"]) ?? view.zone;
  view.talkers = query.get("talkers") || view.talkers;
  view.refused = query.get("refused") || view.refused;
  const columns = query.get("columns");
  if (columns) {
    view.columns = columns.split(",").filter((name) => name !== "");
  }
  view.asked = parseAsked(query);
  view.alarm = query.get("alarm") ?? "";
  view.rule = query.get("rule") ?? "";
  if (view.measure !== "bytes" && view.unit === "bits") {
    view.unit = "rate";
  }
  return view;
}

/** Reports whether an address names a range of time. */
export function hasRange(search: string): boolean {
  return parseRange(new URLSearchParams(search)) !== undefined;
}

/**
 * Writes a view as the query of an address, without what is as in the default view; withRange
 * writes the range in any case.
 */
export function formatView(view: View, withRange = false): string {
  const plain = defaultView(view.kind);
  const pairs: [string, string][] = [];
  const add = (name: string, value: string, usual: string) => {
    if (value !== usual) {
      pairs.push([name, value]);
    }
  };
  add("kind", view.kind, "vpc");
  pairs.push(...rangePairs(view.range, withRange));
  add("where", view.where, plain.where);
  add("by", view.by, plain.by);
  add("measure", view.measure, plain.measure);
  add("every", String(view.every), "false");
  add("unit", view.unit, plain.unit);
  add("top", String(view.top), String(plain.top));
  add("zone", view.zone, plain.zone);
  add("talkers", view.talkers, plain.talkers);
  add("refused", view.refused, plain.refused);
  add("columns", view.columns.join(","), plain.columns.join(","));
  pairs.push(...askedPairs(view.asked));
  add("alarm", view.alarm, "");
  add("rule", view.rule, "");
  if (pairs.length === 0) {
    return "";
  }
  return `?${pairs.map(([name, value]) => `${name}=${encode(value)}`).join("&")}`;
}

/** Encodes a value, but for the signs that a query may hold and that people want to read. */
function encode(value: string): string {
  return encodeURIComponent(value)
    .replace(/%(3A|2C|2F)/g, decodeURIComponent)
    .replace(/%20/g, "+");
}

function parseRange(query: URLSearchParams): Range | undefined {
  const from = parseMoment(query.get("from") ?? "", "utc");
  const to = parseMoment(query.get("to") ?? "", "utc");
  if (from !== undefined && to !== undefined && from < to) {
    return { from, to };
  }
  const last = query.get("last");
  if (last === "all") {
    return { last };
  }
  if (last !== null && last in spans) {
    return { last: last as SpanName, until: query.get("until") === "now" ? "now" : "newest" };
  }
  return undefined;
}

function rangePairs(range: Range, always: boolean): [string, string][] {
  if ("from" in range) {
    return [
      ["from", rfc3339(range.from)],
      ["to", rfc3339(range.to)],
    ];
  }
  if (range.last === "all") {
    return [["last", "all"]];
  }
  if (range.until === "now") {
    return [
      ["last", range.last],
      ["until", "now"],
    ];
  }
  return range.last === "24h" && !always ? [] : [["last", range.last]];
}

const units: ChartUnit[] = ["bytes", "bits", "packets", "records", "seconds", "percent"];

function parseAsked(query: URLSearchParams): Asked {
  const chart: ChartSpec = { kind: oneOf(query.get("chart"), ["table", "line", "bar"]) ?? "table" };
  const x = query.get("x");
  const series = query.get("series");
  const values = query.getAll("value");
  const unit = oneOf(query.get("quantity"), units);
  const order = oneOf(query.get("order"), ["x", "value"]);
  return {
    language: query.get("lang") ?? "",
    text: query.get("query") ?? "",
    saved: query.get("saved") ?? "",
    chart: {
      ...chart,
      ...(x ? { x } : {}),
      ...(series ? { series } : {}),
      ...(values.length > 0 ? { values } : {}),
      ...(query.get("xtime") === "true" ? { time: true } : {}),
      ...(query.get("stacked") === "true" ? { stacked: true } : {}),
      ...(unit ? { unit } : {}),
      ...(order ? { order } : {}),
    },
  };
}

/** Writes what is asked; nothing of it where nothing is. */
export function askedPairs(asked: Asked): [string, string][] {
  const { chart } = asked;
  const pairs: [string, string][] = [
    ["saved", asked.saved],
    ["lang", asked.language],
    ["query", asked.text],
    ["chart", chart.kind === "table" ? "" : chart.kind],
    ["x", chart.x ?? ""],
    ["series", chart.series ?? ""],
    ...(chart.values ?? []).map((value): [string, string] => ["value", value]),
    ["xtime", chart.time ? "true" : ""],
    ["stacked", chart.stacked ? "true" : ""],
    ["quantity", chart.unit ?? ""],
    ["order", chart.order ?? ""],
  ];
  return pairs.filter(([, value]) => value !== "");
}

function oneOf<T extends string>(value: string | null, values: readonly T[]): T | undefined {
  return values.find((v) => v === value);
}
