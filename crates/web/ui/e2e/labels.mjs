/**
 * Who packs gives a box without a number one, with two taps from the list, and has its label as picture and PDF; then all boxes
 * of the shipment, and a pallet. Against a running service; the environment is that of browser.mjs, and
 *
 *   REFERENCE  of a shipment with three boxes, none of which has a number
 *   PALLET  the reference of a pallet without one
 */
import { readFileSync } from "node:fs";
import { countTaps, expectFocus, expectTaps, inBrowser, logIn, picture, required } from "./browser.mjs";

const [reference, pallet] = ["REFERENCE", "PALLET"].map(required);

await inBrowser(walk, `boxes of ${reference} and ${pallet} have labels`, {
  context: { viewport: { width: 390, height: 844 } },
});

async function walk(page, doing) {
  await logIn(page, doing);
  await page.getByRole("link", { name: reference }).waitFor();

  doing("giving a box a number: two taps");
  await countTaps(page);
  await page.getByRole("link", { name: reference }).click();
  await page.getByRole("button", { name: "Give it a number and show the label of box 2" }).click();
  await expectLabel(page, "Label of box 2", `${reference} box 2`);
  await expectTaps(page, 2);
  await picture(page, "label-box");

  doing("saving and closing it");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Save as PDF" }).click();
  const saved = readFileSync(await (await download).path());
  if (!saved.subarray(0, 5).equals(Buffer.from("%PDF-"))) throw new Error("it is no PDF");
  await close(page);
  await expectFocus(page, "Label of box 2");
  await picture(page, "boxes-with-labels");

  doing("giving the others a number: one PDF of all");
  await page.getByRole("button", { name: "Give all a number and show the labels" }).click();
  await page.getByRole("dialog").getByRole("link", { name: "Open for print" }).waitFor();
  await picture(page, "labels-all");
  await close(page);
  await page.getByRole("button", { name: "Label of box 3" }).waitFor();

  doing("giving a pallet a number");
  await page.goto(`${new URL(page.url()).origin}/#/parents`);
  await page.getByRole("link", { name: pallet }).click();
  await page.getByRole("button", { name: "Give it a number and show the label" }).click();
  await expectLabel(page, `Label of Pallet ${pallet}`, `Pallet ${pallet}`);
  await picture(page, "label-pallet");
  await close(page);
  await expectFocus(page, "Label");
  await picture(page, "pallet-with-label");
}

/** Fails unless the dialog shows a picture that is one, and links that say what they save. */
async function expectLabel(page, title, file) {
  const dialog = page.getByRole("dialog", { name: title });
  const image = dialog.getByRole("img", { name: `${title}: its SSCC as GS1-128, DataMatrix and QR code` });
  await dialog.getByRole("link", { name: "Open for print" }).waitFor();
  const width = await image.evaluate((image) => image.decode().then(() => image.naturalWidth));
  if (width < 1000) throw new Error(`the label is ${width} px wide`);
  for (const [name, kind] of [
    ["Save as PDF", "pdf"],
    ["Save as PNG", "png"],
  ]) {
    const saved = await dialog.getByRole("link", { name }).getAttribute("download");
    if (saved !== `${file}.${kind}`) throw new Error(`${name} saves ${saved}`);
  }
}

async function close(page) {
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
}
