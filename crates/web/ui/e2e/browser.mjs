/**
 * What the walks through the page share: a browser, a log-in, pictures. Of the environment:
 *
 *   BASE_URL  the page's address
 *   EMAIL, PASSWORD  of somebody who may do what the walk does
 *   SCREENSHOTS  a folder for pictures (optional)
 *   CHROMIUM  the browser (default: found on PATH)
 *
 * Exit 0: all seen. 1: a line on standard error says what was not. Console errors count as failures.
 */
import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

const baseUrl = required("BASE_URL");
const email = required("EMAIL");
export const password = required("PASSWORD");
const pictures = process.env.SCREENSHOTS;

/**
 * Runs `walk(page, doing)`; it tells `doing` what it is about to do, and all of it was `seen` at its end. `args`: further ones
 * of the browser's; `expected`: what the page may complain of, since the walk brings it about.
 */
export async function inBrowser(walk, seen, { args = [], expected = /^$/, context: about = {} } = {}) {
  const complaints = [];
  let now = "starting the browser";
  let browser;
  try {
    browser = await launch(args);
    const context = await browser.newContext({ viewport: SIZES.desktop, ...about });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("console", (message) => {
      if (message.type() === "error" && !expected.test(message.text())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await walk(page, (what) => (now = what));
    if (complaints.length > 0) throw new Error(`the page complained:\n  ${complaints.join("\n  ")}`);
    console.log(seen);
  } catch (thrown) {
    console.error(`failed while ${now}: ${thrown instanceof Error ? thrown.message : thrown}`);
    if (complaints.length > 0) console.error(`console: ${complaints.join("\n  ")}`);
    process.exitCode = 1;
  } finally {
    await browser?.close();
  }
}

export async function logIn(page, doing) {
  doing("opening the log-in page");
  await page.goto(baseUrl);
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await picture(page, "login");
  await logInAs(page, doing, email, password);
}

/** On the log-in page. */
export async function logInAs(page, doing, email, password) {
  doing(`logging in as ${email}`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  // A courier begins with the handovers.
  await page.getByRole("heading", { name: /^(Shipments|Handovers)$/, level: 1 }).waitFor();
}

/** Fails unless that has the focus: a heading or a button by its words, a field by its name. */
export async function expectFocus(page, expected) {
  const focused = await page.evaluate(() => {
    const at = document.activeElement;
    return at?.getAttribute("name") ?? at?.textContent?.trim();
  });
  if (focused !== expected) throw new Error(`the focus is on ${focused} and not on ${expected}`);
}

/** Of both sizes; what is wider than its screen is a failure. */
export async function picture(page, name) {
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

export function required(name) {
  const value = process.env[name];
  if (!value) {
    console.error(`${name} is not set; see the heads of the files in e2e/`);
    process.exit(1);
  }
  return value;
}

export function launch(args = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? onPath(["chromium", "chromium-browser", "google-chrome"]),
    args: [
      "--headless=new",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      ...args,
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    ],
  });
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
