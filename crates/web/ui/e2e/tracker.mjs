/**
 * Somebody who may change trackers finds one in the list, reads how it is, and tells it something with the keyboard alone;
 * what was said appears in its list, and without a reload it says that the tracker has it. Against a running service; the
 * environment is that of browser.mjs, and
 *
 *   TRACKER  the name of one that sends and has said how it is, as a tracker does with which nothing was changed
 *   TIMEOUT_S  how long it may take to answer (default 60)
 */
import { expectFocus, inBrowser, logIn, picture, required } from "./browser.mjs";

const tracker = required("TRACKER");
const patience = Number(process.env.TIMEOUT_S ?? 60) * 1000;

await inBrowser(walk, `${tracker} was told to blink, and has it`);

async function walk(page, doing) {
  await logIn(page, doing);

  doing("looking for the tracker");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Trackers" }).click();
  await page.getByRole("heading", { name: "Trackers", level: 1 }).waitFor();
  const registered = page.getByRole("region", { name: "Registered" });
  await registered.getByRole("link", { name: tracker, exact: true }).waitFor();
  await page.getByRole("heading", { name: "Gateways that heard a tracker" }).waitFor();
  await picture(page, "trackers");

  doing("reading how it is");
  await registered.getByRole("link", { name: tracker, exact: true }).press("Enter");
  await page.getByRole("heading", { name: `Tracker ${tracker}`, level: 1 }).waitFor();
  const status = page.getByRole("region", { name: "How it is" });
  for (const [term, words] of [
    ["Battery", /^\d+ % left$/],
    ["Clock", /^Right within/],
    ["Its log holds", /^Entries \d+ to \d+$/],
    ["Firmware", /^\d+\.\d+\.\d+$/],
    ["Measures", /^Every 5 min, sent every 15 min$/],
    ["Its own alarm", /^Below 2.°C after 10 min, above 8.°C after 30 min$/],
  ]) {
    await expectTold(status, term, words);
  }
  await page
    .getByRole("region", { name: "What it says of itself" })
    .getByText("Started by its button")
    .waitFor();
  await page
    .getByRole("region", { name: "Messages as they arrived" })
    .getByRole("listitem")
    .first()
    .waitFor();
  await picture(page, "tracker");

  doing("waiting until nothing is on its way to it");
  const told = page.getByRole("region", { name: "What it was told" }).getByRole("listitem");
  await told.filter({ hasText: "Waits" }).waitFor({ state: "detached", timeout: patience });

  doing("writing limits that cannot be");
  const tell = page.getByRole("button", { name: "Tell it something" });
  await tell.press("Enter");
  const dialog = page.getByRole("dialog", { name: `Tell ${tracker}` });
  await picture(page, "tell");
  const what = dialog.getByLabel("What");
  await expectFocus(page, "what");
  await what.selectOption("Its own limits");
  await dialog.getByLabel("Too warm above").fill("1,5");
  await page.keyboard.press("Enter");
  await dialog.getByText("Write more than the lower limit.").waitFor();
  await expectFocus(page, "high");
  await picture(page, "tell-limits");

  doing("telling it to blink");
  await what.selectOption("Blink for 10 seconds");
  await dialog.getByRole("button", { name: "Tell it" }).press("Enter");
  await dialog.waitFor({ state: "detached" });
  await expectFocus(page, "Tell it something");
  const latest = told.first();
  await latest.getByText("Blink for 10 seconds, and say how it is").waitFor();
  await picture(page, "told");
  await latest.getByText("The tracker has it since").waitFor({ timeout: patience });
  await picture(page, "told-and-obeyed");
}

/** What stands beside a term. */
async function expectTold(region, term, words) {
  const told = region.getByRole("term").filter({ hasText: term }).locator("xpath=following-sibling::dd[1]");
  const text = (await told.innerText()).trim();
  if (!words.test(text)) throw new Error(`${term}: ${text}`);
}
