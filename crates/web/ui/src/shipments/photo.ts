/** Photos as they are sent: no larger than is needed to see a dent. */
import { Problem } from "../api/problem";

/** The longer side, in pixels. */
export const LONGEST = 1600;

/** The size that fits, in the same proportions; what is small stays as it is. */
export function fitted(width: number, height: number): [number, number] {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/** The photo as a JPEG that fits, upright. What its camera wrote into it, as where it was taken, is not in there. */
export async function scaleDown(photo: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(photo).catch(() => null);
  if (!bitmap) throw unusable("It cannot be read here: choose a JPEG or PNG file.");
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = fitted(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  // A JPEG has no transparency; what is transparent would become black.
  if (context) context.fillStyle = "white";
  context?.fillRect(0, 0, canvas.width, canvas.height);
  context?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const jpeg = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  if (!context || !jpeg) throw unusable("It cannot be made smaller here: choose another one.");
  return jpeg;
}

function unusable(why: string): Problem {
  return new Problem(0, "The photo cannot be sent", why);
}
