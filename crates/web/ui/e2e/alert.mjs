/**
 * A person watches the alerts page; an alert arrives without a reload; it is acknowledged with a reason, and name
 * and reason stand there and in its history afterwards; its shipment says what was known when. Against a running
 * service; the environment is that of browser.mjs, and
 *
 *   REFERENCE  the shipment whose alert is expected
 *   TIMEOUT_S  how long to wait for the alert (default 60)
 *   READY_FILE  is written once the page watches, so that whoever runs this can then cause the alert (optional)
 */
import { writeFileSync } from "node:fs";
import { inBrowser, logIn, picture, required } from "./browser.mjs";

const REASON = "Door was open at the ramp; goods moved to the cold room";
const reference = required("REFERENCE");
const patience = Number(process.env.TIMEOUT_S ?? 60) * 1000;

await inBrowser(watch, `alert for ${reference} arrived, was acknowledged, and shows name and reason`);

async function watch(page, doing) {
  await logIn(page, doing);
  await page.getByLabel("Connection: live").waitFor();

  doing("opening the alerts page");
  await page
    .getByRole("navigation", { name: "Main" })
    .getByRole("link", { name: /^Alerts/ })
    .click();
  await page.getByRole("heading", { name: "Alerts", level: 1 }).waitFor();
  await page.locator("main article, main .nothing").first().waitFor();
  const before = await idsOf(page);
  // Lost at a reload: proves afterwards that there was none.
  await page.evaluate(() => (window.sameDocument = true));
  if (process.env.READY_FILE) writeFileSync(process.env.READY_FILE, "watching\n");

  doing(`waiting for an alert for ${reference} to appear by itself`);
  const card = await arrival(page, before);
  if (!(await page.evaluate(() => window.sameDocument === true))) throw new Error("the page was reloaded");

  doing("acknowledging the alert");
  const reasonless = page.getByText("Say in a few words what was found or done.");
  await card.getByRole("button", { name: /^Acknowledge/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Acknowledge" }).click();
  await reasonless.waitFor();
  await dialog.getByLabel("Reason").fill(REASON);
  await dialog.getByRole("button", { name: "Acknowledge" }).click();
  await dialog.waitFor({ state: "detached" });

  doing("looking for name and reason");
  await card.locator("[data-reason]", { hasText: REASON }).waitFor();
  const by = (await card.locator("[data-by]").innerText()).trim();
  if (by === "" || by === "somebody unnamed") throw new Error("the acknowledgement shows no name");
  if ((await card.locator("time").count()) === 0) throw new Error("the acknowledgement shows no time");
  await picture(page, "alerts");

  doing("looking for what became of the alert");
  await card.getByRole("button", { name: /^History/ }).click();
  const history = card.getByRole("list", { name: /^History/ }).getByRole("listitem");
  await history.first().filter({ hasText: "Raised" }).waitFor();
  // Not the last entry: a reading that arrives meanwhile amends the alert.
  await history
    .filter({ hasText: `Acknowledged by ${by}` })
    .filter({ hasText: REASON })
    .waitFor();
  await picture(page, "history");

  doing(`opening the shipment ${reference}`);
  await card.getByRole("link", { name: reference, exact: true }).click();
  await page.getByRole("heading", { name: `Shipment ${reference}` }).waitFor();
  await page.locator(".chart canvas").waitFor();
  await page.locator("[data-reason]", { hasText: REASON }).waitFor();
  await picture(page, "shipment");

  doing("looking for what was known when");
  await page.getByRole("button", { name: "Past assessments" }).click();
  const known = page.getByRole("list", { name: /^What was known when/ }).getByRole("listitem");
  await known.filter({ hasText: "Verdict" }).filter({ hasText: "Excursion" }).first().waitFor();
  await picture(page, "known");

  doing("going back to the shipments");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Shipments" }).click();
  await page.locator("article[data-reference]").first().waitFor();
  await picture(page, "shipments");
}

/** The card of the first alert for the shipment that was not there before. */
async function arrival(page, before) {
  const ofShipment = page.locator(`article[data-reference=${JSON.stringify(reference)}]`);
  const id = await page
    .waitForFunction(
      ({ selector, before }) => {
        const cards = [...document.querySelectorAll(selector)];
        const fresh = cards.find((card) => !before.includes(card.dataset.alert));
        return fresh?.dataset.alert ?? null;
      },
      { selector: `article[data-alert][data-reference=${JSON.stringify(reference)}]`, before },
      { timeout: patience },
    )
    .then((handle) => handle.jsonValue())
    .catch(async (thrown) => {
      const there = await ofShipment.count();
      throw new Error(
        `none arrived within ${patience / 1000} s (${there} were open before): ${thrown.message}`,
      );
    });
  return page.locator(`article[data-alert="${id}"]`);
}

function idsOf(page) {
  return page.locator("article[data-alert]").evaluateAll((cards) => cards.map((card) => card.dataset.alert));
}
