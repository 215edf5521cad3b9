/**
 * A courier scans with a scanner that types, and takes a box over with three taps. The network fails meanwhile: the transfer
 * is kept, outlives the page, is not sent by somebody else's log-in, and is sent once when the network is back. Then he offers
 * it with three taps. Against a running service; the environment is that of browser.mjs, and
 *
 *   REFERENCE, SSCC  of the shipment with one box that is offered to the courier, and that goes to a pharmacy in Rome then
 *   FOREIGN  the SSCC of a box that is not
 */
import {
  countTaps,
  expectAccessible,
  expectFocus,
  expectTaps,
  inBrowser,
  logIn,
  logInAs,
  password,
  required,
} from "./browser.mjs";
import { phonePicture, typeAsScanner } from "./scanner.mjs";

const reference = required("REFERENCE");
const sscc = required("SSCC");
const foreign = required("FOREIGN");
const email = required("EMAIL");
const GS = "\x1d";

await inBrowser(walk, `${reference} was taken over once`, {
  context: { viewport: { width: 360, height: 780 } },
  // The walk takes the network away.
  expected: /net::ERR_(INTERNET_DISCONNECTED|FAILED|NETWORK_CHANGED)/,
});

async function walk(page, doing) {
  await logIn(page, doing);
  const status = page.getByRole("main").getByRole("status");

  doing("opening the handovers");
  await countTaps(page);
  await page.getByRole("link", { name: "Handovers" }).click();
  await page.getByRole("heading", { name: "To take over" }).waitFor();
  await page.getByRole("link", { name: new RegExp(reference) }).waitFor();
  await phonePicture(page, "handovers");
  await expectAccessible(page, "the list");

  doing("scanning what is no box of his");
  for (const [code, words] of [
    [`]E09506000134352`, /This is a product's barcode \(GTIN 09506000134352\), not a box/],
    [`]Q1https://shop.example/p/7`, /This is a web address \(shop\.example\)/],
    [`]C100${foreign}`, /This is a box or pallet of another shipment/],
    [`]C100${sscc.slice(0, -1)}${(Number(sscc.at(-1)) + 1) % 10}`, /a digit is misread/],
  ]) {
    await typeAsScanner(page, code);
    await status.filter({ hasText: words }).waitFor();
  }
  await phonePicture(page, "scan-foreign");

  doing("scanning the box");
  await typeAsScanner(page, `]C100${sscc}02095060001343523712${GS}10LOT7`);
  await page.getByRole("heading", { name: `${reference}: 1 box` }).waitFor();
  await phonePicture(page, "scan-found");
  await expectAccessible(page, "the task");

  doing("accepting without a network");
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Accept" }).click();
  await page.getByRole("heading", { name: "Accept: 1 box?" }).waitFor();
  await phonePicture(page, "scan-confirm");
  await expectAccessible(page, "the confirmation");
  await page.getByRole("button", { name: "Confirm" }).click();
  await status.filter({ hasText: "Not yet sent" }).waitFor();
  await expectTaps(page, 3);
  await page.getByRole("heading", { name: "Not yet sent: 1" }).waitFor();
  await phonePicture(page, "not-yet-sent");
  await expectAccessible(page, "what is not yet sent");

  doing("opening the page anew while transfers go nowhere");
  await page.route("**/custody/**", (route) => route.abort());
  await page.context().setOffline(false);
  await page.reload();
  await page.getByRole("heading", { name: "Not yet sent: 1" }).waitFor();

  doing("logging in as somebody else, whose log-in sends nothing of it");
  await logOut(page);
  // Not before: it is sent as soon as it can be, while its author is logged in.
  await page.unroute("**/custody/**");
  let sent = 0;
  page.on("request", (request) => (sent += /custody/.test(request.url()) ? 1 : 0));
  await logInAs(page, doing, "second@carrier.example", password);
  await page.getByRole("link", { name: "Handovers" }).click();
  await page.getByText(`It is sent when ${email} logs in on this device.`).waitFor();
  if (sent > 0) throw new Error("it was sent under another name");

  doing("logging in again: it is sent");
  await logOut(page);
  await logInAs(page, doing, email, password);
  await page.getByRole("link", { name: "Handovers" }).click();
  await page.getByRole("heading", { name: "To hand over" }).waitFor();
  await page.getByRole("heading", { name: /Not yet sent/ }).waitFor({ state: "detached" });
  await phonePicture(page, "handovers-held");

  doing("looking at it and going back to the list: the focus is on the heading");
  const offered = page.getByRole("link", { name: new RegExp(`${reference} .*to Pharmacy, Rome`) });
  await offered.click();
  await expectFocus(page, `${reference}: 1 box`);
  await page.getByRole("link", { name: "All handovers" }).click();
  await expectFocus(page, "Handovers");

  doing("offering it to whom the plan has next");
  await countTaps(page);
  await offered.click();
  await page.getByRole("button", { name: "Offer to Pharmacy" }).click();
  await phonePicture(page, "offer-confirm");
  // The question stands until it is answered.
  const sending = [];
  await page.route("**/custody/offer", async (route) => {
    sending.push(await page.getByRole("button", { name: "Sending …" }).count());
    await route.continue();
  });
  await page.getByRole("button", { name: "Confirm" }).click();
  await status.filter({ hasText: `Done: you offered box 1 of ${reference} to Pharmacy.` }).waitFor();
  if (String(sending) !== "1") throw new Error(`while it was sent, its view was gone: ${sending}`);
  await expectFocus(page, "Handovers");
  await expectTaps(page, 3);
  await page.getByRole("heading", { name: "Offered, not answered yet" }).waitFor();
  await expectAccessible(page, "what is offered");
}

/** From a place that everybody comes to who logs in. */
async function logOut(page) {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Shipments" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
}
