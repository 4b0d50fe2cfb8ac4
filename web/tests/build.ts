// Builds the test server and the program, and makes logs, once for all tests.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export default function build(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "weir-console-"));
  const repository = fileURLToPath(new URL("../..", import.meta.url));
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd: repository, stdio: ["ignore", "ignore", "inherit"] });

  process.env.WEIR_CONSOLETEST = join(folder, "consoletest");
  run("go", "build", "-o", process.env.WEIR_CONSOLETEST, "./internal/console/consoletest");
  process.env.WEIR_PROGRAM = join(folder, "weir");
  run("go", "build", "-tags", process.env.WEIR_TAGS ?? "", "-o", process.env.WEIR_PROGRAM, "./cmd/weir");
  process.env.WEIR_LOGS = join(folder, "logs");
  run(process.env.WEIR_PROGRAM, "synth", "--quiet", "--records", "15000", process.env.WEIR_LOGS);
  return () => rmSync(folder, { recursive: true });
}
