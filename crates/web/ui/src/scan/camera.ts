/** The camera of this device: opened, looked through, and let go of. */
import Reader from "./reader.worker?worker";

export type Trouble = "insecure" | "none" | "denied" | "busy" | "ended" | "reader";

export const TROUBLE: Record<Trouble, string> = {
  insecure: "The camera needs https, and this page was opened without. A scanner or typing works.",
  none: "This device has no camera. A scanner or typing works.",
  denied:
    "The camera is not allowed. Allow it for this address in the browser's settings; a scanner or typing works meanwhile.",
  busy: "The camera cannot be opened: another program may use it. A scanner or typing works meanwhile.",
  ended: "The camera is gone: it was unplugged, or something else took it. Open it anew, scan or type.",
  reader: "The camera's reader cannot be loaded. Open the page anew; a scanner or typing works meanwhile.",
};

class NoReader extends Error {}

export function troubleOf(thrown: unknown): Trouble {
  if (thrown instanceof NoReader) return "reader";
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "none" : "busy";
}

/** More pixels take longer than they help. */
const WIDEST = 1280;
/** Between two pictures, in ms: a hand is not steadier than that, and the battery is to last a shift. */
const PAUSE_MS = 80;

// Phones have it, TypeScript's library does not.
interface TorchTrack {
  getCapabilities?(): { torch?: boolean };
  applyConstraints(constraints: { advanced: { torch: boolean }[] }): Promise<void>;
}

export class Camera {
  readonly #stream: MediaStream;
  readonly #video: HTMLVideoElement;
  readonly #reader: Worker;
  readonly #canvas = document.createElement("canvas");
  #isOpen = true;

  private constructor(reader: Worker, stream: MediaStream, video: HTMLVideoElement) {
    this.#reader = reader;
    this.#stream = stream;
    this.#video = video;
  }

  /** `onpicture` gets the codes of each picture, `ontrouble` what ends it. Throws a `Trouble`'s cause. */
  static async open(
    video: HTMLVideoElement,
    onpicture: (codes: string[]) => void,
    ontrouble: (why: Trouble) => void,
  ): Promise<Camera> {
    // First the reader: without one the camera is not turned on.
    const reader = newReader();
    const camera = new Camera(reader, await streamOrEnd(reader), video);
    // Pulled out, or taken by a telephone call.
    for (const track of camera.#stream.getTracks()) track.onended = () => ontrouble("ended");
    reader.onmessage = ({ data }: MessageEvent<string[] | null>) => {
      if (!camera.#isOpen) return;
      if (data === null) return ontrouble("reader");
      onpicture(data);
      setTimeout(() => camera.#look(), PAUSE_MS);
    };
    reader.onerror = () => ontrouble("reader");
    video.srcObject = camera.#stream;
    await video.play().catch(() => undefined);
    camera.#look();
    return camera;
  }

  /** Whether it has a light. */
  get hasTorch(): boolean {
    return this.#track?.getCapabilities?.().torch === true;
  }

  async light(torch: boolean): Promise<void> {
    await this.#track?.applyConstraints({ advanced: [{ torch }] });
  }

  close(): void {
    this.#isOpen = false;
    this.#reader.terminate();
    for (const track of this.#stream.getTracks()) track.stop();
    this.#video.srcObject = null;
  }

  get #track(): TorchTrack | undefined {
    return this.#stream.getVideoTracks()[0] as TorchTrack | undefined;
  }

  #look(): void {
    if (!this.#isOpen) return;
    const { videoWidth, videoHeight } = this.#video;
    if (videoWidth === 0 || document.hidden) return void setTimeout(() => this.#look(), PAUSE_MS);
    const scale = Math.min(1, WIDEST / videoWidth);
    const [width, height] = [Math.round(videoWidth * scale), Math.round(videoHeight * scale)];
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      [this.#canvas.width, this.#canvas.height] = [width, height];
    }
    const context = this.#canvas.getContext("2d", { willReadFrequently: true });
    context?.drawImage(this.#video, 0, 0, width, height);
    const picture = context?.getImageData(0, 0, width, height);
    if (picture) this.#reader.postMessage(picture, [picture.data.buffer]);
  }
}

function newReader(): Worker {
  try {
    return new Reader();
  } catch (cause) {
    throw new NoReader("the reader cannot be made", { cause });
  }
}

async function streamOrEnd(reader: Worker): Promise<MediaStream> {
  try {
    const video = { facingMode: "environment", width: { ideal: WIDEST } };
    return await navigator.mediaDevices.getUserMedia({ video });
  } catch (thrown) {
    reader.terminate();
    throw thrown;
  }
}
