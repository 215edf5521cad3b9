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
import { accessSync, constants, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };

/** Of what a failed walk's page says: enough to see what it was, for whom only has the output. */
const MOST_SHOWN = 4_000;

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
  let browser, page;
  try {
    browser = await launch(args);
    const context = await browser.newContext({ viewport: SIZES.desktop, ...about });
    page = await context.newPage();
    // Far more than a person waits: what takes long is measured elsewhere, and disk and cores are shared here.
    page.setDefaultTimeout(60_000);
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
    const shown = await page
      ?.locator("body")
      .innerText({ timeout: 5_000 })
      .catch(() => "nothing");
    if (shown) console.error(`the page at ${page.url()} says:\n${shown.slice(0, MOST_SHOWN)}`);
    const file = join(pictures ?? "", `failed-${basename(process.argv[1], ".mjs")}.png`);
    if (pictures) await page?.screenshot({ path: file, fullPage: true }).catch(() => undefined);
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

/** Fails unless that has the focus, or gets it: a heading or a button by its words, a field by its name. */
export async function expectFocus(page, expected) {
  const focused = (expected) => {
    const at = document.activeElement;
    const name = at?.getAttribute("name") ?? at?.textContent?.trim().replace(/\s+/g, " ");
    return expected === undefined ? name : name === expected;
  };
  await page.waitForFunction(focused, expected).catch(async () => {
    throw new Error(`the focus is on ${await page.evaluate(focused)} and not on ${expected}`);
  });
}

/** Of both sizes; what is wider than its screen is a failure, and so is what axe finds. */
export async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  const before = page.viewportSize();
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) throw new Error(`${name} is ${wide} px too wide for a ${size}`);
    await page.screenshot({ path: join(pictures, `${name}-${size}.png`), fullPage: true });
    await expectAccessible(page, `${name} on a ${size}`);
  }
  await page.setViewportSize(before);
}

/** Nothing of WCAG 2.2 A and AA, and none of axe's best practices, is broken on what is shown now. */
export async function expectAccessible(page, name) {
  const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  // Through the debugger: the page's own policy lets nobody put a script into it.
  if (!(await page.evaluate(() => "axe" in window))) {
    await page.evaluate(readFileSync(axe, "utf8"));
  }
  const found = await page.evaluate(async () =>
    (await window.axe.run()).violations.map(
      ({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ html }) => html).join("; ")})`,
    ),
  );
  if (found.length > 0) throw new Error(`axe finds on ${name}:\n  ${found.join("\n  ")}`);
}

/** Counts what a hand does from now on: taps on anything. */
export async function countTaps(page) {
  await page.evaluate(() => {
    window.taps = 0;
    document.addEventListener("click", () => (window.taps += 1), { capture: true });
  });
}

export async function expectTaps(page, expected) {
  const taps = await page.evaluate(() => window.taps);
  if (taps !== expected) throw new Error(`it took ${taps} taps and not ${expected}`);
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
