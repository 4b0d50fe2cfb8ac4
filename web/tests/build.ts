// Builds the test server once for all tests.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export default function build(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "weir-console-"));
  process.env.WEIR_CONSOLETEST = join(folder, "consoletest");
  const repository = fileURLToPath(new URL("../..", import.meta.url));
  execFileSync("go", ["build", "-o", process.env.WEIR_CONSOLETEST, "./internal/console/consoletest"], {
    cwd: repository,
    stdio: "inherit",
  });
  return () => rmSync(folder, { recursive: true });
}
