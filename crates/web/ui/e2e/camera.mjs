/**
 * A courier opens the page, taps on the camera, shows it a product and then the label of a box, and takes the box over:
 * three taps. Against a running service; the environment is that of browser.mjs, and
 *
 *   REFERENCE  of the shipment that is offered to the courier
 *   LABEL  of its box as the service prints it, a PNG
 *   FILM  where the film of both is written
 */
import { readFileSync } from "node:fs";
import { inBrowser, logIn, required } from "./browser.mjs";
import { cameraArgs, drawn, writeFilm } from "./fake-camera.mjs";
import { countTaps, expectAccessible, expectTaps, phonePicture } from "./scanner.mjs";

const reference = required("REFERENCE");
const film = required("FILM");
const product = await drawn("9506000134352", { format: "EAN13" });
await writeFilm(film, [product, readFileSync(required("LABEL"))]);

await inBrowser(walk, `${reference} was found by the camera and taken over`, {
  args: cameraArgs(film),
  context: { viewport: { width: 360, height: 780 }, permissions: ["camera"] },
});

async function walk(page, doing) {
  await logIn(page, doing);
  const status = page.getByRole("main").getByRole("status");
  await page.getByRole("link", { name: new RegExp(reference) }).waitFor();

  doing("scanning with the camera");
  await countTaps(page);
  await page.getByRole("button", { name: "Scan with the camera" }).click();
  await status.filter({ hasText: "This is a product's barcode (GTIN 09506000134352)" }).waitFor();
  await phonePicture(page, "camera");
  await expectAccessible(page, "the camera");
  await page.getByRole("heading", { name: `${reference}: 1 box` }).waitFor();

  doing("taking it over");
  await page.getByRole("button", { name: "Accept" }).click();
  await page.getByRole("button", { name: "Confirm" }).click();
  await status.filter({ hasText: `Done: you took over box 1 of ${reference}.` }).waitFor();
  await expectTaps(page, 3);
  await page.getByRole("heading", { name: "To hand over" }).waitFor();
  const open = await page.evaluate(() => document.querySelectorAll("video").length);
  if (open > 0) throw new Error("the camera is still open");
}
