/**
 * Somebody from quality finds a shipped profile, reads its rules and approves it with the keyboard alone; name and
 * meaning stand there afterwards. Against a running service; the environment is that of browser.mjs, and
 *
 *   PROFILE  the name of a profile that is not approved
 */
import { inBrowser, logIn, password, picture, required } from "./browser.mjs";

const MEANING = "Reviewed against the label";
const profile = required("PROFILE");

await inBrowser(approve, `${profile} was read and approved, and shows name and meaning`);

async function approve(page, doing) {
  await logIn(page, doing);

  doing("looking for the profile");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Profiles" }).click();
  await page.getByRole("heading", { name: "Profiles", level: 1 }).waitFor();
  const entry = page.getByRole("listitem").filter({ has: page.getByRole("link", { name: profile }) });
  await entry.getByText("Not approved").waitFor();
  await picture(page, "profiles");

  doing("reading its rules");
  await entry.getByRole("link", { name: profile }).click();
  await page.getByRole("heading", { name: "Rules" }).waitFor();
  await page.getByText("Any second beyond it is an excursion").waitFor();
  await picture(page, "profile");

  doing("approving it");
  await page.getByRole("button", { name: "Approve this version" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: `Approve ${profile}, version 1` });
  await dialog.getByLabel("Meaning of the signature").fill(MEANING);
  await page.keyboard.press("Enter");
  await dialog.getByText("Your password is asked for at every signature.").waitFor();
  await picture(page, "approve");
  // The field that was missing has the focus.
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });

  doing("looking for the signature");
  await page.getByText(MEANING).waitFor();
  await page.getByText("Signed by").waitFor();
  const focused = await page.evaluate(() => document.activeElement?.textContent);
  if (focused !== "Approval") throw new Error(`the focus is lost: on ${focused}`);
  await picture(page, "approved");
}
