// What a chart consists of, and how its values and texts are written.

import type { ChartUnit } from "../api/types.ts";
import { bytes, short } from "../format/number.ts";

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
  color: string;
  title: string;
}

export interface Line {
  path: string;
  color: string;
  /** The ground below a stacked line is filled. */
  fill: boolean;
}

export interface Dot {
  x: number;
  y: number;
  color: string;
  title: string;
}

export interface Text {
  x: number;
  y: number;
  text: string;
  anchor: "start" | "middle" | "end";
  strong: boolean;
}

export interface Shapes {
  width: number;
  height: number;
  grid: { x1: number; y1: number; x2: number; y2: number }[];
  /** What stands behind the values: times that are coloured, and the line of a threshold. */
  bands: (Rect & { opacity: number })[];
  marks: { x1: number; y1: number; x2: number; y2: number; color: string; title: string }[];
  rects: Rect[];
  lines: Line[];
  dots: Dot[];
  texts: Text[];
  swatches: { x: number; y: number; color: string }[];
}

/** Writes a value in a unit. */
export function withUnit(value: number, unit: ChartUnit | undefined): string {
  const n = Number(value.toPrecision(12));
  switch (unit) {
    case "bytes":
      return bytes(n);
    case "bits": {
      const text = short(n);
      return `${text}${text.includes(" ") ? "" : " "}bit`;
    }
    case "percent":
      return `${n < 10 && n > -10 ? Number(n.toPrecision(3)) : short(n)} %`;
    case "seconds":
      return `${short(n)} s`;
    case undefined:
      return n !== 0 && Math.abs(n) < 0.01 ? n.toPrecision(3) : short(n);
    default:
      return `${short(n)} ${n === 1 ? unit.slice(0, -1) : unit}`;
  }
}

/** The height of a line of text, and about the width of a character. */
export const lineHeight = 16;
export const charWidth = 6.4;

/** Returns about how wide a text is. */
export function textWidth(text: string): number {
  return text.length * charWidth;
}

export interface Frame {
  left: number;
  top: number;
  right: number;
  bottom: number;
}
