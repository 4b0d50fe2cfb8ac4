// Ranges of documents and of the page: the same, in two forms.

import type { DocumentRange } from "../api/types.ts";
import type { Range } from "../view/range.ts";

/** Returns a range as documents have it. */
export function documentRange(range: Range): DocumentRange {
  if ("from" in range) {
    return { from: range.from, to: range.to };
  }
  return range.last === "all" ? { last: "all" } : { last: range.last, until: range.until };
}

/** Returns the range of a document. */
export function pageRange(range: DocumentRange): Range {
  if (range.from !== undefined && range.to !== undefined) {
    return { from: range.from, to: range.to };
  }
  if (range.last === undefined || range.last === "all") {
    return { last: "all" };
  }
  return { last: range.last, until: range.until ?? "newest" };
}
