/**
 * A courier scans a pallet with forty boxes of three shipments, one of them on hold, and takes it over but for two boxes: one
 * is scanned, one is tapped. Another shipment he refuses, by keyboard. Against a running service; the environment is that of
 * browser.mjs, and
 *
 *   PALLET, DAMAGED  SSCCs of the pallet and of box 5 of PO-11 on it
 *   REFUSED  the reference of the shipment that he does not take
 *
 * or, where both are scanned by the camera and nothing is refused,
 *
 *   PALLET, DAMAGED  their labels as the service prints them, PNGs
 *   FILM  where the film of both is written
 */
import { readFileSync } from "node:fs";
import { countTaps, expectAccessible, expectTaps, inBrowser, logIn, required } from "./browser.mjs";
import { cameraArgs, writeFilm } from "./fake-camera.mjs";
import { phonePicture, typeAsScanner } from "./scanner.mjs";

const [pallet, damaged] = ["PALLET", "DAMAGED"].map(required);
const { FILM: film, REFUSED: refused } = process.env;
if (film)
  await writeFilm(
    film,
    [pallet, damaged].map((file) => readFileSync(file)),
  );

await inBrowser(walk, "38 of 40 boxes were taken over", {
  args: film ? cameraArgs(film) : [],
  context: { viewport: { width: 360, height: 780 }, reducedMotion: "reduce", permissions: ["camera"] },
});

async function walk(page, doing) {
  await logIn(page, doing);
  const status = page.getByRole("main").getByRole("status");
  await page.getByRole("link", { name: /Pallet P-40 40 boxes/ }).waitFor();
  await phonePicture(page, "pallet-listed");
  await expectAccessible(page, "the list");

  doing("scanning the pallet");
  await countTaps(page);
  await scan(page, pallet);
  await page.getByRole("heading", { name: "Pallet P-40: 40 boxes" }).waitFor();
  await page.getByText("Do not use: on hold because a lot in it was recalled").waitFor();

  doing("leaving out a box by scanning it and another by a tap");
  await scan(page, damaged);
  await status.filter({ hasText: "Box 5 of PO-11 is left out: damaged." }).waitFor();
  await page.getByRole("button", { name: /PO-12, box 19/ }).click();
  await page.getByRole("heading", { name: "Pallet P-40: 38 boxes" }).waitFor();
  await page.getByRole("button", { name: /PO-12, box 19.* left out: missing/, pressed: true }).waitFor();
  await phonePicture(page, film ? "pallet-camera" : "pallet-exceptions");
  await expectAccessible(page, "the pallet");

  doing("taking it over");
  await page.getByRole("button", { name: "Accept into quarantine" }).click();
  await page.getByRole("heading", { name: "Accept into quarantine: 38 boxes?" }).waitFor();
  await page.getByText("keep it apart and marked").waitFor();
  await phonePicture(page, "pallet-confirm");
  await expectAccessible(page, "the confirmation");
  await page.getByRole("button", { name: "Confirm" }).click();
  await status.filter({ hasText: "Done: you took over 38 boxes on Pallet P-40." }).waitFor();
  // One is the box that was tapped. The camera is opened by a tap: for the pallet, and for the box that is left out.
  await expectTaps(page, film ? 5 : 3);
  if (refused) await refuse(page, doing, status);
}

/** What the camera is opened for comes before it by itself. */
async function scan(page, what) {
  if (film) await page.getByRole("button", { name: "Scan with the camera" }).click();
  else await typeAsScanner(page, `]C100${what}`);
}

async function refuse(page, doing, status) {
  doing("refusing by keyboard alone");
  await page.getByRole("link", { name: new RegExp(refused) }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: `${refused}: 1 box` }).waitFor();
  await page.getByRole("button", { name: "Refuse" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: `Refuse 1 box of ${refused}?` }).waitFor();
  await page.getByRole("button", { name: "Refuse" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Choose a reason, or write one.").waitFor();

  doing("scanning with the focus on a reason: the scan is heard, and nothing is refused by it");
  await page.getByLabel("Damaged").focus();
  await typeAsScanner(page, "]E09506000134352");
  await status.filter({ hasText: "This is a product's barcode" }).waitFor();
  await page.getByRole("heading", { name: `Refuse 1 box of ${refused}?` }).waitFor();

  doing("typing where a scanner types, too: it stays there and sends nothing");
  const field = page.getByLabel("In other words");
  await field.focus();
  await typeAsScanner(page, `]C100${pallet}`);
  const typed = await field.inputValue();
  if (typed.trim() !== `]C100${pallet}`) throw new Error(`the field holds ${typed}`);
  await field.fill("the seal is torn");
  await page.getByLabel("Damaged").focus();
  await page.keyboard.press("Space");
  await phonePicture(page, "refuse");
  await expectAccessible(page, "the refusal");
  await page.getByRole("button", { name: "Refuse" }).focus();
  await page.keyboard.press("Enter");
  await status.filter({ hasText: `Done: you refused box 1 of ${refused}.` }).waitFor();
}
