/**
 * An admin says which products a supplier has (a wrong GTIN is said at its field), makes a key for its program, sees it once,
 * and revokes it. Against a running service; the environment is that of browser.mjs, and
 *
 *   SUPPLIER  the supplier's name
 */
import { expectFocus, inBrowser, logIn, picture, required } from "./browser.mjs";

const supplier = required("SUPPLIER");

await inBrowser(walk, `${supplier} has a product, and had a key`, {
  // A wrong GTIN is refused.
  expected: /status of 422/,
});

async function walk(page, doing) {
  await logIn(page, doing);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Partners" }).click();
  await page.getByRole("link", { name: supplier }).click();
  await page.getByRole("heading", { name: supplier, level: 1 }).waitFor();
  await setProducts(page, doing);
  await makeKey(page, doing);
}

async function setProducts(page, doing) {
  doing("saying which products it has");
  const products = page.getByRole("region", { name: "Products" });
  await products.getByText("No product yet").waitFor();
  await products.getByRole("button", { name: "Change the products" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Products").fill("09506000134353 Vaccine");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByText("09506000134353").last().waitFor();
  await expectFocus(page, "items");
  await picture(page, "products-wrong");
  await dialog.getByLabel("Products").fill("09506000134352 Vaccine\n4006381333931");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached" });
  await expectFocus(page, "Products");
  await products.getByText("04006381333931").waitFor();
}

async function makeKey(page, doing) {
  doing("making an API key, which is shown once, and revoking it");
  const keys = page.getByRole("region", { name: "API keys" });
  await keys.getByText("No key yet").waitFor();
  await keys.getByRole("button", { name: "Make a key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await page.getByText("Say which program uses it.").waitFor();
  await expectFocus(page, "name");
  await page.keyboard.type("Batch release");
  await page.keyboard.press("Enter");
  await dialog.getByText("Shown here once").waitFor();
  const key = await page.evaluate(() => document.activeElement?.value);
  if (!/^ist_[0-9a-f]{10}_[0-9a-f]{64}$/.test(key)) throw new Error(`the focus is on no key but ${key}`);
  await picture(page, "made-key");
  await dialog.getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "detached" });
  await expectFocus(page, "API keys");
  await keys.getByText(key.slice(0, 14)).waitFor();
  if (await page.getByText(key).count()) throw new Error("the key is shown again");
  await keys.getByRole("button", { name: "Revoke Batch release" }).click();
  await page.keyboard.type("Only a try");
  await dialog.getByRole("button", { name: "Revoke the key" }).click();
  await keys.getByText("Only a try").waitFor();
  await dialog.waitFor({ state: "detached" });
  await picture(page, "api-keys");
}
