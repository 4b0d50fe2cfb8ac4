// What stands behind the values of a chart over time: states as bands, and the line of a threshold.

import type { ChartUnit } from "../api/types.ts";
import { dateTime, type Zone } from "../format/time.ts";
import type { Ground } from "./model.ts";
import { type Frame, lineHeight, type Shapes, textWidth, withUnit } from "./shapes.ts";

/** How high the strip of a band's colour is, which lies below the axis. */
const strip = 5;

/** Returns the bands that differ in their names, in the order in which they come first. */
function kinds(ground: Ground): { name: string; color: string }[] {
  const out: { name: string; color: string }[] = [];
  for (const { name, color } of ground.bands) {
    if (!out.some((kind) => kind.name === name)) {
      out.push({ name, color });
    }
  }
  return out;
}

/** Says what a ground shows. */
export function groundText(ground: Ground, unit: ChartUnit | undefined): string {
  const parts = ground.threshold
    ? [`values with the ${ground.threshold.name} ${withUnit(ground.threshold.value, unit)}`]
    : [];
  return [...parts, ...ground.bands.map((band) => band.name)].join(", ");
}

/** Adds the legend of a ground at the top and returns its height. */
export function groundLegend(shapes: Shapes, ground: Ground, unit: ChartUnit | undefined): number {
  let x = 8;
  let y = 12;
  const add = (text: string, color: string | undefined) => {
    const wide = 14 + textWidth(text) + 14;
    if (x + wide > shapes.width && x > 8) {
      x = 8;
      y += lineHeight;
    }
    if (color) {
      shapes.swatches.push({ x, y: y - 9, color });
    } else {
      const place = { x1: x - 2, x2: x + 11, y1: y - 4, y2: y - 4 };
      shapes.marks.push({ ...place, color: "var(--reject)", title: text });
    }
    shapes.texts.push({ x: x + 14, y, text, anchor: "start", strong: false });
    x += wide;
  };
  for (const { name, color } of kinds(ground)) {
    add(name, color);
  }
  if (ground.threshold) {
    add(`${ground.threshold.name} ${withUnit(ground.threshold.value, unit)}`, undefined);
  }
  return y + 10;
}

/** Adds the bands and the threshold. */
export function drawGround(
  shapes: Shapes,
  ground: Ground,
  frame: Frame,
  at: (place: number) => number,
  yOf: (value: number) => number,
  unit: ChartUnit | undefined,
  zone: Zone,
): void {
  for (const band of ground.bands) {
    const [from, to] = [Math.max(band.from, ground.from), Math.min(band.to, ground.to)];
    if (from >= to) {
      continue;
    }
    const place = { x: at(from), width: Math.max(1, at(to) - at(from)), color: band.color };
    const title = `${band.name}, ${dateTime(band.from, zone)} – ${dateTime(band.to, zone)}`;
    const all = frame.bottom - frame.top;
    shapes.bands.push({ ...place, y: frame.top, height: all, opacity: 0.12, title });
    shapes.bands.push({ ...place, y: frame.bottom, height: strip, opacity: 1, title });
  }
  if (ground.threshold) {
    const y = yOf(ground.threshold.value);
    const title = `${ground.threshold.name} ${withUnit(ground.threshold.value, unit)}`;
    shapes.marks.push({ x1: frame.left, x2: frame.right, y1: y, y2: y, color: "var(--reject)", title });
  }
}
