/**
 * A courier takes a box over without a network, and its owner takes the offer back meanwhile: what the service refuses is shown
 * with the reason, can be saved as a file, and stays until he removes it. Against a running service; the environment is that
 * of browser.mjs, and
 *
 *   REFERENCE, SHIPMENT  of the shipment with one box that is offered to the courier: its reference and its id
 *   BROKEN  of a shipment whose record is not as it was written
 *   OWNER_TOKEN  of somebody who may take the offer back
 */
import { readFileSync } from "node:fs";
import { expectAccessible, inBrowser, logIn, required } from "./browser.mjs";
import { phonePicture } from "./scanner.mjs";

const [baseUrl, reference, shipment, broken, token] = [
  "BASE_URL",
  "REFERENCE",
  "SHIPMENT",
  "BROKEN",
  "OWNER_TOKEN",
].map(required);

await inBrowser(walk, "what was refused was shown and removed", {
  context: { viewport: { width: 360, height: 780 } },
  // The walk takes the network away, and then the offer.
  expected: /net::ERR_(INTERNET_DISCONNECTED|FAILED|NETWORK_CHANGED)|status of 409/,
});

async function walk(page, doing) {
  await logIn(page, doing);
  doing("reading that a record is not as it was written");
  await page.getByText(`The custody record of ${broken} is not as it was written`).waitFor();
  doing("accepting without a network");
  await page.getByRole("link", { name: new RegExp(reference) }).click();
  await page.getByRole("button", { name: "Accept" }).waitFor();
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Accept" }).click();
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.getByRole("heading", { name: "Not yet sent: 1" }).waitFor();

  doing("taking the offer back meanwhile");
  const answer = await fetch(`${baseUrl}/api/v1/shipments/${shipment}/custody/withdraw`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ reason: "the wrong carrier" }),
  });
  if (answer.status !== 201) throw new Error(`the offer was not taken back: ${await answer.text()}`);
  await page.context().setOffline(false);
  await page.getByRole("main").getByRole("status").filter({ hasText: "Not done" }).waitFor();
  await page.getByRole("heading", { name: "To take over" }).waitFor({ state: "detached" });
  await page.getByText(/“The offer is not open to you: it was answered or taken back/).waitFor();
  await phonePicture(page, "refused-later");
  await expectAccessible(page, "what was refused");

  doing("saving it as a file");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as a file" }).click();
  const saved = JSON.parse(readFileSync(await (await download).path(), "utf8"));
  if (saved.not_yet_sent.length !== 1 || !saved.not_yet_sent[0].refused)
    throw new Error("it is not in the file");

  doing("opening the page anew: it is still there, and is removed by two taps");
  await page.reload();
  await page.getByRole("button", { name: "Remove from this list" }).click();
  await page.getByRole("button", { name: "Yes, remove it" }).click();
  await page.getByRole("heading", { name: /Not yet sent/ }).waitFor({ state: "detached" });
}
