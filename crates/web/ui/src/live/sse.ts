/** Server-sent events out of a byte stream that is cut anywhere. */

export interface Frame {
  event: string;
  data: string;
}

export class FrameReader {
  readonly #decoder = new TextDecoder();
  #line = "";
  #event = "";
  #data: string[] = [];
  /** A CR ended the last chunk: an LF that follows belongs to it. */
  #afterCr = false;

  /** The frames that this chunk completes. Comments and unknown fields are skipped. */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    for (const character of this.#decoder.decode(chunk, { stream: true })) {
      if (character === "\n" && this.#afterCr) {
        this.#afterCr = false;
        continue;
      }
      this.#afterCr = character === "\r";
      if (character === "\n" || character === "\r") {
        const frame = this.#endLine();
        if (frame) frames.push(frame);
      } else {
        this.#line += character;
      }
    }
    return frames;
  }

  #endLine(): Frame | null {
    const line = this.#line;
    this.#line = "";
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    return null;
  }

  #dispatch(): Frame | null {
    const frame = { event: this.#event || "message", data: this.#data.join("\n") };
    const empty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    return empty ? null : frame;
  }
}
