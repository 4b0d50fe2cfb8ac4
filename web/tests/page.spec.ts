import { expect, test } from "./weir.ts";

test("shows the last day of the lake", async ({ traffic, page }) => {
  await traffic.open();
  const banner = page.getByRole("banner");
  await expect(banner).toContainText("newest record 3 min ago");
  await expect(banner).toContainText("live");
  await expect(banner).toContainText("Times in Europe/Berlin, UTC+01:00");
  await expect(banner).toContainText("2026-11-02 01:00 – 2026-11-03 00:59");
  await expect(
    page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Traffic" }),
  ).toHaveAttribute("aria-current", "page");
  for (const name of ["Bytes by srcaddr", "Accepted and refused", "Top talkers", "Top refused", "Records"]) {
    await expect(traffic.panel(name)).toBeVisible();
  }
  await expect(traffic.panel("Bytes by srcaddr")).toContainText("B/s, mean over each 10 min");
  await expect(traffic.cell(0, 1)).toHaveText(/2026-11-03 00:59:/);
  expect(new URL(page.url()).search).toBe("");
});

test("says the same sums in every panel", async ({ traffic }) => {
  await traffic.open();
  const all = await traffic.panel("Bytes by srcaddr").getByRole("row", { name: /^all / }).textContent();
  const total = /[\d.]+ [kMG]B/.exec(all ?? "")?.[0] ?? "no total";
  await expect(traffic.panel("Top talkers").getByRole("row", { name: /^all / })).toContainText(total);
  await expect(traffic.panel("Accepted and refused")).toContainText("accepted");
});

test("has roles and names for its parts", async ({ traffic, page }) => {
  await traffic.open();
  await expect(page.getByRole("main")).toMatchAriaSnapshot(`
    - heading "Traffic" [level=1]
    - search "Filter":
      - combobox "Filter"
      - button "Apply"
    - group "Time range":
      - radiogroup "Span":
        - radio "15 m"
        - radio "1 h"
        - radio "6 h"
        - radio "24 h" [checked]
        - radio "7 d"
        - radio "All"
    - radiogroup "Measure":
      - radio "Bytes" [checked]
      - radio "Packets"
      - radio "Records"
    - radiogroup "Unit of the chart"
    - region "Bytes by srcaddr":
      - heading "Bytes by srcaddr" [level=2]
      - slider
      - table "Bytes by srcaddr"
    - region "Accepted and refused":
      - heading "Accepted and refused" [level=2]
    - region "Top talkers":
      - table "Top talkers by srcaddr, the largest bytes first"
    - region "Top refused"
    - region "Records":
      - button "Columns"
      - grid "Records, newest first"
      - button "Load more"
  `);
});

test("marks refused records not by colour alone", async ({ traffic }) => {
  await traffic.open("?where=action+%3D+REJECT");
  await expect(traffic.cell(0, 2)).toHaveText("✕ REJECT");
});

test("opens a shared view", async ({ traffic, page }) => {
  await traffic.open(
    "?last=6h&where=dstport+%3D+443&by=dstaddr&measure=packets&unit=sum&top=5&zone=utc&talkers=dstaddr&columns=end,srcaddr",
  );
  await expect(traffic.filter).toHaveValue("dstport = 443");
  await expect(traffic.panel("Packets by dstaddr")).toContainText("packets, sum of each 5 min");
  await expect(page.getByRole("radio", { name: "6 h" })).toBeChecked();
  await expect(page.getByRole("radio", { name: "UTC" })).toBeChecked();
  await expect(page.getByRole("combobox", { name: "Field of the chart's series" })).toHaveValue("dstaddr");
  await expect(traffic.grid.getByRole("columnheader")).toHaveText(["All fields", "end", "srcaddr"]);
});

test("changes measure, unit and field, and goes back", async ({ traffic, page }) => {
  await traffic.open();
  await page.getByText("Records", { exact: true }).first().click();
  await expect(traffic.panel("Records by srcaddr")).toContainText("records/s, mean over each 10 min");
  await page.getByRole("combobox", { name: "Field of the chart's series" }).selectOption("dstport");
  await expect(traffic.panel("Records by dstport")).toContainText("443 https");
  await page.getByText("total", { exact: true }).click();
  await expect(traffic.panel("Records by dstport")).toContainText("records, sum of each 10 min");
  expect(Object.fromEntries(traffic.query())).toEqual({ by: "dstport", measure: "records", unit: "sum" });
  await page.goBack();
  await page.goBack();
  await expect(traffic.panel("Records by srcaddr")).toBeVisible();
  await page.getByRole("button", { name: "Back" }).click();
  await expect(traffic.panel("Bytes by srcaddr")).toBeVisible();
});

test("shows times in local time or in UTC", async ({ traffic, page }) => {
  await traffic.open("?where=start+%3E%3D+2026-11-03T00:30");
  const local = await traffic.cell(0, 1).textContent();
  expect(local).toMatch(/^\s*2026-11-03 00:59/);
  await expect(page.getByRole("textbox", { name: "From, in Europe/Berlin, UTC+01:00" })).toHaveValue(
    "2026-11-02 01:00",
  );
  await page.getByText("UTC", { exact: true }).click();
  await expect(page.getByRole("banner")).toContainText("Times in UTC");
  // The filter's time is read in the zone that is shown, too: half past midnight
  // UTC is behind all records.
  await expect(page.getByRole("region", { name: "Nothing to show" })).toBeVisible();
  await traffic.apply("");
  await expect(traffic.cell(0, 1)).toHaveText(/2026-11-02 23:59/);
  await expect(page.getByRole("textbox", { name: "From, in UTC" })).toHaveValue("2026-11-02 00:00");
  expect(traffic.query().get("zone")).toBe("utc");
});

test.describe("on a narrow screen", () => {
  test.use({ viewport: { width: 400, height: 800 } });

  test("fits without scrolling sideways", async ({ traffic, page }) => {
    await traffic.open();
    await expect(page.getByRole("banner")).toContainText("newest record 3 min ago");
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(400);
    await traffic.cell(0, 1).scrollIntoViewIfNeeded();
    await page.getByRole("button", { name: "Columns" }).click();
    const box = await page.getByRole("group", { name: "Columns" }).boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
  });
});

test.describe("in the dark scheme", () => {
  test.use({ colorScheme: "dark" });

  test("has a dark ground and light text", async ({ traffic, page }) => {
    await traffic.open();
    const style = await page.evaluate(() => {
      const root = getComputedStyle(document.documentElement);
      return { ground: root.backgroundColor, text: root.color };
    });
    expect(style).toEqual({ ground: "rgb(13, 17, 22)", text: "rgb(217, 224, 232)" });
  });
});

test("switches to transit gateway flow logs", async ({ traffic, page }) => {
  await traffic.open("?where=action+%3D+REJECT");
  await page.getByText("Transit gateway", { exact: true }).click();
  await expect(traffic.filter).toHaveValue("");
  await expect(traffic.panel("Bytes by srcaddr")).toContainText("10.2.0.9");
  await expect(traffic.panel("Accepted and refused")).toHaveCount(0);
  await expect(traffic.panel("Top refused")).toHaveCount(0);
  await expect(traffic.grid.getByRole("columnheader", { name: "tgw_attachment_id" })).toBeVisible();
  await page.goBack();
  await expect(traffic.filter).toHaveValue("action = REJECT");
  await expect(traffic.panel("Top refused")).toBeVisible();
});

test("counts traffic once, and every record when asked", async ({ traffic, page }) => {
  await traffic.open();
  const totals = traffic.panel("Accepted and refused");
  await expect(totals).toContainText("not counted again: 1.50 MB at the receiver too");
  const accepted = totals.getByTitle(/^[\d,. ]+ records$/).first();
  const once = await accepted.getAttribute("title");
  await totals.getByLabel("count every record").check();
  await expect(totals).not.toContainText("not counted again");
  expect(new URL(page.url()).searchParams.get("every")).toBe("true");
  const number = (title: string | null) => Number((title ?? "").replace(/\D/g, ""));
  await expect.poll(async () => number(await accepted.getAttribute("title"))).toBe(number(once) + 5);
  await page.goBack();
  await expect(totals).toContainText("not counted again");
});
