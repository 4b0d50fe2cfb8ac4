// The colours of series, by their place in the stack. They are CSS variables, so
// that they follow the light and the dark scheme.

/** How many colours there are; the chart shows no more series than that. */
export const colors = 12;

/** Returns the colour of the n-th series. */
export function seriesColor(n: number): string {
  return `var(--series-${(n % colors) + 1})`;
}

/** The colour of what is not shown as a series of its own. */
export const otherColor = "var(--series-other)";

/** Returns the colour of an action: the same wherever actions are shown. */
export function actionColor(action: string | null): string {
  if (action === "REJECT") {
    return "var(--reject)";
  }
  return action === "ACCEPT" ? "var(--accept)" : otherColor;
}

/** Returns the value of a colour that may be a CSS variable, as a canvas takes it. */
export function computed(color: string, element: Element): string {
  const name = /^var\((--[\w-]+)\)$/.exec(color)?.[1];
  return name ? getComputedStyle(element).getPropertyValue(name).trim() : color;
}
