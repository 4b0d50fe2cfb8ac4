// The client of the JSON API: one function for every read, with the server's
// problem as the error.

import type { Failure, Problem } from "./types.ts";

/** Values of a request's parameters; empty and undefined ones are left out. */
export type Params = Record<string, string | number | boolean | undefined>;

/** A request that failed, with the server's words where it gave some. */
export class ApiError extends Error {
  readonly problem: Problem;
  /** The HTTP status, or 0 where no answer came. */
  readonly status: number;

  constructor(status: number, problem: Problem) {
    super(problem.message);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }
}

/** Returns the address of a read, with its parameters in a fixed order. */
export function address(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== "" && value !== false) {
      query.set(name, String(value));
    }
  }
  const text = query.toString();
  return `/api/v1/${path}${text === "" ? "" : `?${text}`}`;
}

/** Reads an address. It throws ApiError, or the AbortError of the signal. */
export async function read<T>(url: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { accept: "application/json" },
      credentials: "same-origin",
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") {
      throw cause;
    }
    throw new ApiError(0, {
      ...nothing,
      message: "weir does not answer",
      hint: "check that weir serve is running",
    });
  }
  if (response.status === 401) {
    toLogin();
  }
  if (!response.ok) {
    throw new ApiError(response.status, await problemOf(response));
  }
  return (await response.json()) as T;
}

const nothing: Problem = { message: "", hint: "", param: "", offset: null, length: 0 };

/** Reads the problem of an answer; one that did not come from the API is named by its status. */
async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as Partial<Failure>;
    if (body.error?.message) {
      return body.error;
    }
  } catch {
    // Not JSON: a proxy's page, or an answer that broke off.
  }
  return { ...nothing, message: `the server answered ${response.status} ${response.statusText}`.trim() };
}

/** Goes to the login page; the view comes back after it. */
function toLogin(): void {
  const here = location.pathname + location.search;
  location.assign(`/login?next=${encodeURIComponent(here)}`);
}
