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
  return (await (await ask("GET", url, undefined, signal)).json()) as T;
}

/** Sends a body, or removes what an address names, and reads the answer. It throws as read does. */
export async function send<T>(
  method: "POST" | "PUT" | "DELETE",
  url: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  return (await (await ask(method, url, body, signal)).json()) as T;
}

/** A file that the server made, with its name. */
export interface Download {
  name: string;
  content: Blob;
}

/** Asks for a file. It throws as read does. */
export async function download(url: string, body: unknown, signal?: AbortSignal): Promise<Download> {
  const response = await ask("POST", url, body, signal);
  const disposition = response.headers.get("content-disposition") ?? "";
  const encoded = /filename\*=utf-8''([^;]+)/i.exec(disposition)?.[1];
  const plain = /filename="?([^";]+)"?/i.exec(disposition)?.[1];
  const name = encoded ? decodeURIComponent(encoded) : (plain ?? "query");
  try {
    return { name, content: await response.blob() };
  } catch (cause) {
    if (signal?.aborted) {
      throw cause;
    }
    throw new ApiError(0, { ...nothing, message: "the file broke off: the query failed on the way" });
  }
}

/** Sends a request and returns the answer, which went well. */
async function ask(method: string, url: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
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
  return response;
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
