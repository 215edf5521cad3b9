/**
 * A courier opens the page, taps on the camera, shows it a product and then the label of a box, and takes the box over:
 * three taps. Against a running service; the environment is that of browser.mjs, and
 *
 *   REFERENCE  of the shipment that is offered to the courier
 *   LABEL  of its box as the service prints it, a PNG
 *   FILM  where the film of both is written
 */
import { readFileSync } from "node:fs";
import {
  countTaps,
  expectAccessible,
  expectFocus,
  expectTaps,
  inBrowser,
  logIn,
  required,
} from "./browser.mjs";
import { cameraArgs, drawn, writeFilm } from "./fake-camera.mjs";
import { phonePicture } from "./scanner.mjs";

const reference = required("REFERENCE");
const film = required("FILM");
const product = await drawn("9506000134352", { format: "EAN13" });
await writeFilm(film, [product, readFileSync(required("LABEL"))]);

await inBrowser(walk, `${reference} was found by the camera and taken over`, {
  args: cameraArgs(film),
  context: { viewport: { width: 360, height: 780 }, permissions: ["camera"] },
});

async function walk(page, doing) {
  await page.addInitScript(() => {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.tracks = [];
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await open(wanted);
      window.tracks.push(...stream.getTracks());
      return stream;
    };
  });
  await logIn(page, doing);
  const status = page.getByRole("main").getByRole("status");
  await page.getByRole("link", { name: new RegExp(reference) }).waitFor();

  doing("opening and closing the camera by keyboard: the focus stays where it was pressed");
  const scan = page.getByRole("button", { name: "Scan with the camera" });
  await scan.focus();
  await page.keyboard.press("Enter");
  await expectFocus(page, "Close the camera");
  await page.keyboard.press("Enter");
  await expectFocus(page, "Scan with the camera");
  await expectNoCamera(page);

  doing("having the camera taken away, and no reader");
  await scan.click();
  await page.waitForFunction(() => document.querySelector("video")?.srcObject);
  await page.evaluate(() => {
    const [track] = document.querySelector("video").srcObject.getTracks();
    track.dispatchEvent(new Event("ended"));
  });
  await page.getByText("The camera is gone").waitFor();
  await expectNoCamera(page);
  await page.evaluate(() => {
    window.asIs = window.Worker;
    window.Worker = class {
      constructor() {
        throw new DOMException("no worker", "SecurityError");
      }
    };
  });
  await scan.click();
  await page.getByText("The camera's reader cannot be loaded").waitFor();
  await expectNoCamera(page);
  await page.evaluate(() => (window.Worker = window.asIs));

  doing("scanning with the camera");
  await countTaps(page);
  await scan.click();
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
  await expectNoCamera(page);
}

/** Fails unless every camera that was opened is off, or goes off. */
async function expectNoCamera(page) {
  await page.waitForFunction(() => window.tracks.every(({ readyState }) => readyState === "ended"));
}
