/** Reads codes in pictures, beside the page's own thread. The reader is a file of the page, and of no other server. */
import { prepareZXingModule, readBarcodes, type ReaderOptions } from "zxing-wasm/reader";
import readerUrl from "zxing-wasm/reader/zxing_reader.wasm?url";

/** What a label of a box can be, and what is around: a foreign code is named. */
const OPTIONS: ReaderOptions = {
  formats: ["DataMatrix", "Code128", "QRCode", "EAN13", "EAN8", "UPCA", "UPCE", "ITF"],
  maxNumberOfSymbols: 4,
};

prepareZXingModule({ overrides: { locateFile: () => readerUrl } });

self.onmessage = async ({ data }: MessageEvent<ImageData>) => {
  try {
    const found = await readBarcodes(data, OPTIONS);
    // The bytes, for in the text the separators are brackets for people.
    self.postMessage(
      found.map(({ symbologyIdentifier, bytes }) => symbologyIdentifier + String.fromCharCode(...bytes)),
    );
  } catch (thrown) {
    console.error(thrown);
    self.postMessage(null);
  }
};
