// What the browser tests share: a server of their own, and that nothing goes wrong
// unseen in the page.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test as base, expect, type Locator, type Page } from "@playwright/test";

/** A server over the same records each time; see internal/console/consoletest. */
export class Server {
  readonly url: string;
  readonly #process: ChildProcessWithoutNullStreams;

  private constructor(url: string, process: ChildProcessWithoutNullStreams) {
    this.url = url;
    this.#process = process;
  }

  static async start(args: string[]): Promise<Server> {
    const program = process.env.WEIR_CONSOLETEST;
    if (!program) {
      throw new Error("the test server was not built");
    }
    const started = spawn(program, args);
    started.stderr.pipe(process.stderr);
    for await (const url of createInterface(started.stdout)) {
      return new Server(url, started);
    }
    throw new Error("the test server ended before it listened");
  }

  /** Commits five minutes of newer records. */
  commit(): void {
    this.#process.stdin.write("commit\n");
  }

  /** Turns the state of the alarm "refused ssh". */
  alarm(): void {
    this.#process.stdin.write("alarm\n");
  }

  /** Ends the server and waits until it has ended. */
  async stop(): Promise<void> {
    const exit = once(this.#process, "exit");
    this.#process.stdin.end();
    await exit;
  }
}

interface Fixtures {
  /** Arguments of the test server. */
  serverArgs: string[];
  server: Server;
  /** Errors that a test brings about itself. */
  expectedErrors: RegExp | undefined;
  traffic: Traffic;
}

/** The page "Traffic", by its roles. */
export class Traffic {
  readonly page: Page;
  readonly filter: Locator;
  readonly chart: Locator;
  readonly grid: Locator;

  constructor(page: Page) {
    this.page = page;
    this.filter = page.getByRole("combobox", { name: "Filter", exact: true });
    this.chart = page.getByRole("slider", { name: /^(Bytes|Packets|Records)( by \S+)? over time/ });
    this.grid = page.getByRole("grid", { name: "Records, newest first" });
  }

  /** Opens the page with a query and waits until all panels have answered. */
  async open(query = ""): Promise<void> {
    await this.page.goto(`/${query}`);
    await this.settled();
  }

  /** Waits until no panel is loading. */
  async settled(): Promise<void> {
    await expect(this.page.locator("section[aria-busy]").first()).toBeAttached();
    await expect(this.page.locator('[aria-busy="true"]')).toHaveCount(0);
    await expect(this.page.getByText("Loading…")).toHaveCount(0);
  }

  panel(name: string): Locator {
    return this.page.getByRole("region", { name, exact: true });
  }

  /** Returns a cell of the table of records: row 0 is the newest record, column 1 the first value. */
  cell(row: number, column: number): Locator {
    return this.grid
      .getByRole("row")
      .nth(row + 1)
      .getByRole("gridcell")
      .nth(column);
  }

  /** Types a filter and applies it. */
  async apply(text: string): Promise<void> {
    await this.filter.fill(text);
    await this.filter.press("Enter");
  }

  /** Returns the query of the address, decoded. */
  query(): URLSearchParams {
    return new URL(this.page.url()).searchParams;
  }
}

export const test = base.extend<Fixtures>({
  serverArgs: [[], { option: true }],
  expectedErrors: [undefined, { option: true }],

  server: async ({ serverArgs }, use) => {
    const server = await Server.start(serverArgs);
    await use(server);
    await server.stop();
  },

  baseURL: async ({ server }, use) => use(server.url),

  // Every test fails on an error in the page's console, on an exception, and on
  // anything that the content security policy refused.
  page: async ({ page, expectedErrors }, use) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(`exception: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        errors.push(`${message.type()}: ${message.text()}`);
      }
    });
    await page.exposeFunction("reportViolation", (text: string) => errors.push(`policy: ${text}`));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const report = (window as unknown as { reportViolation: (text: string) => void }).reportViolation;
        report(`${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    await use(page);
    expect(errors.filter((error) => !expectedErrors?.test(error))).toEqual([]);
  },

  traffic: async ({ page }, use) => use(new Traffic(page)),
});

export { expect };
