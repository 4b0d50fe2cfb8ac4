// The place of a mistake in a text.

import type { Problem } from "../api/types.ts";
import { indexOfByte } from "../filter/text.ts";

/** A mistake's line with carets below it, and where it is. */
export interface Place {
  line: number;
  column: number;
  text: string;
  carets: string;
  /** The place in the text, in characters of the string. */
  from: number;
  to: number;
}

/** Returns the place of a problem in its text, or undefined where it has none. */
export function placeOf(text: string, problem: Problem): Place | undefined {
  if (problem.param !== "text" || problem.offset === null) {
    return undefined;
  }
  const from = indexOfByte(text, problem.offset);
  const to = Math.max(from, indexOfByte(text, problem.offset + problem.length));
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const behind = text.indexOf("\n", from);
  const end = behind < 0 ? text.length : behind;
  const before = [...text.slice(start, from)];
  const width = Math.max(1, [...text.slice(from, Math.min(to, end))].length);
  return {
    line: text.slice(0, start).split("\n").length,
    column: before.length + 1,
    text: text.slice(start, end),
    // Tabs stay tabs, so that the carets stand right whatever a tab's width is.
    carets: before.map((c) => (c === "\t" ? "\t" : " ")).join("") + "^".repeat(width),
    from,
    to,
  };
}
