// Numbers as people read them. Prefixes are decimal: 1 kB is 1,000 bytes.

import type { Integer, Measure } from "../api/types.ts";

const prefixes = ["", "k", "M", "G", "T", "P", "E"];

/** A power of 1,000 and its prefix. */
export interface Scale {
  factor: number;
  prefix: string;
}

/** Returns the scale in which a number reads best. */
export function scaleOf(largest: number): Scale {
  let factor = 1;
  let i = 0;
  while (Math.abs(largest) / factor >= 1000 && i < prefixes.length - 1) {
    factor *= 1000;
    i++;
  }
  return { factor, prefix: prefixes[i] ?? "" };
}

/** Writes a number with three significant digits and a prefix: "1.23 M". */
export function short(value: Integer): string {
  const n = Number(value);
  let scale = scaleOf(n);
  let text = digits(n / scale.factor);
  if (Number(text) >= 1000 && scale.prefix !== "E") {
    scale = scaleOf(scale.factor * 1000);
    text = digits(n / scale.factor);
  }
  return scale.prefix === "" ? text : `${text} ${scale.prefix}`;
}

/** Writes a number below 1,000 with three significant digits. */
function digits(n: number): string {
  const size = Math.abs(n);
  if (Number.isInteger(n) || size >= 100) {
    return n.toFixed(0);
  }
  return size >= 10 ? n.toFixed(1) : n.toFixed(2);
}

/** Writes a whole number with all its digits, in groups: "12,345,678". */
export function exact(value: Integer): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** Writes a quantity with its unit: "1.23 GB", "456 k packets". */
export function quantity(value: Integer, measure: Measure): string {
  if (measure !== "bytes") {
    const word = Number(value) === 1 ? measure.slice(0, -1) : measure;
    return `${short(value)} ${word}`;
  }
  return bytes(value);
}

/** Writes a number of bytes: "1.23 GB", "17 B". */
export function bytes(value: Integer): string {
  const text = short(value);
  return text.includes(" ") ? `${text}B` : `${text} B`;
}

/** Writes a part of a whole in percent: "4.2 %"; "" where the whole is nothing. */
export function share(part: Integer, whole: Integer): string {
  const w = Number(whole);
  if (w === 0) {
    return "";
  }
  const percent = (100 * Number(part)) / w;
  if (percent > 0 && percent < 0.1) {
    return "<0.1 %";
  }
  if (percent < 100 && percent > 99.9) {
    return ">99.9 %";
  }
  return `${percent === 100 || percent === 0 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

/** How the values of a chart are given: as rates or as sums of each bucket. */
export type Unit = "bits" | "rate" | "sum";

/** Returns what a bucket's sum is multiplied with to be in the unit. */
export function unitFactor(unit: Unit, step: number): number {
  return unit === "sum" ? 1 : (unit === "bits" ? 8 : 1) / step;
}

/** Returns the unit's name without prefix: "bit/s", "B/s", "B", "packets/s", "records". */
export function unitName(measure: Measure, unit: Unit): string {
  const name = measure === "bytes" ? (unit === "bits" ? "bit" : "B") : measure;
  return unit === "sum" ? name : `${name}/s`;
}

/** Writes a chart's value, which is in the unit already: "1.23 MB/s". */
export function inUnit(value: number, measure: Measure, unit: Unit): string {
  const text = value > 0 && value < 0.005 ? "<0.01" : short(value);
  const name = unitName(measure, unit);
  if (measure === "bytes") {
    return text.includes(" ") ? `${text}${name}` : `${text} ${name}`;
  }
  return `${text} ${name}`;
}
