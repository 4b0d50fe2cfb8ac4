import { expect, test } from "./weir.ts";

test("zooms by dragging in the chart, and back", async ({ traffic, page }) => {
  await traffic.open("?zone=utc");
  const box = await traffic.chart.boundingBox();
  if (!box) {
    throw new Error("the chart is not shown");
  }
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.4, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, y, { steps: 4 });
  await page.mouse.up();
  await expect.poll(() => traffic.query().get("from")).toMatch(/^2026-11-02T0[89]:.0:00Z$/);
  expect(traffic.query().get("to")).toMatch(/^2026-11-02T1[34]:.0:00Z$/);
  await traffic.settled();
  await expect(traffic.panel("Bytes by srcaddr")).toContainText("mean over each 5 min");
  await expect(traffic.cell(0, 1)).toHaveText(/2026-11-02 1[34]:/);
  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.getByRole("radio", { name: "24 h" })).toBeChecked();
  await traffic.settled();
  await expect(traffic.cell(0, 1)).toHaveText(/2026-11-02 23:59/);
});

test("zooms with the keyboard and says what is there", async ({ traffic }) => {
  await traffic.open("?zone=utc");
  await traffic.chart.focus();
  await traffic.chart.press("Home");
  await expect(traffic.chart).toHaveAttribute("aria-valuetext", /^2026-11-02 00:00 – 00:10: .*10\.0\.1\.1/);
  await traffic.chart.press("ArrowRight");
  await expect(traffic.chart).toHaveAttribute("aria-valuetext", /^2026-11-02 00:10 – 00:20/);
  await traffic.chart.press("Shift+ArrowRight");
  await traffic.chart.press("Shift+ArrowRight");
  await traffic.chart.press("Enter");
  await expect.poll(() => traffic.query().get("from")).toBe("2026-11-02T00:10:00Z");
  expect(traffic.query().get("to")).toBe("2026-11-02T00:40:00Z");
});

test("takes two moments, and says what is no time", async ({ traffic, page }) => {
  await traffic.open();
  const from = page.getByRole("textbox", { name: /^From/ });
  const to = page.getByRole("textbox", { name: /^To/ });
  await from.fill("2026-02-30 10:00");
  await from.press("Enter");
  await expect(page.getByRole("alert")).toContainText("“2026-02-30 10:00” is no time");
  await from.fill("2026-11-02 15:00");
  await to.fill("2026-11-02 14:00");
  await to.press("Enter");
  await expect(page.getByRole("alert")).toContainText("“from” must be before “to”");
  await to.fill("2026-11-02T15:00:00Z");
  await to.press("Enter");
  await expect(page.getByRole("alert")).toHaveCount(0);
  // 15:00 in Berlin is 14:00 in UTC.
  expect(traffic.query().get("from")).toBe("2026-11-02T14:00:00Z");
  expect(traffic.query().get("to")).toBe("2026-11-02T15:00:00Z");
  await traffic.settled();
  await expect(traffic.panel("Top refused")).toContainText("203.0.113.77");
});

test("chooses spans up to the newest record or now", async ({ traffic, page }) => {
  await traffic.open("?zone=utc");
  await page.getByText("1 h", { exact: true }).click();
  await traffic.settled();
  const from = page.getByRole("textbox", { name: /^From/ });
  await expect(from).toHaveValue("2026-11-02 23:00");
  await page.getByRole("combobox", { name: "End of the span" }).selectOption("now");
  await traffic.settled();
  await expect(from).toHaveValue(/^2026-11-02 23:0[45]$/);
  await page.getByRole("button", { name: "Earlier" }).click();
  await expect(from).toHaveValue(/^2026-11-02 22:3[45]$/);
  await page.getByRole("button", { name: "Zoom out" }).click();
  await expect(from).toHaveValue(/^2026-11-02 22:0[45]$/);
  await page.getByText("All", { exact: true }).click();
  await traffic.settled();
  await expect(from).toHaveValue("2026-11-02 00:00");
});

test("says so where a range is empty, and the way out", async ({ traffic, page }) => {
  await traffic.open("?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z");
  const notice = page.getByRole("region", { name: "Nothing to show" });
  await expect(notice).toContainText("No records in this range.");
  await expect(notice).toContainText("2026-11-02 01:00 – 2026-11-03 00:59");
  await notice.getByRole("button", { name: "Show all" }).click();
  await traffic.settled();
  await expect(traffic.grid).toBeVisible();
  await expect(notice).toHaveCount(0);

  await traffic.apply("dstport = 9");
  await expect(notice).toContainText("No records in this range that match the filter.");
  await notice.getByRole("button", { name: "Clear the filter" }).click();
  await traffic.settled();
  await expect(traffic.grid).toBeVisible();
});
