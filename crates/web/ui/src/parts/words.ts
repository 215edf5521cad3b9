import type { Verdict, Coverage, Range, ShipmentStatus } from "../api/types";

const MINUS = "−";
/** With a no-break space: a number never stands on another line than its unit. */
const DEGREES = "\u00a0°C";

/** `5.20 °C`. Always the full 0.01 °C: 8.04 shown as 8.0 would hide that it is out of range. */
export function temperature(celsius: number): string {
  return `${signed(celsius.toFixed(2))}${DEGREES}`;
}

export function humidity(percent: number): string {
  return `${percent.toFixed(1)} %`;
}

/** A limit as its author wrote it: `8 °C`, `−0.5 °C`. */
export function limit(celsius: number): string {
  return `${signed(String(celsius))}${DEGREES}`;
}

/** `2 to 8 °C`; one end missing: `up to 8 °C`, `2 °C and above`. */
export function range(of: Range | null | undefined): string {
  const [min, max] = [of?.min_c ?? null, of?.max_c ?? null];
  if (min !== null && max !== null) return `${signed(String(min))} to ${limit(max)}`;
  if (max !== null) return `up to ${limit(max)}`;
  if (min !== null) return `${limit(min)} and above`;
  return "no range given";
}

export type Side = "in" | "above" | "below";

/** The ends are inside. */
export function side(celsius: number, of: Range | null | undefined): Side {
  if (of?.max_c != null && celsius > of.max_c) return "above";
  if (of?.min_c != null && celsius < of.min_c) return "below";
  return "in";
}

/** Of all that is known of a time: `in range`, `below and above range`. */
export function sides(values: (number | null)[], of: Range | null | undefined): string {
  const seen = new Set(values.map((value) => (value === null ? "in" : side(value, of))));
  const out = (["below", "above"] as const).filter((way) => seen.has(way));
  return `${out.join(" and ") || "in"} range`;
}

/** A share that never claims all or nothing unless it is: `>99.9 %`, `<0.1 %`. */
export function share(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return "0 %";
  if (part >= whole) return "100 %";
  const percent = (part / whole) * 100;
  if (percent < 0.1) return "<0.1 %";
  if (percent > 99.9) return ">99.9 %";
  return `${Math.min(99.9, Math.max(0.1, Number(percent.toFixed(1))))} %`;
}

export function total(coverage: Coverage): number {
  return coverage.in_range_s + coverage.out_of_range_s + coverage.unknown_s;
}

/** The ways to write one DevEUI (`AC:1F…`, `ac-1f…`, `AC1F…`), as 16 lower hex digits; null where it is none. */
export function devEui(written: string): string | null {
  const digits = written.replace(/[\s:.-]/g, "").toLowerCase();
  return /^[0-9a-f]{16}$/.test(digits) ? digits : null;
}

export const STATUS: Record<ShipmentStatus, string> = {
  draft: "Draft",
  packed: "Packed",
  in_transit: "In transit",
  delivered: "Delivered",
  received: "Received",
  closed: "Closed",
  cancelled: "Cancelled",
};

export const ASSESSMENT: Record<Verdict, string> = {
  no_excursion: "No excursion",
  excursion: "Excursion",
  incomplete: "Incomplete",
};

/** A word the page does not know yet is shown as it came, readable. */
export function plain(word: string): string {
  return sentence(word.replaceAll("_", " "));
}

/** With a capital at the beginning, as a line that stands alone has it. */
export function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function signed(digits: string): string {
  return digits.replace("-", MINUS);
}
