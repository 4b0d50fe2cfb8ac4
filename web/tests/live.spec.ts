import { expect, test } from "./weir.ts";

test("shows new records as they are committed", async ({ traffic, page, server }) => {
  await traffic.open("?zone=utc");
  await expect(page.getByRole("banner")).toContainText("live");
  await expect(traffic.cell(0, 1)).toHaveText(/2026-11-02 23:59/);
  server.commit();
  await expect(page.getByRole("status").filter({ hasText: "new records" })).toHaveText(/^\d+\s+new records$/);
  await expect(traffic.cell(0, 1)).toHaveText(/2026-11-03 00:04/);
  await expect(page.getByRole("banner")).toContainText("2026-11-02 00:00 – 2026-11-03 00:04");
  await expect(page.getByRole("textbox", { name: /^To/ })).toHaveValue("2026-11-03 00:10");
});

test("keeps what somebody reads and types", async ({ traffic, page, server }) => {
  await traffic.open("?zone=utc");
  await traffic.filter.fill("dstport = 4");
  await traffic.filter.press("Escape");
  await traffic.grid.getByRole("button", { name: "All fields of record 3", exact: true }).click();
  await page.getByRole("button", { name: "Load more" }).click();
  await expect(traffic.panel("Records")).toContainText("200 records shown");
  const first = await traffic.cell(0, 1).textContent();
  await page.evaluate(() => scrollTo(0, 300));
  const heading = page.getByRole("heading", { name: "Records" });
  const place = await heading.boundingBox();
  server.commit();
  const offer = page.getByRole("button", { name: "Newer records came in: show them" });
  await expect(offer).toBeVisible();
  const moved = ((await heading.boundingBox())?.y ?? 0) - (place?.y ?? 0);
  expect(Math.abs(moved)).toBeLessThan(1);
  await expect(traffic.filter).toHaveValue("dstport = 4");
  expect(await traffic.cell(0, 1).textContent()).toBe(first);
  await expect(
    traffic.grid.getByRole("button", { name: "All fields of record 3", exact: true }),
  ).toHaveAttribute("aria-expanded", "true");
  await offer.click();
  await expect(traffic.cell(0, 1)).toHaveText(/2026-11-03 00:04/);
  await expect(offer).toHaveCount(0);
});

test("says nothing of following where nothing is followed", async ({ traffic, page }) => {
  await traffic.open();
  await expect(page.getByRole("banner")).not.toContainText("follow");
});

test.describe("while sources are followed", () => {
  test.use({ serverArgs: ["-following"] });

  test("says which, when they were looked at, and what fails", async ({ traffic, page }) => {
    await traffic.open("?zone=utc");
    const button = page.getByRole("banner").getByRole("button", { name: "following 2 sources, 1 failing" });
    await expect(button).toHaveAttribute("aria-expanded", "false");
    await button.click();
    const items = page.getByRole("group", { name: "following 2 sources, 1 failing" }).getByRole("listitem");
    await expect(items).toHaveCount(3);
    await expect(items.nth(0)).toContainText(
      "following cwl:/aws/vpc/flowlogs since 2026-11-03 00:00:00, by process 4711",
    );
    await expect(items.nth(0)).toContainText(/looked at 2\d s ago/);
    await expect(items.nth(0)).toContainText(
      /failing since 2026-11-02 23:59:\d\d, 6 looks; it worked last 5 min ago: cannot read cwl:\/aws\/vpc\/flowlogs: access denied/,
    );
    await expect(items.nth(0)).toContainText(/tries again in [34]\d s/);
    await expect(items.nth(1)).toContainText(
      /took 3 objects, 4,321 records, 1 bad line, the last 1 min ago: s3:\/\/my-bucket\/AWSLogs\/newest.log.gz/,
    );
    await expect(items.nth(1)).toContainText(
      "gone from it: 2 objects that had been taken of those since 2026-11-02 00:00:00; looked for 6 min ago",
    );
    await expect(items.nth(1)).not.toContainText("failing");
    await expect(items.nth(2)).toContainText("not followed /srv/logs: no process follows it now");
    await page.keyboard.press("Escape");
    await expect(items).toHaveCount(0);
  });

  test("has room for it on a telephone", async ({ traffic, page }) => {
    await page.setViewportSize({ width: 360, height: 700 });
    await traffic.open();
    await page.getByRole("button", { name: "following 2 sources, 1 failing" }).click();
    const box = await page.getByRole("group", { name: /^following/ }).boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
  });

  test("follows how it goes without a commit", async ({ traffic, page }) => {
    await page.clock.install();
    await traffic.open();
    await page.route("**/api/v1/following", async (route) => {
      const response = await route.fetch();
      const body = await response.json();
      body.sources = body.sources.slice(1);
      await route.fulfill({ response, json: body });
    });
    await page.clock.fastForward(11_000);
    await expect(
      page.getByRole("button", { name: /^following 1 source, looked at \d+ s ago/ }),
    ).toBeVisible();
  });
});

test.describe("over an empty lake", () => {
  test.use({ serverArgs: ["-empty"] });

  test("says how to begin and begins by itself", async ({ traffic, page, server }) => {
    await page.goto("/");
    const notice = page.getByRole("region", { name: "Nothing to show" });
    await expect(notice).toContainText("The lake holds no VPC flow log records yet.");
    await expect(notice).toContainText("weir open");
    await expect(page.getByRole("banner")).toContainText("live");
    server.commit();
    await expect(notice).toHaveCount(0);
    await traffic.settled();
    await expect(traffic.grid).toBeVisible();
  });
});

test.describe("when the server fails", () => {
  test.use({ expectedErrors: /Failed to load resource/ });

  test("says so in the panel and tries again", async ({ traffic, page }) => {
    let broken = true;
    await page.route("**/api/v1/top?*", (route) =>
      broken
        ? route.fulfill({
            status: 504,
            contentType: "application/json",
            body: JSON.stringify({
              error: {
                message: "the answer took longer than 30s",
                hint: "choose a shorter range",
                param: "",
                offset: null,
                length: 0,
              },
            }),
          })
        : route.continue(),
    );
    await page.goto("/");
    const talkers = traffic.panel("Top talkers");
    await expect(talkers.getByRole("alert")).toContainText("the answer took longer than 30s");
    await expect(talkers.getByRole("alert")).toContainText("choose a shorter range");
    await expect(traffic.grid).toBeVisible();
    broken = false;
    await talkers.getByRole("button", { name: "Try again" }).click();
    await expect(talkers.getByRole("table")).toBeVisible();
    await expect(talkers.getByRole("alert")).toHaveCount(0);
  });

  test("says that weir does not answer", async ({ traffic, page }) => {
    await traffic.open();
    await page.route("**/api/v1/series?*", (route) => route.abort());
    await page.getByRole("combobox", { name: "Field of the chart's series" }).selectOption("dstport");
    await expect(traffic.panel("Bytes by srcaddr").getByRole("alert")).toContainText("weir does not answer");
  });
});
