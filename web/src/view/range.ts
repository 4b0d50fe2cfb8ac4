// The time range of a view: what the person chose, and what it is just now.

/** The spans that can be chosen, in seconds. */
export const spans = { "15m": 900, "1h": 3600, "6h": 21600, "24h": 86400, "7d": 604800 } as const;

export type SpanName = keyof typeof spans;

/**
 * A chosen range: a span that ends at the newest record or at the clock and so
 * moves on; everything in the lake; or two moments, from inclusive, to exclusive.
 */
export type Range =
  | { last: SpanName; until: "newest" | "now" }
  | { last: "all" }
  | { from: number; to: number };

/** A range as moments, with the bucket width that suits it. */
export interface Resolved {
  from: number;
  to: number;
  step: number;
}

/** What of the lake a range depends on. */
export interface Extent {
  oldest: number | null;
  newest: number | null;
  now: number;
}

// Widths of buckets. Flow logs aggregate over 1 or 10 minutes, so that narrower
// buckets than a minute would show the aggregation and not the traffic.
const steps = [60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800];

/** The largest number of buckets that a chart shows. */
const mostBuckets = 180;

/** Returns the narrowest bucket that gives at most mostBuckets for a span. */
export function stepOf(span: number): number {
  for (const step of steps) {
    if (span / step <= mostBuckets) {
      return step;
    }
  }
  const week = 604800;
  return week * Math.ceil(span / week / mostBuckets);
}

/**
 * Returns the moments of a range, or undefined where they depend on records and
 * there are none. Spans end at the end of a bucket, so that their first and last
 * bucket are whole.
 */
export function resolve(range: Range, extent: Extent): Resolved | undefined {
  if ("from" in range) {
    return { from: range.from, to: range.to, step: stepOf(range.to - range.from) };
  }
  const end = range.last !== "all" && range.until === "now" ? extent.now : extent.newest;
  if (end === null || extent.oldest === null) {
    return undefined;
  }
  if (range.last === "all") {
    const step = stepOf(end + 1 - extent.oldest);
    return { from: floorTo(extent.oldest, step), to: floorTo(end, step) + step, step };
  }
  const length = spans[range.last];
  const step = stepOf(length);
  const to = floorTo(end, step) + step;
  return { from: to - length, to, step };
}

/** Returns the largest multiple of step that is not above a moment. */
export function floorTo(at: number, step: number): number {
  return Math.floor(at / step) * step;
}

/** Returns the range moved by half its length, to the past or to the future. */
export function moved(range: Resolved, direction: -1 | 1): Range {
  const by = direction * Math.max(range.step, floorTo((range.to - range.from) / 2, range.step));
  return { from: range.from + by, to: range.to + by };
}

/** Returns the range of twice the length around the same middle. */
export function widened(range: Resolved): Range {
  const by = Math.max(60, Math.floor((range.to - range.from) / 2));
  return { from: range.from - by, to: range.to + by };
}
