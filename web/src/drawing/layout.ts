// From a model to shapes: where each bar, line and text stands. The same shapes are shown and
// exported.

import type { ChartUnit } from "../api/types.ts";
import { actionColor, seriesColor } from "../chart/colors.ts";
import { dateTime, type Zone } from "../format/time.ts";
import { drawGround, groundLegend } from "./ground.ts";
import type { Model } from "./model.ts";
import { roundScale, type Scale, timeTicks, valueScale } from "./scale.ts";
import { charWidth, type Frame, lineHeight, type Shapes, textWidth, withUnit } from "./shapes.ts";

/** Writes a value beside an axis: what is counted is not said at each tick. */
function tickText(value: number, unit: ChartUnit | undefined): string {
  return withUnit(value, unit === "packets" || unit === "records" ? undefined : unit);
}

/** Returns the colour of the n-th series; that of an action is the same wherever actions are shown. */
function colorOf(name: string, n: number): string {
  return name === "ACCEPT" || name === "REJECT" ? actionColor(name) : seriesColor(n);
}

/** Returns a text that is no longer than so many characters. */
function clipped(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** Lays out a model in a width; bars of categories can make it higher than asked for. */
export function layout(
  model: Model,
  width: number,
  height: number,
  unit: ChartUnit | undefined,
  zone: Zone,
): Shapes {
  const shapes: Shapes = {
    width,
    height,
    grid: [],
    bands: [],
    marks: [],
    rects: [],
    lines: [],
    dots: [],
    texts: [],
    swatches: [],
  };
  const foot = model.ground ? groundLegend(shapes, model.ground, unit) : legend(shapes, model, width);
  if (model.kind === "bar" && model.axis === "category") {
    rows(shapes, model, unit, foot);
  } else {
    columns(shapes, model, unit, zone, foot);
  }
  return shapes;
}

/** Adds the legend at the top and returns its height. */
function legend(shapes: Shapes, model: Model, width: number): number {
  if (model.series.length < 2) {
    return 4;
  }
  let x = 8;
  let y = 12;
  for (const [i, series] of model.series.entries()) {
    const text = clipped(series.name, 40);
    const wide = 14 + textWidth(text) + 12;
    if (x + wide > width && x > 8) {
      x = 8;
      y += lineHeight;
    }
    shapes.swatches.push({ x, y: y - 9, color: colorOf(series.name, i) });
    shapes.texts.push({ x: x + 14, y, text, anchor: "start", strong: false });
    x += wide;
  }
  return y + 10;
}

/** Returns the values that bars and lines end at: for stacks the sums; and that of a threshold. */
function ends(model: Model): number[] {
  const out: number[] = model.ground?.threshold ? [model.ground.threshold.value] : [];
  for (let i = 0; i < model.places.length; i++) {
    let above = 0;
    let below = 0;
    for (const { values } of model.series) {
      const value = values[i] ?? 0;
      if (!model.stacked) {
        out.push(value);
      } else if (value >= 0) {
        above += value;
      } else {
        below += value;
      }
    }
    out.push(above, below);
  }
  return out;
}

/** Adds bars of categories, one below the other, so that long names can be read. */
function rows(shapes: Shapes, model: Model, unit: ChartUnit | undefined, top: number): void {
  const longest = Math.max(3, ...model.labels.map((label) => Math.min(label.length, 40)));
  const left = Math.min(shapes.width * 0.45, 12 + longest * charWidth);
  const chars = Math.floor((left - 12) / charWidth);
  const lanes = model.stacked ? 1 : Math.max(1, model.series.length);
  const count = Math.max(1, model.places.length);
  const bottom = 22;
  const pitch = Math.min(40, Math.max(8 * lanes + 8, (shapes.height - top - bottom) / count));
  shapes.height = Math.max(shapes.height, Math.ceil(top + bottom + pitch * count));
  const frame = { left, top, right: shapes.width - 64, bottom: top + pitch * count };
  const scale = valueScale(ends(model), Math.max(2, Math.floor((frame.right - left) / 90)));
  const at = (value: number) =>
    frame.left + ((value - scale.min) / (scale.max - scale.min)) * (frame.right - frame.left);
  for (const tick of scale.ticks) {
    shapes.grid.push({ x1: at(tick), x2: at(tick), y1: frame.top, y2: frame.bottom });
    const text = tickText(tick, unit);
    shapes.texts.push({ x: at(tick), y: frame.bottom + 15, text, anchor: "middle", strong: false });
  }
  for (const [i, label] of model.labels.entries()) {
    const y = frame.top + pitch * i;
    const text = clipped(label, chars);
    shapes.texts.push({ x: left - 6, y: y + pitch / 2 + 4, text, anchor: "end", strong: true });
    const stack = { above: 0, below: 0 };
    for (const [n, { name, values }] of model.series.entries()) {
      const value = values[i];
      if (value === null || value === undefined) {
        continue;
      }
      const begin = model.stacked ? begins(stack, value) : 0;
      const [low, high] = [Math.min(begin, begin + value), Math.max(begin, begin + value)];
      const lane = model.stacked ? 0 : n;
      const thick = (pitch - 6) / lanes;
      const title = `${label}${model.series.length > 1 ? `, ${name}` : ""}: ${withUnit(value, unit)}`;
      shapes.rects.push({
        x: at(low),
        y: y + 3 + lane * thick,
        width: Math.max(at(high) - at(low), value === 0 ? 0 : 0.5),
        height: Math.max(1, thick - (lanes > 1 ? 1 : 0)),
        color: colorOf(name, n),
        title,
      });
    }
    if (model.series.length === 1) {
      const value = model.series[0]?.values[i];
      if (value !== null && value !== undefined) {
        const x = at(Math.max(0, value)) + 5;
        shapes.texts.push({
          x,
          y: y + pitch / 2 + 4,
          text: withUnit(value, unit),
          anchor: "start",
          strong: false,
        });
      }
    }
  }
}

/** Returns where a value of a stack begins, and puts it on the stack. */
function begins(stack: { above: number; below: number }, value: number): number {
  const begin = value >= 0 ? stack.above : stack.below;
  if (value >= 0) {
    stack.above += value;
  } else {
    stack.below += value;
  }
  return begin;
}

/** Adds bars and lines over time, numbers, or lines over categories: from left to right. */
function columns(shapes: Shapes, model: Model, unit: ChartUnit | undefined, zone: Zone, top: number): void {
  const scale = valueScale(ends(model), Math.max(2, Math.floor((shapes.height - top - 24) / 40)));
  const left = 14 + Math.max(...scale.ticks.map((tick) => textWidth(tickText(tick, unit))));
  const frame = { left, top: top + 4, right: shapes.width - 16, bottom: shapes.height - 24 };
  const yOf = (value: number) =>
    frame.bottom - ((value - scale.min) / (scale.max - scale.min)) * (frame.bottom - frame.top);
  // Without values there is nothing to read off.
  for (const tick of model.series.length > 0 ? scale.ticks : []) {
    shapes.grid.push({ x1: frame.left, x2: frame.right, y1: yOf(tick), y2: yOf(tick) });
    shapes.texts.push({
      x: left - 6,
      y: yOf(tick) + 4,
      text: tickText(tick, unit),
      anchor: "end",
      strong: false,
    });
  }
  const across = acrossOf(model, frame);
  axis(shapes, model, frame, across, zone);
  if (model.ground) {
    drawGround(shapes, model.ground, frame, across.at, yOf, unit, zone);
  }
  const when = (i: number) =>
    model.axis === "time"
      ? dateTime(model.places[i] ?? 0, zone)
      : (model.labels[i] ?? String(model.places[i]));
  const title = (i: number, name: string, value: number) => `${when(i)}, ${name}: ${withUnit(value, unit)}`;
  const stacks = model.places.map(() => ({ above: 0, below: 0 }));
  for (const [n, { name, values }] of model.series.entries()) {
    const color = colorOf(name, n);
    const spans = values.map((value, i) => {
      const stack = stacks[i];
      // On a stack what is not there has no height; a line alone has a gap there.
      if (model.stacked && stack) {
        const begin = begins(stack, value ?? 0);
        return { begin, end: begin + (value ?? 0), value };
      }
      return { begin: 0, end: value ?? 0, value };
    });
    if (model.kind === "bar") {
      const lanes = model.stacked ? 1 : model.series.length;
      for (const [i, span] of spans.entries()) {
        if (span.value === null) {
          continue;
        }
        const wide = across.band / lanes;
        const y = yOf(Math.max(span.begin, span.end));
        shapes.rects.push({
          x: across.at(model.places[i] ?? 0) + (model.stacked ? 0 : n * wide),
          y,
          width: Math.max(0.5, wide - (wide > 4 ? 1 : 0)),
          height: yOf(Math.min(span.begin, span.end)) - y,
          color,
          title: title(i, name, span.value),
        });
      }
      continue;
    }
    const points = spans.map((span, i) =>
      span.value === null && !model.stacked
        ? null
        : { x: across.at(model.places[i] ?? 0), y: yOf(span.end), ground: yOf(span.begin) },
    );
    lines(shapes, points, color, model.stacked);
    for (const [i, point] of points.entries()) {
      const value = values[i];
      if (point && value !== null && value !== undefined) {
        shapes.dots.push({ x: point.x, y: point.y, color, title: title(i, name, value) });
      }
    }
  }
}

/** Adds the line through points, in pieces where one is missing, and the ground below it. */
function lines(
  shapes: Shapes,
  points: ({ x: number; y: number; ground: number } | null)[],
  color: string,
  fill: boolean,
): void {
  let piece: { x: number; y: number; ground: number }[] = [];
  const end = () => {
    if (piece.length > 1) {
      const line = piece.map((p, i) => `${i === 0 ? "M" : "L"}${round(p.x)} ${round(p.y)}`).join("");
      if (fill) {
        const back = piece.toReversed().map((p) => `L${round(p.x)} ${round(p.ground)}`);
        shapes.lines.push({ path: `${line}${back.join("")}Z`, color, fill: true });
      }
      shapes.lines.push({ path: line, color, fill: false });
    }
    piece = [];
  };
  for (const point of points) {
    if (point) {
      piece.push(point);
    } else {
      end();
    }
  }
  end();
}

function round(n: number): number {
  return Math.round(n * 100) / 100;
}

interface Across {
  /** Returns where a place is: of bars their left edge. */
  at: (place: number) => number;
  /** The width of a bar, or of all bars of a place. */
  band: number;
  from: number;
  to: number;
  scale?: Scale;
}

/** Returns where places lie from left to right. */
function acrossOf(model: Model, frame: Frame): Across {
  const first = model.places[0] ?? 0;
  const last = model.places.at(-1) ?? 0;
  // A bar is as wide as the narrowest distance of two, as of buckets of time.
  let step = Number.POSITIVE_INFINITY;
  for (let i = 1; i < model.places.length; i++) {
    step = Math.min(step, (model.places[i] ?? 0) - (model.places[i - 1] ?? 0));
  }
  if (!Number.isFinite(step)) {
    step = model.axis === "time" ? 3600 : 1;
  }
  const bars = model.kind === "bar";
  let [from, to] = model.ground
    ? [model.ground.from, model.ground.to]
    : bars
      ? [first, last + step]
      : first === last
        ? [first - step / 2, last + step / 2]
        : [first, last];
  let scale: Scale | undefined;
  if (model.axis === "number") {
    scale = roundScale(from, to, Math.max(2, Math.floor((frame.right - frame.left) / 80)));
    [from, to] = [scale.min, scale.max];
  }
  const per = (frame.right - frame.left) / (to - from);
  const at = (place: number) => frame.left + (place - from) * per;
  return { at, band: step * per, from, to, ...(scale ? { scale } : {}) };
}

/** Adds what stands below the axis. */
function axis(shapes: Shapes, model: Model, frame: Frame, across: Across, zone: Zone): void {
  const y = frame.bottom + 16;
  const add = (x: number, text: string) => shapes.texts.push({ x, y, text, anchor: "middle", strong: false });
  const room = frame.right - frame.left;
  if (model.axis === "time") {
    for (const tick of timeTicks(across.from, across.to, Math.max(2, Math.floor(room / 90)), zone)) {
      shapes.grid.push({
        x1: across.at(tick.at),
        x2: across.at(tick.at),
        y1: frame.bottom,
        y2: frame.bottom + 4,
      });
      add(Math.min(across.at(tick.at), shapes.width - textWidth(tick.text) / 2), tick.text);
    }
  } else if (model.axis === "number") {
    for (const tick of across.scale?.ticks ?? []) {
      add(across.at(tick), withUnit(tick, undefined));
    }
  } else {
    const every = Math.ceil((model.labels.length * 90) / Math.max(1, room));
    for (const [i, label] of model.labels.entries()) {
      if (i % every === 0) {
        add(across.at(i), clipped(label, 14));
      }
    }
  }
}
