import type { Page } from "@playwright/test";
import type { AlarmBehind, AlarmHead, Alarms, AlarmValues, Contributors } from "../src/api/types.ts";
import { contentOf } from "./program.ts";
import { expect, test } from "./weir.ts";

const one = "/alarms?alarm=refused+ssh&zone=utc";

async function api<T>(page: Page, path: string): Promise<T> {
  const response = await page.request.get(`/api/v1/${path}`);
  expect(response.status()).toBe(200);
  return (await response.json()) as T;
}

function panel(page: Page, name: string) {
  return page.getByRole("region", { name, exact: true });
}

test("lists alarms, those in ALARM first, and the keyboard opens one", async ({ page }) => {
  await page.goto("/alarms?zone=utc");
  const { alarms } = await api<Alarms>(page, "alarms");
  const rows = page.getByRole("table", { name: "Alarms, those in ALARM first" }).getByRole("row");
  await expect(rows).toHaveCount(alarms.length + 1);
  const order = ["ALARM", "ALARM", "no data", "OK"];
  for (const [i, state] of order.entries()) {
    await expect(
      rows
        .nth(i + 1)
        .getByRole("cell")
        .first(),
    ).toHaveText(state);
  }
  const ssh = alarms.find((a) => a.name === "refused ssh") as AlarmHead;
  const row = rows.filter({ hasText: "refused ssh" }).last();
  await expect(row).toContainText("11 min ago");
  await expect(row.getByTitle("2026-11-02 23:52:00")).toBeVisible();
  await expect(row).toContainText(ssh.reason);
  await expect(rows.filter({ hasText: "new/one" })).toContainText("actions are off");

  const link = page.getByRole("link", { name: "refused ssh", exact: true });
  await link.focus();
  await page.keyboard.press("Enter");
  await expect(panel(page, "refused ssh")).toContainText(
    "> 20 in 2 of 2 periods of 1 min; missing data are treated as notBreaching",
  );
  expect(new URL(page.url()).searchParams.get("alarm")).toBe("refused ssh");
  await page.goBack();
  await expect(panel(page, "refused ssh")).toHaveCount(0);
  await page.goForward();
  await expect(panel(page, "refused ssh")).toContainText(
    "Sum of Weir/FlowLogs Rejects PortClass=SSH each 1 min",
  );
  await page.reload();
  await expect(panel(page, "refused ssh")).toContainText("Somebody tries SSH again and again.");
  await page.getByRole("button", { name: "Close" }).click();
  await expect(panel(page, "refused ssh")).toHaveCount(0);
});

test("draws the values that the API has, with the threshold and the states", async ({ page }) => {
  const asked = page.waitForResponse((r) => r.url().includes("/api/v1/alarm-values?"));
  await page.goto(one);
  const values = (await (await asked).json()) as AlarmValues;
  expect(values.to - values.from).toBeGreaterThan(3 * 3600 - 16);
  const chart = page.getByRole("img", {
    name: /^Values of refused ssh: values with the threshold > 20, OK, ALARM$/,
  });
  await expect(chart.locator("circle")).toHaveCount(values.values.length);
  await expect(chart.locator("circle title").first()).toContainText(`value: ${values.values[0]}`);
  await expect(chart.locator("circle title").last()).toContainText(`value: ${values.values.at(-1)}`);
  await expect(panel(page, "Values")).toContainText(
    `${values.values.length} of ${Math.floor(values.to / 60) - Math.ceil(values.from / 60)} periods have a value, the last is ${values.values.at(-1)}`,
  );
  await expect(chart.locator("line title").last()).toHaveText("threshold > 20");
  const bands = await chart.locator("rect[fill-opacity='1'] title").allTextContents();
  expect(bands).toHaveLength(values.bands.length);
  expect(bands.at(-1)).toMatch(/^ALARM, 2026-11-02 23:52:00 – /);

  await page.getByText("1 h", { exact: true }).click();
  await expect(panel(page, "Values")).toContainText(/of\s+(59|60)\s+periods have a value/);
  await expect(page.getByRole("img", { name: /^Values of refused ssh/ })).toBeVisible();
  // Seven days of minutes are more than the server gives, seven days of states are not.
  await expect(page.getByRole("radio")).toHaveCount(3 + 2);
  await page.goto("/alarms?alarm=any&zone=utc");
  await expect(page.getByRole("radio")).toHaveCount(4 + 2);
});

test("says who is behind it, what to run next, and leads to the log events", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(one);
  const behind = await api<AlarmBehind>(page, "alarm-behind?name=refused+ssh");
  const who = panel(page, "Who is behind it");
  const tables = who.getByRole("table");
  await expect(tables).toHaveCount(3 + behind.rules.length);
  await expect(tables.nth(0).getByRole("row")).toHaveText([
    "203.0.113.3060",
    "203.0.113.29 (scanner, Example Net)24",
  ]);
  const top = who.getByRole("table", { name: "Top contributors of refused-by-source by SampleCount" });
  const want = behind.rules[0]?.contributors.map((c) => `${c.keys.join(" ")}${c.value}`) ?? [];
  expect(want).toHaveLength(5);
  await expect(top.getByRole("row")).toHaveText(want);

  const command = behind.next[0] ?? "";
  await who.getByRole("button", { name: `Copy ${command}` }).click();
  await expect(who.getByText("copied")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(command);

  const link = who.getByRole("link", { name: "The log events of this time" });
  const to = new URL((await link.getAttribute("href")) ?? "", page.url());
  expect(to.pathname).toBe("/query");
  expect(Object.fromEntries(to.searchParams)).toEqual({
    from: "2026-11-02T23:50:00Z",
    to: "2026-11-02T23:52:00Z",
    zone: "utc",
    lang: "insights",
    query: "SOURCE '/weir/flow-logs' | fields @timestamp, @message\n| sort @timestamp desc",
  });
  await top.getByRole("link", { name: "refused-by-source" }).click();
  await expect(page.getByRole("table", { name: "refused-by-source" }).getByRole("row")).toHaveCount(31);
  await expect(page.getByRole("textbox", { name: /^From/ })).toHaveValue("2026-11-02 23:50");
});

test("says what became of messages, and what happened", async ({ page }) => {
  await page.goto(one);
  const messages = panel(page, "Messages").getByRole("listitem");
  await expect(messages).toHaveCount(1);
  await expect(messages).toContainText("https https://hooks.example.com/a: delivered at 2026-11-02 23:50:00");
  await expect(messages).toContainText(
    "email ops@example.com: 2 attempts failed, the next is due at 2026-11-03 00:50:00: the server said 451",
  );
  await expect(messages).toContainText(
    "http http://old.example.com/: given up at 2026-11-02 23:50:00 after 4 attempts, and among the dead letters: the endpoint answered 503",
  );
  const history = page.getByRole("table", { name: "History, the newest first" }).getByRole("row");
  await expect(history).toHaveCount(5);
  await expect(history.nth(2)).toContainText("ALARM Threshold Crossed: 2 datapoints");
  await expect(history.nth(4)).toHaveText(/^2026-11-02 20:00:00\s*Alarm "refused ssh" created$/);
});

test("silences an alarm, and ends that", async ({ page }) => {
  await page.goto(one);
  const silence = page.getByRole("group", { name: "Silence" });
  await expect(silence).toContainText("Actions are carried out.");
  const until = async () =>
    (await api<Alarms>(page, "alarms")).alarms.find((a) => a.name === "refused ssh")?.silenced_until ?? null;
  const { now } = await api<Alarms>(page, "alarms");
  await silence.getByRole("button", { name: "Silence for 1 h" }).click();
  await expect(silence).toContainText("Silenced for 1 h.");
  expect(Math.abs(((await until()) ?? 0) - now - 3600)).toBeLessThan(20);
  const row = page
    .getByRole("row")
    .filter({ has: page.getByRole("link", { name: "refused ssh", exact: true }) });
  await expect(row).toContainText(/silenced until 2026-11-03 01:0\d/);
  await expect(page.getByRole("table", { name: "History, the newest first" })).toContainText(
    'Alarm "refused ssh" silenced until',
  );
  await silence.getByRole("button", { name: "for 8 h" }).click();
  await expect(silence).toContainText("Silenced for 8 h.");
  expect(Math.abs(((await until()) ?? 0) - now - 8 * 3600)).toBeLessThan(20);

  await silence.getByRole("button", { name: "until switched off" }).click();
  await expect(silence).toContainText("Silenced until it is switched off.");
  await page.reload();
  await expect(silence).toContainText("Silenced until it is switched off.");
  await silence.getByRole("button", { name: "Silence no more" }).focus();
  await page.keyboard.press("Enter");
  await expect(silence).toContainText("Actions are carried out.");
  expect(await until()).toBeNull();
  await expect(row).not.toContainText("silenced");
});

test("shows a change of state when it happens", async ({ page, server }) => {
  await page.goto(one);
  const row = page
    .getByRole("row")
    .filter({ has: page.getByRole("link", { name: "refused ssh", exact: true }) });
  await expect(row.getByRole("cell").first()).toHaveText("ALARM");
  await expect(page.getByRole("banner")).toContainText("live");
  server.alarm();
  await expect(row.getByRole("cell").first()).toHaveText("OK");
  await expect(row).toContainText("the test turns it");
  await expect(page.getByRole("status").filter({ hasText: "in ALARM" })).toHaveText("0 of 5 alarms in ALARM");
  await expect(page.getByRole("table", { name: "History, the newest first" })).toContainText(
    "OK the test turns it",
  );
  await expect(page.getByRole("img", { name: /^Values of refused ssh: .*, OK, ALARM, OK$/ })).toBeVisible();
});

test("leads from a composite alarm to those of its rule", async ({ page }) => {
  await page.goto("/alarms?alarm=any&zone=utc");
  const any = panel(page, "any");
  await expect(any).toContainText('ALARM("refused ssh") OR ALARM(egress)');
  await expect(page.getByRole("img", { name: /^States of any: OK, ALARM$/ })).toBeVisible();
  await expect(panel(page, "Who is behind it")).toContainText("refused ssh is in ALARM since");
  await any.getByRole("link", { name: "egress" }).click();
  await expect(panel(page, "egress")).toContainText("Sum of Weir/FlowLogs Bytes each 1 min");
  await expect(panel(page, "Who is behind it")).toContainText(
    "It has not gone to ALARM in the last 30 days.",
  );
});

test("draws what the runs of a log alarm's query gave", async ({ page }) => {
  const asked = page.waitForResponse((r) => r.url().includes("/api/v1/alarm-values?"));
  await page.goto("/alarms?alarm=refused+by+query&zone=utc");
  const values = (await (await asked).json()) as AlarmValues;
  const runs = values.runs ?? [];
  expect(runs.length).toBeGreaterThan(values.values.length);
  const chart = page.getByRole("img", {
    name: /^Values of refused by query: values with the threshold > 12, OK$/,
  });
  await expect(chart.locator("circle")).toHaveCount(values.values.length);
  await expect(panel(page, "Values")).toContainText(
    `${values.values.length} of ${runs.length} runs have a value, the last is ${values.values.at(-1)}`,
  );
  await expect(panel(page, "Values").getByRole("radio")).toHaveCount(4);
});

test.describe("of an alarm that was deleted", () => {
  test.use({ expectedErrors: /status of 404/ });

  test("says that there is none", async ({ page }) => {
    await page.goto("/alarms?alarm=gone");
    await expect(panel(page, "gone").getByRole("alert")).toContainText("there is no alarm of this name");
  });

  test("and of a rule", async ({ page }) => {
    await page.goto("/contributors?rule=gone");
    await expect(page.getByRole("alert")).toContainText("There is no rule “gone”; choose another one.");
  });
});

test("draws contributors, and exports the numbers that are shown", async ({ page }) => {
  const asked = page.waitForResponse((r) => r.url().includes("/api/v1/contributors?"));
  await page.goto("/alarms?zone=utc");
  await page
    .getByRole("navigation", { name: "Watching" })
    .getByRole("link", { name: "Contributors" })
    .click();
  const answer = (await (await asked).json()) as Contributors;
  const want = answer.rows.map((row) => row.map(String));
  expect(want).toHaveLength(30);
  const shown = panel(page, "refused-by-source");
  await expect(shown.getByRole("status").first()).toContainText("30 contributors, together 465");
  const rows = page.getByRole("table", { name: "refused-by-source" }).getByRole("row");
  await expect(rows).toHaveCount(31);
  for (const [i, row] of want.entries()) {
    await expect(rows.nth(i + 1).getByRole("cell")).toHaveText(row);
  }
  const bars = page.getByRole("img", {
    name: /^refused-by-source: bar chart of SampleCount by srcaddr, 20 values$/,
  });
  const widths = await bars
    .locator("rect.mark")
    .evaluateAll((all) => all.map((bar) => Number(bar.getAttribute("width"))));
  expect(widths).toHaveLength(20);
  expect((widths[0] ?? 0) / (widths[19] ?? 1)).toBeCloseTo(30 / 11, 3);
  await expect(shown).toContainText("Bars are the first 20 of the 30 in the table.");

  await shown.getByRole("button", { name: "Export" }).click();
  const coming = page.waitForEvent("download");
  await shown.getByRole("button", { name: "CSV", exact: true }).click();
  const csv = await contentOf(await coming);
  expect(csv.name).toBe("refused-by-source.csv");
  expect(csv.content.toString()).toBe(
    ["srcaddr,SampleCount", ...want.map((row) => row.join(",")), ""].join("\n"),
  );
  const drawing = page.waitForEvent("download");
  await shown.getByRole("button", { name: "SVG", exact: true }).click();
  expect((await contentOf(await drawing)).content.toString()).toContain("<title>203.0.113.30: 30</title>");
});

test("counts ready rules over the records of the lake", async ({ page }) => {
  await page.goto("/contributors?zone=utc");
  const rule = page.getByRole("combobox", { name: "rule" });
  await rule.selectOption("top-sources-by-rejects");
  await expect(panel(page, "top-sources-by-rejects")).toContainText(
    "source addresses with most rejected records",
  );
  await expect(panel(page, "top-sources-by-rejects")).toContainText("counted over the records of the lake");
  const first = page
    .getByRole("table", { name: "top-sources-by-rejects" })
    .getByRole("row")
    .nth(1)
    .getByRole("cell");
  await expect(first).toHaveText(["203.0.113.77", "116"]);
  await page.reload();
  await expect(first).toHaveText(["203.0.113.77", "116"]);

  await rule.selectOption("top-nat-gateway-talkers");
  await expect(page.getByRole("table")).toHaveCount(0);
  const interfaces = page.getByRole("textbox", { name: "network interfaces of NAT gateways" });
  await interfaces.fill("eni-0a1b2c3d4e5f60005");
  await interfaces.press("Enter");
  const talkers = page.getByRole("table", { name: "top-nat-gateway-talkers" }).getByRole("row");
  await expect(talkers.first().getByRole("columnheader")).toHaveText(["srcaddr", "dstaddr", "Sum"]);
  await expect(talkers.nth(1)).toContainText("10.0.0.2");
});

test.describe("where nothing watches", () => {
  test.use({ serverArgs: ["-empty"] });

  test("says the command that makes a detection", async ({ page }) => {
    await page.goto("/alarms");
    await expect(panel(page, "Alarms")).toContainText("There are no alarms yet.");
    await expect(panel(page, "Alarms")).toContainText("weir watch add ssh-bruteforce --notify");
    await page.goto("/contributors");
    await expect(page.getByText("No record of the lake counts in this range.")).toBeVisible();
    await expect(page.getByText("weir watch add ssh-bruteforce")).toBeVisible();
  });
});

test("has room on a telephone", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 700 });
  for (const path of [one, "/contributors"]) {
    await page.goto(path);
    await expect(page.getByRole("img").first()).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  }
});
