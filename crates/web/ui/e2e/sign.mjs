/**
 * Somebody makes a link for an offer; somebody without an account opens it, with another browser and the keyboard alone, and
 * accepts; the shipment then says by what that person was known. Against a running service; the environment is that of
 * browser.mjs, and
 *
 *   REFERENCE  a shipment that the user's organisation has offered and nobody has answered
 */
import { inBrowser, logIn, picture, required } from "./browser.mjs";

const NAME = "Petra Pharmacist";
const reference = required("REFERENCE");

await inBrowser(sign, `${reference} was accepted by a link, and says so`);

async function sign(page, doing) {
  await logIn(page, doing);

  doing("opening the shipment");
  await page.getByRole("link", { name: reference }).first().click();
  await page.getByRole("heading", { name: `Shipment ${reference}` }).waitFor();
  await page.getByRole("button", { name: "Receiver signs here" }).click();
  const signer = page.getByRole("dialog", { name: "The receiver signs here" });
  await signer.getByRole("button", { name: "Accept" }).click();
  await signer.getByText("Scan the badge, or write its number.").waitFor();
  await picture(page, "sign-here");
  await page.keyboard.press("Escape");

  doing("making a link");
  await page.getByRole("button", { name: "Make a code or link" }).click();
  const dialog = page.getByRole("dialog", { name: "A code or a link for the receiver" });
  await dialog.getByRole("button", { name: "Make a code and a link" }).click();
  const link = await dialog.getByLabel("Link").inputValue();
  await picture(page, "made-link");
  await dialog.getByRole("button", { name: "Close" }).click();

  doing("opening the link without a log-in");
  const context = await page.context().browser().newContext();
  const other = await context.newPage();
  await other.goto(link);
  await other.getByRole("heading", { name: `Shipment ${reference} is offered to you` }).waitFor();
  await picture(other, "offered");

  doing("accepting it");
  await other.getByLabel("Your answer").focus();
  await other.keyboard.press("i");
  await other.getByRole("button", { name: "Accept" }).focus();
  await other.keyboard.press("Enter");
  await other.getByText("Print your name.").waitFor();
  // The field that was missing has the focus.
  await other.keyboard.type(NAME);
  await picture(other, "signing");
  await other.keyboard.press("Enter");
  await other.getByText("It is accepted").waitFor();
  const focused = await other.evaluate(() => document.activeElement?.tagName);
  if (focused !== "H1") throw new Error(`the focus is lost: on ${focused}`);
  await picture(other, "signed");
  await context.close();

  doing("looking at the record");
  await page.getByText("known by a link").first().waitFor();
  await page.getByText(NAME).first().waitFor();
  await picture(page, "known-by-link");
}
