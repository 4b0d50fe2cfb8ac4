// The pages "Alarms" and "Contributors" over the program itself: their numbers are those that AWS's operations answer.

import type { AlarmValues } from "../src/api/types.ts";
import { Client } from "./aws.ts";
import { expect, test } from "./program.ts";

test("shows the values of an alarm as GetMetricStatistics has them, and silences it", async ({
  page,
  weir,
  data,
}) => {
  const aws = new Client(weir, data);
  const metric = { Namespace: "Test", MetricName: "Attempts" };
  const minute = Math.floor(Date.now() / 60_000) * 60;
  const numbers = [3, 5, 0, 12.5, 40, 41];
  const at = (i: number) => minute - 60 * (numbers.length - i);
  await aws.call("monitoring", "PutMetricData", {
    Namespace: metric.Namespace,
    MetricData: numbers.map((Value, i) => ({ MetricName: metric.MetricName, Timestamp: at(i), Value })),
  });
  await aws.call("monitoring", "PutMetricAlarm", {
    AlarmName: "attempts / all",
    ...metric,
    Statistic: "Sum",
    Period: 60,
    EvaluationPeriods: 2,
    Threshold: 20,
    ComparisonOperator: "GreaterThanThreshold",
  });
  await aws.call("monitoring", "SetAlarmState", {
    AlarmName: "attempts / all",
    StateValue: "ALARM",
    StateReason: "forty and more",
  });
  const statistics = await aws.call<{ Datapoints: { Timestamp: number; Sum: number }[] }>(
    "monitoring",
    "GetMetricStatistics",
    { ...metric, StartTime: at(0), EndTime: minute, Period: 60, Statistics: ["Sum"] },
  );
  const want = statistics.Datapoints.toSorted((a, b) => a.Timestamp - b.Timestamp);
  expect(want.map((p) => p.Sum)).toEqual(numbers);

  const asked = page.waitForResponse((r) => r.url().includes("/api/v1/alarm-values?"));
  await page.goto("/alarms?zone=utc");
  const list = page.getByRole("table", { name: "Alarms, those in ALARM first" });
  const row = list.getByRole("row").filter({ hasText: "attempts / all" });
  await expect(row.getByRole("cell").first()).toHaveText("ALARM");
  await page.getByRole("link", { name: "attempts / all" }).click();
  const values = (await (await asked).json()) as AlarmValues;
  expect(values.times).toEqual(want.map((p) => p.Timestamp));
  expect(values.values).toEqual(want.map((p) => p.Sum));
  const chart = page.getByRole("img", { name: /^Values of attempts \/ all/ });
  const dots = await chart.locator("circle title").allTextContents();
  expect(dots.map((text) => text.split("value: ")[1])).toEqual(want.map((p) => String(p.Sum)));

  await page.getByRole("button", { name: "for 8 h" }).click();
  await expect(row).toContainText("silenced until");
  await aws.call("monitoring", "SetAlarmState", {
    AlarmName: "attempts / all",
    StateValue: "OK",
    StateReason: "it is over",
  });
  await expect(row.getByRole("cell").first()).toHaveText("OK");
  await expect(row).toContainText("it is over");
  await page.reload();
  await expect(row).toContainText("silenced until");
});

test("shows contributors as GetInsightRuleReport has them", async ({ page, weir, data }) => {
  const aws = new Client(weir, data);
  const group = "/test/requests";
  await aws.call("logs", "CreateLogGroup", { logGroupName: group });
  await aws.call("logs", "CreateLogStream", { logGroupName: group, logStreamName: "s" });
  await aws.call("monitoring", "PutInsightRule", {
    RuleName: "bytes by address",
    RuleDefinition: JSON.stringify({
      Schema: { Name: "CloudWatchLogRule", Version: 1 },
      LogGroupNames: [group],
      LogFormat: "JSON",
      Contribution: { Keys: ["$.ip", "$.status"], ValueOf: "$.bytes", Filters: [] },
      AggregateOn: "Sum",
    }),
  });
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  await aws.call("logs", "PutLogEvents", {
    logGroupName: group,
    logStreamName: "s",
    logEvents: Array.from({ length: 200 }, (_, i) => ({
      timestamp: minute - 600_000 + i * 1000,
      message: JSON.stringify({ ip: `192.0.2.${i % 7}`, status: 200 + (i % 3), bytes: i * 1000 + 0.5 }),
    })),
  });
  interface Report {
    AggregateValue: number;
    ApproximateUniqueCount: number;
    Contributors: { Keys: string[]; ApproximateAggregateValue: number }[];
  }
  const report = (from: number, to: number) =>
    aws.call<Report>("monitoring", "GetInsightRuleReport", {
      RuleName: "bytes by address",
      StartTime: from,
      EndTime: to,
      Period: 60,
      MaxContributorCount: 100,
    });
  const end = minute / 1000 + 60;
  await expect.poll(async () => (await report(end - 1800, end)).ApproximateUniqueCount).toBe(21);

  const iso = (at: number) => new Date(at * 1000).toISOString().replace(".000", "");
  await page.goto(`/contributors?from=${iso(end - 1800)}&to=${iso(end)}&zone=utc`);
  const want = await report(end - 1800, end);
  const rows = page.getByRole("table", { name: "bytes by address" }).getByRole("row");
  await expect(rows).toHaveCount(22);
  await expect(page.getByText("weir top --live --rule 'bytes by address'", { exact: true })).toBeVisible();
  for (const [i, one] of want.Contributors.entries()) {
    await expect(rows.nth(i + 1).getByRole("cell")).toHaveText([
      ...one.Keys,
      String(one.ApproximateAggregateValue),
    ]);
  }
  await expect(
    page.getByRole("region", { name: "bytes by address" }).getByRole("status").first(),
  ).toContainText(`21 contributors, together ${want.AggregateValue.toLocaleString("en")}`);
});

test("names who is behind an alarm, and leads to the log events", async ({ page, weir, data }) => {
  const aws = new Client(weir, data);
  const group = "/test/flow-logs";
  await aws.call("logs", "CreateLogGroup", { logGroupName: group });
  await aws.call("logs", "CreateLogStream", { logGroupName: group, logStreamName: "s" });
  await aws.call("logs", "PutMetricFilter", {
    logGroupName: group,
    filterName: "ssh",
    filterPattern:
      "[version, account, eni, source, destination, srcport, destport=22, protocol=6, packets, bytes, start, end, action=REJECT, status]",
    metricTransformations: [{ metricNamespace: "Test", metricName: "SSH", metricValue: "1" }],
  });
  const minute = Math.floor(Date.now() / 60_000) * 60;
  const line = (source: string, port: number, action: string) =>
    `2 123456789012 eni-0a 198.51.100.${source} 10.0.0.5 40000 ${port} 6 1 60 ${minute - 90} ${minute - 60} ${action} OK`;
  const messages = [
    ...Array.from({ length: 9 }, () => line("7", 22, "REJECT")),
    ...Array.from({ length: 4 }, () => line("8", 22, "REJECT")),
    line("9", 443, "ACCEPT"),
  ];
  await aws.call("logs", "PutLogEvents", {
    logGroupName: group,
    logStreamName: "s",
    logEvents: messages.map((message, i) => ({ timestamp: (minute - 90) * 1000 + i, message })),
  });
  await aws.call("monitoring", "PutMetricAlarm", {
    AlarmName: "ssh",
    Namespace: "Test",
    MetricName: "SSH",
    Statistic: "Sum",
    Period: 60,
    EvaluationPeriods: 5,
    DatapointsToAlarm: 1,
    Threshold: 10,
    ComparisonOperator: "GreaterThanThreshold",
  });
  await aws.call("monitoring", "SetAlarmState", {
    AlarmName: "ssh",
    StateValue: "ALARM",
    StateReason: "thirteen",
  });
  await page.goto("/alarms?alarm=ssh&zone=utc");
  const who = page.getByRole("region", { name: "Who is behind it" });
  await expect(who.getByRole("table", { name: /^Sources/ }).getByRole("row")).toHaveText([
    "198.51.100.79",
    "198.51.100.84",
  ]);
  await expect(who.getByRole("table", { name: /^Targets/ }).getByRole("row")).toHaveText([
    "10.0.0.5 port 22/tcp13",
  ]);
  // The log group has no LogFormat: its events are text, which weir why does not find.
  await expect(
    who.getByText(
      /^weir logs tail \/test\/flow-logs --from 20\S+ --to 20\S+ --filter '" 198\.51\.100\.7 "'$/,
    ),
  ).toBeVisible();
  await who.getByRole("link", { name: "The log events of this time" }).click();
  const rows = page.getByRole("table", { name: "Result" }).getByRole("row");
  await expect(rows).toHaveCount(messages.length + 1);
  await expect(rows.last()).toContainText(line("7", 22, "REJECT"));
});
