// A query that runs, or has run.

import { address, send } from "../api/client.ts";
import { problemOf } from "../api/resource.svelte.ts";
import type { Problem, QueryAnswer } from "../api/types.ts";
import { lake } from "../shell/lake.svelte.ts";
import { type Range, resolve } from "../view/range.ts";

/** What was asked. */
export interface Question {
  language: string;
  text: string;
  from?: number;
  to?: number;
}

/**
 * Returns the question of a query over a range, as the range is just now; one that depends on
 * records where there are none, or that is of all, has no bounds.
 */
export function questionOf(language: string, text: string, range: Range): Question {
  const all = "last" in range && range.last === "all";
  const tables = lake.status?.tables ?? [];
  const oldest = tables.map((t) => t.oldest).filter((at) => at !== null);
  const newest = tables.map((t) => t.newest).filter((at) => at !== null);
  const resolved = all
    ? undefined
    : resolve(range, {
        oldest: oldest.length > 0 ? Math.min(...oldest) : null,
        newest: newest.length > 0 ? Math.max(...newest) : null,
        now: Math.floor(lake.now),
      });
  return { language, text, ...(resolved ? { from: resolved.from, to: resolved.to } : {}) };
}

/** Run holds the newest answer to a query. While the next one is under way the last stays. */
export class Run {
  answer = $state.raw<QueryAnswer | undefined>(undefined);
  /** What the answer, or the problem, is of. */
  asked = $state.raw<Question | undefined>(undefined);
  problem = $state.raw<Problem | undefined>(undefined);
  running = $state(false);
  /** It was given up before it answered. */
  cancelled = $state(false);

  #control: AbortController | undefined;

  /** Runs a query; one that is under way is given up. */
  async start(question: Question): Promise<void> {
    this.#control?.abort();
    const control = new AbortController();
    this.#control = control;
    this.running = true;
    this.cancelled = false;
    try {
      const answer = await send<QueryAnswer>("POST", address("query"), question, control.signal);
      if (this.#control === control) {
        this.answer = answer;
        this.problem = undefined;
        this.asked = question;
      }
    } catch (error) {
      if (this.#control === control) {
        this.answer = undefined;
        this.problem = problemOf(error);
        this.asked = question;
      }
    } finally {
      if (this.#control === control) {
        this.running = false;
      }
    }
  }

  /** Gives up a query that runs; the server ends it. */
  cancel(): void {
    if (this.running) {
      this.#control?.abort();
      this.#control = undefined;
      this.running = false;
      this.cancelled = true;
    }
  }
}
