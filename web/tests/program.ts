// A server of the program itself over a lake of synthetic records, for the pages whose queries need
// the engine. Each test has a lake of its own, of the same logs.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Download, Locator, Page } from "@playwright/test";
import { test as base, expect } from "./weir.ts";

interface Answer {
  columns: { name: string; type: string }[];
  rows: (string | number | boolean | null)[][];
}

/** The page "Query", by its roles. */
export class QueryPage {
  readonly page: Page;
  readonly text: Locator;
  readonly result: Locator;

  constructor(page: Page) {
    this.page = page;
    this.text = page.getByRole("textbox", { name: "Query" });
    this.result = page.locator("section[aria-busy]");
  }

  /** Opens the page and waits until what the address asks is answered. */
  async open(query = "?zone=utc"): Promise<void> {
    await this.page.goto(`/query${query}`);
    await expect(this.page.getByRole("button", { name: "Run" })).toBeVisible();
  }

  /** Runs a text and waits for the answer. */
  async run(text: string): Promise<void> {
    await this.text.fill(text);
    await this.text.press("Control+Enter");
    await this.settled();
  }

  async settled(): Promise<void> {
    await expect(this.page.locator('[aria-busy="true"]')).toHaveCount(0);
    await expect(this.result.getByRole("status").first()).toContainText(/rows? /);
  }

  /** Returns what the API answers to a query, over all there is. */
  async ask(text: string, language = "sql"): Promise<Answer> {
    const response = await this.page.request.post("/api/v1/query", { data: { language, text } });
    expect(response.status()).toBe(200);
    return (await response.json()) as Answer;
  }

  /** Clicks a form of the export menu within a part of the page, and returns the file. */
  async export(within: Locator, form: string): Promise<{ name: string; content: Buffer }> {
    const menu = within.getByRole("button", { name: "Export" });
    if ((await menu.getAttribute("aria-expanded")) === "false") {
      await menu.click();
    }
    const coming = this.page.waitForEvent("download");
    await within.getByRole("button", { name: form, exact: true }).click();
    return await contentOf(await coming);
  }
}

/** Reads a download. */
export async function contentOf(download: Download): Promise<{ name: string; content: Buffer }> {
  return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
}

async function start(data: string): Promise<{ url: string; process: ChildProcess }> {
  const started = spawn(
    process.env.WEIR_PROGRAM ?? "",
    ["serve", "--data", data, "--listen", "127.0.0.1:0"],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let log = "";
  started.stderr?.on("data", (part) => {
    log += part;
  });
  if (started.stdout) {
    for await (const line of createInterface(started.stdout)) {
      const url = /http:\/\/[^ /]+/.exec(line)?.[0];
      if (url) {
        return { url, process: started };
      }
    }
  }
  throw new Error(`weir serve ended before it listened: ${log}`);
}

interface Fixtures {
  /** The data directory. */
  data: string;
  weir: string;
  query: QueryPage;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright insists on a pattern
  data: async ({}, use, info) => use(info.outputPath("data")),
  weir: async ({ data }, use) => {
    // A data directory can't be copied: each takes the logs itself.
    const { WEIR_PROGRAM = "", WEIR_LOGS = "" } = process.env;
    execFileSync(WEIR_PROGRAM, ["open", "--quiet", "--data", data, WEIR_LOGS], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const server = await start(data);
    await use(server.url);
    const exit = once(server.process, "exit");
    server.process.kill("SIGINT");
    await exit;
  },
  baseURL: async ({ weir }, use) => use(weir),
  query: async ({ page }, use) => use(new QueryPage(page)),
});

export { expect };
