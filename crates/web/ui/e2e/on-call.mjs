/**
 * Somebody from quality puts two people on call with the keyboard alone, one before the other, writes a runbook and goes
 * back to the default one; the dialog that acknowledges says what to do. Against a running service in which nobody is on
 * call and an alert is open; the environment is that of browser.mjs, and
 *
 *   PEOPLE  the printed names of two who may acknowledge, with a comma between them
 */
import { inBrowser, logIn, picture, required } from "./browser.mjs";

const [first, second] = required("PEOPLE").split(",");
const TO_DO = "Call the depot\nMove the box";

await inBrowser(walk, `${second} and ${first} are on call; a runbook was written and went back`);

async function walk(page, doing) {
  await logIn(page, doing);

  doing("opening the list of those on call");
  await page
    .getByRole("navigation", { name: "Main" })
    .getByRole("link", { name: /^Alerts/ })
    .click();
  await page.getByRole("link", { name: "On call" }).click();
  await page.getByRole("heading", { name: "On call", level: 1 }).waitFor();
  await page.getByText("Nobody is on call").waitFor();
  await press(page, "Change the list");

  doing("adding two steps");
  for (const name of [first, second]) {
    await press(page, "Add a step");
    // The new step's first field has the focus.
    await page.keyboard.type(name);
  }
  await picture(page, "on-call-edit");

  doing("moving the second one up");
  await press(page, "Up : step 2");
  await page.getByText("It is step 1 now.").waitFor({ state: "attached" });
  await press(page, "Save the list");
  await page.getByRole("button", { name: "Change the list" }).waitFor();
  const shown = await page.getByRole("listitem").locator("strong").allInnerTexts();
  if (shown.join() !== [second, first].join()) throw new Error(`on call are ${shown.join()}`);
  await picture(page, "on-call");

  doing("writing a runbook");
  await page.getByRole("link", { name: "Alerts", exact: true }).click();
  await page.getByRole("link", { name: "Runbooks" }).click();
  const warm = page.getByRole("article").filter({ has: page.getByRole("heading", { name: "Too warm" }) });
  await warm.getByText("The default text").waitFor();
  await warm.getByRole("button", { name: /^Change/ }).click();
  const dialog = page.getByRole("dialog", { name: "Runbook: Too warm" });
  await dialog.getByLabel("What to do").fill("");
  await press(dialog, "Keep it");
  await dialog.getByText("Write what to do, one step a line.").waitFor();
  await dialog.getByLabel("What to do").fill(TO_DO);
  await picture(page, "runbook-edit");
  await press(dialog, "Keep it");
  await dialog.waitFor({ state: "detached" });
  await warm.getByText("Your own text").waitFor();
  await warm.getByText("Move the box").waitFor();
  await picture(page, "runbooks");
  await warm.getByRole("button", { name: /^Change/ }).click();
  await press(dialog, "Back to the default text");
  await warm.getByText("The default text").waitFor();

  doing("looking at what to do about an alert");
  await page.getByRole("link", { name: "Alerts", exact: true }).first().click();
  const card = page.getByRole("article").first();
  await card.getByRole("button", { name: /^Who was told/ }).click();
  await card.getByRole("button", { name: /^Hide who was told/ }).waitFor();
  await card.getByRole("button", { name: /^Acknowledge/ }).click();
  const asked = page.getByRole("dialog", { name: /^Acknowledge/ });
  await asked.getByRole("heading", { name: "What to do" }).waitFor();
  await asked.getByText("Who was told", { exact: true }).click();
  await picture(page, "acknowledge");
}

async function press(where, name) {
  await where.getByRole("button", { name }).focus();
  await where.getByRole("button", { name }).press("Enter");
}
