/**
 * A scanner that types ("keyboard wedge"): characters faster than anybody types, then Enter. The separator GS comes as
 * Ctrl+] (what a keyboard makes of 0x1D), as F8 (what others send for it), or as the character itself.
 */
import { GS } from "./code";

/** What a key means, as a `KeyboardEvent` tells it. `timeStamp` in ms. */
export type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "altKey" | "metaKey" | "timeStamp">;

/** The slowest wireless scanners leave some 60 ms between two characters; a person needs more, all the time. */
const SLOWEST_MS = 100;
/** Shorter than any code, and longer than what a hand that slips types at once. */
const SHORTEST = 8;
/** GS as a field shows it, for whoever looks at what came. */
export const SHOWN_GS = "␝";

/** The character that a key stands for in a code; null where it stands for none. */
export function characterOf({ key, ctrlKey, altKey, metaKey }: Key): string | null {
  if (key === "F8" || key === GS || (ctrlKey && key === "]")) return GS;
  return [...key].length === 1 && !ctrlKey && !metaKey && !altKey ? key : null;
}

/** Collects what is typed where no field is, until it is known to be a scan. */
export class Wedge {
  #code = "";
  #last = -Infinity;

  /** Whether more was typed at once than a hand does. */
  get isRunning(): boolean {
    return this.#code.length > 2;
  }

  /** The code that ends with this key; null as long as none does. */
  press(event: Key): string | null {
    // A scanner presses Shift beside the letter.
    if (["Shift", "Control", "Alt", "AltGraph", "CapsLock"].includes(event.key)) return null;
    const isLate = event.timeStamp - this.#last > SLOWEST_MS;
    const before = isLate ? "" : this.#code;
    this.#last = event.timeStamp;
    if (event.key === "Enter") {
      this.#code = "";
      return before.length >= SHORTEST ? before : null;
    }
    const character = characterOf(event);
    this.#code = character === null ? "" : before + character;
    return null;
  }
}

/** What somebody types into a field is his; it never becomes a scan. */
export function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable || target.matches("input:not([type=radio], [type=checkbox]), textarea, select")
  );
}
