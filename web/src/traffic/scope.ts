// What every panel of the page reads: the records of a range that the filter keeps.

import type { Params } from "../api/client.ts";
import type { Kind } from "../api/types.ts";
import { zoneName } from "../format/time.ts";
import type { Resolved } from "../view/range.ts";
import type { View } from "../view/view.ts";

export interface Scope extends Resolved {
  kind: Kind;
  where: string;
  /** Count the same traffic as often as it was recorded. */
  every: boolean;
  /** The zone in which the filter's times are read; "" where there is no filter. */
  tz: string;
  /** Stays the same while the person chooses nothing else, also where the range moves on with new data. */
  choice: string;
  /** The state of the lake, as lake.revision counts it. */
  revision: number;
}

/** Returns the scope of a view. */
export function scopeOf(view: View, range: Resolved, revision: number): Scope {
  const tz = view.where === "" ? "" : zoneName(view.zone);
  const choice = JSON.stringify([view.kind, view.range, view.where, view.every, tz]);
  return { ...range, kind: view.kind, where: view.where, every: view.every, tz, choice, revision };
}

/** Returns the parameters that every read of a scope has. */
export function paramsOf(scope: Scope): Params {
  return {
    kind: scope.kind,
    from: scope.from,
    to: scope.to,
    where: scope.where,
    every: scope.every,
    tz: scope.tz,
  };
}
