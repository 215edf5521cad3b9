/** The camera of this device: opened, looked through, and let go of. */
import Reader from "./reader.worker?worker";

export type Trouble = "insecure" | "none" | "denied" | "busy" | "reader";

export const TROUBLE: Record<Trouble, string> = {
  insecure: "The camera needs https, and this page was opened without. A scanner or typing works.",
  none: "This device has no camera. A scanner or typing works.",
  denied:
    "The camera is not allowed. Allow it for this address in the browser's settings; a scanner or typing works meanwhile.",
  busy: "The camera cannot be opened: another program may use it. A scanner or typing works meanwhile.",
  reader: "The camera's reader cannot be loaded. Open the page anew; a scanner or typing works meanwhile.",
};

export function troubleOf(thrown: unknown): Trouble {
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
  readonly #reader = new Reader();
  readonly #canvas = document.createElement("canvas");
  #isOpen = true;

  private constructor(stream: MediaStream, video: HTMLVideoElement) {
    this.#stream = stream;
    this.#video = video;
  }

  /** `onpicture` gets the codes of each picture, null where the reader failed. Throws a `Trouble`'s cause. */
  static async open(video: HTMLVideoElement, onpicture: (codes: string[] | null) => void): Promise<Camera> {
    const wanted = { facingMode: "environment", width: { ideal: WIDEST } };
    const stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    const camera = new Camera(stream, video);
    video.srcObject = stream;
    await video.play().catch(() => undefined);
    camera.#reader.onmessage = ({ data }: MessageEvent<string[] | null>) => {
      if (!camera.#isOpen) return;
      onpicture(data);
      setTimeout(() => camera.#look(), PAUSE_MS);
    };
    camera.#reader.onerror = () => onpicture(null);
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
