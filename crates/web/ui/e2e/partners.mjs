/**
 * An admin makes an organisation (a wrong GLN is said at its field), records a contract, gives out a badge, and makes a
 * user; who lacks a training is seen, and no longer once one is recorded. Against a running service; the environment is
 * that of browser.mjs, and
 *
 *   ORGANISATION  the name of the one that is made
 *   NEW_EMAIL, NEW_PASSWORD  of its courier
 */
import { expectFocus, inBrowser, logIn, picture, required } from "./browser.mjs";

const organisation = required("ORGANISATION");
const newEmail = required("NEW_EMAIL");
const newPassword = required("NEW_PASSWORD");

await inBrowser(partners, `${organisation} has a contract, a badge and a trained courier`);

async function partners(page, doing) {
  await logIn(page, doing);

  doing("opening the partners");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Partners" }).click();
  await page.getByRole("heading", { name: "Partners", level: 1 }).waitFor();
  await page.getByText("Your own organisation").waitFor();
  await picture(page, "partners");
  await makeOrganisation(page, doing);
  await entitle(page, doing);
  await makeUser(page, doing);
  await train(page, doing);
}

async function makeOrganisation(page, doing) {
  doing("making an organisation with the keyboard alone");
  await page.getByRole("link", { name: "New organisation" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "New organisation" }).waitFor();
  await page.getByRole("button", { name: "Make the organisation" }).click();
  await page.getByText("Choose what it is.").waitFor();
  await expectFocus(page, "kind");
  await page.getByLabel("Kind").selectOption("carrier");
  await page.getByLabel("Name").fill(organisation);
  await page.getByLabel("GLN").fill("9506000134308");
  await page.getByText("GLN: the check digit is 8 and would be 7").waitFor();
  await picture(page, "new-organisation");
  await page.getByLabel("GLN").fill("9506000134307");
  await page.getByText("GLN, check digit right").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: organisation, level: 1 }).waitFor();
  await page.getByText("No valid contract").waitFor();
}

async function entitle(page, doing) {
  doing("recording a contract");
  await page.getByRole("button", { name: "Add a contract" }).click();
  await page.getByRole("dialog").getByLabel("Title").fill("Carriage of medicines, 2 to 8 °C");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByText("No valid contract").waitFor({ state: "detached" });
  await expectFocus(page, "Contracts");

  doing("giving out two badges, and revoking one");
  const badges = page.getByRole("region", { name: "Badges" });
  for (const [holder, number] of [
    ["Bruno Badge", `${newEmail} 1`],
    ["Berta Badge", `${newEmail} 2`],
  ]) {
    await badges.getByRole("button", { name: "Give out a badge" }).click();
    await page.getByLabel("Holder").fill(holder);
    await page.getByLabel("Number").fill(number);
    await page.keyboard.press("Enter");
    await badges.locator("strong", { hasText: holder }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  if (await page.getByText(newEmail).count()) throw new Error("the number of a badge is shown");
  await badges.getByRole("button", { name: "Revoke the badge Berta Badge" }).click();
  await page.keyboard.press("Enter");
  await page.getByText("Say why: it goes on record.").waitFor();
  await expectFocus(page, "reason");
  await picture(page, "revoke-badge");
  await page.keyboard.type("Lost at the ramp");
  await page.keyboard.press("Enter");
  await badges.getByText("Lost at the ramp").waitFor();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await expectFocus(page, "Badges");
  await picture(page, "organisation");
}

async function makeUser(page, doing) {
  doing("making a user");
  await page.getByRole("link", { name: "New user" }).click();
  await page.getByRole("heading", { name: "New user" }).waitFor();
  const role = page.getByLabel("Role");
  await role.locator("option", { hasText: "Courier" }).waitFor({ state: "attached" });
  if (await role.locator("option", { hasText: "Quality" }).count()) {
    throw new Error("a partner's user is offered a role of the tenant");
  }
  await role.selectOption("courier");
  await page.getByLabel("E-mail").fill(newEmail);
  await page.getByLabel("Name").fill("Carla Courier");
  await page.getByLabel("First password").fill("short");
  await page.keyboard.press("Enter");
  await page.getByText("It has at least 8 characters.").waitFor();
  await expectFocus(page, "password");
  await picture(page, "new-user");
  await page.getByLabel("First password").fill(newPassword);
  await page.keyboard.press("Enter");
  await page.getByText(newPassword, { exact: true }).waitFor();
  await expectFocus(page, "Carla Courier can log in");
  await picture(page, "made-user");
}

async function train(page, doing) {
  doing("recording a training");
  await page.getByRole("link", { name: "All people" }).click();
  await page.getByRole("heading", { name: "People", level: 1 }).waitFor();
  await page.getByLabel("Of which organisation").selectOption({ label: organisation });
  const carla = page.getByRole("listitem").filter({ hasText: newEmail });
  await carla.getByText("No valid GDP training").waitFor();
  await picture(page, "people");
  await carla.getByRole("button", { name: "Trainings of Carla Courier" }).click();
  await carla.getByRole("button", { name: "Add a training" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Add the training" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await carla.getByText("No valid GDP training").waitFor({ state: "detached" });
  await carla.locator("strong", { hasText: "Good distribution practice (GDP)" }).waitFor();
  await expectFocus(page, "Trainings of Carla Courier");
  await picture(page, "trainings");
}
