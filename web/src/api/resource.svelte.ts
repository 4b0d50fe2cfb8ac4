// A value that is read from the API and read again: what a panel shows.

import { ApiError, read } from "./client.ts";
import type { Problem } from "./types.ts";

/**
 * Resource holds the newest answer to a read. While the next one is under way
 * the last answer stays, so that a refresh does not empty a panel.
 */
export class Resource<T> {
  /** The last answer. */
  data = $state.raw<T | undefined>(undefined);
  /** Why the last read failed, or undefined. */
  problem = $state.raw<Problem | undefined>(undefined);
  loading = $state(false);

  #running: AbortController | undefined;

  /** Reads url. A read that is under way is given up. Resolves when this read is over. */
  async load(url: string): Promise<void> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.loading = true;
    try {
      const data = await read<T>(url, running.signal);
      if (this.#running === running) {
        this.data = data;
        this.problem = undefined;
      }
    } catch (error) {
      if (this.#running === running) {
        this.problem = problemOf(error);
      }
    } finally {
      if (this.#running === running) {
        this.loading = false;
      }
    }
  }

  /** Gives up a read that is under way. */
  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.loading = false;
  }
}

/** Returns what is wrong, for any error that a read can throw. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) {
    return error.problem;
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message, hint: "", param: "", offset: null, length: 0 };
}
