// The drawing of stacked bars over time with uPlot: axes and bars only. What the
// person does with them lies in Chart.svelte.

import uPlot from "uplot";
import { scaleOf } from "../format/number.ts";
import { clock, date, partsOf, type Zone } from "../format/time.ts";
import { computed } from "./colors.ts";
import { edges, type Layer } from "./stack.ts";

/** What a chart shows. */
export interface ChartData {
  /** Start of each bucket, in seconds since the epoch, and its width. */
  times: number[];
  step: number;
  /** The bounds of the time axis. */
  from: number;
  to: number;
  /** The layers, the lowest first. */
  layers: Layer[];
  zone: Zone;
  /** The layer that is shown strongly, the others weakly; -1 shows all alike. */
  strong: number;
}

/** The place of the bars in the chart, in CSS pixels. */
export interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * Makes a plot of as many layers as data() has now. The plot asks data() whenever it
 * draws; call redraw after it changed.
 */
export function makePlot(host: HTMLElement, width: number, height: number, data: () => ChartData): uPlot {
  const style = getComputedStyle(host);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const count = data().layers.length;
  // A small chart stands beside a large one and leaves the dates to it.
  const small = height < 120;
  const font = `11px ${color("--sans")}`;
  const bars = uPlot.paths.bars;
  if (!bars) {
    throw new Error("uPlot was built without bars");
  }
  // Bars of the whole stack are drawn first and the lower ones over them.
  const series: uPlot.Series[] = Array.from({ length: count }, (_, drawn) => ({
    fill: () => fillOf(host, data(), count - 1 - drawn, color("--panel")),
    width: 0,
    points: { show: false },
    paths: bars({ align: 1, size: [1, Number.POSITIVE_INFINITY, 1], gap: data().times.length > 90 ? 0 : 1 }),
  }));
  const axis = {
    font,
    stroke: color("--dim"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
  };
  const options: uPlot.Options = {
    width,
    height,
    padding: [6, 22, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    tzDate: (ts) =>
      data().zone === "utc" ? uPlot.tzDate(new Date(ts * 1000), "Etc/UTC") : new Date(ts * 1000),
    scales: {
      x: { time: true, range: () => [data().from, data().to] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.04 : 1] },
    },
    axes: [
      {
        ...axis,
        size: small ? 20 : 32,
        space: 64,
        values: (_, splits, __, ___, incr) => timeTicks(splits, incr, data().zone, small),
      },
      { ...axis, size: 46, space: small ? 22 : 32, values: (u, splits) => valueTicks(u, splits) },
    ],
    series: [{}, ...series],
  };
  return new uPlot(options, table(data()), host);
}

/** Draws what data() gives now. */
export function redraw(plot: uPlot, data: ChartData): void {
  plot.setData(table(data));
}

/** Returns where the bars of a plot are. */
export function areaOf(plot: uPlot): Area {
  const { left, top, width, height } = plot.bbox;
  const ratio = devicePixelRatio;
  return { left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio };
}

/** Returns uPlot's table: the times, then the edges of the layers, the top one first. */
function table(data: ChartData): uPlot.AlignedData {
  return [data.times, ...edges(data.layers, data.times.length).reverse()] as uPlot.AlignedData;
}

/** Returns the colour of a layer; mixed with the ground where another one is strong. */
function fillOf(host: HTMLElement, data: ChartData, layer: number, ground: string): string {
  const color = computed(data.layers[layer]?.color ?? "", host);
  return data.strong < 0 || data.strong === layer ? color : mixed(color, ground, 0.78);
}

/** Mixes two colours of the forms #rgb and #rrggbb; part is that of the second. */
function mixed(first: string, second: string, part: number): string {
  const channel = (color: string, i: number) => {
    const digits = color.length === 4 ? color.charAt(1 + i).repeat(2) : color.slice(1 + 2 * i, 3 + 2 * i);
    return Number.parseInt(digits, 16);
  };
  const channels = [0, 1, 2].map((i) =>
    Math.round(channel(first, i) * (1 - part) + channel(second, i) * part)
      .toString(16)
      .padStart(2, "0"),
  );
  return `#${channels.join("")}`;
}

/** Writes the ticks of the time axis: the time of day, and the date where it begins or is all there is. */
function timeTicks(splits: number[], incr: number, zone: Zone, small: boolean): string[] {
  let lastDate = "";
  return splits.map((at) => {
    const day = date(at, zone).slice(5);
    if (incr >= 86400) {
      return day;
    }
    const p = partsOf(at, zone);
    const time = incr < 60 ? `${clock(at, zone)}:${String(p.second).padStart(2, "0")}` : clock(at, zone);
    const text = small || day === lastDate ? time : `${time}\n${day}`;
    lastDate = day;
    return text;
  });
}

/** Writes the ticks of the value axis in the scale that the axis's unit is given in. */
function valueTicks(plot: uPlot, splits: number[]): string[] {
  const { factor } = scaleOf(plot.scales.y?.max ?? 0);
  return splits.map((value) => String(Number((value / factor).toPrecision(6))));
}
