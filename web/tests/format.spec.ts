// Numbers, times, ranges and filter text: without a browser.

import type { Field } from "../src/api/types.ts";
import { bucketAt, edges, layerAt } from "../src/chart/stack.ts";
import { byteLength, clause, indexOfByte, narrowed } from "../src/filter/text.ts";
import { bytes, exact, inUnit, quantity, scaleOf, share, short, unitFactor } from "../src/format/number.ts";
import { ago, duration, parseMoment, rfc3339, span } from "../src/format/time.ts";
import { label, tcpFlags } from "../src/format/value.ts";
import { moved, resolve, stepOf, widened } from "../src/view/range.ts";
import { defaultView, formatView, parseView } from "../src/view/view.ts";
import { expect, test } from "./weir.ts";

const t0 = 1767225600; // 2026-01-01 00:00 UTC

test("numbers with prefixes", () => {
  const cases: [number | string, string][] = [
    [0, "0"],
    [7, "7"],
    [999, "999"],
    [1000, "1 k"],
    [1234, "1.23 k"],
    [12_345, "12.3 k"],
    [999_949, "1.00 M"],
    [999_499, "999 k"],
    [1e9, "1 G"],
    ["18014398509481985", "18.0 P"],
    [0.5, "0.50"],
  ];
  for (const [value, want] of cases) {
    expect(short(value), String(value)).toBe(want);
  }
  expect(exact("18014398509481985")).toBe("18,014,398,509,481,985");
  expect(bytes(999)).toBe("999 B");
  expect(bytes(1500)).toBe("1.50 kB");
  expect(quantity(1, "records")).toBe("1 record");
  expect(quantity(2000, "packets")).toBe("2 k packets");
  expect(scaleOf(1_500_000)).toEqual({ factor: 1e6, prefix: "M" });
});

test("shares never round to all or nothing", () => {
  expect(share(0, 10)).toBe("0 %");
  expect(share(10, 10)).toBe("100 %");
  expect(share(1, 1_000_000)).toBe("<0.1 %");
  expect(share(999_999, 1_000_000)).toBe(">99.9 %");
  expect(share(1, 3)).toBe("33.3 %");
  expect(share(1, 0)).toBe("");
});

test("rates", () => {
  expect(6_000_000 * unitFactor("rate", 600)).toBe(10_000);
  expect(6_000_000 * unitFactor("bits", 600)).toBe(80_000);
  expect(6_000_000 * unitFactor("sum", 600)).toBe(6_000_000);
  expect(inUnit(80_000, "bytes", "bits")).toBe("80 kbit/s");
  expect(inUnit(10, "bytes", "rate")).toBe("10 B/s");
  expect(inUnit(0.0016, "records", "rate")).toBe("<0.01 records/s");
  expect(inUnit(1200, "packets", "sum")).toBe("1.20 k packets");
});

test("durations are rounded down", () => {
  const cases: [number, string][] = [
    [0, "0 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [239, "3 min"],
    [3600, "1 h"],
    [5400, "1.5 h"],
    [86399, "23 h"],
    [86400, "1 day"],
    [215000, "2.4 days"],
    [864000, "10 days"],
  ];
  for (const [seconds, want] of cases) {
    expect(duration(seconds), String(seconds)).toBe(want);
  }
  expect(ago(t0, t0 + 180)).toBe("3 min ago");
  expect(ago(t0, t0)).toBe("just now");
  expect(ago(t0 + 60, t0)).toBe("1 min ahead of the clock");
});

test("moments that people type", () => {
  const cases: [string, number | undefined][] = [
    ["2026-01-01", t0],
    [" 2026-01-01 01:00 ", t0 + 3600],
    ["2026-01-01T00:00:07", t0 + 7],
    ["2026-01-01T01:00:00+01:00", t0],
    ["2025-12-31T19:00:00-05:00", t0],
    ["2026-01-01T00:00:00Z", t0],
    ["1767225600", t0],
    ["2026-02-30", undefined],
    ["2026-01-01 24:00", undefined],
    ["2026-01-01Z", undefined],
    ["yesterday", undefined],
    ["", undefined],
  ];
  for (const [text, want] of cases) {
    expect(parseMoment(text, "utc"), text).toBe(want);
  }
  expect(rfc3339(t0)).toBe("2026-01-01T00:00:00Z");
  expect(span(t0, t0 + 600, "utc")).toBe("2026-01-01 00:00 – 00:10");
  expect(span(t0, t0 + 86400, "utc")).toBe("2026-01-01 00:00 – 2026-01-02 00:00");
});

test("ranges end at the end of a bucket", () => {
  const extent = { oldest: t0, newest: t0 + 86_399, now: t0 + 90_000 };
  expect(resolve({ last: "24h", until: "newest" }, extent)).toEqual({ from: t0, to: t0 + 86_400, step: 600 });
  expect(resolve({ last: "1h", until: "now" }, extent)).toEqual({
    from: t0 + 86_460,
    to: t0 + 90_060,
    step: 60,
  });
  expect(resolve({ last: "all" }, extent)).toEqual({ from: t0, to: t0 + 86_400, step: 600 });
  expect(resolve({ from: 10, to: 20 }, extent)).toEqual({ from: 10, to: 20, step: 60 });
  expect(resolve({ last: "all" }, { oldest: null, newest: null, now: t0 })).toBeUndefined();
  for (const seconds of [60, 3600, 86_400, 31 * 86_400, 40 * 366 * 86_400]) {
    expect(seconds / stepOf(seconds), String(seconds)).toBeLessThanOrEqual(180);
  }
  const hour = { from: t0, to: t0 + 3600, step: 60 };
  expect(moved(hour, -1)).toEqual({ from: t0 - 1800, to: t0 + 1800 });
  expect(widened(hour)).toEqual({ from: t0 - 1800, to: t0 + 5400 });
});

test("views in addresses", () => {
  const queries = [
    "",
    "?last=1h",
    "?last=24h&until=now",
    "?last=all",
    "?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z",
    "?where=dstport+%3D+443+and+srcaddr+in+10.0.0.0/8&by=&measure=packets&unit=sum&top=12&zone=utc",
    "?talkers=dstport&refused=dstaddr&columns=start,bytes",
    "?kind=tgw&by=tgw_id",
  ];
  for (const query of queries) {
    expect(formatView(parseView(query)), query).toBe(query);
  }
  // What makes no sense is as in the default view.
  expect(parseView("?last=3y&measure=colour&unit=furlongs&top=1000&zone=mars&from=1&columns=")).toEqual(
    defaultView(),
  );
  expect(parseView("?measure=records&unit=bits").unit).toBe("rate");
});

const field = (name: string, type: Field["type"] = "text", address = false): Field => ({
  name,
  type,
  address,
  unit: "",
  meaning: "",
  version: 2,
  origin: "aws",
  epoch: false,
  names: {},
});

test("clauses", () => {
  expect(clause(field("srcaddr", "text", true), "2001:db8::1")).toBe("srcaddr = 2001:db8::1");
  expect(clause(field("dstport", "integer"), 443, true)).toBe("not dstport = 443");
  expect(clause(field("action"), "REJECT")).toBe("action = REJECT");
  expect(clause(field("interface_id"), "eni-0a1")).toBe("interface_id = eni-0a1");
  expect(clause(field("account_id"), "111111111111")).toBe("account_id = 111111111111");
  // A bare word could stand for another case, or be a word of the language.
  expect(clause(field("type"), "IPv4")).toBe("type = 'IPv4'");
  expect(clause(field("instance_tag"), "and")).toBe("instance_tag = 'and'");
  expect(clause(field("instance_tag"), "it's")).toBe("instance_tag = 'it''s'");
  expect(clause(field("vpc_id"), null)).toBe("vpc_id is absent");
  expect(clause(field("vpc_id"), null, true)).toBe("vpc_id is present");
});

test("narrowing keeps what the filter meant", () => {
  const cases: [string, string][] = [
    ["", "c"],
    ["a", "a and c"],
    ["a and c", "a and c"],
    ["a or b", "(a or b) and c"],
    ["a OR b", "(a OR b) and c"],
    ["(a or b) and d", "(a or b) and d and c"],
    ["tag = 'this or that'", "tag = 'this or that' and c"],
    ["tag = 'it''s' or b", "(tag = 'it''s' or b) and c"],
    ["tag ~ /'/ or b", "(tag ~ /'/ or b) and c"],
    ["tag ~ /a\\/ or b/", "tag ~ /a\\/ or b/ and c"],
    ["port = 1 and origin = x", "port = 1 and origin = x and c"],
  ];
  for (const [text, want] of cases) {
    expect(narrowed(text, "c"), text).toBe(want);
  }
});

test("places in text are counted in bytes", () => {
  const text = "größe = 😀 x";
  expect(byteLength(text)).toBe(16);
  expect(indexOfByte(text, 0)).toBe(0);
  expect(indexOfByte(text, 7)).toBe(5);
  expect(text.slice(indexOfByte(text, 10), indexOfByte(text, 14))).toBe("😀");
  expect(indexOfByte(text, 99)).toBe(text.length);
});

test("stacks", () => {
  const layer = (values: number[]) => ({ label: "", color: "", values });
  const stacked = edges([layer([1, 0]), layer([2, 5])], 2);
  expect(stacked).toEqual([
    [1, 0],
    [3, 5],
  ]);
  expect(layerAt(stacked, 0, 0.5)).toBe(0);
  expect(layerAt(stacked, 0, 1)).toBe(1);
  expect(layerAt(stacked, 0, 3)).toBe(-1);
  expect(layerAt(stacked, 1, 0)).toBe(1);
  expect(bucketAt([60, 120], 60, 119)).toBe(0);
  expect(bucketAt([60, 120], 60, 180)).toBe(-1);
  expect(bucketAt([], 60, 0)).toBe(-1);
});

test("values with names", () => {
  const port = { ...field("dstport", "integer"), names: { "443": "https" } };
  expect(label(port, 443, "utc")).toBe("443 https");
  expect(label(port, 444, "utc")).toBe("444");
  expect(label(port, null, "utc")).toBe("(absent)");
  expect(label({ ...field("end", "integer"), epoch: true }, t0, "utc")).toBe("2026-01-01 00:00:00");
  expect(tcpFlags(18)).toBe("SYN ACK");
  expect(tcpFlags(0)).toBe("");
});
