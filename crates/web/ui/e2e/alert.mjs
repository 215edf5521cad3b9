/**
 * A person watches the alerts page; an alert arrives without a reload; it is acknowledged with a reason, and name
 * and reason stand there afterwards. Against a running service:
 *
 *   BASE_URL  the page's address
 *   EMAIL, PASSWORD  of somebody who may acknowledge
 *   REFERENCE  the shipment whose alert is expected
 *   SCREENSHOTS  a folder for pictures (optional)
 *   CHROMIUM  the browser (default: found on PATH)
 *   TIMEOUT_S  how long to wait for the alert (default 60)
 *   READY_FILE  is written once the page watches, so that whoever runs this can then cause the alert (optional)
 *
 * Exit 0: all seen. 1: a line on standard error says what was not. Console errors count as failures.
 */
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const REASON = "Door was open at the ramp; goods moved to the cold room";
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

const baseUrl = required("BASE_URL");
const email = required("EMAIL");
const password = required("PASSWORD");
const reference = required("REFERENCE");
const pictures = process.env.SCREENSHOTS;
const patience = Number(process.env.TIMEOUT_S ?? 60) * 1000;

const complaints = [];
let doing = "starting the browser";
let browser;
try {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? onPath(["chromium", "chromium-browser", "google-chrome"]),
    args: [
      "--headless=new",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
  await watch(browser);
  if (complaints.length > 0) throw new Error(`the page complained:\n  ${complaints.join("\n  ")}`);
  console.log(`alert for ${reference} arrived, was acknowledged, and shows name and reason`);
} catch (thrown) {
  console.error(`failed while ${doing}: ${thrown instanceof Error ? thrown.message : thrown}`);
  if (complaints.length > 0) console.error(`console: ${complaints.join("\n  ")}`);
  process.exitCode = 1;
} finally {
  await browser?.close();
}

async function watch(browser) {
  const context = await browser.newContext({ viewport: SIZES.desktop });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));

  doing = "opening the log-in page";
  await page.goto(baseUrl);
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await picture(page, "login");

  doing = "logging in";
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Shipments", level: 1 }).waitFor();
  await page.getByLabel("Connection: live").waitFor();

  doing = "opening the alerts page";
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

  doing = `waiting for an alert for ${reference} to appear by itself`;
  const card = await arrival(page, before);
  if (!(await page.evaluate(() => window.sameDocument === true))) throw new Error("the page was reloaded");

  doing = "acknowledging the alert";
  const reasonless = page.getByText("Say in a few words what was found or done.");
  await card.getByRole("button", { name: /^Acknowledge/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Acknowledge" }).click();
  await reasonless.waitFor();
  await dialog.getByLabel("Reason").fill(REASON);
  await dialog.getByRole("button", { name: "Acknowledge" }).click();
  await dialog.waitFor({ state: "detached" });

  doing = "looking for name and reason";
  await card.locator("[data-reason]", { hasText: REASON }).waitFor();
  const by = (await card.locator("[data-by]").innerText()).trim();
  if (by === "" || by === "somebody unnamed") throw new Error("the acknowledgement shows no name");
  if ((await card.locator("time").count()) === 0) throw new Error("the acknowledgement shows no time");
  await picture(page, "alerts");

  doing = `opening the shipment ${reference}`;
  await card.getByRole("link", { name: reference, exact: true }).click();
  await page.getByRole("heading", { name: `Shipment ${reference}` }).waitFor();
  await page.locator(".chart canvas").waitFor();
  await page.locator("[data-reason]", { hasText: REASON }).waitFor();
  await picture(page, "shipment");

  doing = "going back to the shipments";
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

async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) throw new Error(`${name} is ${wide} px too wide for a ${size}`);
    await page.screenshot({ path: join(pictures, `${name}-${size}.png`), fullPage: true });
  }
  await page.setViewportSize(SIZES.desktop);
}

function required(name) {
  const value = process.env[name];
  if (!value) {
    console.error(`${name} is not set; see the head of e2e/alert.mjs`);
    process.exit(1);
  }
  return value;
}

function onPath(names) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const name of names) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // The next one.
      }
    }
  }
  throw new Error("no Chromium on PATH; set CHROMIUM to its path");
}
