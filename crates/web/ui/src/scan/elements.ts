/**
 * What a code says: its elements by their meaning, whichever way they were written. The same rules as the service's
 * (crates/domain/src/gs1) with the same words where a code is refused; one table of cases holds both to them.
 */
import { checkDigit } from "../parts/gs1";

/** Absent ones say nothing. Keys are as the service writes them. */
export interface Elements {
  /** AI 00. */
  sscc?: string;
  /** AI 01, 14 digits. */
  gtin?: string;
  /** AI 02: what a logistic unit holds. */
  contained?: string;
  /** AI 10. */
  lot?: string;
  /** AI 17, as `YYYY-MM-DD`. */
  expiry?: string;
  /** AI 21. */
  serial?: string;
  /** AI 37: how many of `contained`. */
  count?: number;
  /** AI 410, 414, 417. */
  ship_to?: string;
  location?: string;
  party?: string;
  /** AI 8004. */
  asset?: string;
  /** Elements that nobody asks for here, identifier included. */
  unread: string[];
  warnings: string[];
}

/** A code that is not certain, or none of GS1's. `why` tells what a page may say more about. */
export class CodeError extends Error {
  readonly why: "symbol" | "link" | "other";

  constructor(message: string, why: CodeError["why"] = "other") {
    super(message);
    this.why = why;
  }
}

export type Meaning = Exclude<keyof Elements, "unread" | "warnings">;

/** Identifiers that are read, none of them the beginning of another. */
const FIELDS: Record<string, Meaning> = {
  "00": "sscc",
  "01": "gtin",
  "02": "contained",
  "10": "lot",
  "17": "expiry",
  "21": "serial",
  "37": "count",
  "410": "ship_to",
  "414": "location",
  "417": "party",
  "8004": "asset",
};
export const KNOWN: readonly string[] = Object.keys(FIELDS);
/** Those without a fixed length, the others before them, so that the fewest separators are needed. */
export const WRITTEN = ["00", "01", "02", "410", "414", "417", "17", "10", "21", "37", "8004"] as const;

export const NO_DAY = "the expiry on the label has no day: the last day of its month is taken";
const NO_FNC1 = "a scanner that leaves out the separator (FNC1, sent as GS, 0x1D) makes one element of two";
const SET_82 = /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+$/;

/** So much of a text as an error may repeat. */
export function quoted(text: string): string {
  return [...text].slice(0, 60).join("");
}

/** Takes the value of a known identifier; the same twice is one. */
export function take(into: Elements, identifier: string, value: string, today: string): void {
  const field = FIELDS[identifier];
  if (field === undefined) return;
  const read = valueOf(field, value, today, into);
  const known = into[field];
  if (known !== undefined && known !== read) {
    throw new CodeError(`the code holds ${identifier} twice, with different values`);
  }
  Object.assign(into, { [field]: read });
}

function valueOf(field: Meaning, value: string, today: string, into: Elements): string | number {
  switch (field) {
    case "sscc":
      return key("SSCC", value);
    case "gtin":
    case "contained":
      if (value.length !== 14) {
        throw new CodeError(`\`${quoted(value)}\` is no GTIN of a code: 14 digits are expected`);
      }
      return key("GTIN", value);
    case "ship_to":
    case "location":
    case "party":
      return key("GLN", value);
    case "lot":
      return text("lot", value, 20);
    case "serial":
      return text("serial number", value, 20);
    case "asset":
      return text("GIAI", value, 30);
    case "count":
      if (!/^\d{1,8}$/.test(value)) {
        throw new CodeError(`\`${quoted(value)}\` is no count: 1 to 8 digits are expected`);
      }
      return Number(value);
    case "expiry": {
      const { expiry, hasDay } = labelDate(value, today);
      if (!hasDay && !into.warnings.includes(NO_DAY)) into.warnings.push(NO_DAY);
      return expiry;
    }
  }
}

const KEYS = {
  GTIN: { lengths: [8, 12, 13, 14], expected: "8, 12, 13 or 14 digits", width: 14 },
  SSCC: { lengths: [18], expected: "18 digits", width: 18 },
  GLN: { lengths: [13], expected: "13 digits", width: 13 },
} as const;

/** A key of digits alone, the last of which checks the others. */
export function key(kind: keyof typeof KEYS, value: string): string {
  const { lengths, expected, width } = KEYS[kind];
  if (!(lengths as readonly number[]).includes(value.length) || !/^[0-9]+$/.test(value)) {
    throw new CodeError(`\`${quoted(value)}\` is no ${kind}: ${expected} are expected`);
  }
  if (/^0+$/.test(value)) throw new CodeError(`\`${quoted(value)}\` is no ${kind}: it is all zeros`);
  const [found, right] = [value.slice(-1), checkDigit(value.slice(0, -1))];
  if (Number(found) !== right) {
    throw new CodeError(
      `\`${quoted(value)}\` is no ${kind}: its last digit is ${found} and would be ${right}, so a digit is misread`,
    );
  }
  return value.padStart(width, "0");
}

function text(kind: string, value: string, max: number): string {
  if (value.length <= max && SET_82.test(value)) return value;
  const wrong = `\`${quoted(value)}\` is no ${kind}: 1 to ${max} letters, digits or signs of GS1's set of 82 are expected`;
  throw new CodeError(value.length > max ? `${wrong}; ${NO_FNC1}` : wrong);
}

/** `YYMMDD` in the century that brings the year nearest to now (within 49 before and 50 after); the day 00 is the last. */
export function labelDate(label: string, today: string): { expiry: string; hasDay: boolean } {
  const wrong = new CodeError(
    `\`${quoted(label)}\` is no date of a label: six digits YYMMDD of a day that exists are expected`,
  );
  if (!/^[0-9]{6}$/.test(label)) throw wrong;
  const [yy = 0, month = 0, day = 0] = [0, 2, 4].map((at) => Number(label.slice(at, at + 2)));
  const thisYear = Number(today.slice(0, 4));
  const apart = yy - (thisYear % 100);
  const year = thisYear - (thisYear % 100) + yy + (apart > 50 ? -100 : apart < -49 ? 100 : 0);
  if (month < 1 || month > 12) throw wrong;
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (day > last) throw wrong;
  const two = (number: number) => String(number).padStart(2, "0");
  return { expiry: `${year}-${two(month)}-${two(day || last)}`, hasDay: day > 0 };
}

/** The known elements as they are written, those of a fixed length first. */
export function written(elements: Elements): [identifier: string, value: string][] {
  return WRITTEN.flatMap((identifier): [string, string][] => {
    const value = elements[FIELDS[identifier] as Meaning];
    if (value === undefined) return [];
    const label = identifier === "17" ? String(value).slice(2).replaceAll("-", "") : String(value);
    return [[identifier, label]];
  });
}
