import { writeFileSync } from "node:fs";
import { expect, Server, test } from "./weir.ts";

// The hash of "correct horse", with parameters that cost little.
const users = "ada:$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$lnizTRNgy0D3lJD4Xlm+A2aXibz3GSvOOHAXUwm1P0Y\n";

test("asks for a name and a password", async ({ browser }, info) => {
  const file = info.outputPath("users");
  writeFileSync(file, users);
  const server = await Server.start(["-users", file]);
  const page = await browser.newPage({ baseURL: server.url });
  try {
    await page.goto("/?by=dstport");
    await expect(page).toHaveURL(/\/login\?next=/);
    await page.getByRole("textbox", { name: "Name" }).fill("ada");
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page.getByRole("alert")).toHaveText("Name and password do not belong together.");
    await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("ada");
    await page.getByLabel("Password").fill("correct horse");
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page).toHaveURL(`${server.url}/?by=dstport`);
    await expect(page.getByRole("region", { name: "Bytes by dstport" })).toBeVisible();
    await expect(page.getByRole("banner")).toContainText("ada");
    // A link on another site, such as a ticket, leads to the view without a login.
    await page.goto(`data:text/html,<a href="${server.url}/?by=dstaddr">view</a>`);
    await page.getByRole("link", { name: "view" }).click();
    await expect(page.getByRole("region", { name: "Bytes by dstaddr" })).toBeVisible();
    await page.getByRole("button", { name: "Log out" }).click();
    await expect(page).toHaveURL(/\/login$/);
    await page.goto("/");
    await expect(page).toHaveURL(/\/login\?next=/);
  } finally {
    await page.close();
    await server.stop();
  }
});
