import { defineConfig } from "@playwright/test";

// The browser is Debian's, so that installing the packages downloads none. As root,
// as in a container, Chromium runs only without its sandbox.
const root = process.getuid?.() === 0;

export default defineConfig({
  testDir: "./tests",
  globalSetup: "./tests/build.ts",
  outputDir: "./node_modules/.test-results",
  forbidOnly: process.env.CI !== undefined,
  retries: 0,
  workers: 2,
  reporter: "list",
  timeout: 30_000,
  expect: { timeout: 10_000 },
  use: {
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    viewport: { width: 1280, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: root ? ["--no-sandbox"] : [],
    },
  },
});
