// Whether a filter can be read: asked of the server before any panel uses it, so
// that a mistake costs one small request and the panels keep what they show.

import { address, read } from "../api/client.ts";
import { problemOf } from "../api/resource.svelte.ts";
import type { Check, Kind, Problem } from "../api/types.ts";

/** A filter with all that its reading depends on. */
export interface Question {
  kind: Kind;
  where: string;
  tz: string;
}

export class FilterCheck {
  /** The last question that was found wrong, and what is wrong with it. */
  wrong = $state.raw<{ question: Question; problem: Problem } | undefined>(undefined);
  #right = $state.raw<Question | undefined>(undefined);

  /** Reports whether a filter is known to be right. No filter always is. */
  holds(question: Question): boolean {
    return question.where === "" || same(question, this.#right);
  }

  /** Asks the server and resolves to whether the filter is right. */
  async ask(question: Question): Promise<boolean> {
    if (this.holds(question)) {
      this.wrong = undefined;
      return true;
    }
    let problem: Problem | null;
    try {
      problem = (await read<Check>(address("check", { ...question }))).problem;
    } catch (error) {
      problem = problemOf(error);
    }
    if (problem) {
      this.wrong = { question, problem };
      return false;
    }
    this.#right = question;
    this.wrong = undefined;
    return true;
  }
}

function same(a: Question, b: Question | undefined): boolean {
  return b !== undefined && a.kind === b.kind && a.where === b.where && a.tz === b.tz;
}
