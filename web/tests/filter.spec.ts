import { expect, test } from "./weir.ts";

test("shows what is wrong with a filter, and where", async ({ traffic, page }) => {
  await traffic.open();
  const before = await traffic.grid.textContent();
  await traffic.apply("srcaddr in 10.0.0.0/8 and dstport = htps");
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("dstport");
  await expect(alert).toContainText("did you mean https?");
  await expect(alert.locator("pre")).toHaveText(
    `srcaddr in 10.0.0.0/8 and dstport = htps\n${" ".repeat(36)}^^^^`,
  );
  await expect(traffic.filter).toHaveAttribute("aria-invalid", "true");
  // The view stays as it was.
  expect(await traffic.grid.textContent()).toBe(before);
  expect(traffic.query().get("where")).toBeNull();

  await traffic.apply("srcaddr in 10.0.0.0/8 and dstport = https");
  await expect(alert).toHaveCount(0);
  await expect.poll(() => traffic.query().get("where")).toBe("srcaddr in 10.0.0.0/8 and dstport = https");
  await traffic.settled();
  await expect(traffic.panel("Top talkers").getByRole("row")).not.toHaveCount(0);
  await expect(traffic.grid).not.toContainText("postgresql");
});

test("names a wrong filter of a shared view and asks nothing else", async ({ traffic, page }) => {
  await page.goto("/?where=größe+%3D+1");
  await expect(page.getByRole("alert")).toContainText("größe");
  await expect(page.getByRole("alert").locator("pre")).toHaveText("größe = 1\n^^^^^");
  await expect(traffic.panel("Records")).toContainText("Waits for a filter that can be read.");
  await traffic.apply("bytes > 1000");
  await traffic.settled();
  await expect(traffic.grid).toBeVisible();
});

test("completes fields, operators and values", async ({ traffic, page }) => {
  await traffic.open();
  await traffic.filter.pressSequentially("acti");
  const list = page.getByRole("listbox", { name: "Completions" });
  await expect(list.getByRole("option").first()).toContainText("action");
  await traffic.filter.press("ArrowDown");
  await expect(list.getByRole("option", { selected: true })).toContainText("action");
  await traffic.filter.press("Enter");
  await expect(traffic.filter).toHaveValue("action ");
  await traffic.filter.pressSequentially("= r");
  await list.getByRole("option", { name: /REJECT/ }).click();
  await expect(traffic.filter).toHaveValue("action = REJECT ");
  await traffic.filter.press("Escape");
  await expect(list).toHaveCount(0);
  await traffic.filter.press("Enter");
  await expect.poll(() => traffic.query().get("where")).toBe("action = REJECT");
});

test("completes a field that weir does not know", async ({ traffic, page }) => {
  await traffic.open();
  await traffic.filter.pressSequentially("some-");
  await page
    .getByRole("listbox", { name: "Completions" })
    .getByRole("option", { name: /some-new-field/ })
    .click();
  await traffic.filter.pressSequentially("= blue");
  await traffic.filter.press("Escape");
  await traffic.filter.press("Enter");
  await traffic.settled();
  await expect(traffic.grid).toBeVisible();
});

test("narrows by a click on a talker, and excludes it", async ({ traffic, page }) => {
  await traffic.open();
  const talkers = traffic.panel("Top talkers");
  await talkers.getByRole("button", { name: "10.0.1.10", exact: true }).click();
  await expect(traffic.filter).toHaveValue("srcaddr = 10.0.1.10");
  await traffic.settled();
  await expect(talkers.getByRole("rowheader")).toHaveText([/10\.0\.1\.10/, "all"]);

  await talkers.getByRole("combobox").selectOption("dstaddr");
  await traffic.settled();
  const first = await talkers.getByRole("rowheader").first().locator(".value").textContent();
  await talkers.getByRole("button", { name: `Filter: not dstaddr ${first}` }).click();
  await expect(traffic.filter).toHaveValue(`srcaddr = 10.0.1.10 and not dstaddr = ${first}`);
  await traffic.settled();
  await expect(talkers.getByRole("button", { name: `Filter: not dstaddr ${first}` })).toHaveCount(0);
  await page.goBack();
  await expect(traffic.filter).toHaveValue("srcaddr = 10.0.1.10");
});

test("narrows by a click on a bar and on the legend", async ({ traffic, page }) => {
  await traffic.open("?by=action&measure=records");
  const legend = traffic.panel("Records by action").getByRole("table");
  await legend.getByRole("button", { name: "Filter: not action REJECT" }).click();
  await expect(traffic.filter).toHaveValue("not action = REJECT");
  await page.goBack();
  await legend.getByRole("button", { name: "REJECT", exact: true }).click();
  await expect(traffic.filter).toHaveValue("action = REJECT");
  await traffic.settled();
  await page.goBack();
  await traffic.settled();
  // At noon, just above the axis, is the largest layer.
  const box = await traffic.chart.boundingBox();
  await traffic.chart.click({ position: { x: (box?.width ?? 0) / 2, y: 210 } });
  await expect(traffic.filter).toHaveValue("action = ACCEPT");
});

test("puts an or into parentheses before it narrows", async ({ traffic }) => {
  await traffic.open("?where=dstport+%3D+443+or+dstport+%3D+53");
  await traffic.panel("Top talkers").getByRole("rowheader").first().getByRole("button").first().click();
  await expect(traffic.filter).toHaveValue(/^\(dstport = 443 or dstport = 53\) and srcaddr = /);
  await traffic.settled();
  await expect(traffic.grid).toBeVisible();
});

test("narrows to records without a field", async ({ traffic }) => {
  await traffic.open("?talkers=action&measure=records");
  await traffic.panel("Top talkers").getByRole("button", { name: "(absent)", exact: true }).click();
  await expect(traffic.filter).toHaveValue("action is absent");
  await traffic.settled();
  await expect(traffic.panel("Accepted and refused")).toContainText("no action");
  await expect(traffic.cell(0, 2)).toHaveText("-");
});
