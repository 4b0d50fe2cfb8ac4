// Scales of axes: round numbers and round times to write beside them.

import { clock, date, partsOf, type Zone } from "../format/time.ts";

/** An axis from one number to another, and the places that are written beside it. */
export interface Scale {
  min: number;
  max: number;
  ticks: number[];
}

/**
 * Returns a scale that holds all values and zero, with about so many ticks at 1, 2 or 5
 * times a power of ten.
 */
export function valueScale(values: number[], count: number): Scale {
  let min = 0;
  let max = 0;
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return roundScale(min, max === min ? min + 1 : max, count);
}

/** Returns a scale that holds two numbers, and begins and ends at a tick. */
export function roundScale(min: number, max: number, count: number): Scale {
  const step = roundStep((max - min) / Math.max(1, count));
  const first = Math.floor(min / step);
  const last = Math.ceil(max / step);
  const ticks: number[] = [];
  for (let i = first; i <= last; i++) {
    // A multiple of a step such as 0.1 is not exact, its text is.
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return { min: ticks[0] ?? min, max: ticks.at(-1) ?? max, ticks };
}

/** Returns the smallest of 1, 2, 5 times a power of ten that is not below a size. */
function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  for (const times of [1, 2, 5]) {
    if (times * power >= size * (1 - 1e-9)) {
      return times * power;
    }
  }
  return 10 * power;
}

const day = 86400;
const timeSteps = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200];
const daySteps = [1, 2, 7, 14, 30, 91, 182, 365, 1825, 3650];

/** Returns at most so many round times of a zone from one moment to another, with their texts. */
export function timeTicks(
  from: number,
  to: number,
  most: number,
  zone: Zone,
): { at: number; text: string }[] {
  const span = Math.max(1, to - from);
  const step = timeSteps.find((s) => span / s <= most);
  const ticks: number[] = [];
  if (step !== undefined) {
    // Round in the zone: its distance to UTC at the beginning is that of the whole axis.
    const offset = zone === "utc" ? 0 : -new Date(from * 1000).getTimezoneOffset() * 60;
    for (let at = Math.ceil((from + offset) / step) * step - offset; at <= to; at += step) {
      ticks.push(at);
    }
  } else {
    const days = daySteps.find((n) => span / day / n <= most) ?? Math.ceil(span / day / most);
    const p = partsOf(from, zone);
    for (let n = 0; ticks.length <= most + 1; n += days) {
      const at = midnight(p.year, p.month, p.day + n, zone);
      if (at > to) {
        break;
      }
      if (at >= from) {
        ticks.push(at);
      }
    }
  }
  let shown = "";
  return ticks.map((at) => {
    const on = date(at, zone);
    if (step === undefined) {
      return { at, text: days(on, span) };
    }
    const p = partsOf(at, zone);
    const time = step < 60 ? `${clock(at, zone)}:${String(p.second).padStart(2, "0")}` : clock(at, zone);
    const text = on === shown ? time : `${on.slice(5)} ${time}`;
    shown = on;
    return { at, text };
  });
}

/** Writes a date, with its year where that may be needed. */
function days(on: string, span: number): string {
  return span > 300 * day ? on : on.slice(5);
}

/** Returns the beginning of a day, which may lie behind its month's end. */
function midnight(year: number, month: number, dayOfMonth: number, zone: Zone): number {
  if (zone === "utc") {
    return Date.UTC(year, month - 1, dayOfMonth) / 1000;
  }
  return new Date(year, month - 1, dayOfMonth).getTime() / 1000;
}
