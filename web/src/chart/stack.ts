// Stacking: from the values of each series to the heights that are drawn.

/** One layer of a stack; values stand in the order of the buckets. */
export interface Layer {
  label: string;
  /** A CSS colour. */
  color: string;
  values: number[];
}

/**
 * Returns the upper edge of each layer, the first layer at the bottom. The result
 * has the order of the layers.
 */
export function edges(layers: Layer[], buckets: number): number[][] {
  const sum = new Array<number>(buckets).fill(0);
  return layers.map((layer) => {
    for (let i = 0; i < buckets; i++) {
      sum[i] = (sum[i] ?? 0) + (layer.values[i] ?? 0);
    }
    return sum.slice();
  });
}

/** Returns the layer that a value of the y axis lies in, or -1 where it is above all. */
export function layerAt(stacked: number[][], bucket: number, y: number): number {
  let below = 0;
  for (const [i, edge] of stacked.entries()) {
    const top = edge[bucket] ?? 0;
    if (y >= below && y < top) {
      return i;
    }
    below = top;
  }
  return -1;
}

/** Returns the place of the bucket that holds a moment, or -1. */
export function bucketAt(times: number[], step: number, at: number): number {
  const first = times[0];
  if (first === undefined) {
    return -1;
  }
  const i = Math.floor((at - first) / step);
  return i >= 0 && i < times.length ? i : -1;
}
