/**
 * What an alert says that the tracker made of it by its own limits, and the page of that tracker, which is broken, low on
 * battery, has lost entries and raised an alarm that nobody shares; a refusal to tell it something is in words. Against a
 * running service; the environment is that of browser.mjs, and
 *
 *   REFERENCE  the shipment whose temperature alert has ended
 *   TRACKER  the name of its tracker
 *   REFUSED  why it cannot be told anything
 */
import { expectFocus, inBrowser, logIn, picture, required } from "./browser.mjs";

const [reference, tracker, refused] = ["REFERENCE", "TRACKER", "REFUSED"].map(required);

await inBrowser(walk, `the alert of ${reference} and ${tracker} say what the tracker judged`, {
  expected: /status of 409/,
});

async function walk(page, doing) {
  await logIn(page, doing);
  const main = page.getByRole("navigation", { name: "Main" });

  doing("reading what the tracker made of it");
  await main.getByRole("link", { name: /^Alerts/ }).click();
  const alert = page.getByRole("article").filter({ has: page.getByRole("link", { name: reference }) });
  await alert
    .getByText(
      "The tracker raised no alarm of its own. Its own limits are now below 2 °C after 10 min, above 8 °C after 30 min.",
    )
    .waitFor();
  await picture(page, "own-alarm");

  doing("finding it in the list");
  await main.getByRole("link", { name: "Trackers" }).click();
  const registered = page.getByRole("region", { name: "Registered" }).getByRole("listitem");
  await registered.filter({ hasText: "Broken" }).filter({ hasText: "Battery 9 %" }).waitFor();
  await picture(page, "trackers-in-trouble");

  doing("opening its page");
  await registered.getByRole("link", { name: tracker, exact: true }).press("Enter");
  const status = page.getByRole("region", { name: "How it is" });
  for (const words of ["Broken: replace it", "Low: 9 % left", "Entries 2 to 7"]) {
    await status.getByText(words, { exact: true }).waitFor();
  }
  const log = page.getByRole("region", { name: "What it says of itself" }).getByRole("listitem");
  await log
    .filter({ hasText: "Its own alarm: too cold" })
    .getByText("The service has no such alert")
    .waitFor();
  await log.getByText("Entries 0 to 1 of its log are lost").waitFor();
  await picture(page, "tracker-in-trouble");

  doing("telling it something in vain");
  await page.getByRole("button", { name: "Tell it something" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: `Tell ${tracker}` });
  await dialog.getByRole("button", { name: "Tell it" }).press("Enter");
  await dialog.getByRole("alert").getByText(refused).waitFor();
  await picture(page, "tell-refused");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await expectFocus(page, "Tell it something");
}
