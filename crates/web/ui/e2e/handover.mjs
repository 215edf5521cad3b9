/**
 * A packer makes a shipment with one box, puts it on a pallet by scanning its SSCC and offers it; the courier of another
 * organisation logs in, sees it and accepts it, and has it from then on. Against a running service; the environment is
 * that of browser.mjs, the packer's, and
 *
 *   ORGANISATION, NEW_EMAIL, NEW_PASSWORD  of the courier, as partners.mjs made them
 *   REFERENCE, SSCC, GTIN, LOT  of the shipment, its box and what is in it
 */
import { expectFocus, inBrowser, logIn, logInAs, picture, required } from "./browser.mjs";

const organisation = required("ORGANISATION");
const newEmail = required("NEW_EMAIL");
const newPassword = required("NEW_PASSWORD");
const reference = required("REFERENCE");
const sscc = required("SSCC");
const gtin = required("GTIN");
const lot = required("LOT");

const OTHER_SSCC = "006141411234567890";

await inBrowser(handOver, `${reference} was offered by one and accepted by the other`);

async function handOver(page, doing) {
  await logIn(page, doing);
  await pack(page, doing);
  await palletise(page, doing);
  await offer(page, doing);

  doing("changing places");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Shipments" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await logInAs(page, doing, newEmail, newPassword);
  await accept(page, doing);
}

async function pack(page, doing) {
  doing("making a shipment with a box");
  await page.getByRole("link", { name: "New shipment" }).click();
  await page.getByLabel("Reference").fill(reference);
  await page.getByLabel("Profile").selectOption({ index: 1 });
  await page.getByLabel("SSCC").fill(sscc);

  doing("scanning what goes into it: a scan adds, and takes nothing back");
  const scan = page.getByLabel(/^Scan box 1's label/);
  await scan.fill(`]d201${gtin.padStart(14, "0")}10${lot}`);
  await page.keyboard.press("Enter");
  await page.getByText(`lot ${lot}.`).waitFor();
  await scan.fill(`]C100${OTHER_SSCC}`);
  await page.keyboard.press("Enter");
  await page.getByText(`The SSCC in the code is ${OTHER_SSCC}, and ${sscc} stands here`).waitFor();
  const stands = [await page.getByLabel("SSCC").inputValue(), await page.getByLabel("Lot").inputValue()];
  if (stands.join() !== [sscc, lot].join()) throw new Error(`the form says ${stands}`);
  await page.getByLabel("Quantity").fill("10");
  await picture(page, "packing");
  await page.getByRole("button", { name: "Create shipment" }).click();
  await page.getByRole("heading", { name: `Shipment ${reference}` }).waitFor();
}

async function palletise(page, doing) {
  doing("making a pallet");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Shipments" }).click();
  await page.getByRole("link", { name: "Pallets" }).click();
  await page.getByRole("link", { name: "New pallet" }).click();
  await page.getByRole("button", { name: "Make it" }).click();
  await page.getByText("Write an SSCC or a reference").waitFor();
  await expectFocus(page, "sscc");
  await page.getByLabel(/^Reference/).fill(`Pallet of ${reference}`);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Nothing is in it" }).waitFor();

  doing("scanning the box");
  const field = page.getByLabel("Shipment or box");
  await field.fill("no such thing");
  await page.keyboard.press("Enter");
  await page.getByText("No shipment has exactly this reference").waitFor();
  await field.fill(sscc);
  await page.keyboard.press("Enter");
  await page.getByText(`Put in: box 1 of ${reference}.`).waitFor();
  await page.getByRole("heading", { name: "One box is in it" }).waitFor();
  await expectFocus(page, "shipment");
  await picture(page, "pallet");
}

async function offer(page, doing) {
  doing("offering the box");
  await page.getByRole("link", { name: reference, exact: true }).click();
  await page.getByRole("heading", { name: `Shipment ${reference}` }).waitFor();
  await page.getByRole("button", { name: "It is packed" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "The boxes are packed" }).click();
  await page.getByRole("button", { name: "Offer to the next custodian" }).click();
  const dialog = page.getByRole("dialog", { name: "Offer to the next custodian" });
  await dialog.getByRole("option", { name: organisation }).waitFor({ state: "attached" });
  await dialog.getByLabel("To", { exact: true }).selectOption({ label: `${organisation} (carrier)` });
  await picture(page, "offer");
  await dialog.getByRole("button", { name: "Offer to the next custodian" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("It is offered.").waitFor();
  await page
    .getByRole("listitem")
    .filter({ hasText: `offered to ${organisation}` })
    .first()
    .waitFor();
}

async function accept(page, doing) {
  doing("looking for what is offered");
  await page.getByRole("link", { name: reference }).click();
  await page.getByRole("heading", { name: `Shipment ${reference}` }).waitFor();
  await page.getByRole("button", { name: "Accept", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Condition").selectOption("intact");
  const photo = { name: "box.png", mimeType: "image/png", buffer: await page.screenshot() };
  await dialog.getByLabel("Photo").setInputFiles(photo);
  await picture(page, "accept");

  doing("accepting it");
  await dialog.getByRole("button", { name: "Accept", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("from now on your organisation answers for it").waitFor();
  await page.getByText("In transit", { exact: true }).waitFor();
  const custody = page.getByRole("region", { name: "Custody" });
  await custody
    .getByRole("listitem")
    .filter({ hasText: organisation })
    .filter({ hasText: "logged in" })
    .first()
    .waitFor();
  await picture(page, "accepted");

  doing("looking at the photo");
  await custody.getByText("Everything that was written").click();
  const shown = custody.getByRole("link", { name: /^Photo: .* accepted box 1/ }).getByRole("img");
  await shown.waitFor();
  const width = await shown.evaluate((image) => image.decode().then(() => image.naturalWidth));
  if (width === 0 || width > 1600) throw new Error(`the photo is ${width} pixels wide`);
  await picture(page, "photo");
}
