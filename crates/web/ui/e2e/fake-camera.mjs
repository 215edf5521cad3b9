/** What a browser takes for its camera: a film of pictures, a few seconds of each, over and over. */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { prepareZXingModule, writeBarcode } from "zxing-wasm/writer";
import { launch } from "./browser.mjs";

const [WIDTH, HEIGHT, PER_SECOND, SECONDS] = [1280, 960, 5, 3];

/** Arguments by which Chromium sees that film. */
export function cameraArgs(film) {
  return [
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${film}`,
  ];
}

/** Writes `pictures` (PNG) as a film, YUV4MPEG2 with no colour in it. */
export async function writeFilm(file, pictures) {
  const parts = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${PER_SECOND}:1 Ip A1:1 C420jpeg\n`)];
  const colourless = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  for (const picture of pictures) {
    const grey = await greyOf(picture);
    for (let frame = 0; frame < PER_SECOND * SECONDS; frame += 1) {
      parts.push(Buffer.from("FRAME\n"), grey, colourless);
    }
  }
  writeFileSync(file, Buffer.concat(parts));
}

/** A code that somebody else printed, as PNG. */
export async function drawn(text, options) {
  const writer = createRequire(import.meta.url).resolve("zxing-wasm/writer/zxing_writer.wasm");
  prepareZXingModule({ overrides: { wasmBinary: readFileSync(writer).buffer } });
  const { image, error } = await writeBarcode(text, { scale: 4, ...options });
  if (image === null) throw new Error(error);
  return Buffer.from(await image.arrayBuffer());
}

/** A picture as the camera sees it: on a grey table, somewhat smaller than what is seen. */
async function greyOf(png) {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const drawn = await page.evaluate(drawInPage, [png.toString("base64"), WIDTH, HEIGHT]);
    return Buffer.from(drawn, "base64");
  } finally {
    await browser.close();
  }
}

async function drawInPage([png, width, height]) {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "#999";
  context.fillRect(0, 0, width, height);
  const scale = Math.min(3, (0.9 * width) / image.width, (0.9 * height) / image.height);
  const [wide, high] = [image.width * scale, image.height * scale];
  context.drawImage(image, (width - wide) / 2, (height - high) / 2, wide, high);
  const { data } = context.getImageData(0, 0, width, height);
  let grey = "";
  for (let at = 0; at < data.length; at += 4) grey += String.fromCharCode(data[at + 1]);
  return btoa(grey);
}
