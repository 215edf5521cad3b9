/**
 * Somebody from quality rejects a shipment that is on hold, with the keyboard alone; what was decided, by whom and why stands
 * there afterwards, and the page says that it must not be used. Against a running service; the environment is that of
 * browser.mjs, and
 *
 *   REFERENCE  a shipment on hold on which nothing was decided
 */
import { inBrowser, logIn, password, picture, required } from "./browser.mjs";

const REASON = "It was frozen on the way";
const reference = required("REFERENCE");

await inBrowser(decide, `${reference} was rejected, and shows by whom and why`);

async function decide(page, doing) {
  await logIn(page, doing);

  doing("opening the shipment");
  await page.getByRole("link", { name: reference }).first().click();
  await page.getByRole("heading", { name: `Shipment ${reference}` }).waitFor();
  await page.getByText("Do not use: on hold").waitFor();

  doing("opening the decision");
  await page.getByRole("button", { name: "Decide" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: `Decide on shipment ${reference}` });
  await dialog.getByText("The record says").waitFor();
  await dialog.getByLabel("Decision").selectOption("reject");
  await dialog.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await dialog.getByText("Say why").waitFor();
  await picture(page, "decide");

  doing("signing it");
  // The field that was missing has the focus.
  await page.keyboard.type(REASON);
  await dialog.getByRole("button", { name: "Sign the decision" }).click();
  await dialog.waitFor({ state: "detached" });

  doing("looking for the decision");
  await page.getByText("Do not use: rejected by quality").waitFor();
  await page.getByText(REASON, { exact: true }).waitFor();
  await page.getByText("I reject this shipment.", { exact: true }).waitFor();
  const focused = await page.evaluate(() => document.activeElement?.textContent);
  if (focused !== "Decision and end") throw new Error(`the focus is lost: on ${focused}`);
  await picture(page, "decided");
}
