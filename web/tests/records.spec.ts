import { expect, test } from "./weir.ts";

test("opens a record to all its fields", async ({ traffic }) => {
  await traffic.open();
  await traffic.grid.getByRole("button", { name: "All fields of record 1", exact: true }).click();
  const fields = traffic.grid.getByRole("definition");
  await expect(traffic.grid.getByRole("term").filter({ hasText: "some-new-field" })).toHaveText(
    "some-new-field (unknown to weir)",
  );
  await expect(fields.filter({ hasText: "blue" })).toBeVisible();
  await expect(fields.filter({ hasText: "fl-0cc33" })).toBeVisible();
  await expect(traffic.grid).toContainText("absent: sublocation_type");
  await traffic.grid.getByRole("button", { name: "Filter: only some-new-field blue" }).click();
  await expect(traffic.filter).toHaveValue("some-new-field = 'blue'");
  await traffic.settled();
  await expect(traffic.grid).toBeVisible();
});

test("chooses columns", async ({ traffic, page }) => {
  await traffic.open();
  await page.getByRole("button", { name: "Columns" }).click();
  const chooser = page.getByRole("group", { name: "Columns" });
  await chooser.getByRole("searchbox", { name: "Search columns" }).fill("availability");
  await chooser.getByRole("checkbox", { name: /^az_id/ }).check();
  await expect(traffic.grid.getByRole("columnheader", { name: "az_id" })).toBeVisible();
  expect(traffic.query().get("columns")).toMatch(/,az_id$/);
  await page.keyboard.press("Escape");
  await expect(chooser).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Columns" })).toBeFocused();
});

test("loads more", async ({ traffic, page }) => {
  await traffic.open();
  await expect(traffic.panel("Records")).toContainText("100 records shown");
  await page.getByRole("button", { name: "Load more" }).click();
  await expect(traffic.panel("Records")).toContainText("200 records shown");
  const times = await traffic.grid
    .getByRole("row")
    .evaluateAll((rows) =>
      rows.slice(1).map((row) => row.querySelector('[role="gridcell"]')?.textContent?.trim() ?? ""),
    );
  expect(times).toHaveLength(200);
  expect(times).toEqual([...times].sort().reverse());
});

test("is worked with the keyboard", async ({ traffic, page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await traffic.open();
  await page.keyboard.press("/");
  await expect(traffic.filter).toBeFocused();
  await traffic.grid.getByRole("button", { name: "All fields of record 1", exact: true }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  const second = traffic.grid.getByRole("button", { name: "All fields of record 2", exact: true });
  await expect(second).toBeFocused();
  await expect(second).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("Space");
  await expect(second).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("c");
  await expect(page.getByRole("status").filter({ hasText: "Copied" })).toContainText("interface_id = eni-");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(
    /^interface_id = eni-\w+ and srcaddr = \S+ and srcport = \d+ and dstaddr = \S+ and dstport = \d+ and protocol = \d+$/,
  );
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(traffic.cell(1, 2)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(traffic.filter).toHaveValue("action = ACCEPT");
  await traffic.settled();
  await traffic.cell(0, 3).focus();
  await page.keyboard.press("Shift+Enter");
  await expect(traffic.filter).toHaveValue(/^action = ACCEPT and not srcaddr = \S+$/);
});
