// A client of AWS for the tests: it signs requests as AWS's own do (Signature Version 4).

import { execFileSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";

const targets = {
  monitoring: { prefix: "GraniteServiceVersion20100801", version: "1.0" },
  logs: { prefix: "Logs_20140328", version: "1.1" },
};

/** Calls operations of a running weir with a key of its data directory. */
export class Client {
  readonly #url: string;
  readonly #id: string;
  readonly #secret: string;

  constructor(url: string, data: string) {
    this.#url = url;
    const made = execFileSync(
      process.env.WEIR_PROGRAM ?? "",
      ["keys", "create", "browser", "--json", "--data", data],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    const key = JSON.parse(made.toString()) as { id: string; secret: string };
    this.#id = key.id;
    this.#secret = key.secret;
  }

  /** Carries out an operation and returns its answer. */
  async call<T = unknown>(service: keyof typeof targets, operation: string, input: unknown): Promise<T> {
    const { prefix, version } = targets[service];
    const body = JSON.stringify(input);
    const at = `${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}`;
    const scope = `${at.slice(0, 8)}/us-east-1/${service}/aws4_request`;
    const headers: Record<string, string> = {
      "content-type": `application/x-amz-json-${version}`,
      host: new URL(this.#url).host,
      "x-amz-date": at,
      "x-amz-target": `${prefix}.${operation}`,
    };
    const names = Object.keys(headers).join(";");
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const request = `POST\n/\n\n${lines.join("")}\n${names}\n${sha256(body)}`;
    const text = `AWS4-HMAC-SHA256\n${at}\n${scope}\n${sha256(request)}`;
    const hmac = (key: string | Buffer, part: string) => createHmac("sha256", key).update(part).digest();
    let key: string | Buffer = `AWS4${this.#secret}`;
    for (const part of scope.split("/")) {
      key = hmac(key, part);
    }
    const signature = hmac(key, text).toString("hex");
    const authorization = `AWS4-HMAC-SHA256 Credential=${this.#id}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    const { host: _, ...sent } = headers;
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { ...sent, authorization },
      body,
    });
    const answer = await response.text();
    if (!response.ok) {
      throw new Error(`${operation}: ${response.status} ${answer}`);
    }
    return (answer === "" ? {} : JSON.parse(answer)) as T;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
