/**
 * Somebody from quality finds a shipment by its box's SSCC, by what is in it and by its reference in one field, which
 * says what it took it for; looks where a lot is and who has it, and calls it back. Against a running service; the
 * environment is that of browser.mjs, and
 *
 *   ORGANISATION  who has the shipment
 *   REFERENCE, SSCC, GTIN, LOT  of the shipment, its box and what is in it
 */
import { expectFocus, inBrowser, logIn, picture, required } from "./browser.mjs";

const REASON = "Glass was found in a vial";
const organisation = required("ORGANISATION");
const reference = required("REFERENCE");
const sscc = required("SSCC");
const gtin = required("GTIN");
const lot = required("LOT");

await inBrowser(search, `${reference} was found, and its lot called back`);

async function search(page, doing) {
  await logIn(page, doing);
  await find(page, doing);
  await callBack(page, doing);
}

async function find(page, doing) {
  const field = page.getByLabel("Reference, SSCC, GTIN or lot");
  const card = page.locator("article[data-reference]");
  for (const [written, taken, title] of [
    [sscc, "SSCC, check digit right", /^SSCC/],
    [gtin, "GTIN, check digit right", /^GTIN/],
    [`${gtin} ${lot}`, "GTIN, check digit right, with lot", /with lot/],
    [lot, "Taken for a reference or lot", /^Lot/],
    [reference, "Taken for a reference or lot", /^Reference/],
  ]) {
    doing(`looking for ${written}`);
    await field.fill(written);
    await page.getByRole("status").filter({ hasText: taken }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: title, level: 2 }).waitFor();
    const found = await card.evaluateAll((cards) => cards.map((one) => one.dataset.reference));
    if (found.join() !== reference) throw new Error(`found ${found.join()} and not ${reference} alone`);
  }
  await picture(page, "search");

  doing("looking for an SSCC that was misread");
  await field.fill(`${sscc.slice(0, -1)}${(Number(sscc.at(-1)) + 1) % 10}`);
  await page.getByRole("status").filter({ hasText: "No SSCC: the check digit" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("No shipment matches.").waitFor();
  await picture(page, "search-nothing");
}

async function callBack(page, doing) {
  doing("looking where a lot is");
  await page.getByRole("link", { name: "Recalls" }).click();
  await page.getByRole("heading", { name: "Recalls", level: 1 }).waitFor();
  await page.getByLabel("GTIN").fill(gtin);
  await page.keyboard.press("Enter");
  await page.getByText("Write the lot as it is printed").waitFor();
  await expectFocus(page, "lot");
  await page.keyboard.type(lot);
  await page.keyboard.press("Enter");
  const holds = page.getByRole("region", { name: `Packed with lot ${lot}` }).getByRole("listitem");
  await holds.filter({ hasText: reference }).filter({ hasText: organisation }).waitFor();
  await holds.filter({ hasText: "1 of 1, 10 units" }).waitFor();
  await picture(page, "lot");

  doing("calling it back");
  await page.getByRole("button", { name: "Call this lot back" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill(REASON);
  await dialog.getByRole("button", { name: "Call it back" }).click();
  await page.getByRole("heading", { name: `Recall of lot ${lot}` }).waitFor();
  await page.getByText("The one shipment with it is on hold.").waitFor();
  await page.getByText("On hold: recall").waitFor();
  await expectFocus(page, `Recall of lot ${lot}`);
  await picture(page, "recall");

  doing("seeing its effect");
  await page.getByRole("link", { name: reference, exact: true }).click();
  await page.getByRole("heading", { name: `Shipment ${reference}` }).waitFor();
  await page.getByText("Do not use: on hold").waitFor();
}
