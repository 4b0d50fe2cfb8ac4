// From the values and states of an alarm to what is drawn.

import type { AlarmState, AlarmValues, Counted, Integer } from "../api/types.ts";
import type { Ground, Model } from "../drawing/model.ts";
import { exact } from "../format/number.ts";

const colors: Record<AlarmState, string> = {
  ALARM: "var(--reject)",
  OK: "var(--live)",
  INSUFFICIENT_DATA: "var(--series-other)",
};

/** Returns the colour of a state. */
export function stateColor(state: AlarmState): string {
  return colors[state];
}

/** Returns what is drawn of an alarm: its values with gaps where a period or a run has none, its threshold and its states. */
export function alarmModel(of: AlarmValues): Model {
  const ground: Ground = {
    from: of.from,
    to: of.to,
    ...(of.threshold === null
      ? {}
      : { threshold: { value: of.threshold, name: `threshold ${of.comparison}` } }),
    bands: of.bands.map(({ from, to, state }) => ({ from, to, name: state, color: colors[state] })),
  };
  const places: number[] = [];
  if (of.runs !== null) {
    places.push(...of.runs);
  } else if (of.period > 0) {
    for (let at = Math.ceil(of.from / of.period) * of.period; at + of.period <= of.to; at += of.period) {
      places.push(at);
    }
  }
  const found = new Map(of.times.map((at, i) => [at, of.values[i] ?? null]));
  const values = places.map((at) => found.get(at) ?? null);
  return {
    kind: "line",
    axis: "time",
    x: "time",
    places,
    labels: [],
    series: of.period > 0 || of.runs !== null ? [{ name: "value", values }] : [],
    stacked: false,
    notes: of.note ? [of.note] : [],
    ground,
  };
}

/** The spans that the graph of an alarm can have, in seconds, with their names. */
export const graphSpans = [
  { value: "1h", label: "1 h", seconds: 3600 },
  { value: "3h", label: "3 h", seconds: 3 * 3600 },
  { value: "24h", label: "24 h", seconds: 86400 },
  { value: "7d", label: "7 d", seconds: 7 * 86400 },
] as const;

export type GraphSpan = (typeof graphSpans)[number]["value"];

/** The most periods that the server answers at once. */
export const mostPeriods = 2000;

/** Writes a number of an answer with all its digits. */
export function plain(value: Integer): string {
  return typeof value === "string" ? exact(value) : value.toLocaleString("en", { maximumFractionDigits: 20 });
}

/** Writes a value with what is known of it. */
export function namedText(of: Counted): string {
  return of.name !== "" && of.name !== of.value ? `${of.value} (${of.name})` : of.value;
}

/** Writes an argument of a command as a shell reads it: names of rules may have spaces and quotes. */
export function argument(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The end of a silence that lasts until it is switched off: the last second of the year 9999. */
export const forever = 253402300799;
