/** What the walks with a scanner share. */
const GS = "\x1d";

/** As a scanner types that stands for a keyboard: at once, the separator as Ctrl+], and Enter behind it. */
export async function typeAsScanner(page, code) {
  const keyboard = await page.context().newCDPSession(page);
  const begun = Date.now() / 1000;
  const keys = [...code].map((character) =>
    character === GS
      ? { type: "rawKeyDown", modifiers: 2, key: "]", code: "BracketRight", windowsVirtualKeyCode: 221 }
      : { type: "keyDown", key: character, text: character },
  );
  keys.push({ type: "keyDown", key: "Enter", code: "Enter", text: "\r", windowsVirtualKeyCode: 13 });
  const strokes = keys.flatMap((key, at) => {
    const timestamp = begun + at * 0.01;
    return [
      { ...key, timestamp },
      { type: "keyUp", key: key.key, timestamp },
    ];
  });
  await Promise.all(strokes.map((stroke) => keyboard.send("Input.dispatchKeyEvent", stroke)));
  await keyboard.detach();
}

/** On a small phone; what is wider than its screen, or too small for a glove, is a failure. */
export async function phonePicture(page, name) {
  const before = page.viewportSize();
  for (const width of [320, 360]) {
    await page.setViewportSize({ width, height: 780 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) throw new Error(`${name} is ${wide} px too wide for ${width}`);
  }
  const small = await page.evaluate(() =>
    [...document.querySelectorAll("main button, main select, main input:not([type=radio])")]
      .filter((one) => one.getBoundingClientRect().height < 56)
      .map((one) => one.textContent || one.name),
  );
  if (small.length > 0) throw new Error(`${name}: less than 56 px high: ${small.join(", ")}`);
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}-360.png`, fullPage: true });
  await page.setViewportSize(before);
}
