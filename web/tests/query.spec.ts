import { contentOf, expect, test } from "./program.ts";

const byAction =
  "SELECT action, count(*) AS records, sum(bytes) AS bytes FROM vpc_flow_logs WHERE action IS NOT NULL GROUP BY action ORDER BY action";
const byHour =
  "SELECT to_timestamp(start - start % 3600) AS hour, action, count(*) AS records FROM vpc_flow_logs WHERE action IS NOT NULL GROUP BY ALL ORDER BY ALL";

test("runs a query, charts it, saves it, and exports the same numbers", async ({ query, page }) => {
  await query.open();
  await query.run(byAction);
  const want = await query.ask(byAction);
  const cells = query.result.getByRole("table").getByRole("row");
  await expect(cells).toHaveCount(want.rows.length + 1);
  for (const [i, row] of want.rows.entries()) {
    await expect(cells.nth(i + 1).getByRole("cell")).toHaveText(row.map(String));
  }

  await page.getByText("Bar", { exact: true }).click();
  await expect(
    page.getByRole("img", { name: /^Result: bar chart of records, bytes by action/ }),
  ).toBeVisible();
  await page.getByRole("checkbox", { name: "bytes" }).uncheck();
  await page.getByRole("combobox", { name: "Unit of the values" }).selectOption("records");
  const chart = page.getByRole("img", { name: "Result: bar chart of records by action, 2 values" });
  // Bars are as long as their numbers.
  const widths = await chart
    .locator("rect.mark")
    .evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute("width"))));
  const numbers = want.rows.map((row) => Number(row[1]));
  expect(widths).toHaveLength(2);
  expect((widths[0] ?? 0) / (widths[1] ?? 1)).toBeCloseTo((numbers[0] ?? 0) / (numbers[1] ?? 1), 3);

  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("textbox", { name: "name", exact: true }).fill("By action");
  await page.getByRole("group", { name: "Save" }).getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Saved as “By action”.")).toBeVisible();
  const id = new URL(page.url()).searchParams.get("saved");
  expect(id).toMatch(/^[0-9a-z]{26}$/);

  // The address alone, and the name alone, bring all of it back.
  await page.reload();
  await expect(
    page.getByRole("img", { name: "By action: bar chart of records by action, 2 values" }),
  ).toBeVisible();
  await query.open("?zone=utc");
  await page.getByRole("combobox", { name: "saved queries" }).selectOption("By action");
  await expect(
    page.getByRole("img", { name: "By action: bar chart of records by action, 2 values" }),
  ).toBeVisible();
  await expect(query.text).toHaveValue(byAction);

  const csv = await query.export(query.result, "CSV");
  expect(csv.name).toBe("By-action.csv");
  const lines = csv.content.toString().trim().split("\n");
  expect(lines).toEqual(["action,records,bytes", ...want.rows.map((row) => row.join(","))]);

  const parquet = await query.export(query.result, "Parquet");
  expect(parquet.name).toBe("By-action.parquet");
  expect(parquet.content.subarray(0, 4).toString()).toBe("PAR1");
  expect(parquet.content.subarray(-4).toString()).toBe("PAR1");

  const svg = await query.export(query.result, "SVG");
  expect(svg.name).toBe("By-action.svg");
  const drawing = svg.content.toString();
  expect(drawing).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  expect(drawing).not.toContain("var(");
  for (const [action, records] of want.rows) {
    expect(drawing).toContain(`<title>${action}: `);
    expect(Number(records)).toBeGreaterThan(0);
  }

  const png = await query.export(query.result, "PNG");
  expect(png.name).toBe("By-action.png");
  expect(png.content.subarray(1, 4).toString()).toBe("PNG");
  const width = /viewBox="0 0 ([\d.]+) /.exec(drawing)?.[1];
  expect(png.content.readUInt32BE(16)).toBe(Math.round(2 * Number(width)));
});

test("draws lines over time, one for each value of a column", async ({ query, page }) => {
  await query.open();
  await query.run(byHour);
  await page.getByText("Line", { exact: true }).click();
  const chart = page.getByRole("img", { name: /^Result: line chart of .* by hour, 24 values$/ });
  await expect(chart).toBeVisible();
  const want = await query.ask(byHour);
  await expect(chart.locator("circle")).toHaveCount(want.rows.length);
  const [hour, action, records] = want.rows[0] ?? [];
  const at = String(hour).replace("T", " ").replace("Z", "");
  await expect(chart.locator("circle title").first()).toContainText(`${at}, ${action}: ${records}`);
  // Without the series there are two numbers for an hour: that is said, and nothing added up.
  await page.getByRole("combobox", { name: "Column of the series" }).selectOption("(none)");
  await expect(query.result.getByRole("alert")).toContainText("Several rows have hour");
});

test.describe("with a mistake", () => {
  test.use({ expectedErrors: /status of 400/ });

  test("shows its place, and the keyboard leads there", async ({ query, page }) => {
    await query.open();
    await query.text.focus();
    await page.keyboard.type("SELECT srcaddr,\n  colour\nFROM vpc_flow_logs");
    await page.keyboard.press("Control+Enter");
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("colour");
    await expect(alert.locator("pre")).toHaveText(/^ {2}colour\n {2}\^+$/);
    await expect(query.text).toHaveAttribute("aria-invalid", "true");
    await page.keyboard.press("Tab");
    await expect(alert.getByRole("button", { name: "Line 2, column 3" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(query.text).toBeFocused();
    expect(await query.text.evaluate((area: HTMLTextAreaElement) => area.selectionStart)).toBe(18);
    await page.keyboard.type("dstaddr --");
    await page.keyboard.press("Control+Enter");
    await query.settled();
    await expect(alert).toHaveCount(0);
    await expect(query.result.getByRole("columnheader")).toHaveText(["srcaddr", "dstaddr"]);
  });
});

test("asks in the language of Logs Insights, over the range", async ({ query, page }) => {
  await query.open("?zone=utc&last=1h");
  await page.getByRole("combobox", { name: "language" }).selectOption("Logs Insights");
  await query.run("stats count(*) as n");
  const n = await query.result.getByRole("cell").textContent();
  await page.getByText("All", { exact: true }).click();
  await expect(query.result.getByRole("cell")).toHaveText("15000");
  expect(Number(n)).toBeGreaterThan(0);
  expect(Number(n)).toBeLessThan(15_000);
});

test("ends a query that is cancelled", async ({ query, page }) => {
  await query.open();
  await query.text.fill(
    "SELECT count(*) FROM vpc_flow_logs a, vpc_flow_logs b, vpc_flow_logs c WHERE a.bytes + b.bytes > c.bytes",
  );
  await query.text.press("Control+Enter");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(query.result.getByRole("status")).toHaveText("Cancelled.");
  await query.run("SELECT 1 AS one");
  await expect(query.result.getByRole("cell")).toHaveText("1");
});

test("keeps a dashboard: panels, their order and sizes, and its range", async ({ query, page }) => {
  await query.open("?zone=utc&last=6h");
  await query.run(byAction);
  await page.getByText("Bar", { exact: true }).click();
  const add = async (title: string, board?: string) => {
    await page.getByRole("button", { name: "Add to dashboard" }).click();
    const group = page.getByRole("group", { name: "Add to dashboard" });
    await group.getByRole("textbox", { name: "title of the panel" }).fill(title);
    if (board) {
      await group.getByRole("textbox", { name: "its name" }).fill(board);
    } else {
      await expect(group.getByRole("combobox", { name: "dashboard" })).toHaveValue(/./);
    }
    await group.getByRole("button", { name: "Add", exact: true }).click();
    await expect(group.getByRole("link", { name: "Open it" })).toBeVisible();
    return group.getByRole("link", { name: "Open it" });
  };
  await add("Actions", "Mine");
  await page.keyboard.press("Escape");
  await page.getByText("Table", { exact: true }).click();
  await (await add("Rows")).click();

  await expect(page.getByRole("heading", { name: "Mine", level: 1 })).toBeVisible();
  const panels = page.getByRole("region").filter({ has: page.getByRole("heading", { level: 2 }) });
  await expect(panels).toHaveCount(2);
  await expect(page.getByRole("img", { name: /^Actions: bar chart/ })).toBeVisible();
  await page.getByRole("button", { name: "Show Actions as a table" }).click();
  await expect(panels.first().getByRole("table")).toBeVisible();

  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("button", { name: "Move Rows back" }).click();
  await panels.first().getByRole("combobox", { name: "width" }).selectOption("12 of 12");
  await page.getByRole("button", { name: "Save, with this range" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  const address = new URL(page.url()).pathname;
  await page.goto(`${address}?zone=utc`);
  await expect(panels.nth(0)).toHaveAccessibleName("Rows");
  await expect(panels.nth(1)).toHaveAccessibleName("Actions");
  await expect(page.getByRole("radio", { name: "6 h" })).toBeChecked();
  const wide = await panels.nth(0).boundingBox();
  const half = await panels.nth(1).boundingBox();
  expect(wide?.width).toBeGreaterThan(1.9 * (half?.width ?? 0));

  // What is exported from a panel is what the API answers over the same range.
  const csv = await query.export(panels.nth(0), "CSV");
  const cells = await panels.nth(0).getByRole("cell").allTextContents();
  const exported = csv.content.toString().trim().split("\n").slice(1).join(",").split(",");
  expect(exported).toEqual(cells.map((cell) => cell.trim()));
  await page.keyboard.press("Escape");

  // Through a file it becomes another one.
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "To a file" }).click();
  const file = await contentOf(await coming);
  expect(file.name).toBe("Mine.json");
  await page.goto("/dashboards");
  await page.getByLabel("Dashboard from a file").setInputFiles({
    name: "Mine.json",
    mimeType: "application/json",
    buffer: file.content,
  });
  await expect(page.getByRole("heading", { name: "Mine", level: 1 })).toBeVisible();
  await expect(panels).toHaveCount(2);
  expect(new URL(page.url()).pathname).not.toBe(address);
});

test.describe("with two pages", () => {
  test.use({ expectedErrors: /status of 409/ });

  test("lets neither overwrite what the other saved", async ({ query, page, context }) => {
    await query.open();
    const made = await page.request.post("/api/v1/dashboards", {
      data: { name: "Shared", range: { last: "all" }, panels: [] },
    });
    const { id } = (await made.json()) as { id: string };
    await page.goto(`/dashboards/${id}`);
    const other = await context.newPage();
    await other.goto(`/dashboards/${id}`);
    for (const p of [page, other]) {
      await p.getByRole("button", { name: "Edit" }).click();
      await p.getByRole("textbox", { name: "Description" }).fill("changed");
    }
    await other.getByRole("button", { name: "Save, with this range" }).click();
    await expect(other.getByText("Saved.")).toBeVisible();
    await page.getByRole("button", { name: "Save, with this range" }).click();
    await expect(page.getByRole("alert")).toContainText("changed since it was read");
    await other.close();
  });
});

test("shows the dashboard that comes with weir, and copies it", async ({ page }) => {
  await page.goto("/dashboards?zone=utc");
  await page.getByRole("link", { name: "Flow logs" }).click();
  await expect(page.getByRole("img", { name: /^Bytes an hour, by action: bar chart/ })).toBeVisible();
  await expect(page.getByRole("img", { name: /^Refused records an hour: line chart/ })).toBeVisible();
  await expect(page.getByRole("img", { name: /^Refused, by port: bar chart/ })).toBeVisible();
  await expect(page.getByRole("table", { name: "Pairs that exchange most" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Edit" })).toHaveCount(0);
  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByRole("heading", { name: "Flow logs (copy)", level: 1 })).toBeVisible();
  await expect(page.getByRole("button", { name: "Edit" })).toBeVisible();
});
